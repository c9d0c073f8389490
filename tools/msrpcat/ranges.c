/* SPDX-License-Identifier: BSD-2-Clause */
#include "ranges.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"

void ranges_init(struct ranges *r)
{
    *r = (struct ranges){0};
}

void ranges_fini(struct ranges *r)
{
    free(r->runs);
    ranges_init(r);
}

/* The first run that ends at or after `at`: the one to merge with. */
static size_t first_ending_at(const struct ranges *r, uint64_t at)
{
    size_t low = 0, high = r->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->runs[middle].to < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int make_room(struct ranges *r)
{
    size_t room = r->room ? r->room * 2 : 8;
    struct range *runs;

    if (r->n < r->room)
        return 0;
    if (r->n >= RANGES_MAX)
        return ERR_LIMIT;
    runs = realloc(r->runs, room * sizeof *runs);
    if (!runs)
        return ERR_NOMEM;
    r->runs = runs;
    r->room = room;
    return 0;
}

static int insert(struct ranges *r, size_t at, struct range run)
{
    int err = make_room(r);

    if (err)
        return err;
    memmove(r->runs + at + 1, r->runs + at, (r->n - at) * sizeof run);
    r->runs[at] = run;
    r->n++;
    return 0;
}

int ranges_add(struct ranges *r, uint64_t from, uint64_t to)
{
    size_t first = first_ending_at(r, from);
    size_t after = first;
    struct range *merged;

    assert(from <= to);
    if (from == to)
        return 0;
    while (after < r->n && r->runs[after].from <= to)
        after++;
    if (after == first)
        return insert(r, first, (struct range){from, to});
    merged = &r->runs[first];
    if (from < merged->from)
        merged->from = from;
    if (to < r->runs[after - 1].to)
        to = r->runs[after - 1].to;
    merged->to = to;
    memmove(merged + 1, r->runs + after, (r->n - after) * sizeof *merged);
    r->n -= after - first - 1;
    return 0;
}

uint64_t ranges_reach(const struct ranges *r, uint64_t at)
{
    size_t i = first_ending_at(r, at);

    /* A run that ends at `at` does not hold it; the next one might. */
    if (i < r->n && r->runs[i].to == at)
        i++;
    return i < r->n && r->runs[i].from <= at ? r->runs[i].to : at;
}

bool ranges_cover(const struct ranges *r, uint64_t length)
{
    return ranges_reach(r, 0) >= length;
}

uint64_t ranges_end(const struct ranges *r)
{
    return r->n ? r->runs[r->n - 1].to : 0;
}

uint64_t ranges_count(const struct ranges *r)
{
    uint64_t count = 0;

    for (size_t i = 0; i < r->n; i++)
        count += r->runs[i].to - r->runs[i].from;
    return count;
}
