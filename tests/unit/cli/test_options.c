/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

enum { ARGS_MAX = 8 };

/* Takes apart what stands behind the program's name, parted by blanks; what is
 * written to stderr goes to *said, to be freed. */
static int parse(struct options *o, char **said, char *line)
{
    char name[] = "msrprelayd";
    char *argv[ARGS_MAX + 1] = {name};
    int argc = 1;
    size_t n;
    FILE *err = open_memstream(said, &n);
    int result;

    assert_non_null(err);
    while (*line) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = line;
        line += strcspn(line, " ");
        if (*line)
            *line++ = '\0';
    }
    result = options_parse(o, argc, argv, err);
    fclose(err);
    return result;
}

static void assert_options(const char *line, struct options want)
{
    char words[128];
    struct options o;
    char *said;

    span_copy(words, sizeof words, span_str(line));
    assert_int_equal(parse(&o, &said, words), 0);
    assert_string_equal(said, "");
    assert_string_equal(o.path, want.path ? want.path
                                          : "/etc/msrprelayd/msrprelayd.conf");
    assert_int_equal(o.debug, want.debug);
    assert_int_equal(o.test, want.test);
    assert_int_equal(o.dump, want.dump);
    assert_int_equal(o.version, want.version);
    assert_int_equal(o.help, want.help);
    free(said);
}

static void assert_refused(const char *line, const char *why)
{
    char words[128];
    struct options o;
    char *said;

    span_copy(words, sizeof words, span_str(line));
    assert_int_equal(parse(&o, &said, words), ERR_SYNTAX);
    assert_memory_equal(said, why, strlen(why));
    assert_non_null(strstr(said, "\nusage: msrprelayd "));
    free(said);
}

static void nothing_runs_with_the_default_file(void **state)
{
    (void)state;
    assert_options("", (struct options){0});
}

static void each_flag_has_a_letter_and_a_word(void **state)
{
    (void)state;
    assert_options("-c x", (struct options){.path = "x"});
    assert_options("--config x", (struct options){.path = "x"});
    assert_options("--config=x", (struct options){.path = "x"});
    assert_options("-d", (struct options){.debug = true});
    assert_options("--debug", (struct options){.debug = true});
    assert_options("-t", (struct options){.test = true});
    assert_options("--test", (struct options){.test = true});
    assert_options("-T", (struct options){.dump = true});
    assert_options("--dump", (struct options){.dump = true});
    assert_options("-V", (struct options){.version = true});
    assert_options("--version", (struct options){.version = true});
    assert_options("-h", (struct options){.help = true});
    assert_options("--help", (struct options){.help = true});
}

static void flags_combine(void **state)
{
    (void)state;
    assert_options("-tc x", (struct options){.path = "x", .test = true});
    assert_options("-tcx", (struct options){.path = "x", .test = true});
    assert_options("-dtT --config x",
                   (struct options){
                       .path = "x", .debug = true, .test = true, .dump = true});
    assert_options("-c x -c y", (struct options){.path = "y"});
}

static void a_bad_command_line_says_why(void **state)
{
    (void)state;
    assert_refused("-x", "msrprelayd: unknown option -x\n");
    assert_refused("-tx", "msrprelayd: unknown option -x\n");
    assert_refused("--nonsense", "msrprelayd: unknown option --nonsense\n");
    assert_refused("--test=1", "msrprelayd: --test takes no argument\n");
    assert_refused("-c", "msrprelayd: missing argument for -c\n");
    assert_refused("--config", "msrprelayd: missing argument for --config\n");
    assert_refused("--config=", "msrprelayd: empty file name for --config\n");
    assert_refused("x", "msrprelayd: unexpected argument x\n");
    assert_refused("-t x", "msrprelayd: unexpected argument x\n");
    assert_refused("-t -- -d", "msrprelayd: unexpected argument -d\n");
}

static void the_usage_names_every_flag(void **state)
{
    static const char *const flags[] = {"-c, --config",  "-d, --debug",
                                        "-t, --test",    "-T, --dump",
                                        "-V, --version", "-h, --help"};
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    (void)state;
    assert_non_null(f);
    options_usage(f);
    fclose(f);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        assert_non_null(strstr(text, flags[i]));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_runs_with_the_default_file),
        cmocka_unit_test(each_flag_has_a_letter_and_a_word),
        cmocka_unit_test(flags_combine),
        cmocka_unit_test(a_bad_command_line_says_why),
        cmocka_unit_test(the_usage_names_every_flag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
