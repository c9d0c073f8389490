/* SPDX-License-Identifier: BSD-2-Clause */
/* list - a doubly linked list whose links live in its members.
 *
 * A member that is in no list points to itself: list_remove() is then harmless,
 * and list_is_empty(&member) asks whether it is in one. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev, *next;
};

/* The struct of `type` whose field `field` is at `ptr`. */
#define CONTAINER(ptr, type, field)                                            \
    ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

static inline void list_init(struct list *l)
{
    l->prev = l->next = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_remove(struct list *m)
{
    m->prev->next = m->next;
    m->next->prev = m->prev;
    list_init(m);
}

/* Puts m, which is in no list, at the end of l. */
static inline void list_append(struct list *l, struct list *m)
{
    m->prev = l->prev;
    m->next = l;
    l->prev->next = m;
    l->prev = m;
}

/* Puts m, which is in no list, at the front of l. */
static inline void list_prepend(struct list *l, struct list *m)
{
    list_append(l->next, m);
}

/* The first member, or NULL. */
static inline struct list *list_first(const struct list *l)
{
    /* The analyser forgets that a member which was freed had been removed. */
    return list_is_empty(l) ? NULL : l->next; /* NOLINT(*unix.Malloc) */
}

/* Takes the first member out, or NULL. */
static inline struct list *list_take_first(struct list *l)
{
    struct list *m = list_first(l);

    if (m)
        list_remove(m);
    return m;
}

/* Moves all members of `from` to the end of `to`. */
static inline void list_move_all(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    from->prev->next = to;
    to->prev->next = from->next;
    to->prev = from->prev;
    list_init(from);
}

/* Walks l; the member at hand may be removed (and only that one). */
#define LIST_EACH(m, tmp, l)                                                   \
    for ((m) = (l)->next; (m) != (l) && ((tmp) = (m)->next, 1); (m) = (tmp))

#endif
