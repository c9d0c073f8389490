/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "faults.h"
#include "oom.h"
#include "scratch.h"

struct fixture {
    struct scratch scratch;
    struct faults faults;
    struct config_report report;
    struct config_source source;
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    scratch_init(&x->scratch);
    x->report = (struct config_report){.fault = faults_add, .ctx = &x->faults};
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    config_source_fini(&x->source);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

static void open_text(struct fixture *x, const char *text)
{
    struct span span = span_str(text);

    config_source_fini(&x->source);
    assert_int_equal(
        config_source_init(&x->source, "top.conf", &span, &x->report), 0);
}

/* The same, with nothing wrong. */
static void expand(struct fixture *x, const char *text, const char *expanded)
{
    open_text(x, text);
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->source.text, expanded);
}

static void write_file(struct fixture *x, const char *file, const char *text)
{
    scratch_write(&x->scratch, file, span_str(text));
}

static void open_file(struct fixture *x, const char *file)
{
    config_source_fini(&x->source);
    assert_int_equal(config_source_init(&x->source,
                                        scratch_path(&x->scratch, file), NULL,
                                        &x->report),
                     0);
}

/* Does line `line` of the whole come from there? */
static void assert_place(struct fixture *x, unsigned line, const char *file,
                         unsigned line_there)
{
    struct config_place at = config_source_at(&x->source, line);
    size_t tail = strlen(at.file) - strlen(file);

    assert_string_equal(at.file + tail, file);
    assert_int_equal(at.line, line_there);
}

static void text_passes_as_it_is(void **state)
{
    expand(*state, "a = 1;\n# c\n\tb = \"x\";\n",
           "a = 1;\n# c\n\tb = \"x\";\n");
    expand(*state, "", "");
    expand(*state, "\n\n", "\n\n");
}

static void a_byte_order_mark_is_left_out(void **state)
{
    expand(*state,
           "\xef\xbb\xbf"
           "a = 1;\n",
           "a = 1;\n");
}

static void the_last_line_is_ended(void **state)
{
    expand(*state, "a = 1; # libconfig trips over a comment at the end",
           "a = 1; # libconfig trips over a comment at the end\n");
}

static void wide_integers_are_marked(void **state)
{
    expand(*state, "a = 2147483647; b = 2147483648; c = -5000000000;",
           "a = 2147483647; b = 2147483648L; c = -5000000000L;\n");
    expand(*state, "99999999999999999999999;", "99999999999999999999999L;\n");
    expand(*state, "0x7fffffff 0x80000000 0XFFFFFFFFFF",
           "0x7fffffff 0x80000000L 0XFFFFFFFFFFL\n");
    expand(*state, "[5000000000,5000000000]", "[5000000000L,5000000000L]\n");
}

static void marked_integers_stay(void **state)
{
    expand(*state, "5000000000L 5000000000LL", "5000000000L 5000000000LL\n");
}

static void other_digits_stay(void **state)
{
    expand(*state, "5000000000.0 0.5000000000 .5000000000 1e5000000000",
           "5000000000.0 0.5000000000 .5000000000 1e5000000000\n");
    expand(*state, "1.5E-5000000000 5000000000e+2",
           "1.5E-5000000000 5000000000e+2\n");
    expand(*state, "a5000000000 *5000000000 a-5000000000 a_5000000000",
           "a5000000000 *5000000000 a-5000000000 a_5000000000\n");
}

static void strings_and_comments_stay(void **state)
{
    expand(*state, "\"5000000000 \\\" 5000000000\" 5000000000",
           "\"5000000000 \\\" 5000000000\" 5000000000L\n");
    expand(*state, "\"\\\\\" 5000000000", "\"\\\\\" 5000000000L\n");
    expand(*state, "\"\\d\" 5000000000", "\"\\d\" 5000000000L\n");
    expand(*state, "# 5000000000 \"\n5000000000",
           "# 5000000000 \"\n5000000000L\n");
    expand(*state, "// 5000000000 \"\n5000000000",
           "// 5000000000 \"\n5000000000L\n");
    expand(*state, "/* 5000000000 \" **/ 5000000000",
           "/* 5000000000 \" **/ 5000000000L\n");
    expand(*state, "/*\n5000000000\n*/5000000000",
           "/*\n5000000000\n*/5000000000L\n");
    expand(*state, "\"\n5000000000\n\"5000000000",
           "\"\n5000000000\n\"5000000000L\n");
}

/* What is missing at the end is missed there. */
static void a_line_past_the_end_is_the_last_one(void **state)
{
    expand(*state, "a = 1;\nb =\n", "a = 1;\nb =\n");
    assert_place(*state, 2, "top.conf", 2);
    assert_place(*state, 3, "top.conf", 2);
    assert_place(*state, 0, "top.conf", 1);
    open_text(*state, "");
    assert_place(*state, 1, "top.conf", 1);
}

static void an_included_file_stands_in_its_place(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "a = 1;\n@include \"inc.conf\"\nd = 4;\n");
    write_file(x, "inc.conf", "b = 2;\n\nc = 3;");
    open_file(x, "top.conf");
    assert_string_equal(x->source.text, "a = 1;\nb = 2;\n\nc = 3;\n\nd = 4;\n");
    assert_place(x, 1, "/top.conf", 1);
    assert_place(x, 2, "/inc.conf", 1);
    assert_place(x, 4, "/inc.conf", 3);
    assert_place(x, 5, "/top.conf", 2);
    assert_place(x, 6, "/top.conf", 3);
}

static void a_relative_name_begins_where_it_is_written(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "@include \"sub/one.conf\"");
    write_file(x, "sub/one.conf", "  @include\t\"two.conf\"");
    write_file(x, "sub/two.conf", "a = 1;");
    open_file(x, "top.conf");
    assert_string_equal(x->faults.text, "");
    assert_place(x, 1, "/sub/two.conf", 1);
}

static void an_absolute_name_is_taken_as_it_is(void **state)
{
    struct fixture *x = *state;
    char text[256];

    write_file(x, "inc.conf", "a = 1;");
    snprintf(text, sizeof text, "@include \"%s\"\n",
             scratch_path(&x->scratch, "inc.conf"));
    write_file(x, "sub/top.conf", text);
    open_file(x, "sub/top.conf");
    assert_string_equal(x->faults.text, "");
    assert_place(x, 1, "/inc.conf", 1);
}

static void a_name_may_have_escapes(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "@include \"a\\\"\\\\b.conf\"");
    write_file(x, "a\"\\b.conf", "a = 1;");
    open_file(x, "top.conf");
    assert_string_equal(x->faults.text, "");
    assert_place(x, 1, "/a\"\\b.conf", 1);
}

static void what_follows_an_include_comes_behind_it(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "@include \"inc.conf\" b = 5000000000;\nc;");
    write_file(x, "inc.conf", "a = 1;\n");
    open_file(x, "top.conf");
    assert_string_equal(x->source.text, "a = 1;\n b = 5000000000L;\nc;\n");
    assert_place(x, 2, "/top.conf", 1);
    assert_place(x, 3, "/top.conf", 2);
}

static void a_file_may_be_included_twice(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "@include \"inc.conf\"\n@include \"inc.conf\"\n");
    write_file(x, "inc.conf", "a");
    open_file(x, "top.conf");
    assert_string_equal(x->source.text, "a\n\na\n\n");
}

static void includes_in_strings_and_comments_are_none(void **state)
{
    static const char *const texts[] = {
        "/*\n@include \"nowhere\"\n*/\n", "\"\n@include \\\"nowhere\\\"\n\"\n",
        "# @include \"nowhere\"\n",       "a; @include \"nowhere\"\n",
        "@included \"nowhere\"\n",        "@include\n\"nowhere\"\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expand(*state, texts[i], texts[i]);
}

static void every_include_that_fails_is_reported(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf",
               "@include \"nowhere\"\n@include \"inc.conf\"\n"
               "@include \"\"\n@include \"open\n");
    write_file(x, "inc.conf", "\n@include \"not/there\"\n");
    open_file(x, "top.conf");
    assert_int_equal(x->report.count, 4);
    assert_non_null(strstr(x->faults.text, "top.conf:1: cannot read "));
    assert_non_null(strstr(x->faults.text, "inc.conf:2: cannot read "));
    assert_non_null(strstr(x->faults.text, "No such file or directory"));
    assert_non_null(strstr(x->faults.text,
                           "top.conf:3: @include needs a quoted file name"));
    assert_non_null(strstr(x->faults.text,
                           "top.conf:4: @include needs a quoted file name"));
}

static void a_file_that_includes_itself_is_refused(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "\n@include \"inc.conf\"\n");
    write_file(x, "inc.conf",
               "a = 1;\n@include \"top.conf\"\n"
               "@include \"inc.conf\"\n");
    open_file(x, "top.conf");
    assert_int_equal(x->report.count, 2);
    assert_non_null(strstr(x->faults.text, "inc.conf:2: "));
    assert_non_null(strstr(x->faults.text, "inc.conf:3: "));
    assert_non_null(strstr(x->faults.text, " includes itself"));
}

static void includes_nest_ten_deep(void **state)
{
    struct fixture *x = *state;
    char name[16], text[64];

    for (int i = 1; i <= 12; i++) {
        snprintf(name, sizeof name, "%d.conf", i);
        snprintf(text, sizeof text, "@include \"%d.conf\"\n", i + 1);
        write_file(x, name, i < 12 ? text : "a = 1;\n");
    }
    open_file(x, "2.conf");
    assert_string_equal(x->faults.text, "");
    assert_place(x, 1, "/12.conf", 1);
    open_file(x, "1.conf");
    assert_string_equal(x->faults.text,
                        "11.conf:1: files are included more than 10 deep\n");
}

static void a_hundred_files_are_enough(void **state)
{
    struct fixture *x = *state;
    char text[4096] = "";

    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "@include \"inc.conf\"\n");
    write_file(x, "top.conf", text);
    write_file(x, "inc.conf", "\n");
    open_file(x, "top.conf");
    assert_string_equal(x->faults.text, "top.conf:100: more than 100 files\n");
}

static void a_missing_file_is_a_fault_at_its_first_line(void **state)
{
    struct fixture *x = *state;

    open_file(x, "nowhere.conf");
    assert_int_equal(x->report.count, 1);
    assert_non_null(strstr(x->faults.text, "nowhere.conf:1: cannot read "));
}

static void a_directory_is_no_file(void **state)
{
    struct fixture *x = *state;

    write_file(x, "sub/some.conf", "");
    open_file(x, "sub");
    assert_int_equal(x->report.count, 1);
    assert_non_null(strstr(x->faults.text, "sub:1: cannot read "));
}

static void a_file_past_a_megabyte_is_refused(void **state)
{
    struct fixture *x = *state;
    char *big = malloc((1 << 20) + 1);

    assert_non_null(big);
    memset(big, '\n', (1 << 20) + 1);
    scratch_write(&x->scratch, "big.conf", span_of(big, 1 << 20));
    open_file(x, "big.conf");
    assert_int_equal(x->report.count, 0);
    scratch_write(&x->scratch, "big.conf", span_of(big, (1 << 20) + 1));
    free(big);
    open_file(x, "big.conf");
    assert_int_equal(x->report.count, 1);
    assert_non_null(strstr(x->faults.text, "larger than 1 MiB"));
}

static void a_nul_octet_is_a_fault(void **state)
{
    struct fixture *x = *state;

    scratch_write(&x->scratch, "nul.conf", SPAN("a = 1;\0b = 2;\n"));
    open_file(x, "nul.conf");
    assert_string_equal(x->faults.text, "nul.conf:1: NUL octet in the file\n");
}

static int attempt(void *ctx)
{
    struct fixture *x = ctx;
    int err = config_source_init(
        &x->source, scratch_path(&x->scratch, "top.conf"), NULL, &x->report);

    config_source_fini(&x->source);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", "@include \"inc.conf\"\na = 5000000000;\n");
    write_file(x, "inc.conf", "b = 2;\n");
    assert_true(oom_sweep(attempt, x) >= 6);
    assert_int_equal(x->report.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(text_passes_as_it_is),
        TEST(a_byte_order_mark_is_left_out),
        TEST(the_last_line_is_ended),
        TEST(wide_integers_are_marked),
        TEST(marked_integers_stay),
        TEST(other_digits_stay),
        TEST(strings_and_comments_stay),
        TEST(a_line_past_the_end_is_the_last_one),
        TEST(an_included_file_stands_in_its_place),
        TEST(a_relative_name_begins_where_it_is_written),
        TEST(an_absolute_name_is_taken_as_it_is),
        TEST(a_name_may_have_escapes),
        TEST(what_follows_an_include_comes_behind_it),
        TEST(a_file_may_be_included_twice),
        TEST(includes_in_strings_and_comments_are_none),
        TEST(every_include_that_fails_is_reported),
        TEST(a_file_that_includes_itself_is_refused),
        TEST(includes_nest_ten_deep),
        TEST(a_hundred_files_are_enough),
        TEST(a_missing_file_is_a_fault_at_its_first_line),
        TEST(a_directory_is_no_file),
        TEST(a_file_past_a_megabyte_is_refused),
        TEST(a_nul_octet_is_a_fault),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
