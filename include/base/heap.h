/* SPDX-License-Identifier: BSD-2-Clause */
/* heap - members in order of a number, the smallest one at hand.
 *
 * A pairing heap whose links live in its members, so nothing is allocated and
 * nothing can fail. The smallest is found in O(1), one is added in O(1), and
 * removed in O(log n) on average over all removals. */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    struct heap_node *child; /* the first one */
    struct heap_node *next;  /* sibling */
    struct heap_node *prev;  /* sibling, or the parent of a first child */
    uint64_t key[2];         /* of equal key[0] the smaller key[1] is first */
};

struct heap {
    struct heap_node *root; /* the smallest; NULL: empty */
    size_t n;
};

/* Adds `m`, which is in no heap, under these keys. */
void heap_add(struct heap *h, struct heap_node *m, uint64_t key,
              uint64_t second);

/* Takes `m`, which must be in h, out. */
void heap_remove(struct heap *h, struct heap_node *m);

#endif
