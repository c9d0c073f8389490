#include "tally.h"

#include <time.h>

void tally_mark(struct tally_mark *out, const struct tally *t, uint64_t at_ns)
{
    struct timespec cpu;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    *out = (struct tally_mark){
        .at_ns = at_ns,
        .cpu_ns =
            (uint64_t)cpu.tv_sec * UINT64_C(1000000000) + (uint64_t)cpu.tv_nsec,
        .messages_sent = t->live.messages_sent,
        .octets_sent = t->live.octets_sent,
        .messages_received = t->live.messages_received,
        .octets_received = t->live.octets_received,
    };
}

uint64_t tally_refusals(const uint64_t codes[TALLY_CODES])
{
    uint64_t n = 0;

    for (unsigned code = 0; code < TALLY_CODES; code++)
        if (code < 200 || code > 299)
            n += codes[code];
    return n;
}

uint64_t tally_lost(const struct counts *c)
{
    uint64_t came = c->messages_received + c->corrupted + c->aborted;

    return c->messages_sent > came ? c->messages_sent - came : 0;
}

bool tally_has_faults(const struct tally *t, bool wants_reports)
{
    const struct counts *c = &t->live;

    return tally_lost(c) || c->corrupted || c->misordered || c->aborted ||
           c->unanswered || tally_refusals(c->responses) ||
           tally_refusals(c->reports) || t->stray || t->connections_lost ||
           (wants_reports && c->reports[200] != c->messages_sent);
}
