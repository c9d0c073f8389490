/* dispatch - what an event leads to: one of a link's parser, the passing of
 * time, or the end of a link. */
#include <assert.h>
#include <stdlib.h>

#include "relay_private.h"

enum { REQUEST_BODY_MAX = 10240 }; /* of other requests than SEND (P-26) */

/* --- time --- */

static void stir(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->congested)
    {
        struct link *out = CONTAINER(m, struct link, out.of_congested);

        sendq_stir(out, r->now_ms);
        if (list_is_empty(&out->out.waiters))
            list_remove(m);
    }
}

void relay_tick(struct relay *r)
{
    failure_report_expired(r);
    stir(r);
    sessions_sweep(&r->sessions, r->now_ms);
}

/* --- links --- */

/* Takes all members out of a list. */
static void list_clear(struct list *l)
{
    while (list_take_first(l))
        continue;
}

static void give_up(struct relay *r, struct link *l, uint16_t code)
{
    struct list *m;

    failure_report_link(r, l, code);
    while ((m = list_first(&l->out.senders)))
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
    uint16_t code = !stalled && !list_is_empty(&l->sessions.issued) ? 481 : 408;

    if (l->fail_code)
        code = l->fail_code;
    l->closing = true;
    send_stop(r, l); /* P-18: ends with `#` */
    give_up(r, l, code);
    sendq_moved(l, r->now_ms);
    sendq_unwait(l, r->now_ms);
    list_remove(&l->out.of_congested);
    list_remove(&l->in.unfinished);
    list_clear(&l->out.expected);
    list_clear(&l->in.heads);
    sessions_link_closed(&r->sessions, l,
                         r->ending ? SESSION_SHUTDOWN : SESSION_CONNECTION,
                         r->now_ms);
    relay_links_remove(l);
    free(l->in.request);
    l->in.request = NULL;
    table_remove(&r->links, &l->by_number);
    assert(!l->out.open && l->txns.n == 0 && list_is_empty(&l->out.waiters));
}

bool relay_link_is_idle(const struct link *l)
{
    return l->in.frame == LINK_FRAME_NONE && list_is_empty(&l->in.unfinished) &&
           list_is_empty(&l->out.expected) && list_is_empty(&l->in.heads) &&
           l->txns.n == 0 && list_is_empty(&l->out.senders);
}

void relay_link_sent(struct relay *r, struct link *l, uint64_t position)
{
    txns_sent(&r->txns, l, position, r->now_ms);
    sendq_moved(l, r->now_ms);
}

/* --- events --- */

/* At the limit of transactions the oldest is forgotten if only an error answer
 * would be told of it (`partial`, P-4): nobody has to answer it, so nobody is
 * made to wait until its time is over. */
static void forget_partial(struct relay *r, struct link *out)
{
    uint32_t limit = r->policy->transactions_per_link;
    struct list *m;

    while (limit && out->txns.n >= limit && (m = list_first(&out->txns.sent))) {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        if (!x->head || x->head->failure_report != MSG_REPORT_PARTIAL)
            return;
        txn_drop(&r->txns, x);
    }
}

bool relay_is_ready(struct relay *r, struct link *l)
{
    if (l->closing || l->turn.blocked)
        return false;
    if (l->in.frame == LINK_FRAME_STREAM)
        forget_partial(r, l->in.stream.out);
    if (l->in.frame != LINK_FRAME_STREAM ||
        !sendq_must_wait(l, l->in.stream.out))
        return true;
    r->stats.waits++;
    list_remove(&l->in.stream.out->out.of_congested);
    list_append(&r->congested, &l->in.stream.out->out.of_congested);
    sendq_wait(l, l->in.stream.out, r->now_ms);
    return false;
}

void relay_prepare(const struct relay *r, const struct link *l,
                   struct parser *p)
{
    switch (l->in.frame) {
    case LINK_FRAME_STREAM:
        parser_want(p, chunker_gather(&l->in.stream),
                    chunker_most(&r->chunker, &l->in.stream));
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
    l->in.frame = LINK_FRAME_DROP;
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
    local_response_code(r, l, m, 400);
    relay_refused(r, l);
}

/* Keeps a copy of the head until the body is there. */
static void hold(struct link *l, const struct msg *m)
{
    struct buffered_request *held = malloc(sizeof *held + m->len);

    if (!held) {
        link_close(l, "out of memory");
        return;
    }
    memcpy(held->text, m->base, m->len);
    held->m = *m;
    held->m.base = held->text;
    l->in.request = held;
    l->in.frame = LINK_FRAME_GATHER;
}

/* Other requests than SEND are never cut or given up (M-11). */
static void take_request(struct relay *r, struct link *l, const struct msg *m,
                         struct span body, char flag)
{
    l->in.frame = LINK_FRAME_DROP;
    if (flag == '$') {
        request_forward(r, l, m, body);
    } else {
        local_response_code(r, l, m, 400);
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
        l->in.frame = LINK_FRAME_DROP;
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
static void take_buffered(struct relay *r, struct link *l, struct span body,
                          bool whole, char flag)
{
    struct buffered_request *held = l->in.request;

    l->in.request = NULL;
    if (!whole || body.n > REQUEST_BODY_MAX)
        flag = 0;
    take_request(r, l, &held->m, body, flag);
    free(held);
}

static void on_body(struct relay *r, struct link *l,
                    const struct parse_event *ev)
{
    if (l->in.frame == LINK_FRAME_STREAM)
        send_body(r, l, ev);
    else if (l->in.frame == LINK_FRAME_GATHER)
        take_buffered(r, l, ev->body, ev->last, ev->flag);
}

static void on_end(struct relay *r, struct link *l,
                   const struct parse_event *ev)
{
    if (r->sendq.trace)
        trace_in_end(r->sendq.trace, l, ev->flag);
    if (l->in.frame == LINK_FRAME_STREAM)
        send_end(r, l, ev->flag);
    else if (l->in.frame == LINK_FRAME_GATHER)
        take_buffered(r, l, SPAN(""), true, ev->flag);
    l->in.frame = LINK_FRAME_NONE;
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
