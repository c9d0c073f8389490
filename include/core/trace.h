/* trace - the heads of chosen users and sessions, written to the log.
 *
 *     c=7 user="alice" trace in "AUTH" tid="49fh" flag=$
 *     c=7 s=9f3a2b trace in "SEND" tid="a786hj" message-id="12" range="1-5/5"
 *     c=8 s=9f3a2b trace out "200 OK" tid="Lk0VbT3q9dRf2XyA" flag=$
 *
 * A head belongs to the sessions whose URIs stand in its paths; an AUTH, and
 * the answer to it, also to the user who is named in its credentials. They are
 * looked up only while something is traced. Bodies, whole tokens and
 * credentials are never written. */
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
    TRACE_USER,    /* all that is his, and his AUTHs */
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
    /* The last AUTH that was traced by its user, for the answer to it. */
    struct trace_target asker;
    uint64_t asked_on; /* number of the link */
    char asked_tid[MSG_TID_MAX + 1];
};

void trace_init(struct trace *t, const struct sessions *sessions,
                struct log *log);

/* Begins (`on`) or ends to trace what belongs to this user or session. 0;
 * ERR_SYNTAX: no name or short id can look so; ERR_EXISTS, ERR_NOT_FOUND: it is
 * traced already, or is not; ERR_FULL: TRACES_MAX are. */
int trace_set(struct trace *t, enum trace_kind kind, struct span what, bool on);

/* A head has come in on l; its frame ended with `flag`, 0: there is more of it.
 */
void trace_in(struct trace *t, const struct link *l, const struct msg *m,
              char flag);

/* The chunk that l's stream carries has come to its end. */
void trace_in_end(struct trace *t, const struct link *l, char flag);

/* A frame goes out on l; what is no head, but more of a body, is not written.
 */
void trace_out(struct trace *t, const struct link *l, const struct frame *f);

#endif
