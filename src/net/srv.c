/* SPDX-License-Identifier: BSD-2-Clause */
#include "srv.h"

/* Moves list[from] to list[to], before all that is between. */
static void move_forward(struct dns_srv *list, size_t from, size_t to)
{
    struct dns_srv moved = list[from];

    for (; from > to; from--)
        list[from] = list[from - 1];
    list[to] = moved;
}

static bool goes_before(const struct dns_srv *a, const struct dns_srv *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    /* Records without weight come first, where only a draw of zero picks
     * them. */
    return a->weight == 0 && b->weight != 0;
}

static void sort(struct dns_srv *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t to = i;

        while (to > 0 && goes_before(&list[i], &list[to - 1]))
            to--;
        move_forward(list, i, to);
    }
}

/* Draws one of n targets of one priority. */
static size_t draw(const struct dns_srv *list, size_t n, uint32_t die)
{
    uint32_t sum = 0, running = 0;
    size_t i;

    for (i = 0; i < n; i++)
        sum += list[i].weight;
    die %= sum + 1;
    for (i = 0; i < n - 1; i++) {
        running += list[i].weight;
        if (running >= die)
            break;
    }
    return i;
}

void srv_order(struct dns_srv *list, size_t n, const uint32_t *dice)
{
    sort(list, n);
    for (size_t i = 0; i < n; i++) {
        size_t same = 1;

        while (i + same < n && list[i + same].priority == list[i].priority)
            same++;
        move_forward(list, i + draw(list + i, same, dice[i]), i);
    }
}
