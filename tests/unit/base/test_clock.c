/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

#include <time.h>

#include "cmocka_all.h"

static void the_time_is_in_milliseconds_since_1970(void **state)
{
    time_t before = time(NULL);
    uint64_t ms = clock_unix_ms();

    (void)state;
    /* time() may lag behind by a tick of the kernel. */
    assert_true(ms / 1000 + 1 >= (uint64_t)before);
    assert_true(ms / 1000 <= (uint64_t)time(NULL) + 1);
}

static void a_time_is_written_in_utc_with_milliseconds(void **state)
{
    static const struct {
        uint64_t unix_ms;
        const char *text;
    } times[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {UINT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
        {UINT64_C(951782400007), "2000-02-29T00:00:00.007Z"},
        {UINT64_C(1795341600123), "2026-11-22T10:00:00.123Z"},
        {UINT64_C(253402300800000), "10000-01-01T00:00:00.000Z"},
    };
    char text[CLOCK_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        size_t n = clock_text(text, times[i].unix_ms);

        assert_int_equal(n, strlen(times[i].text));
        assert_string_equal(text, times[i].text);
    }
}

static void the_greatest_number_has_a_text_too(void **state)
{
    char text[CLOCK_TEXT_MAX];
    size_t n = clock_text(text, UINT64_MAX);

    (void)state;
    assert_int_equal(n, strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_is_in_milliseconds_since_1970),
        cmocka_unit_test(a_time_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(the_greatest_number_has_a_text_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
