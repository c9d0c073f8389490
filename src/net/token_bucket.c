/* SPDX-License-Identifier: BSD-2-Clause */
#include "token_bucket.h"

enum {
    MILLI = 1000,   /* thousandths in one */
    BURST_MS = 100, /* that of most */
};

uint64_t token_bucket_allows_burst(struct token_bucket *b, uint64_t burst_ms,
                                   uint64_t now_ms)
{
    uint64_t most = burst_ms * b->rate > MILLI ? burst_ms * b->rate : MILLI;
    uint64_t elapsed_ms = now_ms - b->at_ms;

    if (!b->rate)
        return UINT64_MAX;
    /* From 0 on any time is long enough to fill it. */
    b->left_milli += elapsed_ms < burst_ms ? b->rate * elapsed_ms : most;
    if (b->left_milli > most)
        b->left_milli = most;
    b->at_ms = now_ms;
    return b->left_milli / MILLI;
}

uint64_t token_bucket_allows(struct token_bucket *b, uint64_t now_ms)
{
    return token_bucket_allows_burst(b, BURST_MS, now_ms);
}

void token_bucket_take(struct token_bucket *b, uint64_t n)
{
    if (b->rate)
        b->left_milli -= n < b->left_milli / MILLI ? MILLI * n : b->left_milli;
}

bool token_bucket_is_empty(const struct token_bucket *b)
{
    return b->rate && b->left_milli < MILLI;
}
