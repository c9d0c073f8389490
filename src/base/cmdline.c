/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmdline.h"

#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>

#include "err.h"
#include "str.h"

enum {
    FIRST_LONG = 256, /* getopt's value of the first row; above all letters */
    WIDTH = 79,
    NAMES_MAX = 30 /* longer names have their help on the next line */
};

int cmdline_refuse(char why[CMDLINE_WHY], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, CMDLINE_WHY, fmt, args);
    va_end(args);
    return ERR_SYNTAX;
}

/* --- values --------------------------------------------------------------- */

/* `k`, `M` or `G` at the end stand for powers of 1024. */
static int read_octets(uint64_t *out, struct span text, uint64_t max)
{
    unsigned shift = 0;
    uint64_t n;

    switch (text.n > 0 ? char_lower(text.p[text.n - 1]) : 0) {
    case 'k':
        shift = 10;
        break;
    case 'm':
        shift = 20;
        break;
    case 'g':
        shift = 30;
        break;
    }
    if (shift)
        text.n--;
    if (span_u64(&n, text, max >> shift))
        return ERR_SYNTAX;
    *out = n << shift;
    return 0;
}

/* Digits, and up to three after a point. */
static int read_thousandths(uint64_t *out, struct span text, uint64_t max)
{
    struct span whole = span_cut(&text, '.');
    uint64_t n, fraction = 0, scale = 1000;

    if (text.n > 3 || span_u64(&n, whole, max / 1000))
        return ERR_SYNTAX;
    if (text.n > 0 && span_u64(&fraction, text, 999))
        return ERR_SYNTAX;
    for (size_t i = 0; i < text.n; i++)
        scale /= 10;
    *out = n * 1000 + fraction * scale;
    return *out > max ? ERR_SYNTAX : 0;
}

static void print_thousandths(char dst[32], uint64_t n)
{
    if (n % 1000)
        snprintf(dst, 32, "%" PRIu64 ".%03" PRIu64, n / 1000, n % 1000);
    else
        snprintf(dst, 32, "%" PRIu64, n / 1000);
}

static int take_number(const struct cmdline_option *o, uint64_t *out,
                       const char *argument, char why[CMDLINE_WHY])
{
    struct span text = span_str(argument);
    char min[32], max[32];
    uint64_t n = 0;
    int err;

    if (o->kind == CMDLINE_OCTETS)
        err = read_octets(&n, text, o->max);
    else if (o->kind == CMDLINE_THOUSANDTHS)
        err = read_thousandths(&n, text, o->max);
    else
        err = span_u64(&n, text, o->max);
    if (!err && n >= o->min) {
        *out = n;
        return 0;
    }
    if (o->kind == CMDLINE_THOUSANDTHS) {
        print_thousandths(min, o->min);
        print_thousandths(max, o->max);
    } else {
        snprintf(min, sizeof min, "%" PRIu64, o->min);
        snprintf(max, sizeof max, "%" PRIu64, o->max);
    }
    return cmdline_refuse(why, "invalid number \"%s\" for --%s (%s to %s)",
                          argument, o->name, min, max);
}

/* The words with `between` between them and `last` before the last one. */
static void list_choices(char *dst, size_t size, const struct cmdline_option *o,
                         const char *between, const char *last)
{
    size_t n = 0;

    dst[0] = '\0';
    for (size_t i = 0; o->choices[i] && n < size; i++) {
        const char *sep = o->choices[i + 1] ? between : last;

        n += (size_t)snprintf(dst + n, size - n, "%s%s", i > 0 ? sep : "",
                              o->choices[i]);
    }
}

static int take_choice(const struct cmdline_option *o, unsigned *out,
                       const char *argument, char why[CMDLINE_WHY])
{
    char words[CMDLINE_WHY];

    for (unsigned i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], argument) == 0) {
            *out = i;
            return 0;
        }
    }
    list_choices(words, sizeof words, o, ", ", " or ");
    return cmdline_refuse(why, "invalid value \"%s\" for --%s (%s)", argument,
                          o->name, words);
}

/* All kinds but CMDLINE_CALL. */
static int take_value(const struct cmdline_option *o, void *values,
                      const char *argument, char why[CMDLINE_WHY])
{
    void *at = (char *)values + o->at;

    switch (o->kind) {
    case CMDLINE_FLAG:
        *(bool *)at = true;
        return 0;
    case CMDLINE_FILE:
        if (*argument == '\0')
            return cmdline_refuse(why, "empty file name for --%s", o->name);
        *(const char **)at = argument;
        return 0;
    case CMDLINE_TEXT:
        *(const char **)at = argument;
        return 0;
    case CMDLINE_COUNT:
    case CMDLINE_OCTETS:
    case CMDLINE_THOUSANDTHS:
        return take_number(o, at, argument, why);
    case CMDLINE_CHOICE:
        return take_choice(o, at, argument, why);
    case CMDLINE_CALL:
        break;
    }
    return ERR_SYNTAX;
}

static int take(const struct cmdline_option *o, void *values, char *argument,
                char why[CMDLINE_WHY])
{
    if (o->kind == CMDLINE_CALL)
        return o->take(values, argument, why);
    return take_value(o, values, argument, why);
}

static void set_initial(void *values, const struct cmdline *c)
{
    char why[CMDLINE_WHY];

    for (size_t i = 0; i < c->n; i++) {
        const struct cmdline_option *o = &c->options[i];
        int err = o->initial ? take_value(o, values, o->initial, why) : 0;

        assert(!err);
    }
}

/* --- getopt --------------------------------------------------------------- */

/* What getopt_long() is given. */
struct names {
    char letters[2 * CMDLINE_OPTIONS_MAX + 3];
    struct option words[CMDLINE_OPTIONS_MAX + 1];
};

static void list_names(struct names *names, const struct cmdline *c)
{
    char *letter = names->letters;
    struct option *word = names->words;

    assert(c->n <= CMDLINE_OPTIONS_MAX);
    if (c->stops_at_operand)
        *letter++ = '+';
    *letter++ = ':'; /* distinguishes a missing argument from a wrong option */
    for (size_t i = 0; i < c->n; i++) {
        const struct cmdline_option *o = &c->options[i];
        bool has_argument = o->kind != CMDLINE_FLAG;

        if (!o->name)
            continue;
        if (o->letter)
            *letter++ = o->letter;
        if (o->letter && has_argument)
            *letter++ = ':';
        *word++ = (struct option){.name = o->name,
                                  .has_arg = has_argument ? required_argument
                                                          : no_argument,
                                  .val = FIRST_LONG + (int)i};
    }
    *letter = '\0';
    *word = (struct option){0};
}

/* The row of what getopt_long() has returned or has left in `optopt`, or
 * NULL. */
static const struct cmdline_option *find_option(const struct cmdline *c,
                                                int value)
{
    if (value >= FIRST_LONG)
        return &c->options[value - FIRST_LONG];
    for (size_t i = 0; value && i < c->n; i++)
        if (c->options[i].name && c->options[i].letter == value)
            return &c->options[i];
    return NULL;
}

/* A name that is none, or the beginning of several. */
static int refuse_name(char why[CMDLINE_WHY], const struct cmdline *c,
                       const char *word)
{
    struct span name = span_from(span_str(word), 2);
    size_t matches = 0;

    name.n = span_find(name, '=');
    for (size_t i = 0; i < c->n; i++)
        matches += c->options[i].name &&
                   span_starts(span_str(c->options[i].name), name);
    return cmdline_refuse(why, "%s option --%.*s",
                          matches > 1 ? "ambiguous" : "unknown",
                          SPAN_ARG(name));
}

/* What getopt_long() has answered with `:` or `?`. */
static int refuse_option(char why[CMDLINE_WHY], const struct cmdline *c,
                         int answer, const char *word)
{
    const struct cmdline_option *o = find_option(c, optopt);
    bool is_long = optopt >= FIRST_LONG;

    if (answer == ':' && is_long)
        return cmdline_refuse(why, "missing argument for --%s", o->name);
    if (answer == ':')
        return cmdline_refuse(why, "missing argument for -%c", optopt);
    if (is_long)
        return cmdline_refuse(why, "--%s takes no argument", o->name);
    if (optopt)
        return cmdline_refuse(why, "unknown option -%c", optopt);
    return refuse_name(why, c, word);
}

int cmdline_parse(void *values, int *first, char why[CMDLINE_WHY],
                  const struct cmdline *c, int argc, char **argv)
{
    struct names names;
    int value, err = 0;

    list_names(&names, c);
    set_initial(values, c);
    optind = 0; /* starts afresh, with glibc and with musl */
    opterr = 0;
    while (!err && (value = getopt_long(argc, argv, names.letters, names.words,
                                        NULL)) != -1) {
        if (value == '?' || value == ':')
            return refuse_option(why, c, value, argv[optind - 1]);
        err = take(find_option(c, value), values, optarg, why);
    }
    *first = optind;
    return err;
}

/* --- help ----------------------------------------------------------------- */

/* `  -r, --relay URI`; how many columns that takes. */
static size_t put_names(char dst[WIDTH + 1], const struct cmdline_option *o)
{
    char argument[WIDTH] = "", letter[] = "    ";
    int n;

    if (o->argument)
        snprintf(argument, sizeof argument, " %s", o->argument);
    else if (o->kind == CMDLINE_CHOICE) {
        argument[0] = ' ';
        list_choices(argument + 1, sizeof argument - 1, o, "|", "|");
    }
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    n = snprintf(dst, WIDTH + 1, "  %s--%s%s", letter, o->name, argument);
    return (size_t)(n > WIDTH ? WIDTH : n);
}

/* Where the help begins: two columns after the longest of the names that are
 * not too long. */
static size_t find_column(const struct cmdline *c)
{
    char names[WIDTH + 1];
    size_t longest = 0;

    for (size_t i = 0; i < c->n; i++) {
        size_t n = c->options[i].name ? put_names(names, &c->options[i]) : 0;

        if (n > longest && n <= NAMES_MAX)
            longest = n;
    }
    return longest + 2;
}

/* Where the next word of the help goes. */
struct help_line {
    FILE *to;
    size_t column; /* of the help */
    size_t at;     /* the column that comes next */
};

static void put_word(struct help_line *line, struct span word)
{
    bool is_first = line->at == line->column;

    if (!is_first && line->at + 1 + word.n > WIDTH) {
        fprintf(line->to, "\n%*s", (int)line->column, "");
        line->at = line->column;
        is_first = true;
    }
    fprintf(line->to, "%s%.*s", is_first ? "" : " ", SPAN_ARG(word));
    line->at += word.n + (is_first ? 0 : 1);
}

static void put_option(FILE *to, size_t column, const struct cmdline_option *o)
{
    struct help_line line = {to, column, column};
    char names[WIDTH + 1], initial[WIDTH + 1];
    struct span help = span_str(o->help);
    size_t n = put_names(names, o);

    if (n + 2 > column) {
        fprintf(to, "%s\n", names);
        names[n = 0] = '\0';
    }
    fprintf(to, "%s%*s", names, (int)(column - n), "");
    while (help.n > 0)
        put_word(&line, span_cut(&help, ' '));
    if (o->initial) {
        snprintf(initial, sizeof initial, "(default: %s)", o->initial);
        put_word(&line, span_str(initial));
    }
    fputc('\n', to);
}

void cmdline_help(FILE *to, const struct cmdline *c)
{
    size_t column = find_column(c);

    for (size_t i = 0; i < c->n; i++) {
        if (c->options[i].name)
            put_option(to, column, &c->options[i]);
        else
            fprintf(to, "%s%s\n", i > 0 ? "\n" : "", c->options[i].help);
    }
}
