/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_sample.h"

#include "cmocka_all.h"

static void add(struct top_sample *s, int connection, int in, int out)
{
    json_t *row =
        json_pack("{s:i,s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:b}", "connection",
                  connection, "user", "alice", "peer", "192.0.2.7:4000",
                  "transport", "tls", "sessions", 1, "in_octets", in,
                  "out_octets", out, "queued_octets", 0, "blocked", 0);

    assert_non_null(row);
    top_sample_row(s, row);
    json_decref(row);
}

static json_int_t figure(const struct top_sample *s, size_t i, const char *key)
{
    json_t *row = top_sample_shown(s, i);
    json_int_t value = json_integer_value(json_object_get(row, key));

    assert_non_null(row);
    json_decref(row);
    return value;
}

static void the_busiest_since_the_last_sample_come_first(void **state)
{
    struct top_sample s = {0};

    (void)state;
    top_sample_begin(&s, 0, 10);
    add(&s, 1, 1000000, 0);
    add(&s, 2, 0, 500);
    add(&s, 3, 10, 10);
    top_sample_begin(&s, 2, 10);
    add(&s, 1, 1000000, 0); /* much, but before */
    add(&s, 2, 0, 900);
    add(&s, 3, 410, 110);
    add(&s, 4, 6, 0); /* new */
    assert_int_equal(s.n, 4);
    assert_int_equal(figure(&s, 0, "connection"), 3);
    assert_int_equal(figure(&s, 0, "in_octets_per_s"), 200);
    assert_int_equal(figure(&s, 0, "out_octets_per_s"), 50);
    assert_int_equal(figure(&s, 1, "connection"), 2);
    assert_int_equal(figure(&s, 1, "out_octets_per_s"), 200);
    assert_int_equal(figure(&s, 2, "connection"), 4);
    assert_int_equal(figure(&s, 2, "in_octets_per_s"), 3);
    assert_int_equal(figure(&s, 3, "connection"), 1);
    assert_int_equal(figure(&s, 3, "in_octets_per_s"), 0);
    top_sample_fini(&s);
}

static void only_so_many_are_kept(void **state)
{
    struct top_sample s = {0};

    (void)state;
    for (int round = 1; round <= 3; round++) {
        top_sample_begin(&s, 1, 5);
        for (int i = 1; i <= 1000; i++)
            add(&s, i, round * (i % 100) * 1000, 0);
    }
    assert_int_equal(s.n, 5);
    assert_int_equal(s.err, 0);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(figure(&s, i, "in_octets_per_s"), 99000);
        assert_int_equal(figure(&s, i, "connection"), 99 + 100 * (int)i);
    }
    top_sample_begin(&s, 1, 1000000);
    assert_int_equal(s.max, TOP_SAMPLE_MAX);
    top_sample_fini(&s);
}

static void none_may_be_wanted(void **state)
{
    struct top_sample s = {0};

    (void)state;
    top_sample_begin(&s, 1, 0);
    add(&s, 1, 5, 5);
    assert_int_equal(s.n, 0);
    top_sample_fini(&s);
}

static void a_number_that_went_back_is_no_rate(void **state)
{
    struct top_sample s = {0};

    (void)state;
    top_sample_begin(&s, 0, 5);
    add(&s, 1, 500, 500);
    top_sample_begin(&s, 1, 5);
    add(&s, 1, 400, 500); /* another relay, with the same numbers */
    assert_int_equal(figure(&s, 0, "in_octets_per_s"), 0);
    top_sample_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_busiest_since_the_last_sample_come_first),
        cmocka_unit_test(only_so_many_are_kept),
        cmocka_unit_test(none_may_be_wanted),
        cmocka_unit_test(a_number_that_went_back_is_no_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
