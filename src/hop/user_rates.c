/* SPDX-License-Identifier: BSD-2-Clause */
#include "user_rates.h"

#include <assert.h>
#include <stdlib.h>

#include "conn.h"
#include "list.h"

struct user_rate {
    struct table_node by_account;
    struct token_bucket bucket;
    uint32_t refs;
    struct list of_idle; /* while there are none, since idle_ms */
    uint64_t idle_ms;
    size_t account_n;
    char account[];
};

int user_rates_init(struct user_rates *u, const uint64_t seed[2])
{
    u->rate = 0;
    list_init(&u->idle);
    return table_init(&u->by_account, seed);
}

static void user_rate_free(struct user_rates *u, struct user_rate *one)
{
    list_remove(&one->of_idle);
    table_remove(&u->by_account, &one->by_account);
    free(one);
}

void user_rates_fini(struct user_rates *u)
{
    struct list *m;

    while ((m = list_first(&u->idle)))
        user_rate_free(u, CONTAINER(m, struct user_rate, of_idle));
    assert(u->by_account.count == 0);
    table_fini(&u->by_account);
}

static struct user_rate *user_rate_of(const struct table_node *node)
{
    return CONTAINER((void *)(uintptr_t)node, struct user_rate, by_account);
}

bool user_rate_is_of(const struct user_rate *one, struct span account)
{
    return span_eq(span_of(one->account, one->account_n), account);
}

static bool has_account(const struct table_node *node, const void *key)
{
    return user_rate_is_of(user_rate_of(node), *(const struct span *)key);
}

/* A burst is there from the beginning. */
static struct token_bucket full_bucket(uint64_t rate)
{
    return (struct token_bucket){.rate = rate,
                                 .left_milli = rate * CONN_SHARED_BURST_MS};
}

void user_rates_set(struct user_rates *u, uint64_t rate)
{
    const struct table_node *node = NULL;

    if (rate == u->rate)
        return;
    u->rate = rate;
    while ((node = table_next(&u->by_account, node)))
        user_rate_of(node)->bucket = full_bucket(rate);
}

/* Frees those whose bucket would be full again. */
static void user_rates_sweep(struct user_rates *u, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&u->idle))) {
        struct user_rate *one = CONTAINER(m, struct user_rate, of_idle);

        if (now_ms - one->idle_ms < CONN_SHARED_BURST_MS)
            return;
        user_rate_free(u, one);
    }
}

struct user_rate *user_rates_take(struct user_rates *u, struct span account,
                                  uint64_t now_ms)
{
    uint64_t hash = table_hash(&u->by_account, account);
    struct table_node *node;
    struct user_rate *one;

    user_rates_sweep(u, now_ms);
    if (u->rate == 0)
        return NULL;
    node = table_find(&u->by_account, hash, has_account, &account);
    if (node) {
        one = user_rate_of(node);
        one->refs++;
        list_remove(&one->of_idle);
        return one;
    }
    one = malloc(sizeof *one + account.n);
    if (!one)
        return NULL;
    *one = (struct user_rate){
        .bucket = full_bucket(u->rate),
        .refs = 1,
        .account_n = account.n,
    };
    list_init(&one->of_idle);
    if (account.n)
        memcpy(one->account, account.p, account.n);
    table_add(&u->by_account, &one->by_account, hash);
    return one;
}

void user_rates_give(struct user_rates *u, struct user_rate *one,
                     uint64_t now_ms)
{
    if (!one || --one->refs > 0)
        return;
    one->idle_ms = now_ms;
    list_append(&u->idle, &one->of_idle);
    user_rates_sweep(u, now_ms);
}

struct token_bucket *user_rate_bucket(struct user_rate *one)
{
    return &one->bucket;
}
