/* SPDX-License-Identifier: BSD-2-Clause */
/* dns - asks name servers, by c-ares on the loop.
 *
 * Never blocks and never follows search domains: names are whole. A server that
 * does not answer is asked again and the next one too, each time more
 * patiently; an answer that was cut is fetched over TCP. */
#ifndef DNS_H
#define DNS_H

#include <stddef.h>
#include <stdint.h>

#include "dns_message.h"
#include "loop.h"
#include "sock.h"

struct dns;

struct dns_settings {
    const struct addr *servers; /* with their port */
    size_t n_servers;           /* 0: the system's */
    uint64_t try_ms;            /* patience with the first try */
    unsigned tries;             /* of each server */
};

/* Questions to name servers, and what is remembered of their answers; counters
 * only grow. The system's hosts file and numeric hosts do not come to this. */
struct dns_stats {
    uint64_t ok; /* questions that were sent, by result */
    uint64_t not_found;
    uint64_t timeout;
    uint64_t failed; /* servers unreachable, refusing or talking nonsense */
    uint64_t hits;   /* not sent: the answer was known */
    uint64_t joined; /* not sent: the same was being asked */
    size_t known;    /* answers remembered now */
    size_t asking;   /* questions under way now */
};

/* 0, or ERR_NOMEM, or ERR_IO when the system's settings cannot be read. */
int dns_new(struct dns **out, struct loop *loop, const struct dns_settings *s);
/* Nobody is called any more. Not from within a call. NULL is harmless. */
void dns_free(struct dns *d);

/* 0 with what was found, which is the receiver's, or ERR_NOT_FOUND,
 * ERR_TIMEOUT, ERR_IO (servers that cannot be reached, fail or talk nonsense)
 * or ERR_NOMEM with NULL. */
typedef void (*dns_done_fn)(void *ctx, int err, struct dns_answer *answer);

/* Asks; `done` is called once, perhaps before the return. 0, ERR_NOMEM, or
 * ERR_LIMIT when no descriptor is left. */
int dns_ask(struct dns *d, const char *name, enum dns_type type,
            dns_done_fn done, void *ctx);

/* What the system's hosts file has for the name, IPv6 and IPv4, with port 0:
 * how many of at most `room` were written to `list`. */
size_t dns_hosts_file(struct dns *d, const char *name, struct addr *list,
                      size_t room);

#endif
