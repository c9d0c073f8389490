/* SPDX-License-Identifier: BSD-2-Clause */
/* backoff - hosts that failed recently and are not retried yet.
 *
 * After the first failure a host and port are not retried for a second, after
 * each further one for twice as long, up to half a minute. If it is not tried
 * for a minute after that, its failures are forgotten. Reads no clock. The
 * table is bounded: the oldest failure is dropped. */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

#include "str.h"

struct backoff;

enum {
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_LONGEST_MS = 30000,
    BACKOFF_FORGET_MS = 60000, /* after the end of the rest */
    BACKOFF_MAX = 1024,        /* hosts remembered */
    BACKOFF_HOST_MAX = 255,    /* octets of a host that is remembered */
};

/* `seed` is random, for its table. 0 or ERR_NOMEM. */
int backoff_new(struct backoff **out, const uint64_t seed[2]);
/* NULL is harmless. */
void backoff_free(struct backoff *b);

/* The error with which host and port failed, and for how many ms more they are
 * not to be tried; 0 when they may be. Hosts have no case. */
int backoff_check(const struct backoff *b, struct span host, uint16_t port,
                  uint64_t now_ms, uint64_t *left_ms);

/* They failed with `err`. A failure while they rest does not count. */
void backoff_fail(struct backoff *b, struct span host, uint16_t port, int err,
                  uint64_t now_ms);

/* They work: what they did before is forgotten. */
void backoff_clear(struct backoff *b, struct span host, uint16_t port);
void backoff_clear_all(struct backoff *b);

#endif
