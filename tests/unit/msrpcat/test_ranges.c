/* SPDX-License-Identifier: BSD-2-Clause */
#include "ranges.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static int set_up(void **state)
{
    struct ranges *r = test_malloc(sizeof *r);

    ranges_init(r);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    ranges_fini(*state);
    test_free(*state);
    return 0;
}

static void add(struct ranges *r, uint64_t from, uint64_t to)
{
    assert_int_equal(ranges_add(r, from, to), 0);
}

static void nothing_covers_only_the_empty_message(void **state)
{
    struct ranges *r = *state;

    assert_true(ranges_cover(r, 0));
    assert_false(ranges_cover(r, 1));
    assert_int_equal(ranges_end(r), 0);
    assert_int_equal(ranges_reach(r, 7), 7);
}

static void octets_in_order_stay_one_run(void **state)
{
    struct ranges *r = *state;

    for (uint64_t at = 0; at < 1000; at += 10)
        add(r, at, at + 10);
    assert_int_equal(r->n, 1);
    assert_true(ranges_cover(r, 1000));
    assert_false(ranges_cover(r, 1001));
}

static void the_end_first_covers_nothing_yet(void **state)
{
    struct ranges *r = *state;

    add(r, 50, 100);
    assert_false(ranges_cover(r, 100));
    assert_int_equal(ranges_reach(r, 0), 0);
    assert_int_equal(ranges_reach(r, 50), 100);
    assert_int_equal(ranges_end(r), 100);
    add(r, 0, 50);
    assert_int_equal(r->n, 1);
    assert_true(ranges_cover(r, 100));
}

static void a_run_swallows_those_that_it_spans(void **state)
{
    struct ranges *r = *state;

    add(r, 10, 20);
    add(r, 30, 40);
    add(r, 50, 60);
    add(r, 15, 55);
    assert_int_equal(r->n, 1);
    assert_int_equal(ranges_reach(r, 10), 60);
    assert_int_equal(ranges_count(r), 50);
}

static void what_is_there_already_changes_nothing(void **state)
{
    struct ranges *r = *state;

    add(r, 10, 40);
    add(r, 20, 30);
    add(r, 10, 40);
    add(r, 25, 25);
    assert_int_equal(r->n, 1);
    assert_int_equal(ranges_count(r), 30);
}

static void the_end_of_a_run_reaches_into_no_gap(void **state)
{
    struct ranges *r = *state;

    add(r, 0, 10);
    add(r, 11, 20);
    assert_int_equal(ranges_reach(r, 0), 10);
    assert_int_equal(ranges_reach(r, 10), 10);
    assert_int_equal(ranges_reach(r, 11), 20);
}

/* Against a map with one flag an octet, for many ranges in no order. */
static void any_order_gives_the_same_as_a_map(void **state)
{
    struct ranges *r = *state;
    bool map[256] = {false};
    uint32_t random = 12345;

    for (int round = 0; round < 400; round++) {
        uint64_t from, to, count = 0;

        random = random * 1664525 + 1013904223;
        from = (random >> 8) % 250;
        to = from + (random >> 24) % 6;
        add(r, from, to);
        for (uint64_t i = from; i < to; i++)
            map[i] = true;
        for (size_t i = 0; i < 256; i++) {
            uint64_t reach = i;

            count += map[i];
            while (reach < 256 && map[reach])
                reach++;
            assert_int_equal(ranges_reach(r, i), reach);
        }
        assert_int_equal(ranges_count(r), count);
        for (size_t i = 1; i < r->n; i++)
            assert_true(r->runs[i - 1].to < r->runs[i].from);
    }
}

static void disorder_has_a_limit(void **state)
{
    struct ranges *r = *state;

    for (uint64_t i = 0; i < RANGES_MAX; i++)
        add(r, i * 2, i * 2 + 1);
    assert_int_equal(ranges_add(r, RANGES_MAX * 2, RANGES_MAX * 2 + 1),
                     ERR_LIMIT);
    add(r, 1, 2);
    assert_int_equal(r->n, RANGES_MAX - 1);
}

static int attempt(void *ctx)
{
    struct ranges r;
    int err = 0;

    (void)ctx;
    ranges_init(&r);
    for (uint64_t i = 0; !err && i < 100; i++)
        err = ranges_add(&r, i * 2, i * 2 + 1);
    ranges_fini(&r);
    return err;
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    assert_true(oom_sweep(attempt, NULL) >= 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_covers_only_the_empty_message),
        TEST(octets_in_order_stay_one_run),
        TEST(the_end_first_covers_nothing_yet),
        TEST(a_run_swallows_those_that_it_spans),
        TEST(what_is_there_already_changes_nothing),
        TEST(the_end_of_a_run_reaches_into_no_gap),
        TEST(any_order_gives_the_same_as_a_map),
        TEST(disorder_has_a_limit),
        TEST(without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
