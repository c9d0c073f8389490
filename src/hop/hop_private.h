/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_private - what the files of hop.h share, and no other file includes.
 * hop.c has what accepted and dialled connections have in common, hop_dial.c
 * what only dialled ones do; each calls the other, since both are halves of one
 * module. hops.c and hop_walk.c see to all connections. */
#ifndef HOP_PRIVATE_H
#define HOP_PRIVATE_H

#include "clear_probe.h"
#include "dial.h"
#include "dispatch.h"
#include "hop.h"

/* What is known of the other end of a connection that is dialled in clear. */
enum hop_clear {
    HOP_CLEAR_NONE, /* it speaks MSRP, or the connection is of another kind */
    HOP_CLEAR_DUE,  /* nothing; the probe goes out as soon as something waits */
    HOP_CLEAR_SENT, /* the probe awaits its answer; the timer `answer` runs */
    HOP_CLEAR_ANSWERED, /* ... the end of which is still to be parsed */
    HOP_CLEAR_FAILED,   /* it does not speak MSRP; the link is closing */
};

/* hop_dial.c, hop_clear.c: what is known of a connection that this relay
 * dials. */
struct hop_dialled {
    struct hop *hop;
    struct dial_call *call; /* while it is being dialled, else NULL */
    char *host;             /* the text of link.host, owned */
    struct span at; /* where it was dialled: link.host, or another one, owned */
    uint16_t at_port;
    struct fingerprint *fingerprints; /* of which its certificate has to have
                                         one, and no name; NULL; owned */
    size_t n_fingerprints;
    uint64_t shown; /* as in struct anchored_dial */
    char *early;    /* output until the link is up, owned */
    size_t early_n, early_room;
    enum hop_clear clear;
    struct clear_probe probe;
    size_t probe_n; /* octets of the output that the relay has not put */
    struct timer answer;
};

struct hop {
    struct link link; /* owns its names and its name */
    struct hops *all;
    struct conn *conn;     /* NULL while it is being dialled */
    struct parser *parser; /* of a frame that is in hand; else NULL */
    struct timer probation;
    struct timer idle;
    struct list by_age;
    struct place place;
    struct user_rate *user_rate; /* its user's, or NULL */
    struct loop_defer end; /* what hop_close() asked for, at the turn's end */
    const char *why;  /* of its end, for the log; static; NULL: conn knows */
    uint64_t message; /* of the transport, parsed last; 0: none */
    uint64_t since_ms;
    uint64_t used_ms;
    uint64_t put;  /* position after what the relay has put last */
    uint64_t sent; /* position up to which the kernel has taken the output */
    struct hop_dialled *dialled; /* owned; NULL: it was accepted */
    uint32_t head_size;          /* limits.head_size when it began */
    uint32_t path_uris;          /* limits.path_uris, the same */
    uint32_t unacked;            /* as of the last look at idleness */
    uint16_t bound_port;         /* accepted: of the listener */
    uint16_t tls_port;           /* as in its origin */
    uint8_t stalls;              /* in a row */
    bool was_slowed;             /* for its user, and the log says so */
    bool is_counted;             /* all->on_gone() is due at its end */
    bool is_refused;             /* there are too many of its address */
    bool in_front;               /* TLS ends at the proxy in front of us */
    bool open;                   /* its transport is up */
    bool is_logged;              /* ... and the log has a line of that */
    bool proved;                 /* hop_proved() was called */
    bool evicted;                /* it makes room for another one */
    bool was_bound; /* accepted: a side of a pair was bound to it */
    bool on_leave;  /* ... and it is of no use now; `probation` runs */
    bool full;      /* its output was full */
    bool bad_input; /* it is closed for malformed input */
    bool in_chunk;  /* a chunk of `message` is being parsed */
    bool left;      /* relay_link_closed() was called */
};

extern const struct conn_ops hop_conn_ops;

static inline unsigned long long hop_number(const struct hop *h)
{
    return h->link.number;
}

/* A new hop with a number, not in any list; NULL when out of memory. */
struct hop *hop_new(struct hops *all);

/* Enters the hop into the lists and tells the relay of its link. */
void hop_enter(struct hop *h);

/* Tells the relay that the link has ended, though output may still be on its
 * way. No-op the second time. */
void hop_leave(struct hop *h, bool stalled);

/* The link is up: from now on the relay may use it. */
void hop_up(struct hop *h);

/* Frees a hop that has left, or was never entered. */
void hop_free(struct hop *h);

/* --- hops.c --- */

/* What the hop is used for has changed. One that came for a pair is closed
 * after timers.probation without being used again. */
void hop_check_use(struct hop *h);

/* --- hop_place.c --- */

/* What the hop is used for has changed, and so may whether it goes when others
 * need its place. */
void hop_place(struct hop *h);

/* --- hop_proxy.c --- */

/* A PROXY header has told where it comes from; it may be closed then. */
void hop_on_proxied(void *ctx, const struct proxy_source *source);

/* --- hop_log.c --- */

/* What the log says of the connection: made once it is accepted or dialled, and
 * again for one that was dialled when it is connected. false when out of
 * memory; what was there then stays. */
bool hop_take_origin(struct hop *h, const struct addr *peer,
                     const struct hop_origin *origin);
bool hop_take_dialled(struct hop *h, const struct addr *peer);

/* "TLSv1.3" and the like, "proxy" if TLS ends at the proxy in front of us, ""
 * without TLS; static. */
const char *hop_tls_version(const struct hop *h);

/* Was it accepted, and has its peer not said anything yet, as health checks do?
 * Of these there is no line above debug. */
bool hop_is_silent(const struct hop *h);

/* Its transport is up; no-op the second time. */
void hop_log_open(struct hop *h);
void hop_log_closed(const struct hop *h, enum conn_why why);
void hop_log_slowed(const struct hop *h);
void hop_log_bad_input(const struct hop *h, int err);

/* A head that came, and a frame that is sent, if it has a head. */
void hop_log_in(const struct hop *h, const struct msg *m);
void hop_log_out(const struct hop *h, const struct frame *f);

/* The connection did not come up, or ended before MSRP was spoken on it. Tells
 * an operator what to fix. */
void hop_log_dial_ended(const struct hop *h, const char *error,
                        const char *cause);
void hop_log_dial_failed(const struct hop *h, const struct dial_result *result);

/* --- hop_walk.c --- */

/* The hop is about to be freed: walks that would visit it next go on to the one
 * after. */
void hop_walks_skip(struct hop *h);

/* --- hop_dial.c --- */

/* Keeps output until the link is up: 0, ERR_FULL or ERR_NOMEM. */
int hop_put_early(struct hop *h, const struct frame *f);
/* Writes what was kept to the connection: 0, or an error of conn_write(). */
int hop_write_early(struct hop *h);
/* Octets that are kept so. */
static inline size_t hop_early_n(const struct hop *h)
{
    return h->dialled ? h->dialled->early_n : 0;
}

/* Is its certificate known by a fingerprint, and not by a name? */
static inline bool hop_has_fingerprint(const struct hop *h)
{
    return h->dialled && h->dialled->fingerprints;
}

/* Frees h->dialled; no-op for an accepted one. */
void hop_dialled_free(struct hop *h);

/* Stops dialling, tells the relay unless it knows, and frees the hop. */
void hop_stop_dialling(struct hop *h);

/* The connection is up. May it be used for what it was dialled for
 * (R4976-9.2-e)? If not, logs why. */
bool hop_may_be_used(struct hop *h);
/* The connection never came up: remembers that for the next attempt to dial the
 * host, and logs why. */
void hop_never_opened(struct hop *h, enum conn_why why);
/* It has ended: if it was dialled and never proved that MSRP is spoken there,
 * its host has failed (S-21). */
void hop_ended_unproved(struct hop *h, enum conn_why why);
/* What came proves that MSRP is spoken there: a host that was dialled has not
 * failed any more. */
void hop_proved(struct hop *h);
/* One that was dialled will not do, although it is there: lets it rest for a
 * while, and logs why. */
void hop_disproved(struct hop *h, int err, const char *why);

/* --- hop_clear.c --- */

static inline enum hop_clear hop_clear(const struct hop *h)
{
    return h->dialled ? h->dialled->clear : HOP_CLEAR_NONE;
}

/* Is the output kept, because there is no connection yet, or one in clear whose
 * other end has not shown that it speaks MSRP (S-36)? */
static inline bool hop_is_withheld(const struct hop *h)
{
    return !h->conn || hop_clear(h) != HOP_CLEAR_NONE;
}

/* Sends the probe if it is due, the connection is there, and something waits
 * for it: 0, or an error, after which the link has to be closed. */
int hop_clear_probe(struct hop *h);
/* Takes an event that comes before the link is up. false: the relay is to have
 * it too. */
bool hop_clear_event(struct hop *h, const struct parse_event *ev);
/* What came is no MSRP; no-op if it is known that MSRP is spoken there. */
void hop_clear_rejected(struct hop *h);
/* Awaits no answer any more. */
void hop_clear_stop(struct hop *h);
/* No answer has come in time. */
void hop_clear_unanswered(struct timer *t);

/* --- hop_sweep.c --- */

/* Looks at all connections now and then whether their peers are dead (S-19),
 * each once in dead_after_ms. 0 or ERR_NOMEM. */
int hop_sweep_start(struct hops *all);
/* Copes with one that was not started. */
void hop_sweep_stop(struct hops *all);

#endif
