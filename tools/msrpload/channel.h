/* SPDX-License-Identifier: BSD-2-Clause */
/* channel - one connection to the relay: frames in, frames out.
 *
 * A conn of include/net with a parser in front of it. Lives in its owner until
 * the end of the program; when it dies only its conn goes. What is put in
 * during a turn of the loop is written with one system call at the turn's end.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "loop.h"
#include "net.h"
#include "parser.h"
#include "sock.h"
#include "str.h"
#include "tls.h"

struct channel;

/* What all of them share; outlives them. */
struct channels {
    struct loop *loop;
    struct net *net;
    struct tls_ctx *tls; /* NULL: plain TCP */
    struct span name;    /* the host that the certificate must be for */
};

/* `handshake_ms` is for TLS. 0 or ERR_NOMEM; channels_fini() in any case, when
 * all channels are closed. */
int channels_init(struct channels *all, struct loop *loop,
                  uint64_t handshake_ms);
void channels_fini(struct channels *all);

/* From now on TLS is spoken: trusts `ca_file`, or the system if that is NULL,
 * or anyone if `insecure`. 0, or an error and in `why` (TLS_WHY_MAX) what is
 * wrong. */
int channels_use_tls(struct channels *all, const char *ca_file, bool insecure,
                     char *why);

struct channel_ops {
    /* It is up. */
    void (*open)(struct channel *c);
    /* Something has come: 0, or an error that ends the connection. */
    int (*event)(struct channel *c, const struct parse_event *ev);
    /* There is room for bulk: up to CHANNEL_BULK octets in the queue. 0 or an
     * error. */
    int (*fill)(struct channel *c);
    /* The end, once; `err` is the owner's, given to channel_fail() or by a
     * function above, or 0; then `why` tells what happened. */
    void (*closed)(struct channel *c, int err, const char *why);
};

enum { CHANNEL_BULK = 192 * 1024 };

struct channel {
    struct channels *all;
    const struct channel_ops *ops;
    const struct addr *to; /* where to connect */
    struct conn *conn; /* NULL while it is connecting, and when it is dead */
    int fd;            /* owned while it is connecting, else -1 */
    struct loop_io io; /* the same */
    struct loop_defer turn;
    struct parser parser;
    int err;       /* why the owner ends it */
    bool deaf;     /* does not read any more */
    bool was_full; /* the owner had more to put in than there was room for */
};

/* Begins to connect to `to`, which outlives it. 0 or ERR_IO (see errno); then
 * `closed` is not called, but channel_fini() is due in any case. */
int channel_open(struct channel *c, struct channels *all, const struct addr *to,
                 const struct channel_ops *ops);
/* `closed` is not called. */
void channel_fini(struct channel *c);

/* Appends all parts: 0, also on a dead one, or an error that is to end the
 * connection. */
int channel_put(struct channel *c, const struct span *parts, size_t n);

/* Has `fill` called, and all written, at the turn's end. */
void channel_poke(struct channel *c);

/* How many octets of bulk may be put in now. */
size_t channel_room(const struct channel *c);

/* Stops reading for good. */
void channel_stop_reading(struct channel *c);

/* Ends it: `closed` is called unless it is dead already. */
void channel_fail(struct channel *c, int err);

#endif
