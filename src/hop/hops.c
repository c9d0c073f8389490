/* SPDX-License-Identifier: BSD-2-Clause */
/* hops - all connections: their time limits, and their end. */
#include <stdlib.h>

#include "err.h"
#include "hop_private.h"

/* One hour: connections of sessions are not closed for idleness before
 * (R4976-6.5-b, R4976-5.4-a). */
enum { SESSION_IDLE_MS = 3600 * 1000 };

/* --- time --- */

static void hop_on_probation_over(struct timer *t)
{
    struct hop *h = CONTAINER(t, struct hop, probation);

    if (h->link.trust.proven && !h->on_leave)
        return;
    h->all->stats.probation++;
    link_close(&h->link, "probation");
}

static bool is_of_use(const struct link *l)
{
    return l->pairs.n > 0 || l->sessions.n > 0 || l->is_relay ||
           !list_is_empty(&l->sessions.peers);
}

void hop_check_use(struct hop *h)
{
    h->was_bound |= !h->dialled && h->link.pairs.n > 0;
    if (!h->was_bound || h->on_leave != is_of_use(&h->link))
        return;
    h->on_leave = !h->on_leave;
    timer_stop(&h->probation);
    if (h->on_leave && !h->link.closing)
        timer_start(h->all->probation, &h->probation);
}

/* Octets that the kernel had taken may leave it slowly. */
static bool unacked_moved(struct hop *h)
{
    uint32_t before = h->unacked;

    h->unacked = (uint32_t)conn_unacked(h->conn);
    return h->unacked != before;
}

/* Nothing came in, nothing went out and nothing is in flight (S-22). What waits
 * to go out is the business of timers.stall. */
static bool hop_is_idle(struct hop *h, uint64_t limit_ms)
{
    bool moved = unacked_moved(h);

    return loop_now_ms(h->all->loop) - h->used_ms >= limit_ms && !moved &&
           h->link.ops->queued(&h->link) == 0 &&
           !relay_link_in_flight(&h->link);
}

static void hop_on_idle(struct timer *t)
{
    struct hop *h = CONTAINER(t, struct hop, idle);
    uint64_t limit_ms = h->all->idle_ms;

    if (h->link.sessions.n + h->link.pairs.n > 0 && limit_ms < SESSION_IDLE_MS)
        limit_ms = SESSION_IDLE_MS;
    if (hop_is_idle(h, limit_ms)) {
        h->all->stats.idle++;
        link_close(&h->link, "idle");
    } else {
        timer_start(h->all->idle, t);
    }
}

/* --- all of them --- */

int hops_init(struct hops *h, struct loop *loop, const struct hops_times *times,
              const uint64_t seed[2])
{
    int err = 0;

    memset(h, 0, sizeof *h);
    h->loop = loop;
    h->idle_ms = times->idle_ms;
    list_init(&h->by_age);
    list_init(&h->walks);
    rnd_init(&h->rnd);
    pool_init(&h->parsers, sizeof(struct parser), HOPS_PARSERS_KEEP);
    h->path_memos = calloc(HOPS_PATH_MEMOS, sizeof *h->path_memos);
    if (!h->path_memos)
        err = ERR_NOMEM;
    if (!err)
        err = places_init(&h->places, seed);
    if (!err)
        err = user_rates_init(&h->user_rates, seed);
    if (!err)
        err = timer_fifo_new(&h->probation, loop, times->probation_ms,
                             hop_on_probation_over);
    if (!err)
        err = timer_fifo_new(&h->idle, loop, times->idle_ms, hop_on_idle);
    if (!err)
        err = timer_fifo_new(&h->answer, loop, times->transaction_ms,
                             hop_clear_unanswered);
    if (!err)
        err = hop_sweep_start(h);
    return err;
}

void hops_fini(struct hops *h)
{
    hop_sweep_stop(h);
    timer_fifo_free(h->probation);
    timer_fifo_free(h->idle);
    timer_fifo_free(h->answer);
    user_rates_fini(&h->user_rates);
    places_fini(&h->places);
    free(h->path_memos);
    pool_fini(&h->parsers);
    shown_tls_fini(&h->shown);
}

void hops_close_idle(struct hops *all)
{
    struct list *m, *next;

    LIST_EACH(m, next, &all->by_age)
    {
        struct hop *h = CONTAINER(m, struct hop, by_age);

        if (relay_link_is_idle(&h->link) && h->link.ops->queued(&h->link) == 0)
            link_close(&h->link, "shutting down");
    }
}

bool hops_only_linger(const struct hops *all)
{
    const struct list *m;

    for (m = all->by_age.next; m != &all->by_age; m = m->next) {
        const struct hop *h =
            CONTAINER((void *)(uintptr_t)m, struct hop, by_age);

        if (!h->left || !h->conn || conn_queued(h->conn))
            return false;
    }
    return true;
}

/* From now on nothing is dialled, not even for REPORTs. */
static void stop_dialling(struct hops *all)
{
    relay_on_dial(all->relay, NULL, NULL, false);
    relay_on_anchored_dial(all->relay, NULL, NULL);
}

void hops_close_all(struct hops *all)
{
    struct list *m, *next;

    relay_clock(all->relay, loop_now_ms(all->loop));
    stop_dialling(all);
    LIST_EACH(m, next, &all->by_age)
    relay_link_give_up(all->relay, &CONTAINER(m, struct hop, by_age)->link);
    relay_waiting_give_up(all->relay);
    LIST_EACH(m, next, &all->by_age)
    relay_link_finish(all->relay, &CONTAINER(m, struct hop, by_age)->link,
                      "shutting down");
}

void hops_drop_all(struct hops *all)
{
    struct list *m;

    stop_dialling(all);
    while ((m = list_first(&all->by_age))) {
        struct hop *h = CONTAINER(m, struct hop, by_age);

        h->why = "shutting down";
        if (h->conn)
            conn_close(h->conn);
        else
            hop_stop_dialling(h);
    }
}
