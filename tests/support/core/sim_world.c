/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim_world.h"

#include <sys/random.h>

/* xorshift64*, by Vigna: small, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* A state that is never 0, and not alike for seeds that are. */
static uint64_t state_of(uint64_t seed)
{
    return (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

uint32_t sim_below(struct sim *s, uint32_t limit)
{
    return (uint32_t)((next_random(&s->random) >> 32) % limit);
}

bool sim_hits(struct sim *s, unsigned permille)
{
    return permille && sim_below(s, 1000) < permille;
}

static uint64_t system_state;

void sim_seed_system(uint64_t seed)
{
    system_state = state_of(seed);
}

ssize_t __wrap_getrandom(void *dst, size_t n, unsigned flags);

ssize_t __wrap_getrandom(void *dst, size_t n, unsigned flags)
{
    unsigned char *p = dst;

    (void)flags;
    if (system_state == 0)
        system_state = state_of(0);
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(next_random(&system_state) >> 56);
    return (ssize_t)n;
}
