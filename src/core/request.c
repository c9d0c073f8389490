/* SPDX-License-Identifier: BSD-2-Clause */
/* request - whole requests other than SEND, and responses. */
#include <stdio.h>

#include "relay_private.h"

/* Our URIs in front, the last one passed first, then the URIs it came with. */
static void add_from_path(struct frame *f, const struct span *own, size_t n_own,
                          struct span from)
{
    frame_add(f, SPAN("From-Path: "));
    while (n_own-- > 0) {
        frame_add(f, own[n_own]);
        frame_add(f, SPAN(" "));
    }
    frame_add(f, from);
    frame_add(f, SPAN("\r\n"));
}

/* The paths of a response to this request, from `responder`. NULL when out of
 * memory: then there will be no response. */
static char *keep_paths(const struct msg *m, struct slice responder)
{
    char *paths = NULL;

    if (asprintf(&paths, "To-Path: %.*s\r\nFrom-Path: %.*s\r\n",
                 SPAN_ARG(msg_text(m, m->from)),
                 SPAN_ARG(msg_text(m, responder))) < 0)
        return NULL;
    return paths;
}

/* With a pair that it goes through ends the wait for its answer. */
static void note_pairs(const struct route *route, struct txn *x)
{
    if (route->sender && route->sender->pair)
        list_append(&route->sender->sent, &x->of_sender);
    if (route->receiver && route->receiver->pair)
        list_append(&route->receiver->received, &x->of_receiver);
}

/* Remembers where the response goes (P-6); a REPORT has none. false when out of
 * memory. */
static bool expect_answer(struct relay *r, const struct link *l,
                          const struct route *route, const struct msg *m,
                          const char *tid, struct source *source)
{
    struct link *out = route->out;
    struct txn_back back = {.in_number = l->number};
    struct span unused, in_tid = msg_text(m, m->tid);
    struct txn *x;

    if (m->method == MSG_REPORT)
        return true;
    back.is_auth = m->method == MSG_AUTH;
    back.had_credentials =
        back.is_auth && msg_header(&unused, m, SPAN("Authorization"));
    back.tid_n = (uint8_t)in_tid.n;
    memcpy(back.tid, in_tid.p, in_tid.n);
    back.is_mute = !back.is_auth && m->failure_report == MSG_REPORT_NO;
    back.is_replaced = route->n_pairs > 0;
    if (back.is_replaced ||
        ((out->connecting || back.is_auth) && !back.is_mute))
        back.paths = keep_paths(m, back.is_replaced ? m->to : m->to_first);
    x = txn_request(&r->txns, out, tid, &back);
    if (x) {
        source_charge(source, x);
        txn_close(x, 0);
        note_pairs(route, x);
    }
    return x != NULL;
}

static void count_report(struct usage *usage, bool is_sent)
{
    (is_sent ? &usage->sent : &usage->received)->reports++;
}

static void request_count(struct relay *r, const struct msg *m,
                          const struct route *route)
{
    relay_touch_pair(r, route->receiver);
    if (m->method != MSG_REPORT) {
        r->stats.auths_forwarded += m->method == MSG_AUTH;
        r->stats.others_forwarded += m->method == MSG_OTHER;
        return;
    }
    r->stats.reports_forwarded++;
    if (route->sender)
        count_report(&route->sender->usage, !route->sender_is_b);
    if (route->receiver)
        count_report(&route->receiver->usage,
                     route->receiver->pair && !route->receiver_is_b);
}

/* May it not wait for room? A REPORT is awaited, and small: it may for longer.
 */
static bool request_is_refused(const struct relay *r, const struct link *in,
                               const struct msg *m, const struct link *out)
{
    return sendq_is_refused(in, out) ||
           (m->method != MSG_REPORT && sendq_is_delayed(in, out, r->now_ms));
}

/* Does the REPORT tell of a failure? */
static bool is_of_failure(const struct msg *m)
{
    struct span status = msg_text(m, m->status);

    return m->method == MSG_REPORT && !span_starts(status, SPAN("000 2"));
}

/* A relay behind this one reports a failure to the owner of a session of ours.
 * false if he knows: this relay has told him so itself (P-17). */
static bool request_tell(struct relay *r, const struct link *l,
                         const struct msg *m, const struct route *route)
{
    struct session_message message = {msg_text(m, m->message_id), route->to, 0};
    struct session *ss = route->receiver;

    if (!l->is_relay || !ss || ss->pair || !is_of_failure(m))
        return true;
    return session_tell(&r->sessions, ss, message);
}

static void forward(struct relay *r, struct link *l, const struct msg *m,
                    const struct route *route, struct span body)
{
    struct source *source = NULL;
    char tid[TID_LEN];
    struct span tid_text;
    struct frame f;

    if (request_is_refused(r, l, m, route->out)) {
        r->stats.no_room++;
        local_response_code(r, l, m, 408);
        return;
    }
    if (!request_tell(r, l, m, route)) {
        r->stats.dropped++;
        return;
    }
    if (m->method != MSG_REPORT)
        source =
            source_open(&r->sources, l, 0, relay_source(l, m, route->sender));
    if (source_is_full(source, r->policy->requests_per_link, 1)) {
        r->stats.too_many_requests++;
        local_response_code(r, l, m, 408);
        source_close(source);
        return;
    }
    do
        r->chunker.new_tid(&r->chunker, tid);
    while (body.n && memmem(body.p, body.n, tid, TID_LEN));
    tid_text = span_of(tid, TID_LEN);
    frame_init(&f);
    frame_request(&f, tid_text, msg_text(m, m->method_name));
    frame_header(&f, SPAN("To-Path"), route->to);
    add_from_path(&f, route->own, route->n_own,
                  route->n_pairs > 0 ? route->from : msg_text(m, m->from));
    frame_add(&f, msg_text(m, m->rest));
    if (m->has_body) {
        frame_add(&f, SPAN("\r\n"));
        frame_add(&f, body);
        frame_end_body(&f, tid_text, '$');
    } else {
        frame_end(&f, tid_text, '$');
    }
    if (!sendq_put_between(route->out, &f) ||
        !expect_answer(r, l, route, m, tid, source)) {
        local_response_code(r, l, m, 408);
        source_close(source);
        return;
    }
    source_close(source);
    relay_succeeded(l);
    request_count(r, m, route);
}

struct link *request_forward(struct relay *r, struct link *l,
                             const struct msg *m, struct span body)
{
    struct route route;

    relay_route(r, &route, l, m);
    switch (route.kind) {
    case ROUTE_LINK:
        if (!request_is_refused(r, l, m, route.out) &&
            sendq_request_must_wait(l, route.out))
            return route.out;
        forward(r, l, m, &route, body);
        break;
    case ROUTE_LOCAL:
        if (m->method == MSG_AUTH)
            auth_response(r, l, m);
        else
            local_response_request(r, l, m, &route);
        break;
    case ROUTE_DIAL: /* relay_route() has resolved it */
    case ROUTE_SIDE:
    case ROUTE_REFUSE:
        local_response_code(r, l, m, route.code);
        relay_refused(r, l);
        if (route.close_why)
            link_close(l, route.close_why);
        break;
    case ROUTE_EARLY:
        return route.out;
    case ROUTE_FOREIGN:
        if (l->is_relay)
            local_response_code(r, l, m, 481);
        else
            link_close(l, "not addressed to this relay");
        break;
    }
    return NULL;
}

/* --- responses --- */

static bool is_stale(const struct msg *m)
{
    struct digest_challenge c;
    struct span value;

    return msg_header(&value, m, SPAN("WWW-Authenticate")) &&
           digest_challenge_parse(&c, value) == 0 && c.stale;
}

/* What another relay said to an AUTH counts for the client as if it had been
 * judged here (R4976-6.3-o, S-32). */
static void count_auth(struct relay *r, struct link *in,
                       const struct txn_back *back, const struct msg *m)
{
    if (!back->is_auth || !back->had_credentials)
        return;
    if (m->code == 200)
        in->trust.auth_failures = 0;
    else if (m->code == 401 && !is_stale(m))
        relay_denied(r, in, "authentication failures elsewhere");
}

/* A link that was dialled by name alone leads to the port by which the relay
 * there calls itself in the URI that it gives out (S-6). */
static void learn_port(struct relay *r, struct link *l, const struct msg *m)
{
    struct span path, text;
    struct uri uri;

    if (l->host.n == 0 || l->host_port ||
        !msg_header(&path, m, SPAN("Use-Path")))
        return;
    while (msg_path_next(&text, &path))
        if (uri_parse(&uri, text) == 0 && uri.port > 0 &&
            uri.secure == l->secure && uri_host_equal(uri.host, l->host))
            relay_links_enter(&r->relay_links, l, &uri);
}

/* The response to a request that went through a pair: its sender sees his own
 * paths and none of the other side's. */
static void pass_back_replaced(struct relay *r, const struct txn_back *back,
                               const struct msg *m)
{
    struct link *in = relay_link(r, back->in_number);
    struct span tid = span_of(back->tid, back->tid_n);
    struct frame f;

    if (!in || !back->paths) {
        r->stats.dropped++;
        return;
    }
    frame_init(&f);
    frame_request(&f, tid, msg_text(m, m->method_name));
    frame_add(&f, span_str(back->paths));
    frame_add(&f, msg_text(m, m->rest));
    frame_end(&f, tid, '$');
    r->stats.responses_forwarded += sendq_put_between(in, &f);
}

/* Forwards the response to a request, under the tid that the request had
 * (R4976-6.4.3-e). Nothing is dialled for it (-f). */
static void pass_back(struct relay *r, const struct txn_back *back,
                      const struct msg *m)
{
    struct link *in = relay_link(r, back->in_number);
    struct span own[PENDING_SEND_OWN_MAX], to,
        tid = span_of(back->tid, back->tid_n);
    size_t n_own;
    struct frame f;

    if (!in || !route_answer(r->policy, &r->sessions, m, &to, own, &n_own,
                             r->now_ms)) {
        r->stats.dropped++;
        return;
    }
    frame_init(&f);
    frame_request(&f, tid, msg_text(m, m->method_name));
    frame_header(&f, SPAN("To-Path"), to);
    add_from_path(&f, own, n_own, msg_text(m, m->from));
    frame_add(&f, msg_text(m, m->rest));
    frame_end(&f, tid, '$');
    r->stats.responses_forwarded += sendq_put_between(in, &f);
    count_auth(r, in, back, m);
}

/* Of what this relay has asked by itself nobody awaits the response. */
static void response_pass(struct relay *r, const struct txn_back *back,
                          const struct msg *m)
{
    if (back->is_replaced)
        pass_back_replaced(r, back, m);
    else if (back->in_number)
        pass_back(r, back, m);
}

/* Responses are matched by connection and tid alone (I-20). Unknown ones are
 * late, or answer a REPORT, and are ignored (M-9, I-19). */
void response_take(struct relay *r, struct link *l, const struct msg *m)
{
    struct txn *x = txn_find(&r->txns, l, msg_text(m, m->tid));

    if (!x) {
        r->stats.dropped++;
        return;
    }
    r->stats.responses_received[code_index(m->code)]++;
    l->pairs.is_heard = true;
    if (x->head && m->code != 200) {
        failure_report_txn(r, x, REPORT_REFUSED, m->code);
    } else {
        if (x->back && x->back->is_auth)
            learn_port(r, l, m);
        if (x->back)
            response_pass(r, x->back, m);
        send_answer_taken(r, x);
        source_answered(x, txn_took_ms(x, r->now_ms), r->policy->high_water);
        txn_drop(&r->txns, x);
    }
    sendq_answered(&r->sources, r->now_ms);
    sendq_moved(l, r->now_ms);
}
