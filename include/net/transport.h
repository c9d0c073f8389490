/* SPDX-License-Identifier: BSD-2-Clause */
/* transport - how octets get across: plain TCP, TLS, or a WebSocket stacked on
 * them. Code above cannot tell which it has.
 *
 * A transport never closes its descriptor. Nothing here blocks. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"
#include "tls.h"

struct transport;
struct wire;
struct wire_pool;
struct ws_layer;

/* Why the end is near. */
enum transport_end { TRANSPORT_END_DONE, TRANSPORT_END_BAD_INPUT };

struct transport_ops {
    /* Goes on with coming up: 0 when it is up, ERR_AGAIN, or what failed:
     * ERR_CERT, ERR_TLS, ERR_IO, ERR_EOF, ERR_SYNTAX (WebSocket), ERR_NOMEM. */
    int (*handshake)(struct transport *t);
    /* Reads 1 to `room` octets: 0 with *got, ERR_AGAIN, ERR_EOF, ERR_IO,
     * ERR_TLS, ERR_SYNTAX (WebSocket). With messages, what is read in one go is
     * of one message, and transport_message() says which. Also ERR_AGAIN when
     * the turn allows no more: see transport_allow(). */
    int (*read)(struct transport *t, void *dst, size_t room, size_t *got);
    /* Writes the runs in order as far as they are taken: 0 with *taken > 0,
     * ERR_AGAIN, ERR_IO, ERR_TLS. What was not taken must be offered again, the
     * first run not shorter than before. Without runs it goes on with what is
     * `unsent`. */
    int (*write)(struct transport *t, const struct span *runs, size_t n,
                 size_t *taken);
    /* The LOOP_ events to wait for, if `intent` is to read and write; an
     * unfinished handshake has its own. */
    int (*wants)(const struct transport *t, int intent);
    /* Was more fetched from the socket than has been read? Then the socket may
     * never become readable again. */
    bool (*has_input)(const struct transport *t);
    /* Nothing is read for now: gives back what memory is not needed. */
    void (*settle)(struct transport *t);
    /* Tells the peer that nothing follows, as far as it can be said at once. */
    void (*shutdown)(struct transport *t);
    /* Of a transport with messages, else NULL: what goes before the next n
     * octets of output, which are the last of their message if it `ends`; into
     * dst (TRANSPORT_HEAD_MAX), and how many octets. */
    size_t (*head)(struct transport *t, char *dst, size_t n, bool ends);
    /* The same, else NULL: puts into its own output what a peer answers and
     * others on the way take for a sign of life. */
    void (*ping)(struct transport *t);
    /* The same, else NULL: puts a goodbye there. */
    void (*goodbye)(struct transport *t, enum transport_end why);
    void (*fini)(struct transport *t);
};

enum { TRANSPORT_HEAD_MAX = 10 };

/* A value; its memory is the caller's. */
struct transport {
    const struct transport_ops *ops;
    void *state;         /* TLS: its SSL */
    struct tls_ctx *tls; /* TLS: what that began with */
    struct wire *wire;   /* TLS: what its SSL reads and writes */
    struct ws_layer *ws; /* NULL: no messages */
    int fd;
    uint8_t read_wants; /* LOOP_ events: TLS may have turned them around */
    uint8_t write_wants;
    bool up;                  /* the lowest one is */
    bool failed;              /* nothing may be said any more */
    const char *fault;        /* static text about the last error */
    enum tls_failure failure; /* the same, for counting */
    uint32_t share;           /* octets that the turn began with, see allowed */
    uint32_t allowed;         /* octets that may still come off the socket */
    uint32_t steps;           /* records and frames that may still begin */
    uint64_t wire_in;         /* octets off the socket, whatever they mean */
    uint64_t wire_out;        /* octets that the kernel has taken, likewise */
    uint32_t unsent; /* octets ready for the kernel that it has not taken */
    uint32_t held;   /* octets of the owner's output in there */
};

/* Over the connected socket fd. */
void transport_tcp_init(struct transport *t, int fd);
/* The server's side: 0 or ERR_NOMEM. From then on t stays where it is. */
int transport_tls_init(struct transport *t, int fd, struct tls_ctx *tls,
                       struct wire_pool *wires);
/* The client's side, to `host`: 0, ERR_NOMEM, or ERR_SYNTAX for what no
 * certificate can name. */
int transport_tls_to(struct transport *t, int fd, struct tls_ctx *tls,
                     struct span host, struct wire_pool *wires);
/* Stacks a WebSocket for MSRP upon what t is, which has not begun; the server's
 * side: 0, or ERR_NOMEM and t is as it was. The head of the request has up to
 * `head_max` octets. */
int transport_ws_init(struct transport *t, size_t head_max);

/* Has the peer sent no octet of a TLS handshake, or of the request that opens a
 * WebSocket? Before transport_fini(). */
bool transport_tls_is_silent(const struct transport *t);
bool transport_ws_is_silent(const struct transport *t);

/* It is this time, for what is read next. */
void transport_ws_clock(struct transport *t, uint64_t now_ms);
static inline void transport_clock(struct transport *t, uint64_t now_ms)
{
    if (t->ws)
        transport_ws_clock(t, now_ms);
}

/* Output of the transport's own, to be written between two writes of the
 * owner's; it is valid until the next call. Taken once: it is empty then. */
struct span transport_ws_take_own(struct transport *t);
static inline struct span transport_take_own(struct transport *t)
{
    return t->ws ? transport_ws_take_own(t) : SPAN("");
}

/* The message whose octets were read last, counted from 1; 0 without messages.
 */
uint64_t transport_ws_message(const struct transport *t);
static inline uint64_t transport_message(const struct transport *t)
{
    return t->ws ? transport_ws_message(t) : 0;
}

/* A turn begins, in which so many octets may come off the socket, whatever they
 * decrypt to, and so many records and frames may begin: however small they
 * are, a turn is short (S-18). */
static inline void transport_allow(struct transport *t, size_t octets)
{
    enum { STEPS_PER_TURN = 512 };

    assert(octets <= UINT32_MAX);
    t->share = t->allowed = (uint32_t)octets;
    t->steps = STEPS_PER_TURN;
}

/* For transports: a system call that could have fetched `asked` octets got n.
 * Another one is worth its while only if the socket may have more and the turn
 * allows more than a few. */
static inline void transport_fetched(struct transport *t, size_t n,
                                     size_t asked)
{
    enum { FEW = 16 }; /* 1/FEW of a share */

    t->wire_in += n;
    t->allowed -= (uint32_t)n;
    if (n < asked || t->allowed < t->share / FEW)
        t->allowed = 0;
}

static inline int transport_handshake(struct transport *t)
{
    return t->ops->handshake(t);
}

static inline int transport_read(struct transport *t, void *dst, size_t room,
                                 size_t *got)
{
    return t->ops->read(t, dst, room, got);
}

static inline int transport_write(struct transport *t, const struct span *runs,
                                  size_t n, size_t *taken)
{
    return t->ops->write(t, runs, n, taken);
}

static inline int transport_wants(const struct transport *t, int intent)
{
    return t->ops->wants(t, intent);
}

static inline bool transport_has_input(const struct transport *t)
{
    return t->ops->has_input(t);
}

static inline void transport_settle(struct transport *t)
{
    t->ops->settle(t);
}

static inline void transport_shutdown(struct transport *t)
{
    t->ops->shutdown(t);
}

static inline void transport_fini(struct transport *t)
{
    t->ops->fini(t);
}

#endif
