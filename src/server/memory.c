/* SPDX-License-Identifier: BSD-2-Clause */
/* memory - one budget for the process (S-15).
 *
 * What counts is resident memory: it holds whatever anybody made this process
 * allocate, without an account for each kind. It is looked at ten times a
 * second, or a hundred times when half of it is used, and whenever outputs have
 * grown by a 64th of the limit: a fast sender fills them within a few
 * milliseconds. From 75 % of the limit on, outputs hold less before their
 * senders wait, the less the nearer the limit is. From 90 % on, whoever has
 * much unanswered waits too, connections that never logged in go, and nobody
 * new is let in.
 *
 * What is freed stays resident until the allocator is told to give it back:
 * each second while memory is tight, else once when much has ended. */
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "process.h"
#include "server_private.h"

enum {
    HALF_PERCENT = 50,
    ENOUGH_PERCENT = 87, /* memory that was short is so no longer */
    LOOK_MS = 100,
    LOOK_CLOSELY_MS = 10,
    LOOK_AFTER = 64, /* what outputs may grow by is so much less than the limit
                      */
    SHED_MAX = 100,  /* connections at one look */
    MANY = 1000,     /* things whose end is worth giving memory back */
    TRIM_AT_REST_MS = 10 * 1000,
};

void memory_configure(struct server *s)
{
    uint64_t limit = s->now.config->limits.memory;

    if (limit == 0)
        limit = process_memory_max("/proc/self/cgroup", "/sys/fs/cgroup") / 2;
    s->stats.memory_limit = limit;
}

static unsigned tightness_of(const struct server *s, uint64_t percent)
{
    static const unsigned char from[RELAY_TIGHTEST] = {75, 80, 85, 90, 93, 96};
    unsigned tightness = 0;

    while (tightness < RELAY_TIGHTEST && percent >= from[tightness])
        tightness++;
    if (memory_is_short(s) && percent >= ENOUGH_PERCENT &&
        tightness < RELAY_REFUSES)
        return RELAY_REFUSES;
    return tightness;
}

static void memory_tighten(struct server *s, unsigned tightness,
                           uint64_t percent)
{
    bool was_short = memory_is_short(s);

    s->stats.tightness = tightness;
    relay_tighten(s->relay, tightness);
    if (!was_short && memory_is_short(s))
        log_warn(s->log, "memory is short used=%llu%% limit=%llu",
                 (unsigned long long)percent,
                 (unsigned long long)s->stats.memory_limit);
    if (was_short && !memory_is_short(s))
        log_info(s->log, "memory is enough again used=%llu%%",
                 (unsigned long long)percent);
}

/* What most memory is held for: connections, sessions, what anchoring has. */
static uint64_t memory_holders(const struct server *s)
{
    struct anchored_stats anchored;
    struct ng_stats ng;
    struct relay_stats relay;

    anchored_stats(s->relay, &anchored);
    ng_stats(s->ng, &ng);
    relay_stats(s->relay, &relay);
    return s->hops.count + relay.sessions_now + anchored.tokens_now +
           anchored.pairs_now + ng.remembered;
}

void memory_tick(struct server *s)
{
    struct memory *m = &s->memory;
    uint64_t holders = memory_holders(s), now_ms = loop_now_ms(s->loop);
    bool much_ended = m->most >= MANY && holders <= m->most / 2 &&
                      now_ms - m->trimmed_ms >= TRIM_AT_REST_MS;

    if (s->stats.tightness || much_ended) {
        m->trimmed_ms = now_ms;
        m->most = holders;
        (void)malloc_trim(0);
    }
    if (holders > m->most)
        m->most = holders;
}

/* How much of the limit is used, in percent. */
static uint64_t memory_judge(struct server *s);

static void memory_grown(void *ctx)
{
    (void)memory_judge(ctx);
}

static uint64_t memory_judge(struct server *s)
{
    uint64_t limit = s->stats.memory_limit;
    uint64_t percent = process_resident(s->memory.statm) * 100 / limit;
    unsigned tightness = tightness_of(s, percent);

    if (tightness != s->stats.tightness)
        memory_tighten(s, tightness, percent);
    net_on_grown(s->net, limit / LOOK_AFTER, memory_grown, s);
    return percent;
}

static void memory_look(void *ctx)
{
    struct server *s = ctx;
    struct memory *m = &s->memory;
    uint64_t percent = memory_judge(s);

    if (memory_is_short(s))
        hops_shed(&s->hops, SHED_MAX);
    alarm_set(m->look, percent < HALF_PERCENT ? LOOK_MS : LOOK_CLOSELY_MS);
}

int memory_start(struct server *s)
{
    int err;

    s->memory.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (s->memory.statm < 0) {
        log_warn(s->log, "limits.memory has no effect error=\"no /proc\"");
        return 0;
    }
    err = alarm_new(&s->memory.look, s->loop, memory_look, s);
    if (!err)
        alarm_set(s->memory.look, LOOK_MS);
    return err;
}

void memory_stop(struct server *s)
{
    if (s->net)
        net_on_grown(s->net, 0, NULL, NULL);
    alarm_free(s->memory.look);
    if (s->memory.statm >= 0)
        (void)close(s->memory.statm);
}
