/* SPDX-License-Identifier: BSD-2-Clause */
#include "token_bucket.h"

enum { MILLI = 1000 }; /* thousandths in one */

uint64_t token_bucket_allows(struct token_bucket *b, uint64_t now_ms)
{
    uint64_t most = b->rate >= 10 ? 100 * b->rate : MILLI;
    uint64_t elapsed_ms = now_ms - b->at_ms;

    if (!b->rate)
        return UINT64_MAX;
    /* From 0 on any time is long enough to fill it. */
    b->left_milli += elapsed_ms < 1000 ? b->rate * elapsed_ms : most;
    if (b->left_milli > most)
        b->left_milli = most;
    b->at_ms = now_ms;
    return b->left_milli / MILLI;
}

void token_bucket_take(struct token_bucket *b, uint64_t n)
{
    if (b->rate)
        b->left_milli -= MILLI * n;
}

bool token_bucket_is_empty(const struct token_bucket *b)
{
    return b->rate && b->left_milli < MILLI;
}
