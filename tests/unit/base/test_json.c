/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <math.h>

#include "cmocka_all.h"
#include "json_check.h"

/* Room enough for every text below. */
struct page {
    char room[2048];
    struct json j;
};

static struct json *page_open(struct page *page)
{
    json_init(&page->j, page->room, sizeof page->room);
    return &page->j;
}

static void an_object_has_its_members_in_order(void **state)
{
    struct page page;
    struct json *j = page_open(&page);

    (void)state;
    json_object_begin(j, NULL);
    json_str(j, "user", SPAN("alice"));
    json_u64(j, "in", UINT64_MAX);
    json_i64(j, "least", INT64_MIN);
    json_i64(j, "most", INT64_MAX);
    json_bool(j, "yes", true);
    json_bool(j, "no", false);
    json_none(j, "none");
    json_object_end(j);
    assert_false(j->full);
    assert_span(json_text(j), "{\"user\":\"alice\","
                              "\"in\":18446744073709551615,"
                              "\"least\":-9223372036854775808,"
                              "\"most\":9223372036854775807,"
                              "\"yes\":true,\"no\":false,\"none\":null}");
}

static void groups_nest_and_commas_come_by_themselves(void **state)
{
    struct page page;
    struct json *j = page_open(&page);

    (void)state;
    json_array_begin(j, NULL);
    json_object_begin(j, NULL);
    json_object_end(j);
    json_array_begin(j, NULL);
    json_array_end(j);
    json_object_begin(j, NULL);
    json_array_begin(j, "a");
    json_u64(j, NULL, 1);
    json_u64(j, NULL, 2);
    json_array_end(j);
    json_object_begin(j, "o");
    json_none(j, "x");
    json_object_end(j);
    json_u64(j, "z", 3);
    json_object_end(j);
    json_array_end(j);
    assert_span(json_text(j), "[{},[],{\"a\":[1,2],\"o\":{\"x\":null},"
                              "\"z\":3}]");
}

/* What a string of those octets looks like. */
static void assert_string_form(struct span octets, struct span want)
{
    struct page page;
    struct json *j = page_open(&page);

    json_str(j, NULL, octets);
    assert_span_equal(json_text(j), want);
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    assert_string_form(SPAN(""), SPAN("\"\""));
    assert_string_form(SPAN("a\"b\\c/d"), SPAN("\"a\\\"b\\\\c/d\""));
}

static void controls_are_escaped(void **state)
{
    (void)state;
    assert_string_form(SPAN("\0\r\n\t\x1b\x7f"),
                       SPAN("\"\\u0000\\u000d\\u000a\\u0009\\u001b\\u007f\""));
    /* CSI in its one code point, and the first that is none any more. */
    assert_string_form(SPAN("\xc2\x9b\xc2\xa0"), SPAN("\"\\u009b\xc2\xa0\""));
}

static void utf8_is_kept(void **state)
{
    (void)state;
    assert_string_form(
        SPAN("\xc3\xa9 \xe2\x82\xac \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 "
             "\xf4\x8f\xbf\xbf"),
        SPAN("\"\xc3\xa9 \xe2\x82\xac \xed\x9f\xbf \xee\x80\x80 "
             "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\""));
}

static void octets_that_are_no_utf8_are_escaped(void **state)
{
    (void)state;
    assert_string_form(SPAN("\x80\xc3"), SPAN("\"\\u0080\\u00c3\""));
    assert_string_form(SPAN("\xc3\x41"), SPAN("\"\\u00c3A\""));
    /* Longer than needed. */
    assert_string_form(SPAN("\xc0\xaf"), SPAN("\"\\u00c0\\u00af\""));
    assert_string_form(SPAN("\xe0\x9f\xbf"), SPAN("\"\\u00e0\\u009f\\u00bf\""));
    /* A surrogate, and what lies above U+10FFFF. */
    assert_string_form(SPAN("\xed\xa0\x80"), SPAN("\"\\u00ed\\u00a0\\u0080\""));
    assert_string_form(SPAN("\xf4\x90\x80\x80"),
                       SPAN("\"\\u00f4\\u0090\\u0080\\u0080\""));
    assert_string_form(SPAN("\xf0\x8f\xbf\xbf"),
                       SPAN("\"\\u00f0\\u008f\\u00bf\\u00bf\""));
    assert_string_form(SPAN("\xf5\xff"), SPAN("\"\\u00f5\\u00ff\""));
}

static void a_sequence_cut_at_any_octet_is_escaped(void **state)
{
    static const struct span whole = SPAN("\xf0\x9f\x98\x80");
    static const struct span forms[] = {
        SPAN("\"\""),
        SPAN("\"\\u00f0\""),
        SPAN("\"\\u00f0\\u009f\""),
        SPAN("\"\\u00f0\\u009f\\u0098\""),
        SPAN("\"\xf0\x9f\x98\x80\""),
    };

    (void)state;
    for (size_t n = 0; n <= whole.n; n++)
        assert_string_form(span_of(whole.p, n), forms[n]);
}

static void seconds_have_three_decimals(void **state)
{
    static const struct {
        uint64_t ms;
        struct span want;
    } cases[] = {
        {0, SPAN("0.000")},
        {7, SPAN("0.007")},
        {1050, SPAN("1.050")},
        {UINT64_MAX, SPAN("18446744073709551.615")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        struct json *j = page_open(&page);

        json_seconds(j, NULL, cases[i].ms);
        assert_span_equal(json_text(j), cases[i].want);
    }
}

static void doubles_are_short_and_never_nan(void **state)
{
    struct page page;
    struct json *j = page_open(&page);

    (void)state;
    json_array_begin(j, NULL);
    json_double(j, NULL, 0.1);
    json_double(j, NULL, -2);
    json_double(j, NULL, 1795000000.125);
    json_double(j, NULL, 1e300);
    json_double(j, NULL, NAN);
    json_double(j, NULL, INFINITY);
    json_double(j, NULL, -INFINITY);
    json_array_end(j);
    assert_span(json_text(j), "[0.1,-2,1795000000.125,1e+300,null,null,null]");
}

static void a_text_is_whole_or_not_there(void **state)
{
    static const struct span want =
        SPAN("{\"a\":[\"\\u0001\xc3\xa9\",-5],\"b\":0.250}");
    char room[64];

    (void)state;
    for (size_t size = 0; size < sizeof room; size++) {
        struct json j;

        memset(room, '#', sizeof room);
        json_init(&j, room, size);
        json_object_begin(&j, NULL);
        json_array_begin(&j, "a");
        json_str(&j, NULL, SPAN("\x01\xc3\xa9"));
        json_i64(&j, NULL, -5);
        json_array_end(&j);
        json_seconds(&j, "b", 250);
        json_object_end(&j);
        assert_int_equal(j.full, size < want.n);
        assert_int_equal(json_text(&j).n, size < want.n ? 0 : want.n);
        if (!j.full)
            assert_span_equal(json_text(&j), want);
        for (size_t i = size; i < sizeof room; i++)
            assert_int_equal(room[i], '#');
    }
}

/* The checker itself can say no. */
static void json_is_told_from_what_is_none(void **state)
{
    static const struct span good[] = {
        SPAN("{}"),
        SPAN(" [ 1 , -0.5e+3 , \"a\\u00ffb\\n\" , { \"a\" : null } ] "),
        SPAN("true"),
    };
    static const struct span bad[] = {
        SPAN(""),       SPAN("{"),       SPAN("{\"a\"}"),    SPAN("{\"a\":1,}"),
        SPAN("[1 2]"),  SPAN("[1]]"),    SPAN("01"),         SPAN("1."),
        SPAN("\"\n\""), SPAN("\"\\x\""), SPAN("\"\\u00f\""), SPAN("\""),
        SPAN("nul"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(json_check(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(json_check(bad[i]));
}

static void any_two_octets_make_json(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 0x10000; v++) {
        char octets[] = {(char)(v >> 8), (char)v};
        struct page page;
        struct json *j = page_open(&page);

        json_object_begin(j, NULL);
        json_str(j, "a", span_of(octets, sizeof octets));
        json_double(j, "b", v / 7.0);
        json_object_end(j);
        assert_true(json_check(json_text(j)));
    }
}

static void what_is_full_stays_full(void **state)
{
    char room[4];
    struct json j;

    (void)state;
    json_init(&j, room, sizeof room);
    json_array_begin(&j, NULL);
    json_u64(&j, NULL, 12345);
    assert_true(j.full);
    json_array_end(&j);
    assert_true(j.full);
    assert_int_equal(json_text(&j).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_has_its_members_in_order),
        cmocka_unit_test(groups_nest_and_commas_come_by_themselves),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(utf8_is_kept),
        cmocka_unit_test(octets_that_are_no_utf8_are_escaped),
        cmocka_unit_test(a_sequence_cut_at_any_octet_is_escaped),
        cmocka_unit_test(seconds_have_three_decimals),
        cmocka_unit_test(doubles_are_short_and_never_nan),
        cmocka_unit_test(a_text_is_whole_or_not_there),
        cmocka_unit_test(json_is_told_from_what_is_none),
        cmocka_unit_test(any_two_octets_make_json),
        cmocka_unit_test(what_is_full_stays_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
