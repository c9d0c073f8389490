/* hop - one connection between the net and the relay's rules: its octets become
 * events for the relay, the relay's frames become octets.
 *
 *     conn.input → parser → relay        relay → link.put → conn_write
 *
 * Also keeps the connection's own time limits: probation (R4976-6.1-c, -d) and
 * idleness (R4976-6.5-b). */
#ifndef HOP_H
#define HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "dial.h"
#include "link.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "net_stats.h"
#include "parser.h"
#include "relay.h"
#include "timer.h"
#include "walk.h"

/* Why connections ended that this relay ended, and other figures. */
struct hops_stats {
    uint64_t opened;    /* transport up */
    uint64_t bad_input; /* framing lost, or a head over limits.head_size */
    uint64_t probation; /* timers.probation */
    uint64_t idle;      /* timers.idle */
    uint64_t made_room; /* limits.connections */
    uint64_t handshake; /* timers.handshake */
    uint64_t stalled;   /* timers.stall */
    uint64_t full;      /* never read its responses and REPORTs */
    uint64_t dialled;
    uint64_t dial_failed;
};

/* What all hops share; the server's. */
struct hops {
    struct loop *loop;
    struct net *net;
    struct relay *relay;
    struct log *log;
    struct timer_fifo *probation;
    struct timer_fifo *idle;
    uint64_t idle_ms;
    uint64_t next_number;
    uint32_t head_size;
    uint32_t path_uris;
    size_t count;
    size_t max; /* limits.connections */
    struct hops_stats stats;
    struct list by_use; /* the least recently used first */
    struct list by_age; /* the same ones, the oldest first */
    struct list walks;  /* of struct hop_walk, under way */
    struct dial *dial;
    struct tls_ctx *tls_client; /* NULL: nothing is dialled over TLS */
    uint16_t uri_port; /* in URIs given out over a dialled connection */
    /* Told when an accepted one is gone, with its address. */
    void (*on_gone)(void *ctx, const struct addr *peer);
    void *ctx;
};

struct hop_origin {
    enum net_transport transport;
    struct tls_ctx *tls; /* NULL: none */
    uint16_t port;       /* in URIs given out */
    bool may_auth;
};

/* 0 or ERR_NOMEM; the other fields are the caller's to fill in. */
int hops_init(struct hops *h, struct loop *loop, uint64_t probation_ms,
              uint64_t idle_ms);
/* All hops must be gone. */
void hops_fini(struct hops *h);

/* Takes over an accepted socket. 0, or an error with the socket closed. */
int hop_accept(struct hops *all, int fd, const struct addr *peer,
               const struct hop_origin *origin);

/* Dials the host of `uri`: the relay's relay_links_dial_fn, `ctx` is the hops.
 */
struct link *hop_dial(void *ctx, const struct uri *uri, uint16_t *code);

/* Closes the one that was not used for the longest time, if there is one that
 * has nothing in flight (R4976-6.5-c). */
bool hops_close_oldest(struct hops *all);

/* Closes those that have nothing in flight. */
void hops_close_idle(struct hops *all);

/* Is all said to all of them, and only their own goodbye outstanding? */
bool hops_only_linger(const struct hops *all);

/* Gives up what is still in flight, with its REPORTs, and closes all in order.
 */
void hops_close_all(struct hops *all);

/* Closes all now, whatever is queued. */
void hops_drop_all(struct hops *all);

/* Ends the connection with this number at an operator's wish: what is in flight
 * on it fails with REPORTs. ERR_NOT_FOUND if there is none. */
int hops_kick(struct hops *all, uint64_t number);

/* --- for operators --- */

enum hop_state {
    HOP_DIALLING,  /* no socket is connected yet */
    HOP_HANDSHAKE, /* its transport is not up yet */
    HOP_OPEN,
    HOP_CLOSING, /* gone for the relay, its last output is on the way */
};
const char *hop_state_text(enum hop_state state);

struct hop_view {
    uint64_t number;
    enum hop_state state;
    bool dialled;
    enum net_transport transport;
    bool is_relay; /* showed a host's certificate */
    bool blocked;  /* its reading is paused: who gets what it sends is slow */
    char peer[ADDR_TEXT_MAX]; /* "" while it is being dialled */
    struct span host;         /* dialled: the URI's; valid in the call */
    const char *tls_version;  /* "" without; static */
    uint64_t age_ms, unused_ms, paused_ms;
    uint64_t octets_in, octets_out;
    uint32_t sessions, transactions;
    size_t queued; /* octets in its output */
};

/* A walk over all connections, the oldest first (walk.h). Few at once. */
struct hop_walk {
    struct walk at;
};

void hop_walk_begin(struct hop_walk *w, struct hops *all);
/* The next one; false at the end, and the walk is over then. */
bool hop_walk_next(struct hop_walk *w, struct hop_view *out);
/* Ends the walk before its end. Harmless when it is over, or zeroed. */
void hop_walk_end(struct hop_walk *w);

#endif
