/* SPDX-License-Identifier: BSD-2-Clause */
/* usage - what a session was used for, and how it ended.
 *
 * Counted for sessions that this relay issued, from the point of view of their
 * owner. Traffic from one client of this relay to another is counted in both
 * sessions. */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

#include "str.h"

/* Why a session ended, and the name of that in logs and metrics. */
#define SESSION_WHYS_LIST(X)                                                   \
    X(SESSION_EXPIRED, "expired")       /* it was not renewed in time */       \
    X(SESSION_CONNECTION, "connection") /* its connection ended */             \
    X(SESSION_KICKED, "kicked")         /* the operator ended it */            \
    X(SESSION_SHUTDOWN, "shutdown")     /* the relay exits */

enum session_why {
#define SESSION_WHY_ENUM(name, text) name,
    SESSION_WHYS_LIST(SESSION_WHY_ENUM)
#undef SESSION_WHY_ENUM
        SESSION_WHYS
};

/* The name: a static string. */
const char *session_why_name(enum session_why why);

/* Traffic in one direction. */
struct usage_flow {
    uint64_t octets;   /* of SEND bodies that were forwarded, even in part */
    uint64_t messages; /* SENDs forwarded that ended with `$` */
    uint64_t reports;  /* REPORTs forwarded */
};

struct usage {
    struct usage_flow sent;     /* by the owner */
    struct usage_flow received; /* by the owner */
    uint64_t reports_made;      /* by this relay, about the owner's messages */
};

enum { SESSION_SHORT_ID_LEN = 6 }; /* characters of a token that may be shown */

struct contacts;
struct subject;

/* A session that has ended. The texts are valid during the call only. */
struct session_record {
    char short_id[SESSION_SHORT_ID_LEN + 1];
    struct span user, realm;
    uint64_t connection; /* number of the link that carried its AUTH */
    const struct subject *subject; /* of that link; NULL: nothing is known */
    uint64_t began_ms, ended_ms;   /* times of relay_clock() */
    enum session_why why;
    struct usage usage;
    const struct contacts *contacts; /* NULL: none */
};

/* Called when a session has ended. It must not call the relay. */
typedef void (*usage_fn)(void *ctx, const struct session_record *record);

#endif
