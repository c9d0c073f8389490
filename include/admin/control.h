/* SPDX-License-Identifier: BSD-2-Clause */
/* control - the control socket: lines of text come in, rows of JSON go out.
 *
 * Knows how requests and answers look, not what they mean. Only root and the
 * user of this process may connect. An answer of any length is made in small
 * steps, as far as the output has room, and never more than a few of them in a
 * turn of the loop. All is bounded: CONTROL_CLIENTS_MAX connections, the length
 * of a line, the output, and the time without a request.
 *
 * See docs/control.md for what a client has to know. */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "control_request.h"
#include "json.h"
#include "log.h"
#include "loop.h"

struct control;
struct control_listener;
struct control_call;

enum {
    CONTROL_CLIENTS_MAX = 8,
    CONTROL_ROW_MAX = 8192, /* octets in a row, with its line feed */
    CONTROL_STEPS = 256,    /* of one answer in a turn */
};

struct control_setup {
    /* Makes a bit of the answer, one row or a few; true: that was all. Not
     * called again after control_fail(). */
    bool (*step)(void *ctx, struct control_call *call);
    /* The answer is complete, or its client gone: call->state is over. */
    void (*end)(void *ctx, struct control_call *call);
    void *ctx;
    size_t state_size; /* of call->state */
    uint64_t idle_ms;  /* without a request, or without reading the answer */
    struct log *log;
};

/* One request that is being answered. */
struct control_call {
    struct control_request request; /* valid until the end */
    uid_t uid;                      /* of the client */
    size_t steps;                   /* made before this one */
    void *state; /* the answerer's, zeroed, state_size octets */
};

/* No socket yet. 0 or ERR_NOMEM. */
int control_new(struct control **out, struct loop *loop,
                const struct control_setup *setup);
/* Ends all connections. All listeners must be closed. NULL is harmless. */
void control_free(struct control *c);

/* Listens at `path`, and serves clients that connect there. 0; ERR_EXISTS when
 * another process listens there; ERR_IO (errno is set); ERR_NOMEM. */
int control_open(struct control_listener **out, struct control *c,
                 const char *path);
/* Keeps a descriptor in reserve for a client that connects when there is no
 * other left. */
void control_reserve(struct control_listener *d);
/* Closes it and removes its file; clients that came through it stay. NULL is
 * harmless. */
void control_close(struct control_listener *d);

/* --- for step() --- */

/* Begins a row, and sends it. A row that is too long, or one of too many in a
 * single step, is left out, and counted in the last one. */
void control_row(struct control_call *call, struct json *j);
void control_row_end(struct control_call *call, struct json *j);

/* What comes next is not known yet: no further step until control_resume(), in
 * a later turn. */
void control_wait(struct control_call *call);
void control_resume(struct control_call *call);

/* The answer ends here, with what went wrong: a sentence without a full stop.
 */
void control_fail(struct control_call *call, const char *why);

#endif
