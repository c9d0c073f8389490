/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve - from the host of a URI to addresses (RFC 4976, 8).
 *
 * A name with a port: its addresses (R4976-8-c). A name without one: the
 * targets of its SRV records in the order of RFC 2782, or, if there are none,
 * its own addresses and port 2855 (R4976-8-d). A numeric host is its own
 * address. The system's hosts file comes before the name servers. Answers are
 * remembered, see dns_cache.h. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "dns.h"
#include "loop.h"
#include "rnd.h"
#include "sock.h"
#include "str.h"

struct resolve;
struct resolve_lookup;

enum {
    RESOLVE_PORT = 2855,       /* of a name without SRV records */
    RESOLVE_ADDRS_MAX = 16,    /* in a result */
    RESOLVE_TARGETS_MAX = 8,   /* of SRV records that are looked at */
    RESOLVE_LOOKUPS_MAX = 4096 /* under way */
};

struct resolve_settings {
    struct dns_settings dns;
    uint64_t deadline_ms; /* for a look-up as a whole */
};

/* `rnd` is for the choice by weight, and lives as long. 0 or what dns_new()
 * says. */
int resolve_new(struct resolve **out, struct loop *loop, struct rnd *rnd,
                const struct resolve_settings *s);
/* Ends all look-ups without a call; not from within one. NULL is harmless. */
void resolve_free(struct resolve *r);

/* Other settings from now on: forgets what is remembered, and repeats what is
 * under way. On error all stays as it was. */
int resolve_configure(struct resolve *r, const struct resolve_settings *s);
/* The same in two phases: resolve_prepare() may fail and changes nothing yet,
 * resolve_commit() cannot fail, and resolve_abandon() is harmless when nothing
 * was prepared. */
int resolve_prepare(struct resolve *r, const struct resolve_settings *s);
void resolve_commit(struct resolve *r);
void resolve_abandon(struct resolve *r);

/* The end of a look-up, once: 0 with n > 0 addresses in the order in which they
 * are to be tried, those of a target IPv6 and IPv4 in turn; or with n = 0
 *   ERR_NOT_FOUND  no such name, or it has no address,
 *   ERR_TIMEOUT    no name server answered in time,
 *   ERR_IO         the name servers could not be reached or failed,
 *   ERR_LIMIT      no descriptor is left to ask with, or too much is asked,
 *   ERR_NOMEM.
 * The list is valid in the call; the look-up is gone after it. */
typedef void (*resolve_done_fn)(void *ctx, int err, const struct addr *list,
                                size_t n);

/* Looks `host` up, which is as a URI writes it; port 0: there is none. `done`
 * is called at the end of a turn, never before the return. 0, ERR_NOMEM or
 * ERR_LIMIT. */
int resolve_start(struct resolve_lookup **out, struct resolve *r,
                  struct span host, uint16_t port, resolve_done_fn done,
                  void *ctx);

/* Ends it without a call. Harmless from within its call, and for NULL. */
void resolve_cancel(struct resolve_lookup *l);

/* What became of its questions to name servers. */
void resolve_stats(const struct resolve *r, struct dns_stats *out);

#endif
