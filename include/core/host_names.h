/* SPDX-License-Identifier: BSD-2-Clause */
/* host_names - the names of a host, as its certificate or the configuration has
 * them.
 *
 * Taken once, when the handshake is over, so that no function of X.509 runs
 * for a message (S-6). A name is exact, or `*.` and the rest: `*` is one whole
 * label, and the rest has two labels at least, as for OpenSSL and RFC 6125,
 * 6.4.3. Addresses are exact. Comparison is that of RFC 4975, 6.1. A pattern
 * is no host: where the host of a URI is asked for, one with `*` is none. */
#ifndef HOST_NAMES_H
#define HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

enum { HOST_NAMES_MAX = 64 }; /* what is added beyond them is left out */

struct host_names;

/* An empty set, or NULL without memory. Free with host_names_free(). */
struct host_names *host_names_new(void);
/* NULL is harmless. */
void host_names_free(struct host_names *set);

/* Adds a name as a certificate has it, or an address as a URI writes it (IPv6
 * in brackets). 0, ERR_SYNTAX for what is no host, ERR_FULL beyond
 * HOST_NAMES_MAX, ERR_NOMEM. One that is there already is not added again. */
int host_names_add(struct host_names *set, struct span name);

/* Is `host`, the host of a URI, among them? false for NULL. */
bool host_names_have(const struct host_names *set, struct span host);

/* Is there a host that both sets have? Patterns meet if one has the other. */
bool host_names_meet(const struct host_names *a, const struct host_names *b);

size_t host_names_count(const struct host_names *set);

/* The key of the name at index i, below the count: what uri_host_key() gives
 * for it. Valid until the next host_names_add(). */
struct span host_names_key(const struct host_names *set, size_t i);

/* Writes the key of the pattern that has `host`, the host of a URI, into `dst`
 * (URI_HOST_KEY_MAX): its octets, 0 if there can be none. */
size_t host_names_pattern(char *dst, struct span host);

/* The name at index i, below the count, as it was added but in lower case;
 * valid until the next host_names_add(). An address is not a text. */
struct span host_names_at(const struct host_names *set, size_t i);

#endif
