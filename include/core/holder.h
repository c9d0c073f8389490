/* SPDX-License-Identifier: BSD-2-Clause */
/* holder - who holds how many sessions: a user, or another relay through which
 * users have them (S-5). One that holds none takes no memory. */
#ifndef HOLDER_H
#define HOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"
#include "table.h"

struct holder;

struct holders {
    struct table by_name;
};

/* 0 or ERR_NOMEM. */
int holders_init(struct holders *h, const uint64_t seed[2]);
/* All must have been given back. */
void holders_fini(struct holders *h);

/* How many this one holds. */
uint32_t holder_count(const struct holders *h, struct span name);

/* One more: to be given back with holder_give(). NULL when out of memory. */
struct holder *holder_take(struct holders *h, struct span name);
/* NULL is harmless. */
void holder_give(struct holders *h, struct holder *one);

#endif
