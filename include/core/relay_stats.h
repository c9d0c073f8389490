/* SPDX-License-Identifier: BSD-2-Clause */
/* relay_stats - what the relay counts, for metrics.
 *
 * Counters only rise; fields that end in `_now` are levels. A chunk is one SEND
 * on the wire; a message is all chunks from octet 1 to the chunk that ends with
 * `$`. */
#ifndef RELAY_STATS_H
#define RELAY_STATS_H

#include <stdint.h>

#include "usage.h"
#include "codes.h"

/* The result of an AUTH for this relay itself, and its name in metrics. */
#define RELAY_AUTHS_LIST(X)                                                    \
    X(RELAY_AUTH_OK, "ok") /* 200: a session was granted */                    \
    /* 401: no credentials, or an algorithm that this relay does not offer */  \
    X(RELAY_AUTH_CHALLENGED, "challenged")                                     \
    X(RELAY_AUTH_STALE, "stale")       /* 401: right, but for an old nonce */  \
    X(RELAY_AUTH_WRONG, "wrong")       /* 401: wrong user or password */       \
    X(RELAY_AUTH_EXPIRED, "expired")   /* 401: ephemeral, and too old */       \
    X(RELAY_AUTH_LOOKUP, "lookup")     /* 408: nobody said who the user is */  \
    X(RELAY_AUTH_INTERVAL, "interval") /* 423: Expires out of bounds */        \
    X(RELAY_AUTH_FORBIDDEN, "forbidden") /* 403: not on such a link */         \
    X(RELAY_AUTH_LIMIT, "limit") /* 403: limits.sessions_per_connection */     \
    X(RELAY_AUTH_DRAINING, "draining") /* closed, or 403 */                    \
    X(RELAY_AUTH_MEMORY, "memory")     /* the same */                          \
    X(RELAY_AUTH_FAULTY, "faulty")     /* 400 */

enum relay_auth {
#define RELAY_AUTH_ENUM(name, text) name,
    RELAY_AUTHS_LIST(RELAY_AUTH_ENUM)
#undef RELAY_AUTH_ENUM
        RELAY_AUTHS
};

/* The name: a static string. */
const char *relay_auth_name(enum relay_auth auth);

struct relay_stats {
    uint64_t sessions_now, sessions_ever; /* granted */
    uint64_t sessions_ended[SESSION_WHYS];
    uint64_t auths[RELAY_AUTHS];

    uint64_t auths_waiting_now; /* for what the asker says */
    uint64_t too_many_lookups;  /* 408: one AUTH more than may wait */

    /* SENDs. One that is refused, or is for the relay itself, counts as in but
     * not as forwarded. */
    uint64_t chunks_in;          /* received, with a valid head */
    uint64_t chunks_forwarded;   /* of these, forwarded to their end */
    uint64_t chunks_out;         /* sent: one in may become several */
    uint64_t messages_in;        /* chunks in with octet 1, or with no octet */
    uint64_t messages_forwarded; /* chunks forwarded that ended with `$` */
    uint64_t messages_given_up;  /* ... that ended with `#` */
    uint64_t octets_in;  /* of bodies that were accepted for forwarding */
    uint64_t octets_out; /* of bodies that were sent */

    /* Responses by code (codes.h). */
    uint64_t responses_made[CODES];
    uint64_t responses_received[CODES]; /* to what this relay had sent */
    uint64_t responses_forwarded; /* of these, to other methods than SEND */

    /* Other requests. */
    uint64_t reports_made_by_code[CODES];
    uint64_t reports_made, reports_forwarded;
    uint64_t reports_owed_now; /* due, but not written yet */
    uint64_t reports_dropped;  /* due, but the sender is gone */
    uint64_t auths_forwarded;  /* to other relays */
    uint64_t others_forwarded; /* of unknown methods, such as NICKNAME */

    uint64_t transactions_now, transactions_ever;
    uint64_t timeouts;         /* transactions without a response in time */
    uint64_t senders_unproven; /* 403: From-Path is not what the link proved */
    uint64_t peers_claimed;    /* 506: another link has the peer's place */
    /* Hosts and ports that links to relays lead to: in all, and of these those
     * to which the link was dialled. */
    uint64_t relay_links_now, relay_links_accepted_now, relay_links_dialled_now;
    uint64_t dropped; /* frames discarded without a response */

    /* Links that are paused until another link's output has room, or until
     * responses come over it. */
    uint64_t links_waiting_now;
    uint64_t longest_wait_ms; /* of these */
    uint64_t waits;           /* how often a link was paused */
    uint64_t wait_ms;         /* for how long, in total up to now */

    /* How often a limit was reached. */
    uint64_t too_many_sessions;      /* limits.sessions_per_connection */
    uint64_t too_many_of_user;       /* limits.sessions_per_user */
    uint64_t too_many_of_relay;      /* limits.sessions_per_relay */
    uint64_t too_many_of_user_wrong; /* 403: auth.max_failures over a link */
    uint64_t too_large;              /* limits.message_size */
    uint64_t too_many_requests;      /* limits.requests_per_connection */
    uint64_t too_many_dials;         /* limits.dials_per_connection */
    uint64_t too_many_transactions; /* limits.transactions_per_connection, where
                                       the sender could not be paused */
    uint64_t held_too_long;         /* 408: timers.hold */
    uint64_t no_room;               /* 408: a shared link would have to wait */
    uint64_t too_many_challenges;   /* closed: none of them was met */
    uint64_t too_many_failures;     /* closed: only failed requests */
    uint64_t too_many_wrong;        /* closed: auth.max_failures */
};

#endif
