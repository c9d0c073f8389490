/* SPDX-License-Identifier: BSD-2-Clause */
/* command_lists - answers of many rows, and what is done to many. */
#include "err.h"
#include "commands_private.h"

/* --- sessions --- */

/* The next session, in a walk that begins with the first step. */
static bool next_session(struct server *s, struct control_call *call,
                         struct session_view *v)
{
    struct relay_walk *walk = &command_state_of(call)->sessions;

    if (call->steps == 0)
        relay_walk_begin(s->relay, walk);
    return relay_walk_next(walk, v);
}

/* Do all filters apply? A peer that is no address is in no block. */
static bool is_shown(const struct control_request *q, struct span user,
                     const struct subject *subject)
{
    uint16_t port;
    struct addr a;

    if ((q->filters & CONTROL_USER) && !span_eq(q->user, user))
        return false;
    return !(q->filters & CONTROL_PEER) ||
           (addr_parse(&a, subject_peer(subject, &port), 0) == 0 &&
            cidr_has(&q->peer, &a));
}

/* Is it the session that was named, or one of the user that was named? */
static bool is_meant(const struct control_request *q,
                     const struct session_view *v)
{
    return span_eq(q->value,
                   q->key == CONTROL_USER ? v->user : span_str(v->short_id));
}

static void put_flow(struct json *j, const char *const names[3],
                     const struct usage_flow *flow)
{
    json_u64(j, names[0], flow->octets);
    json_u64(j, names[1], flow->messages);
    json_u64(j, names[2], flow->reports);
}

static void put_session(struct control_call *call, const struct session_view *v,
                        uint64_t now_ms)
{
    static const char *const sent[] = {"sent_octets", "sent_messages",
                                       "sent_reports"};
    static const char *const received[] = {
        "received_octets", "received_messages", "received_reports"};
    struct json j;

    control_row(call, &j);
    put_text(&j, "session", v->short_id);
    json_str(&j, "user", v->user);
    json_str(&j, "realm", v->realm);
    json_str(&j, "peer", subject_peer_text(v->subject));
    json_u64(&j, "connection", v->connection);
    json_str(&j, "home_relay", v->home);
    json_seconds(&j, "age_s", now_ms - v->began_ms);
    json_seconds(&j, "left_s",
                 v->expires_ms > now_ms ? v->expires_ms - now_ms : 0);
    json_u64(&j, "peers", v->peers);
    put_flow(&j, sent, &v->usage.sent);
    put_flow(&j, received, &v->usage.received);
    json_u64(&j, "reports_made", v->usage.reports_made);
    control_row_end(call, &j);
}

bool command_sessions(struct server *s, struct control_call *call)
{
    struct session_view v;

    if (!next_session(s, call, &v))
        return true;
    if (is_shown(&call->request, v.user, v.subject))
        put_session(call, &v, loop_now_ms(s->loop));
    return false;
}

/* --- users --- */

static void put_user(struct control_call *call, const struct user_view *v)
{
    struct json j;

    control_row(call, &j);
    json_str(&j, "user", v->user);
    json_str(&j, "realm", v->realm);
    json_u64(&j, "sessions", v->sessions);
    json_u64(&j, "connections", v->connections);
    json_u64(&j, "sent_octets", v->sent_octets);
    json_u64(&j, "received_octets", v->received_octets);
    control_row_end(call, &j);
}

/* Users are counted by one list at a time. */
static bool begin_users(struct server *s, struct control_call *call)
{
    if (s->users_call) {
        control_fail(call, "another list of users is being made, try again");
        return false;
    }
    s->users_call = call;
    command_state_of(call)->users = relay_users_begin(s->relay);
    return true;
}

/* A step of the first walk, which counts; the second one begins at its end. */
static void count_user(struct server *s, struct control_call *call)
{
    struct command_state *state = command_state_of(call);
    struct session_view v;

    if (!next_session(s, call, &v)) {
        state->counted = true;
        relay_walk_begin(s->relay, &state->sessions);
    } else if (is_shown(&call->request, v.user, v.subject)) {
        relay_users_count(&state->sessions, state->users);
    }
}

bool command_users(struct server *s, struct control_call *call)
{
    struct command_state *state = command_state_of(call);
    struct session_view v;
    struct user_view user;

    if (call->steps == 0 && !begin_users(s, call))
        return true;
    if (!state->counted) {
        count_user(s, call);
        return false;
    }
    if (!relay_walk_next(&state->sessions, &v))
        return true;
    if (relay_users_show(&state->sessions, state->users, &user))
        put_user(call, &user);
    return false;
}

/* --- connections --- */

static struct span user_of(const struct subject *s)
{
    return s && s->user ? span_str(s->user) : SPAN("");
}

static void put_connection(struct control_call *call, const struct hop_view *v)
{
    struct json j;

    control_row(call, &j);
    json_u64(&j, "connection", v->number);
    put_text(&j, "state", hop_state_text(v->state));
    put_text(&j, "transport", net_transport_text(v->transport));
    put_text(&j, "tls", v->tls_version);
    put_text(&j, "peer", v->peer);
    json_str(&j, "user", user_of(v->subject));
    json_str(&j, "dialled", v->host);
    json_bool(&j, "is_relay", v->is_relay);
    json_u64(&j, "sessions", v->sessions);
    json_u64(&j, "transactions", v->transactions);
    json_u64(&j, "in_octets", v->octets_in);
    json_u64(&j, "out_octets", v->octets_out);
    json_u64(&j, "queued_octets", v->queued);
    json_bool(&j, "blocked", v->blocked);
    json_seconds(&j, "paused_s", v->paused_ms);
    json_seconds(&j, "unused_s", v->unused_ms);
    json_seconds(&j, "age_s", v->age_ms);
    control_row_end(call, &j);
}

bool command_connections(struct server *s, struct control_call *call)
{
    struct hop_walk *walk = &command_state_of(call)->hops;
    struct hop_view view;

    if (call->steps == 0)
        hop_walk_begin(walk, &s->hops);
    if (!hop_walk_next(walk, &view))
        return true;
    if (is_shown(&call->request, user_of(view.subject), view.subject) &&
        view.unused_ms >= call->request.idle_ms)
        put_connection(call, &view);
    return false;
}

/* --- anchored sessions --- */

static void put_anchor(struct control_call *call, const struct anchor_row *row)
{
    struct json j;

    control_row(call, &j);
    put_text(&j, "session", row->short_id);
    json_str(&j, "call_id", row->call_id);
    json_str(&j, "from_tag", row->from_tag);
    json_str(&j, "to_tag", row->to_tag);
    json_u64(&j, "section", row->section);
    put_text(&j, "state", row->state);
    json_u64(&j, "octets", row->octets);
    json_seconds(&j, "age_s", row->age_ms);
    control_row_end(call, &j);
}

bool command_anchors(struct server *s, struct control_call *call)
{
    struct anchor_walk *walk = &command_state_of(call)->anchors;
    struct anchor_row row;

    if (call->steps == 0)
        anchor_walk_begin(walk, s->anchor);
    if (!anchor_walk_next(walk, s->anchor, &row))
        return true;
    put_anchor(call, &row);
    return false;
}

/* --- kick --- */

static void put_kicked(struct control_call *call, const char *what, size_t n)
{
    struct json j;

    control_row(call, &j);
    json_u64(&j, what, n);
    control_row_end(call, &j);
}

static bool kick_connection(struct server *s, struct control_call *call)
{
    if (hops_kick(&s->hops, call->request.connection))
        control_fail(call, "no such connection");
    else
        put_kicked(call, "connections", 1);
    return true;
}

/* After the sessions come the pairs, which belong to no user. false at the end.
 */
static bool kick_pairs(struct server *s, struct control_call *call)
{
    struct command_state *state = command_state_of(call);
    struct anchored_facts facts;

    if (call->request.key != CONTROL_SESSION)
        return false;
    if (!state->at_pairs)
        relay_walk_begin_pairs(s->relay, &state->sessions);
    state->at_pairs = true;
    if (!relay_walk_next_pair(&state->sessions, &facts))
        return false;
    if (span_eq(call->request.value, span_str(facts.short_id))) {
        relay_clock(s->relay, loop_now_ms(s->loop));
        relay_walk_kick_pair(s->relay, &state->sessions);
        state->count++;
    }
    return true;
}

static bool kick_sessions(struct server *s, struct control_call *call)
{
    struct command_state *state = command_state_of(call);
    struct session_view v;

    if (state->at_pairs || !next_session(s, call, &v))
        return false;
    if (is_meant(&call->request, &v)) {
        relay_walk_kick(s->relay, &state->sessions);
        state->count++;
    }
    return true;
}

bool command_kick(struct server *s, struct control_call *call)
{
    struct command_state *state = command_state_of(call);

    if (call->request.key == CONTROL_CONNECTION)
        return kick_connection(s, call);
    if (kick_sessions(s, call) || kick_pairs(s, call))
        return false;
    if (state->count == 0)
        control_fail(call, "no such session");
    else
        put_kicked(call, "sessions", state->count);
    return true;
}

/* --- trace --- */

static const char *trace_fault(int err)
{
    switch (err) {
    case ERR_SYNTAX:
        return "give at least the first 6 characters of the token";
    case ERR_EXISTS:
        return "it is traced already";
    case ERR_NOT_FOUND:
        return "it is not traced";
    case ERR_FULL:
        return "too many traces at once";
    default:
        return err_text(err);
    }
}

/* What was asked for, in the first step; then each step tells of one target. */
bool command_trace(struct server *s, struct control_call *call)
{
    const struct control_request *q = &call->request;
    const struct trace_target *target;
    struct json j;
    int err = 0;

    if (call->steps == 0 && q->key)
        err = relay_trace(s->relay,
                          q->key == CONTROL_USER ? TRACE_USER : TRACE_SESSION,
                          q->value, span_eq(q->word, SPAN("on")));
    if (err) {
        control_fail(call, trace_fault(err));
        return true;
    }
    target = relay_traced(s->relay, call->steps);
    if (!target)
        return true;
    control_row(call, &j);
    put_text(&j, "traced", target->kind == TRACE_USER ? "user" : "session");
    json_str(&j, "name", span_of(target->text, target->n));
    control_row_end(call, &j);
    return false;
}

/* --- figures --- */

/* A sample: its name, with labels, and after the last blank its value. */
static void commands_put_sample(struct control_call *call, struct span line)
{
    const char *blank = memrchr(line.p, ' ', line.n);
    struct span name = span_of(line.p, (size_t)(blank - line.p));
    struct span value = span_from(line, name.n + 1);
    uint64_t count;
    struct json j;

    control_row(call, &j);
    json_str(&j, "name", name);
    if (span_u64(&count, value, UINT64_MAX) == 0)
        json_u64(&j, "value", count);
    else
        json_double(&j, "value", strtod(value.p, NULL));
    control_row_end(call, &j);
}

/* From the metrics' own text, so that both always say the same. */
bool command_stats(struct server *s, struct control_call *call)
{
    struct text page;
    struct span rest;

    text_init(&page, HTTP_SERVER_BODY_MAX);
    http_endpoints_metrics(s, &page);
    if (page.err)
        control_fail(call, err_text(page.err));
    rest = page.err ? SPAN("") : text_span(&page);
    while (rest.n) {
        struct span line = span_cut(&rest, '\n');

        if (line.n && line.p[0] != '#')
            commands_put_sample(call, line);
    }
    text_fini(&page);
    return true;
}
