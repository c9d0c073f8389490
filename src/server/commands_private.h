/* SPDX-License-Identifier: BSD-2-Clause */
/* commands_private - what the files that answer commands share, and no other
 * file sees.
 *
 *     commands.c       which function answers which command; single answers
 *     command_lookup.c what is known of a user
 *     command_lists.c  answers of many rows, and what is done to many
 *     command_listeners.c  the listeners, also for those who test them
 */
#ifndef COMMANDS_PRIVATE_H
#define COMMANDS_PRIVATE_H

#include "control.h"
#include "hop.h"
#include "operator.h"
#include "process.h"
#include "server_private.h"

/* An answer about a user, which may have to wait. */
struct command_lookup {
    struct lookup_wait wait;
    struct control_call *call;
    bool is_waiting;
    struct lookup_answer answer; /* without the HA1 */
};

/* What an answer remembers between its steps. */
struct command_state {
    struct command_lookup lookup;
    struct hop_walk hops;
    struct relay_walk sessions;
    struct anchor_walk anchors;
    bool at_pairs;  /* that walk goes over anchored pairs now */
    size_t count;   /* of what was kicked */
    uint64_t users; /* the list of users */
    bool counted;   /* ... is at its second walk */
    struct temporary_login login;
};

static inline struct command_state *
command_state_of(const struct control_call *call)
{
    return call->state;
}

static inline void put_text(struct json *j, const char *name, const char *text)
{
    json_str(j, name, span_str(text));
}

/* One step of an answer each; true: that was all. */
typedef bool (*command_fn)(struct server *s, struct control_call *call);

bool command_sessions(struct server *s, struct control_call *call);
bool command_connections(struct server *s, struct control_call *call);
bool command_listeners(struct server *s, struct control_call *call);
bool command_selftest(struct server *s, struct control_call *call);
bool command_users(struct server *s, struct control_call *call);
bool command_anchors(struct server *s, struct control_call *call);
bool command_kick(struct server *s, struct control_call *call);
bool command_trace(struct server *s, struct control_call *call);
bool command_lookup(struct server *s, struct control_call *call);
/* Its client has gone. */
void command_lookup_end(struct command_lookup *l);
bool command_stats(struct server *s, struct control_call *call);

#endif
