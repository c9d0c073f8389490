/* SPDX-License-Identifier: BSD-2-Clause */
/* token_bucket - how much may pass at a steady rate.
 *
 * It fills steadily and holds what comes in in a tenth of a second, or in as
 * long as the caller says each time, but one at least; it begins full. */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* With all but the rate zeroed, it is full. */
struct token_bucket {
    uint64_t rate; /* in a second; 0: no bounds */
    /* Thousandths of what is left, so that a low rate is not lost in rounding,
     * as of this time. */
    uint64_t left_milli;
    uint64_t at_ms;
};

/* What may pass now; UINT64_MAX without bounds. */
uint64_t token_bucket_allows(struct token_bucket *b, uint64_t now_ms);

/* The same for one that holds what comes in in burst_ms. */
uint64_t token_bucket_allows_burst(struct token_bucket *b, uint64_t burst_ms,
                                   uint64_t now_ms);

/* So much of it has passed; more than was allowed empties it. */
void token_bucket_take(struct token_bucket *b, uint64_t n);

/* Has to wait for the next one. */
bool token_bucket_is_empty(const struct token_bucket *b);

#endif
