/* SPDX-License-Identifier: BSD-2-Clause */
/* pgsql_store - users in a PostgreSQL: a query for each algorithm. */
#ifndef PGSQL_STORE_H
#define PGSQL_STORE_H

#include "helper.h"
#include "helper_options.h"

struct pgsql_options {
    struct helper_options common;
    const char *query[DIGEST_ALGS]; /* $1 is the user, $2 the realm; "": the
                                       store has no such hashes */
};

extern const struct helper_usage pgsql_usage;

/* As run_program's `start` and `stop`. */
int pgsql_store_start(struct helper_options *o, struct helper *h,
                      const struct store_ops **ops, void **store,
                      char why[CMDLINE_WHY]);
void pgsql_store_stop(struct helper_options *o, void *store);

#endif
