/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchor_interface.h"

#include <stdlib.h>

#include "err.h"

/* A URI writes an IPv6 address in brackets. */
static struct span keep_host(char **to, const struct anchor_place *place)
{
    const char *from = *to;

    if (place->host.n)
        return span_keep(to, place->host);
    if (place->family != 6)
        return span_keep(to, place->address);
    (void)span_keep(to, SPAN("["));
    (void)span_keep(to, place->address);
    (void)span_keep(to, SPAN("]"));
    return span_of(from, place->address.n + 2);
}

/* With one reference: NULL without memory. */
static struct anchor_interface *interface_new(const struct anchor_place *place)
{
    size_t n = place->name.n + 2 * place->address.n + place->host.n + 2;
    struct anchor_interface *i = malloc(sizeof *i + n);
    char *to;

    if (!i)
        return NULL;
    to = i->text;
    i->refs = 1;
    i->name = span_keep(&to, place->name);
    i->address = span_keep(&to, place->address);
    i->host = keep_host(&to, place);
    i->family = place->family;
    i->port = place->port;
    i->transport = place->transport;
    return i;
}

struct anchor_interface *anchor_interface_ref(struct anchor_interface *i)
{
    i->refs++;
    return i;
}

void anchor_interface_unref(struct anchor_interface *i)
{
    if (i && --i->refs == 0)
        free(i);
}

int anchor_interfaces_init(struct anchor_interfaces *all,
                           const struct anchor_place *places, size_t n)
{
    *all = (struct anchor_interfaces){0};
    all->items = calloc(n ? n : 1, sizeof(*all->items));
    if (!all->items)
        return ERR_NOMEM;
    for (; all->n < n; all->n++) {
        all->items[all->n] = interface_new(&places[all->n]);
        if (!all->items[all->n]) {
            anchor_interfaces_fini(all);
            return ERR_NOMEM;
        }
    }
    return 0;
}

void anchor_interfaces_fini(struct anchor_interfaces *all)
{
    for (size_t i = 0; i < all->n; i++)
        anchor_interface_unref(all->items[i]);
    free(all->items);
    *all = (struct anchor_interfaces){0};
}

/* */
void anchor_want_transport(struct anchor_want *want, enum sdp_protocol protocol,
                           bool is_ws, bool is_unknown)
{
    bool secure = sdp_protocol_is_secure(protocol);
    bool is_web = protocol == SDP_WS || protocol == SDP_WSS || is_ws;
    enum anchor_transport stream = secure ? ANCHOR_TLS : ANCHOR_TCP;
    enum anchor_transport web = secure ? ANCHOR_WSS : ANCHOR_WS;

    want->transports[0] = is_web ? web : stream;
    want->transports[1] = web;
    want->n_transports = is_unknown && !is_web ? 2 : 1;
}

static bool has_name(const struct anchor_interfaces *all, struct span name)
{
    for (size_t i = 0; i < all->n; i++)
        if (span_eq(all->items[i]->name, name))
            return true;
    return false;
}

/* The first of the family, else the first. */
static struct anchor_interface *choose_for(const struct anchor_interfaces *all,
                                           struct span name,
                                           enum anchor_transport transport,
                                           int family)
{
    struct anchor_interface *any = NULL;

    for (size_t i = 0; i < all->n; i++) {
        struct anchor_interface *at = all->items[i];

        if (at->transport != transport || (name.n && !span_eq(at->name, name)))
            continue;
        if (at->family == family)
            return at;
        if (!any)
            any = at;
    }
    return any;
}

int anchor_interface_choose(struct anchor_interface **out, bool *known,
                            const struct anchor_interfaces *all,
                            const struct anchor_want *want)
{
    struct span name = want->name;

    *known = name.n == 0 || has_name(all, name);
    if (!*known)
        name = SPAN("");
    for (size_t i = 0; i < want->n_transports; i++) {
        struct anchor_interface *at =
            choose_for(all, name, want->transports[i], want->family);

        if (at) {
            *out = at;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}
