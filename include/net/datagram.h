/* SPDX-License-Identifier: BSD-2-Clause */
/* datagram - a UDP socket that answers from the address that was asked.
 *
 * A socket at a wildcard address has many addresses of its own; a peer with a
 * connected socket sees only what comes from the one that it wrote to. Answers
 * may be fragmented on the way (no DF). */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include "sock.h"
#include "str.h"

enum { DATAGRAM_MAX = 65507 };

/* Where a datagram came from and which address of ours it went to. */
struct datagram_ends {
    struct addr peer;
    struct in6_addr own; /* in a form that datagram_send() knows */
    unsigned interface;
    int own_family; /* AF_INET, AF_INET6; 0: unknown */
};

/* A socket bound to `at`; "::" takes IPv4 too. 0 or ERR_IO (errno is set). */
int datagram_open(int *out, const struct addr *at);

/* The next datagram, into dst[size]: 0; ERR_AGAIN when there is none; ERR_LIMIT
 * for one that is longer, which is lost; ERR_IO (errno is set). */
int datagram_receive(int fd, char *dst, size_t size, size_t *n,
                     struct datagram_ends *ends);

/* Sends one back: 0, or ERR_IO (errno is set). */
int datagram_send(int fd, const struct datagram_ends *ends, struct span data);

#endif
