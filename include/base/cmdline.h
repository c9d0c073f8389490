/* SPDX-License-Identifier: BSD-2-Clause */
/* cmdline - the options of a command line, from one table.
 *
 * A row has the names of an option, its argument, where the value goes, its
 * default and its help. Parsing and --help follow from the table, so that they
 * cannot differ. Options are those of getopt_long(): letters may be combined,
 * long names may be cut short while they are unique, `--` ends them. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CMDLINE_WHY = 256, CMDLINE_OPTIONS_MAX = 64 };

/* What the argument of an option is and, after the colon, what it becomes. */
enum cmdline_kind {
    CMDLINE_FLAG,        /* there is none: bool, set to true */
    CMDLINE_TEXT,        /* any text: const char *, part of argv */
    CMDLINE_FILE,        /* the name of a file, not empty: the same */
    CMDLINE_COUNT,       /* a whole number: uint64_t */
    CMDLINE_OCTETS,      /* 65536, 64k, 3M or 4G: uint64_t */
    CMDLINE_THOUSANDTHS, /* 30 or 0.25, stored as 30000 or 250: uint64_t */
    CMDLINE_CHOICE, /* one of some words: an enum, its place in `choices` */
    CMDLINE_CALL    /* what `take` makes of it */
};

/* Takes the argument of an option. 0, ERR_NOMEM, or cmdline_refuse(). */
typedef int (*cmdline_take_fn)(void *values, char *argument,
                               char why[CMDLINE_WHY]);

struct cmdline_option {
    const char *name;     /* without hyphens; NULL: the row is a heading, and
                             `help` is its text */
    const char *argument; /* what --help calls it; of a CMDLINE_CHOICE, NULL
                             lists the words */
    enum cmdline_kind kind;
    char letter;         /* 0: it has only a name */
    size_t at;           /* where in the caller's struct */
    uint64_t min, max;   /* of a number, as it is stored */
    const char *initial; /* the default, as it would be written; NULL: the value
                            is left as it is; not of a CMDLINE_CALL */
    const char *const *choices; /* ends with NULL */
    cmdline_take_fn take;
    const char *help; /* broken into lines by cmdline_help() */
};

struct cmdline {
    const struct cmdline_option *options;
    size_t n;              /* at most CMDLINE_OPTIONS_MAX */
    bool stops_at_operand; /* what follows the first operand is no option */
};

/* Parses argv[1] and on into `values`, which has the defaults after that; the
 * operands are then argv[*first] and on, moved after the options. 0, or what
 * is wrong in `why`, without a full stop, and ERR_SYNTAX; or what a `take`
 * returned. */
int cmdline_parse(void *values, int *first, char why[CMDLINE_WHY],
                  const struct cmdline *c, int argc, char **argv);

/* Writes the reason as printf() does, and returns ERR_SYNTAX. */
int cmdline_refuse(char why[CMDLINE_WHY], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints a line for each option, and more if the help is long: names, argument,
 * help and default, in columns. */
void cmdline_help(FILE *to, const struct cmdline *c);

#endif
