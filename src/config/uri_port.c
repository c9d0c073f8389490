/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri_port.h"

#include <assert.h>

#include "config_listen.h"

uint16_t uri_port_of(const struct config_listen *listen, uint16_t port)
{
    return listen->advertise ? (uint16_t)listen->advertise : port;
}

/* The first listener that others can reach, with TLS or without; n: none. */
static size_t first_listener(const struct config *config, size_t n, bool secure)
{
    size_t i = 0;

    while (i < n &&
           (config_listen_is_ws(&config->listen.items[i]) ||
            config_listen_is_secure(&config->listen.items[i]) != secure))
        i++;
    return i;
}

uint16_t uri_port_first(const struct config *config, const uint16_t *ports,
                        size_t n, bool secure)
{
    size_t i = first_listener(config, n, secure);

    return i < n ? ports[i] : 0;
}

/* The listener by which others reach clients of listener i. */
static size_t way_in(const struct config *config, size_t n, size_t i,
                     bool secure)
{
    const struct config_listen *own = &config->listen.items[i];
    size_t first = n;

    assert(i < n);
    if (config_listen_is_ws(own) && !own->advertise)
        first = first_listener(config, n, secure);
    return first < n ? first : i;
}

uint16_t uri_port_accepted(const struct config *config, const uint16_t *ports,
                           size_t n, size_t i)
{
    bool secure = config_listen_is_secure(&config->listen.items[i]);

    return ports[way_in(config, n, i, secure)];
}

uint16_t uri_port_proxied(const struct config *config, const uint16_t *ports,
                          size_t n, size_t i)
{
    return ports[way_in(config, n, i, true)];
}

const char *uri_port_name(const struct config *config, size_t i)
{
    const struct config_listen *own = &config->listen.items[i];
    size_t other =
        way_in(config, config->listen.n, i, config_listen_is_secure(own));

    return *own->name ? own->name : config->listen.items[other].name;
}

uint16_t uri_port_dialled(const struct config *config, const uint16_t *ports,
                          size_t n)
{
    uint16_t port = uri_port_first(config, ports, n, true);

    assert(n > 0);
    return port ? port : ports[0];
}
