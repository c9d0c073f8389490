/* SPDX-License-Identifier: BSD-2-Clause */
/* control_commands - what can be asked for over the control socket.
 *
 * One table: what the daemon takes, its answer to `help`, and what msrprelayctl
 * knows of them follow from it. The daemon's server carries them out. */
#ifndef CONTROL_COMMANDS_H
#define CONTROL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

enum control_id {
    CONTROL_STATUS,
    CONTROL_SESSIONS,
    CONTROL_CONNECTIONS,
    CONTROL_USERS,
    CONTROL_LISTENERS,
    CONTROL_ANCHORS,
    CONTROL_LOOKUP,
    CONTROL_KICK,
    CONTROL_TRACE,
    CONTROL_LOGLEVEL,
    CONTROL_RELOAD,
    CONTROL_DRAIN,
    CONTROL_STATS,
    CONTROL_SELFTEST,
    CONTROL_PING,
    CONTROL_HELP,
    CONTROL_COMMANDS,
};

/* What may be named, as `key=value`. */
enum {
    CONTROL_USER = 1,
    CONTROL_SESSION = 2,
    CONTROL_CONNECTION = 4,
    CONTROL_PEER = 8,
    CONTROL_IDLE = 16,
};

/* What the rows of the answer are. */
enum control_answer {
    CONTROL_ONE,    /* a single row */
    CONTROL_LIST,   /* any number of rows that are alike */
    CONTROL_FAULTS, /* the same: file, line and what is wrong there */
};

struct control_command {
    const char *name;
    const char *arguments; /* as the usage shows them */
    const char *help;
    const char *words; /* that may follow, with a blank between; "": none */
    enum control_answer answer;
    unsigned keys;     /* that may follow, one of them at most */
    unsigned filters;  /* the same, of a list, but any of them together */
    unsigned bare_key; /* whose value a word without a key is; 0: none */
    bool needs_key;    /* one of `keys` at least */
    bool changes;      /* the relay: the user is logged */
};

extern const struct control_command control_commands[CONTROL_COMMANDS];

/* The command of that name: 0 or ERR_NOT_FOUND. */
int control_command_find(enum control_id *out, struct span name);

/* The CONTROL_ bit of a key, such as "user"; 0 for anything else. */
unsigned control_key(struct span name);

/* Is `word` one of those that may follow this command? */
bool control_command_takes(const struct control_command *c, struct span word);

#endif
