/* SPDX-License-Identifier: BSD-2-Clause */
#include "words.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

/* The words, each in brackets. */
static void assert_words(const char *text, const char *want)
{
    struct words w;
    char got[256] = "";
    size_t n = 0;

    assert_int_equal(words_split(&w, span_str(text)), 0);
    for (size_t i = 0; i < w.n; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "[%s]", w.items[i]);
    assert_null(w.items[w.n]);
    assert_string_equal(got, want);
    words_fini(&w);
}

static void blanks_separate_words(void **state)
{
    (void)state;
    assert_words("", "");
    assert_words(" \t\n ", "");
    assert_words("/bin/true", "[/bin/true]");
    assert_words("  a  b\tc\nd ", "[a][b][c][d]");
    assert_words("a b c d e f g", "[a][b][c][d][e][f][g]");
}

/* As sh prints them with: printf '[%s]' ... */
static void quotes_are_those_of_a_shell(void **state)
{
    (void)state;
    assert_words("'a b' c", "[a b][c]");
    assert_words("\"a 'b' c\"", "[a 'b' c]");
    assert_words("'a\\b' \"a\\b\" a\\b", "[a\\b][a\\b][ab]");
    assert_words("\"\\\"\\\\\\$\\`\\n\"", "[\"\\$`\\n]");
    assert_words("a'b c'd\"e f\"", "[ab cde f]");
    assert_words("'' \"\" a''b", "[][][ab]");
    assert_words("a\\ b \\'c", "[a b]['c]");
    assert_words("a\\\nb \"c\\\nd\"", "[ab][cd]");
}

static void nothing_is_expanded(void **state)
{
    (void)state;
    assert_words("$HOME ~ * a|b; c&d #e `f` $(g)",
                 "[$HOME][~][*][a|b;][c&d][#e][`f`][$(g)]");
}

static void what_does_not_end_is_refused(void **state)
{
    static const struct span bad[] = {
        {"'a", 2}, {"\"a", 2}, {"a\\", 2}, {"\"a\\", 3}, {"a\0b", 3}};
    struct words w;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(words_split(&w, bad[i]), ERR_SYNTAX);
}

static int attempt(void *ctx)
{
    struct words w;
    int err = words_split(&w, SPAN("a 'b'"));

    (void)ctx;
    if (!err)
        words_fini(&w);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    struct words none = {0};

    (void)state;
    assert_int_equal(oom_sweep(attempt, NULL), 1);
    words_fini(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_separate_words),
        cmocka_unit_test(quotes_are_those_of_a_shell),
        cmocka_unit_test(nothing_is_expanded),
        cmocka_unit_test(what_does_not_end_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
