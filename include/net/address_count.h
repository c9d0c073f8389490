/* SPDX-License-Identifier: BSD-2-Clause */
/* address_count - how many connections each IPv4 address and each IPv6 /64 has
 * (limits.connections_per_address). IPv4-mapped addresses count as IPv4. */
#ifndef ADDRESS_COUNT_H
#define ADDRESS_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "sock.h"
#include "table.h"

struct address_count {
    struct table by_host;
};

/* 0 or ERR_NOMEM. */
int address_count_init(struct address_count *a, const uint64_t seed[2]);
void address_count_fini(struct address_count *a);

/* One more from this address: false, and nothing is counted, if there are `max`
 * already (0: no limit) or without memory. */
bool address_count_add(struct address_count *a, const struct addr *from,
                       uint64_t max);
/* One less; it was added. */
void address_count_remove(struct address_count *a, const struct addr *from);

#endif
