/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "relay_private.h"

enum {
    HEADS_KEEP = 4096, /* unused heads kept for reuse */
    /* Failed requests until a link on probation is closed (R4976-6.1-e). */
    PROBATION_FAILURES_MAX = 10,
};

/* --- life --- */

int relay_new(struct relay **out, const struct policy *policy,
              const struct users *users, struct log *log, uint64_t now_ms)
{
    struct relay *r = calloc(1, sizeof *r);
    uint64_t seed[2];
    int err;

    if (!r)
        return ERR_NOMEM;
    r->policy = r->given_policy = policy;
    r->log = log;
    r->now_ms = now_ms;
    rnd_init(&r->rnd);
    rnd_bytes(&r->rnd, seed, sizeof seed);
    pending_send_pool_init(&r->heads, HEADS_KEEP);
    err = table_init(&r->links, seed);
    if (err)
        goto fail_links;
    err = txns_init(&r->txns, seed, &r->heads, policy->transaction_ms);
    if (err)
        goto fail_txns;
    err = sources_init(&r->sources, seed);
    if (err)
        goto fail_sources;
    r->sources.limit = policy->transactions_per_link;
    err = owed_init(&r->owed, seed, &r->txns);
    if (err)
        goto fail_owed;
    err = relay_links_init(&r->relay_links, policy, seed);
    if (err)
        goto fail_relay_links;
    err = auth_failures_init(&r->auth_failures, seed);
    if (err)
        goto fail_auth_failures;
    err = route_memos_init(&r->memos);
    if (err)
        goto fail_memos;
    err = sessions_init(&r->sessions, &r->rnd, now_ms);
    if (err)
        goto fail_sessions;
    r->sessions.on_ending = ongoing_session_ending;
    auth_init(&r->auth, policy, users, &r->rnd);
    pending_auths_init(&r->pending_auths, auth_response_judged, r);
    chunker_init(&r->chunker, policy, &r->txns, &r->rnd);
    sendq_init(&r->sendq, policy);
    list_init(&r->parking);
    list_init(&r->anchored.waiting);
    list_init(&r->anchored.arrived);
    list_init(&r->anchored.former);
    trace_init(&r->trace, &r->sessions, log);
    *out = r;
    return 0;
fail_sessions:
    route_memos_fini(&r->memos);
fail_memos:
    auth_failures_fini(&r->auth_failures);
fail_auth_failures:
    relay_links_fini(&r->relay_links);
fail_relay_links:
    owed_fini(&r->owed);
fail_owed:
    sources_fini(&r->sources);
fail_sources:
    txns_fini(&r->txns);
fail_txns:
    table_fini(&r->links);
fail_links:
    free(r);
    return err;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    anchored_fini(r);
    assert(r->links.count == 0);
    owed_fini(&r->owed);
    sources_fini(&r->sources);
    auth_fini(&r->auth);
    pending_auths_fini(&r->pending_auths);
    sessions_fini(&r->sessions, r->now_ms);
    relay_links_fini(&r->relay_links);
    route_memos_fini(&r->memos);
    auth_failures_fini(&r->auth_failures);
    chunker_fini(&r->chunker);
    txns_fini(&r->txns);
    pending_send_pool_fini(&r->heads);
    table_fini(&r->links);
    free(r);
}

/* The limit, cut by `shift` bits but not below `least`; without one, what is
 * far beyond any use is cut. */
static uint32_t cut_limit(uint32_t limit, unsigned shift, uint32_t least)
{
    enum { FAR = 1 << 16 };
    uint32_t from = limit && limit < FAR ? limit : FAR, cut = from >> shift;

    if (cut >= least)
        return cut;
    return from < least ? from : least;
}

/* The policy that was given, with the limits that fit the memory. */
static const struct policy *relay_fit(struct relay *r)
{
    enum { OUTPUT_MIN = 4096, SENDS_MIN = 16, REQUESTS_MIN = 4 };
    struct policy *p = &r->tight_policy;
    unsigned shift;

    if (r->tightness == 0)
        return r->given_policy;
    *p = *r->given_policy;
    p->low_water >>= r->tightness;
    p->high_water >>= r->tightness;
    if (p->high_water < OUTPUT_MIN)
        p->high_water = OUTPUT_MIN;
    if (p->low_water >= p->high_water)
        p->low_water = p->high_water / 2;
    if (r->tightness < RELAY_REFUSES)
        return p;
    shift = r->tightness - RELAY_REFUSES + 1;
    p->transactions_per_link =
        cut_limit(p->transactions_per_link, 3 * shift, SENDS_MIN);
    p->requests_per_link =
        cut_limit(p->requests_per_link, 2 * shift, REQUESTS_MIN);
    return p;
}

static void relay_use_policy(struct relay *r)
{
    const struct policy *policy = relay_fit(r);

    r->changes++;
    r->policy = policy;
    r->chunker.policy = policy;
    r->sendq.policy = policy;
    r->sources.limit = policy->transactions_per_link;
    r->relay_links.policy = policy;
}

void relay_configure(struct relay *r, const struct policy *policy,
                     const struct users *users)
{
    r->given_policy = policy;
    relay_use_policy(r);
    auth_configure(&r->auth, policy, users);
    txns_set_timeout(&r->txns, policy->transaction_ms);
}

void relay_tighten(struct relay *r, unsigned tightness)
{
    if (tightness == r->tightness)
        return;
    r->tightness = tightness;
    relay_use_policy(r);
}

void relay_drain(struct relay *r, bool on)
{
    r->draining = on;
}

void relay_shut_down(struct relay *r)
{
    r->ending = true;
}

void relay_on_session_end(struct relay *r, usage_fn fn, void *ctx)
{
    r->sessions.on_end = fn;
    r->sessions.ctx = ctx;
}

void relay_clock(struct relay *r, uint64_t now_ms)
{
    r->now_ms = now_ms;
}

void relay_on_lookup(struct relay *r, struct asker *asker)
{
    pending_auths_use(&r->pending_auths, asker);
    r->auth.may_ask = asker != NULL;
}

void relay_time_of_day(struct relay *r, uint64_t unix_s)
{
    r->auth.unix_s = unix_s;
}

void relay_stats(const struct relay *r, struct relay_stats *out)
{
    *out = r->stats;
    out->sessions_now = r->sessions.by_token.count - r->sessions.pairs.n_pairs;
    out->sessions_ever = r->sessions.ever;
    memcpy(out->sessions_ended, r->sessions.ended, sizeof r->sessions.ended);
    out->chunks_out = r->chunker.chunks_out;
    out->octets_out = r->chunker.octets_out;
    out->relay_links_now = r->relay_links.by_authority.count;
    out->relay_links_dialled_now = r->relay_links.dialled;
    out->relay_links_accepted_now =
        out->relay_links_now - r->relay_links.dialled;
    out->auths_waiting_now = r->pending_auths.n;
    out->transactions_now = r->txns.count;
    out->reports_owed_now = r->owed.n;
    out->transactions_ever = r->txns.ever;
    out->links_waiting_now = r->sendq.waiting;
    out->wait_ms = sendq_wait_ms(&r->sendq, r->now_ms);
    out->longest_wait_ms = sendq_longest_wait_ms(&r->sendq, r->now_ms);
}

/* --- links --- */

static bool has_number(const struct table_node *node, const void *key)
{
    const struct link *l =
        CONTAINER((void *)(uintptr_t)node, struct link, by_number);

    return l->number == *(const uint64_t *)key;
}

static uint64_t hash_number(const struct relay *r, uint64_t number)
{
    return table_hash(&r->links, span_of((const char *)&number, sizeof number));
}

struct link *relay_link(const struct relay *r, uint64_t number)
{
    struct table_node *node =
        table_find(&r->links, hash_number(r, number), has_number, &number);
    struct link *l = node ? CONTAINER(node, struct link, by_number) : NULL;

    return l && !l->closing ? l : NULL;
}

/* This relay itself wanted the links that it dialled: no probation. */
void relay_enter(struct relay *r, struct link *l)
{
    l->trust = (struct link_trust){.proven = l->host.n > 0};
    nonce_window_init(&l->trust.nonces, l->number, NONCE_WINDOW_CLIENT);
    table_add(&r->links, &l->by_number, hash_number(r, l->number));
}

void relay_forget(struct relay *r, struct link *l)
{
    nonce_window_fini(&l->trust.nonces);
    table_remove(&r->links, &l->by_number);
}

void relay_on_dial(struct relay *r, relay_links_dial_fn dial, void *ctx,
                   bool allow_tcp)
{
    r->relay_links.dial = dial;
    r->relay_links.ctx = ctx;
    r->relay_links.allow_tcp = allow_tcp;
}

struct link *relay_dial(struct relay *r, const struct route *route,
                        const struct link *in, const struct msg *m,
                        uint16_t *code)
{
    struct source *a =
        source_open(&r->sources, in, 0, relay_source(in, m, route->sender));
    struct link *out = NULL;

    if (source_has_dials(a, r->policy->dials_per_link)) {
        r->stats.too_many_dials++;
        *code = 408;
    } else {
        out = route->kind == ROUTE_SIDE
                  ? anchored_dial_side(r, route->side, false, code)
                  : relay_links_dial(&r->relay_links, &route->next,
                                     route->as_relay, code);
        if (out && out->connecting && !out->dialled_for)
            source_dial(a, out);
    }
    source_close(a);
    return out;
}

/* Resolves ROUTE_DIAL. Later requests of the session to the same lone peer find
 * the link among the session's peers, those to a relay in relay_links. */
static void relay_reach(struct relay *r, struct route *route,
                        const struct link *in, const struct msg *m)
{
    uint16_t code = 403;

    route->out = route->as_relay || session_has_room(route->session)
                     ? relay_links_reach(&r->relay_links, &route->next,
                                         route->as_relay, &code)
                     : NULL;
    if (code == 0)
        route->out = relay_dial(r, route, in, m, &code);
    if (!route->out) {
        route->kind = ROUTE_REFUSE;
        route->code = code;
        route->is_unreached = true;
        return;
    }
    route->kind = ROUTE_LINK;
    if (!route->as_relay)
        (void)session_bind_peer(&r->sessions, route->session, &route->next,
                                route->out, true);
}

void relay_route(struct relay *r, struct route *route, struct link *l,
                 const struct msg *m)
{
    route_find(route, r->policy, &r->sessions, &r->relay_links, l, m,
               r->now_ms);
    if (route->speaker)
        anchored_heard(r, route, l);
    if (route->kind == ROUTE_DIAL)
        relay_reach(r, route, l, m);
    else if (route->kind == ROUTE_SIDE || route->kind == ROUTE_EARLY)
        anchored_reach(r, route, l, m);
    r->stats.senders_unproven += route->is_unproven;
    if (route->is_stranger) {
        r->anchored.refused++;
        if (route->impostor)
            anchored_note_impostor(r, route, l);
    }
    if (!route->rival)
        return;
    r->stats.peers_claimed++;
    route->rival->ops->probe(route->rival);
}

/* Only grows, and stays the same as long as a route does. */
static uint64_t route_stamp(const struct relay *r)
{
    return r->changes + r->sessions.changes + r->relay_links.changes;
}

struct route *relay_route_send(struct relay *r, struct route *route,
                               struct link *l, const struct msg *m)
{
    struct route *kept =
        route_memo_find(&r->memos, l, m, route_stamp(r), r->now_ms);

    if (!kept) {
        relay_route(r, route, l, m);
        return route;
    }
    if (kept->speaker)
        anchored_heard(r, kept, l);
    return kept;
}

/* What waits for a side of a pair has to ask for it each time. */
void relay_keep_route(struct relay *r, const struct link *l,
                      const struct msg *m, const struct route *route)
{
    if (!waiting_link_is_one(route->out))
        route_memo_keep(&r->memos, l, m, route_stamp(r), route);
}

struct span relay_source(const struct link *l, const struct msg *m,
                         const struct session *sender)
{
    if (l->is_relay && !(sender && sender->pair))
        return msg_text(m, m->from_first);
    return sender ? sender->uri.session_id : SPAN("");
}

void relay_succeeded(struct link *l)
{
    if (l->trust.proven)
        return;
    l->trust.proven = true;
    link_changed(l);
}

void relay_refused(struct relay *r, struct link *l)
{
    if (l->trust.proven || ++l->trust.failures < PROBATION_FAILURES_MAX)
        return;
    r->stats.too_many_failures++;
    link_close(l, "too many failed requests");
}

/* Many clients share another relay's link: it is not closed for one of them. */
void relay_denied(struct relay *r, struct link *l, const char *why)
{
    if (l->is_relay || ++l->trust.auth_failures < r->policy->max_failures)
        return;
    r->stats.too_many_wrong++;
    link_close(l, why);
}
