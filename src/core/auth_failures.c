/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth_failures.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"

/* The failures of one user, by way of one source or of all. Which ones is told
 * by the hash alone: it is keyed and of 64 bits. */
struct failed {
    struct table_node by_key;
    struct list of_link; /* oldest first */
    struct link *link;
    uint64_t until_ms;
    uint32_t n;
};

int auth_failures_init(struct auth_failures *a, const uint64_t seed[2])
{
    return table_init(&a->by_key, seed);
}

void auth_failures_fini(struct auth_failures *a)
{
    assert(a->by_key.count == 0);
    table_fini(&a->by_key);
}

void auth_failures_link_init(struct link *l)
{
    l->auth_failures = (struct link_auth_failures){0};
    list_init(&l->auth_failures.users);
}

static void failed_forget(struct auth_failures *a, struct failed *f)
{
    table_remove(&a->by_key, &f->by_key);
    list_remove(&f->of_link);
    f->link->auth_failures.n--;
    free(f);
}

void auth_failures_link_closed(struct auth_failures *a, struct link *l)
{
    struct list *m;

    while ((m = list_first(&l->auth_failures.users)))
        failed_forget(a, CONTAINER(m, struct failed, of_link));
}

/* --- one count --- */

/* An empty source stands for all of them. */
static uint64_t failed_key(const struct auth_failures *a,
                           const struct auth_attempt *t, struct span source)
{
    uint64_t part[] = {t->link->number, table_hash(&a->by_key, source),
                       table_hash(&a->by_key, t->user),
                       table_hash(&a->by_key, t->realm)};

    return table_hash(&a->by_key, span_of((const char *)part, sizeof part));
}

static bool is_the_one(const struct table_node *node, const void *key)
{
    (void)key;
    return node != NULL;
}

static struct failed *failed_find(const struct auth_failures *a, uint64_t key)
{
    struct table_node *node = table_find(&a->by_key, key, is_the_one, NULL);

    return node ? CONTAINER(node, struct failed, by_key) : NULL;
}

static struct failed *failed_new(struct auth_failures *a, struct link *l,
                                 uint64_t key)
{
    uint32_t max = l->is_relay ? AUTH_FAILURES_MAX : AUTH_FAILURES_CLIENT_MAX;
    struct failed *f;

    if (l->auth_failures.n >= max)
        failed_forget(a, CONTAINER(list_first(&l->auth_failures.users),
                                   struct failed, of_link));
    f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->link = l;
    list_init(&f->of_link);
    l->auth_failures.n++;
    table_add(&a->by_key, &f->by_key, key);
    return f;
}

static bool failed_too_often(const struct auth_failures *a, uint64_t key,
                             uint32_t max, uint64_t now_ms)
{
    const struct failed *f = failed_find(a, key);

    return f && f->n >= max && now_ms < f->until_ms;
}

static void failed_add(struct auth_failures *a, struct link *l, uint64_t key,
                       uint64_t for_ms, uint64_t now_ms)
{
    struct failed *f = failed_find(a, key);

    if (!f)
        f = failed_new(a, l, key);
    if (!f)
        return;
    if (now_ms >= f->until_ms)
        f->n = 0;
    f->n++;
    f->until_ms = now_ms + for_ms;
    list_remove(&f->of_link);
    list_append(&l->auth_failures.users, &f->of_link);
}

static void failed_clear(struct auth_failures *a, uint64_t key)
{
    struct failed *f = failed_find(a, key);

    if (f)
        failed_forget(a, f);
}

/* --- both counts --- */

/* What all sources together may fail. */
static uint32_t overall_max(const struct auth_attempt *t,
                            struct auth_failures_rule rule)
{
    return t->link->is_relay ? AUTH_FAILURES_OVERALL * rule.max : rule.max;
}

bool auth_failures_block(const struct auth_failures *a,
                         const struct auth_attempt *t,
                         struct auth_failures_rule rule, uint64_t now_ms)
{
    return failed_too_often(a, failed_key(a, t, SPAN("")), overall_max(t, rule),
                            now_ms) ||
           (t->link->is_relay &&
            failed_too_often(a, failed_key(a, t, t->source), rule.max, now_ms));
}

void auth_failures_count(struct auth_failures *a, const struct auth_attempt *t,
                         struct auth_failures_rule rule, uint64_t now_ms)
{
    failed_add(a, t->link, failed_key(a, t, SPAN("")), rule.for_ms, now_ms);
    if (t->link->is_relay)
        failed_add(a, t->link, failed_key(a, t, t->source), rule.for_ms,
                   now_ms);
}

void auth_failures_clear(struct auth_failures *a, const struct auth_attempt *t)
{
    failed_clear(a, failed_key(a, t, SPAN("")));
    if (t->link->is_relay)
        failed_clear(a, failed_key(a, t, t->source));
}
