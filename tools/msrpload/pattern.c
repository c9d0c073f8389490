/* SPDX-License-Identifier: BSD-2-Clause */
#include "pattern.h"

#include <assert.h>

/* Places of consecutive messages, and of the same message in two flows, are
 * far apart. */
enum { FLOW_STRIDE = 7919, NUMBER_STRIDE = 4099 };

void pattern_init(struct pattern *p)
{
    static const char letters[64] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
    uint64_t state = 1;

    for (size_t i = 0; i < PATTERN_PERIOD; i++) {
        /* Knuth's linear congruential generator; its high bits. */
        state = state * UINT64_C(6364136223846793005) +
                UINT64_C(1442695040888963407);
        p->text[i] = letters[state >> 58];
    }
    for (size_t i = PATTERN_PERIOD; i < sizeof p->text; i++)
        p->text[i] = p->text[i - PATTERN_PERIOD];
}

struct span pattern_get(const struct pattern *p, uint64_t flow, uint64_t number,
                        uint64_t offset, size_t n)
{
    uint64_t at = flow * FLOW_STRIDE + number * NUMBER_STRIDE + offset;

    assert(n <= PATTERN_RUN);
    return span_of(p->text + at % PATTERN_PERIOD, n);
}

bool pattern_is(const struct pattern *p, uint64_t flow, uint64_t number,
                uint64_t offset, struct span body)
{
    while (body.n > 0) {
        size_t n = body.n < PATTERN_RUN ? body.n : PATTERN_RUN;
        struct span want = pattern_get(p, flow, number, offset, n);

        if (memcmp(body.p, want.p, n) != 0)
            return false;
        body = span_from(body, n);
        offset += n;
    }
    return true;
}
