/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_sample.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

static void forget_rows(struct top_sample *s)
{
    while (s->n > 0)
        json_decref(s->rows[--s->n].row);
}

void top_sample_begin(struct top_sample *s, double seconds, size_t max)
{
    struct top_counts oldest = s->before;

    forget_rows(s);
    s->before = s->now;
    s->now = oldest;
    s->now.n = 0;
    s->seconds = seconds;
    s->max = max < TOP_SAMPLE_MAX ? max : TOP_SAMPLE_MAX;
}

static int by_number(const void *a, const void *b)
{
    const struct top_count *one = a, *other = b;

    return (one->connection > other->connection) -
           (one->connection < other->connection);
}

static int keep_count(struct top_counts *to, const struct top_count *c)
{
    if (to->n == to->room) {
        size_t room = to->room ? 2 * to->room : 256;
        void *items = reallocarray(to->items, room, sizeof *to->items);

        if (!items)
            return ERR_NOMEM;
        to->items = items;
        to->room = room;
    }
    to->items[to->n++] = *c;
    return 0;
}

static uint64_t number_of(const json_t *row, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(row, key));
}

static double rate(const struct top_sample *s, uint64_t now, uint64_t before)
{
    return s->seconds > 0 && now > before ? (double)(now - before) / s->seconds
                                          : 0;
}

static double total(const struct top_row *r)
{
    return r->in + r->out;
}

/* Puts it in its place among the busiest, if it has one. */
static void rank(struct top_sample *s, const struct top_row *new)
{
    size_t at = s->n;

    while (at > 0 && total(&s->rows[at - 1]) < total(new))
        at--;
    if (at == s->max)
        return;
    if (s->n == s->max)
        json_decref(s->rows[--s->n].row);
    memmove(&s->rows[at + 1], &s->rows[at], (s->n - at) * sizeof *s->rows);
    s->rows[at] = *new;
    json_incref(new->row);
    s->n++;
}

void top_sample_row(void *sample, json_t *row)
{
    struct top_sample *s = sample;
    struct top_count count = {.connection = number_of(row, "connection"),
                              .in = number_of(row, "in_octets"),
                              .out = number_of(row, "out_octets")};
    struct top_count none = {.connection = count.connection};
    const struct top_count *before =
        s->before.n ? bsearch(&count, s->before.items, s->before.n,
                              sizeof *s->before.items, by_number)
                    : NULL;

    if (keep_count(&s->now, &count)) {
        s->err = ERR_NOMEM;
        return;
    }
    if (!before)
        before = &none; /* it began since */
    rank(s, &(struct top_row){.row = row,
                              .in = rate(s, count.in, before->in),
                              .out = rate(s, count.out, before->out)});
}

json_t *top_sample_shown(const struct top_sample *s, size_t i)
{
    static const char *const kept[] = {"user",     "peer",          "transport",
                                       "sessions", "queued_octets", "blocked"};
    const struct top_row *r = &s->rows[i];
    json_t *shown = json_object();
    int failed = !shown;

    failed |= json_object_set(shown, "connection",
                              json_object_get(r->row, "connection"));
    failed |= json_object_set_new(shown, "in_octets_per_s",
                                  json_integer((json_int_t)r->in));
    failed |= json_object_set_new(shown, "out_octets_per_s",
                                  json_integer((json_int_t)r->out));
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
        failed |=
            json_object_set(shown, kept[k], json_object_get(r->row, kept[k]));
    if (!failed)
        return shown;
    json_decref(shown);
    return NULL;
}

void top_sample_fini(struct top_sample *s)
{
    forget_rows(s);
    free(s->before.items);
    free(s->now.items);
    *s = (struct top_sample){0};
}
