/* tally - what happened. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

enum { TALLY_CODES = 1000 };

/* Of some flows together. */
struct counts {
    uint64_t messages_sent, chunks_sent, octets_sent;
    uint64_t messages_received, chunks_received, octets_received;
    uint64_t corrupted;  /* messages with other content than was sent */
    uint64_t misordered; /* chunks that are not the next one */
    uint64_t aborted;    /* messages that ended with `#` */
    uint64_t unanswered; /* chunks: no response, once all is over */
    uint64_t responses[TALLY_CODES];
    uint64_t reports[TALLY_CODES];
};

struct tally {
    struct counts live;    /* flows whose receivers read */
    struct counts stalled; /* and those whose receivers do not */
    uint64_t stray;        /* frames that nobody here waits for */
    uint64_t connections_lost;
    struct hist latency_ns;
};

/* What stood at one time. */
struct tally_mark {
    uint64_t at_ns;
    uint64_t cpu_ns; /* used by this process */
    uint64_t messages_sent, octets_sent;
    uint64_t messages_received, octets_received;
};

void tally_mark(struct tally_mark *out, const struct tally *t, uint64_t at_ns);

/* Responses, or REPORTs, that say no. */
uint64_t tally_refusals(const uint64_t codes[TALLY_CODES]);

/* Messages that were sent and did not arrive. */
uint64_t tally_lost(const struct counts *c);

/* Is there anything that should not be? */
bool tally_has_faults(const struct tally *t, bool wants_reports);

#endif
