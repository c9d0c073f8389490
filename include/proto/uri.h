/* SPDX-License-Identifier: BSD-2-Clause */
/* uri - an MSRP URI (RFC 4975, 6 and 9; RFC 7977, 5.2.1), taken apart.
 *
 *     msrps://user@host.example:2855/session-id;tcp;param=value
 *
 * All parts are spans into the text given; nothing is decoded or rewritten, so
 * `text` is what goes on the wire again (I-11). */
#ifndef URI_H
#define URI_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

struct uri {
    struct span text; /* all of it, as given */
    struct span host; /* without a final dot; IPv6 literals with brackets */
    struct span session_id; /* empty: absent */
    struct span transport;  /* "tcp", "ws", ...: never empty */
    uint16_t port;          /* 0: absent */
    bool secure;            /* msrps */
};

/* Takes `text` apart: 0 or ERR_SYNTAX. An empty port, port 0 or one over 65535,
 * an empty session-id, a numeric host without a port (R4975-6-c, R4976-8-b), a
 * missing transport (R4975-6-b) and octets outside US-ASCII are errors. */
int uri_parse(struct uri *out, struct span text);

/* RFC 4975, 6.1: scheme, host, port, session-id and transport are equal; user
 * and other parameters do not count. */
bool uri_equal(const struct uri *a, const struct uri *b);

/* Hosts as RFC 4975, 6.1 compares them: numeric addresses by value, names
 * without case and with percent-encoded unreserved octets decoded. */
bool uri_host_equal(struct span a, struct span b);

/* The octets by which equal hosts can be told without comparing them as above:
 * writes at most URI_HOST_KEY_MAX octets, and returns how many; 0 for what is
 * no host. The key of a name is the octet URI_HOST_KEY_NAME and the name in
 * lower case. */
enum { URI_HOST_KEY_MAX = 256, URI_HOST_KEY_NAME = '0' };
size_t uri_host_key(char *dst, struct span host);

/* The same for host, port and scheme of a URI: at most URI_AUTHORITY_KEY_MAX
 * octets; 0 if its host is none. */
enum { URI_AUTHORITY_KEY_MAX = URI_HOST_KEY_MAX + 3 };
size_t uri_authority_key(char *dst, const struct uri *u);

/* Is it an IPv4 address or an IPv6 literal in brackets? */
bool uri_host_is_numeric(struct span host);

/* The key under which equal URIs meet in a hash table: writes at most `size`
 * octets, returns how many. Equal URIs have equal keys; unequal ones may. */
size_t uri_key(char *dst, size_t size, const struct uri *u);

#endif
