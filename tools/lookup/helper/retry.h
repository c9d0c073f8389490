/* SPDX-License-Identifier: BSD-2-Clause */
/* retry - how long a store that fails is left alone. */
#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

enum { RETRY_FIRST_MS = 500, RETRY_LONGEST_MS = 5000 };

/* After so many failures (> 0) in a row. */
static inline uint64_t retry_ms(unsigned failures)
{
    uint64_t ms = RETRY_FIRST_MS;

    while (--failures && ms < RETRY_LONGEST_MS)
        ms *= 2;
    return ms < RETRY_LONGEST_MS ? ms : RETRY_LONGEST_MS;
}

#endif
