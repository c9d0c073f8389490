/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_private - what conn.c and net.c share, and no other file sees. */
#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

#include "token_bucket.h"
#include "buf.h"
#include "conn.h"
#include "input.h"
#include "net.h"
#include "net_stats.h"
#include "pool.h"
#include "timer.h"
#include "transport.h"

struct net {
    struct loop *loop;
    struct net_settings settings;
    struct pool conns;
    struct pool outputs;
    struct input_pool *inputs;
    struct wire_pool *wires;
    struct timer_fifo *handshake;
    struct timer_fifo *stall;
    struct timer_fifo *throttle;
    struct timer_fifo *ping;
    struct timer_fifo *probe;
    struct timer_fifo *slots;
    struct list queue; /* conns whose handshake has not begun, by `round` */
    uint32_t round;    /* of the one that began last */
    size_t begun;      /* conns whose `slot` is running */
    struct loop_defer admit;
    struct list dead; /* conns to be freed by `reap` */
    struct loop_defer reap;
    struct net_stats stats;
    struct {
        uint64_t above; /* octets in all outputs; UINT64_MAX: nobody asks */
        net_grown_fn fn;
        void *ctx;
    } grown;
};

struct conn {
    struct net *net;
    const struct conn_ops *ops;
    void *ctx;
    enum conn_state state;
    bool paused;
    bool throttled; /* has read all that the rate allows for now */
    bool again;     /* at the end of the turn: offer and read without waiting */
    bool blocked; /* the kernel took less than all; it tells when it has room */
    bool tls;
    bool has_spoken;   /* octets for the owner came */
    bool peer_asked;   /* for our certificate */
    bool peer_is_host; /* its certificate names a host and was verified */
    bool held;         /* throttled, and not paused */
    uint32_t round;    /* in the queue: its address's turn */
    uint32_t unacked;  /* by the peer's kernel, when it was looked at last */
    struct transport transport;
    struct proxy_head *proxy; /* PROXY: what has come of it; owned */
    struct loop_io io;
    struct loop_defer turn; /* the end of the turn */
    struct timer timer;
    struct timer throttle;
    struct timer ping;
    struct timer probe;              /* running: is the peer there? */
    struct token_bucket rate;        /* of net's settings when it began */
    struct token_bucket *shared;     /* with others; the owner's; or NULL */
    uint64_t held_since_ms, held_ms; /* `held` since then; before that */
    struct timer slot;               /* running: counted in net's `begun` */
    struct list link;                /* in net's `queue` or `dead` */
    struct input in;
    struct buf out;
    /* Of the transport's octets, in net's stats: their last 32 bits. */
    uint32_t counted_in, counted_out;
    uint64_t position; /* octets ever appended to `out` */
    struct addr peer;
};

/* `throttled` or `paused` may have changed. */
void conn_note_held(struct conn *c);

/* Reads on in the PROXY header: 0 with what it says when it is complete, and
 * the peer is the one that it tells; ERR_AGAIN; or an error, of which the
 * transport's fault tells more. */
int conn_read_proxy(struct conn *c, struct proxy_source *out);

/* The transport is there: sets up everything else. */
void conn_set_up(struct conn *c);

/* --- conn.c --- */

void conn_set_state(struct conn *c, enum conn_state state);

/* What an error of the transport means. */
enum conn_why conn_why_of(int err);

/* conn_end_turn() is called at the end of this turn. */
void conn_defer(struct conn *c);
/* What needs no readiness; `ctx` is the conn. */
void conn_end_turn(void *ctx);

/* It has a PING to send some time from now. */
void conn_ping_later(struct conn *c);

/* The rate lets it read again. */
void conn_unthrottle(struct conn *c);

/* The kernel has taken nothing of its output for timers.stall. */
void conn_stalled(struct conn *c);

/* The peer has had its time to answer. */
void conn_probed(struct conn *c);
/* How long that is. */
uint64_t net_probe_ms(const struct net_settings *s);

/* It is time for a PING, if nothing waits to be written anyway. */
void conn_ping(struct conn *c);

/* Puts c, whose peer has begun, into the queue of handshakes that wait to
 * begin: each address has one in a round. */
void net_enqueue(struct net *n, struct conn *c);
/* The handshake is over, or c is: another one may begin. */
void net_release(struct net *n, struct conn *c);

/* --- conn_start.c --- */

/* It may begin. */
void conn_begin(struct conn *c);

/* What waits for the socket until the connection is open: the PROXY header, a
 * TLS hello, the handshake of the transport. */
void conn_take_proxy(struct conn *c);
void conn_take_hello(struct conn *c);
void conn_handshake(struct conn *c);

/* --- net_stats.c --- */

/* More is queued than net_on_grown() said. */
void net_tell_grown(struct net *n);

/* There is one more connection, or one that goes on to `state`. */
void net_count_new(struct conn *c, bool dialled);
void net_count_state(struct conn *c, enum conn_state state);
void net_count_up(struct conn *c);
/* What the transport of c has read and written since. */
void net_count_octets(struct conn *c);
/* The end of c, which still is in the state before. */
void net_count_end(struct conn *c, enum conn_why why);

#endif
