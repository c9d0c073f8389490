/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "texts.h"

int auth_bench_set_up(void **state)
{
    static const enum digest_alg algs[] = {DIGEST_MD5, DIGEST_SHA256};
    struct auth_bench *b = calloc(1, sizeof *b);
    static const char *const realms[][2] = {{"example.com", "secret"},
                                            {"two.example", "other"}};
    static const struct span more[] = {{"two.example", 11},
                                       {"six.example", 11}};
    char text[1024];
    size_t n = 0;

    assert_non_null(b);
    rnd_init(&b->rnd);
    b->policy = (struct policy){
        .realm = SPAN("example.com"),
        .realms = more,
        .n_realms = 2,
        .algorithms = {DIGEST_SHA256, DIGEST_MD5},
        .n_algorithms = 2,
        .min_expires_s = 60,
        .default_expires_s = 1800,
        .max_expires_s = 86400,
        .nonce_lifetime_ms = 60000,
    };
    for (size_t i = 0; i < 4; i++) {
        const char *const *realm = realms[i / 2];
        struct digest_hex ha1;

        assert_int_equal(digest_ha1(&ha1, algs[i % 2], SPAN("alice"),
                                    span_str(realm[0]), span_str(realm[1])),
                         0);
        n += (size_t)snprintf(text + n, sizeof text - n, "alice:%s:%.*s\n",
                              realm[0], SPAN_ARG(digest_hex_span(&ha1)));
    }
    assert_int_equal(users_parse(&b->users, span_of(text, n), NULL, NULL), 0);
    auth_init(&b->auth, &b->policy, b->users, &b->rnd);
    nonce_window_init(&b->nonces, 1, NONCE_WINDOW_CLIENT);
    assert_int_equal(
        nonce_new(&b->auth.nonces,
                  (struct nonce_scope){&b->nonces, b->policy.realm}, b->nonce,
                  b->policy.nonce_lifetime_ms, AUTH_BENCH_NOW_MS),
        0);
    *state = b;
    return 0;
}

int auth_bench_tear_down(void **state)
{
    struct auth_bench *b = *state;

    nonce_window_fini(&b->nonces);
    auth_fini(&b->auth);
    users_free(b->users);
    secrets_free(b->secrets);
    free(b);
    return 0;
}

static const char * or (const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

unsigned auth_bench_judge_text(struct auth_bench *b, const char *to,
                               const char *headers, uint64_t now_ms)
{
    struct msg m;

    (void)snprintf(b->text, sizeof b->text,
                   "MSRP abcd AUTH\r\nTo-Path: %s\r\n"
                   "From-Path: msrps://a:1/a;tcp\r\n%s",
                   to, headers);
    m = msg_of(b->text);
    auth_judge(&b->auth, &b->v, &m, &b->nonces, now_ms);
    return b->v.code;
}

unsigned auth_bench_judge_at(struct auth_bench *b, const struct auth_claim *c,
                             uint64_t now_ms)
{
    const char *user = or (c->user, "alice"), *nc = or (c->nc, "00000001");
    const char *realm = or (c->realm, "example.com");
    const char *nonce = or (c->nonce, b->nonce),
               *cnonce = or (c->cnonce, "xyz");
    const char *to = or (c->to, "msrps://r;tcp");
    struct digest_input in = {.alg = c->alg,
                              .nonce = span_str(nonce),
                              .nc = span_str(nc),
                              .cnonce = span_str(cnonce),
                              .method = SPAN("AUTH"),
                              .uri = span_str(or (c->uri, to))};
    struct digest_hex ha1, response;
    char text[1024];
    size_t n;

    assert_int_equal(digest_ha1(&ha1, c->alg, span_str(user), span_str(realm),
                                span_str(or (c->password, "secret"))),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&response, &in), 0);
    n = (size_t)snprintf(text, sizeof text,
                         "Authorization: Digest username=\"%s\", realm=\"%s\", "
                         "nonce=\"%s\", response=\"%.*s\", qop=auth, nc=%s, "
                         "cnonce=\"%s\"",
                         user, realm, nonce,
                         SPAN_ARG(digest_hex_span(&response)), nc, cnonce);
    if (c->alg_name)
        n += (size_t)snprintf(text + n, sizeof text - n, ", algorithm=%s",
                              c->alg_name);
    if (c->uri)
        n +=
            (size_t)snprintf(text + n, sizeof text - n, ", uri=\"%s\"", c->uri);
    (void)snprintf(text + n, sizeof text - n, "\r\n%s", or (c->rest, ""));
    return auth_bench_judge_text(b, to, text, now_ms);
}

unsigned auth_bench_judge(struct auth_bench *b, const struct auth_claim *c)
{
    return auth_bench_judge_at(b, c, AUTH_BENCH_NOW_MS);
}

void auth_bench_challenge(struct auth_bench *b, const char *to,
                          const char *realm)
{
    char dst[AUTH_CHALLENGE_MAX];
    struct digest_challenge c;

    assert_int_equal(auth_bench_judge_text(b, to, "", AUTH_BENCH_NOW_MS), 401);
    assert_int_equal(digest_challenge_parse(
                         &c, auth_challenge(&b->auth, dst, DIGEST_MD5, &b->v,
                                            &b->nonces, AUTH_BENCH_NOW_MS)),
                     0);
    assert_span_equal(c.realm, span_str(realm));
    memcpy(b->nonce, c.nonce.p, NONCE_LEN);
}
