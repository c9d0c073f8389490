/* SPDX-License-Identifier: BSD-2-Clause */
/* helper_options - the options that helpers share, and those of one of them.
 *
 * A helper's own struct begins with a struct helper_options; its rows are put
 * before the shared ones. */
#ifndef HELPER_OPTIONS_H
#define HELPER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cmdline.h"

struct helper_options {
    const char *store;       /* the operand: what to ask */
    const char *secret_file; /* NULL: none */
    char *secret;            /* its first line; NULL: none; heap */
    uint64_t timeout_ms;
    uint64_t connections;
    const char *ca_file; /* NULL: the system's certificates */
    bool insecure;       /* takes any certificate */
    bool help, version;
};

/* Which of the shared rows a helper has, besides those that all have. */
enum { HELPER_HAS_TLS = 1 };

struct helper_usage {
    const char *program;
    const char *operand; /* what --help calls it, such as "URL" */
    const struct cmdline_option *rows;
    size_t n_rows;
    int has;
};

/* Parses the command line and reads the secret: 0, or ERR_SYNTAX or another
 * error with what is wrong in `why`. helper_options_fini() in any case. */
int helper_options_parse(struct helper_options *o, char why[CMDLINE_WHY],
                         const struct helper_usage *u, int argc, char **argv);
/* Wipes the secret. */
void helper_options_fini(struct helper_options *o);

void helper_options_help(FILE *to, const struct helper_usage *u);

#endif
