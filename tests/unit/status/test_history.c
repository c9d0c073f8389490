/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include "cmocka_all.h"
#include "oom.h"

/* A sample at this second, of which all counters and other figures are n. */
static void add(struct history *h, uint64_t at_s, uint64_t n)
{
    struct history_sample s = {.at_ms = at_s * 1000};

    for (size_t i = 0; i < HISTORY_SERIES; i++)
        s.value[i] = n;
    history_add(h, &s);
}

static void counters_become_rates_and_the_rest_stays(void **state)
{
    struct history h = {0};

    (void)state;
    add(&h, 100, 1000);
    assert_int_equal(h.n, 0);
    assert_true(history_now(&h, HISTORY_MESSAGES) == 0);
    assert_true(history_peak(&h, HISTORY_SESSIONS) == 0);
    add(&h, 105, 1012);
    assert_int_equal(h.n, 1);
    assert_true(history_now(&h, HISTORY_MESSAGES) == 2.4);
    assert_true(history_now(&h, HISTORY_SESSIONS) == 1012);
    /* As long as it was since the last one, not as long as it should be. */
    add(&h, 125, 1032);
    assert_true(history_now(&h, HISTORY_MESSAGES) == 1);
    assert_true(history_at(&h, HISTORY_MESSAGES, 0) == 2.4);
    assert_true(history_peak(&h, HISTORY_MESSAGES) == 2.4);
}

static void rates_have_no_noise(void **state)
{
    struct history h = {0};

    (void)state;
    add(&h, 0, 0);
    add(&h, 3, 100);
    assert_true(history_now(&h, HISTORY_OCTETS_IN) == 33.3);
    add(&h, 6, 1100);
    assert_true(history_now(&h, HISTORY_OCTETS_IN) == 333);
    add(&h, 9, 1100 + 10000000001);
    assert_true(history_now(&h, HISTORY_OCTETS_IN) == 3333333334);
}

static void a_counter_that_falls_is_no_rate(void **state)
{
    struct history h = {0};

    (void)state;
    add(&h, 0, 50);
    add(&h, 5, 20);
    assert_true(history_now(&h, HISTORY_MESSAGES) == 0);
    add(&h, 5, 70); /* no time has passed */
    assert_int_equal(h.n, 1);
    add(&h, 6, 30);
    assert_true(history_now(&h, HISTORY_MESSAGES) == 10);
}

static void only_the_last_quarter_of_an_hour_is_kept(void **state)
{
    struct history h = {0};

    (void)state;
    add(&h, 0, 0);
    for (uint64_t i = 1; i <= HISTORY_POINTS + 7; i++)
        add(&h, 5 * i, i);
    assert_int_equal(h.n, HISTORY_POINTS);
    assert_int_equal(HISTORY_POINTS * HISTORY_STEP_MS, 15 * 60 * 1000);
    for (size_t i = 0; i < h.n; i++)
        assert_true(history_at(&h, HISTORY_CONNECTIONS, i) == (double)(i + 8));
    assert_true(history_now(&h, HISTORY_CONNECTIONS) == HISTORY_POINTS + 7);
    assert_true(history_peak(&h, HISTORY_CONNECTIONS) == HISTORY_POINTS + 7);
}

static int add_two(void *ctx)
{
    struct history h = {0};

    (void)ctx;
    add(&h, 0, 0);
    add(&h, 5, 1);
    return 0;
}

static void nothing_is_allocated(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(add_two, NULL), 0);
    assert_string_equal(history_name(HISTORY_MESSAGES), "messages");
    assert_string_equal(history_name(HISTORY_SESSIONS), "sessions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_become_rates_and_the_rest_stays),
        cmocka_unit_test(rates_have_no_noise),
        cmocka_unit_test(a_counter_that_falls_is_no_rate),
        cmocka_unit_test(only_the_last_quarter_of_an_hour_is_kept),
        cmocka_unit_test(nothing_is_allocated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
