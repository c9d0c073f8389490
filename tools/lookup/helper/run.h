/* SPDX-License-Identifier: BSD-2-Clause */
/* run - the life of a helper as a program: command line, store, loop, end. */
#ifndef RUN_H
#define RUN_H

#include "helper.h"
#include "helper_options.h"

enum run_exit { RUN_OK = 0, RUN_FAILED = 1, RUN_USAGE = 64 };

struct run_program {
    struct helper_usage usage;
    /* Checks what was given and makes the store, which lives until `stop`:
     * ERR_SYNTAX for a bad command line, or another error, with what is wrong
     * in `why`; `stop` is called in any case. */
    int (*start)(struct helper_options *o, struct helper *h,
                 const struct store_ops **ops, void **store,
                 char why[CMDLINE_WHY]);
    /* Answers all that is open and frees the store; it may be NULL. */
    void (*stop)(struct helper_options *o, void *store);
};

/* What main() returns. `o` is zeroed, and begins the program's own struct. */
enum run_exit run(const struct run_program *p, struct helper_options *o,
                  int argc, char **argv);

#endif
