/* SPDX-License-Identifier: BSD-2-Clause */
#include "loop.h"

#include <assert.h>
#include <ev.h>
#include <math.h>
#include <time.h>

#include "err.h"

struct loop {
    struct ev_loop *ev;
    ev_check awake; /* first to run once the wait is over: reads the clock */
    uint64_t now_ms;
    struct list late; /* of struct loop_io: to be called first in a turn */
    struct list deferred;
    struct list signals;
    bool stopped;
    uint64_t awake_ns; /* when the turn began */
    uint64_t used_ns;  /* CPU time of the thread at the end of the last turn */
    struct loop_stats stats;
};

struct signal_watch {
    struct list link;
    ev_signal watcher;
    loop_signal_fn fn;
    void *ctx;
};

enum { NS_PER_MS = 1000000 };

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000 * NS_PER_MS + (uint64_t)ts.tv_nsec;
}

static void read_clock(struct loop *l)
{
    l->awake_ns = clock_ns(CLOCK_MONOTONIC);
    l->now_ms = l->awake_ns / NS_PER_MS;
}

static bool is_turn_over(const struct loop *l)
{
    return clock_ns(CLOCK_MONOTONIC) - l->awake_ns >=
           (uint64_t)LOOP_TURN_MS * NS_PER_MS;
}

/* Those for which the last turn had no time. */
static void run_late(struct loop *l)
{
    struct list *m;

    while (!list_is_empty(&l->late) && !is_turn_over(l)) {
        struct loop_io *io;
        int events;

        m = list_take_first(&l->late);
        io = CONTAINER(m, struct loop_io, late);
        events = io->late_events & io->want;
        if (events)
            io->fn(io->ctx, events);
    }
}

static void on_awake(struct ev_loop *ev, ev_check *w, int events)
{
    (void)ev;
    (void)events;
    read_clock(w->data);
    run_late(w->data);
}

int loop_new(struct loop **out)
{
    struct loop *l = calloc(1, sizeof *l);

    if (!l)
        return ERR_NOMEM;
    l->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (!l->ev) {
        free(l);
        return ERR_NOMEM;
    }
    list_init(&l->late);
    list_init(&l->deferred);
    list_init(&l->signals);
    ev_check_init(&l->awake, on_awake);
    ev_set_priority(&l->awake, EV_MAXPRI);
    l->awake.data = l;
    ev_check_start(l->ev, &l->awake);
    ev_unref(l->ev); /* it alone is no reason to run on */
    read_clock(l);
    l->used_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    *out = l;
    return 0;
}

void loop_drop_signals(struct loop *l)
{
    struct list *m;

    while ((m = list_take_first(&l->signals))) {
        struct signal_watch *s = CONTAINER(m, struct signal_watch, link);

        ev_signal_stop(l->ev, &s->watcher);
        free(s);
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    loop_drop_signals(l);
    ev_ref(l->ev);
    ev_check_stop(l->ev, &l->awake);
    ev_loop_destroy(l->ev);
    free(l);
}

/* What is deferred while this runs is left for the next turn. */
static void run_deferred(struct loop *l)
{
    struct list batch, *m;

    list_init(&batch);
    list_move_all(&batch, &l->deferred);
    while ((m = list_take_first(&batch))) {
        struct loop_defer *d = CONTAINER(m, struct loop_defer, link);

        d->fn(d->ctx);
    }
}

/* --- how long turns take --- */

static const uint64_t turn_bucket_ns[LOOP_BUCKETS] = {
    100000,   250000,   500000,    1000000,   2500000,    5000000,   10000000,
    25000000, 50000000, 100000000, 250000000, 1000000000, UINT64_MAX};

static void count_turn(struct loop *l)
{
    uint64_t used_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t work_ns = used_ns - l->used_ns;
    size_t i = 0;

    l->used_ns = used_ns;
    while (work_ns > turn_bucket_ns[i])
        i++;
    l->stats.buckets[i]++;
    l->stats.turns++;
    l->stats.work_s += (double)work_ns / 1e9;
}

void loop_stats(const struct loop *l, struct loop_stats *out)
{
    *out = l->stats;
}

double loop_bucket_s(size_t i)
{
    return i < LOOP_BUCKETS - 1 ? (double)turn_bucket_ns[i] / 1e9 : INFINITY;
}

/* --- turns --- */

/* One turn; is there anything left that could ever happen? */
static bool turn(struct loop *l, bool wait)
{
    bool idle = wait && list_is_empty(&l->deferred) && list_is_empty(&l->late);
    bool watching = ev_run(l->ev, idle ? EVRUN_ONCE : EVRUN_NOWAIT);

    run_deferred(l);
    count_turn(l);
    return watching || !list_is_empty(&l->deferred) || !list_is_empty(&l->late);
}

void loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped && turn(l, true))
        continue;
}

void loop_turn(struct loop *l, bool wait)
{
    turn(l, wait);
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}

uint64_t loop_now_ms(const struct loop *l)
{
    return l->now_ms;
}

/* --- readiness of a descriptor --- */

_Static_assert(sizeof(ev_io) <= sizeof(((struct loop_io *)NULL)->watcher),
               "a loop_io has no room for libev's watcher");

static ev_io *io_watcher(struct loop_io *io)
{
    return (ev_io *)(void *)io->watcher;
}

static void loop_on_ready(struct ev_loop *ev, ev_io *w, int events)
{
    struct loop_io *io = w->data;
    int ready = (events & EV_READ ? LOOP_READ : 0) |
                (events & EV_WRITE ? LOOP_WRITE : 0);

    (void)ev;
    if (!is_turn_over(io->loop)) {
        io->fn(io->ctx, ready);
        return;
    }
    io->late_events = (uint8_t)ready;
    if (list_is_empty(&io->late))
        list_append(&io->loop->late, &io->late);
}

void loop_io_init(struct loop_io *io, struct loop *l, int fd, loop_io_fn fn,
                  void *ctx)
{
    ev_io *w = io_watcher(io);

    io->loop = l;
    io->fn = fn;
    io->ctx = ctx;
    io->fd = fd;
    io->want = 0;
    list_init(&io->late);
    ev_io_init(w, loop_on_ready, fd, 0);
    w->data = io;
}

/* libev tells the kernel before the next wait, and only what differs from the
 * last one: to and fro within a turn costs no system call. */
void loop_io_want(struct loop_io *io, int events)
{
    ev_io *w = io_watcher(io);

    if (io->want == events)
        return;
    io->want = (uint8_t)events;
    ev_io_stop(io->loop->ev, w);
    if (!events) {
        list_remove(&io->late);
        return;
    }
    ev_io_modify(w, (events & LOOP_READ ? EV_READ : 0) |
                        (events & LOOP_WRITE ? EV_WRITE : 0));
    ev_io_start(io->loop->ev, w);
}

/* --- calls at the end of the turn --- */

void loop_defer_init(struct loop_defer *d, loop_defer_fn fn, void *ctx)
{
    list_init(&d->link);
    d->fn = fn;
    d->ctx = ctx;
}

void loop_defer(struct loop *l, struct loop_defer *d)
{
    if (!loop_is_deferred(d))
        list_append(&l->deferred, &d->link);
}

void loop_defer_cancel(struct loop_defer *d)
{
    list_remove(&d->link);
}

/* --- single calls --- */

struct alarm {
    struct loop *loop;
    loop_defer_fn fn;
    void *ctx;
    ev_timer watcher;
};

static void loop_on_alarm(struct ev_loop *ev, ev_timer *w, int events)
{
    struct alarm *a = w->data;

    (void)ev;
    (void)events;
    a->fn(a->ctx);
}

int alarm_new(struct alarm **out, struct loop *l, loop_defer_fn fn, void *ctx)
{
    struct alarm *a = calloc(1, sizeof *a);

    if (!a)
        return ERR_NOMEM;
    a->loop = l;
    a->fn = fn;
    a->ctx = ctx;
    ev_timer_init(&a->watcher, loop_on_alarm, 0, 0);
    a->watcher.data = a;
    *out = a;
    return 0;
}

void alarm_set(struct alarm *a, uint64_t delay_ms)
{
    ev_timer_stop(a->loop->ev, &a->watcher);
    ev_timer_set(&a->watcher, (double)delay_ms / 1000, 0);
    ev_timer_start(a->loop->ev, &a->watcher);
}

void alarm_stop(struct alarm *a)
{
    ev_timer_stop(a->loop->ev, &a->watcher);
}

void alarm_free(struct alarm *a)
{
    if (!a)
        return;
    alarm_stop(a);
    free(a);
}

/* --- signals --- */

static void on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
    struct signal_watch *s = w->data;

    (void)ev;
    (void)events;
    s->fn(s->ctx, w->signum);
}

int loop_on_signal(struct loop *l, int signo, loop_signal_fn fn, void *ctx)
{
    struct signal_watch *s = calloc(1, sizeof *s);

    if (!s)
        return ERR_NOMEM;
    s->fn = fn;
    s->ctx = ctx;
    ev_signal_init(&s->watcher, on_signal, signo);
    s->watcher.data = s;
    ev_signal_start(l->ev, &s->watcher);
    list_append(&l->signals, &s->link);
    return 0;
}
