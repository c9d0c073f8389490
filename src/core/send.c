/* SPDX-License-Identifier: BSD-2-Clause */
/* send - a SEND on its way: routed at its head, streamed, answered at its end
 * (RFC 4976, 6.4; R4976-6.4.1). */
#include "err.h"
#include "relay_private.h"

void send_link_init(struct link *l)
{
    list_init(&l->send.unfinished);
    list_init(&l->send.expected);
    list_init(&l->send.heads);
    list_init(&l->send.parked);
    list_init(&l->send.awaiting);
    list_init(&l->send.of_parking);
    ongoing_link_init(l);
}

/* Removes all members of a list. */
static void list_clear(struct list *l)
{
    while (list_take_first(l))
        continue;
}

void send_link_closed(struct link *l)
{
    list_remove(&l->send.unfinished);
    list_clear(&l->send.expected);
    list_clear(&l->send.heads);
    source_close(l->send.source);
    l->send.source = NULL;
    list_remove(&l->send.of_parking);
    ongoing_link_closed(l);
}

static void drop_rest(struct link *l)
{
    l->frame.kind = LINK_FRAME_DROP;
}

static void send_refuse(struct relay *r, struct link *l, const struct msg *m,
                        unsigned code)
{
    local_response_code(r, l, m, code);
    relay_refused(r, l);
    drop_rest(l);
}

static bool is_too_large(const struct policy *policy, uint64_t octets)
{
    return policy->message_size && octets != MSG_STAR &&
           octets > policy->message_size;
}

/* The last session that the SEND passed, NULL if it has ended. */
struct session *send_session(const struct relay *r,
                             const struct pending_send *h)
{
    return session_find_token(&r->sessions, pending_send_text(h, h->token));
}

/* A chunk that starts at octet 1 is another attempt to send its message (S-30).
 * If it is not known to which attempt another chunk belongs, to any. */
static uint32_t attempt_of(struct relay *r, const struct msg *m,
                           const struct ongoing *o)
{
    if (m->range_start > 1)
        return o ? o->head->attempt : 0;
    if (++r->attempts == 0)
        r->attempts = 1;
    return r->attempts;
}

/* The code with which the attempt has failed already, or 0. */
static uint16_t old_code(struct relay *r, const struct msg *m,
                         struct session *ss, struct session_message message)
{
    if (m->range_start > 1)
        return session_failed(&r->sessions, ss, message);
    session_retry(&r->sessions, ss, message);
    return 0;
}

/* What follows of the message is refused too, wherever it could go by then
 * (P-21). The code with which it fails. */
static uint16_t fail_unreached(struct relay *r, const struct msg *m,
                               const struct route *route)
{
    const struct session_message message = {
        .id = msg_text(m, m->message_id),
        .from = msg_text(m, m->from),
        .attempt = attempt_of(r, m, NULL),
    };
    uint16_t code = old_code(r, m, route->session, message);

    if (code)
        return code;
    send_count_refused(route);
    session_fail(&r->sessions, route->session, message, route->code);
    return route->code;
}

static void send_refuse_route(struct relay *r, struct link *l,
                              const struct msg *m, const struct route *route)
{
    send_refuse(r, l, m,
                route->is_unreached && route->session
                    ? fail_unreached(r, m, route)
                    : route->code);
    if (route->close_why)
        link_close(l, route->close_why);
}

/* The rest of an ongoing message is refused. */
static void give_up(struct relay *r, struct ongoing *o, uint16_t code)
{
    struct session *ss = send_session(r, o->head);

    if (ss)
        session_fail(&r->sessions, ss, message_of(o->head), code);
    ongoing_break(o);
}

/* The account of the one who sends. It is kept for the next SEND, which often
 * has the same. */
static void send_set_source(struct relay *r, struct link *l,
                            const struct msg *m, struct route *route)
{
    if (!route->source)
        route->source =
            source_name(&r->sources, relay_source(l, m, route->sender));
    source_change(&l->send.source, &r->sources, l, route->out->number,
                  route->source);
    sendq_spoke(l, l->send.source, r->now_ms);
}

/* Those who send through both sessions of this relay know each other by these;
 * others by the next URI of the path. Of a pair both sides are known. */
static void note_contacts(const struct route *route)
{
    if (route->n_pairs > 0)
        return;
    if (route->sender)
        contacts_add(&route->sender->contacts,
                     route->receiver ? &route->receiver->uri : &route->next);
    if (!route->receiver)
        return;
    if (route->sender)
        contacts_add(&route->receiver->contacts, &route->sender->uri);
    else
        contacts_add(&route->receiver->contacts, &route->from_uri);
}

/* --- the beginning --- */

static struct pending_send *new_head(struct relay *r, const struct link *l,
                                     const struct msg *m,
                                     const struct route *route)
{
    if (route->n_pairs > 0)
        return send_new_replaced(r, l, m, route);
    return pending_send_new(&r->heads, m, route->to, route->own, route->n_own,
                            route->session->uri.session_id, l->number);
}

static void join_sessions(struct stream *s, const struct route *route)
{
    s->sender.sends = !route->sender_is_b;
    s->receiver.sends =
        route->receiver && route->receiver->pair && !route->receiver_is_b;
    session_join(route->sender, &s->sender);
    session_join(route->receiver, &s->receiver);
}

/* `is_kept`: it is a route of which the relay knows already. */
static void start_stream(struct relay *r, struct link *l, const struct msg *m,
                         struct route *route, bool is_kept)
{
    struct session_message message = {.id = msg_text(m, m->message_id),
                                      .from = msg_text(m, m->from)};
    struct ongoing *o = ongoing_find(
        &r->sessions, route->sender ? route->sender : route->session,
        route->session, message);
    struct pending_send *head;
    uint16_t code;

    message.attempt = attempt_of(r, m, o);
    code = old_code(r, m, route->session, message);
    if (!code && is_too_large(r->policy, m->range_total)) {
        code = 413; /* P-24 */
        r->stats.too_large++;
    }
    if (code) {
        if (o)
            give_up(r, o, code);
        local_response_code(r, l, m, code);
        drop_rest(l);
        return;
    }
    head = new_head(r, l, m, route);
    if (!head || chunker_start(&r->chunker, l, route->out, head) != 0) {
        pending_send_unref(&r->heads, head);
        link_close(l, "out of memory");
        return;
    }
    head->attempt = message.attempt;
    head->from_relay = l->is_relay && !l->by_address;
    list_append(&l->send.heads, &head->of_link);
    relay_succeeded(l);
    send_set_source(r, l, m, route);
    join_sessions(l->stream, route);
    if (!is_kept) {
        note_contacts(route);
        relay_keep_route(r, l, m, route);
    }
    if (o) {
        o->head->attempt = message.attempt;
        ongoing_resume(o, l->stream);
    }
    l->frame.kind = LINK_FRAME_STREAM;
}

struct link *send_head(struct relay *r, struct link *l, const struct msg *m,
                       bool again)
{
    struct route space, *route;

    r->stats.chunks_in += !again;
    r->stats.messages_in += !again && m->range_start == 1;
    route = relay_route_send(r, &space, l, m);
    switch (route->kind) {
    case ROUTE_LINK:
        start_stream(r, l, m, route, route != &space);
        return NULL;
    case ROUTE_LOCAL:
        local_response_request(r, l, m, route);
        drop_rest(l);
        return NULL;
    case ROUTE_DIAL: /* relay_route() has resolved it */
    case ROUTE_SIDE:
    case ROUTE_REFUSE:
        send_refuse_route(r, l, m, route);
        return NULL;
    case ROUTE_EARLY:
        return route->out;
    case ROUTE_FOREIGN:
        if (l->is_relay)
            send_refuse(r, l, m, 481); /* P-2: many sessions share the link */
        else
            link_close(l, "not addressed to this relay");
        return NULL;
    }
    return NULL;
}

/* Fails the message if the chunker returned an error: too many transactions,
 * the output is lost, or out of memory. */
static void fail_for(struct relay *r, struct link *l, int err)
{
    if (!err)
        return;
    r->stats.too_many_transactions += err == ERR_FULL;
    send_fail(r, l, 408);
}

void send_body(struct relay *r, struct link *l, const struct parse_event *ev)
{
    struct stream *s = l->stream;

    if (is_too_large(r->policy, s->next - 1 + ev->body.n)) {
        r->stats.too_large++;
        send_fail(r, l, 413);
        return;
    }
    r->stats.octets_in += ev->body.n;
    sendq_fed(l, ev->body.n);
    fail_for(r, l, chunker_body(&r->chunker, s, ev));
}

static void send_answer(struct relay *r, struct link *l,
                        const struct pending_send *h, unsigned code)
{
    struct frame f;

    if (!report_answers(h->failure_report, code))
        return;
    r->stats.responses_made[code_index(code)]++;
    frame_init(&f);
    report_answer(&f, h, code);
    (void)sendq_put_between(l, &f);
}

/* --- answers that wait: for a link to come up (S-12), for octets to leave, or
 * for the receiver to answer (S-13) --- */

bool send_is_unanswered(const struct relay *r, const struct pending_send *h)
{
    const struct link *in = relay_link(r, h->in_number);

    return in && ((in->stream && in->stream->head == h) ||
                  !list_is_empty(&h->parked));
}

/* The answer is the outcome of the dial, if that comes soon (P-20). */
static void park_answer(struct relay *r, struct link *out,
                        struct pending_send *h, struct list *where)
{
    h->parked_ms = r->now_ms;
    h->is_awaiting = where == &out->send.awaiting;
    list_append(where, &pending_send_ref(h)->parked);
    if (list_is_empty(&out->send.of_parking))
        list_append(&r->parking, &out->send.of_parking);
}

void send_mark_failed(struct relay *r, struct pending_send *h, uint16_t code)
{
    struct session *ss = send_session(r, h);

    if (h->first.n > 0 && !h->reported)
        send_count_error(r, h);
    h->reported = true;
    if (ss)
        session_fail(&r->sessions, ss, message_of(h), code);
}

static void answer_parked(struct relay *r, struct pending_send *h,
                          uint16_t code)
{
    struct link *in = relay_link(r, h->in_number);

    list_remove(&h->parked);
    if (code != 200)
        send_mark_failed(r, h, code);
    if (in)
        send_answer(r, in, h, code);
    pending_send_unref(&r->heads, h);
}

static struct pending_send *first_parked(const struct list *where)
{
    struct list *m = list_first(where);

    return m ? CONTAINER(m, struct pending_send, parked) : NULL;
}

static void answer_all(struct relay *r, const struct list *where, uint16_t code)
{
    struct pending_send *h;

    while ((h = first_parked(where)))
        answer_parked(r, h, code);
}

void send_answer_parked(struct relay *r, struct link *out, uint16_t code)
{
    answer_all(r, &out->send.parked, code);
    answer_all(r, &out->send.awaiting, code);
    list_remove(&out->send.of_parking);
}

void send_answer_moved(struct relay *r, struct link *out)
{
    if (!list_is_empty(&out->send.parked) && !out->connecting &&
        !sendq_is_behind(out))
        answer_all(r, &out->send.parked, 200);
}

void send_answer_taken(struct relay *r, struct txn *x)
{
    if (x->head && x->head->is_awaiting && !list_is_empty(&x->head->parked))
        answer_parked(r, x->head, 200);
}

void send_answer_failed(struct relay *r, struct txn *x)
{
    if (x->head && !list_is_empty(&x->head->parked) && !x->link->connecting)
        answer_parked(r, x->head, 200);
}

/* For how long an answer waits at most. While `out` is up it is another relay
 * that waits, and allows perhaps no more for it than this one does. */
static uint64_t parked_ms(const struct relay *r, const struct link *out)
{
    enum { PARKED_MS = 10000 };
    uint64_t third_ms = r->policy->transaction_ms / 3;

    return out->connecting || third_ms > PARKED_MS ? PARKED_MS : third_ms;
}

static void answer_old(struct relay *r, const struct link *out,
                       const struct list *where)
{
    struct pending_send *h;

    while ((h = first_parked(where)) &&
           r->now_ms - h->parked_ms >= parked_ms(r, out))
        answer_parked(r, h, 200);
}

void send_tick(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->parking)
    {
        struct link *out = CONTAINER(m, struct link, send.of_parking);

        answer_old(r, out, &out->send.parked);
        answer_old(r, out, &out->send.awaiting);
        if (list_is_empty(&out->send.parked) &&
            list_is_empty(&out->send.awaiting))
            list_remove(m);
    }
}

/* Between two chunks of a message neither its sender nor its receiver counts as
 * idle. A whole message in between, such as a keep-alive, does not end it. */
static void note_unfinished(struct link *l, char flag)
{
    const struct stream *s = l->stream;

    if (s->first == 1 && flag == '$')
        return;
    list_remove(&l->send.unfinished);
    if (flag == '+')
        list_append(&s->out->send.expected, &l->send.unfinished);
}

/* Have all sessions that the SEND passed outlived it? */
static bool sessions_live(const struct stream *s)
{
    return !!s->sender.session + !!s->receiver.session == s->head->n_sessions;
}

/* More of the message is to come, or not. */
static void note_ongoing(struct relay *r, struct stream *s, char flag)
{
    if (flag != '+')
        ongoing_forget(s->ongoing);
    else if (!sessions_live(s))
        ongoing_cut(&r->sessions, &r->chunker, s);
    else if (s->next > s->first)
        ongoing_note(&r->sessions, &r->chunker, s);
}

static void count_for(const struct party *p)
{
    struct session *ss = p->session;

    if (ss)
        (p->sends ? &ss->usage.sent : &ss->usage.received)->messages++;
}

/* Counts a message at its last chunk. */
static void count_message(struct relay *r, const struct stream *s, char flag)
{
    if (flag == '#')
        r->stats.messages_given_up++;
    if (flag != '$')
        return;
    r->stats.messages_forwarded++;
    count_for(&s->sender);
    count_for(&s->receiver);
    if (s->head->middle.n > 0)
        send_count_middle(r, s, 1, 0);
}

static void send_stop(struct relay *r, struct link *l)
{
    struct stream *s = l->stream;

    if (s->head->first.n > 0)
        send_count_pairs(r, s);
    session_leave(&s->sender);
    session_leave(&s->receiver);
    ongoing_pause(s);
    chunker_stop(&r->chunker, s);
}

/* Stops the stream, and the message with it. */
static void send_cut(struct relay *r, struct link *l)
{
    ongoing_cut(&r->sessions, &r->chunker, l->stream);
    send_stop(r, l);
}

/* Where the answer to a chunk waits, or NULL. To another relay, or to many, it
 * tells also that the octets have left, or that the receiver has answered, so
 * that no more comes than the receiver takes (S-13, S-14). */
static struct list *answered_late(const struct link *in, const struct stream *s)
{
    struct link_send *out = &s->out->send;

    if (!report_answers(s->head->failure_report, 408))
        return NULL;
    if (s->out->connecting)
        return &out->parked;
    if (!link_is_shared(in) || link_is_shared(s->out) ||
        s->head->failure_report != MSG_REPORT_YES)
        return NULL;
    if (source_has_much_open(s->in->send.source))
        return &out->awaiting;
    return sendq_is_behind(s->out) ? &out->parked : NULL;
}

void send_end(struct relay *r, struct link *l, char flag)
{
    struct stream *s = l->stream;
    struct list *late;

    if (s->next == s->first) {
        fail_for(r, l, chunker_empty(&r->chunker, s, flag));
        if (l->frame.kind != LINK_FRAME_STREAM)
            return;
    }
    note_unfinished(l, flag);
    note_ongoing(r, s, flag);
    r->stats.chunks_forwarded++;
    count_message(r, s, flag);
    late = answered_late(l, s);
    if (late)
        park_answer(r, s->out, s->head, late);
    else
        send_answer(r, l, s->head, 200); /* at once (R4976-6.4.1-a) */
    send_stop(r, l);
}

void send_fail(struct relay *r, struct link *l, uint16_t code)
{
    struct pending_send *h = pending_send_ref(l->stream->head);

    send_mark_failed(r, h, code);
    send_cut(r, l);
    list_remove(&l->send.unfinished);
    send_answer(r, l, h, code);
    pending_send_unref(&r->heads, h);
    drop_rest(l);
    sendq_unwait(l, r->now_ms);
}

void send_fail_session(struct relay *r, struct session *ss, uint16_t code)
{
    struct list *m;

    while ((m = list_first(&ss->parties)))
        send_fail(r, CONTAINER(m, struct party, of_session)->stream->in, code);
}

/* The first session that the SEND passed, NULL if it has ended. */
static struct session *first_session_of(const struct relay *r,
                                        const struct pending_send *h)
{
    struct span own = pending_send_text(h, h->own);
    struct uri uri;

    if (h->first.n > 0)
        return session_find_token(&r->sessions, pending_send_text(h, h->first));
    if (uri_parse(&uri, span_cut(&own, ' ')) != 0)
        return NULL;
    return session_find_token(&r->sessions, uri.session_id);
}

void send_break(struct relay *r, const struct pending_send *h, uint16_t code)
{
    struct ongoing *o = ongoing_find(&r->sessions, first_session_of(r, h),
                                     send_session(r, h), message_of(h));
    struct link *in = o ? o->in : relay_link(r, h->in_number);

    if (in && in->stream && pending_send_same_message(in->stream->head, h))
        send_fail(r, in, code);
    else if (o && pending_send_same_message(o->head, h))
        ongoing_break(o);
}

/* The message cannot go on, since its link is gone: what comes of it over
 * another one would follow its end. */
static void send_lose(struct relay *r, const struct pending_send *h)
{
    struct session *ss = send_session(r, h);

    if (ss)
        session_fail_untold(&r->sessions, ss, message_of(h), 408);
}

void send_link_lost(struct relay *r, struct link *l)
{
    struct list *m;

    if (l->stream) {
        send_lose(r, l->stream->head);
        send_cut(r, l);
    }
    while ((m = list_first(&l->ongoing.in))) {
        struct ongoing *o = CONTAINER(m, struct ongoing, of_in);

        send_lose(r, o->head);
        ongoing_break(o);
    }
}

void send_link_unreached(struct relay *r, struct link *l, uint16_t code)
{
    struct list *m;

    while ((m = list_first(&l->ongoing.out)))
        give_up(r, CONTAINER(m, struct ongoing, of_out), code);
}
