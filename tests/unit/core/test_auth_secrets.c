/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials that a shared secret proves. */
#include <stdio.h>

#include "auth_bench.h"
#include "cmocka_all.h"

enum { TODAY_S = 1800000000 };

/* The relay has the secrets "new" and "old", and it is TODAY_S. */
static void share_secrets(struct auth_bench *b)
{
    assert_int_equal(secrets_parse(&b->secrets, SPAN("new\nold\n"),
                                   EPHEMERAL_SHA1, NULL, NULL),
                     0);
    b->policy.secrets = b->secrets;
    b->auth.unix_s = TODAY_S;
}

/* Logs in with what `secret` makes for `user`. */
static unsigned judge_ephemeral(struct auth_bench *b, const char *secret,
                                const char *user, struct auth_claim c)
{
    static unsigned count;
    char space[EPHEMERAL_PASSWORD_MAX] = "", nc[16];
    struct span password;

    assert_int_equal(ephemeral_password(&password, space, EPHEMERAL_SHA1,
                                        span_str(secret), span_str(user)),
                     0);
    (void)snprintf(nc, sizeof nc, "%08x", ++count);
    c.user = user;
    c.password = space;
    c.nc = nc;
    return auth_bench_judge(b, &c);
}

static void every_secret_proves_credentials(void **state)
{
    static const char *const secrets[] = {"new", "old"};
    struct auth_bench *b = *state;

    share_secrets(b);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(judge_ephemeral(b, secrets[i], "1800003600:dora",
                                         (struct auth_claim){0}),
                         200);
        assert_span(b->v.user, "dora");
        assert_int_equal(b->v.expires_s, 1800);
    }
    assert_int_equal(
        judge_ephemeral(
            b, "old", "1800003600:dora",
            (struct auth_claim){.alg = DIGEST_SHA256, .alg_name = "SHA-256"}),
        200);
    /* The file is asked as ever. */
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.nc = "00000099"}), 200);
    assert_span(b->v.user, "alice");
}

static void another_secret_proves_nothing(void **state)
{
    struct auth_bench *b = *state;

    share_secrets(b);
    assert_int_equal(
        judge_ephemeral(b, "other", "1800003600:dora", (struct auth_claim){0}),
        401);
    assert_true(b->v.failure);
    assert_int_equal(b->v.why, AUTH_UNKNOWN);
    /* Whose name it is does not matter. */
    assert_int_equal(
        auth_bench_judge(b, &(struct auth_claim){.user = "1800003600:alice"}),
        401);
    assert_int_equal(b->v.why, AUTH_UNKNOWN);
    assert_int_equal(judge_ephemeral(b, "new", "dora", (struct auth_claim){0}),
                     401);
    b->policy.secrets = NULL;
    assert_int_equal(
        judge_ephemeral(b, "new", "1800003600:dora", (struct auth_claim){0}),
        401);
}

static void a_session_ends_with_its_credentials(void **state)
{
    struct auth_bench *b = *state;

    share_secrets(b);
    assert_int_equal(
        judge_ephemeral(b, "new", "1800000090:dora", (struct auth_claim){0}),
        200);
    assert_int_equal(b->v.expires_s, 90);
    assert_int_equal(
        judge_ephemeral(b, "new", "1800000090:dora",
                        (struct auth_claim){.rest = "Expires: 80\r\n"}),
        200);
    assert_int_equal(b->v.expires_s, 80);
}

static void credentials_that_are_about_to_end_have_expired(void **state)
{
    static const char *const users[] = {"1800000059:dora", "1800000000:dora",
                                        "1799999999:dora", "0:dora"};
    struct auth_bench *b = *state;

    share_secrets(b);
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        assert_int_equal(
            judge_ephemeral(b, "new", users[i], (struct auth_claim){0}), 401);
        assert_true(b->v.failure);
        assert_false(b->v.stale);
        assert_int_equal(b->v.why, AUTH_EXPIRED);
        assert_span(b->v.user, "dora");
    }
    assert_int_equal(
        judge_ephemeral(b, "new", "1800000060:dora", (struct auth_claim){0}),
        200);
    assert_int_equal(b->v.expires_s, 60);
}

static void secrets_hold_for_every_realm(void **state)
{
    struct auth_bench *b = *state;
    const char *to = "msrps://two.example;tcp";

    share_secrets(b);
    auth_bench_challenge(b, to, "two.example");
    assert_int_equal(
        judge_ephemeral(b, "new", "1800003600:dora",
                        (struct auth_claim){.to = to, .realm = "two.example"}),
        200);
    assert_span(b->v.realm, "two.example");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, auth_bench_set_up,                   \
                                    auth_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_secret_proves_credentials),
        TEST(another_secret_proves_nothing),
        TEST(a_session_ends_with_its_credentials),
        TEST(credentials_that_are_about_to_end_have_expired),
        TEST(secrets_hold_for_every_realm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
