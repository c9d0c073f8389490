/* SPDX-License-Identifier: BSD-2-Clause */
#include "hist.h"

#include <stdlib.h>

#include "cmocka_all.h"

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct hist));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void an_empty_one_says_zero(void **state)
{
    struct hist *h = *state;

    assert_int_equal(hist_at(h, 0.5), 0);
    assert_int_equal(hist_at(h, 1), 0);
}

static void small_values_are_exact(void **state)
{
    struct hist *h = *state;

    for (uint64_t v = 0; v < 256; v++) {
        struct hist one = {.count = 0};

        hist_add(&one, v);
        hist_add(&one, 100000);
        assert_int_equal(hist_at(&one, 0.5), v);
    }
    hist_add(h, 7);
    assert_int_equal(hist_at(h, 0), 7);
    assert_int_equal(hist_at(h, 1), 7);
}

static void percentiles_are_ranks(void **state)
{
    struct hist *h = *state;

    for (uint64_t v = 1; v <= 100; v++)
        hist_add(h, v);
    assert_int_equal(hist_at(h, 0.5), 50);
    assert_int_equal(hist_at(h, 0.9), 90);
    assert_int_equal(hist_at(h, 0.99), 99);
    assert_int_equal(hist_at(h, 0.999), 100);
    assert_int_equal(h->count, 100);
    assert_int_equal(h->max, 100);
}

/* Each value below, at and above every power of two. */
static void every_value_is_told_to_within_a_percent(void **state)
{
    struct hist *h = *state;

    for (unsigned bit = 8; bit < HIST_VALUE_BITS; bit++) {
        for (int by = -1; by <= 1; by++) {
            uint64_t v = (UINT64_C(1) << bit) + (uint64_t)by;
            uint64_t got;

            memset(h, 0, sizeof *h);
            hist_add(h, v);
            hist_add(h, HIST_MAX);
            got = hist_at(h, 0.5);
            assert_true(got >= v);
            assert_true(got - v <= v / 100);
        }
    }
}

static void a_value_is_never_told_above_the_largest(void **state)
{
    struct hist *h = *state;

    hist_add(h, 1000001);
    assert_int_equal(hist_at(h, 0.5), 1000001);
    assert_int_equal(h->max, 1000001);
}

static void values_past_the_end_count_as_the_end(void **state)
{
    struct hist *h = *state;

    hist_add(h, UINT64_MAX);
    assert_int_equal(h->max, HIST_MAX);
    assert_int_equal(hist_at(h, 1), HIST_MAX);
    assert_int_equal(h->steps[HIST_STEPS - 1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_one_says_zero, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(small_values_are_exact, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(percentiles_are_ranks, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_value_is_told_to_within_a_percent,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_is_never_told_above_the_largest,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_past_the_end_count_as_the_end,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
