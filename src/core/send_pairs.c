/* SPDX-License-Identifier: BSD-2-Clause */
/* send_pairs - what is kept and counted of a SEND that goes through anchored
 * pairs, besides what send.c does for all. */
#include "relay_private.h"

/* --- pairs between the first and the last session --- */

/* A SEND is part of two sessions at most. Of pairs in between the head has the
 * tokens, each with the letter of the side that sends. */
enum { MIDDLE_LEN = SESSION_TOKEN_LEN + 1 };

static struct span middle_of(char *dst, const struct route *route)
{
    size_t n = 0;

    for (size_t i = 0; i < route->n_middle; i++) {
        const struct pair_side *x = route->middle[i];

        memcpy(dst + n, x->pair->session->uri.session_id.p, SESSION_TOKEN_LEN);
        dst[n + SESSION_TOKEN_LEN] = "AB"[pair_which(x)];
        n += MIDDLE_LEN;
    }
    return span_of(dst, n);
}

/* Takes the next one off *middle: its session, NULL if it has ended; what it
 * carries in this direction goes to *flow. */
static struct session *middle_next(const struct relay *r, struct span *middle,
                                   struct usage_flow **flow)
{
    struct session *ss =
        session_find_token(&r->sessions, span_of(middle->p, SESSION_TOKEN_LEN));
    bool is_a = middle->p[SESSION_TOKEN_LEN] == 'A';

    *middle = span_from(*middle, MIDDLE_LEN);
    if (ss)
        *flow = is_a ? &ss->usage.sent : &ss->usage.received;
    return ss;
}

bool send_is_cut(struct relay *r, const struct stream *s)
{
    struct span middle = pending_send_text(s->head, s->head->middle);
    struct usage_flow *flow;

    while (middle.n > 0) {
        struct session *ss = middle_next(r, &middle, &flow);

        if (!ss)
            return true;
        pair_touch(&r->sessions, ss->pair, r->now_ms);
    }
    return false;
}

void send_count_middle(const struct relay *r, const struct stream *s,
                       uint64_t messages, uint64_t octets)
{
    struct span middle = pending_send_text(s->head, s->head->middle);
    struct usage_flow *flow;

    while (middle.n > 0) {
        if (!middle_next(r, &middle, &flow))
            continue;
        flow->messages += messages;
        flow->octets += octets;
    }
}

/* A chunk that goes through pairs is over. */
void send_count_pairs(struct relay *r, const struct stream *s)
{
    relay_touch_pair(r, s->sender.session);
    relay_touch_pair(r, s->receiver.session);
    r->sessions.pairs.octets += s->next - s->first;
    send_count_middle(r, s, 0, s->next - s->first);
}

struct pending_send *send_new_replaced(struct relay *r, const struct link *l,
                                       const struct msg *m,
                                       const struct route *route)
{
    char middle[ROUTE_PAIRS_MAX * MIDDLE_LEN];
    const struct pending_send_paths paths = {
        .to = route->to,
        .own = route->own,
        .n_own = route->n_own,
        .from = route->from,
        .back = route->back,
        .n_back = route->n_back,
        .first = route->sender->uri.session_id,
        .token = route->session->uri.session_id,
        .middle = middle_of(middle, route),
    };

    return pending_send_replaced(&r->heads, m, &paths, l->number);
}

void send_count_error(const struct relay *r, const struct pending_send *h)
{
    struct session *ss =
        session_find_token(&r->sessions, pending_send_text(h, h->first));
    struct span own = pending_send_text(h, h->own);

    if (ss && ss->pair)
        ss->pair->side[!span_eq(own, ss->uri.text)].errors++;
}

void send_count_refused(const struct route *route)
{
    const struct session *ss = route->sender;

    if (ss && ss->pair)
        ss->pair->side[route->sender_is_b].errors++;
}
