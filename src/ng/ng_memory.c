/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_memory.h"

#include <stdlib.h>

#include "err.h"
#include "rnd.h"

enum { EXPIRED_AT_ONCE = 2048 };

struct answer {
    struct table_node node;
    struct list by_age;
    uint64_t given_ms;
    unsigned char from[16]; /* addr_host_key() */
    size_t from_n;
    size_t message_n;
    size_t n;
    char text[];
};

/* What an answer is found by. The octets of the message are in its hash alone,
 * which nobody can aim at. */
struct message_key {
    unsigned char from[16];
    size_t from_n;
    size_t n;
};

static struct message_key key_of(const struct addr *from, struct span message)
{
    struct message_key k = {.n = message.n};

    k.from_n = addr_host_key(k.from, from);
    return k;
}

static bool is_answer_to(const struct table_node *node, const void *key)
{
    const struct answer *a = CONTAINER(node, struct answer, node);
    const struct message_key *k = key;

    return a->message_n == k->n &&
           span_eq(span_of((const char *)a->from, a->from_n),
                   span_of((const char *)k->from, k->from_n));
}

int ng_memory_init(struct ng_memory *m)
{
    uint64_t seed[2];
    struct rnd rnd;

    rnd_init(&rnd);
    rnd_bytes(&rnd, seed, sizeof seed);
    list_init(&m->by_age);
    m->octets = 0;
    return table_init(&m->table, seed);
}

static size_t cost_of(const struct answer *a)
{
    return sizeof *a + a->n;
}

static void forget(struct ng_memory *m, struct answer *a)
{
    table_remove(&m->table, &a->node);
    list_remove(&a->by_age);
    m->octets -= cost_of(a);
    free(a);
}

void ng_memory_fini(struct ng_memory *m)
{
    struct list *first;

    while ((first = list_first(&m->by_age)))
        forget(m, CONTAINER(first, struct answer, by_age));
    table_fini(&m->table);
}

void ng_memory_expire(struct ng_memory *m, uint64_t now_ms)
{
    struct list *first;

    for (int i = 0; i < EXPIRED_AT_ONCE; i++) {
        struct answer *a;

        first = list_first(&m->by_age);
        if (!first)
            return;
        a = CONTAINER(first, struct answer, by_age);
        if (now_ms - a->given_ms < NG_MEMORY_MS)
            return;
        forget(m, a);
    }
}

static struct answer *find(const struct ng_memory *m, const struct addr *from,
                           struct span message)
{
    struct message_key key = key_of(from, message);
    struct table_node *node = table_find(
        &m->table, table_hash(&m->table, message), is_answer_to, &key);

    return node ? CONTAINER(node, struct answer, node) : NULL;
}

struct span ng_memory_find(struct ng_memory *m, const struct addr *from,
                           struct span message, uint64_t now_ms)
{
    struct answer *a = find(m, from, message);

    if (!a || now_ms - a->given_ms >= NG_MEMORY_MS)
        return SPAN("");
    return span_of(a->text, a->n);
}

static void make_room(struct ng_memory *m, size_t n)
{
    struct list *first;

    while ((m->table.count >= NG_MEMORY_ENTRIES ||
            m->octets + n > NG_MEMORY_OCTETS) &&
           (first = list_first(&m->by_age)))
        forget(m, CONTAINER(first, struct answer, by_age));
}

void ng_memory_add(struct ng_memory *m, const struct addr *from,
                   struct span message, struct span answer, uint64_t now_ms)
{
    struct message_key key = key_of(from, message);
    struct answer *a = find(m, from, message);

    if (a) /* too old to be given again */
        forget(m, a);
    ng_memory_expire(m, now_ms);
    a = malloc(sizeof *a + answer.n);
    if (!a)
        return;
    make_room(m, sizeof *a + answer.n);
    a->given_ms = now_ms;
    memcpy(a->from, key.from, sizeof a->from);
    a->from_n = key.from_n;
    a->message_n = message.n;
    a->n = answer.n;
    memcpy(a->text, answer.p, answer.n);
    list_init(&a->by_age);
    list_append(&m->by_age, &a->by_age);
    m->octets += cost_of(a);
    table_add(&m->table, &a->node, table_hash(&m->table, message));
}
