/* SPDX-License-Identifier: BSD-2-Clause */
#include "timer.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "loop.h"

/* Both queues are sorted by due_ms. `old` holds what was started before the
 * length was last changed: timers of a shorter length would break its order. */
struct timer_fifo {
    struct loop *loop;
    struct alarm *alarm;
    timer_fn fn;
    uint64_t length_ms;
    struct list queue;
    struct list old;
    uint64_t armed_ms; /* when the alarm comes; UINT64_MAX: never */
};

static struct timer *timer_of(struct list *m)
{
    return CONTAINER(m, struct timer, link);
}

/* When the first timer of this queue is due; UINT64_MAX if it is empty. */
static uint64_t first_due(const struct list *queue)
{
    struct list *m = list_first(queue);

    return m ? timer_of(m)->due_ms : UINT64_MAX;
}

/* The alarm comes no later than `due_ms`. It is not moved back when a timer
 * stops: it then comes for nothing once, and is set again. */
static void arm(struct timer_fifo *f, uint64_t due_ms)
{
    uint64_t now_ms = loop_now_ms(f->loop);

    if (due_ms >= f->armed_ms)
        return;
    f->armed_ms = due_ms;
    alarm_set(f->alarm, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void take_due(struct list *due, struct list *queue, uint64_t now_ms)
{
    while (first_due(queue) <= now_ms)
        list_append(due, list_take_first(queue));
}

static void timer_on_alarm(void *ctx)
{
    struct timer_fifo *f = ctx;
    uint64_t now_ms = loop_now_ms(f->loop);
    struct list due, *m;

    f->armed_ms = UINT64_MAX;
    list_init(&due);
    take_due(&due, &f->old, now_ms);
    take_due(&due, &f->queue, now_ms);
    /* Each call may start and stop any timer, those in `due` too. */
    while ((m = list_take_first(&due)))
        f->fn(timer_of(m));
    arm(f, first_due(&f->old));
    arm(f, first_due(&f->queue));
}

int timer_fifo_new(struct timer_fifo **out, struct loop *l, uint64_t length_ms,
                   timer_fn fn)
{
    struct timer_fifo *f = calloc(1, sizeof *f);
    int err;

    if (!f)
        return ERR_NOMEM;
    err = alarm_new(&f->alarm, l, timer_on_alarm, f);
    if (err) {
        free(f);
        return err;
    }
    f->loop = l;
    f->fn = fn;
    f->length_ms = length_ms;
    f->armed_ms = UINT64_MAX;
    list_init(&f->queue);
    list_init(&f->old);
    *out = f;
    return 0;
}

void timer_fifo_free(struct timer_fifo *f)
{
    if (!f)
        return;
    assert(list_is_empty(&f->queue) && list_is_empty(&f->old));
    alarm_free(f->alarm);
    free(f);
}

/* Merges the queue into `old`; costs a walk over all timers, once a reload. */
void timer_fifo_set_length(struct timer_fifo *f, uint64_t length_ms)
{
    struct list merged;

    if (length_ms == f->length_ms)
        return;
    f->length_ms = length_ms;
    list_init(&merged);
    while (!list_is_empty(&f->old) || !list_is_empty(&f->queue)) {
        bool from_old = first_due(&f->old) <= first_due(&f->queue);

        list_append(&merged, list_take_first(from_old ? &f->old : &f->queue));
    }
    list_move_all(&f->old, &merged);
}

void timer_init(struct timer *t)
{
    list_init(&t->link);
}

void timer_start(struct timer_fifo *f, struct timer *t)
{
    timer_stop(t);
    t->due_ms = loop_now_ms(f->loop) + f->length_ms;
    list_append(&f->queue, &t->link);
    arm(f, t->due_ms);
}

void timer_stop(struct timer *t)
{
    list_remove(&t->link);
}
