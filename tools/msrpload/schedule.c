/* SPDX-License-Identifier: BSD-2-Clause */
#include "schedule.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "err.h"

/* Messages that are due within this time go together. */
enum { GRAIN_NS = 20000 };

static uint64_t due_ns(const struct schedule *s, uint64_t message)
{
    uint64_t n = s->traffic->n_flows;

    return traffic_due_ns(s->traffic, message % n, message / n);
}

static void sleep_until(const struct schedule *s, uint64_t ns)
{
    uint64_t at_ns = s->traffic->epoch_ns + ns;
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ns / UINT64_C(1000000000)),
                     .tv_nsec = (long)(at_ns % UINT64_C(1000000000))}};

    (void)timerfd_settime(s->fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void on_time(void *ctx, int events)
{
    struct schedule *s = ctx;
    struct traffic *t = s->traffic;
    uint64_t now_ns = traffic_now_ns(t), expirations;
    uint64_t next_ns;

    (void)events;
    (void)!read(s->fd, &expirations, sizeof expirations);
    while ((next_ns = due_ns(s, s->next)) <= now_ns) {
        struct flow *f = &t->flows[s->next++ % t->n_flows];

        f->due++;
        flow_poke(f);
    }
    if (next_ns < now_ns + GRAIN_NS)
        next_ns = now_ns + GRAIN_NS;
    sleep_until(s, next_ns);
}

int schedule_start(struct schedule *s, struct loop *loop, struct traffic *t)
{
    *s = (struct schedule){.traffic = t};
    s->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (s->fd < 0)
        return ERR_IO;
    loop_io_init(&s->io, loop, s->fd, on_time, s);
    loop_io_want(&s->io, LOOP_READ);
    on_time(s, LOOP_READ);
    return 0;
}

void schedule_stop(struct schedule *s)
{
    if (s->fd < 0)
        return;
    loop_io_want(&s->io, 0);
    close(s->fd);
    s->fd = -1;
}
