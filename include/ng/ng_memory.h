/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_memory - answers that were given, so that a request that is sent again is
 * answered again and not done twice.
 *
 * A request is the same if it came from the same address, whatever the port,
 * with the same octets, cookie included. */
#ifndef NG_MEMORY_H
#define NG_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "sock.h"
#include "str.h"
#include "table.h"

enum {
    NG_MEMORY_MS = 30000,
    NG_MEMORY_ENTRIES = 65536,
    NG_MEMORY_OCTETS = 32 << 20,
};

struct ng_memory {
    struct table table;
    struct list by_age; /* the oldest first */
    size_t octets;
};

/* 0 or ERR_NOMEM. */
int ng_memory_init(struct ng_memory *m);
void ng_memory_fini(struct ng_memory *m);

/* The answer that this message got; valid until the next call. Empty: none is
 * known. */
struct span ng_memory_find(struct ng_memory *m, const struct addr *from,
                           struct span message, uint64_t now_ms);

/* Remembers an answer, as far as there is memory: the oldest ones make room. */
void ng_memory_add(struct ng_memory *m, const struct addr *from,
                   struct span message, struct span answer, uint64_t now_ms);

/* Forgets what is too old: a bounded number of answers in each call. */
void ng_memory_expire(struct ng_memory *m, uint64_t now_ms);

#endif
