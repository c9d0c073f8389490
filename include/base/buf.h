/* SPDX-License-Identifier: BSD-2-Clause */
/* buf - a bounded byte queue made of fixed-size blocks from a pool.
 *
 * Bytes enter at the tail and leave at the head; they never move in between.
 * An empty queue holds no block. */
#ifndef BUF_H
#define BUF_H

#include "list.h"
#include "pool.h"
#include "str.h"

struct buf {
    struct pool *pool;
    struct list blocks;
    size_t len; /* octets in the queue */
    size_t max;
};

/* An empty queue of at most `max` octets. Each pool block must have room for
 * the queue's own few words besides the data. */
void buf_init(struct buf *b, struct pool *pool, size_t max);

/* Gives all blocks back. The queue is empty and usable afterwards. */
void buf_clear(struct buf *b);

/* Appends all `n` parts, in order, or nothing: 0, ERR_FULL or ERR_NOMEM.
 * Copies. */
int buf_put(struct buf *b, const struct span *parts, size_t n);

/* The first readable run, empty if the queue is; valid until b changes. */
struct span buf_peek(const struct buf *b);

/* The first runs, at most `n`, for a gathering write; how many. */
size_t buf_peek_runs(const struct buf *b, struct span *runs, size_t n);

/* Drops n (<= len) octets from the head. */
void buf_drop(struct buf *b, size_t n);

#endif
