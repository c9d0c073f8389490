/* SPDX-License-Identifier: BSD-2-Clause */
/* timer - timers of one length: a FIFO and one watcher, O(1) for everything. */
#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

struct loop;
struct timer_fifo;
struct timer;
typedef void (*timer_fn)(struct timer *t);

/* Lives in what it times. */
struct timer {
    struct list link;
    uint64_t due_ms;
};

/* `fn` is called for each timer that is due, which is already off the FIFO. */
int timer_fifo_new(struct timer_fifo **out, struct loop *l, uint64_t length_ms,
                   timer_fn fn);
/* No timer may be running. NULL is harmless. */
void timer_fifo_free(struct timer_fifo *f);

/* A new length holds for timers started afterwards. */
void timer_fifo_set_length(struct timer_fifo *f, uint64_t length_ms);

/* Stopped. */
void timer_init(struct timer *t);
/* Starts or restarts it: due one length from now. */
void timer_start(struct timer_fifo *f, struct timer *t);
void timer_stop(struct timer *t);
static inline bool timer_is_running(const struct timer *t)
{
    return !list_is_empty(&t->link);
}

#endif
