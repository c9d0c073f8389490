/* SPDX-License-Identifier: BSD-2-Clause */
/* pattern - the content of messages: cheap to make, and to check wherever one
 * is cut.
 *
 * An endless text of letters that repeats after a prime number of octets, so
 * that no usual size is a multiple of it: what is missing, moved or from
 * another message does not fit. Each message begins at a place of its own in
 * it. No line break occurs, so that no end-line can. */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum {
    PATTERN_PERIOD = 16381,
    PATTERN_RUN = 65536 /* most octets asked for at once */
};

struct pattern {
    char text[PATTERN_PERIOD + PATTERN_RUN];
};

/* The same for everybody: sender and receiver may be two programs. */
void pattern_init(struct pattern *p);

/* Octets `offset` to `offset` + n of message `number` of flow `flow`; n is at
 * most PATTERN_RUN. */
struct span pattern_get(const struct pattern *p, uint64_t flow, uint64_t number,
                        uint64_t offset, size_t n);

/* Is `body`, of any length, what the pattern has there? */
bool pattern_is(const struct pattern *p, uint64_t flow, uint64_t number,
                uint64_t offset, struct span body);

#endif
