/* SPDX-License-Identifier: BSD-2-Clause */
/* mysql_conn - one connection to a MariaDB or MySQL, by the calls of libmariadb
 * that do not block; one query at a time. */
#ifndef MYSQL_CONN_H
#define MYSQL_CONN_H

#include "digest.h"
#include "links.h"

struct mysql_target {
    const char *host;                       /* NULL: the socket */
    const char *socket;                     /* NULL: the host */
    const char *user, *password, *database; /* NULL: none */
    unsigned port;
    const char *query[DIGEST_ALGS];
    bool tls;
    bool insecure;       /* any certificate will do */
    const char *ca_file; /* NULL: the system's certificates */
};

struct mysql_conn;

/* Begins to connect; link_up() when it is there. NULL when out of memory. */
struct mysql_conn *mysql_conn_open(const struct mysql_target *to,
                                   struct link *l);
/* NULL is harmless. */
void mysql_conn_close(struct mysql_conn *c);

/* One at a time: the next one after link_answered(). */
void mysql_conn_ask(struct mysql_conn *c, const struct question *q);

#endif
