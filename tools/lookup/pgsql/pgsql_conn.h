/* SPDX-License-Identifier: BSD-2-Clause */
/* pgsql_conn - one connection to a PostgreSQL, in libpq's pipeline mode:
 * queries are sent without waiting for the results of those before. */
#ifndef PGSQL_CONN_H
#define PGSQL_CONN_H

#include <libpq-fe.h>

#include "links.h"
#include "pgsql_store.h"

struct pgsql_target {
    const char *conninfo;
    const char *password; /* NULL: none, or as conninfo says */
    const char *query[DIGEST_ALGS];
    int n_params[DIGEST_ALGS]; /* 1: the query does not ask for the realm */
};

struct pgsql_conn;

/* Begins to connect; link_up() when it is there. NULL when out of memory. */
struct pgsql_conn *pgsql_conn_open(const struct pgsql_target *to,
                                   struct link *l);
/* NULL is harmless. */
void pgsql_conn_close(struct pgsql_conn *c);

void pgsql_conn_ask(struct pgsql_conn *c, const struct question *q);

#endif
