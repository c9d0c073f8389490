/* SPDX-License-Identifier: BSD-2-Clause */
#include "places.h"

#include <assert.h>
#include <stdlib.h>

#include "list.h"

struct places_group {
    struct table_node by_name;
    struct heap_node by_size;
    struct heap members; /* by age */
    size_t name_n;
    char name[];
};

static int groups_init(struct places_groups *g, const uint64_t seed[2])
{
    g->by_size = (struct heap){0};
    return table_init(&g->by_name, seed);
}

static void groups_fini(struct places_groups *g)
{
    assert(g->by_size.n == 0);
    table_fini(&g->by_name);
}

int places_init(struct places *p, const uint64_t seed[2])
{
    int err = groups_init(&p->sources, seed);

    if (err)
        return err;
    err = groups_init(&p->users, seed);
    if (err)
        groups_fini(&p->sources);
    p->unused = (struct heap){0};
    return err;
}

void places_fini(struct places *p)
{
    assert(p->unused.n == 0);
    groups_fini(&p->sources);
    groups_fini(&p->users);
}

/* --- groups --- */

static bool group_has_name(const struct table_node *node, const void *key)
{
    const struct places_group *g =
        CONTAINER((void *)(uintptr_t)node, struct places_group, by_name);

    return span_eq(span_of(g->name, g->name_n), *(const struct span *)key);
}

/* The one with this name, a new one if there is none yet; NULL when out of
 * memory. A new one is in no heap, since it has no members. */
static struct places_group *group_get(struct places_groups *all,
                                      struct span name)
{
    uint64_t hash = table_hash(&all->by_name, name);
    struct table_node *node =
        table_find(&all->by_name, hash, group_has_name, &name);
    struct places_group *g;

    if (node)
        return CONTAINER(node, struct places_group, by_name);
    g = calloc(1, sizeof *g + name.n);
    if (!g)
        return NULL;
    g->name_n = name.n;
    if (name.n)
        memcpy(g->name, name.p, name.n);
    table_add(&all->by_name, &g->by_name, hash);
    return g;
}

/* Of groups of one size, the one with the oldest member is first. */
static void group_rank(struct places_groups *all, struct places_group *g)
{
    heap_add(&all->by_size, &g->by_size, UINT64_MAX - g->members.n,
             g->members.root->key[0]);
}

/* false when out of memory. */
static bool group_join(struct places_groups *all, struct place *place,
                       struct span name)
{
    struct places_group *g = group_get(all, name);

    if (!g)
        return false;
    if (g->members.n)
        heap_remove(&all->by_size, &g->by_size);
    heap_add(&g->members, &place->by_age, place->number, 0);
    group_rank(all, g);
    place->group = g;
    return true;
}

static void group_leave(struct places_groups *all, struct place *place)
{
    struct places_group *g = place->group;

    place->group = NULL;
    heap_remove(&all->by_size, &g->by_size);
    heap_remove(&g->members, &place->by_age);
    if (g->members.n) {
        group_rank(all, g);
        return;
    }
    table_remove(&all->by_name, &g->by_name);
    free(g);
}

/* The oldest of the largest group, if that has more than `most`. */
static struct place *group_next(const struct places_groups *all, size_t most)
{
    const struct places_group *g;

    if (!all->by_size.root)
        return NULL;
    g = CONTAINER(all->by_size.root, struct places_group, by_size);
    return g->members.n > most
               ? CONTAINER(g->members.root, struct place, by_age)
               : NULL;
}

/* --- places --- */

const char *place_class_text(enum place_class class)
{
    switch (class) {
    case PLACE_KEPT:
        return "kept";
    case PLACE_UNPROVEN:
        return "unproven";
    case PLACE_UNUSED:
        return "unused";
    case PLACE_USER:
        return "user";
    }
    return "";
}

void place_init(struct place *place, uint64_t number)
{
    *place = (struct place){.number = number, .class = PLACE_KEPT};
}

static void place_leave(struct places *p, struct place *place)
{
    switch (place->class) {
    case PLACE_KEPT:
        break;
    case PLACE_UNPROVEN:
        group_leave(&p->sources, place);
        break;
    case PLACE_UNUSED:
        heap_remove(&p->unused, &place->by_age);
        break;
    case PLACE_USER:
        group_leave(&p->users, place);
        break;
    }
}

void place_set(struct places *p, struct place *place, enum place_class class,
               struct span name)
{
    if (place->class == class)
        return;
    place_leave(p, place);
    if (class == PLACE_UNPROVEN && !group_join(&p->sources, place, name))
        class = PLACE_UNUSED;
    if (class == PLACE_USER && !group_join(&p->users, place, name))
        class = PLACE_KEPT;
    if (class == PLACE_UNUSED)
        heap_add(&p->unused, &place->by_age, place->number, 0);
    place->class = class;
}

struct place *places_next(const struct places *p)
{
    struct place *next = group_next(&p->sources, 0);

    if (!next && p->unused.root)
        next = CONTAINER(p->unused.root, struct place, by_age);
    return next ? next : group_next(&p->users, PLACES_OF_USER_MAX);
}
