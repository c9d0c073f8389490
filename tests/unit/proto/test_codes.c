/* SPDX-License-Identifier: BSD-2-Clause */
#include "codes.h"

#include <stdlib.h>

#include "cmocka_all.h"

static void a_code_is_counted_under_its_name(void **state)
{
    size_t named = 0;

    (void)state;
    for (unsigned code = 0; code < 1000; code++) {
        const char *name = code_name(code_index(code));

        if (code_index(code) == CODE_AT_OTHER)
            continue;
        assert_int_equal(strtoul(name, NULL, 10), code);
        named++;
    }
    assert_int_equal(named, CODES - 1);
}

static void what_is_not_in_the_table_is_other(void **state)
{
    (void)state;
    assert_string_equal(code_name(code_index(299)), "other");
    assert_string_equal(code_name(code_index(0)), "other");
    assert_string_equal(code_name(code_index(100200)), "other");
}

static void every_code_of_the_relay_has_its_comment(void **state)
{
    static const unsigned codes[] = {200, 400, 401, 403, 408, 413,
                                     415, 423, 481, 501, 506};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_true(code_comment(codes[i]).n > 0);
    assert_int_equal(code_comment(428).n, 0);
    assert_int_equal(code_comment(299).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_counted_under_its_name),
        cmocka_unit_test(what_is_not_in_the_table_is_other),
        cmocka_unit_test(every_code_of_the_relay_has_its_comment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
