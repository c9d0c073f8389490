/* SPDX-License-Identifier: BSD-2-Clause */
/* auth_failures - wrong credentials, counted for each user and link (S-5).
 *
 * Many clients share another relay's link, so it is not closed for one of them
 * (R4976-6.3-p). Instead a user gets no further over it for a while: after
 * `max` failures by way of one source, which is the first From-Path URI, and
 * after AUTH_FAILURES_OVERALL times as many by way of all sources of the link.
 * A client's link, which says of itself what it likes, is one source; there the
 * count keeps a client from guessing another user's password between logins of
 * his own. What a link can make the relay remember is bounded; beyond that its
 * own oldest is forgotten. */
#ifndef AUTH_FAILURES_H
#define AUTH_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "str.h"
#include "table.h"

enum {
    AUTH_FAILURES_OVERALL = 16,
    AUTH_FAILURES_MAX = 8192,      /* entries of another relay's link */
    AUTH_FAILURES_CLIENT_MAX = 16, /* ... and of a client's */
};

struct auth_failures {
    struct table by_key;
};

/* Who tried, over which link. */
struct auth_attempt {
    struct link *link;
    struct span source; /* the first From-Path URI */
    struct span user, realm;
};

/* What counts: from the policy. */
struct auth_failures_rule {
    uint32_t max;
    uint64_t for_ms; /* how long a failure is remembered */
};

/* 0 or ERR_NOMEM. */
int auth_failures_init(struct auth_failures *a, const uint64_t seed[2]);
/* All links must have been closed. */
void auth_failures_fini(struct auth_failures *a);

/* Sets up this module's part of a link; forgets what came over it. */
void auth_failures_link_init(struct link *l);
void auth_failures_link_closed(struct auth_failures *a, struct link *l);

/* Has this user failed too often over this link to be judged now? */
bool auth_failures_block(const struct auth_failures *a,
                         const struct auth_attempt *t,
                         struct auth_failures_rule rule, uint64_t now_ms);

/* One more failure; without memory it is not counted. */
void auth_failures_count(struct auth_failures *a, const struct auth_attempt *t,
                         struct auth_failures_rule rule, uint64_t now_ms);

/* The user got in: those before do not count any longer. */
void auth_failures_clear(struct auth_failures *a, const struct auth_attempt *t);

#endif
