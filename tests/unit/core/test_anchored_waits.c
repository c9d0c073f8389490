/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits for a side, and its pair ends: everything is
 * answered. */
#include "anchored.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "pair_bench.h"

#define NICKNAME "Use-Nickname: \"a\"\r\n-------n1$\r\n"
#define P_OTHER "msrp://other.example:1/0ther;tcp"

static void end_pair(struct pair_bench *b)
{
    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_pair_end(b->rig.relay, b->pair, ANCHORED_DELETE);
    rig_settle(&b->rig);
}

static void end_token(struct pair_bench *b)
{
    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_token_end(b->rig.relay, b->token, ANCHORED_DELETE);
    b->token = NULL;
    rig_settle(&b->rig);
}

static void answer_as(struct pair_bench *b, struct wire *w, const char *tid)
{
    char text[PAIR_TEXT_MAX];

    (void)snprintf(text, sizeof text,
                   "MSRP %s 200 OK\r\nTo-Path: %s\r\nFrom-Path: " P_B
                   "\r\n-------%s$\r\n",
                   tid, b->u_b, tid);
    rig_send(&b->rig, w, text);
}

/* B has not come yet. */
static void test_for_a_side(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");
    const char *got;

    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "n1 NICKNAME", b->u_a, P_A, NICKNAME);
    pair_bench_assert(a, "%s", "");
    end_pair(b);
    got = pair_bench_got(a);
    assert_non_null(strstr(got, "MSRP m1 481"));
    assert_non_null(strstr(got, "MSRP n1 481"));
    assert_null(strstr(got, "REPORT"));
}

/* ... and what was answered for it already is reported. */
static void test_for_a_side_answered(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    rig_wait(&b->rig, 10000);
    pair_bench_assert_in(a, "MSRP m1 200");
    end_pair(b);
    pair_bench_assert(a,
                      "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
                      "Status: 000 481 No Such Session\r\n-------@$\r\n",
                      b->u_a);
}

/* B is being dialled. */
static void test_for_a_dial(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob;
    const char *got;

    b->dials = true;
    pair_bench_answer(b, true);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "n1 NICKNAME", b->u_a, P_A, NICKNAME);
    end_pair(b);
    got = pair_bench_got(a);
    assert_non_null(strstr(got, "MSRP m1 481"));
    assert_non_null(strstr(got, "MSRP n1 481"));
    assert_int_equal(bob->fake.closes, 1);
}

/* A part of a message waits; the rest of it comes when all is over. */
static void test_a_part(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A,
                   "Message-ID: 1\r\nByte-Range: 1-*/10\r\n"
                   "Content-Type: text/plain\r\n\r\n12345");
    end_pair(b);
    rig_send(&b->rig, a, "67890\r\n-------m1$\r\n");
    pair_bench_assert(a,
                      "MSRP m1 481 No Such Session\r\nTo-Path: " P_A
                      "\r\nFrom-Path: %s\r\n-------m1$\r\n",
                      b->u_a);
}

/* B has got it, and has not answered yet: what comes late is for nobody. */
static void test_for_a_response(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;
    char tid[TID_LEN + 1];

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "n1 NICKNAME", b->u_a, P_A, NICKNAME);
    span_copy(tid, sizeof tid,
              span_from(fake_link_new_output(&bob->fake), strlen("MSRP ")));
    end_pair(b);
    pair_bench_assert(a,
                      "MSRP n1 481 No Such Session\r\nTo-Path: " P_A
                      "\r\nFrom-Path: %s\r\n-------n1$\r\n",
                      b->u_a);
    answer_as(b, bob, tid);
    pair_bench_assert(a, "%s", "");
}

/* ... and is at another place now. */
static void test_for_a_response_from_elsewhere(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "n1 NICKNAME", b->u_a, P_A, NICKNAME);
    pair_bench_say(b, b->pair, ANCHORED_B, P_OTHER, false);
    pair_bench_assert_in(a, "MSRP n1 408");
}

/* B was faster than the proxy, which then says that there is no call. */
static void test_for_an_answer(void **state)
{
    struct pair_bench *b = *state;
    struct wire *bob = pair_bench_come(b, "b"), *two = pair_bench_come(b, "2");

    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    pair_bench_ask(b, two, "n1 NICKNAME", b->u_b, P_B, NICKNAME);
    pair_bench_assert(bob, "%s", "");
    end_token(b);
    pair_bench_assert_in(bob, "MSRP m1 481");
    pair_bench_assert_in(two, "MSRP n1 481");
}

/* ... or that it is somebody else's. */
static void test_for_another_answer(void **state)
{
    struct pair_bench *b = *state;
    struct wire *bob = pair_bench_come(b, "b");

    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_OTHER, HELLO);
    pair_bench_answer(b, false);
    pair_bench_assert_in(bob, "MSRP m1 403");
}

/* The end of a request with an empty body has come when it begins to wait. */
static void test_an_empty_body(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob = pair_bench_come(b, "b");

    pair_bench_ask(b, bob, "n1 NICKNAME", b->u_b, P_B,
                   "Content-Type: a/b\r\n\r\n\r\n-------n1$\r\n");
    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "hi SEND", b->u_a, P_A,
                   "Message-ID: 0\r\nFailure-Report: no\r\n-------hi$\r\n");
    pair_bench_assert_in(a, "NICKNAME\r\nTo-Path: " P_A);
    (void)pair_bench_got(bob);
    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    pair_bench_assert_in(bob, "MSRP m1 200");
    pair_bench_assert_in(a, "\r\nhello\r\n");
}

int main(void)
{
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, pair_bench_set_up, pair_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_for_a_side),
        TEST(test_for_a_side_answered),
        TEST(test_for_a_dial),
        TEST(test_a_part),
        TEST(test_for_an_answer),
        TEST(test_for_another_answer),
        TEST(test_an_empty_body),
        TEST(test_for_a_response),
        TEST(test_for_a_response_from_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
