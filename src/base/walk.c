/* SPDX-License-Identifier: BSD-2-Clause */
#include "walk.h"

void walk_begin(struct walk *w, struct list *walks, struct list *members)
{
    w->members = w->at = members;
    w->shown = NULL;
    list_init(&w->of_walks);
    list_append(walks, &w->of_walks);
}

struct list *walk_next(struct walk *w)
{
    if (!w->members)
        return NULL;
    if (w->at->next == w->members) {
        walk_end(w);
        return NULL;
    }
    w->at = w->shown = w->at->next;
    return w->shown;
}

void walk_end(struct walk *w)
{
    if (!w->members)
        return;
    list_remove(&w->of_walks);
    w->members = w->at = w->shown = NULL;
}

void walks_leave(const struct list *walks, const struct list *m)
{
    struct list *i, *next;

    LIST_EACH(i, next, walks)
    {
        struct walk *w = CONTAINER(i, struct walk, of_walks);

        if (w->at == m)
            w->at = m->prev;
        if (w->shown == m)
            w->shown = NULL;
    }
}
