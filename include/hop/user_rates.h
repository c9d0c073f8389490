/* SPDX-License-Identifier: BSD-2-Clause */
/* user_rates - limits.rate_per_user: what all connections of a user may bring
 * in together. One token bucket for each user who has a connection, or had one
 * within the last second: to connect again is no way to another burst. */
#ifndef USER_RATES_H
#define USER_RATES_H

#include <stdint.h>

#include "list.h"
#include "str.h"
#include "table.h"
#include "token_bucket.h"

struct user_rate;

struct user_rates {
    struct table by_account;
    struct list idle; /* those without a connection, the longest so first */
    uint64_t rate;    /* octets a second; 0: no limit */
};

/* No limit yet. 0 or ERR_NOMEM. */
int user_rates_init(struct user_rates *u, const uint64_t seed[2]);
/* All must have been given back. */
void user_rates_fini(struct user_rates *u);

/* Another rate, for those users too who have connections. */
void user_rates_set(struct user_rates *u, uint64_t rate);

/* The one of this account (session.h), to be given back; NULL without a limit,
 * or without memory. */
struct user_rate *user_rates_take(struct user_rates *u, struct span account,
                                  uint64_t now_ms);
/* NULL is harmless. */
void user_rates_give(struct user_rates *u, struct user_rate *one,
                     uint64_t now_ms);

/* Its bucket, for conn_set_shared_rate(). */
struct token_bucket *user_rate_bucket(struct user_rate *one);

/* Is it that of this account? */
bool user_rate_is_of(const struct user_rate *one, struct span account);

#endif
