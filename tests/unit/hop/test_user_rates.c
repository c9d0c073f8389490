/* SPDX-License-Identifier: BSD-2-Clause */
#include "user_rates.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "conn.h"
#include "oom.h"

enum { RATE = 1000, NOW_MS = 50000 };

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};
    struct user_rates *u = calloc(1, sizeof *u);

    assert_non_null(u);
    assert_int_equal(user_rates_init(u, seed), 0);
    user_rates_set(u, RATE);
    *state = u;
    return 0;
}

static int tear_down(void **state)
{
    user_rates_fini(*state);
    free(*state);
    return 0;
}

static void connections_of_a_user_have_one_bucket(void **state)
{
    struct user_rates *u = *state;
    struct user_rate *a = user_rates_take(u, SPAN("alice\nr"), NOW_MS);
    struct user_rate *again = user_rates_take(u, SPAN("alice\nr"), NOW_MS);
    struct user_rate *b = user_rates_take(u, SPAN("alice\ns"), NOW_MS);

    assert_non_null(a);
    assert_ptr_equal(a, again);
    assert_ptr_not_equal(a, b);
    assert_true(user_rate_is_of(a, SPAN("alice\nr")));
    assert_false(user_rate_is_of(a, SPAN("alice\ns")));
    user_rates_give(u, a, NOW_MS);
    assert_int_equal(u->by_account.count, 2);
    user_rates_give(u, again, NOW_MS);
    user_rates_give(u, b, NOW_MS);
    assert_int_equal(u->by_account.count, 2); /* for a second */
    user_rates_give(u, user_rates_take(u, SPAN("bob"), NOW_MS + 1000),
                    NOW_MS + 1000);
    assert_int_equal(u->by_account.count, 1);
    user_rates_give(u, NULL, NOW_MS);
}

static uint64_t allowed(struct token_bucket *b, uint64_t now_ms)
{
    return token_bucket_allows_burst(b, CONN_SHARED_BURST_MS, now_ms);
}

static void a_second_is_the_burst(void **state)
{
    struct user_rates *u = *state;
    struct user_rate *a = user_rates_take(u, SPAN("alice"), NOW_MS);
    struct token_bucket *bucket = user_rate_bucket(a);

    assert_int_equal(allowed(bucket, NOW_MS), RATE);
    token_bucket_take(bucket, RATE);
    assert_true(token_bucket_is_empty(bucket));
    assert_int_equal(allowed(bucket, NOW_MS + 500), RATE / 2);
    assert_int_equal(allowed(bucket, NOW_MS + 90000), RATE);
    token_bucket_take(bucket, 10 * RATE); /* more than was there */
    assert_int_equal(allowed(bucket, NOW_MS + 90100), RATE / 10);
    user_rates_give(u, a, NOW_MS);
}

/* Otherwise who connects again and again has no limit. */
static void who_comes_back_has_what_he_left(void **state)
{
    struct user_rates *u = *state;
    struct user_rate *a = user_rates_take(u, SPAN("alice"), NOW_MS);

    assert_int_equal(allowed(user_rate_bucket(a), NOW_MS), RATE);
    token_bucket_take(user_rate_bucket(a), RATE);
    user_rates_give(u, a, NOW_MS);
    a = user_rates_take(u, SPAN("alice"), NOW_MS + 100);
    assert_int_equal(allowed(user_rate_bucket(a), NOW_MS + 100), RATE / 10);
    user_rates_give(u, a, NOW_MS + 100);
    a = user_rates_take(u, SPAN("alice"), NOW_MS + 1100);
    assert_int_equal(allowed(user_rate_bucket(a), NOW_MS + 1100), RATE);
    user_rates_give(u, a, NOW_MS + 1100);
}

static void another_rate_holds_at_once(void **state)
{
    struct user_rates *u = *state;
    struct user_rate *a = user_rates_take(u, SPAN("alice"), NOW_MS);

    user_rates_set(u, 5 * RATE);
    assert_int_equal(allowed(user_rate_bucket(a), NOW_MS), 5 * RATE);
    user_rates_set(u, 0);
    assert_true(allowed(user_rate_bucket(a), NOW_MS) == UINT64_MAX);
    assert_null(user_rates_take(u, SPAN("bob"), NOW_MS));
    user_rates_give(u, a, NOW_MS);
}

static void without_memory_there_is_no_limit(void **state)
{
    struct user_rates *u = *state;

    oom_arm(1);
    assert_null(user_rates_take(u, SPAN("alice"), NOW_MS));
    assert_true(oom_disarm());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connections_of_a_user_have_one_bucket),
        TEST(a_second_is_the_burst),
        TEST(who_comes_back_has_what_he_left),
        TEST(another_rate_holds_at_once),
        TEST(without_memory_there_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
