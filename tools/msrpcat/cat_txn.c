/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_txn.h"

#include <assert.h>

#include "err.h"

enum { KEPT = 4096 };

static struct cat_txn *of_node(const struct table_node *node)
{
    return CONTAINER(node, struct cat_txn, node);
}

static struct cat_txn *of_link(const struct list *link)
{
    return CONTAINER(link, struct cat_txn, link);
}

int cat_txns_init(struct cat_txns *t, struct rnd *rnd)
{
    uint64_t seed[2];

    rnd_bytes(rnd, seed, sizeof seed);
    pool_init(&t->pool, sizeof(struct cat_txn), KEPT);
    list_init(&t->written);
    list_init(&t->waiting);
    return table_init(&t->by_tid, seed);
}

void cat_txns_fini(struct cat_txns *t)
{
    struct table_node *node, *next;

    for (node = table_next(&t->by_tid, NULL); node; node = next) {
        next = table_next(&t->by_tid, node);
        pool_give(&t->pool, of_node(node));
    }
    table_fini(&t->by_tid);
    pool_fini(&t->pool);
}

struct cat_txn *cat_txns_begin(struct cat_txns *t, const char tid[TX_TID],
                               void *owner)
{
    struct cat_txn *x = pool_take(&t->pool);

    if (!x)
        return NULL;
    *x = (struct cat_txn){.owner = owner};
    list_init(&x->link);
    memcpy(x->tid, tid, TX_TID);
    table_add(&t->by_tid, &x->node,
              table_hash(&t->by_tid, span_of(tid, TX_TID)));
    return x;
}

void cat_txns_written(struct cat_txns *t, struct cat_txn *x, uint64_t end_at)
{
    assert(list_is_empty(&x->link));
    x->end_at = end_at;
    list_append(&t->written, &x->link);
}

void cat_txns_sent(struct cat_txns *t, uint64_t sent, uint64_t now_ms,
                   uint64_t timeout_ms)
{
    struct list *first;

    while ((first = list_first(&t->written)) &&
           of_link(first)->end_at <= sent) {
        of_link(first)->deadline_ms = now_ms + timeout_ms;
        list_remove(first);
        list_append(&t->waiting, first);
    }
}

static bool has_tid(const struct table_node *node, const void *key)
{
    return memcmp(of_node(node)->tid, key, TX_TID) == 0;
}

struct cat_txn *cat_txns_find(const struct cat_txns *t, struct span tid)
{
    struct table_node *node;

    if (tid.n != TX_TID)
        return NULL;
    node = table_find(&t->by_tid, table_hash(&t->by_tid, tid), has_tid, tid.p);
    return node ? of_node(node) : NULL;
}

struct cat_txn *cat_txns_expired(const struct cat_txns *t, uint64_t now_ms)
{
    return cat_txns_deadline(t) <= now_ms ? of_link(list_first(&t->waiting))
                                          : NULL;
}

uint64_t cat_txns_deadline(const struct cat_txns *t)
{
    const struct list *first = list_first(&t->waiting);

    return first ? of_link(first)->deadline_ms : UINT64_MAX;
}

void cat_txns_end(struct cat_txns *t, struct cat_txn *x)
{
    table_remove(&t->by_tid, &x->node);
    list_remove(&x->link);
    pool_give(&t->pool, x);
}
