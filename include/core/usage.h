/* usage - what a session was used for, and how it ended.
 *
 * Counted for sessions that this relay issued, from their owner's side. What
 * goes from one client of this relay to another is counted for both. */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

#include "str.h"

/* Why a session ended, and what that is called. */
#define SESSION_WHYS_LIST(X)                                                   \
    X(SESSION_EXPIRED, "expired")       /* its time was over */                \
    X(SESSION_CONNECTION, "connection") /* its connection ended */             \
    X(SESSION_KICKED, "kicked")         /* the operator ended it */            \
    X(SESSION_SHUTDOWN, "shutdown")     /* the relay ends */

enum session_why {
#define SESSION_WHY_ENUM(name, text) name,
    SESSION_WHYS_LIST(SESSION_WHY_ENUM)
#undef SESSION_WHY_ENUM
        SESSION_WHYS
};

/* Static. */
const char *session_why_name(enum session_why why);

/* One way. Octets are of SEND bodies that were passed on, whole or in part;
 * messages are SENDs passed on that ended with `$`; reports were passed on. */
struct usage_flow {
    uint64_t octets;
    uint64_t messages;
    uint64_t reports;
};

struct usage {
    struct usage_flow sent;     /* by its owner */
    struct usage_flow received; /* by its owner */
    uint64_t reports_made;      /* by this relay, for its owner as the sender */
};

enum { SESSION_SHORT_ID_LEN = 6 }; /* of a token: what may be shown of it */

/* A session that is over. The texts are valid during the call only. */
struct session_record {
    char short_id[SESSION_SHORT_ID_LEN + 1];
    struct span user;
    uint64_t connection;         /* number of the one that carried its AUTH */
    uint64_t began_ms, ended_ms; /* as told by relay_clock() */
    enum session_why why;
    struct usage usage;
};

/* A session has ended. It must not call the relay. */
typedef void (*usage_fn)(void *ctx, const struct session_record *record);

#endif
