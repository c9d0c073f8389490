/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

#include "cmocka_all.h"

/* Is it text, fed in two pieces cut at `at`? */
static bool is_text_cut(struct span s, size_t at)
{
    struct utf8 u = {0};

    return utf8_take(&u, span_of(s.p, at)) && utf8_take(&u, span_from(s, at)) &&
           utf8_is_whole(&u);
}

/* ... and the same however it is cut? */
static bool is_text(struct span s)
{
    bool is = is_text_cut(s, s.n);

    for (size_t at = 0; at < s.n; at++)
        assert_int_equal(is_text_cut(s, at), is);
    return is;
}

static void characters_of_every_length_are_text(void **state)
{
    (void)state;
    assert_true(is_text(SPAN("")));
    assert_true(is_text(SPAN("plain\r\n\x7f")));
    assert_true(is_text(SPAN("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80!")));
    assert_true(is_text(SPAN("\xc2\x80\xdf\xbf")));
    assert_true(is_text(SPAN("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80")));
    assert_true(is_text(SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
}

static void what_ends_inside_a_character_is_not_whole(void **state)
{
    struct utf8 u = {0};

    (void)state;
    assert_true(utf8_take(&u, SPAN("\xe2\x82")));
    assert_false(utf8_is_whole(&u));
    assert_true(utf8_take(&u, SPAN("\xac")));
    assert_true(utf8_is_whole(&u));
}

static void octets_that_begin_nothing_are_no_text(void **state)
{
    (void)state;
    assert_false(is_text(SPAN("\x80")));
    assert_false(is_text(SPAN("\xbf")));
    assert_false(is_text(SPAN("\xf5\x80\x80\x80")));
    assert_false(is_text(SPAN("\xff")));
}

static void octets_that_continue_nothing_are_no_text(void **state)
{
    (void)state;
    assert_false(is_text(SPAN("\xc3(")));
    assert_false(is_text(SPAN("\xe2\x82(")));
    assert_false(is_text(SPAN("\xe2\xc3\xac")));
    assert_false(is_text(SPAN("\xf0\x9f\x98\xc0")));
}

static void longer_forms_than_needed_are_no_text(void **state)
{
    (void)state;
    assert_false(is_text(SPAN("\xc0\x80")));
    assert_false(is_text(SPAN("\xc1\xbf")));
    assert_false(is_text(SPAN("\xe0\x9f\xbf")));
    assert_false(is_text(SPAN("\xf0\x8f\xbf\xbf")));
}

static void surrogates_and_what_is_beyond_unicode_are_no_text(void **state)
{
    (void)state;
    assert_false(is_text(SPAN("\xed\xa0\x80")));
    assert_false(is_text(SPAN("\xed\xbf\xbf")));
    assert_false(is_text(SPAN("\xf4\x90\x80\x80")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_every_length_are_text),
        cmocka_unit_test(what_ends_inside_a_character_is_not_whole),
        cmocka_unit_test(octets_that_begin_nothing_are_no_text),
        cmocka_unit_test(octets_that_continue_nothing_are_no_text),
        cmocka_unit_test(longer_forms_than_needed_are_no_text),
        cmocka_unit_test(surrogates_and_what_is_beyond_unicode_are_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
