/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmdline.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "str.h"

enum { ARGS_MAX = 16 };

enum colour { RED, GREEN, BLUE };
static const char *const colours[] = {"red", "green", "blue", NULL};

struct values {
    bool loud, long_one;
    const char *text, *file;
    uint64_t count, size, seconds;
    enum colour colour;
    unsigned calls;
};

static int take_call(void *values, char *argument, char why[CMDLINE_WHY])
{
    struct values *v = values;

    if (strcmp(argument, "bad") == 0)
        return cmdline_refuse(why, "%s is bad", argument);
    if (strcmp(argument, "huge") == 0)
        return ERR_NOMEM;
    v->calls++;
    memset(argument, '*', strlen(argument));
    return 0;
}

#define AT(member) .at = offsetof(struct values, member)

static const struct cmdline_option rows[] = {
    {.help = "First:"},
    {.letter = 'l',
     .name = "loud",
     .kind = CMDLINE_FLAG,
     AT(loud),
     .help = "make noise"},
    {.name = "long", .kind = CMDLINE_FLAG, AT(long_one), .help = "no letter"},
    {.letter = 't',
     .name = "text",
     .argument = "TEXT",
     .kind = CMDLINE_TEXT,
     AT(text),
     .initial = "a text",
     .help = "say so"},
    {.letter = 'f',
     .name = "file",
     .argument = "FILE",
     .kind = CMDLINE_FILE,
     AT(file),
     .help = "a help that is so long that it has to be broken into two lines, "
             "at a word"},
    {.help = "Second:"},
    {.letter = 'n',
     .name = "count",
     .argument = "N",
     .kind = CMDLINE_COUNT,
     AT(count),
     .min = 2,
     .max = 10,
     .initial = "3",
     .help = "how many"},
    {.name = "size",
     .argument = "OCTETS",
     .kind = CMDLINE_OCTETS,
     AT(size),
     .min = 1,
     .max = UINT64_C(8) << 30,
     .help = "how large"},
    {.letter = 's',
     .name = "seconds",
     .argument = "SECONDS",
     .kind = CMDLINE_THOUSANDTHS,
     AT(seconds),
     .min = 1,
     .max = 60000,
     .help = "how long"},
    {.name = "colour-of-the-whole",
     .kind = CMDLINE_CHOICE,
     AT(colour),
     .choices = colours,
     .initial = "green",
     .help = "how it looks"},
    {.letter = 'x',
     .name = "call",
     .argument = "X",
     .kind = CMDLINE_CALL,
     .take = take_call,
     .help = "what a function makes of it"},
};

static const struct cmdline table = {rows, sizeof rows / sizeof *rows, false};
static const struct cmdline stopping = {rows, sizeof rows / sizeof *rows, true};

struct line {
    struct values values;
    char why[CMDLINE_WHY];
    char text[256];
    char *argv[ARGS_MAX + 1];
    int argc, first;
};

/* Arguments are separated by `|`. */
static int parse_with(struct line *l, const struct cmdline *c, const char *args)
{
    static char program[] = "program";
    char *rest = l->text;

    *l = (struct line){.argc = 1, .argv = {program}};
    span_copy(l->text, sizeof l->text, span_str(args));
    while (*args && rest) {
        assert_true(l->argc < ARGS_MAX);
        l->argv[l->argc++] = strsep(&rest, "|");
    }
    return cmdline_parse(&l->values, &l->first, l->why, c, l->argc, l->argv);
}

static int parse(struct line *l, const char *args)
{
    return parse_with(l, &table, args);
}

static void assert_refused(const char *args, const char *why)
{
    struct line l;

    assert_int_equal(parse(&l, args), ERR_SYNTAX);
    assert_string_equal(l.why, why);
}

static void defaults_hold_without_arguments(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse(&l, ""), 0);
    assert_false(l.values.loud || l.values.long_one);
    assert_string_equal(l.values.text, "a text");
    assert_null(l.values.file);
    assert_int_equal(l.values.count, 3);
    assert_int_equal(l.values.size, 0);
    assert_int_equal(l.values.colour, GREEN);
    assert_int_equal(l.first, 1);
}

static void each_kind_is_stored(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse(&l, "-l|--long|-t||--file=/a|-n|10|--size|64k"
                               "|-s1.25|--colour|blue"),
                     0);
    assert_true(l.values.loud && l.values.long_one);
    assert_string_equal(l.values.text, "");
    assert_string_equal(l.values.file, "/a");
    assert_int_equal(l.values.count, 10);
    assert_int_equal(l.values.size, 65536);
    assert_int_equal(l.values.seconds, 1250);
    assert_int_equal(l.values.colour, BLUE);
}

static void letters_combine(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse(&l, "-ln4"), 0);
    assert_true(l.values.loud);
    assert_int_equal(l.values.count, 4);
}

static void the_last_one_counts(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse(&l, "-n|4|--count=5"), 0);
    assert_int_equal(l.values.count, 5);
}

static void operands_move_behind_the_options(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse(&l, "one|-l|two|--|-t"), 0);
    assert_true(l.values.loud);
    assert_int_equal(l.argc - l.first, 3);
    assert_string_equal(l.argv[l.first], "one");
    assert_string_equal(l.argv[l.first + 1], "two");
    assert_string_equal(l.argv[l.first + 2], "-t");
}

static void the_first_operand_may_end_the_options(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse_with(&l, &stopping, "-l|one|-n|x"), 0);
    assert_true(l.values.loud);
    assert_int_equal(l.first, 2);
    assert_int_equal(parse_with(&l, &stopping, "-t"), ERR_SYNTAX);
    assert_string_equal(l.why, "missing argument for -t");
}

static void sizes_have_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t size;
    } good[] = {{"--size=1", 1},
                {"--size=2k", 2048},
                {"--size=3M", 3 << 20},
                {"--size=8g", UINT64_C(8) << 30}};
    static const char *const bad[] = {"0",  "k",  "1kk",        "-1",
                                      "1t", "9G", "8589934593", ""};
    struct line l;
    char arg[40];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(parse(&l, good[i].text), 0);
        assert_int_equal(l.values.size, good[i].size);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(arg, sizeof arg, "--size=%s", bad[i]);
        assert_int_equal(parse(&l, arg), ERR_SYNTAX);
        assert_int_equal(l.values.size, 0);
    }
}

static void seconds_have_fractions(void **state)
{
    static const char *const bad[] = {"0",      ".",      "1.x",
                                      "0.0001", "60.001", "1,5"};
    struct line l;
    char arg[40];

    (void)state;
    assert_int_equal(parse(&l, "-s|0.001"), 0);
    assert_int_equal(l.values.seconds, 1);
    assert_int_equal(parse(&l, "-s|60"), 0);
    assert_int_equal(l.values.seconds, 60000);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(arg, sizeof arg, "-s|%s", bad[i]);
        assert_int_equal(parse(&l, arg), ERR_SYNTAX);
    }
}

static void a_wrong_option_is_named(void **state)
{
    (void)state;
    assert_refused("-y", "unknown option -y");
    assert_refused("-ly", "unknown option -y");
    assert_refused("-yl", "unknown option -y");
    assert_refused("--nonsense", "unknown option --nonsense");
    assert_refused("--nonsense=1", "unknown option --nonsense");
    assert_refused("--lo", "ambiguous option --lo");
    assert_refused("--loud=1", "--loud takes no argument");
    assert_refused("--long=1", "--long takes no argument");
    assert_refused("-t", "missing argument for -t");
    assert_refused("--text", "missing argument for --text");
    assert_refused("--size", "missing argument for --size");
}

static void a_wrong_argument_is_shown(void **state)
{
    (void)state;
    assert_refused("-f|", "empty file name for --file");
    assert_refused("-n|1", "invalid number \"1\" for --count (2 to 10)");
    assert_refused("-n|11", "invalid number \"11\" for --count (2 to 10)");
    assert_refused("-n|3x", "invalid number \"3x\" for --count (2 to 10)");
    assert_refused("-s|90",
                   "invalid number \"90\" for --seconds (0.001 to 60)");
    assert_refused("--size|x",
                   "invalid number \"x\" for --size (1 to 8589934592)");
    assert_refused("--colour-of-the-whole|pink",
                   "invalid value \"pink\" for --colour-of-the-whole (red, "
                   "green or blue)");
}

static void a_function_may_take_and_refuse(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(parse(&l, "-x|secret|--call=other"), 0);
    assert_int_equal(l.values.calls, 2);
    assert_string_equal(l.argv[2], "******");
    assert_refused("-x|bad", "bad is bad");
    assert_int_equal(parse(&l, "-x|huge"), ERR_NOMEM);
}

static void a_long_argument_is_cut_in_the_message(void **state)
{
    struct line l;
    char arg[sizeof l.text - 4];

    (void)state;
    memset(arg, 'x', sizeof arg);
    memcpy(arg, "-n|", 3);
    arg[sizeof arg - 1] = '\0';
    assert_int_equal(parse(&l, arg), ERR_SYNTAX);
    assert_int_equal(strlen(l.why), CMDLINE_WHY - 1);
}

static void help_stands_in_columns(void **state)
{
    static const char want[] =
        "First:\n"
        "  -l, --loud             make noise\n"
        "      --long             no letter\n"
        "  -t, --text TEXT        say so (default: a text)\n"
        "  -f, --file FILE        a help that is so long that it has to be "
        "broken into\n"
        "                         two lines, at a word\n"
        "\n"
        "Second:\n"
        "  -n, --count N          how many (default: 3)\n"
        "      --size OCTETS      how large\n"
        "  -s, --seconds SECONDS  how long\n"
        "      --colour-of-the-whole red|green|blue\n"
        "                         how it looks (default: green)\n"
        "  -x, --call X           what a function makes of it\n";
    char *text;
    size_t n;
    FILE *to = open_memstream(&text, &n);

    (void)state;
    assert_non_null(to);
    cmdline_help(to, &table);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(text, want);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_without_arguments),
        cmocka_unit_test(each_kind_is_stored),
        cmocka_unit_test(letters_combine),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(operands_move_behind_the_options),
        cmocka_unit_test(the_first_operand_may_end_the_options),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(seconds_have_fractions),
        cmocka_unit_test(a_wrong_option_is_named),
        cmocka_unit_test(a_wrong_argument_is_shown),
        cmocka_unit_test(a_function_may_take_and_refuse),
        cmocka_unit_test(a_long_argument_is_cut_in_the_message),
        cmocka_unit_test(help_stands_in_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
