/* SPDX-License-Identifier: BSD-2-Clause */
#include "head_line.h"

#include <stdlib.h>

#include "cmocka_all.h"

static struct head_line read_line(struct span in, size_t octets)
{
    struct head_line line = {.seen = 0};

    assert_int_equal(head_line_read(&line, in), octets);
    return line;
}

static void a_line_ends_with_crlf(void **state)
{
    struct head_line line = read_line(SPAN("To-Path: a\r\nFrom"), 12);

    (void)state;
    assert_span_equal(line.text, SPAN("To-Path: a"));
    assert_true(line.is_whole && line.is_text);
    assert_false(line.has_other);
    line = read_line(SPAN("\r\n"), 2);
    assert_span_equal(line.text, SPAN(""));
    assert_true(line.is_whole && line.is_text);
}

static void a_bare_lf_ends_a_line_that_is_not_whole(void **state)
{
    struct head_line line = read_line(SPAN("To-Path: a\nFrom"), 11);

    (void)state;
    assert_span_equal(line.text, SPAN("To-Path: a"));
    assert_false(line.is_whole || line.is_text);
}

static void what_is_no_text_is_told(void **state)
{
    struct head_line line = read_line(SPAN("a: b\001c\r\n"), 8);

    (void)state;
    assert_span_equal(line.text, SPAN("a: b\001c"));
    assert_true(line.is_whole);
    assert_false(line.is_text);
    line = read_line(SPAN("a: b\rc\r\n"), 8); /* a CR of its own */
    assert_true(line.is_whole);
    assert_false(line.is_text);
    line = read_line(SPAN("a: \xc3(\r\n"), 7); /* half a character */
    assert_false(line.is_text);
}

static void tabs_and_utf8_are_text_but_told(void **state)
{
    struct head_line line = read_line(SPAN("a: \xc3\xa4\r\n"), 7);

    (void)state;
    assert_true(line.is_text && line.has_other);
    line = read_line(SPAN("a:\tb\r\n"), 6);
    assert_true(line.is_text && line.has_other);
}

/* Whatever came of a line is not looked at again. */
static void a_line_may_come_in_pieces(void **state)
{
    const struct span lines[] = {
        SPAN("Message-ID: 12345678901234567890\r\n"),
        SPAN("a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 and more of it\r\n"),
        SPAN("a: b\001c and what follows it here\r\n"),
        SPAN("a: b\nc"),
        SPAN("a: \xf0\x9f\x98(\r\n"),
        SPAN("\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct head_line whole = {.seen = 0}, line = {.seen = 0};
        size_t octets = head_line_read(&whole, lines[i]), got = 0;

        for (size_t n = 0; !got; n++) {
            char *copy = malloc(n + 1); /* elsewhere each time */

            assert_non_null(copy);
            assert_true(n <= octets);
            memcpy(copy, lines[i].p, n);
            got = head_line_read(&line, span_of(copy, n));
            assert_true(line.seen <= n);
            if (got)
                assert_memory_equal(line.text.p, copy, line.text.n);
            free(copy);
        }
        assert_int_equal(got, octets);
        assert_int_equal(line.text.n, whole.text.n);
        assert_int_equal(line.is_whole, whole.is_whole);
        assert_int_equal(line.is_text, whole.is_text);
        assert_true(!line.is_text || line.has_other == whole.has_other);
    }
}

static void text_is_tabs_ascii_and_utf8(void **state)
{
    (void)state;
    assert_true(head_is_text(SPAN("")));
    assert_true(head_is_text(SPAN("a\tb \xc3\xa4 ~")));
    assert_false(head_is_text(SPAN("a\177")));
    assert_false(head_is_text(SPAN("seventeen octets\001")));
    assert_false(head_is_text(SPAN("a\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_ends_with_crlf),
        cmocka_unit_test(a_bare_lf_ends_a_line_that_is_not_whole),
        cmocka_unit_test(what_is_no_text_is_told),
        cmocka_unit_test(tabs_and_utf8_are_text_but_told),
        cmocka_unit_test(a_line_may_come_in_pieces),
        cmocka_unit_test(text_is_tabs_ascii_and_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
