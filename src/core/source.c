/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <assert.h>
#include <stdlib.h>

#include "link.h"
#include "txn.h"

int sources_init(struct sources *s, const uint64_t seed[2])
{
    list_init(&s->ready);
    return table_init(&s->by_key, seed);
}

void sources_fini(struct sources *s)
{
    assert(s->by_key.count == 0);
    table_fini(&s->by_key);
}

/* --- life --- */

/* Accounts are told apart by the hash alone: it is keyed and of 64 bits. */
static bool is_the_one(const struct table_node *node, const void *key)
{
    (void)key;
    return node != NULL;
}

static struct source *source_ref(struct source *a)
{
    if (a)
        a->refs++;
    return a;
}

/* `name`: its hash, odd; 0 for what all sources of the link have in common. */
static struct source *source_get(struct sources *s, const struct link *in,
                                 uint64_t out, uint64_t name)
{
    const uint64_t key[3] = {in->number, out, name};
    uint64_t hash =
        table_hash(&s->by_key, span_of((const char *)key, sizeof key));
    struct table_node *node = table_find(&s->by_key, hash, is_the_one, NULL);
    struct source *a;

    if (node)
        return source_ref(CONTAINER(node, struct source, by_key));
    a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->all = s;
    a->out = out;
    a->name = name;
    a->refs = 1;
    list_init(&a->of_ready);
    list_init(&a->partial);
    table_add(&s->by_key, &a->by_key, hash);
    return a;
}

uint64_t source_name(const struct sources *s, struct span name)
{
    return table_hash(&s->by_key, name) | 1;
}

/* The caller gets a reference. */
static struct source *source_of(struct sources *s, const struct link *in,
                                uint64_t out, uint64_t name)
{
    struct source *a = source_get(s, in, out, name);

    if (a && !a->common && in->is_relay)
        a->common = source_get(s, in, out, 0);
    return a;
}

struct source *source_open(struct sources *s, const struct link *in,
                           uint64_t out, struct span name)
{
    return source_of(s, in, out, source_name(s, name));
}

void source_change(struct source **a, struct sources *s, const struct link *in,
                   uint64_t out, uint64_t name)
{
    struct source *before = *a;

    if (before && before->out == out && before->name == name)
        return;
    *a = source_of(s, in, out, name);
    source_close(before);
}

void source_close(struct source *a)
{
    if (!a || --a->refs > 0)
        return;
    assert(a->n == 0 && a->n_partial == 0 && a->dials == 0);
    list_remove(&a->of_ready);
    table_remove(&a->all->by_key, &a->by_key);
    source_close(a->common);
    free(a);
}

/* --- what is open --- */

bool source_is_full(const struct source *a, uint32_t limit, uint32_t times)
{
    if (!a || limit == 0)
        return false;
    return a->n / times >= limit ||
           (a->common && a->common->n / (SOURCE_ALL * times) >= limit);
}

static bool is_partial(const struct txn *x)
{
    return x->head && x->head->failure_report == MSG_REPORT_PARTIAL;
}

void source_charge(struct source *a, struct txn *x)
{
    if (!a)
        return;
    x->source = source_ref(a);
    if (is_partial(x)) {
        list_append(&a->partial, &x->of_source);
        a->n_partial++;
        return;
    }
    a->n++;
    if (a->common)
        a->common->n++;
}

/* Within its bounds. No chunk is cut for it to less than a chunk should have
 * (B4975-7.1.1-d). */
static uint32_t window_of(size_t octets, size_t high_water)
{
    enum { CHUNK_MIN = 2048 };
    size_t most = high_water / 2, least = high_water / 32;

    if (least < CHUNK_MIN)
        least = CHUNK_MIN;
    return (uint32_t)(octets < least ? least : octets > most ? most : octets);
}

void source_set_window(struct source *a, size_t high_water)
{
    if (a && a->window == 0)
        a->window = window_of(high_water / 4, high_water);
}

bool source_is_ahead(const struct source *a)
{
    uint32_t limit;

    if (!a || a->window == 0)
        return false;
    limit = a->all->limit;
    return a->octets >= a->window || (limit > 0 && a->n >= limit - limit / 2);
}

bool source_has_much_open(const struct source *a)
{
    return a && a->all->limit > 0 && a->n > a->all->limit / 2;
}

void source_charge_octets(struct txn *x)
{
    struct source *a = x->source;

    if (!a || a->window == 0 || !x->head ||
        x->head->failure_report != MSG_REPORT_YES)
        return;
    x->octets = (uint32_t)(x->end + 1 - x->start);
    a->octets += x->octets;
}

void source_answered(struct txn *x, uint64_t took_ms, size_t high_water)
{
    enum { SOON_MS = 1000 };
    struct source *a = x->source;

    if (!a || a->window == 0 || x->octets == 0)
        return;
    a->window = window_of(took_ms < SOON_MS ? (size_t)a->window + x->octets
                                            : (size_t)a->window / 2,
                          high_water);
}

/* A margin of an eighth, so that not every response resumes a link. */
static void note_ready(struct source *a, uint32_t times)
{
    uint32_t limit = a->all->limit;

    if (a->waiter && list_is_empty(&a->of_ready) && !source_is_ahead(a) &&
        (limit == 0 || a->n / times < limit - limit / 8))
        list_append(&a->all->ready, &a->of_ready);
}

void source_discharge(struct txn *x)
{
    struct source *a = x->source;

    x->source = NULL;
    if (!a)
        return;
    a->octets -= x->octets;
    x->octets = 0;
    if (is_partial(x)) {
        list_remove(&x->of_source);
        a->n_partial--;
    } else {
        a->n--;
        note_ready(a, 1);
        if (a->common) {
            a->common->n--;
            note_ready(a->common, SOURCE_ALL);
        }
    }
    source_close(a);
}

/* --- dials --- */

bool source_has_dials(const struct source *a, uint32_t limit)
{
    return a && limit > 0 &&
           (a->dials >= limit ||
            (a->common && a->common->dials / SOURCE_ALL >= limit));
}

void source_dial(struct source *a, struct link *out)
{
    if (!a)
        return;
    out->dialled_for = source_ref(a);
    a->dials++;
    if (a->common)
        a->common->dials++;
}

void source_dialled(struct link *out)
{
    struct source *a = out->dialled_for;

    if (!a)
        return;
    out->dialled_for = NULL;
    a->dials--;
    if (a->common)
        a->common->dials--;
    source_close(a);
}

/* --- who waits, who is forgotten --- */

struct txn *source_surplus(const struct source *a)
{
    if (!a || a->all->limit == 0 || a->n_partial <= a->all->limit)
        return NULL;
    return CONTAINER(list_first(&a->partial), struct txn, of_source);
}

struct link *source_next_ready(struct sources *s)
{
    struct list *m;

    while ((m = list_take_first(&s->ready))) {
        struct source *a = CONTAINER(m, struct source, of_ready);

        if (a->waiter)
            return a->waiter;
    }
    return NULL;
}
