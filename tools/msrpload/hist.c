/* SPDX-License-Identifier: BSD-2-Clause */
#include "hist.h"

#include <stddef.h>

/* Values below 128 have a step each; above, the highest bit chooses the group
 * and the seven bits after it the step. */
static size_t step_of(uint64_t value)
{
    unsigned shift;

    if (value >> HIST_STEP_BITS == 0)
        return (size_t)value;
    shift = 63 - (unsigned)__builtin_clzll(value) - HIST_STEP_BITS;
    return ((size_t)shift << HIST_STEP_BITS) + (size_t)(value >> shift);
}

static uint64_t top_of(size_t step)
{
    unsigned shift;
    uint64_t front;

    if (step >> (HIST_STEP_BITS + 1) == 0)
        return step;
    shift = (unsigned)(step >> HIST_STEP_BITS) - 1;
    front = step - ((size_t)shift << HIST_STEP_BITS);
    return ((front + 1) << shift) - 1;
}

void hist_add(struct hist *h, uint64_t value)
{
    if (value > HIST_MAX)
        value = HIST_MAX;
    h->count++;
    h->steps[step_of(value)]++;
    if (value > h->max)
        h->max = value;
}

uint64_t hist_at(const struct hist *h, double share)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < HIST_STEPS; i++) {
        seen += h->steps[i];
        if (seen > 0 && (double)seen >= share * (double)h->count)
            return top_of(i) < h->max ? top_of(i) : h->max;
    }
    return h->max;
}
