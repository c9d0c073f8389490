/* SPDX-License-Identifier: BSD-2-Clause */
/* Sides that are given another URI with the same token. */
#include "anchored.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "pair_bench.h"

#define P_TLS "msrps://alice.example:7654/s3cure;tcp"
#define KEEP_ALIVE "Message-ID: 0\r\n-------hi$\r\n"

/* The side's URI is msrps from now on: it and the path are in dst. */
static void change_to_tls(struct pair_bench *b, enum anchored_side side,
                          const char *path, char *dst)
{
    struct anchored_grant grant = pair_bench_grant();
    struct anchored_uri *u;

    grant.secure = true;
    assert_int_equal(anchored_uri_new(&u, b->pair, side, &grant), 0);
    (void)span_copy(dst, 128, anchored_uri_text(u));
    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_uri_use(b->rig.relay, b->pair, side, u);
    pair_bench_say(b, b->pair, side, path, false);
}

/* ... which differs from the old one in what stands before the token. */
static void assert_same_token(const char *before, const char *after)
{
    assert_true(strncmp(after, "msrps://", 8) == 0);
    assert_string_equal(strrchr(before, '/'), strrchr(after, '/'));
}

static void test_a_changes(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;
    char u_a[128];

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    pair_bench_assert_in(a, b->u_a);
    pair_bench_assert_in(bob, "MSRP m1 200");
    change_to_tls(b, ANCHORED_A, P_TLS, u_a);
    (void)pair_bench_got(bob);
    assert_same_token(b->u_a, u_a);
    assert_int_equal(a->fake.closes, 1); /* what it spoke over before */
    assert_int_equal(bob->fake.closes, 0);
    a = pair_bench_come(b, "clear");
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert_in(a, "MSRP m1 481");
    pair_bench_ask(b, a, "m1 SEND", u_a, P_TLS, HELLO);
    pair_bench_assert_in(a, "MSRP m1 403"); /* */
    a = rig_connect(&b->rig, "secure");
    pair_bench_ask(b, a, "m1 SEND", u_a, P_TLS, HELLO);
    pair_bench_assert_in(a, "MSRP m1 200");
    pair_bench_assert(bob,
                      "MSRP @ SEND\r\nTo-Path: " P_B "\r\nFrom-Path: %s\r\n"
                      "Message-ID: 87652491\r\nSuccess-Report: yes\r\n"
                      "Byte-Range: 1-5/5\r\nContent-Type: text/plain\r\n\r\n"
                      "hello\r\n-------@$\r\n",
                      b->u_b);
    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    pair_bench_assert_in(a, u_a + strlen("msrps://"));
}

/* The token of B leads to another pair too, which stays as it is. */
static void test_b_changes(void **state)
{
    struct pair_bench *b = *state;
    static const char p_other[] = "msrp://other.example:1/f0rk;tcp";
    struct anchored_pair *other;
    struct wire *a, *bob, *w;
    char u_b[128];

    pair_bench_connect(b, &a, &bob);
    other = pair_bench_pair(b, b->token);
    pair_bench_say(b, other, ANCHORED_A, P_A, false);
    pair_bench_say(b, other, ANCHORED_B, p_other, false);
    change_to_tls(b, ANCHORED_B, P_TLS, u_b);
    assert_same_token(b->u_b, u_b);
    w = rig_connect(&b->rig, "secure");
    pair_bench_ask(b, w, "hi SEND", b->u_b, P_TLS, KEEP_ALIVE);
    pair_bench_assert_in(w, "MSRP hi 403");
    pair_bench_ask(b, w, "m1 SEND", u_b, P_TLS, HELLO);
    pair_bench_assert_in(w, "MSRP m1 200");
    pair_bench_assert_in(a, "\r\nhello\r\n");
    w = pair_bench_come(b, "other");
    pair_bench_ask(b, w, "hi SEND", u_b, p_other, KEEP_ALIVE);
    pair_bench_assert_in(w, "MSRP hi 403");
    pair_bench_ask(b, w, "hi SEND", b->u_b, p_other, KEEP_ALIVE);
    pair_bench_assert_in(w, "MSRP hi 200");
}

/* Twice, and one that is not used after all. */
static void test_there_and_back(void **state)
{
    struct pair_bench *b = *state;
    const struct anchored_grant grant = pair_bench_grant();
    struct anchored_uri *u, *unused;
    struct wire *a, *bob;
    char u_a[128];

    pair_bench_connect(b, &a, &bob);
    change_to_tls(b, ANCHORED_A, P_TLS, u_a);
    assert_int_equal(anchored_uri_new(&u, b->pair, ANCHORED_A, &grant), 0);
    assert_int_equal(anchored_uri_new(&unused, b->pair, ANCHORED_A, &grant), 0);
    anchored_uri_use(b->rig.relay, b->pair, ANCHORED_A, u);
    anchored_uri_free(unused);
    pair_bench_say(b, b->pair, ANCHORED_A, P_A, false);
    a = pair_bench_come(b, "clear");
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert_in(a, "MSRP m1 200");
}

int main(void)
{
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, pair_bench_set_up, pair_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_changes),
        TEST(test_b_changes),
        TEST(test_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
