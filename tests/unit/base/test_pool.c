/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include "cmocka_all.h"
#include "oom.h"

static void what_was_given_last_is_taken_first(void **state)
{
    struct pool p;
    void *a, *b;

    (void)state;
    pool_init(&p, 64, 2);
    a = pool_take(&p);
    b = pool_take(&p);
    pool_give(&p, a);
    pool_give(&p, b);
#ifndef MSRP_SANITIZE
    assert_int_equal(p.unused, 2);
    assert_ptr_equal(pool_take(&p), b);
    assert_ptr_equal(pool_take(&p), a);
    pool_give(&p, a);
    pool_give(&p, b);
#endif
    assert_int_equal(p.taken, 0);
    pool_fini(&p);
}

static void no_more_than_keep_are_held(void **state)
{
    struct pool p;
    void *blocks[5];

    (void)state;
    pool_init(&p, 64, 3);
    for (size_t i = 0; i < 5; i++)
        blocks[i] = pool_take(&p);
    assert_int_equal(p.taken, 5);
    for (size_t i = 0; i < 5; i++)
        pool_give(&p, blocks[i]);
    assert_true(p.unused <= 3);
    assert_int_equal(p.taken, 0);
    pool_fini(&p);
    assert_int_equal(p.unused, 0);
}

static void a_block_has_its_full_size(void **state)
{
    struct pool p;
    char *block;

    (void)state;
    pool_init(&p, 100, 1);
    for (int round = 0; round < 2; round++) {
        block = pool_take(&p);
        assert_non_null(block);
        memset(block, 0xa5, 100);
        pool_give(&p, block);
    }
    pool_fini(&p);
}

static void giving_null_is_harmless(void **state)
{
    struct pool p;

    (void)state;
    pool_init(&p, 64, 1);
    pool_give(&p, NULL);
    assert_int_equal(p.taken, 0);
    assert_int_equal(p.unused, 0);
    pool_fini(&p);
}

static void taking_without_memory_gives_null_and_counts_nothing(void **state)
{
    struct pool p;

    (void)state;
    pool_init(&p, 64, 1);
    oom_arm(1);
    assert_null(pool_take(&p));
    assert_true(oom_disarm());
    assert_int_equal(p.taken, 0);
    pool_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_last_is_taken_first),
        cmocka_unit_test(no_more_than_keep_are_held),
        cmocka_unit_test(a_block_has_its_full_size),
        cmocka_unit_test(giving_null_is_harmless),
        cmocka_unit_test(taking_without_memory_gives_null_and_counts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
