/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <assert.h>
#include <endian.h>

#include "err.h"

enum { FIRST_BUCKETS = 16 };

/* --- SipHash-1-3 (Aumasson, Bernstein: one round a word, three at the end) -
 */

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t rotl(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(struct sip *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotl(s->b, 13) ^ s->a;
    s->d = rotl(s->d, 16) ^ s->c;
    s->a = rotl(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotl(s->b, 17) ^ s->c;
    s->d = rotl(s->d, 21) ^ s->a;
    s->c = rotl(s->c, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
    s->d ^= word;
    sip_round(s);
    s->a ^= word;
}

static uint64_t siphash(const uint64_t key[2], struct span in)
{
    struct sip s = {
        key[0] ^ 0x736f6d6570736575,
        key[1] ^ 0x646f72616e646f6d,
        key[0] ^ 0x6c7967656e657261,
        key[1] ^ 0x7465646279746573,
    };
    uint64_t word, last = (uint64_t)in.n << 56;

    for (; in.n >= sizeof word; in = span_from(in, sizeof word)) {
        memcpy(&word, in.p, sizeof word);
        sip_word(&s, le64toh(word));
    }
    for (size_t i = 0; i < in.n; i++)
        last |= (uint64_t)(unsigned char)in.p[i] << (8 * i);
    sip_word(&s, last);
    s.c ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

/* --- linear hashing ---------------------------------------------------------
 *
 * With n buckets and p the largest power of two <= n, buckets 0 .. n-p-1 have
 * been split already into themselves and p .. n-1. The array has room for p
 * buckets when n == p, else for 2p. */

static size_t power_below(size_t n)
{
    return (size_t)1 << (8 * sizeof(long) - 1 - (size_t)__builtin_clzl(n));
}

static struct table_node **bucket_of(const struct table *t, uint64_t hash)
{
    size_t p = power_below(t->n_buckets);
    size_t i = hash & (2 * p - 1);

    return &t->buckets[i < t->n_buckets ? i : i - p];
}

/* One bucket more, whose members come out of the next bucket to be split.
 * Without memory for the array everything stays as it is. */
static void table_grow(struct table *t)
{
    size_t n = t->n_buckets, p = power_below(n);
    struct table_node **keep, **move, *node;

    if (n == p) {
        void *wider = reallocarray(t->buckets, 2 * p, sizeof *t->buckets);

        if (!wider)
            return;
        t->buckets = wider;
    }
    keep = &t->buckets[n - p];
    move = &t->buckets[n];
    node = *keep;
    while (node) {
        struct table_node ***to = node->hash & p ? &move : &keep;

        **to = node;
        *to = &node->next;
        node = node->next;
    }
    *keep = *move = NULL;
    t->n_buckets++;
}

int table_init(struct table *t, const uint64_t seed[2])
{
    struct table_node **buckets = calloc(FIRST_BUCKETS, sizeof *buckets);

    if (!buckets)
        return ERR_NOMEM;
    *t = (struct table){
        .seed = {seed[0], seed[1]},
        .buckets = buckets,
        .n_buckets = FIRST_BUCKETS,
    };
    return 0;
}

void table_fini(struct table *t)
{
    free(t->buckets);
    *t = (struct table){0};
}

uint64_t table_hash(const struct table *t, struct span key)
{
    return siphash(t->seed, key);
}

void table_add(struct table *t, struct table_node *node, uint64_t hash)
{
    struct table_node **bucket;

    if (t->count >= t->n_buckets)
        table_grow(t);
    bucket = bucket_of(t, hash);
    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    t->count++;
}

void table_remove(struct table *t, struct table_node *node)
{
    struct table_node **at = bucket_of(t, node->hash);

    while (*at != node) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
    t->count--;
}

struct table_node *table_find(const struct table *t, uint64_t hash,
                              table_equal_fn equal, const void *key)
{
    struct table_node *node = *bucket_of(t, hash);

    while (node && !(node->hash == hash && equal(node, key)))
        node = node->next;
    return node;
}

struct table_node *table_next(const struct table *t,
                              const struct table_node *node)
{
    struct table_node **at = t->buckets;
    struct table_node **end = t->buckets + t->n_buckets;

    if (node) {
        if (node->next)
            return node->next;
        at = bucket_of(t, node->hash) + 1;
    }
    while (at < end && !*at)
        at++;
    return at < end ? *at : NULL;
}
