/* SPDX-License-Identifier: BSD-2-Clause */
/* hop - one connection between the net and the relay's rules: octets become
 * events for the relay, the relay's frames become octets.
 *
 *     conn.input → parser → relay        relay → link.put → conn_write
 *
 * It also enforces the time limits of a connection: probation (R4976-6.1-c, -d)
 * and idleness (R4976-6.5-b). One that was dialled in clear first has to show
 * that it speaks MSRP (clear_probe.h). */
#ifndef HOP_H
#define HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anchored_dial.h"
#include "cidr.h"
#include "conn.h"
#include "dial.h"
#include "link.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "net_stats.h"
#include "parser.h"
#include "places.h"
#include "pool.h"
#include "relay.h"
#include "rnd.h"
#include "shown_tls.h"
#include "subject.h"
#include "timer.h"
#include "user_rates.h"
#include "walk.h"

/* Counters: why this relay ended connections, and others. */
struct hops_stats {
    uint64_t opened;    /* transport up */
    uint64_t bad_input; /* framing lost, or a head over limits.head_size */
    uint64_t probation; /* timers.probation */
    uint64_t idle;      /* timers.idle */
    uint64_t made_room; /* limits.connections */
    uint64_t evicted[PLACE_CLASSES]; /* the same, by class */
    uint64_t handshake;              /* timers.handshake */
    uint64_t stalled;                /* timers.stall */
    uint64_t full;          /* did not read its responses and REPORTs */
    uint64_t slowed;        /* not read for a moment: limits.rate_per_user */
    uint64_t health_checks; /* accepted; ended without an octet */
    uint64_t dialled;
};

/* hop_sweep.c. */
struct hop_sweep {
    struct walk at;
    struct alarm *alarm;
};

/* What all hops share; owned by the server, which sets the fields that
 * hops_init() does not. */
enum {
    HOPS_PATH_MEMOS = 1024, /* each for the links whose turn it is */
    HOPS_PARSERS_KEEP = 64,
};

struct hops {
    struct loop *loop;
    struct net *net;
    struct relay *relay;
    struct log *log;
    struct timer_fifo *probation;
    struct timer_fifo *idle;
    struct timer_fifo *answer; /* timers.transaction */
    struct rnd rnd;
    uint64_t idle_ms;
    uint64_t next_number;
    uint32_t head_size;
    uint32_t path_uris;
    struct path_memos *path_memos; /* owned; HOPS_PATH_MEMOS of them */
    struct pool parsers;           /* of hops that have input */
    size_t count;
    size_t evicting; /* of these, those that end with this turn to make room */
    size_t max;      /* limits.connections */
    struct hop_sweep sweep;
    uint64_t dead_after_ms;       /* tcp.dead_after; 0: off */
    struct places places;         /* which one makes room next */
    struct user_rates user_rates; /* limits.rate_per_user */
    struct hops_stats stats;
    struct list by_age; /* the oldest first */
    struct list walks;  /* of struct hop_walk, those that have begun */
    struct dial *dial;
    const struct cidr_list *relay_addresses; /* relays.addresses; or NULL */
    struct tls_ctx
        *tls_client;          /* to relays; NULL: nothing is dialled over TLS */
    struct tls_ctx *tls_peer; /* the same, to lone peers */
    struct tls_ctx *tls_any; /* the same, to those whose fingerprint is known */
    struct shown_tls shown;  /* what those were told to expect from us */
    uint16_t uri_port;       /* in URIs issued over a dialled connection */
    /* Called when a PROXY header has told where a connection comes from, with
     * that address and what the log says of the connection: may it stay? */
    bool (*on_proxied)(void *ctx, const struct addr *peer, const char *subject);
    /* Called with the peer's address when an accepted connection has ended; not
     * if it was a proxied one of which on_proxied() was not asked, or said no.
     */
    void (*on_gone)(void *ctx, const struct addr *peer);
    void *ctx;
};

struct hop_origin {
    enum net_transport transport;
    struct tls_ctx *tls;   /* NULL: none */
    uint16_t port;         /* in URIs issued over it */
    const char *name;      /* the same, the host; "": relay.name */
    size_t max_chunk_size; /* to those who came there; 0: as to all */
    uint16_t tls_port;     /* the same, if the PROXY header says that the client
                              spoke TLS with the proxy */
    uint16_t bound_port;   /* of the listener */
    bool may_auth;
    bool tls_in_front; /* whoever is in front of it has ended TLS */
    /* From there a connection begins with a PROXY header; NULL: from nowhere.
     */
    const struct cidr_list *proxy;
};

/* Does a connection from `peer` begin with a PROXY header? */
bool hop_is_proxied(const struct hop_origin *origin, const struct addr *peer);

/* Writes what the log says of a connection from `peer` into dst, which has room
 * for SUBJECT_TEXT_MAX octets, as subject_write() does. Returns dst. */
const char *hop_origin_text(char *dst, const struct addr *peer,
                            const struct hop_origin *origin);

/* The time limits of a connection. */
struct hops_times {
    uint64_t probation_ms;
    uint64_t idle_ms;
    uint64_t transaction_ms;
};

/* 0 or ERR_NOMEM. The caller sets the other fields. */
int hops_init(struct hops *h, struct loop *loop, const struct hops_times *times,
              const uint64_t seed[2]);
/* All hops must be gone. */
void hops_fini(struct hops *h);

/* Makes a hop of an accepted socket, which it owns from now on: 0, or an error,
 * after which the socket is closed. */
int hop_accept(struct hops *all, int fd, const struct addr *peer,
               const struct hop_origin *origin);

/* Starts to dial the host of `uri`; a relay_links_dial_fn whose `ctx` is the
 * struct hops. Returns a link that is connecting, or NULL with the response
 * code in *code. */
struct link *hop_dial(void *ctx, const struct uri *uri, uint16_t *code);

/* Starts to dial for a side of an anchored pair; an anchored_dial_fn, else as
 * hop_dial(). */
struct link *hop_dial_for_pair(void *ctx, const struct anchored_dial *to,
                               uint16_t *code);

/* Is there a place for one more connection? At limits.connections, or while
 * memory is short, another one has to go for it (places.h), at the end of the
 * turn; what was in flight on it fails with REPORTs. false if all others stay.
 */
bool hops_make_room(struct hops *all, bool is_short);

/* Closes up to `most` connections that never made a successful request. */
void hops_shed(struct hops *all, unsigned most);

/* Asks for the end of all connections with nothing in flight. */
void hops_close_idle(struct hops *all);

/* Has everything been sent on all connections, so that they only wait for the
 * other side to close? */
bool hops_only_linger(const struct hops *all);

/* Fails what is in flight, with REPORTs, and asks for the end of all
 * connections. */
void hops_close_all(struct hops *all);

/* Closes all connections now and discards their output. */
void hops_drop_all(struct hops *all);

/* Ends the connection with this number for an operator: what is in flight on it
 * fails with REPORTs. 0 or ERR_NOT_FOUND. */
int hops_kick(struct hops *all, uint64_t number);

/* --- for operators --- */

enum hop_state {
    HOP_DIALLING,  /* no socket is connected yet */
    HOP_HANDSHAKE, /* its transport is not up yet; dialled in clear: it is not
                      known yet whether MSRP is spoken there */
    HOP_OPEN,
    HOP_CLOSING, /* the relay knows of its end, its last output is being sent */
};
const char *hop_state_text(enum hop_state state);

struct hop_view {
    uint64_t number;
    const struct subject *subject; /* valid during the call */
    enum hop_state state;
    bool dialled;
    enum net_transport transport;
    bool is_relay; /* showed a verified host certificate */
    bool blocked;  /* not read now: the receiver of its messages is slow */
    char peer[ADDR_TEXT_MAX]; /* "" while it is being dialled */
    struct span host;         /* dialled: of the URI; valid during the call */
    const char *tls_version;  /* "" without TLS; a static string */
    uint64_t age_ms, unused_ms, paused_ms;
    uint64_t octets_in, octets_out;
    uint32_t sessions, transactions;
    size_t queued; /* octets in its output */
};

/* A walk over all connections, the oldest first. It may take many turns of the
 * loop; connections may come and go meanwhile. Meant for few walks at once. */
struct hop_walk {
    struct walk at;
};

void hop_walk_begin(struct hop_walk *w, struct hops *all);
/* Fills in *out with the next connection; false at the end. */
bool hop_walk_next(struct hop_walk *w, struct hop_view *out);
/* Ends the walk; no-op if it has ended, or was zeroed and never begun. */
void hop_walk_end(struct hop_walk *w);

#endif
