/* SPDX-License-Identifier: BSD-2-Clause */
/* websocket - test clients that come over WebSockets (RFC 7977). */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "login.h"
#include "ws_side.h"

/* relay_opts.listen: one listener of each transport. */
#define WEBSOCKET_AND_OTHERS                                                   \
    "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; },"             \
    "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; },"             \
    "{ transport = \"wss\"; address = \"127.0.0.1\"; port = 0; },"             \
    "{ transport = \"ws\"; address = \"127.0.0.1\"; port = 0; }"

/* The handshake's usual request, without its last, empty line. */
#define WEBSOCKET_REQUEST                                                      \
    "GET / HTTP/1.1\r\nHost: " RELAY_NAME "\r\nUpgrade: websocket\r\n"         \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                     \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                          \
    "Sec-WebSocket-Protocol: msrp\r\n"

/* Says `request` on a connection to RELAY_WSS or RELAY_WS and waits for the
 * head of the answer, which lives as long as the scene. */
const char *websocket_ask(struct client *c, const char *request);

/* Connects to RELAY_WSS or RELAY_WS, all handshakes done; its own URI is as a
 * browser makes it (RFC 7977, appendix A). */
struct client *websocket_connect(struct scene *s, enum relay_port port,
                                 const char *name);

/* The same on a connection that is there already, over TLS or not. */
void websocket_open(struct client *c);

/* The same to RELAY_WSS, and authenticates. */
struct client *websocket_login(struct scene *s, const char *user);

/* Connects to any port, over a WebSocket where it is one. */
struct client *websocket_or_not(struct scene *s, enum relay_port port,
                                const char *name);

/* Waits for the relay's CLOSE and the end behind it; the code. */
unsigned websocket_wait_close(struct client *c);

/* Sends a PING with this payload, and waits for its PONG. */
void websocket_ping(struct client *c, const char *payload);

#endif
