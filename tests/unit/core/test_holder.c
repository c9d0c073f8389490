/* SPDX-License-Identifier: BSD-2-Clause */
#include "holder.h"

#include "cmocka_all.h"
#include "oom.h"

static const uint64_t seed[2] = {1, 2};

static void each_is_counted_by_itself(void **state)
{
    struct holder *a, *b;
    struct holders h;

    (void)state;
    assert_int_equal(holders_init(&h, seed), 0);
    assert_int_equal(holder_count(&h, SPAN("alice")), 0);
    a = holder_take(&h, SPAN("alice"));
    assert_ptr_equal(holder_take(&h, SPAN("alice")), a);
    b = holder_take(&h, SPAN("bob"));
    assert_int_equal(holder_count(&h, SPAN("alice")), 2);
    assert_int_equal(holder_count(&h, SPAN("bob")), 1);
    holder_give(&h, a);
    holder_give(&h, NULL);
    assert_int_equal(holder_count(&h, SPAN("alice")), 1);
    holder_give(&h, a);
    holder_give(&h, b);
    assert_int_equal(holder_count(&h, SPAN("alice")), 0);
    holders_fini(&h);
}

static void without_memory_nothing_is_taken(void **state)
{
    struct holders h;

    (void)state;
    assert_int_equal(holders_init(&h, seed), 0);
    oom_arm_all();
    assert_null(holder_take(&h, SPAN("alice")));
    assert_true(oom_disarm());
    assert_int_equal(holder_count(&h, SPAN("alice")), 0);
    holders_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_counted_by_itself),
        cmocka_unit_test(without_memory_nothing_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
