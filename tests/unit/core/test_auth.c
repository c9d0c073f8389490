/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth.h"

#include <stdio.h>

#include "auth_bench.h"
#include "cmocka_all.h"

static void the_right_credentials_are_granted(void **state)
{
    struct auth_bench *b = *state;
    struct digest_input in = {.alg = DIGEST_MD5,
                              .nonce = span_str(b->nonce),
                              .nc = SPAN("00000001"),
                              .cnonce = SPAN("xyz"),
                              .uri = SPAN("msrps://r;tcp")};
    struct digest_hex ha1, want;

    assert_int_equal(auth_bench_judge(b, &(struct auth_claim){0}), 200);
    assert_int_equal(b->v.expires_s, 1800);
    assert_span(b->v.credentials.cnonce, "xyz");
    assert_span(b->v.credentials.nc, "00000001");
    /* R4976-9.1-g. */
    assert_int_equal(digest_ha1(&ha1, DIGEST_MD5, SPAN("alice"),
                                SPAN("example.com"), SPAN("secret")),
                     0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&want, &in), 0);
    assert_span_equal(digest_hex_span(&b->v.rspauth), digest_hex_span(&want));
}

static void each_algorithm_that_is_offered_is_taken(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.alg_name = "MD5"}), 200);
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.alg = DIGEST_SHA256,
                                                 .alg_name = "SHA-256",
                                                 .nc = "00000002"}),
        200);
    b->policy.n_algorithms = 1; /* SHA-256 alone */
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.nc = "00000003"}), 401);
    assert_true(b->v.failure);
    assert_int_equal(
        auth_bench_judge(
            b, &(struct auth_claim){.alg_name = "MD5-sess", .nc = "00000004"}),
        401);
    assert_false(b->v.failure);
}

static void no_credentials_are_no_failure(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(
        auth_bench_judge_text(b, "msrps://r;tcp", "", AUTH_BENCH_NOW_MS), 401);
    assert_false(b->v.failure);
    assert_false(b->v.stale);
    assert_int_equal(auth_bench_judge_text(b, "msrps://r;tcp",
                                           "Authorization: Basic YTph\r\n",
                                           AUTH_BENCH_NOW_MS),
                     401);
    assert_false(b->v.failure);
}

static void wrong_credentials_are_a_failure(void **state)
{
    static const struct auth_claim wrong[] = {{.password = "guess"},
                                              {.user = "bob"},
                                              {.realm = "other"},
                                              {.user = "bob", .password = ""},
                                              {.user = "Alice"}};
    struct auth_bench *b = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(auth_bench_judge(b, &wrong[i]), 401);
        assert_true(b->v.failure);
        assert_false(b->v.stale);
        assert_int_equal(b->v.why, wrong[i].user ? AUTH_UNKNOWN : AUTH_WRONG);
    }
    /* They used up nothing. */
    assert_int_equal(auth_bench_judge(b, &(struct auth_claim){0}), 200);
}

static void malformed_credentials_are_a_bad_request(void **state)
{
    static const char *const bad[] = {
        "Authorization: Digest\r\n", "Authorization: Digest username=\"a\"\r\n",
        "Authorization: Digest username=alice, =\r\n"};
    struct auth_bench *b = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(auth_bench_judge_text(b, "msrps://r;tcp", bad[i],
                                               AUTH_BENCH_NOW_MS),
                         400);
    assert_int_equal(auth_bench_judge(b, &(struct auth_claim){.nc = "1"}), 400);
    assert_false(b->v.failure);
}

/* The answer gives it back in quotes. */
static void a_cnonce_must_stand_in_quotes_as_it_is(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.cnonce = "x\\\"y"}), 400);
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.cnonce = "x\\\\y"}), 400);
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.cnonce = "x,y; z"}), 200);
}

/* RFC 4976, trap 7; I-5, I-6: the rightmost URI as text, or the client's own
 * writing of it. */
static void the_uri_is_the_rightmost_in_to_path(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.to = "msrps://R;TCP"}), 200);
    assert_int_equal(
        auth_bench_judge(
            b, &(struct auth_claim){.to = "msrps://r:1/t;tcp msrps://s:2;tcp",
                                    .uri = "msrps://s:2;tcp",
                                    .nc = "00000002"}),
        200);
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.uri = "MSRPS://x@R;TCP",
                                                 .nc = "00000003"}),
        200);
    assert_int_equal(
        auth_bench_judge(
            b, &(struct auth_claim){.uri = "msrps://s;tcp", .nc = "00000004"}),
        400);
    assert_int_equal(
        auth_bench_judge(
            b, &(struct auth_claim){.uri = "nonsense", .nc = "00000005"}),
        400);
}

static void a_replay_is_stale(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(auth_bench_judge(b, &(struct auth_claim){0}), 200);
    assert_int_equal(auth_bench_judge(b, &(struct auth_claim){0}), 401);
    assert_true(b->v.stale);
    assert_false(b->v.failure);
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.nc = "00000002"}), 200);
}

static void an_old_nonce_is_stale_if_all_else_is_right(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(auth_bench_judge_at(b, &(struct auth_claim){0},
                                         AUTH_BENCH_NOW_MS + 60001),
                     401);
    assert_true(b->v.stale);
    assert_false(b->v.failure);
    assert_int_equal(
        auth_bench_judge_at(b, &(struct auth_claim){.password = "guess"},
                            AUTH_BENCH_NOW_MS + 60001),
        401);
    assert_false(b->v.stale);
    assert_true(b->v.failure);
    assert_int_equal(auth_bench_judge(b, &(struct auth_claim){.nonce = "0123"}),
                     401);
    assert_true(b->v.stale);
}

/* P-12, R4976-6.3-f. */
static void expires_is_held_to_its_bounds(void **state)
{
    static const struct {
        const char *rest;
        unsigned code;
        uint32_t expires_s;
        bool too_long;
    } table[] = {
        {"", 200, 1800, false},
        {"Expires: 60\r\n", 200, 60, false},
        {"expires: 86400\r\n", 200, 86400, false},
        {"Expires: 59\r\n", 423, 60, false},
        {"Expires: 0\r\n", 423, 60, false},
        {"Expires: 86401\r\n", 423, 86400, true},
        {"Expires: 4294967296\r\n", 423, 86400, true},
        {"Expires: 99999999999999999999999999\r\n", 400, 0, false},
        {"Expires: -1\r\n", 400, 0, false},
        {"Expires: 60s\r\n", 400, 0, false},
        {"Expires: \r\n", 400, 0, false},
    };
    struct auth_bench *b = *state;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char nc[16];

        (void)snprintf(nc, sizeof nc, "%08zx", i + 1);
        assert_int_equal(
            auth_bench_judge(
                b, &(struct auth_claim){.rest = table[i].rest, .nc = nc}),
            table[i].code);
        if (table[i].code == 400)
            continue;
        assert_int_equal(b->v.expires_s, table[i].expires_s);
        assert_int_equal(b->v.too_long, table[i].too_long);
    }
}

/* Who is not who he says learns nothing of the bounds. */
static void expires_is_looked_at_after_authentication(void **state)
{
    struct auth_bench *b = *state;

    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.password = "guess",
                                                 .rest = "Expires: 1\r\n"}),
        401);
}

/* I-7, I-8, R4976-9.1-b, -c. */
static void a_challenge_is_just_so(void **state)
{
    struct auth_bench *b = *state;
    char dst[AUTH_CHALLENGE_MAX], want[AUTH_CHALLENGE_MAX];
    struct auth_verdict v = {.realm = b->policy.realm, .stale = true};
    struct span got = auth_challenge(&b->auth, dst, DIGEST_SHA256, &v,
                                     &b->nonces, AUTH_BENCH_NOW_MS);
    struct digest_challenge c;

    assert_int_equal(digest_challenge_parse(&c, got), 0);
    assert_true(nonce_is_fresh(&b->auth.nonces,
                               (struct nonce_scope){&b->nonces, v.realm},
                               c.nonce, 1, AUTH_BENCH_NOW_MS));
    (void)snprintf(want, sizeof want,
                   "Digest realm=\"example.com\", nonce=\"%.*s\", "
                   "opaque=\"%.16s\", stale=true, algorithm=SHA-256, "
                   "qop=\"auth\"",
                   SPAN_ARG(c.nonce), b->auth.opaque);
    assert_span_equal(got, span_str(want));
    v.stale = false;
    got = auth_challenge(&b->auth, dst, DIGEST_MD5, &v, &b->nonces,
                         AUTH_BENCH_NOW_MS);
    assert_null(memmem(got.p, got.n, "stale", 5));
    assert_non_null(memmem(got.p, got.n, ", algorithm=MD5, ", 17));
}

/* --- realms --- */

static void the_host_chooses_the_realm(void **state)
{
    struct auth_bench *b = *state;
    struct auth_claim c = {.to = "msrps://Two.Example;tcp",
                           .realm = "two.example"};

    auth_bench_challenge(b, c.to, "two.example");
    assert_int_equal(auth_bench_judge(b, &c), 401); /* of the other realm */
    assert_true(b->v.failure);
    c.password = "other";
    assert_int_equal(auth_bench_judge(b, &c), 200);
    assert_span(b->v.realm, "two.example");
    auth_bench_challenge(b, "msrps://six.example:2855;tcp", "six.example");
    c.to = "msrps://six.example:2855;tcp";
    c.realm = "six.example";
    assert_int_equal(auth_bench_judge(b, &c), 401); /* which has no such user */
    assert_true(b->v.failure);
}

static void any_other_host_means_the_first_realm(void **state)
{
    struct auth_bench *b = *state;

    auth_bench_challenge(b, "msrps://r;tcp", "example.com");
    auth_bench_challenge(b, "msrps://example.com;tcp", "example.com");
    assert_int_equal(
        auth_bench_judge(b,
                         &(struct auth_claim){.to = "msrps://example.com;tcp"}),
        200);
    assert_span(b->v.realm, "example.com");
}

static void credentials_of_one_realm_are_none_of_another(void **state)
{
    struct auth_bench *b = *state;
    struct auth_claim c = {.to = "msrps://two.example;tcp"};

    /* Right for example.com, with a nonce of it. */
    assert_int_equal(auth_bench_judge(b, &c), 401);
    assert_true(b->v.failure);
    /* Right for this one, with a nonce of the other. */
    c.realm = "two.example";
    c.password = "other";
    assert_int_equal(auth_bench_judge(b, &c), 401);
    assert_true(b->v.stale);
    assert_false(b->v.failure);
}

static void a_temporary_user_is_granted_for_his_time(void **state)
{
    struct auth_bench *b = *state;
    struct temporary_login login;
    char name[TEMPORARY_USERS_NAME + 1], password[TEMPORARY_USERS_PASSWORD + 1];
    struct auth_claim claim = {.user = name, .password = password};

    assert_int_equal(temporary_users_add(&b->auth.temporary, &login,
                                         b->policy.realm, &b->rnd,
                                         AUTH_BENCH_NOW_MS),
                     0);
    span_copy(name, sizeof name, span_of(login.name, sizeof login.name));
    span_copy(password, sizeof password,
              span_of(login.password, sizeof login.password));
    assert_int_equal(auth_bench_judge(b, &claim), 200);
    claim.password = "guess";
    claim.nc = "00000002";
    assert_int_equal(auth_bench_judge(b, &claim), 401);
    assert_true(b->v.failure);
    claim.password = password;
    assert_int_equal(
        auth_bench_judge_at(b, &claim, AUTH_BENCH_NOW_MS + TEMPORARY_USERS_MS),
        401);
    assert_true(b->v.failure);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, auth_bench_set_up,                   \
                                    auth_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_right_credentials_are_granted),
        TEST(each_algorithm_that_is_offered_is_taken),
        TEST(no_credentials_are_no_failure),
        TEST(wrong_credentials_are_a_failure),
        TEST(malformed_credentials_are_a_bad_request),
        TEST(a_cnonce_must_stand_in_quotes_as_it_is),
        TEST(the_uri_is_the_rightmost_in_to_path),
        TEST(a_replay_is_stale),
        TEST(an_old_nonce_is_stale_if_all_else_is_right),
        TEST(expires_is_held_to_its_bounds),
        TEST(expires_is_looked_at_after_authentication),
        TEST(a_challenge_is_just_so),
        TEST(a_temporary_user_is_granted_for_his_time),
        TEST(the_host_chooses_the_realm),
        TEST(any_other_host_means_the_first_realm),
        TEST(credentials_of_one_realm_are_none_of_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
