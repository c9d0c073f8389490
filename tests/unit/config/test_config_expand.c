/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_expand.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "scratch.h"

static int set_up(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);

    assert_non_null(s);
    scratch_init(s);
    assert_int_equal(setenv("EXPAND_NAME", "relay", 1), 0);
    assert_int_equal(setenv("EXPAND_EMPTY", "", 1), 0);
    assert_int_equal(setenv("EXPAND_TRICK", "@file:/etc/hostname", 1), 0);
    assert_int_equal(unsetenv("EXPAND_NONE"), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scratch_fini(*state);
    free(*state);
    return 0;
}

static void assert_becomes(const char *text, const char *want)
{
    struct config_expanded e;
    char why[CONFIG_EXPAND_WHY] = "";

    assert_int_equal(config_expand(&e, why, span_str(text), "/etc/x.conf"), 0);
    assert_string_equal(e.text, want);
    assert_false(e.is_file);
}

static void assert_refused(const char *from, const char *text, const char *want)
{
    struct config_expanded e;
    char why[CONFIG_EXPAND_WHY] = "";

    assert_int_equal(config_expand(&e, why, span_str(text), from), ERR_CONFIG);
    if (!strstr(why, want))
        fail_msg("%s: expected \"%s\" in: %s", text, want, why);
}

static void only_some_texts_are_due(void **state)
{
    (void)state;
    assert_false(config_expand_is_due(SPAN("")));
    assert_false(config_expand_is_due(SPAN("a$b{c}")));
    assert_false(config_expand_is_due(SPAN(" @file:/x")));
    assert_true(config_expand_is_due(SPAN("a${b")));
    assert_true(config_expand_is_due(SPAN("@file:/x")));
}

static void variables_stand_anywhere(void **state)
{
    (void)state;
    assert_becomes("${EXPAND_NAME}", "relay");
    assert_becomes("a.${EXPAND_NAME}.b.${EXPAND_NAME}", "a.relay.b.relay");
    assert_becomes("${EXPAND_EMPTY}", "");
    assert_becomes("$${EXPAND_NAME}", "${EXPAND_NAME}");
    assert_becomes("$${${EXPAND_NAME}}$", "${relay}$");
}

static void a_variable_makes_no_file_of_a_value(void **state)
{
    (void)state;
    assert_becomes("${EXPAND_TRICK}", "@file:/etc/hostname");
}

static void what_is_no_variable_is_refused(void **state)
{
    static const char *const wrong[] = {"${",    "${}",    "${A",
                                        "${1A}", "${A B}", "${A:-b}"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused("/x", wrong[i], "the name of an environment variable");
    assert_refused("/x", "a${EXPAND_NONE}",
                   "the environment variable EXPAND_NONE is not set");
}

static void every_cut_of_a_value_is_judged(void **state)
{
    static const char text[] = "a${EXPAND_NAME}b$${c}@file:${EXPAND_EMPTY}";

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct config_expanded e;
        char why[CONFIG_EXPAND_WHY] = "";
        int err = config_expand(&e, why, span_of(text, n), "/x");

        assert_true(err == 0 || (err == ERR_CONFIG && why[0]));
    }
}

/* A file with this content; refused with `want`, or its text is `want`. */
static void try_file(struct scratch *s, struct span content, bool is_good,
                     const char *want)
{
    struct config_expanded e;
    char why[CONFIG_EXPAND_WHY] = "", from[512];

    scratch_write(s, "secret", content);
    (void)snprintf(from, sizeof from, "%s", scratch_path(s, "top.conf"));
    if (!is_good) {
        assert_refused(from, "@file:secret", want);
        return;
    }
    assert_int_equal(config_expand(&e, why, SPAN("@file:secret"), from), 0);
    assert_true(e.is_file);
    assert_string_equal(e.file, scratch_path(s, "secret"));
    assert_string_equal(e.text, want);
}

static void a_file_is_a_value_without_the_end_of_its_line(void **state)
{
    char most[CONFIG_EXPAND_MAX + 2];

    memset(most, 'x', sizeof most);
    try_file(*state, SPAN("a value\n"), true, "a value");
    try_file(*state, SPAN("a value\r\n"), true, "a value");
    try_file(*state, SPAN("${EXPAND_NAME}"), true, "${EXPAND_NAME}");
    try_file(*state, SPAN(""), false, "secret is empty");
    try_file(*state, SPAN("\n"), false, "secret is empty");
    try_file(*state, SPAN("a\nb\n"), false, "more than one line");
    try_file(*state, span_of("a\0b", 3), false, "a control character");
    try_file(*state, span_of(most, sizeof most), false, "more than 4096");
    most[CONFIG_EXPAND_MAX] = '\0';
    try_file(*state, span_of(most, CONFIG_EXPAND_MAX), true, most);
}

static void a_file_may_be_named_by_a_variable(void **state)
{
    struct config_expanded e;
    char why[CONFIG_EXPAND_WHY] = "", directory[512];

    scratch_write(*state, "secret", SPAN("value"));
    (void)snprintf(directory, sizeof directory, "%s",
                   scratch_path(*state, "."));
    assert_int_equal(setenv("EXPAND_DIRECTORY", directory, 1), 0);
    assert_int_equal(config_expand(&e, why,
                                   SPAN("@file:${EXPAND_DIRECTORY}/secret"),
                                   "/nowhere/x"),
                     0);
    assert_string_equal(e.text, "value");
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    assert_refused("/etc/x.conf", "@file:/nonexistent",
                   "cannot read /nonexistent: No such file");
    assert_refused("/nonexistent/x.conf", "@file:y",
                   "cannot read /nonexistent/y: No such file");
    assert_refused("x.conf", "@file:", "must be followed by the name");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_some_texts_are_due),
        TEST(variables_stand_anywhere),
        TEST(a_variable_makes_no_file_of_a_value),
        TEST(what_is_no_variable_is_refused),
        TEST(every_cut_of_a_value_is_judged),
        TEST(a_file_is_a_value_without_the_end_of_its_line),
        TEST(a_file_may_be_named_by_a_variable),
        TEST(a_file_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
