/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"

#include <stdio.h>

#include "err.h"
#include "route.h"
#include "secrets.h"
#include "uri.h"

void auth_init(struct auth *a, const struct policy *policy,
               const struct users *users, struct rnd *rnd)
{
    a->policy = policy;
    a->users = users;
    a->unix_s = 0;
    a->may_ask = false;
    a->temporary = (struct temporary_users){0};
    rnd_alnum(rnd, a->opaque, sizeof a->opaque);
    nonces_init(&a->nonces, rnd);
}

void auth_fini(struct auth *a)
{
    nonces_fini(&a->nonces);
    temporary_users_fini(&a->temporary);
}

void auth_configure(struct auth *a, const struct policy *policy,
                    const struct users *users)
{
    a->policy = policy;
    a->users = users;
}

static bool offers(const struct auth *a, enum digest_alg alg)
{
    for (size_t i = 0; i < a->policy->n_algorithms; i++)
        if (a->policy->algorithms[i] == alg)
            return true;
    return false;
}

/* The realm of an AUTH to this host. */
static struct span realm_of(const struct policy *policy, struct span target)
{
    struct span realm = SPAN("");
    struct uri uri;

    if (policy->n_realms > 0 && uri_parse(&uri, target) == 0)
        realm = route_realm(policy, uri.host);
    return realm.n ? realm : policy->realm;
}

static struct span rightmost(struct span path)
{
    struct span uri = {0};

    while (msg_path_next(&uri, &path))
        ;
    return uri;
}

/* The URI that the client hashed: the text of its `uri`, which must mean the
 * rightmost To-Path URI (I-6), or that URI's text (I-5). 0 or ERR_SYNTAX. */
static int digest_uri(struct span *out, const struct msg *m,
                      const struct digest_auth *credentials)
{
    struct span target = rightmost(msg_text(m, m->to));
    struct uri given, wanted;

    *out = target;
    if (credentials->uri.n == 0 || span_eq(credentials->uri, target))
        return 0;
    if (uri_parse(&given, credentials->uri) != 0 ||
        uri_parse(&wanted, target) != 0 || !uri_equal(&given, &wanted))
        return ERR_SYNTAX;
    *out = credentials->uri;
    return 0;
}

/* Is the response right for this HA1? Also makes rspauth. */
static bool answers(struct auth_verdict *v, struct span uri, struct span ha1)
{
    const struct digest_auth *c = &v->credentials;
    struct digest_input in = {.alg = c->alg,
                              .ha1 = ha1,
                              .nonce = c->nonce,
                              .nc = c->nc,
                              .cnonce = c->cnonce,
                              .method = SPAN("AUTH"),
                              .uri = uri};
    struct digest_hex want;
    bool right;

    if (digest_response(&want, &in) != 0)
        return false;
    right = span_eq_secret(digest_hex_span(&want), c->response);
    in.method = SPAN("");
    return digest_response(&v->rspauth, &in) == 0 && right;
}

/* Does the i-th secret prove the credentials? */
static bool is_proven_by(const struct secrets *secrets, size_t i,
                         struct auth_verdict *v, struct span uri)
{
    const struct digest_auth *c = &v->credentials;
    char space[EPHEMERAL_PASSWORD_MAX];
    struct span password;
    struct digest_hex ha1;
    bool right;

    if (secrets_password(secrets, i, &password, space, c->username) != 0)
        return false;
    right = digest_ha1(&ha1, c->alg, c->username, v->realm, password) == 0 &&
            answers(v, uri, digest_hex_span(&ha1));
    explicit_bzero(space, sizeof space);
    explicit_bzero(&ha1, sizeof ha1);
    return right;
}

/* Are these ephemeral credentials, and right? Every secret is tried, since none
 * is known by a name. Then *until_s is when they expire. */
static bool is_proven(const struct auth *a, struct auth_verdict *v,
                      struct span uri, uint64_t *until_s)
{
    size_t n = secrets_count(a->policy->secrets);
    struct ephemeral_user who;

    if (n == 0 || !ephemeral_parse(&who, v->credentials.username) ||
        who.name.n > USERS_NAME_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_proven_by(a->policy->secrets, i, v, uri))
            continue;
        v->user = who.name;
        *until_s = who.expiry_s;
        return true;
    }
    return false;
}

/* HA1 of a user; empty if there is none. A temporary user is one of the first
 * realm. */
static struct span find_ha1(const struct auth *a, const struct auth_verdict *v,
                            enum digest_alg alg, uint64_t now_ms)
{
    struct span user = v->credentials.username;
    struct span ha1 = users_find(a->users, user, v->realm, alg);

    return ha1.n || !span_eq(v->realm, a->policy->realm)
               ? ha1
               : temporary_users_find(&a->temporary, user, alg, now_ms);
}

/* Is the response right for this HA1? For an unknown user, who has none, it is
 * compared all the same, with a password that nobody has, so that the time it
 * takes reveals nothing. */
static bool is_known(struct auth_verdict *v, struct span uri, struct span ha1)
{
    static const char nobody[DIGEST_HEX_MAX + 1] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    bool known = ha1.n != 0;

    v->why = known ? AUTH_WRONG : AUTH_UNKNOWN;
    if (!known)
        ha1 = span_of(nobody, digest_hex_len(v->credentials.alg));
    return answers(v, uri, ha1) && known;
}

/* Is the challenge that was answered one that we give? */
static bool is_for_us(const struct auth *a, const struct auth_verdict *v)
{
    return offers(a, v->credentials.alg) &&
           span_eq(v->credentials.realm, v->realm);
}

/* Whom neither file knows may be known elsewhere. What is in the users file
 * with another algorithm is nobody else's to say. */
static bool is_to_be_asked(const struct auth *a, const struct auth_verdict *v,
                           uint64_t now_ms)
{
    const struct digest_auth *c = &v->credentials;

    if (!a->may_ask || !is_for_us(a, v) || c->username.n > USERS_NAME_MAX ||
        span_has_control(c->username))
        return false;
    for (int alg = 0; alg < DIGEST_ALGS; alg++)
        if (find_ha1(a, v, (enum digest_alg)alg, now_ms).n)
            return false;
    return true;
}

static uint64_t time_left_s(const struct auth *a, uint64_t until_s)
{
    return until_s > a->unix_s ? until_s - a->unix_s : 0;
}

/* Judges the Expires that the client asks for: 200, 400 or 423 (R4976-6.3-f,
 * P-12). */
static unsigned judge_expires(const struct policy *policy,
                              struct auth_verdict *v, const struct msg *m)
{
    struct span text;
    uint64_t wanted_s;
    int err;

    v->expires_s = policy->default_expires_s;
    if (!msg_header(&text, m, SPAN("Expires")))
        return 200;
    err = span_u64(&wanted_s, text, UINT32_MAX);
    if (err == ERR_SYNTAX)
        return 400;
    if (err == ERR_LIMIT || wanted_s > policy->max_expires_s) {
        v->too_long = true;
        v->expires_s = policy->max_expires_s;
        return 423;
    }
    v->expires_s = (uint32_t)wanted_s;
    if (wanted_s >= policy->min_expires_s)
        return 200;
    v->expires_s = policy->min_expires_s;
    return 423;
}

/* Can it be quoted as it is? The cnonce is returned in the response. */
static bool is_quotable(struct span s)
{
    return span_find(s, '"') == s.n && span_find(s, '\\') == s.n;
}

static unsigned judge_failure(struct auth_verdict *v, enum auth_refusal why)
{
    v->failure = true;
    v->why = why;
    return 401;
}

/* Spends the nonce, after Expires was judged: the client may try again with the
 * nonce if that is out of bounds (S-16). */
static unsigned judge_nonce(struct auth *a, struct auth_verdict *v,
                            const struct msg *m, struct nonce_window *nonces,
                            uint64_t now_ms)
{
    unsigned code;

    v->stale = !nonce_is_fresh(
        &a->nonces, (struct nonce_scope){nonces, v->realm},
        v->credentials.nonce, a->policy->nonce_lifetime_ms, now_ms);
    if (v->stale)
        return 401;
    code = judge_expires(a->policy, v, m);
    if (code != 200)
        return code;
    v->stale = !nonce_use(nonces, v->credentials.nonce, v->credentials.nc);
    return v->stale ? 401 : 200;
}

/* Takes the header apart: 200, or the code of the refusal. */
static unsigned read_credentials(struct auth_verdict *v, struct span *uri,
                                 const struct msg *m)
{
    struct span header;
    int err;

    if (!msg_header(&header, m, SPAN("Authorization")))
        return 401;
    err = digest_auth_parse(&v->credentials, header);
    if (err == ERR_UNSUPPORTED)
        return 401;
    if (err || !is_quotable(v->credentials.cnonce) ||
        digest_uri(uri, m, &v->credentials) != 0)
        return 400;
    v->user = v->credentials.username;
    return 200;
}

static unsigned judge_credentials(struct auth *a, struct auth_verdict *v,
                                  const struct msg *m,
                                  struct nonce_window *nonces, uint64_t now_ms)
{
    uint64_t until_s = UINT64_MAX;
    struct span uri;
    unsigned code = read_credentials(v, &uri, m);

    if (code != 200)
        return code;
    if (!is_proven(a, v, uri, &until_s)) {
        if (is_to_be_asked(a, v, now_ms)) {
            code = judge_nonce(a, v, m, nonces, now_ms);
            return code == 200 ? AUTH_ASK : code;
        }
        if (!is_known(v, uri, find_ha1(a, v, v->credentials.alg, now_ms)))
            return judge_failure(v, v->why);
    }
    if (!is_for_us(a, v))
        return judge_failure(v, AUTH_WRONG);
    if (time_left_s(a, until_s) < a->policy->min_expires_s)
        return judge_failure(v, AUTH_EXPIRED);
    code = judge_nonce(a, v, m, nonces, now_ms);
    if (v->expires_s > time_left_s(a, until_s))
        v->expires_s = (uint32_t)time_left_s(a, until_s);
    return code;
}

static void verdict_begin(const struct auth *a, struct auth_verdict *v,
                          const struct msg *m)
{
    v->stale = v->failure = v->too_long = false;
    v->expires_s = 0;
    v->realm = realm_of(a->policy, rightmost(msg_text(m, m->to)));
    v->credentials.username = v->user = SPAN("");
    v->why = AUTH_WRONG;
}

void auth_judge(struct auth *a, struct auth_verdict *v, const struct msg *m,
                struct nonce_window *nonces, uint64_t now_ms)
{
    verdict_begin(a, v, m);
    v->code = judge_credentials(a, v, m, nonces, now_ms);
}

/* The settings may have changed since the question: what it was about is not
 * what the client is told of then. */
static unsigned judge_answer(const struct auth *a, struct auth_verdict *v,
                             const struct msg *m,
                             const struct asker_answer *answer)
{
    struct span uri, ha1 = SPAN("");
    unsigned code = read_credentials(v, &uri, m);

    if (code != 200)
        return code;
    if (answer->kind == ASKER_ERROR || !is_for_us(a, v))
        return 408;
    if (answer->kind == ASKER_HA1)
        ha1 = digest_hex_span(&answer->ha1);
    if (!is_known(v, uri, ha1))
        return judge_failure(v, v->why);
    return judge_expires(a->policy, v, m);
}

void auth_judge_answer(struct auth *a, struct auth_verdict *v,
                       const struct msg *m, const struct asker_answer *answer)
{
    verdict_begin(a, v, m);
    v->code = judge_answer(a, v, m, answer);
}

struct span auth_challenge(struct auth *a, char *dst, enum digest_alg alg,
                           const struct auth_verdict *v,
                           struct nonce_window *nonces, uint64_t now_ms)
{
    char nonce[NONCE_LEN];
    int n;

    if (nonce_new(&a->nonces, (struct nonce_scope){nonces, v->realm}, nonce,
                  a->policy->nonce_lifetime_ms, now_ms) != 0)
        return SPAN("");
    n = snprintf(dst, AUTH_CHALLENGE_MAX,
                 "Digest realm=\"%.*s\", nonce=\"%.*s\", opaque=\"%.*s\", "
                 "%salgorithm=%.*s, qop=\"auth\"",
                 SPAN_ARG(v->realm), NONCE_LEN, nonce, (int)sizeof a->opaque,
                 a->opaque, v->stale ? "stale=true, " : "",
                 SPAN_ARG(digest_alg_name(alg)));
    return n > 0 && n < AUTH_CHALLENGE_MAX ? span_of(dst, (size_t)n) : SPAN("");
}
