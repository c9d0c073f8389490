/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <assert.h>
#include <stdbool.h>

#ifdef MSRP_SANITIZE
static const bool pool_keeps = false;
#else
static const bool pool_keeps = true;
#endif

/* An unused block holds the address of the next one in its first octets. */

void pool_init(struct pool *p, size_t size, size_t keep)
{
    assert(size >= sizeof(void *));
    *p = (struct pool){.size = size, .keep = keep};
}

void pool_fini(struct pool *p)
{
    assert(p->taken == 0);
    while (p->top) {
        void *block = p->top;

        memcpy(&p->top, block, sizeof p->top);
        free(block);
    }
    p->unused = 0;
}

void *pool_take(struct pool *p)
{
    void *block = p->top;

    if (block) {
        memcpy(&p->top, block, sizeof p->top);
        p->unused--;
    } else {
        block = malloc(p->size);
        if (!block)
            return NULL;
    }
    p->taken++;
    return block;
}

void pool_give(struct pool *p, void *block)
{
    if (!block)
        return;
    assert(p->taken > 0);
    p->taken--;
    if (!pool_keeps || p->unused >= p->keep) {
        free(block);
        return;
    }
    memcpy(block, &p->top, sizeof p->top);
    p->top = block;
    p->unused++;
}
