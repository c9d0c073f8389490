/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper_options.h"

#include "cmocka_all.h"
#include "err.h"
#include "scratch.h"

struct options {
    struct helper_options common;
    const char *own;
};

static const struct cmdline_option rows[] = {
    {.name = "own",
     .argument = "TEXT",
     .kind = CMDLINE_TEXT,
     .at = offsetof(struct options, own),
     .initial = "mine",
     .help = "a row of its own"},
};

static const struct helper_usage usage = {.program = "helper",
                                          .operand = "URL",
                                          .rows = rows,
                                          .n_rows = 1,
                                          .has = HELPER_HAS_TLS};

/* Up to a NULL. */
static int parse(struct options *o, char why[CMDLINE_WHY], const char **words)
{
    char *argv[16] = {"helper"};
    int argc = 1;

    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    *o = (struct options){.own = NULL};
    return helper_options_parse(&o->common, why, &usage, argc, argv);
}

#define PARSE(o, why, ...)                                                     \
    parse((o), (why), (const char *[]){__VA_ARGS__, NULL})

static void defaults_are_set(void **state)
{
    struct options o;
    char why[CMDLINE_WHY];

    (void)state;
    assert_int_equal(PARSE(&o, why, "there"), 0);
    assert_string_equal(o.common.store, "there");
    assert_string_equal(o.own, "mine");
    assert_int_equal(o.common.timeout_ms, 2000);
    assert_int_equal(o.common.connections, 4);
    assert_null(o.common.secret);
    assert_null(o.common.ca_file);
    assert_false(o.common.insecure);
    helper_options_fini(&o.common);
}

static void options_are_taken(void **state)
{
    struct options o;
    char why[CMDLINE_WHY];

    (void)state;
    assert_int_equal(PARSE(&o, why, "--own", "x", "--timeout=0.25",
                           "--connections", "2", "there", "--ca", "file",
                           "--insecure"),
                     0);
    assert_string_equal(o.own, "x");
    assert_string_equal(o.common.store, "there");
    assert_int_equal(o.common.timeout_ms, 250);
    assert_int_equal(o.common.connections, 2);
    assert_string_equal(o.common.ca_file, "file");
    assert_true(o.common.insecure);
    helper_options_fini(&o.common);
}

static void the_secret_is_the_first_line_of_a_file(void **state)
{
    struct scratch s;
    struct options o;
    char why[CMDLINE_WHY];

    (void)state;
    scratch_init(&s);
    assert_int_equal(
        PARSE(&o, why, "--secret-file",
              scratch_write(&s, "secret", SPAN("open sesame\r\nmore\n")),
              "there"),
        0);
    assert_string_equal(o.common.secret, "open sesame");
    helper_options_fini(&o.common);
    assert_null(o.common.secret);
    assert_int_equal(
        PARSE(&o, why, "--secret-file", scratch_path(&s, "none"), "there"),
        ERR_IO);
    assert_non_null(strstr(why, "No such file"));
    helper_options_fini(&o.common);
    scratch_fini(&s);
}

static void bad_lines_are_refused(void **state)
{
    struct options o;
    char why[CMDLINE_WHY];

    (void)state;
    assert_int_equal(parse(&o, why, (const char *[]){NULL}), ERR_SYNTAX);
    assert_string_equal(why, "exactly one URL is required");
    assert_int_equal(PARSE(&o, why, "a", "b"), ERR_SYNTAX);
    assert_int_equal(PARSE(&o, why, "--timeout", "0", "a"), ERR_SYNTAX);
    assert_int_equal(PARSE(&o, why, "--timeout", "61", "a"), ERR_SYNTAX);
    assert_int_equal(PARSE(&o, why, "--connections", "0", "a"), ERR_SYNTAX);
    assert_int_equal(PARSE(&o, why, "--connections", "65", "a"), ERR_SYNTAX);
    assert_int_equal(PARSE(&o, why, "--unknown", "a"), ERR_SYNTAX);
}

static void help_needs_no_store(void **state)
{
    struct options o;
    char why[CMDLINE_WHY];

    (void)state;
    assert_int_equal(PARSE(&o, why, "--help"), 0);
    assert_true(o.common.help);
    assert_int_equal(PARSE(&o, why, "-V"), 0);
    assert_true(o.common.version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),
        cmocka_unit_test(options_are_taken),
        cmocka_unit_test(the_secret_is_the_first_line_of_a_file),
        cmocka_unit_test(bad_lines_are_refused),
        cmocka_unit_test(help_needs_no_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
