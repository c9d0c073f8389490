/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor_check.h"

#include "err.h"
#include "own_addresses.h"

/* Is there a listener of this transport, at this port unless that is 0? */
static bool has_listener(const struct config *c, enum net_transport transport,
                         uint64_t port)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (c->listen.items[i].transport == transport &&
            (port == 0 || c->listen.items[i].port == port))
            return true;
    return false;
}

/* The address may be one that only a router in front has. */
static void check_address(struct config_report *r,
                          const struct config_interface *i,
                          struct own_addresses *own)
{
    struct addr a;

    if (addr_parse(&a, span_str(i->address), 0) == 0 && own->n &&
        !own_addresses_have(own, &a, 0))
        config_warn(r, i->place,
                    "anchor.interfaces: this host does not have the address %s",
                    i->address);
}

static void check_interface(struct config_report *r, const struct config *c,
                            const struct config_interface *i,
                            struct own_addresses *own)
{
    if (!*i->address)
        config_report(r, i->place, "anchor.interfaces: address is missing");
    else if (!has_listener(c, i->transport, 0))
        config_report(r, i->place,
                      "anchor.interfaces: no listener with transport %s",
                      net_transport_text(i->transport));
    else if (!has_listener(c, i->transport, i->port))
        config_report(r, i->place,
                      "anchor.interfaces: no listener with transport %s at "
                      "port %llu",
                      net_transport_text(i->transport),
                      (unsigned long long)i->port);
    else
        check_address(r, i, own);
}

static bool is_secure(const struct config_interface *i)
{
    return i->transport == NET_TLS || i->transport == NET_WSS;
}

static void check_host(struct config_report *r, const struct config *c,
                       const struct config_interface *i,
                       const struct tls_ctx *tls)
{
    const char *host = *i->host ? i->host : i->address;

    if (is_secure(i) && *host && has_listener(c, i->transport, 0) &&
        !tls_ctx_has_name(tls, span_str(host)))
        config_warn(r, i->place,
                    "anchor.interfaces: tls.certificate does not name %s",
                    host);
}

/* Without interfaces, listeners that others can reach show what there is. */
static void check_default(struct config_report *r, const struct config *c)
{
    const struct cidr loopback[] = {{{127}, 4, 8}, {{[15] = 1}, 16, 128}};

    for (size_t i = 0; i < c->listen.n; i++) {
        const struct addr *a = &c->listen.items[i].address;

        if (!cidr_has(&loopback[0], a) && !cidr_has(&loopback[1], a))
            return;
    }
    config_warn(r, config_place(c, "anchor.listen"),
                "anchor.listen: all listeners are on loopback: every offer is "
                "refused without anchor.interfaces");
}

int anchor_check(struct config_report *r, const struct config *c,
                 const struct tls_ctx *tls)
{
    struct own_addresses own = {0};

    if (c->anchor.interfaces.n && own_addresses_read(&own, 0) == ERR_NOMEM)
        return ERR_NOMEM;
    for (size_t i = 0; i < c->anchor.interfaces.n; i++) {
        const struct config_interface *at = &c->anchor.interfaces.items[i];

        check_interface(r, c, at, &own);
        if (tls)
            check_host(r, c, at, tls);
    }
    own_addresses_fini(&own);
    if (c->anchor.listen.n && c->anchor.interfaces.n == 0)
        check_default(r, c);
    return 0;
}
