/* SPDX-License-Identifier: BSD-2-Clause */
/* load - one run: connect, authenticate, warm up, measure, wait for what is on
 * the way. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "counters.h"
#include "flow.h"
#include "load_options.h"

enum { LOAD_WHY = 300 };

/* What came of it. */
struct load_result {
    struct counters_mark from, to;
    size_t connections, sessions;
    bool began;         /* all were authenticated */
    bool interrupted;   /* by the user */
    char why[LOAD_WHY]; /* it did not begin */
};

/* Runs it, counting into t->counters, which is all zero before as everything in
 * `t` is. 0, or an error that made it impossible; why there was no load is in
 * the result. */
int load_run(struct load_result *out, const struct load_options *options,
             struct traffic *t);

#endif
