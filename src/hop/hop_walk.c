/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_walk - all connections one after the other, for operators. */
#include "err.h"
#include "hop_private.h"

const char *hop_state_text(enum hop_state state)
{
    switch (state) {
    case HOP_DIALLING:
        return "dialling";
    case HOP_HANDSHAKE:
        return "handshake";
    case HOP_OPEN:
        return "open";
    case HOP_CLOSING:
        return "closing";
    }
    return "";
}

void hop_walk_begin(struct hop_walk *w, struct hops *all)
{
    walk_begin(&w->at, &all->walks, &all->by_age);
}

void hop_walk_end(struct hop_walk *w)
{
    walk_end(&w->at);
}

void hop_walks_skip(struct hop *h)
{
    walks_leave(&h->all->walks, &h->by_age);
}

static enum hop_state state_of(const struct hop *h)
{
    if (!h->conn)
        return HOP_DIALLING;
    if (h->left)
        return HOP_CLOSING;
    return h->open && !h->link.connecting ? HOP_OPEN : HOP_HANDSHAKE;
}

static void view(struct hop_view *v, const struct hop *h)
{
    uint64_t now_ms = loop_now_ms(h->all->loop);
    const struct link *l = &h->link;

    *v = (struct hop_view){
        .number = l->number,
        .subject = l->subject,
        .state = state_of(h),
        .dialled = h->dialled != NULL,
        .transport = l->secure ? NET_TLS : NET_TCP,
        .is_relay = l->is_relay,
        .blocked = link_is_blocked(l),
        .host = l->host,
        .tls_version = "",
        .age_ms = now_ms - h->since_ms,
        .unused_ms = now_ms - h->used_ms,
        .paused_ms = link_paused_ms(l, now_ms),
        .sessions = l->sessions.n,
        .transactions = l->txns.n,
        .queued = l->ops->queued(l),
    };
    if (!h->conn)
        return;
    addr_text(v->peer, conn_peer(h->conn));
    v->transport = net_transport_of(h->conn);
    v->tls_version = hop_tls_version(h);
    v->octets_in = conn_octets_in(h->conn);
    v->octets_out = conn_position(h->conn) - conn_queued(h->conn);
}

bool hop_walk_next(struct hop_walk *w, struct hop_view *out)
{
    const struct list *m = walk_next(&w->at);

    if (!m)
        return false;
    view(out, CONTAINER(m, struct hop, by_age));
    return true;
}

int hops_kick(struct hops *all, uint64_t number)
{
    struct list *m, *next;

    LIST_EACH(m, next, &all->by_age)
    {
        struct hop *h = CONTAINER(m, struct hop, by_age);

        if (h->link.number != number || h->left)
            continue;
        relay_clock(all->relay, loop_now_ms(all->loop));
        relay_link_kick(all->relay, &h->link);
        return 0;
    }
    return ERR_NOT_FOUND;
}
