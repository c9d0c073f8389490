/* SPDX-License-Identifier: BSD-2-Clause */
/* listen_check - listeners that do harm, or that nobody can use. */
#include "config_check_private.h"
#include "config_listen.h"

/* Neither loopback nor private, where a proxy that ends TLS may be. */
static bool is_public(const struct addr *a)
{
    struct cidr closed[] = {
        {{127}, 4, 8},         {{10}, 4, 8},       {{172, 16}, 4, 12},
        {{192, 168}, 4, 16},   {{100, 64}, 4, 10}, {{169, 254}, 4, 16},
        {{[15] = 1}, 16, 128}, {{0xfc}, 16, 7},    {{0xfe, 0x80}, 16, 10},
    };
    const struct cidr_list all = {closed, sizeof closed / sizeof *closed};

    return !cidr_list_has(&all, a);
}

/* A plain listener at a public address, where it does harm. */
static void check_plain(const struct check *k, const struct config_listen *l)
{
    const struct config *c = k->config;

    if (config_listen_has_tls(l) || !is_public(&l->address))
        return;
    if (l->tls_in_front)
        config_warn(k->report, l->place,
                    "listen: with tls_in_front whoever reaches this public "
                    "address counts as if he came over TLS: use a private "
                    "address");
    else if (c->auth.allow_tcp && config_check_counts(k, "auth.allow_tcp"))
        config_warn(k->report, l->place,
                    "listen: with auth.allow_tcp clients log in and talk "
                    "without encryption at a public address: use tls, or a "
                    "private address");
}

static bool has_way_in(const struct config *c, bool secure)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (!config_listen_is_ws(&c->listen.items[i]) &&
            config_listen_is_secure(&c->listen.items[i]) == secure)
            return true;
    return false;
}

/* URIs of WebSocket clients have the port of a listener that others can
 * dial. */
static void check_way_in(const struct check *k, const struct config_listen *l)
{
    bool secure = config_listen_is_secure(l);

    if (config_listen_is_ws(l) && !has_way_in(k->config, secure))
        config_warn(k->report, l->place,
                    "listen: clients on %s cannot be reached without a "
                    "listener with transport %s",
                    net_transport_text(l->transport), secure ? "tls" : "tcp");
}

/* Is there a listener at which clients can log in at all? */
bool listen_check_takes_logins(const struct config *c)
{
    for (size_t i = 0; i < c->listen.n; i++)
        if (c->auth.allow_tcp || config_listen_is_secure(&c->listen.items[i]) ||
            c->listen.items[i].proxy.n)
            return true;
    return false;
}

/* A relay for other relays alone has nobody to relay for. One that anchors
 * sessions needs no logins. */
static void check_logins(const struct check *k)
{
    const struct config *c = k->config;

    if (c->listen.n > 0 && c->anchor.listen.n == 0 &&
        config_check_counts(k, "listen") &&
        config_check_counts(k, "auth.allow_tcp") &&
        !listen_check_takes_logins(c))
        config_warn(k->report, c->listen.items[0].place,
                    "listen: nobody can log in: no listener has transport tls "
                    "or wss, and auth.allow_tcp is false");
}

void listen_check(const struct check *k)
{
    const struct config *c = k->config;

    check_logins(k);
    for (size_t i = 0; i < c->listen.n && config_check_counts(k, "listen");
         i++) {
        const struct config_listen *l = &c->listen.items[i];

        check_plain(k, l);
        check_way_in(k, l);
        if (l->tls_in_front && config_listen_has_tls(l))
            config_warn(k->report, l->place,
                        "listen: tls_in_front has no effect with %s",
                        net_transport_text(l->transport));
    }
}
