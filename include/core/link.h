/* SPDX-License-Identifier: BSD-2-Clause */
/* link - one connection, as the relay's rules see it.
 *
 * A link is where the application and core meet, and within core it is where
 * several modules meet. It has parts, each part has one owner, and only the
 * owner writes it. All of core may read all of it. The application may read
 * the parts that are marked (app).
 *
 *     part         owner           what it holds
 *     ----------   -------------   -----------------------------------------
 *     (unnamed)    application     what is known of the connection
 *     closing      link_close()    the end was asked for (app)
 *     is_relay     dispatch        it leads to another relay (app)
 *     frame        dispatch, send  the frame that is being received
 *     sendq        sendq           its output; its wait for other outputs (app)
 *     txns         txn             what awaits a response from it (app)
 *     owed         owed            REPORTs that it has not got yet (app)
 *     stream       see stream.h    the SEND chunk that is being received
 *     sessions     session         sessions and peers behind it (app)
 *     pairs        pair            sides of anchored pairs behind it (app)
 *     send         send            messages that are not complete yet
 *     ongoing      ongoing         chunked messages on their way
 *     trust        relay           good and bad requests so far (app)
 *     relay_links  relay_links,    its use as a connection to a host (app)
 *                  certified_names
 *     auth_failures auth_failures  who failed to log in over it
 *     dialled_for  source          whose dial it is, while it connects
 *     pending_auths pending_auth   AUTHs that wait to be judged
 *     by_number    relay           its entry in the table of all links
 *
 * Life: the application owns the memory. link_init() zeroes it, the application
 * sets its fields, relay_link_opened() lets the owners in core set up their
 * parts. From then until relay_link_closed() core keeps pointers to the link in
 * its tables and lists; afterwards it has none, and the memory may be freed. A
 * link never dies inside one of core's functions: link_close() only asks for
 * the end, which comes later as relay_link_closed(). */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "nonce.h"
#include "str.h"
#include "stream.h"
#include "table.h"
#include "writer.h"

struct link;
struct buffered_request;
struct certified_name;
struct fingerprint;
struct host_names;
struct sendq;
struct source;
struct subject;

/* What the application does for core. None of these may call core back. */
struct link_ops {
    /* Appends the frame to the output, or nothing: 0, or an error, after which
     * the link takes no more and has to be closed. Copies it. The rest of one
     * that does not end follows before anything else does. */
    int (*put)(struct link *l, const struct frame *f);

    /* Octets in the output that the kernel has not taken yet. */
    size_t (*queued)(const struct link *l);

    /* Octets ever appended; relay_link_sent() counts the same way. */
    uint64_t (*position)(const struct link *l);

    /* Octets that the kernel has taken and the other end's kernel has not
     * acknowledged, as they are on the wire. NULL: none. */
    size_t (*unacked)(const struct link *l);

    /* Stops, and resumes, asking this link's parser for events. A resumed
     * link is asked later, not within the call. */
    void (*pause)(struct link *l);
    void (*resume)(struct link *l);

    /* Asks for the end, after queued output has been written. `why` is static.
     * Once the present event has been handled core gets no more from this link
     * but relay_link_closed(). */
    void (*close)(struct link *l, const char *why);

    /* Finds out whether the other end is still there: it is made to speak, and
     * if nothing comes of it the link is closed (S-2). */
    void (*probe)(struct link *l);

    /* For how long the application itself has not read the link, in total up
     * to now, times not counted in which the link was paused as well. NULL:
     * never. */
    uint64_t (*held_ms)(const struct link *l);

    /* What the link is used for has changed: trust.proven, or whether it has
     * sessions, or peers, or sides of pairs. NULL: the application does not
     * care. */
    void (*changed)(struct link *l);

    /* Has the other end shown a certificate with one of these fingerprints?
     * NULL: it shows none. */
    bool (*shows)(const struct link *l, const struct fingerprint *any,
                  size_t n);
};

/* --- the parts of core's modules --- */

/* What becomes of the frame that is being received. */
enum link_frame_kind {
    LINK_FRAME_NONE,   /* between frames */
    LINK_FRAME_DROP,   /* it is read and discarded */
    LINK_FRAME_STREAM, /* a SEND that goes on through `stream` */
    LINK_FRAME_GATHER, /* another request, whose body is still to come (P-26) */
    LINK_FRAME_WAIT,   /* another request, which waits for room where it goes */
};

/* dispatch.c, and send.c while a SEND is received. */
struct link_frame {
    struct buffered_request
        *held; /* the request, while GATHER or WAIT; owned */
    enum link_frame_kind kind;
};

/* sendq.c. The link has two roles: as an output that streams feed, and as the
 * input of one stream that may have to wait for an output. */
struct link_sendq {
    struct sendq *shared; /* what all outputs of the relay have in common */
    /* As an output. */
    struct stream *open;      /* whose chunk is open on it, or NULL */
    struct list senders;      /* streams whose `out` it is */
    struct list waiters;      /* links that wait for it, in order */
    struct list of_congested; /* in shared->congested, if it has waiters */
    uint64_t delayed_ms;      /* how long it kept shared links waiting ... */
    uint64_t delayed_from_ms; /* ... since then */
    /* As an input. */
    struct list of_waits;   /* in shared->waits: it is blocked, and paused */
    struct list waiting;    /* then: in `waiters` or `awaiters` of another */
    struct link *waits_for; /* that one, if in `waiters`; or NULL */
    struct source *awaits;  /* if in `awaiters`: for responses to this one; or
                               NULL */
    uint64_t spoke;         /* the account of the SEND that came last */
    uint64_t others_ms;     /* when another account's came; 0: never */
    int64_t credit; /* octets that it may feed before others have a turn */
    uint64_t blocked_since_ms;
    uint64_t taken_ms;    /* as an output: when octets were taken last */
    uint64_t paused_ms;   /* sum of former waits; see link_paused_ms() */
    struct list awaiters; /* as an output: links that wait for responses */
};

/* txn.c. */
struct link_txns {
    struct list unsent; /* the kernel has not taken their last octet yet */
    struct list sent;   /* all others, the oldest first */
    uint32_t n;         /* in both */
};

/* owed.c. */
struct link_owed {
    struct list entries; /* REPORTs that are owed to it, oldest first */
    struct list of_new;  /* in owed.new_links, if something was added */
    uint32_t n;
    uint32_t n_new;        /* the last so many may continue each other */
    uint16_t cut_code;     /* the chunk that is received from it is refused
                              next; 0: it is not (failure_report.c) */
    const char *close_why; /* it is closed once it has all; NULL: it is not */
};

/* session.c. */
struct link_sessions {
    struct list issued; /* sessions that were issued over this link */
    struct list peers;  /* peer bindings that lead to it (P-10) */
    uint32_t n;         /* sessions issued */
};

/* pair.c. */
struct link_pairs {
    struct list sides; /* of struct pair_side, bound to it */
    uint32_t n;
    bool is_heard; /* the other end has asked or answered something */
};

/* send.c. A link that is in any of these lists, or has members in its own, is
 * in use: relay_link_is_idle(). */
struct link_send {
    struct list unfinished; /* in the `expected` of the link to which its last
                               chunk went, if that ended with `+` */
    struct list expected;   /* links whose unfinished message goes to it */
    struct list heads;      /* of SENDs from it that await an answer */
    struct list parked;     /* heads of SENDs to it, whose answer waits until it
                               is up, or until it has taken octets */
    struct list awaiting;   /* ... until its owner has answered */
    struct list of_parking; /* in relay.parking, if there are any */
    struct source *source;  /* that its latest SEND counts against; or NULL */
};

/* ongoing.c. */
struct link_ongoing {
    struct list in;  /* ongoing messages that come over it, oldest first */
    struct list out; /* ... that go on to it */
    uint32_t n;      /* those that come over it */
    /* Messages to it that ended badly, whose last chunk waits for room. */
    struct list owed;
    uint32_t n_owed;
};

/* relay.c. */
struct link_trust {
    bool proven;            /* past its probation (R4976-6.1-d) */
    uint32_t failures;      /* failed requests before that */
    uint32_t auth_failures; /* wrong credentials since the last right ones */
    uint32_t challenges;    /* ... and challenges since then */
    struct nonce_window nonces;
};

/* auth_failures.c. */
struct link_auth_failures {
    struct list users; /* who failed over it, as another relay's */
    uint32_t n;
};

/* pending_auth.c. */
struct link_pending_auths {
    struct list waiting; /* oldest first */
    uint32_t n;
    uint32_t octets; /* of them */
};

/* relay_links.c. */
struct link_relays {
    struct list authorities;    /* where it leads; see relay_links.c */
    uint32_t n;                 /* ... and how many */
    bool to_relay;              /* it is needed as a relay (R4976-9.2-e) */
    struct host_names *claimed; /* by one known by its address; NULL; owned */
    struct certified_name *certified; /* certified_names.c; NULL; owned */
    size_t n_certified;
    uint64_t probed; /* number of the link that holds what this one claims */
};

struct link {
    /* The application's. Set before relay_link_opened(), except for what the
     * handshake shows (names, requested_cert: set before relay_link_known(),
     * which clears `connecting`) and fail_code (set before
     * relay_link_closed()). */
    const struct link_ops *ops;
    uint64_t number;         /* never reused */
    struct subject *subject; /* whom the log tells of; NULL: nothing is known;
                                a reference of the application's */
    struct span host; /* of the URI that was dialled; empty: it was not */
    const struct host_names *names; /* of the verified certificate, or NULL */
    struct span name;      /* in the URIs issued over it; empty: policy.name */
    size_t max_chunk_size; /* of body in a SEND to it; 0: policy's */
    uint16_t port;         /* in the URIs issued over it */
    uint16_t host_port;    /* of the URI that was dialled; 0: it had none */
    uint16_t fail_code;    /* for everything that waits for it; 0: as usual */
    bool secure;           /* TLS */
    bool may_auth;         /* AUTH is accepted here: TLS, or auth.allow_tcp */
    bool by_address;       /* comes from relays.addresses (S-4) */
    bool needs_session;    /* for clients that log in first (R7977-5.3.1-a) */
    bool requested_cert;   /* asked for our certificate, as relays do */
    bool connecting;       /* being dialled: streams wait, output is kept */

    /* Core's. What each chunk of a SEND needs comes first. */
    bool closing;
    bool is_relay; /* another relay's: set by relay_link_known() (P-8, S-4) */
    struct link_frame frame;
    struct link_sendq sendq;
    struct link_txns txns;
    struct link_owed owed;
    struct stream *stream; /* of the chunk that it sends; NULL: none */
    struct link_sessions sessions;
    struct link_pairs pairs;
    struct link_send send;
    struct link_ongoing ongoing;
    struct link_trust trust;
    struct link_relays relay_links;
    struct link_auth_failures auth_failures;
    struct source *dialled_for; /* a reference; or NULL */
    struct link_pending_auths pending_auths;
    struct table_node by_number;
};

/* Zeroes the link. The caller sets the application's other fields next. */
void link_init(struct link *l, const struct link_ops *ops, uint64_t number);

/* Do several sessions or users share the link? What holds one of them up then
 * holds up the others. */
bool link_is_shared(const struct link *l);

/* Does the link wait for another output, or for responses of one? */
static inline bool link_is_blocked(const struct link *l)
{
    return !list_is_empty(&l->sendq.of_waits);
}

/* How long the link has waited for other outputs, in total up to now. */
uint64_t link_paused_ms(const struct link *l, uint64_t now_ms);

/* How long this relay has not read the link, for whatever reason of its own, in
 * total up to now (P-23). */
uint64_t link_unread_ms(const struct link *l, uint64_t now_ms);

/* Tells the application that the link's use has changed. */
void link_changed(struct link *l);

/* Asks for the end of the link; no-op if that was asked for already. `why` is
 * static. */
void link_close(struct link *l, const char *why);

#endif
