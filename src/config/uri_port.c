/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri_port.h"

#include <assert.h>

static bool is_secure(const struct config_listen *l)
{
    return l->transport == NET_TLS || l->transport == NET_WSS ||
           l->tls_in_front;
}

static bool is_ws(const struct config_listen *l)
{
    return l->transport == NET_WS || l->transport == NET_WSS;
}

uint16_t uri_port_first(const struct config *config, const uint16_t *ports,
                        size_t n, bool secure)
{
    for (size_t i = 0; i < n; i++) {
        const struct config_listen *l = &config->listen.items[i];

        if (!is_ws(l) && is_secure(l) == secure)
            return ports[i];
    }
    return 0;
}

static uint16_t port_of(const struct config *config, const uint16_t *ports,
                        size_t n, size_t i, bool secure)
{
    uint16_t port = 0;

    assert(i < n);
    if (is_ws(&config->listen.items[i]))
        port = uri_port_first(config, ports, n, secure);
    return port ? port : ports[i];
}

uint16_t uri_port_accepted(const struct config *config, const uint16_t *ports,
                           size_t n, size_t i)
{
    return port_of(config, ports, n, i, is_secure(&config->listen.items[i]));
}

uint16_t uri_port_proxied(const struct config *config, const uint16_t *ports,
                          size_t n, size_t i)
{
    return port_of(config, ports, n, i, true);
}

uint16_t uri_port_dialled(const struct config *config, const uint16_t *ports,
                          size_t n)
{
    uint16_t port = uri_port_first(config, ports, n, true);

    assert(n > 0);
    return port ? port : ports[0];
}
