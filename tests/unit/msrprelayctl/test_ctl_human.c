/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_human.h"

#include "cmocka_all.h"

static void assert_span_text(double seconds, const char *want)
{
    char text[CTL_HUMAN_MAX];

    assert_string_equal(ctl_human_span(text, seconds), want);
}

static void durations_have_their_two_largest_units(void **state)
{
    (void)state;
    assert_span_text(0, "0s");
    assert_span_text(0.25, "250ms");
    assert_span_text(0.9999, "999ms");
    assert_span_text(1.9, "1s");
    assert_span_text(59, "59s");
    assert_span_text(60, "1m00s");
    assert_span_text(3599, "59m59s");
    assert_span_text(3600, "1h00m");
    assert_span_text(86399, "23h59m");
    assert_span_text(86400, "1d00h");
    assert_span_text(100 * 86400.0 + 3 * 3600, "100d03h");
    assert_span_text(-1, "0s");
}

static void assert_size(uint64_t octets, const char *want)
{
    char text[CTL_HUMAN_MAX];

    assert_string_equal(ctl_human_size(text, octets), want);
}

static void sizes_are_short(void **state)
{
    (void)state;
    assert_size(0, "0");
    assert_size(1023, "1023");
    assert_size(1024, "1.0K");
    assert_size(1536, "1.5K");
    assert_size(10 * 1024, "10K");
    assert_size(1023 * 1024, "1023K");
    assert_size(1024 * 1024 - 1, "1.0M");
    assert_size((uint64_t)5 << 30, "5.0G");
    assert_size(UINT64_MAX, "16E");
}

static void times_are_local(void **state)
{
    char text[CTL_HUMAN_MAX];

    (void)state;
    assert_int_equal(setenv("TZ", "UTC-2", 1), 0);
    assert_string_equal(ctl_human_time(text, 0), "1970-01-01 02:00:00");
    assert_string_equal(ctl_human_time(text, 1795324418.9),
                        "2026-11-22 07:13:38");
}

static void assert_shown(const char *text, const char *want)
{
    char *got = ctl_human_text(span_str(text));

    assert_non_null(got);
    assert_string_equal(got, want);
    free(got);
}

static void what_a_terminal_obeys_is_not_shown(void **state)
{
    (void)state;
    assert_shown("alice", "alice");
    assert_shown("a\x1b[2Jb\r\n\t\x7f", "a?[2Jb????");
    assert_shown("\xc2\x9b"
                 "2J",
                 "?2J");
    assert_shown("\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0");
    assert_shown("b\xc3\xb6rje \xe2\x82\xac", "b\xc3\xb6rje \xe2\x82\xac");
    assert_shown("\xc2", "\xc2");
}

static void width_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(ctl_human_width(""), 0);
    assert_int_equal(ctl_human_width("abc"), 3);
    assert_int_equal(ctl_human_width("b\xc3\xb6rje \xe2\x82\xac"), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_their_two_largest_units),
        cmocka_unit_test(sizes_are_short),
        cmocka_unit_test(times_are_local),
        cmocka_unit_test(what_a_terminal_obeys_is_not_shown),
        cmocka_unit_test(width_counts_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
