/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_cache - what helpers said of users, remembered for a while.
 *
 * Bounded: at LOOKUP_CACHE_MAX the oldest answer goes, one that a user is
 * unknown first, since anybody can ask for any number of those. Reads no
 * clock. */
#ifndef LOOKUP_CACHE_H
#define LOOKUP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "lookup_line.h"
#include "table.h"

enum { LOOKUP_CACHE_MAX = 100000 };

struct lookup_cache {
    struct table by_query;
    struct list known, unknown; /* oldest first */
    size_t max;                 /* LOOKUP_CACHE_MAX, or less for tests */
};

/* `seed` is random. 0 or ERR_NOMEM. */
int lookup_cache_init(struct lookup_cache *c, const uint64_t seed[2]);
void lookup_cache_fini(struct lookup_cache *c);

/* What is remembered of this query: its HA1, empty for an unknown user, and for
 * how many ms it has been. false if nothing is. */
bool lookup_cache_find(struct lookup_cache *c, struct digest_hex *ha1,
                       uint64_t *age_ms, const struct lookup_query *q,
                       uint64_t now_ms);

/* Remembers this HA1, empty for an unknown user, for so many ms; 0 is not at
 * all. What is remembered already is replaced. No-op without memory. */
void lookup_cache_put(struct lookup_cache *c, const struct lookup_query *q,
                      const struct digest_hex *ha1, uint64_t for_ms,
                      uint64_t now_ms);

/* Forgets everything. */
void lookup_cache_clear(struct lookup_cache *c);

/* How many answers are remembered, some of which may be too old. */
static inline size_t lookup_cache_count(const struct lookup_cache *c)
{
    return c->by_query.count;
}

/* A query as one text, for tables: into dst (LOOKUP_KEY_MAX). */
enum { LOOKUP_KEY_MAX = 2 * LOOKUP_NAME_MAX + 2 };
struct span lookup_key(char *dst, const struct lookup_query *q);

#endif
