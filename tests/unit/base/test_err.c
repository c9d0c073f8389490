/* SPDX-License-Identifier: BSD-2-Clause */
#include "err.h"

#include <errno.h>

#include "cmocka_all.h"

static const int all[] = {
#define ERR_VALUE(name, value, text) name,
    ERR_LIST(ERR_VALUE)
#undef ERR_VALUE
};

enum { N = sizeof all / sizeof *all };

static void every_error_is_negative_and_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        assert_true(all[i] < 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(all[i], all[k]);
    }
}

static void every_error_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(err_name(ERR_AGAIN), "ERR_AGAIN");
    assert_string_equal(err_text(ERR_NOMEM), "out of memory");
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(strncmp(err_name(all[i]), "ERR_", 4), 0);
        assert_string_not_equal(err_name(all[i]), "ERR_UNKNOWN");
        assert_string_not_equal(err_text(all[i]), "unknown error");
    }
}

static void success_and_strangers_have_text_too(void **state)
{
    (void)state;
    assert_string_equal(err_text(0), "success");
    assert_string_equal(err_text(1), "unknown error");
    assert_string_equal(err_text(-9999), "unknown error");
    assert_string_equal(err_name(-9999), "ERR_UNKNOWN");
}

static void the_reason_of_failed_input_or_output_is_in_errno(void **state)
{
    (void)state;
    errno = ENOENT;
    assert_string_equal(err_reason(ERR_IO), strerror(ENOENT));
    assert_string_equal(err_reason(ERR_NOMEM), err_text(ERR_NOMEM));
    errno = 0;
    assert_string_equal(err_reason(ERR_IO), err_text(ERR_IO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_is_negative_and_alone),
        cmocka_unit_test(every_error_has_a_name_and_a_sentence),
        cmocka_unit_test(success_and_strangers_have_text_too),
        cmocka_unit_test(the_reason_of_failed_input_or_output_is_in_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
