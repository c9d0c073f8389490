/* SPDX-License-Identifier: BSD-2-Clause */
/* hist - how often each duration occurred, to within 1 %.
 *
 * Log-linear: each power of two is cut into as many equal steps, so that a few
 * tens of kilobytes hold nanoseconds and hours with the same relative error.
 * What is given back is the highest value that falls into the same step. */
#ifndef HIST_H
#define HIST_H

#include <stdint.h>

enum {
    HIST_STEP_BITS = 7, /* steps in a power of two: 128, so 0.8 % */
    HIST_VALUE_BITS = 48,
    HIST_STEPS = (HIST_VALUE_BITS - HIST_STEP_BITS + 1) << HIST_STEP_BITS
};

/* The largest value that is distinguished; 78 hours of nanoseconds. */
#define HIST_MAX ((UINT64_C(1) << HIST_VALUE_BITS) - 1)

/* All zero is an empty one. */
struct hist {
    uint64_t count;
    uint64_t max; /* exact */
    uint64_t steps[HIST_STEPS];
};

/* Adds one value; more than HIST_MAX counts as that. */
void hist_add(struct hist *h, uint64_t value);

/* The least value that `share` (0..1) of all values do not exceed; 0 if there
 * are none. */
uint64_t hist_at(const struct hist *h, double share);

#endif
