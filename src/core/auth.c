/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"

#include <stdio.h>

#include "err.h"
#include "route.h"
#include "uri.h"

void auth_init(struct auth *a, const struct policy *policy,
               const struct users *users, struct rnd *rnd)
{
    a->policy = policy;
    a->users = users;
    rnd_alnum(rnd, a->opaque, sizeof a->opaque);
    nonces_init(&a->nonces, rnd);
}

void auth_fini(struct auth *a)
{
    nonces_fini(&a->nonces);
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

/* Is the response right? For an unknown user it is computed all the same, with
 * a password that nobody has, so that the time it takes reveals nothing. */
static bool is_right(const struct auth *a, struct auth_verdict *v,
                     struct span uri)
{
    static const char nobody[DIGEST_HEX_MAX + 1] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    const struct digest_auth *c = &v->credentials;
    struct span ha1 = users_find(a->users, c->username, v->realm, c->alg);
    bool known = ha1.n != 0;
    struct digest_input in = {.alg = c->alg,
                              .nonce = c->nonce,
                              .nc = c->nc,
                              .cnonce = c->cnonce,
                              .method = SPAN("AUTH"),
                              .uri = uri};
    struct digest_hex want;
    bool right;

    in.ha1 = known ? ha1 : span_of(nobody, digest_hex_len(c->alg));
    if (digest_response(&want, &in) != 0)
        return false;
    right = span_eq_secret(digest_hex_span(&want), c->response);
    in.method = SPAN("");
    if (digest_response(&v->rspauth, &in) != 0)
        return false;
    return right && known && offers(a, c->alg) && span_eq(c->realm, v->realm);
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

static unsigned judge_credentials(struct auth *a, struct auth_verdict *v,
                                  const struct msg *m, struct span header,
                                  struct nonce_window *nonces, uint64_t now_ms)
{
    struct span uri;
    int err = digest_auth_parse(&v->credentials, header);
    unsigned code;

    if (err == ERR_UNSUPPORTED)
        return 401;
    if (err || !is_quotable(v->credentials.cnonce) ||
        digest_uri(&uri, m, &v->credentials) != 0)
        return 400;
    if (!is_right(a, v, uri)) {
        v->failure = true;
        return 401;
    }
    v->stale = !nonce_is_fresh(
        &a->nonces, (struct nonce_scope){nonces, v->realm},
        v->credentials.nonce, a->policy->nonce_lifetime_ms, now_ms);
    if (v->stale)
        return 401;
    /* Before the nonce is spent: the client may try again with it (S-16). */
    code = judge_expires(a->policy, v, m);
    if (code != 200)
        return code;
    v->stale = !nonce_use(nonces, v->credentials.nonce, v->credentials.nc);
    return v->stale ? 401 : 200;
}

void auth_judge(struct auth *a, struct auth_verdict *v, const struct msg *m,
                struct nonce_window *nonces, uint64_t now_ms)
{
    struct span header;

    v->stale = v->failure = v->too_long = false;
    v->expires_s = 0;
    v->realm = realm_of(a->policy, rightmost(msg_text(m, m->to)));
    v->credentials.username = SPAN("");
    v->code = msg_header(&header, m, SPAN("Authorization"))
                  ? judge_credentials(a, v, m, header, nonces, now_ms)
                  : 401;
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
