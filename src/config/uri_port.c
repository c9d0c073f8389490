/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri_port.h"

#include <assert.h>

uint16_t uri_port_first(const struct config *config, const uint16_t *ports,
                        size_t n, enum net_transport transport)
{
    for (size_t i = 0; i < n; i++)
        if (config->listen.items[i].transport == transport)
            return ports[i];
    return 0;
}

uint16_t uri_port_accepted(const struct config *config, const uint16_t *ports,
                           size_t n, size_t i)
{
    uint16_t port = 0;

    assert(i < n);
    switch (config->listen.items[i].transport) {
    case NET_TCP:
    case NET_TLS:
        return ports[i];
    case NET_WS:
        port = uri_port_first(config, ports, n, NET_TCP);
        break;
    case NET_WSS:
        port = uri_port_first(config, ports, n, NET_TLS);
        break;
    }
    return port ? port : ports[i];
}

uint16_t uri_port_dialled(const struct config *config, const uint16_t *ports,
                          size_t n)
{
    uint16_t port = uri_port_first(config, ports, n, NET_TLS);

    assert(n > 0);
    return port ? port : ports[0];
}
