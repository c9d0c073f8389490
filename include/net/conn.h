/* conn - one connection: a stack of transports, a bounded output queue, and
 * reading that can be paused.
 *
 * Knows no MSRP. Reads go into a block from the net's pool; while input is left
 * over the block is kept (or, when little is left, a copy of the right size), an
 * idle connection holds nothing. Output is gathered and written once at the end
 * of the loop's turn. Nothing is freed inside its own callback. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "pool.h"
#include "sock.h"
#include "str.h"
#include "tls.h"

struct conn;

/* What all connections share; one per process. */
struct net;

struct net_settings {
    size_t input_size;      /* octets of one input block */
    size_t read_per_turn;   /* most octets read from one connection in a turn */
    size_t output_max;      /* most octets queued for one connection */
    uint64_t handshake_ms;
    uint64_t stall_ms;      /* a peer that takes nothing for so long is closed */
    struct sock_opts sock;
};

/* 0 or ERR_NOMEM. All connections must be gone before net_free(). */
int net_new(struct net **out, struct loop *loop, const struct net_settings *s);
void net_free(struct net *n);
/* New settings for what starts afterwards. */
void net_configure(struct net *n, const struct net_settings *s);

enum conn_why {
    CONN_WHY_EOF,       /* the peer closed */
    CONN_WHY_RESET,     /* the socket failed */
    CONN_WHY_TLS,       /* TLS failed */
    CONN_WHY_HANDSHAKE, /* timers.handshake */
    CONN_WHY_STALL,     /* timers.stall */
    CONN_WHY_FULL,      /* output queue full */
    CONN_WHY_NOMEM,
    CONN_WHY_LOCAL,     /* conn_close() by the owner */
};
const char *conn_why_text(enum conn_why why);

struct conn_ops {
    /* The transport is up (TLS: handshake done). */
    void (*open)(void *ctx);
    /* Input: consume from the front of *in. What is left is offered again with
     * more behind it. If left and the connection was not paused, then more is
     * needed; a full block that is not consumed from at all while not paused is
     * the owner's mistake. */
    void (*input)(void *ctx, struct span *in);
    /* The kernel has taken all octets up to this position of the output (counted
     * from 0 over the life of the connection). Called when it moved. */
    void (*sent)(void *ctx, uint64_t position);
    /* The end, once, whatever began it; no other call follows. The conn is freed
     * at the end of the turn. */
    void (*closed)(void *ctx, enum conn_why why);
};

/* Takes over the connected socket `fd` (closed on failure too). `tls` NULL: plain
 * TCP. `number` is the connection's, never reused. The handshake begins at once.
 * 0 or ERR_NOMEM / ERR_TLS. The connection lives until it is closed. */
int conn_accept(struct conn **out, struct net *n, int fd,
                const struct addr *peer, struct tls_ctx *tls, uint64_t number,
                const struct conn_ops *ops, void *ctx);

/* Replaces the callbacks' receiver. */
void conn_set_ctx(struct conn *c, const struct conn_ops *ops, void *ctx);

/* Appends all parts or nothing, to be written at the end of the turn: 0,
 * ERR_FULL, ERR_NOMEM, or ERR_EOF on a connection that is closing. */
int conn_write(struct conn *c, const struct span *parts, size_t n);

/* Octets waiting in the queue. */
size_t conn_queued(const struct conn *c);

/* Octets ever appended: the position `sent` will reach. */
uint64_t conn_position(const struct conn *c);

/* Stops, and goes on with, reading and offering input. What is left over is
 * offered again at the end of the turn after conn_resume(). Idempotent. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* Closes now: what is queued is lost. Safe twice; `closed` is called, before the
 * return of this function, with CONN_WHY_LOCAL. */
void conn_close(struct conn *c);

/* Reads nothing more, writes what is queued (for a bounded time), then closes. */
void conn_finish(struct conn *c);

bool conn_is_tls(const struct conn *c);
uint64_t conn_number(const struct conn *c);
const struct addr *conn_peer(const struct conn *c);
uint64_t conn_octets_in(const struct conn *c);

/* Does the peer's verified host certificate have a dNSName for `host`
 * (R4976-9.2-g)? false without one. */
bool conn_peer_has_name(const struct conn *c, struct span host);
/* Does the peer have a verified host certificate at all? */
bool conn_peer_is_host(const struct conn *c);

/* "TLSv1.3" and the like, "" on plain TCP; static. */
const char *conn_tls_version(const struct conn *c);

#endif
