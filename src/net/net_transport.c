/* SPDX-License-Identifier: BSD-2-Clause */
#include "net_transport.h"

#include <stddef.h>

const char *const net_transport_names[] = {
    [NET_TCP] = "tcp", [NET_TLS] = "tls",       [NET_WS] = "ws",
    [NET_WSS] = "wss", [NET_TRANSPORTS] = NULL,
};

const char *net_transport_text(enum net_transport transport)
{
    return net_transport_names[transport];
}
