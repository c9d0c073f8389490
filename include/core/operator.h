/* SPDX-License-Identifier: BSD-2-Clause */
/* operator - what an operator may see and do while the relay runs.
 *
 * No function shows a whole token: whoever has the token has the session. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "anchored.h"
#include "usage.h"
#include "list.h"
#include "relay.h"
#include "session.h"
#include "str.h"
#include "temporary_users.h"
#include "trace.h"

/* --- sessions --- */

/* A walk over all sessions, in the order in which they were granted. It may
 * take many turns of the loop: sessions may end and begin meanwhile, and those
 * that begin are visited too. The memory is the caller's. */
struct relay_walk {
    struct session_walk at;
};

void relay_walk_begin(struct relay *r, struct relay_walk *w);

/* Ends the walk; no-op if it has ended. A walk that has begun must be ended
 * before its memory or the relay is freed. */
void relay_walk_end(struct relay_walk *w);

/* A session as it is now. The texts are valid until the next call of the
 * relay. */
struct session_view {
    char short_id[SESSION_SHORT_ID_LEN +
                  1];              /* the first characters of its token */
    const struct subject *subject; /* of the connection of its AUTH; or NULL */
    struct span user, realm;
    struct span home;    /* the relay that it belongs to; empty: it belongs to
                            its connection */
    uint64_t connection; /* number of the link that carried its AUTH */
    uint64_t began_ms, expires_ms; /* times of relay_clock() */
    uint32_t peers;                /* known peers on the other side */
    struct usage usage;
};

/* Fills in *v with the next session. false at the end; the walk has then ended.
 */
bool relay_walk_next(struct relay_walk *w, struct session_view *v);

/* Ends the session that relay_walk_next() returned last; no-op if it has ended
 * already. Messages in flight in it fail with 481, and so do later ones. Its
 * connection is closed too unless that carries other sessions or leads to
 * another relay. */
void relay_walk_kick(struct relay *r, struct relay_walk *w);

/* --- anchored pairs --- */

/* The same for anchored pairs: a walk over all of them, ended by
 * relay_walk_end(). A pair that is kicked ends with ANCHORED_KICKED, and its
 * owner is told; what is in flight in it fails with 481. */
void relay_walk_begin_pairs(struct relay *r, struct relay_walk *w);
bool relay_walk_next_pair(struct relay_walk *w, struct anchored_facts *facts);
void relay_walk_kick_pair(struct relay *r, struct relay_walk *w);

/* --- links to other relays --- */

struct relay_link_view {
    const char *host; /* NULL: it is known by an address */
    uint16_t port;
    bool secure, is_dialled, is_connecting;
    uint32_t transactions; /* requests that the other end has not answered */
    size_t queued;         /* octets that the kernel has not taken */
};

/* Calls `fn` for at most `max` of them, in no order; what it is given is valid
 * within the call. Returns how many there are in all. */
typedef void (*relay_link_fn)(void *ctx, const struct relay_link_view *v);
size_t relay_list_links(const struct relay *r, size_t max, relay_link_fn fn,
                        void *ctx);

/* --- users --- */

/* A list of users is made by two walks over all sessions: the first one counts
 * the sessions that are meant, the second one shows each user once. So each
 * step takes constant time. There is one such list at a time. */

/* A user with sessions, as the first walk counted them. */
struct user_view {
    struct span user, realm; /* valid until the next call of the relay */
    uint64_t sessions;
    uint64_t connections; /* that they belong to; without other relays' */
    uint64_t sent_octets, received_octets;
};

/* Begins a list: the number by which the following know it. */
uint64_t relay_users_begin(struct relay *r);

/* Counts the session that relay_walk_next() returned last. */
void relay_users_count(struct relay_walk *w, uint64_t list);

/* Fills in *v with the user of that session; false if none of his sessions was
 * counted, or he was shown before. */
bool relay_users_show(struct relay_walk *w, uint64_t list, struct user_view *v);

/* --- temporary users --- */

/* Adds a user who may log in for a minute. Returns as temporary_users_add(). */
int relay_add_temporary_user(struct relay *r, struct temporary_login *out);

/* --- tracing --- */

/* Starts (`on`) or stops logging a line for each head that is received or sent
 * for this user or session, at any log level; also for sessions that begin
 * later (trace.h). Returns as trace_set(). */
int relay_trace(struct relay *r, enum trace_kind kind, struct span what,
                bool on);

/* The i-th target that is traced, NULL after the last. Valid until the next
 * call of relay_trace(). */
const struct trace_target *relay_traced(const struct relay *r, size_t i);

#endif
