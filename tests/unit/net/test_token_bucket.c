/* SPDX-License-Identifier: BSD-2-Clause */
#include "token_bucket.h"

#include "cmocka_all.h"

enum { NOW_MS = 1000000 };

static void without_a_rate_all_may_pass(void **state)
{
    struct token_bucket b = {0};

    (void)state;
    assert_true(token_bucket_allows(&b, NOW_MS) == UINT64_MAX);
    token_bucket_take(&b, 1u << 30);
    assert_false(token_bucket_is_empty(&b));
    assert_true(token_bucket_allows(&b, NOW_MS) == UINT64_MAX);
}

static void it_begins_with_a_tenth_of_a_second(void **state)
{
    struct token_bucket b = {.rate = 5000};

    (void)state;
    assert_int_equal(token_bucket_allows(&b, NOW_MS), 500);
}

static void what_passed_is_gone_and_comes_back_with_time(void **state)
{
    struct token_bucket b = {.rate = 5000};

    (void)state;
    assert_int_equal(token_bucket_allows(&b, NOW_MS), 500);
    token_bucket_take(&b, 500);
    assert_true(token_bucket_is_empty(&b));
    assert_int_equal(token_bucket_allows(&b, NOW_MS), 0);
    assert_int_equal(token_bucket_allows(&b, NOW_MS + 2), 10);
    assert_false(token_bucket_is_empty(&b));
    assert_int_equal(token_bucket_allows(&b, NOW_MS + 3), 15);
    assert_int_equal(token_bucket_allows(&b, NOW_MS + 3600000), 500);
}

static void at_the_lowest_rate_one_passes_now_and_then(void **state)
{
    struct token_bucket b = {.rate = 1};

    (void)state;
    assert_int_equal(token_bucket_allows(&b, NOW_MS), 1);
    token_bucket_take(&b, 1);
    for (uint64_t ms = 1; ms < 1000; ms++)
        assert_int_equal(token_bucket_allows(&b, NOW_MS + ms), 0);
    assert_true(token_bucket_is_empty(&b));
    assert_int_equal(token_bucket_allows(&b, NOW_MS + 1000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rate_all_may_pass),
        cmocka_unit_test(it_begins_with_a_tenth_of_a_second),
        cmocka_unit_test(what_passed_is_gone_and_comes_back_with_time),
        cmocka_unit_test(at_the_lowest_rate_one_passes_now_and_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
