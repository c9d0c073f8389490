/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_listen.h"

const struct config_listen *config_listen_first(const struct config *c,
                                                enum net_transport transport)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (c->listen.items[i].transport == transport)
            return &c->listen.items[i];
    return NULL;
}

struct addr config_listen_address(const struct config_listen *l)
{
    struct addr at = l->address;

    addr_set_port(&at, (uint16_t)l->port);
    return at;
}

bool config_listen_has_tls(const struct config_listen *l)
{
    return l->transport == NET_TLS || l->transport == NET_WSS;
}

bool config_listen_is_ws(const struct config_listen *l)
{
    return l->transport == NET_WS || l->transport == NET_WSS;
}

bool config_listen_is_secure(const struct config_listen *l)
{
    return config_listen_has_tls(l) || l->tls_in_front;
}
