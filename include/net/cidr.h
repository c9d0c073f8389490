/* SPDX-License-Identifier: BSD-2-Clause */
/* cidr - blocks of addresses, and which addresses are in them.
 *
 * Pure. An IPv4-mapped IPv6 address is judged as the IPv4 address that it
 * means. */
#ifndef CIDR_H
#define CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sock.h"

/* The first `prefix` bits of `host`, whose form is that of addr_host_key(): 4
 * octets for IPv4, 16 for IPv6. */
struct cidr {
    unsigned char host[16];
    size_t n;
    uint64_t prefix;
};

struct cidr_list {
    struct cidr *items;
    size_t n;
};

/* A block of addresses, "10.0.0.0/8", or a single one: 0, ERR_SYNTAX, or
 * ERR_LIMIT when bits after the prefix are set. */
int cidr_parse(struct cidr *out, struct span text);

bool cidr_has(const struct cidr *c, const struct addr *a);
bool cidr_list_has(const struct cidr_list *l, const struct addr *a);

/* The IPv4 host that an IPv6 address leads to by way of NAT64 (64:ff9b::/96 and
 * 64:ff9b:1::/48), 6to4 or an IPv4-compatible or IPv4-mapped form, with the
 * port; else the address itself. */
void cidr_unwrap(struct addr *out, const struct addr *a);

/* Is the address in no block of `deny`, or what it unwraps to in one of
 * `allow`? What it unwraps to must be in no block of `deny` either. */
bool cidr_permits(const struct cidr_list *allow, const struct cidr_list *deny,
                  const struct addr *a);

#endif
