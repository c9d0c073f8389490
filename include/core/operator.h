/* operator - what the operator may see and do while the relay runs.
 *
 * Nothing here shows a whole token, for who has a token has the session. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "usage.h"
#include "list.h"
#include "relay.h"
#include "session.h"
#include "str.h"
#include "trace.h"

/* --- the sessions there are --- */

/* A walk over all sessions in the order in which they were granted, in as many
 * turns of the loop as it takes: sessions may end and begin meanwhile, and
 * those that begin are shown too (walk.h). */
struct relay_walk {
    struct session_walk at;
};

void relay_walk_begin(struct relay *r, struct relay_walk *w);

/* Ends the walk before its end. Harmless when it is over, or zeroed. */
void relay_walk_end(struct relay_walk *w);

/* A session as it is now; the texts are valid until the relay is called again.
 */
struct session_view {
    char short_id[SESSION_SHORT_ID_LEN +
                  1]; /* the first characters of its token */
    struct span user;
    struct span home;    /* the relay it belongs to; empty: to its connection */
    uint64_t connection; /* the one that carried its AUTH */
    uint64_t began_ms, expires_ms; /* of the clock of relay_clock() */
    uint32_t peers;                /* who of the other side is known */
    struct usage usage;
};

/* The next session; false at the end, and the walk is over then. */
bool relay_walk_next(struct relay_walk *w, struct session_view *v);

/* Ends the session that relay_walk_next() gave last, unless it has ended
 * already. What is in flight of it fails with 481, and so does what is sent to
 * it from now on. Its connection is closed with it if it carries no other
 * session and does not lead to another relay. */
void relay_walk_kick(struct relay *r, struct relay_walk *w);

/* --- tracing --- */

/* Begins (`on`) or ends to write a line for each head that comes in or goes out
 * for this user or session, whatever the level of the log is; also for sessions
 * that begin later (trace.h). As trace_set(). */
int relay_trace(struct relay *r, enum trace_kind kind, struct span what,
                bool on);

/* The i-th of what is traced, NULL behind the last. Valid until the next call
 * of relay_trace(). */
const struct trace_target *relay_traced(const struct relay *r, size_t i);

#endif
