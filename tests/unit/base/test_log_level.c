/* SPDX-License-Identifier: BSD-2-Clause */
#include "log_level.h"

#include "cmocka_all.h"
#include "err.h"

static void levels_have_four_names(void **state)
{
    enum log_level level = LOG_LEVEL_ERROR;

    (void)state;
    assert_int_equal(log_level_from(&level, SPAN("debug")), 0);
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_int_equal(log_level_from(&level, SPAN("info")), 0);
    assert_int_equal(level, LOG_LEVEL_INFO);
    assert_int_equal(log_level_from(&level, SPAN("warn")), 0);
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_int_equal(log_level_from(&level, SPAN("error")), 0);
    assert_int_equal(level, LOG_LEVEL_ERROR);
    assert_int_equal(log_level_from(&level, SPAN("notice")), ERR_NOT_FOUND);
    assert_int_equal(log_level_from(&level, SPAN("")), ERR_NOT_FOUND);
    assert_int_equal(level, LOG_LEVEL_ERROR);
    assert_string_equal(log_level_name(LOG_LEVEL_WARN), "warn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_have_four_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
