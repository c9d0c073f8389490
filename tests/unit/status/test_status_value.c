/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_value.h"

#include <float.h>
#include <math.h>

#include "cmocka_all.h"
#include "oom.h"

static const struct {
    enum status_as as;
    double v;
    const char *text;
} shown[] = {
    {AS_NUMBER, 28550, "28550"},
    {AS_COUNT, 0, "0"},
    {AS_COUNT, 999, "999"},
    {AS_COUNT, 1000, "1,000"},
    {AS_COUNT, 1234567, "1,234,567"},
    {AS_AMOUNT, 999999, "999,999"},
    {AS_AMOUNT, 1000000, "1.0 M"},
    {AS_AMOUNT, 402653184, "403 M"},
    {AS_RATE, 0, "0"},
    {AS_RATE, 0.4, "0.4"},
    {AS_RATE, 99.9, "99.9"},
    {AS_RATE, 99.95, "100"},
    {AS_RATE, 12345, "12,345"},
    {AS_OCTETS, 0, "0 B"},
    {AS_OCTETS, 999, "999 B"},
    {AS_OCTETS, 1000, "1.0 kB"},
    {AS_OCTETS, 99900, "99.9 kB"},
    {AS_OCTETS, 123456, "123 kB"},
    {AS_OCTETS, 999960, "1.0 MB"},
    {AS_OCTETS, 5e18, "5000 PB"},
    {AS_OCTET_RATE, 1234567, "1.2 MB/s"},
    {AS_PERCENT, 0, "0 %"},
    {AS_PERCENT, 0.1, "0.1 %"},
    {AS_PERCENT, 12.3, "12 %"},
    {AS_SHARE, 100, "100 %"},
    {AS_SECONDS, 0, "0 s"},
    {AS_SECONDS, 61, "1 min 1 s"},
    {AS_SECONDS, 3600, "1 h 0 min"},
    {AS_SECONDS, 90061, "1 d 1 h"},
    {AS_DAY, 1796852538, "2026-12-09"},
    {AS_DAY, 1e300, "9999-12-31"},
    {AS_DAYS_LEFT, 1234, "1,234 d"},
    {AS_DAYS_LEFT, 0, "0 d"},
    {AS_DAYS_LEFT, -1, "ended"},
};

static void each_figure_has_its_form(void **state)
{
    char dst[STATUS_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_span_equal(status_value(dst, shown[i].as, shown[i].v),
                          span_str(shown[i].text));
}

static void any_number_has_room(void **state)
{
    static const double odd[] = {0,       -1,  -DBL_MAX,  DBL_MAX,
                                 DBL_MIN, NAN, -INFINITY, INFINITY};
    char dst[STATUS_VALUE_MAX];

    (void)state;
    for (size_t k = 0; k < STATUS_AS; k++)
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
            assert_in_range(status_value(dst, (enum status_as)k, odd[i]).n, 0,
                            STATUS_VALUE_MAX - 1);
}

static void what_somebody_should_look_at_is_marked(void **state)
{
    (void)state;
    assert_string_equal(status_level(AS_SHARE, 74.9), "");
    assert_string_equal(status_level(AS_SHARE, 75), "warn");
    assert_string_equal(status_level(AS_SHARE, 90), "bad");
    assert_string_equal(status_level(AS_PERCENT, 100), "");
    assert_string_equal(status_level(AS_DAYS_LEFT, 14), "");
    assert_string_equal(status_level(AS_DAYS_LEFT, 13), "warn");
    assert_string_equal(status_level(AS_DAYS_LEFT, 2), "bad");
    assert_string_equal(status_level(AS_DAYS_LEFT, -5), "bad");
    assert_string_equal(status_level(AS_SHARE, 0), "");
    assert_string_equal(status_level(AS_COUNT, 0), "zero");
}

static int show_one(void *ctx)
{
    char dst[STATUS_VALUE_MAX];

    (void)ctx;
    status_value(dst, AS_COUNT, 1);
    return 0;
}

static void nothing_is_allocated(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(show_one, NULL), 0);
    for (size_t k = 0; k < STATUS_AS; k++)
        assert_non_null(status_as_name((enum status_as)k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_figure_has_its_form),
        cmocka_unit_test(any_number_has_room),
        cmocka_unit_test(what_somebody_should_look_at_is_marked),
        cmocka_unit_test(nothing_is_allocated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
