/* relay_stats - what the relay counts, for whoever graphs it.
 *
 * Counters only ever rise; what ends in `_now` is a level. A chunk is one SEND
 * as it stands on the wire, a message all chunks with the octets from 1 to the
 * one that ended with `$`. */
#ifndef RELAY_STATS_H
#define RELAY_STATS_H

#include <stdint.h>

#include "usage.h"
#include "codes.h"

/* What became of an AUTH for this relay itself, and what that is called. */
#define RELAY_AUTHS_LIST(X)                                                    \
    X(RELAY_AUTH_OK, "ok") /* 200: a session was granted */                    \
    /* 401: no credentials, or with an algorithm that this relay has not */    \
    X(RELAY_AUTH_CHALLENGED, "challenged")                                     \
    X(RELAY_AUTH_STALE, "stale")       /* 401: right, but for an old nonce */  \
    X(RELAY_AUTH_WRONG, "wrong")       /* 401: wrong user or password */       \
    X(RELAY_AUTH_INTERVAL, "interval") /* 423: Expires out of bounds */        \
    X(RELAY_AUTH_FORBIDDEN, "forbidden") /* 403: not over such a link */       \
    X(RELAY_AUTH_LIMIT, "limit") /* 403: limits.sessions_per_connection */     \
    X(RELAY_AUTH_DRAINING, "draining") /* closed, or 403 */                    \
    X(RELAY_AUTH_FAULTY, "faulty")     /* 400 */

enum relay_auth {
#define RELAY_AUTH_ENUM(name, text) name,
    RELAY_AUTHS_LIST(RELAY_AUTH_ENUM)
#undef RELAY_AUTH_ENUM
        RELAY_AUTHS
};

/* Static. */
const char *relay_auth_name(enum relay_auth auth);

struct relay_stats {
    uint64_t sessions_now, sessions_ever; /* granted */
    uint64_t sessions_ended[SESSION_WHYS];
    uint64_t auths[RELAY_AUTHS];

    /* SENDs. What is refused, or for the relay itself, is in, not forwarded. */
    uint64_t chunks_in;          /* came in, with a sound head */
    uint64_t chunks_forwarded;   /* of them, passed on to their end */
    uint64_t chunks_out;         /* went out: a chunk in may become several */
    uint64_t messages_in;        /* began: chunks in with octet 1 or none */
    uint64_t messages_forwarded; /* chunks forwarded that ended with `$` */
    uint64_t messages_given_up;  /* ... that ended with `#` */
    uint64_t octets_in;  /* of bodies that were let in to be passed on */
    uint64_t octets_out; /* of bodies that went out */

    /* Responses by code (codes.h). */
    uint64_t responses_made[CODES];
    uint64_t responses_received[CODES]; /* to what this relay had sent */
    uint64_t responses_forwarded; /* of those, to other methods than SEND */

    /* Other requests. */
    uint64_t reports_made_by_code[CODES];
    uint64_t reports_made, reports_forwarded;
    uint64_t auths_forwarded;  /* to other relays */
    uint64_t others_forwarded; /* of unknown methods, NICKNAME for one */

    uint64_t transactions_now, transactions_ever;
    uint64_t timeouts; /* transactions that nobody answered in time */
    uint64_t dropped;  /* frames thrown away without an answer */

    /* Links whose reading waits for another link's output. */
    uint64_t links_waiting_now;
    uint64_t waits;   /* how often one was made to wait */
    uint64_t wait_ms; /* how long they waited, all in all, up to now */

    /* How often a limit was met. */
    uint64_t too_many_sessions;     /* limits.sessions_per_connection */
    uint64_t too_large;             /* limits.message_size */
    uint64_t too_many_transactions; /* limits.transactions_per_connection, where
                                       it could not be waited */
    uint64_t too_many_failures;     /* closed: nothing but failed requests */
    uint64_t too_many_wrong;        /* closed: auth.max_failures */
};

#endif
