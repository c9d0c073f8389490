/* SPDX-License-Identifier: BSD-2-Clause */
/* config_value - single values as an operator writes them, and back to text.
 *
 * Pure. What is written is read back as the same value. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cidr.h"
#include "sock.h"
#include "str.h"

enum { CONFIG_VALUE_MAX = 64 }; /* octets of any text below, with its NUL */

/* A duration: seconds, with a fraction if need be, or with one of the units ms,
 * s, m, h and d after it. 0, ERR_SYNTAX or ERR_LIMIT. */
int config_value_time(uint64_t *ms, struct span text);

/* The duration of so many seconds: 0, or ERR_LIMIT for what is negative, not
 * finite or too long. */
int config_value_seconds(uint64_t *ms, double seconds);

/* Octets: a whole number, with k, M, G or T of either case after it for powers
 * of 1024. 0, ERR_SYNTAX or ERR_LIMIT. */
int config_value_size(uint64_t *octets, struct span text);

/* "address", "address:port" or "[address]:port", with port 53 where there is
 * none: 0 or ERR_SYNTAX. */
int config_value_server(struct addr *out, struct span text);

/* "udp:ADDRESS:PORT" or "tcp:ADDRESS:PORT", an IPv6 address in brackets: 0 or
 * ERR_SYNTAX. */
int config_value_ng_place(bool *is_tcp, struct addr *out, struct span text);

/* Is it a host name (and not a numeric address)? */
bool config_value_is_host(struct span text);

/* The same values as text, with a NUL, into dst (CONFIG_VALUE_MAX): a duration
 * in seconds without a unit, a size with the unit in which it is short. */
const char *config_value_time_text(char *dst, uint64_t ms);
const char *config_value_size_text(char *dst, uint64_t octets);
const char *config_value_cidr_text(char *dst, const struct cidr *c);
const char *config_value_address_text(char *dst, const struct addr *a);

#endif
