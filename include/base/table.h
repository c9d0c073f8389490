/* SPDX-License-Identifier: BSD-2-Clause */
/* table - a hash table whose links live in its members.
 *
 * The hash is SipHash under a secret from the start of the process, so that
 * peers cannot choose keys that collide. The table grows by one bucket at an
 * insertion (linear hashing), never by a rebuild that stops the relay. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct table_node {
    struct table_node *next;
    uint64_t hash;
};

struct table {
    uint64_t seed[2];
    struct table_node **buckets;
    size_t n_buckets;
    size_t count; /* members now */
};

/* Does the member at `node` have this key? */
typedef bool (*table_equal_fn)(const struct table_node *node, const void *key);

/* 0 or ERR_NOMEM. */
int table_init(struct table *t, const uint64_t seed[2]);

/* Frees the buckets; the members are their owners' business. */
void table_fini(struct table *t);

/* The hash of `key` under the table's secret. */
uint64_t table_hash(const struct table *t, struct span key);

/* Adds `node`, which is in no table, with that hash. Never fails: without
 * memory the table grows later. Does not look for an equal one. */
void table_add(struct table *t, struct table_node *node, uint64_t hash);

/* Takes `node`, which must be in t, out. */
void table_remove(struct table *t, struct table_node *node);

/* The member with that hash for which `equal` says yes, or NULL. */
struct table_node *table_find(const struct table *t, uint64_t hash,
                              table_equal_fn equal, const void *key);

/* Walks all members in no order: the first with NULL, then the one after
 * `node`; NULL at the end. Nothing may be added or removed meanwhile, except
 * that the whole walk may free members if it fetches the next one first. */
struct table_node *table_next(const struct table *t,
                              const struct table_node *node);

#endif
