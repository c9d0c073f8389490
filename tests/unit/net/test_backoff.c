/* SPDX-License-Identifier: BSD-2-Clause */
#include "backoff.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static const uint64_t seed[2] = {1, 2};
static const struct span host = {"peer.example.com", 16};

static struct backoff *made(void)
{
    struct backoff *b;

    assert_int_equal(backoff_new(&b, seed), 0);
    return b;
}

/* How long they rest at now_ms. */
static uint64_t rest_of(const struct backoff *b, uint64_t now_ms)
{
    uint64_t left_ms = 99;
    int err = backoff_check(b, host, 2855, now_ms, &left_ms);

    assert_int_equal(err != 0, left_ms != 0);
    return left_ms;
}

static void each_failure_doubles_the_rest_up_to_a_bound(void **state)
{
    static const uint64_t rests[] = {1000,  2000,  4000, 8000,
                                     16000, 30000, 30000};
    struct backoff *b = made();
    uint64_t now_ms = 5;

    (void)state;
    assert_int_equal(rest_of(b, now_ms), 0);
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        backoff_fail(b, host, 2855, ERR_TIMEOUT, now_ms);
        assert_int_equal(rest_of(b, now_ms), rests[i]);
        now_ms += rests[i];
        assert_int_equal(rest_of(b, now_ms - 1), 1);
        assert_int_equal(rest_of(b, now_ms), 0);
    }
    backoff_free(b);
}

static void the_last_error_is_the_answer(void **state)
{
    struct backoff *b = made();
    uint64_t left_ms;

    (void)state;
    backoff_fail(b, host, 2855, ERR_IO, 0);
    assert_int_equal(backoff_check(b, host, 2855, 1, &left_ms), ERR_IO);
    backoff_fail(b, host, 2855, ERR_CERT, 1);
    assert_int_equal(backoff_check(b, host, 2855, 1, &left_ms), ERR_CERT);
    backoff_free(b);
}

static void a_failure_while_resting_makes_it_no_longer(void **state)
{
    struct backoff *b = made();

    (void)state;
    backoff_fail(b, host, 2855, ERR_IO, 0);
    backoff_fail(b, host, 2855, ERR_IO, 500);
    assert_int_equal(rest_of(b, 500), 500);
    backoff_fail(b, host, 2855, ERR_IO, 1000);
    assert_int_equal(rest_of(b, 1000), 2000);
    backoff_free(b);
}

static void who_is_not_tried_for_long_starts_anew(void **state)
{
    struct backoff *b = made();

    (void)state;
    backoff_fail(b, host, 2855, ERR_IO, 0);
    backoff_fail(b, host, 2855, ERR_IO, 1000); /* until 3000 */
    backoff_fail(b, host, 2855, ERR_IO, 3000 + BACKOFF_FORGET_MS - 1);
    assert_int_equal(rest_of(b, 3000 + BACKOFF_FORGET_MS - 1), 4000);
    backoff_clear_all(b);
    backoff_fail(b, host, 2855, ERR_IO, 0);
    backoff_fail(b, host, 2855, ERR_IO, 1000 + BACKOFF_FORGET_MS);
    assert_int_equal(rest_of(b, 1000 + BACKOFF_FORGET_MS), 1000);
    backoff_free(b);
}

static void what_works_is_forgotten(void **state)
{
    struct backoff *b = made();

    (void)state;
    backoff_fail(b, host, 2855, ERR_IO, 0);
    backoff_fail(b, host, 2855, ERR_IO, 1000);
    backoff_clear(b, host, 2855);
    assert_int_equal(rest_of(b, 1001), 0);
    backoff_fail(b, host, 2855, ERR_IO, 1001);
    assert_int_equal(rest_of(b, 1001), 1000);
    backoff_clear(b, SPAN("else.example.com"), 2855);
    assert_int_equal(rest_of(b, 1001), 1000);
    backoff_free(b);
}

static void host_and_port_count_and_case_does_not(void **state)
{
    struct backoff *b = made();
    uint64_t left_ms;

    (void)state;
    backoff_fail(b, SPAN("PEER.example.COM"), 2855, ERR_IO, 0);
    assert_int_equal(rest_of(b, 0), 1000);
    assert_int_equal(backoff_check(b, host, 2856, 0, &left_ms), 0);
    assert_int_equal(backoff_check(b, host, 0, 0, &left_ms), 0);
    assert_int_equal(backoff_check(b, span_of(host.p, 15), 2855, 0, &left_ms),
                     0);
    backoff_free(b);
}

static void the_table_is_bounded_and_drops_the_oldest_failure(void **state)
{
    struct backoff *b = made();
    char name[32];
    uint64_t left_ms;

    (void)state;
    backoff_fail(b, host, 2855, ERR_IO, 0);
    backoff_fail(b, SPAN("second"), 2855, ERR_IO, 0);
    backoff_fail(b, host, 2855, ERR_IO, 1000); /* the latest again */
    for (int i = 0; i < BACKOFF_MAX - 1; i++) {
        int n = snprintf(name, sizeof name, "host%d", i);

        backoff_fail(b, span_of(name, (size_t)n), 2855, ERR_IO, 1000);
    }
    assert_int_equal(rest_of(b, 1000), 2000);
    assert_int_equal(backoff_check(b, SPAN("second"), 2855, 500, &left_ms), 0);
    backoff_fail(b, SPAN("last"), 2855, ERR_IO, 1000);
    assert_int_equal(rest_of(b, 1000), 0);
    backoff_free(b);
}

static void a_host_beyond_all_bounds_is_not_remembered(void **state)
{
    struct backoff *b = made();
    char name[BACKOFF_HOST_MAX + 1];
    uint64_t left_ms;

    (void)state;
    memset(name, 'x', sizeof name);
    backoff_fail(b, span_of(name, sizeof name), 1, ERR_IO, 0);
    assert_int_equal(
        backoff_check(b, span_of(name, sizeof name), 1, 0, &left_ms), 0);
    backoff_clear(b, span_of(name, sizeof name), 1);
    backoff_fail(b, span_of(name, sizeof name - 1), 1, ERR_IO, 0);
    assert_int_equal(
        backoff_check(b, span_of(name, sizeof name - 1), 1, 0, &left_ms),
        ERR_IO);
    backoff_free(b);
}

static int make(void *ctx)
{
    struct backoff *b = NULL;
    int err = backoff_new(&b, seed);

    (void)ctx;
    backoff_free(b);
    return err;
}

static void without_memory_nothing_is_remembered(void **state)
{
    struct backoff *b = made();

    (void)state;
    assert_int_equal(oom_sweep(make, NULL), 2);
    oom_arm_all();
    backoff_fail(b, host, 2855, ERR_IO, 0);
    assert_true(oom_disarm());
    assert_int_equal(rest_of(b, 0), 0);
    backoff_free(b);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(each_failure_doubles_the_rest_up_to_a_bound),
        T(the_last_error_is_the_answer),
        T(a_failure_while_resting_makes_it_no_longer),
        T(who_is_not_tried_for_long_starts_anew),
        T(what_works_is_forgotten),
        T(host_and_port_count_and_case_does_not),
        T(the_table_is_bounded_and_drops_the_oldest_failure),
        T(a_host_beyond_all_bounds_is_not_remembered),
        T(without_memory_nothing_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
