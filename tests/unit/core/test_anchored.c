/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairs of clients that never log in. */
#include "anchored.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "pair_bench.h"

/* E5: SEND, 200, REPORT through a pair, paths replaced both ways. */
static void test_message_and_report(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert(a,
                      "MSRP m1 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "-------m1$\r\n",
                      b->u_a);
    pair_bench_assert(bob,
                      "MSRP @ SEND\r\nTo-Path: " P_B "\r\nFrom-Path: %s\r\n"
                      "Message-ID: 87652491\r\nSuccess-Report: yes\r\n"
                      "Byte-Range: 1-5/5\r\nContent-Type: text/plain\r\n\r\n"
                      "hello\r\n-------@$\r\n",
                      b->u_b);
    pair_bench_ask(
        b, bob, "r1 REPORT", b->u_b, P_B,
        "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n"
        "-------r1$\r\n");
    pair_bench_assert(a,
                      "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
                      "Status: 000 200 OK\r\n-------@$\r\n",
                      b->u_a);
    pair_bench_assert(bob, "%s", "");
}

/* The relay dials B as soon as the answer is there, and asks first. */
static void test_dialled(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob;
    const char *text;

    b->dials = true;
    pair_bench_answer(b, true);
    assert_int_equal(b->n_dialled, 1);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert(a, "%s", ""); /* the answer waits for the outcome */
    rig_up(&b->rig, bob);
    pair_bench_assert(a,
                      "MSRP m1 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "-------m1$\r\n",
                      b->u_a);
    text = pair_bench_got(bob);
    assert_non_null(strstr(text, "MSRP @ SEND\r\nTo-Path: " P_B));
    assert_non_null(strstr(text, "\r\nhello\r\n"));
}

/* what comes before B does waits for it; a bodiless SEND does not. */
static void test_waits_for_the_other_side(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob = pair_bench_come(b, "b");

    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert(a, "%s", "");
    pair_bench_ask(b, bob, "hi SEND", b->u_b, P_B,
                   "Message-ID: 0\r\n-------hi$\r\n");
    pair_bench_assert_in(a, "MSRP m1 200 OK");
    pair_bench_assert_in(bob, "\r\nhello\r\n");
}

/* ... and fails with 408 if it never comes. */
static void test_waits_in_vain(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    rig_wait(&b->rig, 10000);
    pair_bench_assert(a,
                      "MSRP m1 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "-------m1$\r\n",
                      b->u_a);
    rig_wait(&b->rig, b->rig.policy.transaction_ms);
    pair_bench_assert(a,
                      "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
                      "Status: 000 408 Timeout\r\n-------@$\r\n",
                      b->u_a);
}

/* who speaks is known by the path that was announced. */
static void test_strangers(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob, *eve;

    pair_bench_connect(b, &a, &bob);
    eve = pair_bench_come(b, "eve");
    pair_bench_ask(b, eve, "m1 SEND", b->u_b, "msrp://eve.example:9/eve;tcp",
                   HELLO);
    pair_bench_assert_in(eve, "MSRP m1 403");
    pair_bench_ask(b, eve, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert_in(eve, "MSRP m1 506");
    assert_int_equal(a->fake.probes, 1);
    pair_bench_ask(b, eve, "m1 SEND", "msrp://192.0.2.10:2856/unknown;tcp", P_A,
                   HELLO);
    pair_bench_assert_in(eve, "MSRP m1 481");
    pair_bench_assert(a, "%s", "");
    pair_bench_assert(bob, "%s", "");
}

/* B is faster than the proxy. */
static void test_early(void **state)
{
    struct pair_bench *b = *state;
    struct wire *bob = pair_bench_come(b, "b"), *a;

    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    pair_bench_assert(bob, "%s", "");
    assert_true(bob->fake.paused);
    a = pair_bench_come(b, "a");
    pair_bench_answer(b, false);
    assert_false(bob->fake.paused);
    pair_bench_ask(b, a, "hi SEND", b->u_a, P_A,
                   "Message-ID: 0\r\n-------hi$\r\n");
    pair_bench_assert_in(bob, "MSRP m1 200");
    pair_bench_assert_in(a, "\r\nhello\r\n");
}

static void test_early_in_vain(void **state)
{
    struct pair_bench *b = *state;
    struct wire *bob = pair_bench_come(b, "b");

    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    rig_wait(&b->rig, 5000);
    pair_bench_assert(bob,
                      "MSRP m1 481 No Such Session\r\nTo-Path: " P_B
                      "\r\nFrom-Path: %s\r\n-------m1$\r\n",
                      b->u_b);
}

/* other methods are answered end to end, whatever the other paths are. */
static void test_nickname(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;
    char text[PAIR_TEXT_MAX], answer_text[PAIR_TEXT_MAX];
    char tid[17];

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "n1 NICKNAME", b->u_a, P_A,
                   "Use-Nickname: \"Alice\"\r\n-------n1$\r\n");
    (void)span_copy(text, sizeof text, fake_link_new_output(&bob->fake));
    assert_non_null(strstr(text, "Use-Nickname"));
    (void)span_copy(tid, sizeof tid, span_of(text + 5, 16));
    (void)snprintf(answer_text, sizeof answer_text,
                   "MSRP %s 425 In Use\r\nTo-Path: %s\r\nFrom-Path: " P_B
                   "\r\n-------%s$\r\n",
                   tid, b->u_b, tid);
    rig_send(&b->rig, bob, answer_text);
    pair_bench_assert(a,
                      "MSRP n1 425 In Use\r\nTo-Path: " P_A "\r\nFrom-Path: %s"
                      "\r\n-------n1$\r\n",
                      b->u_a);
}

/* what is unanswered fails with 481, once; later requests too. */
static void test_end(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    (void)fake_link_new_output(&a->fake);
    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_pair_end(b->rig.relay, b->pair, ANCHORED_DELETE);
    rig_settle(&b->rig);
    pair_bench_assert(a,
                      "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
                      "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
                      "Status: 000 481 No Such Session\r\n-------@$\r\n",
                      b->u_a);
    pair_bench_ask(b, a, "m2 SEND", b->u_a, P_A,
                   "Message-ID: 2\r\n-------m2$\r\n");
    pair_bench_assert_in(a, "MSRP m2 481");
    assert_int_equal(b->n_ended, 0);
    assert_int_equal(b->n_records, 1);
    assert_int_equal(b->record.usage.sent.messages, 1);
    assert_int_equal(b->record.usage.sent.octets, 5);
}

static void test_idle(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    rig_wait(&b->rig, 1000);
    b->rig.now_ms += 3600 * 1000;
    rig_wait(&b->rig, 100);
    assert_int_equal(b->n_ended, 1);
    assert_int_equal(b->ended, ANCHORED_IDLE);
    assert_null(b->pair);
}

/* A-3a: what goes through it keeps it, SENDs and REPORTs alike. */
static void test_idle_counts_octets(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    for (int i = 0; i < 4; i++) {
        b->rig.now_ms += 1800 * 1000;
        pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A,
                       "Message-ID: 1\r\nFailure-Report: no\r\n"
                       "Content-Type: a/b\r\n\r\nx\r\n-------m1$\r\n");
        rig_wait(&b->rig, 100);
    }
    for (int i = 0; i < 4; i++) {
        b->rig.now_ms += 1800 * 1000;
        pair_bench_ask(b, a, "r1 REPORT", b->u_a, P_A,
                       "Message-ID: 1\r\nByte-Range: 1-1/1\r\n"
                       "Status: 000 200 OK\r\n-------r1$\r\n");
        rig_wait(&b->rig, 100);
    }
    assert_int_equal(b->n_ended, 0);
    b->rig.now_ms += 3600 * 1000;
    rig_wait(&b->rig, 100);
    assert_int_equal(b->n_ended, 1);
    assert_int_equal(b->ended, ANCHORED_IDLE);
}

/* ... and so does what is answered here, while the other side has not come. */
static void test_idle_counts_keep_alives(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    pair_bench_answer(b, false);
    for (int i = 0; i < 4; i++) {
        b->rig.now_ms += 1800 * 1000;
        pair_bench_ask(b, a, "hi SEND", b->u_a, P_A,
                       "Message-ID: 0\r\n-------hi$\r\n");
        pair_bench_assert_in(a, "MSRP hi 200");
        rig_wait(&b->rig, 100);
    }
    assert_int_equal(b->n_ended, 0);
}

/* another path is another peer. */
static void test_new_path(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob, *moved;

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    (void)fake_link_new_output(&a->fake);
    pair_bench_say(b, b->pair, ANCHORED_B, "msrp://bob.example:12764/m0ved;tcp",
                   false);
    pair_bench_assert_in(a, "Status: 000 408");
    assert_int_equal(bob->fake.closes, 1);
    moved = pair_bench_come(b, "moved");
    pair_bench_ask(b, moved, "m2 SEND", b->u_b,
                   "msrp://bob.example:12764/m0ved;tcp",
                   "Message-ID: 2\r\n-------m2$\r\n");
    pair_bench_assert_in(moved, "To-Path: msrp://bob.example:12764/m0ved");
    pair_bench_assert_in(a, "Message-ID: 2");
}

int main(void)
{
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, pair_bench_set_up, pair_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_message_and_report),
        TEST(test_dialled),
        TEST(test_waits_for_the_other_side),
        TEST(test_waits_in_vain),
        TEST(test_strangers),
        TEST(test_early),
        TEST(test_early_in_vain),
        TEST(test_nickname),
        TEST(test_end),
        TEST(test_idle),
        TEST(test_idle_counts_octets),
        TEST(test_idle_counts_keep_alives),
        TEST(test_new_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
