#include "relay.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "relay_state.h"

enum {
    HEADS_KEEP = 4096,        /* unused heads kept for reuse */
    REQUEST_BODY_MAX = 10240, /* of other requests than SEND (P-26) */
    /* Failed requests before the first good one (R4976-6.1-e). */
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
    r->policy = policy;
    r->log = log;
    r->now_ms = now_ms;
    rnd_init(&r->rnd);
    rnd_bytes(&r->rnd, seed, sizeof seed);
    head_pool_init(&r->heads, HEADS_KEEP);
    err = table_init(&r->links, seed);
    if (err)
        goto fail_links;
    err = txns_init(&r->txns, seed, &r->heads, policy->transaction_ms);
    if (err)
        goto fail_txns;
    err = sessions_init(&r->sessions, &r->rnd, now_ms);
    if (err)
        goto fail_sessions;
    err = auth_init(&r->auth, policy, users, &r->rnd);
    if (err)
        goto fail_auth;
    neighbours_init(&r->neighbours);
    list_init(&r->crowded);
    chunker_init(&r->chunker, policy, &r->txns, &r->rnd);
    sendq_init(&r->sendq, policy);
    trace_init(&r->trace, &r->sessions, log);
    *out = r;
    return 0;
fail_auth:
    sessions_fini(&r->sessions, now_ms);
fail_sessions:
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
    assert(r->links.count == 0);
    auth_fini(&r->auth);
    sessions_fini(&r->sessions, r->now_ms);
    txns_fini(&r->txns);
    head_pool_fini(&r->heads);
    table_fini(&r->links);
    free(r);
}

void relay_configure(struct relay *r, const struct policy *policy,
                     const struct users *users)
{
    r->policy = policy;
    r->chunker.policy = policy;
    r->sendq.policy = policy;
    auth_configure(&r->auth, policy, users, r->now_ms);
    txns_set_timeout(&r->txns, policy->transaction_ms);
}

void relay_drain(struct relay *r, bool on)
{
    r->draining = on;
}

void relay_shut_down(struct relay *r)
{
    r->ending = true;
}

void relay_on_session_end(struct relay *r, account_fn fn, void *ctx)
{
    r->sessions.on_end = fn;
    r->sessions.ctx = ctx;
}

void relay_clock(struct relay *r, uint64_t now_ms)
{
    r->now_ms = now_ms;
}

static void stir(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->crowded)
    {
        struct link *out = CONTAINER(m, struct link, of_crowded);

        sendq_stir(out, r->now_ms);
        if (list_is_empty(&out->waiters))
            list_remove(m);
    }
}

void relay_tick(struct relay *r)
{
    loss_of_time(r);
    stir(r);
    sessions_sweep(&r->sessions, r->now_ms);
}

void relay_stats(const struct relay *r, struct relay_stats *out)
{
    *out = r->stats;
    out->sessions_now = r->sessions.by_token.count;
    out->sessions_ever = r->sessions.ever;
    memcpy(out->sessions_ended, r->sessions.ended, sizeof r->sessions.ended);
    out->chunks_out = r->chunker.chunks_out;
    out->octets_out = r->chunker.octets_out;
    out->transactions_now = r->txns.count;
    out->transactions_ever = r->txns.ever;
    out->links_waiting_now = r->sendq.waiting;
    out->wait_ms = sendq_wait_ms(&r->sendq, r->now_ms);
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

void relay_on_dial(struct relay *r, neighbours_dial_fn dial, void *ctx,
                   bool allow_tcp)
{
    r->neighbours.dial = dial;
    r->neighbours.ctx = ctx;
    r->neighbours.allow_tcp = allow_tcp;
}

void relay_link_opened(struct relay *r, struct link *l)
{
    l->sendq = &r->sendq;
    table_add(&r->links, &l->by_number, hash_number(r, l->number));
    if (l->host.n > 0 || l->is_host)
        neighbours_add(&r->neighbours, l);
}

void relay_link_known(struct relay *r, struct link *l)
{
    l->connecting = false;
    if (l->is_host)
        neighbours_add(&r->neighbours, l);
    sendq_moved(l, r->now_ms);
}

static bool is_last(const struct route *route)
{
    return route->to.n == route->next.text.n;
}

/* What goes on the same way next time finds it among the session's peers. */
static void reach(struct relay *r, struct route *route, const struct msg *m)
{
    uint16_t code = 408;

    route->out = neighbours_reach(&r->neighbours, &route->next, is_last(route),
                                  m->method == MSG_AUTH, &code);
    if (!route->out) {
        route->kind = ROUTE_REFUSE;
        route->code = code;
        return;
    }
    route->kind = ROUTE_LINK;
    if (route->session)
        (void)session_bind_peer(route->session, &route->next, route->out);
}

void relay_route(struct relay *r, struct route *route, struct link *l,
                 const struct msg *m)
{
    route_find(route, r->policy, &r->sessions, l, m, r->now_ms);
    if (route->kind == ROUTE_DIAL)
        reach(r, route, m);
    else if (route->kind == ROUTE_LINK && route->out->host.n > 0 &&
             !neighbours_serves(route->out,
                                !is_last(route) || m->method == MSG_AUTH)) {
        route->kind = ROUTE_REFUSE;
        route->code = 403;
    }
}

/* Takes all members out of a list. */
static void list_clear(struct list *l)
{
    while (list_take_first(l))
        continue;
}

static void give_up(struct relay *r, struct link *l, uint16_t code)
{
    struct list *m;

    loss_of_link(r, l, code);
    while ((m = list_first(&l->feeders)))
        send_fail(r, CONTAINER(m, struct stream, feeding)->in, code);
}

void relay_link_give_up(struct relay *r, struct link *l)
{
    give_up(r, l, 408);
}

void relay_link_kick(struct relay *r, struct link *l)
{
    give_up(r, l, 481);
    sessions_link_closed(&r->sessions, l, SESSION_KICKED, r->now_ms);
    link_close(l, "kicked");
}

/* What fed the link that is gone fails: 481 if a client of ours was there, 408
 * if it did not take its octets (P-22) or was not ours. */
void relay_link_closed(struct relay *r, struct link *l, bool stalled)
{
    uint16_t code = !stalled && !list_is_empty(&l->sessions) ? 481 : 408;

    if (l->fail_code)
        code = l->fail_code;
    l->closing = true;
    send_stop(r, l); /* P-18: ends with `#` */
    give_up(r, l, code);
    sendq_moved(l, r->now_ms);
    sendq_unwait(l, r->now_ms);
    list_remove(&l->of_crowded);
    list_remove(&l->unfinished);
    list_clear(&l->expected);
    list_clear(&l->heads);
    sessions_link_closed(&r->sessions, l,
                         r->ending ? SESSION_SHUTDOWN : SESSION_CONNECTION,
                         r->now_ms);
    neighbours_remove(l);
    free(l->held);
    l->held = NULL;
    table_remove(&r->links, &l->by_number);
    assert(!l->open && l->n_txns == 0 && list_is_empty(&l->waiters));
}

bool relay_link_is_idle(const struct link *l)
{
    return l->frame == LINK_FRAME_NONE && list_is_empty(&l->unfinished) &&
           list_is_empty(&l->expected) && list_is_empty(&l->heads) &&
           l->n_txns == 0 && list_is_empty(&l->feeders);
}

void relay_link_sent(struct relay *r, struct link *l, uint64_t position)
{
    txns_sent(&r->txns, l, position, r->now_ms);
    sendq_moved(l, r->now_ms);
}

void relay_succeeded(struct link *l)
{
    l->proven = true;
}

void relay_refused(struct relay *r, struct link *l)
{
    if (l->proven || ++l->failures < PROBATION_FAILURES_MAX)
        return;
    r->stats.too_many_failures++;
    link_close(l, "nothing but failed requests");
}

/* --- events --- */

/* At the limit of transactions the oldest is forgotten if only an error answer
 * would be told of it (`partial`, P-4): nobody has to answer it, so nobody is
 * made to wait until its time is over. */
static void forget_partial(struct relay *r, struct link *out)
{
    uint32_t limit = r->policy->transactions_per_link;
    struct list *m;

    while (limit && out->n_txns >= limit && (m = list_first(&out->txns))) {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        if (!x->head || x->head->failure_report != MSG_REPORT_PARTIAL)
            return;
        txn_drop(&r->txns, x);
    }
}

bool relay_is_ready(struct relay *r, struct link *l)
{
    if (l->closing || l->blocked)
        return false;
    if (l->frame == LINK_FRAME_STREAM)
        forget_partial(r, l->stream.out);
    if (l->frame != LINK_FRAME_STREAM || !sendq_must_wait(l, l->stream.out))
        return true;
    r->stats.waits++;
    list_remove(&l->stream.out->of_crowded);
    list_append(&r->crowded, &l->stream.out->of_crowded);
    sendq_wait(l, l->stream.out, r->now_ms);
    return false;
}

void relay_prepare(const struct relay *r, const struct link *l,
                   struct parser *p)
{
    switch (l->frame) {
    case LINK_FRAME_STREAM:
        parser_want(p, chunker_gather(&l->stream),
                    chunker_most(&r->chunker, &l->stream));
        break;
    case LINK_FRAME_GATHER:
        parser_want(p, REQUEST_BODY_MAX, SIZE_MAX);
        break;
    case LINK_FRAME_NONE:
    case LINK_FRAME_DROP:
        parser_want(p, 1, SIZE_MAX);
        break;
    }
}

/* What is broken but framed is answered with 400 where an answer can go
 * (M-2..M-11), else dropped. */
static void refuse_fault(struct relay *r, struct link *l, const struct msg *m)
{
    l->frame = LINK_FRAME_DROP;
    if (m->method == MSG_REPORT || m->method == MSG_RESPONSE) {
        r->stats.dropped++; /* M-8, M-9 */
        return;
    }
    if (m->from.n == 0) {
        link_close(l, "nobody to answer");
        return;
    }
    log_debug(r->log, "c=%llu refused why=\"%s\"",
              (unsigned long long)l->number, msg_fault_text(m->fault));
    answer_code(r, l, m, 400);
    relay_refused(r, l);
}

/* Keeps a copy of the head until the body is there. */
static void hold(struct link *l, const struct msg *m)
{
    struct held *held = malloc(sizeof *held + m->len);

    if (!held) {
        link_close(l, "out of memory");
        return;
    }
    memcpy(held->text, m->base, m->len);
    held->m = *m;
    held->m.base = held->text;
    l->held = held;
    l->frame = LINK_FRAME_GATHER;
}

/* Other requests than SEND are never cut or given up (M-11). */
static void take_request(struct relay *r, struct link *l, const struct msg *m,
                         struct span body, char flag)
{
    l->frame = LINK_FRAME_DROP;
    if (flag == '$') {
        request_forward(r, l, m, body);
    } else {
        answer_code(r, l, m, 400);
        relay_refused(r, l);
    }
}

static void on_head(struct relay *r, struct link *l,
                    const struct parse_event *ev)
{
    const struct msg *m = ev->head;

    if (r->sendq.trace)
        trace_in(r->sendq.trace, l, m, ev->flag);
    if (m->fault != MSG_FAULT_NONE) {
        refuse_fault(r, l, m);
        return;
    }
    switch (m->method) {
    case MSG_SEND:
        send_head(r, l, m);
        return;
    case MSG_RESPONSE:
        l->frame = LINK_FRAME_DROP;
        if (!m->has_body && ev->flag == '$')
            response_take(r, l, m);
        return;
    case MSG_REPORT:
    case MSG_AUTH:
    case MSG_OTHER:
        if (m->has_body)
            hold(l, m);
        else
            take_request(r, l, m, SPAN(""), ev->flag);
        return;
    }
}

/* The parser gathers the whole body up to its limit; what is not the last run
 * is longer. */
static void take_held(struct relay *r, struct link *l, struct span body,
                      bool whole, char flag)
{
    struct held *held = l->held;

    l->held = NULL;
    if (!whole || body.n > REQUEST_BODY_MAX)
        flag = 0;
    take_request(r, l, &held->m, body, flag);
    free(held);
}

static void on_body(struct relay *r, struct link *l,
                    const struct parse_event *ev)
{
    if (l->frame == LINK_FRAME_STREAM)
        send_body(r, l, ev);
    else if (l->frame == LINK_FRAME_GATHER)
        take_held(r, l, ev->body, ev->last, ev->flag);
}

static void on_end(struct relay *r, struct link *l,
                   const struct parse_event *ev)
{
    if (r->sendq.trace)
        trace_in_end(r->sendq.trace, l, ev->flag);
    if (l->frame == LINK_FRAME_STREAM)
        send_end(r, l, ev->flag);
    else if (l->frame == LINK_FRAME_GATHER)
        take_held(r, l, SPAN(""), true, ev->flag);
    l->frame = LINK_FRAME_NONE;
}

void relay_on_event(struct relay *r, struct link *l,
                    const struct parse_event *ev)
{
    if (l->closing)
        return;
    switch (ev->type) {
    case PARSE_HEAD:
        on_head(r, l, ev);
        return;
    case PARSE_BODY:
        on_body(r, l, ev);
        return;
    case PARSE_END:
        on_end(r, l, ev);
        return;
    }
}
