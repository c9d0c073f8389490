/* SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "pool.h"

/* A leftover of less than 1/SMALL of a block moves out of it. */
enum { SMALL = 4 };

struct input_pool {
    struct pool blocks;
    size_t refs;
};

int input_pool_new(struct input_pool **out, size_t size, size_t keep)
{
    struct input_pool *p = malloc(sizeof *p);

    assert(size <= UINT32_MAX);
    if (!p)
        return ERR_NOMEM;
    pool_init(&p->blocks, size, keep);
    p->refs = 1;
    *out = p;
    return 0;
}

void input_pool_unref(struct input_pool *p)
{
    if (!p || --p->refs)
        return;
    pool_fini(&p->blocks);
    free(p);
}

size_t input_pool_size(const struct input_pool *p)
{
    return p->blocks.size;
}

void input_init(struct input *in, struct input_pool *p)
{
    p->refs++;
    *in = (struct input){.pool = p};
}

/* Gives the memory back, whatever it is. */
static void release(struct input *in)
{
    if (in->is_piece)
        free(in->mem);
    else
        pool_give(&in->pool->blocks, in->mem);
    in->mem = NULL;
    in->is_piece = false;
    in->at = in->end = 0;
}

void input_fini(struct input *in)
{
    release(in);
    input_pool_unref(in->pool);
    in->pool = NULL;
}

/* Makes `mem` hold the leftover, from its start. */
static void move_to(struct input *in, char *mem, bool is_piece)
{
    uint32_t left = in->end - in->at;

    if (in->mem)
        memcpy(mem, in->mem + in->at, left);
    release(in);
    in->mem = mem;
    in->end = left;
    in->is_piece = is_piece;
}

int input_reserve(struct input *in, char **dst, size_t *room)
{
    size_t size = in->pool->blocks.size;

    if (!in->mem || in->is_piece) {
        char *block = pool_take(&in->pool->blocks);

        if (!block)
            return ERR_NOMEM;
        move_to(in, block, false);
    } else if (in->at) {
        memmove(in->mem, in->mem + in->at, in->end - in->at);
        in->end -= in->at;
        in->at = 0;
    }
    assert(in->end < size);
    *dst = in->mem + in->end;
    *room = size - in->end;
    return 0;
}

void input_commit(struct input *in, size_t n)
{
    assert(n <= in->pool->blocks.size - in->end);
    in->end += (uint32_t)n;
}

void input_drop(struct input *in, size_t n)
{
    assert(n <= in->end - in->at);
    in->at += (uint32_t)n;
}

void input_settle(struct input *in)
{
    size_t left = in->end - in->at;
    char *piece;

    if (!left) {
        release(in);
        return;
    }
    if (in->is_piece || left >= in->pool->blocks.size / SMALL)
        return;
    piece = malloc(left);
    if (piece) /* without memory the block does as well */
        move_to(in, piece, true);
}
