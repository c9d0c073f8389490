/* SPDX-License-Identifier: BSD-2-Clause */
/* anchored_reach - the way to a side of a pair: the link that it is bound to,
 * or one that is dialled for it, or a place to wait for it. */
#include "err.h"
#include "identity.h"
#include "relay_private.h"
#include "relay_links.h"
#include "subject.h"

void relay_on_anchored_dial(struct relay *r, anchored_dial_fn dial, void *ctx)
{
    r->anchored.dial = dial;
    r->anchored.dial_ctx = ctx;
}

/* --- a side speaks --- */

enum { LABEL_MAX = 256 }; /* octets of a label, as the log shows it */

static bool has_too_many(const struct relay *r, const struct link *l)
{
    return !l->is_relay && r->policy->sessions_per_link &&
           l->sessions.n + l->pairs.n >= r->policy->sessions_per_link;
}

/* The link was dialled for this side alone, and is of no use any more. */
static void give_up_dial(struct link *l)
{
    if (l->connecting && l->host.n > 0 && l->pairs.n == 0 &&
        !l->relay_links.to_relay)
        link_close(l, "the peer connected itself");
}

void anchored_note_impostor(struct relay *r, const struct route *route,
                            const struct link *l)
{
    char subject[SUBJECT_LINE_MAX], id[LABEL_MAX];
    const struct anchored_pair *p = route->impostor->pair;

    r->anchored.refused_fingerprint++;
    log_info(r->log, "c=%llu s=%.6s refused%s call_id=%s why=\"%s\"",
             (unsigned long long)l->number, p->session->uri.session_id.p,
             subject_line(subject, l->subject, SPAN("")),
             log_value(id, sizeof id, p->call_id), route->close_why);
}

/* Is `l` as good as the link that the side is bound to? A relay may use any
 * link that proves it. */
static bool is_heard_there(const struct pair_side *x, const struct link *l)
{
    return x->link == l || (x->n_path > 1 && x->link && !x->link->closing);
}

void anchored_heard(struct relay *r, struct route *route, struct link *l)
{
    struct pair_side *x = route->speaker;
    struct link *former = x->link;

    l->pairs.is_heard = true;
    pair_touch(&r->sessions, x->pair, r->now_ms);
    if (is_heard_there(x, l))
        return;
    if (has_too_many(r, l)) {
        route->kind = ROUTE_REFUSE;
        route->code = 403;
        return;
    }
    pair_unbind(&r->sessions, x);
    pair_bind(&r->sessions, x, l);
    x->was_bound = true;
    if (former)
        give_up_dial(former);
    if (x->waiting && list_is_empty(&x->of_arrived))
        list_append(&r->anchored.arrived, &x->of_arrived);
}

/* --- dialling --- */

/* The first request on a new connection: one that is passive cannot speak
 * before. Whatever its answer is, nobody waits for it. */
static void anchored_open(struct relay *r, const struct pair_side *x)
{
    const struct txn_back back = {0};
    char tid[TID_LEN], id[TID_LEN];
    struct span text;
    struct txn *t;
    struct frame f;

    if (!sendq_has_room(x->link))
        return;
    r->chunker.new_tid(&r->chunker, tid);
    text = span_of(tid, TID_LEN);
    rnd_alnum(&r->rnd, id, TID_LEN);
    frame_init(&f);
    frame_request(&f, text, SPAN("SEND"));
    frame_header(&f, SPAN("To-Path"), x->path);
    frame_header(&f, SPAN("From-Path"), x->uri->text);
    frame_header(&f, SPAN("Message-ID"), span_of(id, TID_LEN));
    frame_end(&f, text, '$');
    if (!sendq_put_between(x->link, &f))
        return;
    t = txn_request(&r->txns, x->link, tid, &back);
    if (t)
        txn_close(t, 0);
}

bool anchored_may_dial(const struct relay *r, const struct pair_side *x)
{
    return !r->ending && pair_side_can_be_dialled(x) &&
           !route_is_ours(r->policy, &r->sessions, &x->first, false, r->now_ms);
}

static struct link *dial_peer(struct relay *r, const struct pair_side *x,
                              bool is_fresh, uint16_t *code)
{
    const struct anchored_dial to = {
        .uri = &x->first,
        .host = x->dial_host,
        .port = x->dial_port,
        .trusted = x->trusted,
        .fingerprints = x->fingerprints,
        .n_fingerprints = x->first.secure ? x->n_fingerprints : 0,
        .shown = x->shown,
        .is_fresh = is_fresh,
    };
    bool nobody_matches = x->first.secure && x->has_fingerprint &&
                          x->n_fingerprints == 0; /* */

    *code = 403;
    if (nobody_matches || (!x->first.secure && !r->relay_links.allow_tcp))
        return NULL;
    *code = 408;
    return r->anchored.dial ? r->anchored.dial(r->anchored.dial_ctx, &to, code)
                            : NULL;
}

/* The link to the relay that the path begins with, dialled if there is none. */
static struct link *dial_relay(struct relay *r, const struct pair_side *x,
                               uint16_t *code)
{
    struct link *l = relay_links_reach(&r->relay_links, &x->first, true, code);

    if (!l && *code == 0)
        l = relay_links_dial(&r->relay_links, &x->first, true, code);
    return l;
}

/* A side has one dial under way at most. Who sends to it is charged for that
 * (relay_dial()); nobody is for what an answer asks for. */
struct link *anchored_dial_side(struct relay *r, struct pair_side *x,
                                bool is_fresh, uint16_t *code)
{
    struct link *l = x->n_path > 1 ? dial_relay(r, x, code)
                                   : dial_peer(r, x, is_fresh, code);

    if (!l)
        return NULL;
    pair_unbind(&r->sessions, x);
    pair_bind(&r->sessions, x, l);
    x->was_bound |= !l->connecting;
    anchored_open(r, x);
    return l;
}

/* --- what is for a side --- */

/* What is for it waits beside its link: it may come over another one. */
static struct link *wait_for(struct relay *r, struct pair_side *y,
                             uint16_t *code)
{
    *code = 408;
    if (!y->waiting)
        y->waiting = waiting_link_new(r, y);
    return y->waiting && !y->waiting->link.closing ? &y->waiting->link : NULL;
}

static struct link *link_to(struct relay *r, const struct route *route,
                            const struct link *in, const struct msg *m,
                            uint16_t *code)
{
    struct pair_side *y = route->side;
    struct link *l = y->link && !y->link->closing ? y->link : NULL;

    *code = 408;
    if (!l && anchored_may_dial(r, y)) {
        l = relay_dial(r, route, in, m, code);
        if (!l)
            return NULL;
    }
    if (l && (!l->connecting || y->n_path > 1))
        return l;
    if (!l && y->was_bound) /* it comes back by itself, or does not */
        return NULL;
    return wait_for(r, y, code);
}

static void reach_side(struct relay *r, struct route *route,
                       const struct link *in, const struct msg *m)
{
    struct pair_side *y = route->side;

    if (!y->was_bound && m->method == MSG_SEND && !m->has_body) {
        route->kind = ROUTE_LOCAL; /* */
        return;
    }
    route->out = link_to(r, route, in, m, &route->code);
    route->kind = route->out ? ROUTE_LINK : ROUTE_REFUSE;
    route->is_unreached = !route->out;
}

static void reach_gate(struct relay *r, struct route *route)
{
    struct anchored_token *t = route->early;

    if (!t->gate)
        t->gate = waiting_link_new(r, NULL);
    route->out = t->gate ? &t->gate->link : NULL;
    if (route->out)
        return;
    route->kind = ROUTE_REFUSE;
    route->code = 481;
}

void anchored_reach(struct relay *r, struct route *route, const struct link *in,
                    const struct msg *m)
{
    if (route->kind == ROUTE_SIDE)
        reach_side(r, route, in, m);
    else
        reach_gate(r, route);
}
