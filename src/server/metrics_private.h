/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_private - what metrics.c and metrics_table.c share, and no other file
 * sees. */
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

/* All families but those that metrics.c writes by itself. */
extern const struct metrics_family metrics_families[];
extern const size_t metrics_families_n;

#endif
