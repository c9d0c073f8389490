/* SPDX-License-Identifier: BSD-2-Clause */
#include "buf.h"

#include <assert.h>

#include "err.h"

/* A pool block in use; its data is what lies between head and tail. Only the
 * first block has head > 0, only the last has room after tail. */
struct block {
    struct list link;
    size_t head, tail;
    char data[];
};

static struct block *block_of(struct list *m)
{
    return CONTAINER(m, struct block, link);
}

static size_t block_room(const struct buf *b)
{
    return b->pool->size - offsetof(struct block, data);
}

static void give_block(struct buf *b, struct block *block)
{
    list_remove(&block->link);
    pool_give(b->pool, block);
}

/* Appends empty blocks with room for n octets in all, or none. */
static int add_blocks(struct buf *b, size_t n)
{
    size_t room = block_room(b);
    struct list fresh;

    list_init(&fresh);
    for (size_t got = 0; got < n; got += room) {
        struct block *block = pool_take(b->pool);

        if (!block)
            goto fail;
        list_init(&block->link);
        list_append(&fresh, &block->link);
        block->head = block->tail = 0;
    }
    list_move_all(&b->blocks, &fresh);
    return 0;
fail:
    while (!list_is_empty(&fresh))
        give_block(b, block_of(fresh.next));
    return ERR_NOMEM;
}

/* Appends s to what `at` and the blocks after it hold; returns the block it
 * ended in. */
static struct block *copy_in(struct block *at, size_t room, struct span s)
{
    while (s.n) {
        size_t k = room - at->tail;

        if (!k) {
            at = block_of(at->link.next);
            k = room;
        }
        if (k > s.n)
            k = s.n;
        memcpy(at->data + at->tail, s.p, k);
        at->tail += k;
        s = span_from(s, k);
    }
    return at;
}

void buf_init(struct buf *b, struct pool *pool, size_t max)
{
    assert(pool->size > offsetof(struct block, data));
    *b = (struct buf){.pool = pool, .max = max};
    list_init(&b->blocks);
}

void buf_clear(struct buf *b)
{
    while (!list_is_empty(&b->blocks))
        give_block(b, block_of(b->blocks.next));
    b->len = 0;
}

int buf_put(struct buf *b, const struct span *parts, size_t n)
{
    size_t total = 0, left = b->max - b->len, room = block_room(b);
    struct list *last = b->blocks.prev;
    size_t spare = last == &b->blocks ? 0 : room - block_of(last)->tail;
    struct block *at;

    for (size_t i = 0; i < n; i++) {
        if (parts[i].n > left - total)
            return ERR_FULL;
        total += parts[i].n;
    }
    if (!total)
        return 0;
    if (total > spare && add_blocks(b, total - spare))
        return ERR_NOMEM;
    /* `last` may have been the list itself: then the first new block. */
    at = block_of(last == &b->blocks ? last->next : last);
    for (size_t i = 0; i < n; i++)
        at = copy_in(at, room, parts[i]);
    b->len += total;
    return 0;
}

struct span buf_peek(const struct buf *b)
{
    struct span run = {NULL, 0};

    buf_peek_runs(b, &run, 1);
    return run;
}

size_t buf_peek_runs(const struct buf *b, struct span *runs, size_t n)
{
    size_t i = 0;

    for (struct list *m = b->blocks.next; m != &b->blocks && i < n;
         m = m->next) {
        struct block *block = block_of(m);

        runs[i++] =
            span_of(block->data + block->head, block->tail - block->head);
    }
    return i;
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->len);
    b->len -= n;
    while (n) {
        struct block *block = block_of(b->blocks.next);
        size_t run = block->tail - block->head;

        if (n < run) {
            block->head += n;
            return;
        }
        n -= run;
        give_block(b, block);
    }
}
