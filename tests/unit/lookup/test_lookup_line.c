/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_line.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "err.h"

static void a_question_is_one_line(void **state)
{
    static const struct lookup_query plain = {
        {"alice", 5}, {"example.com", 11}, DIGEST_MD5};
    static const struct lookup_query odd = {
        {"a%b\t\x7f\xc3\xa9 ", 8}, {"r", 1}, DIGEST_SHA256};
    char dst[LOOKUP_QUESTION_MAX];

    (void)state;
    assert_span(lookup_line_write(dst, 17, &plain),
                "17\talice\texample.com\tMD5\n");
    assert_span(lookup_line_write(dst, UINT64_MAX, &odd),
                "18446744073709551615\ta%25b%09%7F%C3%A9 \tr\tSHA-256\n");
}

static void the_longest_question_fits(void **state)
{
    char name[LOOKUP_NAME_MAX] = "", dst[LOOKUP_QUESTION_MAX];
    const struct lookup_query q = {span_of(name, sizeof name),
                                   span_of(name, sizeof name), DIGEST_SHA256};

    (void)state;
    memset(name, 0xff, sizeof name);
    assert_true(lookup_line_write(dst, UINT64_MAX, &q).n <= sizeof dst);
}

static void assert_answer(const char *text, uint64_t id,
                          enum lookup_line_kind kind, const char *value)
{
    struct lookup_line l;

    assert_int_equal(lookup_line_parse(&l, span_str(text)), 0);
    assert_int_equal(l.id, id);
    assert_int_equal(l.kind, kind);
    assert_span_equal(lookup_line_value(&l), span_str(value));
}

static void each_kind_of_answer_is_read(void **state)
{
    (void)state;
    assert_answer("1\tha1\t0aF3", 1, LOOKUP_LINE_HA1, "0aF3");
    assert_answer("2\tpassword\ta b%09%25%c3%A9", 2, LOOKUP_LINE_PASSWORD,
                  "a b\t%\xc3\xa9");
    assert_answer("3\tpassword\t", 3, LOOKUP_LINE_PASSWORD, "");
    assert_answer("4\tnone", 4, LOOKUP_LINE_NONE, "");
    assert_answer("18446744073709551615\terror\tno such table", UINT64_MAX,
                  LOOKUP_LINE_ERROR, "no such table");
}

static void other_lines_make_no_sense(void **state)
{
    static const char *const bad[] = {
        "",
        "1",
        "1\t",
        "\tnone",
        "1\tnone\t",
        "1\tnone\tx",
        "1\tha1",
        "1\tpassword",
        "1\terror",
        "1 none",
        "1\tNONE",
        "1\tha1\tx\ty",
        "1\tpassword\tx\t",
        "-1\tnone",
        "+1\tnone",
        " 1\tnone",
        "1 \tnone",
        "18446744073709551616\tnone",
        "1\tnone\r",
        "1\tpassword\ta\rb",
        "1\tpassword\t\xc3\xa9",
        "1\tpassword\t\x7f",
        "1\tpassword\t%",
        "1\tpassword\t%4",
        "1\tpassword\t%4g",
        "x\tnone",
    };
    struct lookup_line l;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (lookup_line_parse(&l, span_str(bad[i])) != ERR_SYNTAX)
            fail_msg("\"%s\" makes sense", bad[i]);
}

/* A line that is cut is another one or none, and nothing past its end is
 * looked at. */
static void a_line_may_be_cut_anywhere(void **state)
{
    static const char text[] = "12\tpassword\ta%20b";
    struct lookup_line l;

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        char copy[sizeof text];
        int err;

        memset(copy, '\t', sizeof copy);
        memcpy(copy, text, n);
        err = lookup_line_parse(&l, span_of(copy, n));
        if (n < 12 || n == 14 || n == 15)
            assert_int_equal(err, ERR_SYNTAX);
        else if (n < sizeof text)
            assert_int_equal(err, 0);
    }
}

static void a_value_has_a_bound(void **state)
{
    char text[LOOKUP_VALUE_MAX + 16];
    struct lookup_line l;
    int n = snprintf(text, sizeof text, "1\tpassword\t");

    (void)state;
    memset(text + n, 'x', LOOKUP_VALUE_MAX + 1);
    assert_int_equal(
        lookup_line_parse(&l, span_of(text, (size_t)n + LOOKUP_VALUE_MAX)), 0);
    assert_int_equal(l.n, LOOKUP_VALUE_MAX);
    assert_int_equal(
        lookup_line_parse(&l, span_of(text, (size_t)n + LOOKUP_VALUE_MAX + 1)),
        ERR_SYNTAX);
    memcpy(text, "1\terror\txxx", (size_t)n);
    assert_int_equal(lookup_line_parse(&l, span_of(text, sizeof text)), 0);
    assert_int_equal(l.n, LOOKUP_VALUE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_one_line),
        cmocka_unit_test(the_longest_question_fits),
        cmocka_unit_test(each_kind_of_answer_is_read),
        cmocka_unit_test(other_lines_make_no_sense),
        cmocka_unit_test(a_line_may_be_cut_anywhere),
        cmocka_unit_test(a_value_has_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
