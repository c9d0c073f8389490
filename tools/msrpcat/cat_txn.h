/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_txn - SENDs that went out and wait for their response.
 *
 * A transaction begins with the head of its SEND. Its clock starts only when
 * the last octet of the SEND has left: cat_txns_written() says where in the
 * stream that octet is, cat_txns_sent() how far the stream has come. */
#ifndef CAT_TXN_H
#define CAT_TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "pool.h"
#include "rnd.h"
#include "str.h"
#include "table.h"
#include "tx.h"

struct cat_txn {
    struct table_node node;
    struct list link; /* in none while its SEND is not written */
    void *owner;      /* the caller's */
    uint64_t end_at;  /* where the stream is when its last octet is out */
    uint64_t deadline_ms;
    char tid[TX_TID];
};

struct cat_txns {
    struct table by_tid;
    struct list written; /* not all of it has left */
    struct list waiting; /* the one that expires first is first */
    struct pool pool;
};

/* 0 or ERR_NOMEM. */
int cat_txns_init(struct cat_txns *t, struct rnd *rnd);
void cat_txns_fini(struct cat_txns *t);

/* NULL without memory. */
struct cat_txn *cat_txns_begin(struct cat_txns *t, const char tid[TX_TID],
                               void *owner);

/* The last octet of the SEND is at `end_at` of the stream; ascending. */
void cat_txns_written(struct cat_txns *t, struct cat_txn *x, uint64_t end_at);

/* The stream has come to `sent`: what ends before it gets `timeout_ms` from
 * now. */
void cat_txns_sent(struct cat_txns *t, uint64_t sent, uint64_t now_ms,
                   uint64_t timeout_ms);

/* NULL if there is none with that tid. */
struct cat_txn *cat_txns_find(const struct cat_txns *t, struct span tid);

/* One whose time is over, or NULL. It is still there. */
struct cat_txn *cat_txns_expired(const struct cat_txns *t, uint64_t now_ms);

/* When the next one expires; UINT64_MAX if none can. */
uint64_t cat_txns_deadline(const struct cat_txns *t);

/* Forgets x. */
void cat_txns_end(struct cat_txns *t, struct cat_txn *x);

#endif
