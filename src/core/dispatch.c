/* SPDX-License-Identifier: BSD-2-Clause */
#include "dispatch.h"

#include <assert.h>
#include <stdlib.h>

#include "identity.h"
#include "relay_private.h"
#include "subject.h"

enum { REQUEST_BODY_MAX = 10240 }; /* of other requests than SEND (P-26) */

/* A request other than SEND whose body is still to come, or which waits. */
struct buffered_request {
    struct msg m;     /* its offsets count in `text` */
    struct span body; /* while it waits: behind the head */
    char text[];
};

/* --- the beginning of a link --- */

void relay_link_opened(struct relay *r, struct link *l)
{
    sendq_link_init(&r->sendq, l);
    txns_link_init(l);
    owed_link_init(l);
    sessions_link_init(l);
    pairs_link_init(l);
    send_link_init(l);
    relay_links_link_init(l);
    auth_failures_link_init(l);
    pending_auths_link_init(l);
    relay_enter(r, l);
}

void relay_link_known(struct relay *r, struct link *l)
{
    r->changes++;
    l->connecting = false;
    source_dialled(l);
    l->is_relay = identity_is_relay(l, r->policy);
    if (l->is_relay) {
        l->trust.nonces.max = NONCE_WINDOW_RELAY;
        if (relay_links_known(&r->relay_links, l) != 0)
            link_close(l, "out of memory");
    }
    send_answer_parked(r, l, 200);
    failure_report_write(r, l);
    sendq_moved(l, r->now_ms);
    anchored_link_known(r, l);
}

/* --- events --- */

/* Answers a malformed frame whose end can be found with 400, if its sender may
 * be answered and is known (M-2..M-11); else drops it. */
static void refuse_fault(struct relay *r, struct link *l, const struct msg *m)
{
    char subject[SUBJECT_LINE_MAX];

    l->frame.kind = LINK_FRAME_DROP;
    if (m->method == MSG_REPORT || m->method == MSG_RESPONSE) {
        r->stats.dropped++; /* M-8, M-9 */
        return;
    }
    if (m->from.n == 0) {
        link_close(l, "no From-Path");
        return;
    }
    log_debug(
        r->log, "c=%llu refused%s why=\"%s\"", (unsigned long long)l->number,
        subject_line(subject, l->subject, SPAN("")), msg_fault_text(m->fault));
    local_response_code(r, l, m, 400);
    relay_refused(r, l);
}

/* Keeps a copy of the head, and of the body if it has arrived. */
static void hold(struct link *l, const struct msg *m, struct span body,
                 enum link_frame_kind kind)
{
    struct buffered_request *held = malloc(sizeof *held + m->len + body.n);

    if (!held) {
        link_close(l, "out of memory");
        return;
    }
    memcpy(held->text, m->base, m->len);
    held->m = *m;
    held->m.base = held->text;
    held->body = span_of(held->text + m->len, body.n);
    if (body.n)
        memcpy(held->text + m->len, body.p, body.n);
    l->frame.held = held;
    l->frame.kind = kind;
}

/* Requests other than SEND are never split or aborted (M-11). */
static void dispatch_request(struct relay *r, struct link *l,
                             const struct msg *m, struct span body, char flag)
{
    struct link *out;

    l->frame.kind = LINK_FRAME_DROP;
    if (flag != '$') {
        local_response_code(r, l, m, 400);
        relay_refused(r, l);
        return;
    }
    out = request_forward(r, l, m, body);
    anchored_settle(r);
    if (!out)
        return;
    hold(l, m, body, LINK_FRAME_WAIT);
    if (l->closing)
        return;
    r->stats.waits++;
    sendq_wait(l, out, r->now_ms);
}

static struct buffered_request *take_held(struct link *l)
{
    struct buffered_request *held = l->frame.held;

    l->frame.held = NULL;
    l->frame.kind = LINK_FRAME_DROP;
    return held;
}

/* A SEND waits until it is known whose it is, if it was too early. */
static void dispatch_send(struct relay *r, struct link *l, const struct msg *m,
                          bool again)
{
    struct link *gate = send_head(r, l, m, again);

    anchored_settle(r);
    if (!gate)
        return;
    hold(l, m, SPAN(""), LINK_FRAME_WAIT);
    if (l->closing)
        return;
    r->stats.waits++;
    sendq_wait(l, gate, r->now_ms);
}

/* The request that waited may find room by now. */
static void dispatch_again(struct relay *r, struct link *l)
{
    struct buffered_request *held = take_held(l);

    if (held->m.method == MSG_SEND)
        dispatch_send(r, l, &held->m, true);
    else
        dispatch_request(r, l, &held->m, held->body, '$');
    free(held);
}

static void refuse_held(struct relay *r, struct link *l, uint16_t code)
{
    struct buffered_request *held = take_held(l);

    local_response_code(r, l, &held->m, code);
    free(held);
    sendq_unwait(l, r->now_ms);
}

/* What the link waits for has taken nothing for too long: it fails, and the
 * link is read again (S-13). */
static void dispatch_let_go(struct relay *r, struct link *l)
{
    r->stats.held_too_long++;
    if (l->frame.kind == LINK_FRAME_STREAM)
        send_fail(r, l, 408);
    else
        refuse_held(r, l, 408);
}

/* REPORTs are awaited, and small: they may wait for longer. */
static bool dispatch_holds_report(const struct link *l)
{
    return l->frame.held && l->frame.held->m.method == MSG_REPORT;
}

/* A link that others share waits for this output. Has it waited for too long?
 */
static bool is_held_too_long(const struct relay *r, const struct link *in,
                             const struct link *out)
{
    uint64_t since_ms = in->sendq.blocked_since_ms;

    if (out->sendq.taken_ms > since_ms)
        since_ms = out->sendq.taken_ms;
    if (link_is_shared(in) && r->now_ms - since_ms >= r->policy->hold_ms)
        return true;
    return !dispatch_holds_report(in) && sendq_is_delayed(in, out, r->now_ms);
}

static void dispatch_let_go_all(struct relay *r)
{
    struct list *m, *next, *n, *after;

    LIST_EACH(m, next, &r->sendq.congested)
    {
        struct link *out = CONTAINER(m, struct link, sendq.of_congested);

        LIST_EACH(n, after, &out->sendq.waiters)
        {
            struct link *in = CONTAINER(n, struct link, sendq.waiting);

            if (is_held_too_long(r, in, out))
                dispatch_let_go(r, in);
        }
    }
}

/* Early requests that nobody has answered for. What others share is not
 * held up for one of them. */
static bool has_lapsed(const struct relay *r, const struct link *in)
{
    enum { EARLY_MS = 5000, EARLY_SHARED_MS = 1000 };

    return r->now_ms - in->sendq.blocked_since_ms >=
           (link_is_shared(in) ? EARLY_SHARED_MS : EARLY_MS);
}

static void refuse_lapsed(struct relay *r, struct link *gate)
{
    struct list *m, *next;

    LIST_EACH(m, next, &gate->sendq.waiters)
    {
        struct link *in = CONTAINER(m, struct link, sendq.waiting);

        if (!has_lapsed(r, in))
            continue;
        r->anchored.lapsed++;
        refuse_held(r, in, 481);
    }
}

static void refuse_all_lapsed(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->anchored.waiting)
    {
        struct waiting_link *w = CONTAINER(m, struct waiting_link, of_all);

        if (!w->side)
            refuse_lapsed(r, &w->link);
    }
}

static void dispatch_head(struct relay *r, struct link *l,
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
        dispatch_send(r, l, m, false);
        return;
    case MSG_RESPONSE:
        l->frame.kind = LINK_FRAME_DROP;
        if (!m->has_body && ev->flag == '$')
            response_take(r, l, m);
        return;
    case MSG_REPORT:
    case MSG_AUTH:
    case MSG_OTHER:
        if (m->has_body)
            hold(l, m, SPAN(""), LINK_FRAME_GATHER);
        else
            dispatch_request(r, l, m, SPAN(""), ev->flag);
        return;
    }
}

/* The parser gathers the body up to its limit: if this run is not the last one,
 * the body is too long. */
static void take_buffered(struct relay *r, struct link *l,
                          const struct parse_event *ev)
{
    struct buffered_request *held = take_held(l);
    bool fits = ev->last && ev->body.n <= REQUEST_BODY_MAX;

    dispatch_request(r, l, &held->m, ev->body, fits ? ev->flag : 0);
    free(held);
}

static void dispatch_body(struct relay *r, struct link *l,
                          const struct parse_event *ev)
{
    if (l->frame.kind == LINK_FRAME_STREAM)
        send_body(r, l, ev);
    else if (l->frame.kind == LINK_FRAME_GATHER)
        take_buffered(r, l, ev);
}

static void dispatch_end(struct relay *r, struct link *l,
                         const struct parse_event *ev)
{
    if (r->sendq.trace)
        trace_in_end(r->sendq.trace, l, ev->flag);
    if (l->frame.kind == LINK_FRAME_STREAM)
        send_end(r, l, ev->flag);
    assert(!l->frame.held);
    l->frame.kind = LINK_FRAME_NONE;
}

bool relay_is_ready(struct relay *r, struct link *l)
{
    if (l->closing || l->owed.close_why || link_is_blocked(l))
        return false;
    if (l->frame.kind == LINK_FRAME_WAIT) {
        dispatch_again(r, l);
        return !l->closing && !link_is_blocked(l);
    }
    if (l->frame.kind != LINK_FRAME_STREAM)
        return true;
    if (l->stream->head->middle.n > 0 && send_is_cut(r, l->stream)) {
        send_fail(r, l, 481);
        return true;
    }
    if (l->stream->has_ended) /* all of it is written: it cannot fail now */
        return true;
    if (sendq_is_refused(l, l->stream->out) ||
        sendq_is_delayed(l, l->stream->out, r->now_ms)) {
        r->stats.no_room++;
        send_fail(r, l, 408);
        return true;
    }
    if (sendq_must_wait(l, l->stream->out)) {
        r->stats.waits++;
        sendq_wait(l, l->stream->out, r->now_ms);
        return false;
    }
    if (sendq_must_await(l, l->stream->out)) {
        r->stats.waits++;
        sendq_await(l, l->stream->out, r->now_ms);
        return false;
    }
    return true;
}

void relay_prepare(const struct relay *r, const struct link *l,
                   struct parser *p)
{
    switch (l->frame.kind) {
    case LINK_FRAME_STREAM:
        parser_want(p, chunker_gather(l->stream),
                    chunker_most(&r->chunker, l->stream));
        break;
    case LINK_FRAME_GATHER:
        /* It may have to wait, which is for its end-line to be read. */
        parser_want(p, REQUEST_BODY_MAX, SIZE_MAX);
        parser_want_empty(p);
        break;
    case LINK_FRAME_NONE:
    case LINK_FRAME_DROP:
    case LINK_FRAME_WAIT:
        parser_want(p, 1, SIZE_MAX);
        break;
    }
}

void relay_on_event(struct relay *r, struct link *l,
                    const struct parse_event *ev)
{
    if (l->closing)
        return;
    switch (ev->type) {
    case PARSE_HEAD:
        dispatch_head(r, l, ev);
        return;
    case PARSE_BODY:
        dispatch_body(r, l, ev);
        return;
    case PARSE_END:
        dispatch_end(r, l, ev);
        return;
    }
}

void relay_link_sent(struct relay *r, struct link *l, uint64_t position)
{
    l->sendq.taken_ms = r->now_ms;
    txns_sent(&r->txns, l, position, r->now_ms);
    send_answer_moved(r, l);
    failure_report_write(r, l);
    ongoing_moved(l);
    sendq_answered(&r->sources, r->now_ms);
    sendq_moved(l, r->now_ms);
}

/* --- the end of a link --- */

/* What this relay has asked by itself, nobody awaits an answer to. */
static bool is_own_request(const struct txn *x)
{
    return x->back && x->back->in_number == 0;
}

/* Is a response awaited to any but these? They are few. */
static bool awaits_responses(const struct list *txns)
{
    for (struct list *m = txns->next; m != txns; m = m->next)
        if (!is_own_request(CONTAINER(m, struct txn, of_link)))
            return true;
    return false;
}

bool relay_link_is_idle(const struct link *l)
{
    return l->frame.kind == LINK_FRAME_NONE &&
           list_is_empty(&l->send.unfinished) &&
           list_is_empty(&l->send.expected) && list_is_empty(&l->send.heads) &&
           !awaits_responses(&l->txns.sent) &&
           !awaits_responses(&l->txns.unsent) && l->owed.n == 0 &&
           l->pending_auths.n == 0 && list_is_empty(&l->sendq.senders);
}

/* NULL is a request other than SEND. */
static bool counts_as_in_flight(const struct pending_send *head)
{
    return !head || head->failure_report != MSG_REPORT_PARTIAL;
}

static bool any_in_flight(const struct list *txns)
{
    for (struct list *m = txns->next; m != txns; m = m->next) {
        const struct txn *x = CONTAINER(m, struct txn, of_link);

        if (counts_as_in_flight(x->head) && !is_own_request(x))
            return true;
    }
    return false;
}

/* The stream's own reference to the head is for octets still to come. */
static bool awaits_answers(const struct link *l)
{
    const struct list *heads = &l->send.heads;

    for (struct list *m = heads->next; m != heads; m = m->next) {
        const struct pending_send *h =
            CONTAINER(m, struct pending_send, of_link);

        if (h->refs > (l->stream && h == l->stream->head) &&
            counts_as_in_flight(h))
            return true;
    }
    return false;
}

bool relay_link_in_flight(const struct link *l)
{
    return link_is_blocked(l) || l->pending_auths.n > 0 ||
           any_in_flight(&l->txns.sent) || any_in_flight(&l->txns.unsent) ||
           awaits_answers(l);
}

static void dispatch_give_up(struct relay *r, struct link *l, uint16_t code)
{
    struct list *m;

    failure_report_link(r, l, code);
    send_answer_parked(r, l, code);
    while ((m = list_first(&l->sendq.senders)))
        send_fail(r, CONTAINER(m, struct stream, of_senders)->in, code);
}

void relay_link_give_up(struct relay *r, struct link *l)
{
    dispatch_give_up(r, l, 408);
}

void relay_waiting_give_up(struct relay *r)
{
    anchored_give_up(r);
}

void relay_link_finish(struct relay *r, struct link *l, const char *why)
{
    failure_report_finish(r, l, why);
}

void relay_link_kick(struct relay *r, struct link *l)
{
    dispatch_give_up(r, l, 481);
    anchored_link_closed(r, l, true);
    sessions_link_closed(&r->sessions, l, SESSION_KICKED, r->now_ms);
    link_close(l, "kicked");
}

/* Messages to the link fail: with 481 if it carried a client of ours, with 408
 * if it did not take its octets (P-22) or carried none. */
void relay_link_closed(struct relay *r, struct link *l, bool stalled)
{
    uint16_t code = !stalled && !list_is_empty(&l->sessions.issued) ? 481 : 408;

    if (l->fail_code)
        code = l->fail_code;
    r->changes++;
    l->closing = true;
    send_link_lost(r, l);
    dispatch_give_up(r, l, code);
    if (l->connecting)
        send_link_unreached(r, l, code);
    failure_report_link_closed(r, l);
    sendq_link_closed(l, r->now_ms);
    send_link_closed(l);
    anchored_link_closed(r, l, false);
    sessions_link_closed(&r->sessions, l,
                         r->ending ? SESSION_SHUTDOWN : SESSION_CONNECTION,
                         r->now_ms);
    relay_links_link_closed(&r->relay_links, l);
    source_dialled(l);
    auth_failures_link_closed(&r->auth_failures, l);
    pending_auths_link_closed(l);
    free(l->frame.held);
    l->frame.held = NULL;
    relay_forget(r, l);
    sendq_answered(&r->sources, r->now_ms);
    assert(!l->sendq.open && l->txns.n == 0 &&
           list_is_empty(&l->sendq.waiters));
}

/* --- time --- */

void relay_tick(struct relay *r)
{
    failure_report_expired(r);
    failure_report_tick(r);
    send_tick(r);
    dispatch_let_go_all(r);
    pending_auths_expire(&r->pending_auths, r->now_ms);
    sendq_answered(&r->sources, r->now_ms);
    sendq_stir(&r->sendq, r->now_ms);
    refuse_all_lapsed(r);
    anchored_tick(r);
    sessions_sweep(&r->sessions, r->now_ms);
}
