/* SPDX-License-Identifier: BSD-2-Clause */
/* ranges - which octets of a message are there: sorted runs without overlap.
 *
 * Octets are counted from 0 and a run is [from, to). Adjacent runs are merged,
 * so that a message that came in order is one run however it was cut. */
#ifndef RANGES_H
#define RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most runs that are kept apart: what a peer's disorder may cost. */
enum { RANGES_MAX = 65536 };

struct range {
    uint64_t from, to;
};

struct ranges {
    struct range *runs; /* owned */
    size_t n, room;
};

/* No octets. */
void ranges_init(struct ranges *r);
void ranges_fini(struct ranges *r);

/* Adds [from, to); from <= to, an empty one changes nothing. 0, ERR_NOMEM, or
 * ERR_LIMIT with more than RANGES_MAX runs. */
int ranges_add(struct ranges *r, uint64_t from, uint64_t to);

/* The end of the run that `at` is in, or `at` if that octet is missing. */
uint64_t ranges_reach(const struct ranges *r, uint64_t at);

/* Is all of [0, length) there? */
bool ranges_cover(const struct ranges *r, uint64_t length);

/* How far the last run goes; 0 if there is none. */
uint64_t ranges_end(const struct ranges *r);

/* How many octets are there. */
uint64_t ranges_count(const struct ranges *r);

#endif
