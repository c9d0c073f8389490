/* SPDX-License-Identifier: BSD-2-Clause */
#include "operator.h"

#include "relay_private.h"

void relay_walk_begin(struct relay *r, struct relay_walk *w)
{
    session_walk_begin(&r->sessions, &w->at);
}

void relay_walk_end(struct relay_walk *w)
{
    session_walk_end(&w->at);
}

bool relay_walk_next(struct relay_walk *w, struct session_view *v)
{
    const struct session *ss = session_walk_next(&w->at);

    if (!ss)
        return false;
    *v = (struct session_view){
        .user = ss->user,
        .subject = ss->subject,
        .home = ss->home,
        .connection = ss->connection,
        .began_ms = ss->began_ms,
        .expires_ms = ss->expires_ms,
        .peers = ss->n_peers,
        .usage = session_usage(ss),
    };
    memcpy(v->short_id, ss->uri.session_id.p, SESSION_SHORT_ID_LEN);
    return true;
}

void relay_walk_kick(struct relay *r, struct relay_walk *w)
{
    struct session *ss = session_walk_shown(&w->at);
    struct link *l;

    if (!ss)
        return;
    send_fail_session(r, ss, 481);
    failure_report_session(r, ss, 481);
    l = ss->link;
    session_end(&r->sessions, ss, SESSION_KICKED, r->now_ms);
    if (l && l->sessions.n == 0 && !l->is_relay)
        link_close(l, "kicked");
}

void relay_walk_begin_pairs(struct relay *r, struct relay_walk *w)
{
    session_walk_pairs(&r->sessions, &w->at);
}

bool relay_walk_next_pair(struct relay_walk *w, struct anchored_facts *facts)
{
    const struct session *ss = session_walk_next(&w->at);

    if (ss)
        anchored_pair_facts(ss->pair, facts);
    return ss != NULL;
}

void relay_walk_kick_pair(struct relay *r, struct relay_walk *w)
{
    struct session *ss = session_walk_shown(&w->at);

    if (ss)
        anchored_end_unasked(r, ss->pair, ANCHORED_KICKED);
}

int relay_trace(struct relay *r, enum trace_kind kind, struct span what,
                bool on)
{
    int err = trace_set(&r->trace, kind, what, on);

    r->sendq.trace = r->trace.n ? &r->trace : NULL;
    return err;
}

const struct trace_target *relay_traced(const struct relay *r, size_t i)
{
    return i < r->trace.n ? &r->trace.targets[i] : NULL;
}
