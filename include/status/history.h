/* SPDX-License-Identifier: BSD-2-Clause */
/* history - the last 15 minutes as a few series of figures.
 *
 * Somebody adds a sample every HISTORY_STEP_MS. Of counters a series has the
 * rate a second since the sample before, of other figures the value. A ring of
 * a fixed size, which costs nothing between the samples. */
#ifndef HISTORY_H
#define HISTORY_H

#include <stddef.h>
#include <stdint.h>

enum {
    HISTORY_STEP_MS = 5000,
    HISTORY_POINTS = 180, /* 15 minutes */
};

#define HISTORY_SERIES_LIST(X)                                                 \
    X(HISTORY_MESSAGES, "messages", 1)   /* forwarded to their end */          \
    X(HISTORY_OCTETS_IN, "octets_in", 1) /* on the wire */                     \
    X(HISTORY_OCTETS_OUT, "octets_out", 1)                                     \
    X(HISTORY_REPORTS, "reports", 1) /* forwarded and made here */             \
    X(HISTORY_LOSSES, "losses", 1) /* failures reported, or not reportable */  \
    X(HISTORY_LOGINS, "logins", 1)                                             \
    X(HISTORY_REFUSALS, "refusals", 1) /* responses of failure, not 401 */     \
    X(HISTORY_CPU, "cpu", 1)           /* of one processor, in percent */      \
    X(HISTORY_CONNECTIONS, "connections", 0)                                   \
    X(HISTORY_SESSIONS, "sessions", 0)

enum history_series {
#define HISTORY_ENUM(name, text, is_counter) name,
    HISTORY_SERIES_LIST(HISTORY_ENUM)
#undef HISTORY_ENUM
        HISTORY_SERIES
};

/* "messages" and the like; static. */
const char *history_name(enum history_series series);

struct history_sample {
    uint64_t at_ms; /* of a clock that never jumps */
    uint64_t value[HISTORY_SERIES];
};

struct history {
    double points[HISTORY_POINTS][HISTORY_SERIES];
    size_t n;    /* points there are */
    size_t next; /* where the next one goes */
    struct history_sample last;
    uint64_t samples;
};

/* Zeroed to begin with. The first sample only says where counters stand; one
 * at the time of the last changes nothing. */
void history_add(struct history *h, const struct history_sample *sample);

/* Point `i` of h->n, the oldest first: whole from 100 on, with one decimal
 * below that. */
double history_at(const struct history *h, enum history_series series,
                  size_t i);
/* The newest one, 0 before there is any. */
double history_now(const struct history *h, enum history_series series);
/* The largest one, 0 without any. */
double history_peak(const struct history *h, enum history_series series);

#endif
