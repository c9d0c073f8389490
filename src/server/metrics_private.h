/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_private - what metrics.c and the groups of metrics share, and no
 * other file sees.
 *
 *     metrics.c              writes them, group by group
 *     metrics_connections.c  who connects, and what was refused
 *     metrics_sessions.c     logins, sessions, anchored sessions
 *     metrics_messages.c     what is relayed
 *     metrics_process.c      dials, DNS, TLS, the process
 */
#ifndef METRICS_PRIVATE_H
#define METRICS_PRIVATE_H

#include <stddef.h>

#include "metrics.h"

/* What is at the place that a sample names. */
enum metrics_kind {
    METRICS_COUNT, /* uint64_t */
    METRICS_SIZE,  /* size_t */
    METRICS_FLAG,  /* bool: 0 or 1 */
    METRICS_UNSET, /* bool: 1 or 0 */
    METRICS_REAL,  /* double */
    METRICS_SINCE, /* double, Unix time; 0: there is no sample */
    METRICS_MILLI, /* uint64_t milliseconds, shown as seconds */
};

/* A sample of its own place. */
struct metrics_sample {
    const char *value; /* of the family's label */
    size_t at;
};

/* A label whose values are the elements of an array. */
struct metrics_axis {
    const char *label;
    size_t n;
    const char *(*value)(size_t i);
};

struct metrics_family {
    const char *name;
    const char *type;
    const char *help;
    enum metrics_kind kind;
    size_t at; /* of the only sample, or of the array */
    struct metrics_axis axes[2];
    const char *label; /* of `samples` */
    const struct metrics_sample *samples;
    size_t n_samples;
};

/* Families that belong together: all but those that metrics.c writes by
 * itself. */
struct metrics_group {
    const struct metrics_family *families;
    size_t n;
};

/* A row names what it shows by its place in struct metrics. */
#define AT(field) offsetof(struct metrics, field)
/* A function that names the values of a label, which are an enum's. */
#define NAMES(function, name_of, type)                                         \
    static const char *function(size_t i)                                      \
    {                                                                          \
        return name_of((type)i);                                               \
    }
#define SAMPLES(list)                                                          \
    .samples = (list), .n_samples = sizeof(list) / sizeof *(list)
#define METRICS_GROUP(list)                                                    \
    {                                                                          \
        (list), sizeof(list) / sizeof *(list)                                  \
    }

extern const struct metrics_group metrics_connections, metrics_sessions,
    metrics_messages, metrics_process;

#endif
