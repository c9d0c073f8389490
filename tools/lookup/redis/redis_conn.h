/* SPDX-License-Identifier: BSD-2-Clause */
/* redis_conn - one connection to a Redis: commands out, replies in.
 *
 * Octets go over a conn of include/net, so that TLS is as in the relay; hiredis
 * writes the commands and reads the replies. */
#ifndef REDIS_CONN_H
#define REDIS_CONN_H

#include <hiredis/hiredis.h>

#include "links.h"
#include "net.h"
#include "tls.h"

/* What the connections of a helper share; outlives them. */
struct redis_target {
    struct net *net;
    struct tls_ctx *tls;  /* NULL: without TLS */
    const char *host;     /* a name or an address */
    struct span tls_name; /* the host, as a URI writes it */
    char port[8];
    /* The commands that begin a connection; NULL: none. */
    const char *user, *password; /* AUTH */
    const char *database;        /* SELECT */
};

struct redis_conn;

/* Begins to connect; link_up() when the beginning is accepted. `reply` gets
 * what follows, each once; the reply is gone after the call. NULL when out of
 * memory. */
typedef void (*redis_reply_fn)(struct link *l, const redisReply *reply);
struct redis_conn *redis_conn_open(const struct redis_target *to,
                                   struct link *l, redis_reply_fn reply);
/* NULL is harmless. */
void redis_conn_close(struct redis_conn *c);

/* Sends a command of `n` words. */
void redis_conn_send(struct redis_conn *c, size_t n, const struct span *words);

#endif
