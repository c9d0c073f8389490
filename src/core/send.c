/* send - a SEND on its way: routed at its head, streamed, answered at its end.
 */
#include "err.h"
#include "relay_private.h"

static void drop_rest(struct link *l)
{
    l->in.frame = LINK_FRAME_DROP;
}

static void refuse(struct relay *r, struct link *l, const struct msg *m,
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

static void start_stream(struct relay *r, struct link *l, const struct msg *m,
                         const struct route *route)
{
    struct session_message message = {msg_text(m, m->message_id),
                                      msg_text(m, m->from)};
    uint16_t code = session_failed(&r->sessions, route->session, message);
    struct pending_send *head;

    if (!code && is_too_large(r->policy, m->range_total)) {
        code = 413; /* P-24 */
        r->stats.too_large++;
    }
    if (code) {
        local_response_code(r, l, m, code);
        drop_rest(l);
        return;
    }
    head = pending_send_new(&r->heads, m, route->to, route->own, route->n_own,
                            route->session->uri.session_id, l->number);
    if (!head) {
        link_close(l, "out of memory");
        return;
    }
    head->from_relay = l->identity.is_relay;
    list_append(&l->in.heads, &head->of_link);
    relay_succeeded(l);
    chunker_start(&l->in.stream, route->out, head);
    session_join(route->sender, &l->in.stream.sender);
    session_join(route->receiver, &l->in.stream.receiver);
    l->in.frame = LINK_FRAME_STREAM;
}

void send_head(struct relay *r, struct link *l, const struct msg *m)
{
    struct route route;

    r->stats.chunks_in++;
    r->stats.messages_in += m->range_start == 1;
    relay_route(r, &route, l, m);
    switch (route.kind) {
    case ROUTE_LINK:
        start_stream(r, l, m, &route);
        return;
    case ROUTE_LOCAL:
        local_response_request(r, l, m, &route);
        drop_rest(l);
        return;
    case ROUTE_DIAL: /* relay_route() has made it one of the others */
    case ROUTE_REFUSE:
        refuse(r, l, m, route.code);
        return;
    case ROUTE_FOREIGN:
        if (l->identity.is_relay)
            refuse(r, l, m, 481); /* P-2: many sessions share the link */
        else
            link_close(l, "not addressed to this relay");
        return;
    }
}

/* Why could the chunker not go on? Too much is unanswered there; or its output
 * is gone, or memory is. */
static void fail_for(struct relay *r, struct link *l, int err)
{
    if (!err)
        return;
    r->stats.too_many_transactions += err == ERR_FULL;
    send_fail(r, l, err == ERR_FULL ? 413 : 408);
}

void send_body(struct relay *r, struct link *l, const struct parse_event *ev)
{
    struct stream *s = &l->in.stream;

    if (is_too_large(r->policy, s->next - 1 + ev->body.n)) {
        r->stats.too_large++;
        send_fail(r, l, 413);
        return;
    }
    r->stats.octets_in += ev->body.n;
    sendq_fed(l, ev->body.n);
    fail_for(r, l, chunker_body(&r->chunker, s, ev));
}

static void answer(struct relay *r, struct link *l,
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

/* Between two chunks of a message neither its sender nor its receiver is idle.
 * A whole message in between, such as a keep-alive, ends no other. */
static void note_unfinished(struct link *l, char flag)
{
    const struct stream *s = &l->in.stream;

    if (s->first == 1 && flag == '$')
        return;
    list_remove(&l->in.unfinished);
    if (flag == '+')
        list_append(&s->out->out.expected, &l->in.unfinished);
}

/* A message is over with its last chunk. */
static void count_message(struct relay *r, const struct stream *s, char flag)
{
    if (flag == '#')
        r->stats.messages_given_up++;
    if (flag != '$')
        return;
    r->stats.messages_forwarded++;
    if (s->sender.session)
        s->sender.session->usage.sent.messages++;
    if (s->receiver.session)
        s->receiver.session->usage.received.messages++;
}

void send_end(struct relay *r, struct link *l, char flag)
{
    struct stream *s = &l->in.stream;

    if (s->next == s->first) {
        fail_for(r, l, chunker_empty(&r->chunker, s, flag));
        if (l->in.frame != LINK_FRAME_STREAM)
            return;
    }
    note_unfinished(l, flag);
    r->stats.chunks_forwarded++;
    count_message(r, s, flag);
    answer(r, l, s->head, 200); /* at once (R4976-6.4.1-a) */
    send_stop(r, l);
}

void send_stop(struct relay *r, struct link *l)
{
    session_leave(&l->in.stream.sender);
    session_leave(&l->in.stream.receiver);
    chunker_stop(&r->chunker, &l->in.stream);
}

void send_fail(struct relay *r, struct link *l, uint16_t code)
{
    struct pending_send *h = pending_send_ref(l->in.stream.head);
    struct session *ss =
        session_find_token(&r->sessions, pending_send_text(h, h->token));

    if (ss)
        session_fail(&r->sessions, ss, message_of(h), code);
    send_stop(r, l);
    list_remove(&l->in.unfinished);
    answer(r, l, h, code);
    h->reported = true;
    pending_send_unref(&r->heads, h);
    drop_rest(l);
    sendq_unwait(l, r->now_ms);
}
