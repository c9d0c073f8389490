/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_place - which connection goes at limits.connections (S-17). */
#include "hop_private.h"
#include "session.h"

/* Is somebody waiting for the outcome of a dial? In clear that may not be so:
 * what it was for has come to nothing. */
static bool hop_is_awaited(const struct hop *h)
{
    return h->link.connecting && hop_clear(h) != HOP_CLEAR_DUE;
}

/* Links to relays, and those that are being dialled, stay. One that core has
 * done with only waits for its output to be written. */
static enum place_class hop_class(const struct hop *h)
{
    const struct link *l = &h->link;

    if (h->evicted || !h->conn)
        return PLACE_KEPT;
    if (h->left)
        return PLACE_UNUSED;
    if (hop_is_awaited(h) || l->is_relay || l->relay_links.to_relay)
        return PLACE_KEPT;
    if (!l->trust.proven)
        return PLACE_UNPROVEN;
    if (l->sessions.n > 0)
        return PLACE_USER;
    return list_is_empty(&l->sessions.peers) && l->pairs.n == 0 ? PLACE_UNUSED
                                                                : PLACE_KEPT;
}

/* Where an unproven connection comes from: an IPv6 host has a /64. */
static struct span hop_source(unsigned char *space, const struct hop *h)
{
    enum { PREFIX_OCTETS = 8 };
    size_t n = addr_host_key(space, conn_peer(h->conn));

    return span_of((const char *)space, n > PREFIX_OCTETS ? PREFIX_OCTETS : n);
}

void hop_place(struct hop *h)
{
    enum place_class class = hop_class(h);
    unsigned char space[16];
    struct span name = SPAN("");

    if (class == PLACE_UNPROVEN)
        name = hop_source(space, h);
    if (class == PLACE_USER)
        name = session_account(
            CONTAINER(h->link.sessions.issued.next, struct session, of_link));
    place_set(&h->all->places, &h->place, class, name);
}

/* Not at once: the one that goes may be at work further up the stack. */
static void hop_evict(struct hop *h)
{
    struct hops *all = h->all;

    h->why = "made room";
    all->stats.made_room++;
    all->stats.evicted[h->place.class]++;
    all->evicting++;
    h->evicted = true;
    hop_place(h);
    link_close(&h->link, h->why);
    loop_defer(all->loop, &h->end); /* also if it was closing already */
}

void hops_shed(struct hops *all, unsigned most)
{
    while (most-- > 0) {
        struct place *next = places_next(&all->places);

        if (!next || next->class != PLACE_UNPROVEN)
            return;
        hop_evict(CONTAINER(next, struct hop, place));
    }
}

bool hops_make_room(struct hops *all, bool is_short)
{
    struct place *next;

    if (!is_short && all->count - all->evicting < all->max)
        return true;
    next = places_next(&all->places);
    if (!next)
        return false;
    hop_evict(CONTAINER(next, struct hop, place));
    return true;
}
