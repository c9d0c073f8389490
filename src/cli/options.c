/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stddef.h>

#include "cmdline.h"
#include "err.h"

#define FLAG(member)                                                           \
    .kind = CMDLINE_FLAG, .at = offsetof(struct options, member)

static const struct cmdline_option rows[] = {
    {.letter = 'c',
     .name = "config",
     .argument = "FILE",
     .kind = CMDLINE_FILE,
     .at = offsetof(struct options, path),
     .initial = "/etc/msrprelayd/msrprelayd.conf",
     .help = "read the configuration from FILE"},
    {.letter = 'd',
     .name = "debug",
     FLAG(debug),
     .help = "log to stderr, with a line for each MSRP head"},
    {.letter = 't',
     .name = "test",
     FLAG(test),
     .help = "check the configuration and the files it names"},
    {.letter = 'T',
     .name = "dump",
     FLAG(dump),
     .help = "print the effective configuration"},
    {.letter = 'V',
     .name = "version",
     FLAG(version),
     .help = "print the version, and those of the libraries"},
    {.letter = 'h', .name = "help", FLAG(help), .help = "print this help"},
};

static const struct cmdline table = {rows, sizeof rows / sizeof *rows, false};

void options_usage(FILE *to)
{
    fputs("usage: msrprelayd [OPTION]...\n\n", to);
    cmdline_help(to, &table);
}

static int options_refuse(FILE *err, const char *why)
{
    fprintf(err, "msrprelayd: %s\n", why);
    options_usage(err);
    return ERR_SYNTAX;
}

int options_parse(struct options *out, int argc, char **argv, FILE *err)
{
    struct options o = {0};
    char why[CMDLINE_WHY];
    int first;

    if (cmdline_parse(&o, &first, why, &table, argc, argv))
        return options_refuse(err, why);
    if (first < argc) {
        cmdline_refuse(why, "unexpected argument %s", argv[first]);
        return options_refuse(err, why);
    }
    *out = o;
    return 0;
}
