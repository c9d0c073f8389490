/* SPDX-License-Identifier: BSD-2-Clause */
/* options - the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

struct options {
    const char *path; /* of the configuration; part of argv */
    bool debug;
    bool test;
    bool dump;
    bool version;
    bool help;
};

/* Takes the command line apart. 0, or ERR_SYNTAX with what is wrong and the
 * usage written to `err`. */
int options_parse(struct options *out, int argc, char **argv, FILE *err);

/* Writes how the program is used. */
void options_usage(FILE *to);

#endif
