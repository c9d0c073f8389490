/* SPDX-License-Identifier: BSD-2-Clause */
#include "pattern.h"

#include <stdlib.h>

#include "cmocka_all.h"

static int set_up(void **state)
{
    struct pattern *p = malloc(sizeof *p);

    if (!p)
        return -1;
    pattern_init(p);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* A whole message of `n` octets. */
static char *message(const struct pattern *p, uint64_t number, size_t n)
{
    char *text = malloc(n);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = pattern_get(p, 1, number, i, 1).p[0];
    return text;
}

static void any_cut_of_a_message_fits_its_place(void **state)
{
    const struct pattern *p = *state;
    enum { SIZE = 3 * PATTERN_RUN };
    char *text = message(p, 5, SIZE);

    assert_true(pattern_is(p, 1, 5, 0, span_of(text, SIZE)));
    for (size_t at = 0; at < SIZE; at += 997) {
        assert_true(pattern_is(p, 1, 5, 0, span_of(text, at)));
        assert_true(pattern_is(p, 1, 5, at, span_of(text + at, SIZE - at)));
    }
    free(text);
}

static void one_wrong_octet_is_found_wherever_it_is(void **state)
{
    const struct pattern *p = *state;
    enum { SIZE = PATTERN_RUN + 1000 };
    char *text = message(p, 0, SIZE);

    for (size_t at = 0; at < SIZE; at += 499) {
        text[at] ^= 1;
        assert_false(pattern_is(p, 1, 0, 0, span_of(text, SIZE)));
        text[at] ^= 1;
    }
    free(text);
}

static void a_missing_piece_is_found(void **state)
{
    const struct pattern *p = *state;
    static const size_t gaps[] = {1, 200, 2048, 4096, 16384, 65536, 262144};

    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        struct span late = pattern_get(p, 1, 0, 1000 + gaps[i], 64);

        assert_false(pattern_is(p, 1, 0, 1000, late));
    }
}

static void messages_and_flows_differ(void **state)
{
    const struct pattern *p = *state;
    struct span one = pattern_get(p, 1, 1, 0, 64);

    for (uint64_t i = 2; i < 1000; i++) {
        assert_false(pattern_is(p, 1, i, 0, one));
        assert_false(pattern_is(p, i, 1, 0, one));
    }
}

static void no_end_line_can_come_about(void **state)
{
    const struct pattern *p = *state;

    assert_null(memchr(p->text, '-', sizeof p->text));
    assert_null(memchr(p->text, '\r', sizeof p->text));
    assert_null(memchr(p->text, '\n', sizeof p->text));
}

static void far_offsets_are_as_good(void **state)
{
    const struct pattern *p = *state;
    uint64_t far = UINT64_C(1) << 50;
    struct span run = pattern_get(p, 3, 4, far, PATTERN_RUN);

    assert_true(pattern_is(p, 3, 4, far, run));
    assert_false(pattern_is(p, 3, 4, far + 1, run));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_cut_of_a_message_fits_its_place,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_wrong_octet_is_found_wherever_it_is,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_piece_is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(messages_and_flows_differ, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_end_line_can_come_about, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(far_offsets_are_as_good, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
