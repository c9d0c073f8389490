/* SPDX-License-Identifier: BSD-2-Clause */
#include "fname.h"

#include "cmocka_all.h"

static void assert_cleaned(const char *raw, const char *want)
{
    char name[FNAME_MAX + 1];

    assert_true(fname_clean(name, span_str(raw)));
    assert_string_equal(name, want);
}

static void a_plain_name_stays(void **state)
{
    (void)state;
    assert_cleaned("report 2026.pdf", "report 2026.pdf");
    assert_cleaned("Z\xc3\xbcrich.txt", "Z\xc3\xbcrich.txt");
}

static void directories_are_cut_off(void **state)
{
    (void)state;
    assert_cleaned("/etc/passwd", "passwd");
    assert_cleaned("../../x", "x");
    assert_cleaned("C:\\temp\\x.doc", "x.doc");
}

static void a_name_never_hides_nor_looks_like_an_option(void **state)
{
    (void)state;
    assert_cleaned("..", "_.");
    assert_cleaned(".profile", "_profile");
    assert_cleaned("-rf", "_rf");
}

static void control_octets_are_replaced(void **state)
{
    (void)state;
    assert_cleaned("a\x1b[31m\nb\x7f", "a_[31m_b_");
    assert_cleaned("a\xc2\x9b"
                   "31m",
                   "a_31m");
    assert_cleaned("gpj\xe2\x80\xae.exe", "gpj_.exe");
}

static void nothing_is_no_name(void **state)
{
    char name[FNAME_MAX + 1];

    (void)state;
    assert_false(fname_clean(name, SPAN("")));
    assert_false(fname_clean(name, SPAN("a/b/")));
}

static void an_octet_nul_does_not_end_it_early(void **state)
{
    char name[FNAME_MAX + 1];

    (void)state;
    assert_true(fname_clean(name, span_of("a\0b", 3)));
    assert_string_equal(name, "a_b");
}

static void a_long_name_is_cut_between_characters(void **state)
{
    char raw[FNAME_MAX * 2], name[FNAME_MAX + 1];

    (void)state;
    /* An odd offset, so that the limit falls inside a character. */
    raw[0] = 'a';
    for (size_t i = 1; i + 1 < sizeof raw; i += 2)
        memcpy(raw + i, "\xc3\xa9", 2);
    assert_true(fname_clean(name, span_of(raw, sizeof raw - 1)));
    assert_int_equal(strlen(name), FNAME_MAX - 1);
    assert_memory_equal(name, raw, FNAME_MAX - 1);
}

static void assert_offered(const char *disposition, const char *want)
{
    char name[FNAME_MAX + 1];

    assert_true(fname_from_disposition(name, span_str(disposition)));
    assert_string_equal(name, want);
}

static void a_disposition_offers_a_name(void **state)
{
    (void)state;
    assert_offered("attachment; filename=x.txt", "x.txt");
    assert_offered("attachment;FileName=\"x y.txt\"", "x y.txt");
    assert_offered("attachment; size=3 ; filename = \"x\" ; foo=1", "x");
    assert_offered("attachment; lonely; filename=x", "x");
}

static void quotes_protect_semicolons_and_quotes(void **state)
{
    (void)state;
    assert_offered("attachment; note=\"; filename=evil\"; filename=\"a;b\"",
                   "a;b");
    assert_offered("attachment; filename=\"a\\\"b\"", "a\"b");
    assert_offered("attachment; filename=\"unfinished", "unfinished");
}

static void a_disposition_may_offer_none(void **state)
{
    char name[FNAME_MAX + 1];

    (void)state;
    assert_false(fname_from_disposition(name, SPAN("render")));
    assert_false(fname_from_disposition(name, SPAN("render; name=x")));
    assert_false(fname_from_disposition(name, SPAN("filename=x")));
    assert_false(fname_from_disposition(name, SPAN("a; filename=\"\"")));
    assert_false(fname_from_disposition(name, SPAN("")));
}

static void what_is_offered_is_understood(void **state)
{
    char disposition[2 * FNAME_MAX + 64];

    (void)state;
    fname_to_disposition(disposition, sizeof disposition,
                         "/home/me/a \"b\"; c.txt");
    assert_string_equal(disposition,
                        "attachment; filename=\"a \\\"b\\\"; c.txt\"");
    assert_offered(disposition, "a \"b\"; c.txt");
    fname_to_disposition(disposition, sizeof disposition, "dir/");
    assert_string_equal(disposition, "attachment");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_name_stays),
        cmocka_unit_test(directories_are_cut_off),
        cmocka_unit_test(a_name_never_hides_nor_looks_like_an_option),
        cmocka_unit_test(control_octets_are_replaced),
        cmocka_unit_test(nothing_is_no_name),
        cmocka_unit_test(an_octet_nul_does_not_end_it_early),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(a_disposition_offers_a_name),
        cmocka_unit_test(quotes_protect_semicolons_and_quotes),
        cmocka_unit_test(a_disposition_may_offer_none),
        cmocka_unit_test(what_is_offered_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
