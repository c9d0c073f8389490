/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor_places.h"

#include "cidr.h"
#include "config_listen.h"

/* What others speak there. */
static enum anchor_transport transport_of(enum net_transport transport,
                                          bool tls_in_front)
{
    switch (transport) {
    case NET_TLS:
        return ANCHOR_TLS;
    case NET_WSS:
        return ANCHOR_WSS;
    case NET_WS:
        return tls_in_front ? ANCHOR_WSS : ANCHOR_WS;
    case NET_TCP:
        break;
    }
    return tls_in_front ? ANCHOR_TLS : ANCHOR_TCP;
}

/* As others reach it. */
static uint16_t first_port(const struct config *config, const uint16_t *ports,
                           enum net_transport transport)
{
    const struct config_listen *l = config_listen_first(config, transport);

    return l ? ports[l - config->listen.items] : 0;
}

static void add_configured(struct anchor_places *p, const struct config *config,
                           const uint16_t *ports,
                           const struct config_interface *i)
{
    p->items[p->n++] = (struct anchor_place){
        .name = span_str(i->name),
        .address = span_str(i->address),
        .family = strchr(i->address, ':') ? 6 : 4,
        .host = span_str(i->host),
        .port = i->port ? (uint16_t)i->port
                        : first_port(config, ports, i->transport),
        .transport = transport_of(i->transport, false),
    };
}

static bool is_shown(const struct anchor_places *p,
                     enum anchor_transport transport)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->items[i].transport == transport)
            return true;
    return false;
}

static void add_address(struct anchor_places *p, const struct config *config,
                        const struct config_listen *l, uint16_t port,
                        const struct addr *a)
{
    const char *text, *host = l->name;

    if (p->n == ANCHOR_PLACES_MAX)
        return;
    if (!*host && config_listen_is_secure(l))
        host = config->relay.name;
    text = addr_host_text(p->texts[p->n], a);
    p->items[p->n++] = (struct anchor_place){
        .address = span_str(text),
        .family = strchr(text, ':') ? 6 : 4,
        .host = span_str(host),
        .port = port,
        .transport = transport_of(l->transport, l->tls_in_front),
    };
}

/* Others can reach it: no loopback, no link. */
static bool is_reachable(const struct addr *a)
{
    struct cidr closed[] = {
        {{127}, 4, 8},
        {{169, 254}, 4, 16},
        {{[15] = 1}, 16, 128},
        {{0xfe, 0x80}, 16, 10},
    };
    const struct cidr_list all = {closed, sizeof closed / sizeof *closed};

    return !cidr_list_has(&all, a);
}

static bool is_any(const struct addr *a)
{
    static const struct cidr any[] = {{{0}, 4, 32}, {{0}, 16, 128}};

    return cidr_has(&any[0], a) || cidr_has(&any[1], a);
}

/* The first address of the host, of each family that the listener takes. */
static void add_any(struct anchor_places *p, const struct config *config,
                    const struct config_listen *l, uint16_t port,
                    const struct own_addresses *own)
{
    bool has[2] = {false, l->address.sa.sa_family != AF_INET6};

    for (size_t i = 0; i < own->n; i++) {
        bool is_v6 = own->items[i].sa.sa_family == AF_INET6;

        if (has[is_v6] || !is_reachable(&own->items[i]))
            continue;
        has[is_v6] = true;
        add_address(p, config, l, port, &own->items[i]);
    }
}

/* */
static void add_default(struct anchor_places *p, const struct config *config,
                        const uint16_t *ports, const struct own_addresses *own)
{
    for (size_t i = 0; i < config->listen.n; i++) {
        const struct config_listen *l = &config->listen.items[i];

        if (is_shown(p, transport_of(l->transport, l->tls_in_front)))
            continue;
        if (is_any(&l->address))
            add_any(p, config, l, ports[i], own);
        else if (is_reachable(&l->address))
            add_address(p, config, l, ports[i], &l->address);
    }
}

void anchor_places_find(struct anchor_places *p, const struct config *config,
                        const uint16_t *ports, const struct own_addresses *own)
{
    p->n = 0;
    for (size_t i = 0; i < config->anchor.interfaces.n; i++)
        add_configured(p, config, ports, &config->anchor.interfaces.items[i]);
    if (p->n == 0)
        add_default(p, config, ports, own);
}
