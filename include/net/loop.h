/* loop - the event loop: a face on libev.
 *
 * Everything runs on one thread. A turn is: wait, call what is ready, then the
 * deferred calls (flushes and frees), each once. */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

struct loop;

/* A new loop, or ERR_NOMEM. Free with loop_free(). */
int loop_new(struct loop **out);
void loop_free(struct loop *l);

/* Runs until loop_stop(); or one turn, waiting at most until something is ready
 * (`wait`), for tests. */
void loop_run(struct loop *l);
void loop_turn(struct loop *l, bool wait);
void loop_stop(struct loop *l);

/* Monotonic milliseconds, read once a turn. */
uint64_t loop_now_ms(const struct loop *l);

/* --- readiness of a descriptor -------------------------------------------- */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*loop_io_fn)(void *ctx, int events);

struct loop_io {
    struct loop *loop;
    loop_io_fn fn;
    void *ctx;
    int fd;
    int want;
    void *watcher[8]; /* room for libev's ev_io */
};

/* Watches nothing yet. The memory stays the caller's. */
void loop_io_init(struct loop_io *io, struct loop *l, int fd, loop_io_fn fn,
                  void *ctx);

/* Waits for exactly these events from now on; 0 stops. */
void loop_io_want(struct loop_io *io, int events);

/* --- calls at the end of the turn ------------------------------------------ */

typedef void (*loop_defer_fn)(void *ctx);

/* Something to do at the end of this turn. Deferred again while queued: still
 * once. If it defers itself while it runs, it runs in the next turn, which then
 * does not wait. */
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

/* --- timers ----------------------------------------------------------------- */

/* All timers of one length: a FIFO and one watcher, O(1) for everything. */
struct timer_fifo;
struct timer;
typedef void (*timer_fn)(struct timer *t);

struct timer {
    struct list link;
    uint64_t due_ms;
};

/* `fn` is called for each timer that is due, which is already off the FIFO. */
int timer_fifo_new(struct timer_fifo **out, struct loop *l, uint64_t length_ms,
                   timer_fn fn);
void timer_fifo_free(struct timer_fifo *f);

/* A new length holds for timers started afterwards. */
void timer_fifo_set_length(struct timer_fifo *f, uint64_t length_ms);

/* Stopped. */
void timer_init(struct timer *t);
/* Starts anew, whether running or not: due one length from now. */
void timer_start(struct timer_fifo *f, struct timer *t);
void timer_stop(struct timer *t);
static inline bool timer_is_running(const struct timer *t)
{
    return !list_is_empty(&t->link);
}

/* A single call at now + delay_ms, of any length (few of them: a heap). */
struct alarm;
int alarm_new(struct alarm **out, struct loop *l, loop_defer_fn fn, void *ctx);
void alarm_set(struct alarm *a, uint64_t delay_ms);
void alarm_stop(struct alarm *a);
void alarm_free(struct alarm *a);

/* --- signals ------------------------------------------------------------------ */

typedef void (*loop_signal_fn)(void *ctx, int signo);

/* Calls fn in the loop for this signal, until the loop is freed. */
int loop_on_signal(struct loop *l, int signo, loop_signal_fn fn, void *ctx);

#endif
