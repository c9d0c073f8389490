/* SPDX-License-Identifier: BSD-2-Clause */
/* counters - what happened. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

enum { COUNTERS_CODES = 1000 };

/* Of some flows together. */
struct flow_counters {
    uint64_t messages_sent, chunks_sent, octets_sent;
    uint64_t messages_received, chunks_received, octets_received;
    uint64_t corrupted;  /* messages with other content than was sent */
    uint64_t misordered; /* chunks that are not the next one */
    uint64_t aborted;    /* messages that ended with `#` */
    uint64_t unanswered; /* chunks: no response, once all is over */
    uint64_t responses[COUNTERS_CODES];
    uint64_t reports[COUNTERS_CODES];
};

struct counters {
    struct flow_counters live;    /* flows whose receivers read */
    struct flow_counters stalled; /* and those whose receivers do not */
    uint64_t stray;               /* frames that belong to no message */
    uint64_t connections_lost;
    struct hist latency_ns;
};

/* What stood at one time. */
struct counters_mark {
    uint64_t at_ns;
    uint64_t cpu_ns; /* used by this process */
    uint64_t messages_sent, octets_sent;
    uint64_t messages_received, octets_received;
};

void counters_mark(struct counters_mark *out, const struct counters *t,
                   uint64_t at_ns);

/* Responses, or REPORTs, that say no. */
uint64_t counters_refusals(const uint64_t codes[COUNTERS_CODES]);

/* Messages that were sent and did not arrive. */
uint64_t counters_lost(const struct flow_counters *c);

/* Is there anything that should not be? */
bool counters_has_faults(const struct counters *t, bool wants_reports);

#endif
