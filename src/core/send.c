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

void send_end(struct relay *r, struct link *l, char flag)
{
    struct stream *s = l->stream;

    if (s->next == s->first) {
        fail_for(r, l, chunker_empty(&r->chunker, s, flag));
        if (l->frame.kind != LINK_FRAME_STREAM)
            return;
    }
    note_unfinished(l, flag);
    note_ongoing(r, s, flag);
    r->stats.chunks_forwarded++;
    count_message(r, s, flag);
    send_answer_chunk(r, s);
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
