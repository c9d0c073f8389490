/* SPDX-License-Identifier: BSD-2-Clause */
/* pool - blocks of one size, kept for reuse.
 *
 * Last given, first taken, so that the block is still in the cache. At most
 * `keep` unused blocks are held; more go back to the heap. With sanitizers
 * every block comes from the heap and goes back at once, so that they see its
 * end. */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

struct pool {
    size_t size;   /* octets in a block */
    size_t keep;   /* most unused blocks held */
    size_t unused; /* held now */
    size_t taken;  /* out with users now */
    void *top;
};

void pool_init(struct pool *p, size_t size, size_t keep);

/* Frees the unused blocks; all blocks taken must have been given back. */
void pool_fini(struct pool *p);

/* A block with undefined content, or NULL without memory. Give it back with
 * pool_give(). */
void *pool_take(struct pool *p);

/* `block` may be NULL. */
void pool_give(struct pool *p, void *block);

#endif
