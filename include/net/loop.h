/* SPDX-License-Identifier: BSD-2-Clause */
/* loop - the event loop: a face on libev.
 *
 * Everything runs on one thread. A turn is: wait, call what is ready, then the
 * deferred calls (flushes and frees), each once. What is ready when a turn has
 * lasted LOOP_TURN_MS comes first in the next one: however many have much to do
 * at once, timers and signals do not wait long (S-18). */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "timer.h"

enum { LOOP_TURN_MS = 20 };

struct loop;

/* A new loop, or ERR_NOMEM. Free with loop_free(), after everything that
 * watches or waits in it; deferred calls that are still queued are never made.
 */
int loop_new(struct loop **out);
void loop_free(struct loop *l);

/* Runs until loop_stop(), or until nothing is left that could ever happen; or
 * one turn, waiting at most until something is ready (`wait`), for tests. */
void loop_run(struct loop *l);
void loop_turn(struct loop *l, bool wait);
void loop_stop(struct loop *l);

/* Monotonic milliseconds, read once a turn. */
uint64_t loop_now_ms(const struct loop *l);

/* How much CPU time a turn took, since the end of the one before: how late
 * whatever became ready meanwhile is, whatever else the machine does. */
enum { LOOP_BUCKETS = 13 };
struct loop_stats {
    uint64_t turns;
    /* Turns that took at most loop_bucket_s(i) seconds, but longer than the
     * bucket before allows. */
    uint64_t buckets[LOOP_BUCKETS];
    double work_s; /* all turns together */
};
void loop_stats(const struct loop *l, struct loop_stats *out);
/* 0.0001 and up; INFINITY for the last. */
double loop_bucket_s(size_t i);

/* --- readiness of a descriptor --- */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*loop_io_fn)(void *ctx, int events);

struct loop_io {
    struct loop *loop;
    loop_io_fn fn;
    void *ctx;
    int fd;
    uint8_t want;
    uint8_t late_events; /* that this turn has no time for */
    struct list late;
    void *watcher[6]; /* room for libev's ev_io */
};

/* Watches nothing yet. The memory stays the caller's; it may be freed inside
 * the call, once nothing is wanted. */
void loop_io_init(struct loop_io *io, struct loop *l, int fd, loop_io_fn fn,
                  void *ctx);

/* Waits for exactly these events from now on; 0 stops. */
void loop_io_want(struct loop_io *io, int events);

/* --- calls at the end of the turn --- */

typedef void (*loop_defer_fn)(void *ctx);

/* Something to do at the end of this turn. Deferred again while queued: still
 * once. What is deferred while these calls run, runs in the next turn, which
 * then does not wait. The call may free its own memory. */
struct loop_defer {
    struct list link;
    loop_defer_fn fn;
    void *ctx;
};

void loop_defer_init(struct loop_defer *d, loop_defer_fn fn, void *ctx);
void loop_defer(struct loop *l, struct loop_defer *d);
void loop_defer_cancel(struct loop_defer *d);
static inline bool loop_is_deferred(const struct loop_defer *d)
{
    return !list_is_empty(&d->link);
}

/* --- single calls --- */

/* A single call at now + delay_ms, of any length (few of them: a heap). For
 * many of one length there is timer.h. */
struct alarm;

int alarm_new(struct alarm **out, struct loop *l, loop_defer_fn fn, void *ctx);
/* Anew, whether set or not. */
void alarm_set(struct alarm *a, uint64_t delay_ms);
void alarm_stop(struct alarm *a);
void alarm_free(struct alarm *a);

/* --- signals --- */

typedef void (*loop_signal_fn)(void *ctx, int signo);

/* Calls fn in the loop for this signal, until loop_drop_signals() or the end.
 */
int loop_on_signal(struct loop *l, int signo, loop_signal_fn fn, void *ctx);
/* No call is made for a signal any more, not even for one that has come. */
void loop_drop_signals(struct loop *l);

#endif
