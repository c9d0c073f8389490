/* SPDX-License-Identifier: BSD-2-Clause */
/* mysql_store - users in a MariaDB or MySQL: a query for each algorithm. */
#ifndef MYSQL_STORE_H
#define MYSQL_STORE_H

#include "helper.h"
#include "helper_options.h"

struct mysql_options {
    struct helper_options common;
    const char *query[DIGEST_ALGS]; /* the first ? is the user, the second the
                                       realm; "": there are no such hashes */
    const char *socket;             /* NULL: by TCP */
    bool tls;
};

extern const struct helper_usage mysql_usage;

/* As run_program's `start` and `stop`. */
int mysql_store_start(struct helper_options *o, struct helper *h,
                      const struct store_ops **ops, void **store,
                      char why[CMDLINE_WHY]);
void mysql_store_stop(struct helper_options *o, void *store);

#endif
