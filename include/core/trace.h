/* SPDX-License-Identifier: BSD-2-Clause */
/* trace - logs the heads of chosen users and sessions.
 *
 *     c=7 trace in "AUTH" tid="49fh" flag=$ peer=192.0.2.7:40312 ...
 *     c=7 s=9f3a2b trace in "SEND" tid="a786hj" message-id="12" range="1-5/5"
 *     c=8 s=9f3a2b trace out "200 OK" tid="Lk0VbT3q9dRf2XyA" flag=$
 *
 * Each line ends with what subject_line() writes, so that the heads stand below
 * each other.
 *
 * A head belongs to the sessions whose URIs are in its paths; an AUTH, and the
 * response to it, also to the user that its credentials name. Sessions are
 * looked up only while something is traced. Bodies, whole tokens and
 * credentials are never logged. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "log.h"
#include "msg.h"
#include "session.h"
#include "str.h"
#include "users.h"
#include "writer.h"

enum { TRACES_MAX = 16 };

enum trace_kind {
    TRACE_USER,    /* all sessions and AUTHs of a user */
    TRACE_SESSION, /* by its short id (usage.h) */
};

struct trace_target {
    enum trace_kind kind;
    uint8_t n;
    char text[USERS_NAME_MAX];
};

struct trace {
    struct trace_target targets[TRACES_MAX];
    size_t n;
    const struct sessions *sessions;
    struct log *log;
    /* The last AUTH that was traced by its user, for the response to it. */
    struct trace_target asker;
    uint64_t asked_on; /* number of the link */
    char asked_tid[MSG_TID_MAX + 1];
};

/* `sessions` and `log` belong to the caller and must outlive `t`. */
void trace_init(struct trace *t, const struct sessions *sessions,
                struct log *log);

/* Starts (`on`) or stops tracing this user or session, which need not exist. 0;
 * ERR_SYNTAX if `what` cannot be a name or mark; ERR_EXISTS if it is traced
 * already; ERR_NOT_FOUND if it is not traced; ERR_FULL if TRACES_MAX are. */
int trace_set(struct trace *t, enum trace_kind kind, struct span what, bool on);

/* Logs a head received on l if it belongs to a target. Its frame ended with
 * `flag`; 0: a body follows. */
void trace_in(struct trace *t, const struct link *l, const struct msg *m,
              char flag);

/* Logs the end of the chunk that l's stream carries. */
void trace_in_end(struct trace *t, const struct link *l, char flag);

/* Logs the head of a frame that is sent on l. No-op for a part of a frame
 * without a head. */
void trace_out(struct trace *t, const struct link *l, const struct frame *f);

#endif
