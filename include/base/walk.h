/* SPDX-License-Identifier: BSD-2-Clause */
/* walk - goes through a list step by step, while members come and go between
 * the steps.
 *
 * A walk shows the members in their order, each once, and those that are
 * appended while it is under way too. The owner of the list keeps a second list
 * of the walks over it, and calls walks_leave() before a member leaves. */
#ifndef WALK_H
#define WALK_H

#include "list.h"

struct walk {
    struct list of_walks;
    struct list *members; /* NULL: the walk is over */
    struct list *at;      /* all up to this one were shown; `members`: none */
    struct list *shown;   /* by the last step, while it is in the list */
};

/* Begins a walk over `members`, which joins `walks`. The memory of w is the
 * caller's. */
void walk_begin(struct walk *w, struct list *walks, struct list *members);

/* The next member, or NULL at the end: the walk is over then. */
struct list *walk_next(struct walk *w);

/* Ends the walk before its end. Harmless when it is over, or zeroed. */
void walk_end(struct walk *w);

/* The member `m` is about to leave the list that these walks are over. */
void walks_leave(const struct list *walks, const struct list *m);

#endif
