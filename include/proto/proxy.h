/* SPDX-License-Identifier: BSD-2-Clause */
/* proxy - the header of the PROXY protocol, versions 1 and 2: what a balancer
 * says, ahead of everything else on a connection, about the client for whom it
 * has opened it.
 *
 * Pure. Octets are taken from the front of the input, never more than the
 * header has. A line of version 1 and the addresses of version 2 are gathered;
 * the TLVs of version 2, which may have 64 KiB, are read as they come: the ones
 * for TLS and for the checksum, all others are skipped. */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum {
    PROXY_MAX = 16 + UINT16_MAX, /* octets of a header */
    PROXY_START = 107, /* octets that are gathered: a line of version 1 */
};

/* Where the TLVs of a header have got to. */
struct proxy_tlvs {
    unsigned char head[3]; /* type and length of the one at hand */
    size_t n;      /* octets of it so far, with its head; 0: between two */
    bool are_none; /* what follows is something else */
    bool has_crc;
    uint32_t crc, want_crc;
};

/* Where a connection comes from. */
struct proxy_source {
    unsigned char host[16];
    size_t n; /* octets of it: 4 or 16; 0: the header tells no address that is
                 to be used (LOCAL, UNKNOWN, UNSPEC, or no TCP over IP) */
    uint16_t port;
    bool is_tls; /* the client spoke TLS with the balancer */
};

/* A header that is being read. */
struct proxy_head {
    struct proxy_source source; /* once it is complete */
    const char *fault;          /* after an error: what is wrong; static */
    size_t n;                   /* octets taken */
    unsigned char octets[PROXY_START]; /* the first of them */
    struct proxy_tlvs tlvs;
};

void proxy_init(struct proxy_head *h);

/* Takes what belongs to the header from the front of *in: 0 when it is
 * complete, ERR_AGAIN when more is needed, or ERR_SYNTAX for what is no header
 * or a wrong one; after that nothing more may be given to it. */
int proxy_next(struct proxy_head *h, struct span *in);

/* Is this the beginning of a header, where there should be none? It takes
 * PROXY_MARK octets to tell. */
enum { PROXY_MARK = 5 };
bool proxy_begins(struct span octets);
/* What the log says then. */
extern const char proxy_unwanted[];

#endif
