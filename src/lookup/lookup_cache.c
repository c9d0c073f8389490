/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"

struct cached {
    struct table_node by_query;
    struct list of_kind; /* in `known` or `unknown` */
    uint64_t since_ms, until_ms;
    struct digest_hex ha1; /* empty: unknown */
    size_t key_n;
    char key[];
};

struct span lookup_key(char *dst, const struct lookup_query *q)
{
    char *at = dst;

    assert(q->user.n <= LOOKUP_NAME_MAX && q->realm.n <= LOOKUP_NAME_MAX);
    *at++ = (char)('0' + q->alg);
    at = span_put(at, q->user);
    *at++ = '\n'; /* in neither name */
    at = span_put(at, q->realm);
    return span_of(dst, (size_t)(at - dst));
}

static bool has_key(const struct table_node *node, const void *key)
{
    const struct cached *e =
        CONTAINER((void *)(uintptr_t)node, struct cached, by_query);

    return span_eq(span_of(e->key, e->key_n), *(const struct span *)key);
}

int lookup_cache_init(struct lookup_cache *c, const uint64_t seed[2])
{
    c->max = LOOKUP_CACHE_MAX;
    list_init(&c->known);
    list_init(&c->unknown);
    return table_init(&c->by_query, seed);
}

static void cached_forget(struct lookup_cache *c, struct cached *e)
{
    table_remove(&c->by_query, &e->by_query);
    list_remove(&e->of_kind);
    explicit_bzero(&e->ha1, sizeof e->ha1);
    free(e);
}

static struct cached *oldest(const struct list *of_kind)
{
    struct list *m = list_first(of_kind);

    return m ? CONTAINER(m, struct cached, of_kind) : NULL;
}

void lookup_cache_clear(struct lookup_cache *c)
{
    struct cached *e;

    while ((e = oldest(&c->unknown)) || (e = oldest(&c->known)))
        cached_forget(c, e);
}

void lookup_cache_fini(struct lookup_cache *c)
{
    lookup_cache_clear(c);
    table_fini(&c->by_query);
}

static struct cached *cached_find(const struct lookup_cache *c, struct span key)
{
    struct table_node *node =
        table_find(&c->by_query, table_hash(&c->by_query, key), has_key, &key);

    return node ? CONTAINER(node, struct cached, by_query) : NULL;
}

bool lookup_cache_find(struct lookup_cache *c, struct digest_hex *ha1,
                       uint64_t *age_ms, const struct lookup_query *q,
                       uint64_t now_ms)
{
    char space[LOOKUP_KEY_MAX];
    struct cached *e = cached_find(c, lookup_key(space, q));

    if (!e)
        return false;
    if (now_ms >= e->until_ms) {
        cached_forget(c, e);
        return false;
    }
    *ha1 = e->ha1;
    *age_ms = now_ms - e->since_ms;
    return true;
}

/* Forgets a few that are too old, and one more if there is no room. */
static void make_room(struct lookup_cache *c, uint64_t now_ms)
{
    enum { FEW = 4 };
    struct list *kinds[] = {&c->unknown, &c->known};

    for (size_t i = 0; i < 2; i++) {
        struct cached *e;

        for (int n = 0; n < FEW && (e = oldest(kinds[i])); n++) {
            if (now_ms < e->until_ms)
                break;
            cached_forget(c, e);
        }
    }
    if (c->by_query.count >= c->max)
        cached_forget(
            c, oldest(list_is_empty(&c->unknown) ? &c->known : &c->unknown));
}

void lookup_cache_put(struct lookup_cache *c, const struct lookup_query *q,
                      const struct digest_hex *ha1, uint64_t for_ms,
                      uint64_t now_ms)
{
    char space[LOOKUP_KEY_MAX];
    struct span key = lookup_key(space, q);
    struct cached *e = cached_find(c, key);

    if (e)
        cached_forget(c, e);
    if (for_ms == 0)
        return;
    make_room(c, now_ms);
    e = malloc(sizeof *e + key.n);
    if (!e)
        return;
    *e = (struct cached){.since_ms = now_ms,
                         .until_ms = now_ms + for_ms,
                         .ha1 = *ha1,
                         .key_n = key.n};
    memcpy(e->key, key.p, key.n);
    list_append(ha1->n ? &c->known : &c->unknown, &e->of_kind);
    table_add(&c->by_query, &e->by_query, table_hash(&c->by_query, key));
}
