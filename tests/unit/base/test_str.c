/* SPDX-License-Identifier: BSD-2-Clause */
#include "str.h"

#include "cmocka_all.h"
#include "err.h"

static void spans_are_compared_octet_by_octet(void **state)
{
    (void)state;
    assert_true(span_eq(SPAN("abc"), SPAN("abc")));
    assert_false(span_eq(SPAN("abc"), SPAN("abC")));
    assert_false(span_eq(SPAN("abc"), SPAN("ab")));
    assert_true(span_eq(SPAN(""), span_of(NULL, 0)));
    assert_true(span_eq(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(span_ieq(SPAN("To-Path"), SPAN("TO-pATH")));
    assert_true(span_ieq(SPAN("azAZ"), SPAN("AZaz")));
    assert_false(span_ieq(SPAN("@["), SPAN("`{")));
    assert_false(span_ieq(SPAN("\xc4"), SPAN("\xe4")));
    assert_false(span_ieq(SPAN("ab"), SPAN("abc")));
    assert_true(span_ieq(SPAN(""), span_of(NULL, 0)));
}

static void a_prefix_is_found_only_in_front(void **state)
{
    (void)state;
    assert_true(span_starts(SPAN("msrps://"), SPAN("msrp")));
    assert_true(span_starts(SPAN("msrp"), SPAN("msrp")));
    assert_true(span_starts(SPAN("msrp"), SPAN("")));
    assert_false(span_starts(SPAN("msr"), SPAN("msrp")));
    assert_false(span_starts(SPAN("xmsrp"), SPAN("msrp")));
}

static void hex_digits_have_either_case(void **state)
{
    (void)state;
    assert_true(span_is_hex(SPAN("0123456789abcdefABCDEF")));
    assert_true(span_is_hex(SPAN("")));
    assert_false(span_is_hex(SPAN("0g")));
    assert_false(span_is_hex(SPAN("@0")));
    assert_false(span_is_hex(SPAN("0\0")));
    assert_int_equal(char_hex('a'), 10);
    assert_int_equal(char_hex('F'), 15);
    assert_int_equal(char_hex('9'), 9);
    assert_int_equal(char_hex('`'), -1);
    assert_int_equal(char_hex(-1), -1);
}

static void find_gives_the_first_offset_or_the_length(void **state)
{
    (void)state;
    assert_int_equal(span_find(SPAN("a;b;c"), ';'), 1);
    assert_int_equal(span_find(SPAN(";"), ';'), 0);
    assert_int_equal(span_find(SPAN("abc"), ';'), 3);
    assert_int_equal(span_find(span_of(NULL, 0), ';'), 0);
}

static void trim_takes_blanks_off_both_ends_only(void **state)
{
    (void)state;
    assert_span(span_trim(SPAN(" \t a b\t ")), "a b");
    assert_span(span_trim(SPAN("a")), "a");
    assert_span(span_trim(SPAN(" \t ")), "");
    assert_span(span_trim(SPAN("\ra\n")), "\ra\n");
}

static void cut_walks_a_list_to_its_end(void **state)
{
    struct span rest = SPAN("a,,bc");

    (void)state;
    assert_span(span_cut(&rest, ','), "a");
    assert_span(span_cut(&rest, ','), "");
    assert_span(rest, "bc");
    assert_span(span_cut(&rest, ','), "bc");
    assert_true(span_is_empty(rest));
    assert_span(span_cut(&rest, ','), "");
    rest = SPAN("a,");
    assert_span(span_cut(&rest, ','), "a");
    assert_true(span_is_empty(rest));
}

static void a_number_is_digits_and_nothing_else(void **state)
{
    static const char *const bad[] = {"",    " 1", "1 ",   "+1", "-1",
                                      "0x1", "1a", "\xb9", "1\t"};
    uint64_t v = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(span_u64(&v, span_str(bad[i]), UINT64_MAX),
                         ERR_SYNTAX);
    assert_int_equal(span_u64(&v, SPAN("1\0"), UINT64_MAX), ERR_SYNTAX);
    assert_int_equal(v, 77);
    assert_int_equal(span_u64(&v, SPAN("0"), UINT64_MAX), 0);
    assert_int_equal(v, 0);
    assert_int_equal(span_u64(&v, SPAN("0042"), UINT64_MAX), 0);
    assert_int_equal(v, 42);
}

static void a_number_over_its_maximum_is_a_limit(void **state)
{
    uint64_t v = 77;

    (void)state;
    assert_int_equal(span_u64(&v, SPAN("65536"), 65535), ERR_LIMIT);
    assert_int_equal(span_u64(&v, SPAN("18446744073709551616"), UINT64_MAX),
                     ERR_LIMIT);
    assert_int_equal(span_u64(&v, SPAN("99999999999999999999"), UINT64_MAX),
                     ERR_LIMIT);
    assert_int_equal(v, 77);
    assert_int_equal(span_u64(&v, SPAN("65535"), 65535), 0);
    assert_int_equal(v, 65535);
    assert_int_equal(span_u64(&v, SPAN("18446744073709551615"), UINT64_MAX), 0);
    assert_true(v == UINT64_MAX);
}

static void too_large_a_number_that_is_no_number_is_syntax(void **state)
{
    uint64_t v = 0;

    (void)state;
    assert_int_equal(span_u64(&v, SPAN("9999999999999999999x"), UINT64_MAX),
                     ERR_SYNTAX);
    assert_int_equal(span_u64(&v, SPAN("99999999999999999990x"), UINT64_MAX),
                     ERR_SYNTAX);
    assert_int_equal(span_u64(&v, SPAN("000000000000000000001"), UINT64_MAX),
                     ERR_SYNTAX);
}

static void secrets_compare_like_spans(void **state)
{
    (void)state;
    assert_true(span_eq_secret(SPAN("s3cret"), SPAN("s3cret")));
    assert_false(span_eq_secret(SPAN("s3cret"), SPAN("s3creT")));
    assert_false(span_eq_secret(SPAN("s3cret"), SPAN("t3cret")));
    assert_false(span_eq_secret(SPAN("s3cret"), SPAN("s3cre")));
    assert_true(span_eq_secret(SPAN(""), SPAN("")));
}

static void a_copy_is_cut_to_fit_and_ended(void **state)
{
    char dst[4] = "zzz";

    (void)state;
    assert_int_equal(span_copy(dst, sizeof dst, SPAN("abcdef")), 3);
    assert_string_equal(dst, "abc");
    assert_int_equal(span_copy(dst, sizeof dst, SPAN("x")), 1);
    assert_string_equal(dst, "x");
    assert_int_equal(span_copy(dst, 1, SPAN("x")), 0);
    assert_string_equal(dst, "");
    assert_int_equal(span_copy(dst, sizeof dst, span_of(NULL, 0)), 0);
    assert_string_equal(dst, "");
}

static void texts_are_put_one_after_another(void **state)
{
    char dst[] = "........", *at = span_put(dst, SPAN("ab"));
    struct span kept;

    (void)state;
    assert_ptr_equal(at, dst + 2);
    assert_ptr_equal(span_put(at, span_of(NULL, 0)), at);
    kept = span_keep(&at, SPAN("cd\0"));
    assert_ptr_equal(kept.p, dst + 2);
    assert_int_equal(kept.n, 3);
    assert_ptr_equal(at, dst + 5);
    kept = span_keep(&at, span_of(NULL, 0));
    assert_ptr_equal(kept.p, at);
    assert_int_equal(kept.n, 0);
    assert_memory_equal(dst, "abcd\0...", sizeof dst);
}

static void numbers_are_written_in_decimal(void **state)
{
    char dst[20];

    (void)state;
    assert_span(span_of(dst, u64_text(dst, 0)), "0");
    assert_span(span_of(dst, u64_text(dst, 10)), "10");
    assert_span(span_of(dst, u64_text(dst, UINT64_MAX)),
                "18446744073709551615");
}

static void octets_are_written_in_hex(void **state)
{
    char dst[8];

    (void)state;
    hex_text(dst, "\x00\x7f\x80\xff", 4);
    assert_span(span_of(dst, sizeof dst), "007f80ff");
}

/* The vectors of RFC 4648, 10, in the alphabet of its section 5. */
static void base64url_has_no_padding(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "-_-_"},
    };
    char dst[16];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t n = base64url_text(dst, pairs[i][0], strlen(pairs[i][0]));

        assert_span_equal(span_of(dst, n), span_str(pairs[i][1]));
        assert_int_equal(n, (strlen(pairs[i][0]) * 4 + 2) / 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_compared_octet_by_octet),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(a_prefix_is_found_only_in_front),
        cmocka_unit_test(hex_digits_have_either_case),
        cmocka_unit_test(find_gives_the_first_offset_or_the_length),
        cmocka_unit_test(trim_takes_blanks_off_both_ends_only),
        cmocka_unit_test(cut_walks_a_list_to_its_end),
        cmocka_unit_test(a_number_is_digits_and_nothing_else),
        cmocka_unit_test(a_number_over_its_maximum_is_a_limit),
        cmocka_unit_test(too_large_a_number_that_is_no_number_is_syntax),
        cmocka_unit_test(secrets_compare_like_spans),
        cmocka_unit_test(a_copy_is_cut_to_fit_and_ended),
        cmocka_unit_test(texts_are_put_one_after_another),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(octets_are_written_in_hex),
        cmocka_unit_test(base64url_has_no_padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
