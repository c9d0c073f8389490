/* SPDX-License-Identifier: BSD-2-Clause */
#include "holder.h"

#include <assert.h>
#include <stdlib.h>

#include "list.h"

struct holder {
    struct table_node by_name;
    uint32_t n;
    struct holder_sum sum;
    size_t name_n;
    char name[];
};

static bool has_name(const struct table_node *node, const void *key)
{
    const struct holder *one =
        CONTAINER((void *)(uintptr_t)node, struct holder, by_name);

    return span_eq(span_of(one->name, one->name_n), *(const struct span *)key);
}

static struct holder *holder_find(const struct holders *h, struct span name)
{
    struct table_node *node =
        table_find(&h->by_name, table_hash(&h->by_name, name), has_name, &name);

    return node ? CONTAINER(node, struct holder, by_name) : NULL;
}

int holders_init(struct holders *h, const uint64_t seed[2])
{
    return table_init(&h->by_name, seed);
}

void holders_fini(struct holders *h)
{
    assert(h->by_name.count == 0);
    table_fini(&h->by_name);
}

uint32_t holder_count(const struct holders *h, struct span name)
{
    const struct holder *one = holder_find(h, name);

    return one ? one->n : 0;
}

struct holder *holder_take(struct holders *h, struct span name)
{
    struct holder *one = holder_find(h, name);

    if (!one) {
        one = malloc(sizeof *one + name.n);
        if (!one)
            return NULL;
        one->n = 0;
        one->sum = (struct holder_sum){0};
        one->name_n = name.n;
        if (name.n)
            memcpy(one->name, name.p, name.n);
        table_add(&h->by_name, &one->by_name, table_hash(&h->by_name, name));
    }
    one->n++;
    return one;
}

struct holder_sum *holder_sum(struct holder *one)
{
    return &one->sum;
}

void holder_give(struct holders *h, struct holder *one)
{
    if (!one || --one->n)
        return;
    table_remove(&h->by_name, &one->by_name);
    free(one);
}
