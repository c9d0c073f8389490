/* SPDX-License-Identifier: BSD-2-Clause */
#include "label.h"

#include "cmocka_all.h"
#include "msg.h"

static const char run[] = "aZ09";

static void a_tid_is_read_as_it_was_written(void **state)
{
    static const uint64_t numbers[] = {0, 1, 0xabcdef, LABEL_NUMBER_MAX};
    char tid[LABEL_TID];
    struct label got;

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        label_put_tid(tid, LABEL_FLOWS_MAX - 1 - i, numbers[i]);
        assert_true(msg_is_ident(span_of(tid, LABEL_TID)));
        assert_true(label_get_tid(&got, span_of(tid, LABEL_TID)));
        assert_int_equal(got.flow, LABEL_FLOWS_MAX - 1 - i);
        assert_int_equal(got.number, numbers[i]);
    }
}

static void an_id_is_read_as_it_was_written(void **state)
{
    struct label want = {LABEL_FLOWS_MAX - 1, LABEL_NUMBER_MAX, LABEL_TIME_MAX};
    struct label got;
    char id[LABEL_ID];

    (void)state;
    label_put_id(id, run, &want);
    assert_true(msg_is_ident(span_of(id, LABEL_ID)));
    assert_true(label_get_id(&got, run, span_of(id, LABEL_ID)));
    assert_int_equal(got.flow, want.flow);
    assert_int_equal(got.number, want.number);
    assert_int_equal(got.time_ns, want.time_ns);
}

static void an_id_of_another_run_is_none(void **state)
{
    struct label want = {1, 2, 3}, got;
    char id[LABEL_ID];

    (void)state;
    label_put_id(id, run, &want);
    assert_false(label_get_id(&got, "aZ08", span_of(id, LABEL_ID)));
}

static void what_others_chose_is_none(void **state)
{
    struct label got;

    (void)state;
    assert_false(label_get_tid(&got, SPAN("")));
    assert_false(label_get_tid(&got, SPAN("000000000000000")));
    assert_false(label_get_tid(&got, SPAN("00000000000000000")));
    assert_false(label_get_tid(&got, SPAN("00000g0000000000")));
    assert_false(label_get_tid(&got, SPAN("x000000000000000")));
    assert_false(label_get_id(&got, run, SPAN("aZ09")));
    assert_false(
        label_get_id(&got, run, SPAN("aZ09000000000000000000000000000x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tid_is_read_as_it_was_written),
        cmocka_unit_test(an_id_is_read_as_it_was_written),
        cmocka_unit_test(an_id_of_another_run_is_none),
        cmocka_unit_test(what_others_chose_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
