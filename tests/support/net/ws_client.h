/* SPDX-License-Identifier: BSD-2-Clause */
/* ws_client - a rig whose client opens a WebSocket, over plain TCP or TLS. */
#ifndef WS_CLIENT_H
#define WS_CLIENT_H

#include "rig.h"

#define WS_REQUEST                                                             \
    "GET / HTTP/1.1\r\nHost: relay.example.com\r\nUpgrade: websocket\r\n"      \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                     \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                          \
    "Sec-WebSocket-Protocol: msrp\r\n\r\n"

#define WS_ANSWER                                                              \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: Upgrade\r\n"                                                  \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"                   \
    "Sec-WebSocket-Protocol: msrp\r\n\r\n"

/* A rig over the world's transport whose lower handshakes are done. */
struct rig *ws_client_new(struct rig_world *w, struct rig_opts opts);
/* One on which WS_REQUEST was sent and WS_ANSWER came. */
struct rig *ws_client_opened(struct rig_world *w, struct rig_opts opts);
/* Turns for a while. */
void ws_client_settle(struct rig *r);

void ws_client_send(struct rig *r, struct span s);
/* One frame of at most 125 octets, which begins with the octet `first`. The
 * mask is of zeros, which leaves the payload readable. */
void ws_client_frame(struct rig *r, unsigned first, struct span payload);

/* Waits for exactly this. */
void ws_client_expect(struct rig *r, struct span want);
/* Nothing but this comes before the end. */
void ws_client_expect_last(struct rig *r, struct span want);

#endif
