/* SPDX-License-Identifier: BSD-2-Clause */
/* holder - who holds how many sessions: a user, or another relay through which
 * users have them (S-5). One that holds none takes no memory. */
#ifndef HOLDER_H
#define HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"
#include "table.h"

struct holder;

/* What a list of the holders has counted so far, between its steps. */
struct holder_sum {
    uint64_t list; /* the number of that list; 0: none */
    bool is_shown;
    uint64_t sessions, connections;
    uint64_t sent_octets, received_octets;
};

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
/* What the list at hand knows of it; the caller's to change. */
struct holder_sum *holder_sum(struct holder *one);

/* NULL is harmless. */
void holder_give(struct holders *h, struct holder *one);

#endif
