#include "pace.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "err.h"

/* Messages that are due within this time go together. */
enum { GRAIN_NS = 20000 };

static uint64_t due_ns(const struct pace *p, uint64_t message)
{
    uint64_t n = p->traffic->n_flows;

    return traffic_due_ns(p->traffic, message % n, message / n);
}

static void sleep_until(const struct pace *p, uint64_t ns)
{
    uint64_t at_ns = p->traffic->epoch_ns + ns;
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ns / UINT64_C(1000000000)),
                     .tv_nsec = (long)(at_ns % UINT64_C(1000000000))}};

    (void)timerfd_settime(p->fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void on_time(void *ctx, int events)
{
    struct pace *p = ctx;
    struct traffic *t = p->traffic;
    uint64_t now_ns = traffic_now_ns(t), expirations;
    uint64_t next_ns;

    (void)events;
    (void)!read(p->fd, &expirations, sizeof expirations);
    while ((next_ns = due_ns(p, p->next)) <= now_ns) {
        struct flow *f = &t->flows[p->next++ % t->n_flows];

        f->due++;
        flow_poke(f);
    }
    if (next_ns < now_ns + GRAIN_NS)
        next_ns = now_ns + GRAIN_NS;
    sleep_until(p, next_ns);
}

int pace_start(struct pace *p, struct loop *loop, struct traffic *t)
{
    *p = (struct pace){.traffic = t};
    p->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (p->fd < 0)
        return ERR_IO;
    loop_io_init(&p->io, loop, p->fd, on_time, p);
    loop_io_want(&p->io, LOOP_READ);
    on_time(p, LOOP_READ);
    return 0;
}

void pace_stop(struct pace *p)
{
    if (p->fd < 0)
        return;
    loop_io_want(&p->io, 0);
    close(p->fd);
    p->fd = -1;
}
