/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: lookup_helper_start lookup_helper_put lookup_helper_end */
/* test-wraps: lookup_helpers_finish loop_now_ms */
/* test-wraps: alarm_new alarm_set alarm_free */
/* Questions and answers, with the test's own time and helpers. */
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "lookup_bench.h"
#include "oom.h"

#define HA1 "00112233445566778899aabbccddeeff"

/* --- answers --- */

static void a_question_gets_its_answer(void **state)
{
    struct lookup_bench *b = *state;

    assert_int_equal(lookup_bench_ask(b, 0, "alice"), 0);
    assert_string_equal(lookup_bench_last()->said,
                        "1\talice\texample.com\tMD5\n");
    assert_int_equal(b->w[0].n, 0);
    lookup_bench_wait(7);
    lookup_bench_reply(lookup_bench_last(),
                       "ha1\t00112233445566778899AABBCCDDEEFF");
    lookup_bench_answered(b, 0, LOOKUP_KNOWN, HA1);
    assert_int_equal(lookup_bench_stats(b).answers[LOOKUP_KNOWN], 1);
    assert_int_equal(lookup_bench_stats(b).buckets[4], 1); /* 10 ms at most */
    assert_int_equal(lookup_bench_stats(b).waiting_now, 0);
}

static void a_password_becomes_ha1(void **state)
{
    struct lookup_bench *b = *state;
    struct digest_hex want;

    assert_int_equal(digest_ha1(&want, DIGEST_MD5, SPAN("alice"),
                                SPAN("example.com"), SPAN("a b")),
                     0);
    lookup_bench_ask(b, 0, "alice");
    lookup_bench_reply(lookup_bench_last(), "password\ta%20b");
    lookup_bench_answered(b, 0, LOOKUP_KNOWN, NULL);
    assert_span_equal(span_str(b->w[0].ha1), digest_hex_span(&want));
}

static void none_and_error_are_answers(void **state)
{
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_reply(lookup_bench_last(), "none");
    lookup_bench_answered(b, 0, LOOKUP_UNKNOWN, "");
    lookup_bench_ask(b, 1, "bob");
    lookup_bench_reply(lookup_bench_last(), "error\tno such table");
    lookup_bench_answered(b, 1, LOOKUP_ERROR, "");
    lookup_bench_ask(b, 2, "carol");
    lookup_bench_reply(lookup_bench_last(), "password\t");
    lookup_bench_answered(b, 2, LOOKUP_ERROR, "");
}

static void ids_do_not_recur(void **state)
{
    struct lookup_bench *b = *state;
    uint64_t before = 0;

    for (unsigned i = 0; i < 100; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "u%u", i);
        lookup_bench_ask(b, 0, name);
        assert_true(lookup_bench_last()->id > before);
        before = lookup_bench_last()->id;
        lookup_bench_reply(lookup_bench_last(), i % 2 ? "none" : "error\tx");
    }
}

static void the_same_question_is_asked_once(void **state)
{
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_ask(b, 1, "alice");
    lookup_bench_ask(b, 2, "bob");
    assert_int_equal(lookup_bench_last()->n, 2);
    assert_int_equal(lookup_bench_stats(b).joined, 1);
    lookup_forget(&b->w[0].wait);
    lookup_bench_say(lookup_bench_last(), "1\tha1\t" HA1);
    assert_int_equal(b->w[0].n, 0);
    lookup_bench_answered(b, 1, LOOKUP_KNOWN, HA1);
    assert_int_equal(b->w[2].n, 0);
    lookup_forget(&b->w[2].wait);
}

/* --- memory --- */

static bool recall(struct lookup_bench *b, const char *user,
                   struct lookup_answer *a)
{
    struct lookup_query q = lookup_bench_query(user);

    return lookup_recall(b->lookup, a, &q);
}

static void answers_are_remembered(void **state)
{
    struct lookup_bench *b = *state;
    struct lookup_answer a;

    assert_false(recall(b, "alice", &a));
    lookup_bench_ask(b, 0, "alice");
    lookup_forget(&b->w[0].wait); /* nobody waits for it any more */
    lookup_bench_reply(lookup_bench_last(), "ha1\t" HA1);
    lookup_bench_ask(b, 1, "bob");
    lookup_bench_reply(lookup_bench_last(), "none");
    lookup_bench_wait(LOOKUP_BENCH_UNKNOWN_MS - 1);
    assert_true(recall(b, "alice", &a));
    assert_int_equal(a.result, LOOKUP_KNOWN);
    assert_int_equal(a.age_ms, LOOKUP_BENCH_UNKNOWN_MS - 1);
    assert_true(recall(b, "bob", &a));
    assert_int_equal(a.result, LOOKUP_UNKNOWN);
    lookup_bench_wait(1);
    assert_false(recall(b, "bob", &a));
    lookup_bench_wait(LOOKUP_BENCH_KNOWN_MS - LOOKUP_BENCH_UNKNOWN_MS - 1);
    assert_true(recall(b, "alice", &a));
    lookup_bench_wait(1);
    assert_false(recall(b, "alice", &a));
    assert_int_equal(lookup_bench_stats(b).recalled, 3);
}

static void errors_are_not_remembered(void **state)
{
    struct lookup_bench *b = *state;
    struct lookup_answer a;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_reply(lookup_bench_last(), "error\tx");
    assert_false(recall(b, "alice", &a));
    lookup_bench_ask(b, 0, "alice");
    lookup_bench_wait(LOOKUP_BENCH_TIMEOUT_MS);
    assert_false(recall(b, "alice", &a));
}

static void a_reload_forgets_and_keeps_the_helpers(void **state)
{
    struct lookup_bench *b = *state;
    struct lookup_answer a;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_reply(lookup_bench_last(), "ha1\t" HA1);
    lookup_bench_ask(b, 1, "bob");
    lookup_bench_configure(b, lookup_bench_argv, 1);
    assert_false(recall(b, "alice", &a));
    assert_int_equal(lookup_world.n, 1);
    lookup_bench_reply(lookup_bench_last(), "none");
    lookup_bench_answered(b, 1, LOOKUP_UNKNOWN, "");
}

/* --- time --- */

static void what_is_not_answered_in_time_is_over(void **state)
{
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_wait(1000);
    lookup_bench_ask(b, 1, "bob");
    lookup_bench_wait(LOOKUP_BENCH_TIMEOUT_MS - 1001);
    assert_int_equal(b->w[0].n, 0);
    lookup_bench_wait(1);
    lookup_bench_answered(b, 0, LOOKUP_TIMEOUT, "");
    assert_int_equal(b->w[1].n, 0);
    lookup_bench_say(lookup_bench_last(),
                     "1\tha1\t" HA1); /* too late, and never twice */
    assert_int_equal(b->w[0].n, 1);
    assert_int_equal(lookup_bench_stats(b).nonsense, 1);
    lookup_bench_wait(1000);
    lookup_bench_answered(b, 1, LOOKUP_TIMEOUT, "");
}

static void a_helper_that_hangs_is_started_again(void **state)
{
    struct lookup_bench *b = *state;

    for (unsigned i = 0; i < LOOKUP_MISSED_MAX; i++) {
        assert_false(lookup_bench_last()->has_ended);
        lookup_bench_ask(b, i, "alice");
        lookup_bench_wait(LOOKUP_BENCH_TIMEOUT_MS);
        lookup_bench_answered(b, i, LOOKUP_TIMEOUT, "");
    }
    assert_true(lookup_bench_last()->has_ended);
    assert_int_equal(lookup_bench_ask(b, 0, "alice"), ERR_NOT_NOW);
    lookup_bench_wait(LOOKUP_RESTART_MS);
    assert_int_equal(lookup_world.n, 2);
    assert_int_equal(lookup_bench_ask(b, 0, "alice"), 0);
    lookup_bench_reply(lookup_bench_last(), "ha1\t" HA1);
    lookup_bench_answered(b, 0, LOOKUP_KNOWN, HA1);
}

/* Its answers come too late, but they come. */
static void a_helper_that_is_slow_is_kept(void **state)
{
    struct lookup_bench *b = *state;

    for (unsigned i = 0; i < 4 * LOOKUP_MISSED_MAX; i++) {
        lookup_bench_ask(b, 0, "alice");
        lookup_bench_wait(LOOKUP_BENCH_TIMEOUT_MS);
        lookup_bench_reply(lookup_bench_last(), "ha1\t" HA1);
    }
    assert_int_equal(lookup_world.n, 1);
    assert_false(lookup_bench_last()->has_ended);
}

/* --- its end --- */

static void gone(struct lookup_helper *h)
{
    h->setup.on_gone(h->setup.ctx);
}

static void what_a_helper_leaves_behind_is_answered(void **state)
{
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_ask(b, 1, "bob");
    gone(lookup_bench_last());
    assert_true(lookup_bench_last()->has_ended);
    lookup_bench_answered(b, 0, LOOKUP_GONE, "");
    lookup_bench_answered(b, 1, LOOKUP_GONE, "");
    assert_int_equal(lookup_bench_stats(b).helpers_now, 0);
    assert_int_equal(lookup_bench_ask(b, 2, "carol"), ERR_NOT_NOW);
}

/* 1 s, 2 s, 4 s, ... 30 s; a good answer begins again. */
static void starts_are_further_and_further_apart(void **state)
{
    static const uint64_t delays_ms[] = {1000,  2000,  4000, 8000,
                                         16000, 30000, 30000};
    struct lookup_bench *b = *state;

    for (unsigned i = 0; i < sizeof delays_ms / sizeof *delays_ms; i++) {
        gone(lookup_bench_last());
        lookup_bench_wait(delays_ms[i] - 1);
        assert_int_equal(lookup_world.n, i + 1);
        lookup_bench_wait(1);
        assert_int_equal(lookup_world.n, i + 2);
    }
    assert_int_equal(lookup_bench_stats(b).restarts, 7);
    lookup_bench_ask(b, 0, "alice");
    lookup_bench_reply(lookup_bench_last(), "none");
    gone(lookup_bench_last());
    lookup_bench_wait(1000);
    assert_int_equal(lookup_world.n, 9);
}

static void one_that_cannot_be_started_is_tried_again(void **state)
{
    struct lookup_bench *b = *state;

    gone(lookup_bench_last());
    lookup_world.start_err = ERR_IO;
    lookup_bench_wait(3000);
    assert_int_equal(lookup_bench_stats(b).helpers_now, 0);
    lookup_world.start_err = 0;
    lookup_bench_wait(4000);
    assert_int_equal(lookup_bench_stats(b).helpers_now, 1);
}

static void it_may_die_a_hundred_times(void **state)
{
    struct lookup_bench *b = *state;

    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(lookup_bench_ask(b, 0, "alice"), 0);
        if (i % 2) {
            lookup_bench_reply(lookup_bench_last(), "error\tx");
            lookup_bench_answered(b, 0, LOOKUP_ERROR, "");
            gone(lookup_bench_last());
        } else {
            gone(lookup_bench_last());
            lookup_bench_answered(b, 0, LOOKUP_GONE, "");
        }
        lookup_bench_wait(LOOKUP_RESTART_MAX_MS);
    }
    assert_int_equal(lookup_world.n, 101);
    assert_int_equal(lookup_bench_stats(b).waiting_now, 0);
}

/* --- lies --- */

static void nonsense_is_counted_and_ends_it(void **state)
{
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    for (unsigned i = 0; i < LOOKUP_NONSENSE_MAX - 1; i++)
        lookup_bench_say(lookup_bench_last(), i % 2 ? "hello" : "4711\tnone");
    lookup_bench_reply(lookup_bench_last(), "ha1\t" HA1);
    lookup_bench_answered(b, 0, LOOKUP_KNOWN, HA1);
    for (unsigned i = 0; i < LOOKUP_NONSENSE_MAX - 1; i++)
        lookup_bench_say(lookup_bench_last(), "");
    assert_false(lookup_bench_last()->has_ended);
    lookup_bench_say(lookup_bench_last(), "");
    assert_true(lookup_bench_last()->has_ended);
    assert_int_equal(lookup_bench_stats(b).nonsense,
                     2 * LOOKUP_NONSENSE_MAX - 1);
}

static void what_is_no_ha1_is_no_answer(void **state)
{
    static const char *const bad[] = {"ha1\t", "ha1\t0011", "ha1\t" HA1 HA1,
                                      "ha1\t0011223344556677889gaabbccddeeff"};
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        lookup_bench_reply(lookup_bench_last(), bad[i]);
    assert_int_equal(b->w[0].n, 0);
    assert_int_equal(lookup_bench_stats(b).nonsense, 4);
    lookup_bench_reply(lookup_bench_last(), "ha1\t" HA1);
    lookup_bench_answered(b, 0, LOOKUP_KNOWN, HA1);
}

static void a_helper_answers_only_what_it_was_asked(void **state)
{
    struct lookup_bench *b = *state;
    struct lookup_helper *first, *second;

    lookup_bench_configure(b, lookup_bench_argv, 2);
    first = &lookup_world.helpers[1];
    second = &lookup_world.helpers[2];
    lookup_bench_ask(b, 0, "alice");
    lookup_bench_ask(b, 1, "bob"); /* whoever has least to do */
    assert_int_equal(first->n, 1);
    assert_int_equal(second->n, 1);
    second->id = first->id;
    lookup_bench_reply(second, "ha1\t" HA1);
    assert_int_equal(b->w[0].n, 0);
    lookup_bench_reply(first, "none");
    lookup_bench_answered(b, 0, LOOKUP_UNKNOWN, "");
    lookup_forget(&b->w[1].wait);
}

/* --- settings --- */

static void another_command_takes_over(void **state)
{
    struct lookup_bench *b = *state;

    lookup_bench_ask(b, 0, "alice");
    lookup_bench_configure(b, lookup_bench_other_argv, 2);
    lookup_bench_answered(b, 0, LOOKUP_GONE, "");
    assert_true(lookup_world.helpers[0].has_ended);
    assert_int_equal(lookup_world.n, 3);
    assert_ptr_equal(lookup_bench_last()->setup.argv, lookup_bench_other_argv);
    lookup_bench_configure(b, NULL, 0);
    assert_int_equal(lookup_bench_stats(b).helpers_now, 0);
    assert_int_equal(lookup_bench_ask(b, 0, "alice"), ERR_NOT_NOW);
    lookup_bench_wait(60000);
    assert_int_equal(lookup_world.n, 3);
}

static void one_that_takes_nothing_is_an_error(void **state)
{
    struct lookup_bench *b = *state;

    lookup_world.put_err = ERR_FULL;
    assert_int_equal(lookup_bench_ask(b, 0, "alice"), ERR_FULL);
    assert_int_equal(lookup_bench_stats(b).waiting_now, 0);
    lookup_world.put_err = 0;
    oom_arm(1);
    assert_int_equal(lookup_bench_ask(b, 0, "alice"), ERR_NOMEM);
    assert_true(oom_disarm());
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, lookup_bench_set_up,                 \
                                    lookup_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_gets_its_answer),
        TEST(a_password_becomes_ha1),
        TEST(none_and_error_are_answers),
        TEST(ids_do_not_recur),
        TEST(the_same_question_is_asked_once),
        TEST(answers_are_remembered),
        TEST(errors_are_not_remembered),
        TEST(a_reload_forgets_and_keeps_the_helpers),
        TEST(what_is_not_answered_in_time_is_over),
        TEST(a_helper_that_hangs_is_started_again),
        TEST(a_helper_that_is_slow_is_kept),
        TEST(what_a_helper_leaves_behind_is_answered),
        TEST(starts_are_further_and_further_apart),
        TEST(one_that_cannot_be_started_is_tried_again),
        TEST(it_may_die_a_hundred_times),
        TEST(nonsense_is_counted_and_ends_it),
        TEST(what_is_no_ha1_is_no_answer),
        TEST(a_helper_answers_only_what_it_was_asked),
        TEST(another_command_takes_over),
        TEST(one_that_takes_nothing_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
