/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_proxy - a PROXY header has told where a connection comes from. */
#include "hop_private.h"

/* Nobody could tell it from one that came from there directly. */
static bool hop_take_peer(struct hop *h)
{
    const struct hop_origin origin = {
        .transport = net_transport_of(h->conn),
        .bound_port = h->bound_port,
    };

    return hop_take_origin(h, conn_peer(h->conn), &origin);
}

/* Which connection makes room depends on where they come from. */
static void hop_place_again(struct hop *h)
{
    place_set(&h->all->places, &h->place, PLACE_KEPT, SPAN(""));
    hop_place(h);
}

/* The client spoke TLS with the proxy (S-1, decisions 5.4). */
static void hop_take_front_tls(struct hop *h)
{
    if (h->link.secure)
        return;
    h->in_front = h->link.secure = h->link.may_auth = true;
    h->link.port = h->tls_port;
}

void hop_on_proxied(void *ctx, const struct proxy_source *source)
{
    struct hop *h = ctx;
    struct hops *all = h->all;

    if (!hop_take_peer(h)) {
        conn_fail(h->conn, CONN_WHY_NOMEM);
        return;
    }
    if (source->is_tls)
        hop_take_front_tls(h);
    hop_place_again(h);
    h->is_counted =
        all->on_proxied(all->ctx, conn_peer(h->conn), h->link.subject->text);
    if (!h->is_counted) {
        h->is_refused = true;
        h->why = "limits.connections_per_address";
        conn_close(h->conn);
    }
}
