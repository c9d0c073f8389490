/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"

/* The same in any cut. */
static void assert_shown(const char *text, bool has_lines, const char *want)
{
    size_t n = strlen(text);

    for (size_t cut = 0; cut <= n; cut++) {
        char *got = calloc(1, n + 2 * TERMINAL_HELD + 1);
        struct terminal t;
        size_t k;

        assert_non_null(got);
        terminal_init(&t, '?', has_lines);
        k = terminal_put(&t, got, span_of(text, cut));
        k += terminal_put(&t, got + k, span_of(text + cut, n - cut));
        k += terminal_end(&t, got + k);
        got[k] = '\0';
        assert_string_equal(got, want);
        free(got);
    }
}

static void text_stays(void **state)
{
    static const char text[] =
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xd7\x90 \xd8\x9b";

    (void)state;
    assert_shown(text, false, text);
    assert_shown("a\tb\n", true, "a\tb\n");
    assert_shown("a\tb\n", false, "a?b?");
}

static void controls_are_replaced(void **state)
{
    (void)state;
    assert_shown("\x1b[2J\x7f\r", true, "?[2J??");
    assert_shown("\xc2\x9b"
                 "2J\xc2\x80\xc2\xa0",
                 true, "?2J?\xc2\xa0");
    /* Not UTF-8, or in more octets than it takes. */
    assert_shown("\x9b"
                 "2J",
                 true, "?2J");
    assert_shown("\xe0\x82\x9b\xc0\x9b", true, "??");
    assert_shown("\xe2\x9b"
                 "2J",
                 true,
                 "\xe2?"
                 "2J");
    assert_shown("\xe9 Latin", true, "\xe9 Latin");
}

static void marks_that_reorder_are_replaced(void **state)
{
    (void)state;
    assert_shown("gpj\xe2\x80\xae.exe", true, "gpj?.exe");
    assert_shown("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xaa"
                 "\xe2\x81\xa6\xe2\x81\xa9",
                 true, "???????");
    assert_shown("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5", true,
                 "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5");
}

static void a_whole_text_is_replaced_at_once(void **state)
{
    char dst[8];

    (void)state;
    assert_int_equal(terminal_text(dst, SPAN("a\nb\xc2"), '_'), 4);
    assert_memory_equal(dst, "a_b\xc2", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays),
        cmocka_unit_test(controls_are_replaced),
        cmocka_unit_test(marks_that_reorder_are_replaced),
        cmocka_unit_test(a_whole_text_is_replaced_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
