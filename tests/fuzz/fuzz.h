/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz - what the fuzz targets share. A property that does not hold aborts. */
#ifndef FUZZ_H
#define FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A copy with nothing around it, so that a step outside is seen. Give it back
 * with fuzz_free(). */
static inline struct span fuzz_copy(const void *data, size_t n)
{
    char *p = calloc(n ? n : 1, 1);

    assert(p);
    if (n)
        memcpy(p, data, n);
    return span_of(p, n);
}

static inline void fuzz_free(struct span copy)
{
    free((void *)copy.p);
}

/* Does `part` lie in `whole`, or is it empty? */
static inline bool fuzz_is_within(struct span part, struct span whole)
{
    return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
                           (size_t)(part.p - whole.p) <= whole.n - part.n);
}

#endif
