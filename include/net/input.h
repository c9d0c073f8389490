/* SPDX-License-Identifier: BSD-2-Clause */
/* input - what was read from one connection and not yet consumed, in one piece.
 *
 * Octets are read into a block from a pool. Nothing left over: the block goes
 * back. Little left over: it moves to a piece of its size, and the block goes
 * back. The next read takes a block again and puts the leftover in front, so
 * that it is contiguous with what follows. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* Blocks of one size, shared by connections; referenced, so that the size can
 * change for those that begin later. */
struct input_pool;

/* 0 or ERR_NOMEM. Blocks of `size` octets, of which at most `keep` are held
 * unused. */
int input_pool_new(struct input_pool **out, size_t size, size_t keep);
void input_pool_unref(struct input_pool *p);
size_t input_pool_size(const struct input_pool *p);

struct input {
    struct input_pool *pool; /* referenced */
    char *mem;               /* a block, a piece, or NULL when empty */
    uint32_t at, end;        /* mem[at..end) is unconsumed */
    bool is_piece;
};

/* Empty; takes a reference to the pool until input_fini(). */
void input_init(struct input *in, struct input_pool *p);
void input_fini(struct input *in);

/* Where to read to, and how many octets at most (> 0): 0 or ERR_NOMEM. What is
 * unconsumed must be less than a block. */
int input_reserve(struct input *in, char **dst, size_t *room);
/* n octets were written there. */
void input_commit(struct input *in, size_t n);

/* All that is unconsumed; valid until the next reserve, settle or fini. */
static inline struct span input_peek(const struct input *in)
{
    return in->mem ? span_of(in->mem + in->at, in->end - in->at) : SPAN("");
}

static inline bool input_is_empty(const struct input *in)
{
    return in->at == in->end;
}

/* Consumes n octets from the front. */
void input_drop(struct input *in, size_t n);

/* Nothing is read for now: gives back what memory is not needed. */
void input_settle(struct input *in);

#endif
