/* SPDX-License-Identifier: BSD-2-Clause */
/* auth_response - what an AUTH for this relay gets: a challenge, a refusal, or
 * a session (RFC 4976, 5.1 and 6.3). */
#include "codes.h"
#include "err.h"
#include "relay_private.h"
#include "subject.h"

/* --- challenges and refusals --- */

/* Is the link used by others than the sender of this AUTH? */
static bool serves_others(const struct link *l)
{
    return l->sessions.n > 0 || !list_is_empty(&l->sessions.peers) ||
           l->is_relay || l->host.n > 0;
}

/* One that asks for challenges and never logs in is closed (S-15), unless
 * others would notice. */
static bool may_be_challenged(struct relay *r, struct link *l)
{
    enum { CHALLENGES_MAX = 10 };

    if (l->trust.challenges < CHALLENGES_MAX || serves_others(l)) {
        l->trust.challenges++;
        return true;
    }
    r->stats.too_many_challenges++;
    link_close(l, "too many challenges");
    return false;
}

static void challenge(struct relay *r, struct link *l, const struct msg *m,
                      const struct auth_verdict *v)
{
    char values[DIGEST_ALGS][AUTH_CHALLENGE_MAX];
    const struct policy *policy = r->policy;
    struct frame f;

    if (!may_be_challenged(r, l))
        return;
    local_response_begin(r, &f, m, 401);
    for (size_t i = 0; i < policy->n_algorithms; i++) {
        struct span value =
            auth_challenge(&r->auth, values[i], policy->algorithms[i], v,
                           &l->trust.nonces, r->now_ms);

        if (value.n == 0) {
            link_close(l, "out of memory");
            return;
        }
        frame_header(&f, SPAN("WWW-Authenticate"), value);
    }
    local_response_finish(r, l, &f, m, 401);
}

static void refuse_interval(struct relay *r, struct link *l,
                            const struct msg *m, const struct auth_verdict *v)
{
    struct frame f;

    local_response_begin(r, &f, m, 423);
    frame_add(&f, v->too_long ? SPAN("Max-Expires: ") : SPAN("Min-Expires: "));
    frame_add_u64(&f, v->expires_s);
    frame_add(&f, SPAN("\r\n"));
    local_response_finish(r, l, &f, m, 423);
}

/* --- lines of the log --- */

#define REALM_FIELD " realm="

enum {
    LOG_REALM_MAX = 136, /* octets of a realm in a line */
    REALM_FIELD_MAX = sizeof REALM_FIELD + LOG_REALM_MAX,
};

/* The link is the user's, or somebody's who claims to be; not if many share it,
 * nor by a claim alone if it was somebody's before. */
static void note_user(struct link *l, struct span user)
{
    if (!l->is_relay && user.n > 0 && l->sessions.n == 0)
        subject_set_user(l->subject, user);
}

/* A user's realm, where there are several. */
static const char *realm_field(char dst[REALM_FIELD_MAX], const struct relay *r,
                               struct span realm)
{
    dst[0] = '\0';
    if (r->policy->n_realms > 0 && realm.n > 0) {
        memcpy(dst, REALM_FIELD, sizeof REALM_FIELD - 1);
        (void)log_value(dst + sizeof REALM_FIELD - 1, LOG_REALM_MAX, realm);
    }
    return dst;
}

static void log_granted(const struct relay *r, const struct session *ss,
                        const struct link *l, unsigned expires_s)
{
    char subject[SUBJECT_LINE_MAX], realm[REALM_FIELD_MAX];

    log_info(r->log, "c=%llu s=%.6s session granted%s%s expires=%u",
             (unsigned long long)l->number, ss->uri.session_id.p,
             subject_line(subject, l->subject, ss->user),
             realm_field(realm, r, ss->realm), expires_s);
}

/* Wrong credentials. fail2ban (docs/fail2ban) looks for the first form: another
 * relay is not to be banned for what one of its clients does. */
static void log_failed(const struct relay *r, const struct link *l,
                       const struct auth_verdict *v)
{
    static const char *const reasons[] = {[AUTH_WRONG] = "wrong",
                                          [AUTH_UNKNOWN] = "unknown",
                                          [AUTH_EXPIRED] = "expired"};
    char subject[SUBJECT_LINE_MAX], realm[REALM_FIELD_MAX];

    log_info(r->log, "c=%llu authentication failed%s%s%s reason=%s",
             (unsigned long long)l->number,
             l->is_relay ? " through a relay" : "",
             subject_line(subject, l->subject, v->user),
             realm_field(realm, r, v->realm), reasons[v->why]);
}

/* An AUTH that was refused whatever its credentials are. */
static void log_auth_refused(const struct relay *r, const struct link *l,
                             struct span user, const char *why)
{
    char subject[SUBJECT_LINE_MAX];

    log_info(r->log, "c=%llu authentication refused%s reason=\"%s\"",
             (unsigned long long)l->number,
             subject_line(subject, l->subject, user), why);
}

/* --- granting --- */

enum { HOPS_MAX = 32 }; /* URIs in the From-Path of an AUTH */

/* From-Path reversed, without the client, then the new URI (RFC 4976, 6.3). */
static void add_use_path(struct frame *f, const struct msg *m,
                         const struct session *ss)
{
    struct span hops[HOPS_MAX], path = msg_text(m, m->from), uri;
    size_t n = 0;

    while (n < HOPS_MAX && msg_path_next(&uri, &path))
        hops[n++] = uri;
    frame_add(f, SPAN("Use-Path: "));
    while (n-- > 1) {
        frame_add(f, hops[n - 1]);
        frame_add(f, SPAN(" "));
    }
    frame_add(f, ss->uri.text);
    frame_add(f, SPAN("\r\n"));
}

static void add_authentication_info(struct frame *f,
                                    const struct auth_verdict *v)
{
    frame_add(f, SPAN("Authentication-Info: rspauth=\""));
    frame_add(f, digest_hex_span(&v->rspauth));
    frame_add(f, SPAN("\", cnonce=\""));
    frame_add(f, v->credentials.cnonce);
    frame_add(f, SPAN("\", nc="));
    frame_add(f, v->credentials.nc);
    frame_add(f, SPAN(", qop=auth\r\n"));
}

/* A session that was granted through another relay belongs to the host and port
 * by which that calls itself (R4976-6.3-g), which it has proved (S-3). */
static void auth_home(struct session_grant *g, const struct link *l,
                      const struct msg *m)
{
    struct uri from;

    if (!l->is_relay || uri_parse(&from, msg_text(m, m->from_first)) != 0)
        return;
    g->home = from.host;
    g->home_port = from.port;
}

/* The port of the listener on which the AUTH came. If a reload has closed that,
 * a port at which others can reach the client. */
static uint16_t auth_uri_port(const struct policy *policy, const struct link *l)
{
    if (!l->secure || policy->tls_port == 0 || route_has_port(policy, l->port))
        return l->port;
    return policy->tls_port;
}

/* The same for the host. If a reload has changed its listener's, the new one.
 */
static struct span auth_uri_host(const struct policy *policy,
                                 const struct link *l)
{
    if (l->name.n == 0)
        return policy->name;
    return route_has_name(policy, l->name)
               ? l->name
               : route_port_name(policy, auth_uri_port(policy, l));
}

static struct session_grant new_grant(const struct relay *r, struct link *l,
                                      const struct msg *m,
                                      const struct auth_verdict *v)
{
    struct session_grant granted = {
        .link = l,
        .user = v->user,
        .realm = v->realm,
        .host = auth_uri_host(r->policy, l),
        .port = auth_uri_port(r->policy, l),
        .secure = l->secure,
        .began_ms = r->now_ms,
        .expires_ms = r->now_ms + UINT64_C(1000) * v->expires_s,
    };

    auth_home(&granted, l, m);
    return granted;
}

/* How many sessions one user may hold while he asks over another relay's link:
 * what all its users share is not for one of them. */
static uint32_t share_of_user(const struct policy *policy)
{
    enum { USERS_AT_LEAST = 16, SMALL = 1000 };
    uint32_t share = policy->sessions_per_relay / USERS_AT_LEAST;

    return share > SMALL ? share : SMALL;
}

/* Which limit does one more session of this kind meet? The counter of it, with
 * its name in *name, or NULL. The limit of a link is for one client: many share
 * another relay's. */
static uint64_t *find_limit(struct relay *r, const struct session_grant *g,
                            const char **name)
{
    const struct policy *policy = r->policy;

    *name = "limits.sessions_per_connection";
    if (policy->sessions_per_link && !g->link->is_relay &&
        g->link->sessions.n >= policy->sessions_per_link)
        return &r->stats.too_many_sessions;
    *name = "limits.sessions_per_user";
    if (policy->sessions_per_user &&
        sessions_of_user(&r->sessions, g) >= policy->sessions_per_user)
        return &r->stats.too_many_of_user;
    *name = "limits.sessions_per_relay";
    if (policy->sessions_per_relay == 0 || g->home.n == 0)
        return NULL;
    if (sessions_of_user(&r->sessions, g) >= share_of_user(policy))
        return &r->stats.too_many_of_user;
    if (sessions_of_relay(&r->sessions, g) >= policy->sessions_per_relay)
        return &r->stats.too_many_of_relay;
    return NULL;
}

/* The same, when none is counted that has expired. */
static uint64_t *limit_met(struct relay *r, const struct session_grant *g,
                           const char **name)
{
    if (!find_limit(r, g, name))
        return NULL;
    sessions_sweep_all(&r->sessions, r->now_ms);
    return find_limit(r, g, name);
}

static void grant(struct relay *r, struct link *l, const struct msg *m,
                  const struct auth_verdict *v)
{
    const struct session_grant granted = new_grant(r, l, m, v);
    const char *name;
    uint64_t *limit = limit_met(r, &granted, &name);
    struct session *ss;
    struct frame f;

    if (limit) {
        ++*limit;
        r->stats.auths[RELAY_AUTH_LIMIT]++;
        log_auth_refused(r, l, granted.user, name);
        local_response_code(r, l, m, 403);
        return;
    }
    ss = session_new(&r->sessions, &granted);
    if (!ss) {
        link_close(l, "out of memory");
        return;
    }
    r->stats.auths[RELAY_AUTH_OK]++;
    l->trust.auth_failures = 0; /* S-32: those in a row count */
    l->trust.challenges = 0;
    relay_succeeded(l);
    local_response_begin(r, &f, m, 200);
    add_use_path(&f, m, ss);
    add_authentication_info(&f, v);
    frame_add(&f, SPAN("Expires: "));
    frame_add_u64(&f, v->expires_s);
    frame_add(&f, SPAN("\r\n"));
    local_response_finish(r, l, &f, m, 200);
    log_granted(r, ss, l, v->expires_s);
}

static void count_failure(struct relay *r, struct link *l,
                          const struct auth_verdict *v)
{
    log_failed(r, l, v);
    relay_denied(r, l, "authentication failures");
}

/* A client that found this relay by SRV tries the next target when the
 * connection closes without a response. */
static void auth_turn_away(struct relay *r, struct link *l, const struct msg *m,
                           const char *why)
{
    if (serves_others(l))
        local_response_code(r, l, m, 403);
    else
        link_close(l, why);
}

static enum relay_auth result_of(const struct auth_verdict *v)
{
    switch (v->code) {
    case 401:
        return v->failure && v->why == AUTH_EXPIRED ? RELAY_AUTH_EXPIRED
               : v->failure                         ? RELAY_AUTH_WRONG
               : v->stale                           ? RELAY_AUTH_STALE
                                                    : RELAY_AUTH_CHALLENGED;
    case 423:
        return RELAY_AUTH_INTERVAL;
    default:
        return RELAY_AUTH_FAULTY;
    }
}

/* A user who failed too often over this link is not let in, whatever is said
 * now (S-5). true if it is so. */
static bool auth_block(struct relay *r, struct link *l, const struct msg *m,
                       const struct auth_verdict *v)
{
    const struct auth_failures_rule rule = {r->policy->max_failures,
                                            r->policy->probation_ms};
    const struct auth_attempt attempt = {l, msg_text(m, m->from_first),
                                         v->credentials.username, v->realm};

    if (v->credentials.username.n == 0)
        return false;
    if (auth_failures_block(&r->auth_failures, &attempt, rule, r->now_ms)) {
        r->stats.too_many_of_user_wrong++;
        r->stats.auths[RELAY_AUTH_LIMIT]++;
        log_auth_refused(r, l, attempt.user, "auth.max_failures");
        local_response_code(r, l, m, 403);
        relay_denied(r, l, "authentication failures");
        return true;
    }
    if (v->code == 200)
        auth_failures_clear(&r->auth_failures, &attempt);
    else if (v->failure)
        auth_failures_count(&r->auth_failures, &attempt, rule, r->now_ms);
    return false;
}

/* Nobody could say who the user is, which is not the user's fault. */
static void auth_unanswered(struct relay *r, struct link *l,
                            const struct msg *m, const struct auth_verdict *v,
                            const char *why)
{
    r->stats.auths[RELAY_AUTH_LOOKUP]++;
    log_auth_refused(r, l, v->user, why);
    local_response_code(r, l, m, 408);
}

static void auth_refuse(struct relay *r, struct link *l, const struct msg *m,
                        const struct auth_verdict *v)
{
    r->stats.auths[result_of(v)]++;
    switch (v->code) {
    case 401:
        challenge(r, l, m, v);
        if (v->failure)
            count_failure(r, l, v);
        break;
    case 423:
        log_auth_refused(r, l, v->user,
                         v->too_long ? "auth.max_expires" : "auth.min_expires");
        refuse_interval(r, l, m, v);
        break;
    default:
        log_auth_refused(r, l, v->user, "malformed");
        local_response_code(r, l, m, v->code);
        relay_refused(r, l);
        break;
    }
}

/* A verdict that stands. */
static void auth_conclude(struct relay *r, struct link *l, const struct msg *m,
                          const struct auth_verdict *v)
{
    if (v->code == 408)
        auth_unanswered(r, l, m, v, "look-up failed");
    else if (auth_block(r, l, m, v))
        return;
    else if (v->code == 200)
        grant(r, l, m, v);
    else
        auth_refuse(r, l, m, v);
}

static void auth_conclude_with(struct relay *r, struct link *l,
                               const struct msg *m,
                               const struct asker_answer *answer)
{
    struct auth_verdict v;

    auth_judge_answer(&r->auth, &v, m, answer);
    auth_conclude(r, l, m, &v);
}

/* The verdict depends on what is known of the user elsewhere. */
static void auth_ask(struct relay *r, struct link *l, const struct msg *m,
                     const struct auth_verdict *v)
{
    const struct asker_question q = {v->credentials.username, v->realm,
                                     v->credentials.alg};
    struct asker_answer answer;
    int err;

    if (auth_block(r, l, m, v))
        return;
    err = pending_auths_ask(&r->pending_auths, &answer, &q, l, m,
                            r->now_ms + r->policy->lookup_ms);
    if (!err) {
        auth_conclude_with(r, l, m, &answer);
        explicit_bzero(&answer, sizeof answer);
    } else if (err == ERR_FULL) {
        r->stats.too_many_lookups++;
        auth_unanswered(r, l, m, v, "too many look-ups");
    } else if (err != ERR_AGAIN) {
        auth_unanswered(r, l, m, v, "look-up failed");
    }
}

static void auth_answer(struct relay *r, struct link *l, const struct msg *m)
{
    struct auth_verdict v;

    auth_judge(&r->auth, &v, m, &l->trust.nonces, r->now_ms);
    note_user(l, v.user);
    if (v.code == AUTH_ASK)
        auth_ask(r, l, m, &v);
    else
        auth_conclude(r, l, m, &v);
}

/* Are no new sessions granted now, whoever asks? */
static bool auth_is_refused(struct relay *r, struct link *l,
                            const struct msg *m)
{
    bool drains = r->draining;
    const char *why = drains ? "draining" : "limits.memory";

    if (!drains && r->tightness < RELAY_REFUSES)
        return false;
    r->stats.auths[drains ? RELAY_AUTH_DRAINING : RELAY_AUTH_MEMORY]++;
    log_auth_refused(r, l, SPAN(""), why);
    auth_turn_away(r, l, m, why);
    return true;
}

void auth_response_judged(void *ctx, struct link *l, const struct msg *m,
                          const struct asker_answer *answer)
{
    struct relay *r = ctx;

    if (!auth_is_refused(r, l, m))
        auth_conclude_with(r, l, m, answer);
}

void auth_response(struct relay *r, struct link *l, const struct msg *m)
{
    if (!l->may_auth) { /* R4976-8-e */
        r->stats.auths[RELAY_AUTH_FORBIDDEN]++;
        log_auth_refused(r, l, SPAN(""), "auth.allow_tcp");
        local_response_code(r, l, m, 403);
        relay_refused(r, l);
    } else if (auth_is_refused(r, l, m)) {
        return;
    } else if (m->n_from > HOPS_MAX) {
        r->stats.auths[RELAY_AUTH_FAULTY]++;
        log_auth_refused(r, l, SPAN(""), "too many URIs in From-Path");
        local_response_code(r, l, m, 400);
        relay_refused(r, l);
    } else {
        auth_answer(r, l, m);
    }
}
