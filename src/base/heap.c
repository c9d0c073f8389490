/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"

#include <stdbool.h>

static bool is_less(const struct heap_node *a, const struct heap_node *b)
{
    return a->key[0] != b->key[0] ? a->key[0] < b->key[0]
                                  : a->key[1] < b->key[1];
}

/* Joins two trees, neither of which has siblings; NULL is an empty one. */
static struct heap_node *heap_meld(struct heap_node *a, struct heap_node *b)
{
    if (!a || !b)
        return a ? a : b;
    if (is_less(b, a)) {
        struct heap_node *least = b;

        b = a;
        a = least;
    }
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

/* Takes the first of a row of siblings. */
static struct heap_node *take_sibling(struct heap_node **row)
{
    struct heap_node *m = *row;

    if (!m)
        return NULL;
    *row = m->next;
    m->next = m->prev = NULL;
    return m;
}

/* Joins a row of siblings: in pairs, then the pairs from the last to the first.
 */
static struct heap_node *meld_row(struct heap_node *row)
{
    struct heap_node *pairs = NULL, *all = NULL, *m;

    while ((m = take_sibling(&row))) {
        m = heap_meld(m, take_sibling(&row));
        m->next = pairs;
        pairs = m;
    }
    while ((m = take_sibling(&pairs)))
        all = heap_meld(all, m);
    return all;
}

void heap_add(struct heap *h, struct heap_node *m, uint64_t key,
              uint64_t second)
{
    *m = (struct heap_node){.key = {key, second}};
    h->root = heap_meld(h->root, m);
    h->n++;
}

/* Cuts `m`, which is not the root, off its parent. */
static void heap_cut(struct heap_node *m)
{
    if (m->prev->child == m)
        m->prev->child = m->next;
    else
        m->prev->next = m->next;
    if (m->next)
        m->next->prev = m->prev;
}

void heap_remove(struct heap *h, struct heap_node *m)
{
    struct heap_node *below = meld_row(m->child);

    if (m == h->root) {
        h->root = below;
    } else {
        heap_cut(m);
        h->root = heap_meld(h->root, below);
    }
    h->n--;
}
