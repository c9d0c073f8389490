/* SPDX-License-Identifier: BSD-2-Clause */
#include "counters.h"

#include <time.h>

void counters_mark(struct counters_mark *out, const struct counters *t,
                   uint64_t at_ns)
{
    struct timespec cpu;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    *out = (struct counters_mark){
        .at_ns = at_ns,
        .cpu_ns =
            (uint64_t)cpu.tv_sec * UINT64_C(1000000000) + (uint64_t)cpu.tv_nsec,
        .messages_sent = t->live.messages_sent,
        .octets_sent = t->live.octets_sent,
        .messages_received = t->live.messages_received,
        .octets_received = t->live.octets_received,
    };
}

uint64_t counters_refusals(const uint64_t codes[COUNTERS_CODES])
{
    uint64_t n = 0;

    for (unsigned code = 0; code < COUNTERS_CODES; code++)
        if (code < 200 || code > 299)
            n += codes[code];
    return n;
}

uint64_t counters_lost(const struct flow_counters *c)
{
    uint64_t came = c->messages_received + c->corrupted + c->aborted;

    return c->messages_sent > came ? c->messages_sent - came : 0;
}

bool counters_has_faults(const struct counters *t, bool wants_reports)
{
    const struct flow_counters *c = &t->live;

    return counters_lost(c) || c->corrupted || c->misordered || c->aborted ||
           c->unanswered || counters_refusals(c->responses) ||
           counters_refusals(c->reports) || t->stray || t->connections_lost ||
           (wants_reports && c->reports[200] != c->messages_sent);
}
