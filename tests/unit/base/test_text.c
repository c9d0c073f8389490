/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static void parts_stand_one_behind_the_other(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, 100);
    assert_int_equal(text_span(&t).n, 0);
    text_put(&t, SPAN("one "));
    text_put(&t, SPAN(""));
    text_put_u64(&t, 18446744073709551615U);
    text_printf(&t, " %s-%d", "x", 7);
    assert_span(text_span(&t), "one 18446744073709551615 x-7");
    assert_int_equal(t.err, 0);
    text_fini(&t);
}

static void long_texts_grow(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, 100000);
    for (int i = 0; i < 10000; i++)
        text_put(&t, SPAN("0123456789"));
    assert_int_equal(t.err, 0);
    assert_int_equal(t.n, 100000);
    for (size_t i = 0; i < t.n; i++)
        assert_int_equal(t.p[i], '0' + (int)(i % 10));
    text_fini(&t);
}

static void put_past_max_is_refused_whole(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, 5);
    text_put(&t, SPAN("1234"));
    text_put(&t, SPAN("56"));
    assert_int_equal(t.err, ERR_FULL);
    text_put(&t, SPAN("5"));
    assert_span(text_span(&t), "1234");
    text_fini(&t);
}

static void line_past_its_length_is_refused(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, 1000);
    text_printf(&t, "%255s", "x");
    assert_int_equal(t.err, 0);
    assert_int_equal(t.n, 255);
    text_printf(&t, "%256s", "x");
    assert_int_equal(t.err, ERR_FULL);
    assert_int_equal(t.n, 255);
    text_fini(&t);
}

static void without_memory_it_ends_where_it_was(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, 100000);
    oom_arm(1);
    text_put(&t, SPAN("nothing"));
    assert_true(oom_disarm());
    assert_int_equal(t.err, ERR_NOMEM);
    text_put(&t, SPAN("more"));
    assert_int_equal(t.n, 0);
    text_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_stand_one_behind_the_other),
        cmocka_unit_test(long_texts_grow),
        cmocka_unit_test(put_past_max_is_refused_whole),
        cmocka_unit_test(line_past_its_length_is_refused),
        cmocka_unit_test(without_memory_it_ends_where_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
