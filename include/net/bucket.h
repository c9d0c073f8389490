/* bucket - how much may pass at a steady rate.
 *
 * It fills steadily and holds what comes in in a tenth of a second, but one at
 * least; it begins full. */
#ifndef BUCKET_H
#define BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* With all but the rate zeroed, it is full. */
struct bucket {
    uint64_t rate; /* in a second; 0: no bounds */
    /* Thousandths of what is left, so that a low rate is not lost in rounding,
     * as of this time. */
    uint64_t left_milli;
    uint64_t at_ms;
};

/* What may pass now; UINT64_MAX without bounds. */
uint64_t bucket_allows(struct bucket *b, uint64_t now_ms);

/* So much of it has passed. */
void bucket_take(struct bucket *b, uint64_t n);

/* Has to wait for the next one. */
bool bucket_is_empty(const struct bucket *b);

#endif
