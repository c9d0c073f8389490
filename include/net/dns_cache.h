/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_cache - what name servers said, remembered for as long as they allow.
 *
 * Identical questions share one query. Answers are kept for their TTL, at least
 * a second and at most an hour; that there is none is kept for some seconds.
 * The number of names is bounded: the one not used for longest goes. */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include "dns.h"
#include "list.h"
#include "loop.h"

struct dns_cache;

enum {
    DNS_CACHE_MAX = 1024,    /* questions remembered or under way */
    DNS_CACHE_TTL_MIN_S = 1, /* bounds of a TTL */
    DNS_CACHE_TTL_MAX_S = 3600,
    DNS_CACHE_NONE_S = 5,   /* "there is no such name" */
    DNS_CACHE_FAILED_S = 1, /* no server could tell */
};

/* 0 with `answer`, which is valid in the call, or the error of dns_done_fn. */
typedef void (*names_known_fn)(void *ctx, int err, struct dns_answer *answer);

/* A pending question; a field of its owner, and to be cancelled before the
 * owner is freed. */
struct dns_cache_wait {
    struct list link;
    names_known_fn fn;
    void *ctx;
};

void names_wait_init(struct dns_cache_wait *w, names_known_fn fn, void *ctx);
/* Cancels the wait; no-op if not waiting. */
void names_wait_end(struct dns_cache_wait *w);

/* `seed` is random, for its table. 0 or what dns_new() says. Nobody may wait
 * any more when it is freed. */
int dns_cache_new(struct dns_cache **out, struct loop *loop,
                  const uint64_t seed[2], const struct dns_settings *s);
void dns_cache_free(struct dns_cache *n);

/* Two-phase reconfiguration for other servers: dns_cache_prepare() may fail,
 * with the errors of dns_new(), and changes nothing yet. dns_cache_commit()
 * forgets what is known, and repeats what is under way. dns_cache_abandon() is
 * harmless when nothing was prepared. */
int dns_cache_prepare(struct dns_cache *n, const struct dns_settings *s);
void dns_cache_commit(struct dns_cache *n);
void dns_cache_abandon(struct dns_cache *n);

/* What is known about this name of at most DNS_NAME_MAX octets: 0 with *answer,
 * which is valid until the next call here; ERR_AGAIN when `w` now waits; or an
 * error of dns_done_fn, or ERR_LIMIT when too much is under way. */
int dns_cache_ask(struct dns_cache *n, struct dns_cache_wait *w,
                  struct span name, enum dns_type type,
                  struct dns_answer **answer);

/* dns_hosts_file() */
size_t names_hosts_file(struct dns_cache *n, const char *name,
                        struct addr *list, size_t room);

void dns_cache_stats(const struct dns_cache *n, struct dns_stats *out);

#endif
