/* SPDX-License-Identifier: BSD-2-Clause */
#include "backoff.h"

#include <stdlib.h>

#include "err.h"
#include "list.h"
#include "table.h"

struct backoff {
    struct table table;
    struct list entries; /* the oldest failure first */
};

enum { KEY_MAX = 2 + BACKOFF_HOST_MAX };

struct entry {
    struct table_node node;
    struct list link;
    int err;
    uint64_t pause_ms;
    uint64_t until_ms;
    size_t key_n;
    char key[KEY_MAX]; /* the port and the host in lower case */
};

/* A key with its memory. */
struct key {
    struct span span;
    char text[KEY_MAX];
};

static bool make_key(struct key *k, struct span host, uint16_t port)
{
    if (host.n > BACKOFF_HOST_MAX)
        return false;
    k->text[0] = (char)(port >> 8);
    k->text[1] = (char)(port & 0xff);
    for (size_t i = 0; i < host.n; i++)
        k->text[2 + i] = char_lower(host.p[i]);
    k->span = span_of(k->text, 2 + host.n);
    return true;
}

static bool backoff_has_key(const struct table_node *node, const void *key)
{
    const struct entry *e = CONTAINER(node, const struct entry, node);
    const struct span *k = key;

    return span_eq(span_of(e->key, e->key_n), *k);
}

static struct entry *backoff_find(const struct backoff *b, const struct key *k)
{
    struct table_node *node = table_find(
        &b->table, table_hash(&b->table, k->span), backoff_has_key, &k->span);

    return node ? CONTAINER(node, struct entry, node) : NULL;
}

static void drop(struct backoff *b, struct entry *e)
{
    table_remove(&b->table, &e->node);
    list_remove(&e->link);
    free(e);
}

int backoff_new(struct backoff **out, const uint64_t seed[2])
{
    struct backoff *b = calloc(1, sizeof *b);
    int err;

    if (!b)
        return ERR_NOMEM;
    list_init(&b->entries);
    err = table_init(&b->table, seed);
    if (err) {
        free(b);
        return err;
    }
    *out = b;
    return 0;
}

void backoff_free(struct backoff *b)
{
    if (!b)
        return;
    backoff_clear_all(b);
    table_fini(&b->table);
    free(b);
}

int backoff_check(const struct backoff *b, struct span host, uint16_t port,
                  uint64_t now_ms, uint64_t *left_ms)
{
    const struct entry *e;
    struct key k;

    *left_ms = 0;
    if (!make_key(&k, host, port))
        return 0;
    e = backoff_find(b, &k);
    if (!e || e->until_ms <= now_ms)
        return 0;
    *left_ms = e->until_ms - now_ms;
    return e->err;
}

/* A new entry; without memory nothing is remembered. */
static struct entry *backoff_add(struct backoff *b, const struct key *k)
{
    struct list *oldest = list_first(&b->entries);
    struct entry *e;

    if (b->table.count >= BACKOFF_MAX && oldest)
        drop(b, CONTAINER(oldest, struct entry, link));
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    list_init(&e->link);
    memcpy(e->key, k->text, k->span.n);
    e->key_n = k->span.n;
    table_add(&b->table, &e->node, table_hash(&b->table, k->span));
    return e;
}

static uint64_t next_pause(const struct entry *e, uint64_t now_ms)
{
    if (!e->pause_ms || now_ms - e->until_ms >= BACKOFF_FORGET_MS)
        return BACKOFF_FIRST_MS;
    return 2 * e->pause_ms < BACKOFF_LONGEST_MS ? 2 * e->pause_ms
                                                : BACKOFF_LONGEST_MS;
}

void backoff_fail(struct backoff *b, struct span host, uint16_t port, int err,
                  uint64_t now_ms)
{
    struct entry *e;
    struct key k;

    if (!make_key(&k, host, port))
        return;
    e = backoff_find(b, &k);
    if (!e)
        e = backoff_add(b, &k);
    if (!e)
        return;
    e->err = err;
    if (e->until_ms > now_ms)
        return;
    e->pause_ms = next_pause(e, now_ms);
    e->until_ms = now_ms + e->pause_ms;
    list_remove(&e->link);
    list_append(&b->entries, &e->link);
}

void backoff_clear(struct backoff *b, struct span host, uint16_t port)
{
    struct entry *e;
    struct key k;

    if (!make_key(&k, host, port))
        return;
    e = backoff_find(b, &k);
    if (e)
        drop(b, e);
}

void backoff_clear_all(struct backoff *b)
{
    struct list *m;

    while ((m = list_first(&b->entries)))
        drop(b, CONTAINER(m, struct entry, link));
}
