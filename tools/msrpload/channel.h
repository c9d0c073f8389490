/* channel - one connection to the relay: frames in, frames out.
 *
 * Lives in its owner until the end of the program; when it dies only its socket
 * and its buffers go. What is put in during a turn of the loop is written with
 * one system call at the turn's end. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "input.h"
#include "loop.h"
#include "parser.h"
#include "str.h"
#include "stream.h"

struct channel;

/* What all of them share; outlives them. */
struct channels {
    struct loop *loop;
    struct input_pool *inputs;
    struct pool outputs;
};

/* 0 or ERR_NOMEM; channels_fini() in any case. */
int channels_init(struct channels *all, struct loop *loop);
void channels_fini(struct channels *all);

struct channel_ops {
    /* It is up. */
    void (*open)(struct channel *c);
    /* Something has come: 0, or an error that ends the connection. */
    int (*event)(struct channel *c, const struct parse_event *ev);
    /* There is room for bulk: up to CHANNEL_BULK octets in the queue. 0 or an
     * error. */
    int (*fill)(struct channel *c);
    /* The end, once; `err` says why. */
    void (*closed)(struct channel *c, int err);
};

enum { CHANNEL_BULK = 256 * 1024 };

struct channel {
    struct channels *all;
    const struct channel_ops *ops;
    struct stream stream;
    struct loop_io io;
    struct loop_defer turn;
    struct input in;
    struct buf out;
    struct parser parser;
    bool dead;
    bool deaf;    /* does not read any more */
    bool blocked; /* the socket took less than it was offered */
    uint64_t octets_in, octets_out;
};

/* Begins to connect; the arguments as for stream_open(). 0 or its errors; then
 * `closed` is not called, but channel_fini() is due in any case. */
int channel_open(struct channel *c, struct channels *all,
                 const struct channel_ops *ops, const struct sockaddr *to,
                 socklen_t to_n, SSL_CTX *ctx, const char *name);
void channel_fini(struct channel *c);

/* Appends all parts: 0 or an error that ends the connection. */
int channel_put(struct channel *c, const struct span *parts, size_t n);

/* Has `fill` called, and all written, at the turn's end. */
void channel_poke(struct channel *c);

/* How many octets of bulk may be put in now. */
static inline size_t channel_room(const struct channel *c)
{
    return c->out.len < CHANNEL_BULK ? CHANNEL_BULK - c->out.len : 0;
}

/* Stops reading for good. */
void channel_stop_reading(struct channel *c);

/* Ends it: `closed` is called unless it is dead already. */
void channel_fail(struct channel *c, int err);

#endif
