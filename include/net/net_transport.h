/* SPDX-License-Identifier: BSD-2-Clause */
/* net_transport - what carries a connection. */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

enum net_transport { NET_TCP, NET_TLS, NET_WS, NET_WSS };
enum { NET_TRANSPORTS = NET_WSS + 1 };

/* "tcp", "tls", "ws", "wss": in the order of the enum, NULL after the last. */
extern const char *const net_transport_names[];
const char *net_transport_text(enum net_transport transport);

#endif
