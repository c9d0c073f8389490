/* SPDX-License-Identifier: BSD-2-Clause */
/* state_dump - everything there is, to the log, when a signal asks for it. */
#include "server_private.h"

/* How often each limit was met. */
static void log_limits(const struct server *s, const struct relay_stats *stats)
{
    const struct hops_stats *hops = &s->hops.stats;
    uint64_t refused = s->stats.refused_full + s->stats.refused_memory +
                       s->stats.refused_address + s->stats.refused_nomem;

    log_info(
        s->log,
        "table=limits opened=%llu refused=%llu made_room=%llu "
        "bad_input=%llu probation=%llu idle=%llu handshake=%llu "
        "stalled=%llu full=%llu waits=%llu too_many_sessions=%llu "
        "too_large=%llu",
        (unsigned long long)hops->opened, (unsigned long long)refused,
        (unsigned long long)hops->made_room,
        (unsigned long long)hops->bad_input,
        (unsigned long long)hops->probation, (unsigned long long)hops->idle,
        (unsigned long long)hops->handshake, (unsigned long long)hops->stalled,
        (unsigned long long)hops->full, (unsigned long long)stats->waits,
        (unsigned long long)stats->too_many_sessions,
        (unsigned long long)stats->too_large);
}

static uint64_t errors_made(const struct relay_stats *stats)
{
    uint64_t n = 0;

    for (size_t i = 0; i < CODES; i++)
        n += i == CODE_AT_200 ? 0 : stats->responses_made[i];
    return n;
}

static void log_relay(const struct server *s, const struct relay_stats *stats)
{
    log_info(s->log,
             "table=relay connections=%zu sessions=%llu transactions=%llu "
             "auth_ok=%llu auth_failed=%llu chunks=%llu octets=%llu "
             "responses=%llu errors=%llu reports_made=%llu "
             "reports_forwarded=%llu timeouts=%llu dropped=%llu",
             s->hops.count, (unsigned long long)stats->sessions_now,
             (unsigned long long)stats->transactions_now,
             (unsigned long long)stats->auths[RELAY_AUTH_OK],
             (unsigned long long)stats->auths[RELAY_AUTH_WRONG],
             (unsigned long long)stats->chunks_forwarded,
             (unsigned long long)stats->octets_in,
             (unsigned long long)stats->responses_made[CODE_AT_200],
             (unsigned long long)errors_made(stats),
             (unsigned long long)stats->reports_made,
             (unsigned long long)stats->reports_forwarded,
             (unsigned long long)stats->timeouts,
             (unsigned long long)stats->dropped);
}

static void log_anchoring(const struct server *s)
{
    struct anchor_stats anchor;
    struct ng_stats ng;

    anchor_stats(s->anchor, &anchor);
    ng_stats(s->ng, &ng);
    log_info(
        s->log,
        "table=anchoring calls=%llu pairs=%llu offered=%llu offers=%llu "
        "answers=%llu deletes=%llu refused=%llu requests=%llu "
        "duplicates=%llu not_allowed=%llu connections=%llu "
        "remembered=%llu",
        (unsigned long long)anchor.calls_now,
        (unsigned long long)anchor.pairs_now,
        (unsigned long long)anchor.pending_now,
        (unsigned long long)anchor.offers, (unsigned long long)anchor.answers,
        (unsigned long long)anchor.deletes,
        (unsigned long long)anchor.load_limit, (unsigned long long)ng.requests,
        (unsigned long long)ng.duplicates, (unsigned long long)ng.refused,
        (unsigned long long)ng.connections, (unsigned long long)ng.remembered);
}

/* --- rows, a few in each turn --- */

enum {
    ROWS_PER_TURN = 100,
    LABEL_MAX = 128, /* octets of a call-id or a tag */
};

static void log_connection(const struct server *s, const struct hop_view *v)
{
    char subject[SUBJECT_LINE_MAX];

    log_info(s->log,
             "table=connection c=%llu%s state=%s sessions=%u "
             "transactions=%u queued=%zu blocked=%s in=%llu out=%llu",
             (unsigned long long)v->number,
             subject_line(subject, v->subject, SPAN("")),
             hop_state_text(v->state), v->sessions, v->transactions, v->queued,
             v->blocked ? "yes" : "no", (unsigned long long)v->octets_in,
             (unsigned long long)v->octets_out);
}

static void log_session(const struct server *s, const struct session_view *v)
{
    uint64_t now_ms = loop_now_ms(s->loop);
    char subject[SUBJECT_LINE_MAX];

    log_info(s->log,
             "table=session c=%llu s=%s%s age=%llu left=%llu peers=%u "
             "sent=%llu received=%llu",
             (unsigned long long)v->connection, v->short_id,
             subject_line(subject, v->subject, v->user),
             (unsigned long long)(now_ms - v->began_ms) / 1000,
             v->expires_ms > now_ms
                 ? (unsigned long long)(v->expires_ms - now_ms) / 1000
                 : 0,
             v->peers, (unsigned long long)v->usage.sent.octets,
             (unsigned long long)v->usage.received.octets);
}

static void log_anchor(const struct server *s, const struct anchor_row *row)
{
    char id[LABEL_MAX], from[LABEL_MAX], to[LABEL_MAX];

    log_info(s->log,
             "table=anchor s=%s call_id=%s from_tag=%s to_tag=%s section=%u "
             "state=%s octets=%llu age=%llu",
             row->short_id, log_value(id, sizeof id, row->call_id),
             log_value(from, sizeof from, row->from_tag),
             log_value(to, sizeof to, row->to_tag), row->section, row->state,
             (unsigned long long)row->octets,
             (unsigned long long)row->age_ms / 1000);
}

/* One row; false after the last. */
static bool log_row(struct server *s)
{
    struct session_view session;
    struct anchor_row anchor;
    struct hop_view hop;

    if (hop_walk_next(&s->state_dump.hops, &hop)) {
        log_connection(s, &hop);
        return true;
    }
    if (relay_walk_next(&s->state_dump.sessions, &session)) {
        log_session(s, &session);
        return true;
    }
    if (anchor_walk_next(&s->state_dump.anchors, s->anchor, &anchor)) {
        log_anchor(s, &anchor);
        return true;
    }
    return false;
}

static void on_next(void *ctx)
{
    struct server *s = ctx;

    for (int i = 0; i < ROWS_PER_TURN; i++) {
        if (!log_row(s)) {
            state_dump_fini(s);
            log_info(s->log, "table=end");
            return;
        }
    }
    loop_defer(s->loop, &s->state_dump.next);
}

void state_dump_init(struct server *s)
{
    loop_defer_init(&s->state_dump.next, on_next, s);
}

void state_dump_fini(struct server *s)
{
    loop_defer_cancel(&s->state_dump.next);
    hop_walk_end(&s->state_dump.hops);
    relay_walk_end(&s->state_dump.sessions);
    anchor_walk_end(&s->state_dump.anchors);
}

void state_dump_begin(struct server *s)
{
    struct relay_stats stats;

    relay_stats(s->relay, &stats);
    log_relay(s, &stats);
    log_limits(s, &stats);
    log_anchoring(s);
    state_dump_fini(s); /* a second request starts from the beginning */
    hop_walk_begin(&s->state_dump.hops, &s->hops);
    relay_walk_begin(s->relay, &s->state_dump.sessions);
    anchor_walk_begin(&s->state_dump.anchors, s->anchor);
    loop_defer(s->loop, &s->state_dump.next);
}
