/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_sweep - looks at every connection now and then whether its peer is dead,
 * even if nobody needs its place (S-19). Some are looked at ten times a second,
 * so that each has its turn once in tcp.dead_after. */
#include "hop_private.h"

enum { STEP_MS = 100 };

/* How many at one step: all of them in dead_after_ms. */
static size_t step_of(const struct hops *all)
{
    uint64_t steps = all->dead_after_ms / STEP_MS;

    return all->count / (size_t)(steps ? steps : 1) + 1;
}

static void hop_sweep_step(void *ctx)
{
    struct hops *all = ctx;
    struct hop_sweep *s = &all->sweep;

    for (size_t n = all->dead_after_ms ? step_of(all) : 0; n > 0; n--) {
        struct list *m = walk_next(&s->at);

        if (!m) {
            walk_begin(&s->at, &all->walks, &all->by_age);
            break;
        }
        if (CONTAINER(m, struct hop, by_age)->conn)
            conn_sweep(CONTAINER(m, struct hop, by_age)->conn);
    }
    alarm_set(s->alarm, STEP_MS);
}

int hop_sweep_start(struct hops *all)
{
    int err = alarm_new(&all->sweep.alarm, all->loop, hop_sweep_step, all);

    if (err)
        return err;
    walk_begin(&all->sweep.at, &all->walks, &all->by_age);
    alarm_set(all->sweep.alarm, STEP_MS);
    return 0;
}

void hop_sweep_stop(struct hops *all)
{
    if (!all->sweep.alarm)
        return;
    walk_end(&all->sweep.at);
    alarm_free(all->sweep.alarm);
}
