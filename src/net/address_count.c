/* SPDX-License-Identifier: BSD-2-Clause */
#include "address_count.h"

#include <assert.h>
#include <stdlib.h>

#include "list.h"

struct host {
    struct table_node by_host;
    uint64_t count;
    size_t n;
    unsigned char key[16];
};

static bool address_count_has_key(const struct table_node *node,
                                  const void *key)
{
    const struct host *h =
        CONTAINER((void *)(uintptr_t)node, struct host, by_host);
    const struct span *k = key;

    return h->n == k->n && memcmp(h->key, k->p, k->n) == 0;
}

static struct host *address_count_find(const struct address_count *a,
                                       struct span key)
{
    struct table_node *node = table_find(
        &a->by_host, table_hash(&a->by_host, key), address_count_has_key, &key);

    return node ? CONTAINER(node, struct host, by_host) : NULL;
}

int address_count_init(struct address_count *a, const uint64_t seed[2])
{
    return table_init(&a->by_host, seed);
}

void address_count_fini(struct address_count *a)
{
    assert(a->by_host.count == 0);
    table_fini(&a->by_host);
}

/* Of IPv6 the /64: whoever has one address of it has all. */
static struct span key_of(unsigned char *space, const struct addr *from)
{
    enum { IPV6_PREFIX = 8 };
    size_t n = addr_host_key(space, from);

    return span_of((const char *)space, n > IPV6_PREFIX ? IPV6_PREFIX : n);
}

bool address_count_add(struct address_count *a, const struct addr *from,
                       uint64_t max)
{
    unsigned char space[16];
    struct span key = key_of(space, from);
    struct host *h = address_count_find(a, key);

    if (!h) {
        h = calloc(1, sizeof *h);
        if (!h)
            return false;
        h->n = key.n;
        memcpy(h->key, key.p, key.n);
        table_add(&a->by_host, &h->by_host, table_hash(&a->by_host, key));
    }
    if (max && h->count >= max)
        return false;
    h->count++;
    return true;
}

void address_count_remove(struct address_count *a, const struct addr *from)
{
    unsigned char space[16];
    struct host *h = address_count_find(a, key_of(space, from));

    assert(h && h->count > 0);
    if (--h->count > 0)
        return;
    table_remove(&a->by_host, &h->by_host);
    free(h);
}
