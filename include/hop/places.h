/* SPDX-License-Identifier: BSD-2-Clause */
/* places - which connection goes when limits.connections is reached (S-17).
 *
 * First the oldest unproven one of the source address that has most of them;
 * then the oldest one that nobody uses; then, of a user with more than
 * PLACES_OF_USER_MAX connections, the oldest one. All others stay. Oldest is
 * the one with the lowest number: numbers are given out on accept.
 *
 * The next one to go is known at any time; what it takes to keep that so does
 * not depend on how many connections there are, but for its logarithm. */
#ifndef PLACES_H
#define PLACES_H

#include <stdint.h>

#include "heap.h"
#include "str.h"
#include "table.h"

enum { PLACES_OF_USER_MAX = 1000 };

enum place_class {
    PLACE_KEPT,     /* it stays, whatever comes */
    PLACE_UNPROVEN, /* it never made a successful request */
    PLACE_UNUSED,   /* proven, without a session and without a peer's binding */
    PLACE_USER,     /* it has a session */
};
enum { PLACE_CLASSES = PLACE_USER + 1 };
/* "unproven", "unused", "user"; static. */
const char *place_class_text(enum place_class class);

struct places_group;

/* Those of one class, by source address or by user. */
struct places_groups {
    struct table by_name;
    struct heap by_size; /* the largest first */
};

struct places {
    struct places_groups sources; /* of PLACE_UNPROVEN */
    struct heap unused;           /* of PLACE_UNUSED */
    struct places_groups users;   /* of PLACE_USER */
};

/* One connection's. */
struct place {
    uint64_t number;
    enum place_class class;
    struct places_group *group; /* NULL: none */
    struct heap_node by_age;    /* in the group, or in `unused` */
};

/* 0 or ERR_NOMEM. */
int places_init(struct places *p, const uint64_t seed[2]);
/* All must be PLACE_KEPT. */
void places_fini(struct places *p);

/* The place of the connection with this number; it is PLACE_KEPT. */
void place_init(struct place *place, uint64_t number);

/* The connection is of this class from now on. `name` is the source address of
 * an unproven one, the user of one with sessions; it counts for that until its
 * class changes. Without memory for a new name the one is PLACE_UNUSED, the
 * other PLACE_KEPT. */
void place_set(struct places *p, struct place *place, enum place_class class,
               struct span name);

/* The next one to go; NULL if all others stay. */
struct place *places_next(const struct places *p);

#endif
