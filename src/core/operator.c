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
        .realm = ss->realm,
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

uint64_t relay_users_begin(struct relay *r)
{
    return ++r->users_lists;
}

/* Is it the first one of its user on its connection? */
static bool is_first_there(const struct session *ss)
{
    struct list *m, *next;

    LIST_EACH(m, next, &ss->link->sessions.issued)
    {
        const struct session *other = CONTAINER(m, struct session, of_link);

        if (other->of_user == ss->of_user)
            return other == ss;
    }
    return false;
}

void relay_users_count(struct relay_walk *w, uint64_t list)
{
    const struct session *ss = session_walk_shown(&w->at);
    struct holder_sum *sum;
    struct usage usage;

    if (!ss)
        return;
    sum = holder_sum(ss->of_user);
    if (sum->list != list)
        *sum = (struct holder_sum){.list = list};
    usage = session_usage(ss);
    sum->sessions++;
    sum->connections += ss->link && is_first_there(ss);
    sum->sent_octets += usage.sent.octets;
    sum->received_octets += usage.received.octets;
}

bool relay_users_show(struct relay_walk *w, uint64_t list, struct user_view *v)
{
    const struct session *ss = session_walk_shown(&w->at);
    struct holder_sum *sum = ss ? holder_sum(ss->of_user) : NULL;

    if (!sum || sum->list != list || sum->is_shown)
        return false;
    sum->is_shown = true;
    *v = (struct user_view){
        .user = ss->user,
        .realm = ss->realm,
        .sessions = sum->sessions,
        .connections = sum->connections,
        .sent_octets = sum->sent_octets,
        .received_octets = sum->received_octets,
    };
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

size_t relay_list_links(const struct relay *r, size_t max, relay_link_fn fn,
                        void *ctx)
{
    const struct table_node *at = NULL;
    char host[URI_HOST_KEY_MAX + 1];
    struct relay_links_view l;

    while (max-- > 0 && relay_links_next(&r->relay_links, &at, &l)) {
        (void)span_copy(host, sizeof host, l.host);
        fn(ctx, &(struct relay_link_view){
                    .host = l.host.n ? host : NULL,
                    .port = l.port,
                    .secure = l.secure,
                    .is_dialled = l.is_dialled,
                    .is_connecting = l.link->connecting,
                    .transactions = l.link->txns.n,
                    .queued = l.link->ops->queued(l.link),
                });
    }
    return r->relay_links.by_authority.count;
}

int relay_add_temporary_user(struct relay *r, struct temporary_login *out)
{
    return temporary_users_add(&r->auth.temporary, out, r->policy->realm,
                               &r->rnd, r->now_ms);
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
