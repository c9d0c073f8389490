/* SPDX-License-Identifier: BSD-2-Clause */
/* route - where a request may go (RFC 4976, 6.2, 6.3, 6.4, 9.3).
 *
 * Consumes our own URIs at the front of To-Path and authorises each by itself:
 * from the client that it was issued to, a URI opens the way out; from anybody
 * else it leads to that client and nowhere else. So this is never an open relay
 * (R4976-3.1-a). A URI that a side of an anchored pair was given leads from
 * that side to the other one and nowhere else; there both paths are replaced,
 * and what the other side announced may lead through this relay again.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "pending_send.h"
#include "link.h"
#include "msg.h"
#include "pair.h"
#include "policy.h"
#include "relay_links.h"
#include "session.h"
#include "uri.h"

enum { ROUTE_PAIRS_MAX = 8 }; /* that a request may go through */

enum route_kind {
    ROUTE_LINK,    /* forward to `out` */
    ROUTE_LOCAL,   /* for the relay itself */
    ROUTE_DIAL,    /* forward to the host of `next` (relay_links.h) */
    ROUTE_SIDE,    /* forward to `side` of an anchored pair */
    ROUTE_EARLY,   /* not known yet: `early` has no answer */
    ROUTE_REFUSE,  /* answer with `code` */
    ROUTE_FOREIGN, /* not addressed to this relay (R4976-6.2-b) */
};

/* Texts point into the request, sessions and links are borrowed: all are valid
 * until the relay handles another event. */
struct route {
    enum route_kind kind;
    uint16_t code;      /* REFUSE */
    struct link *out;   /* LINK */
    struct link *rival; /* REFUSE with 506: whose place was claimed */
    bool is_unproven;   /* REFUSE: the sender may not speak so (S-3) */
    bool is_stranger;   /* REFUSE: a URI that a side of a pair was given is
                           not for the sender */
    bool is_unreached; /* REFUSE: the sender may send this, but `next` cannot be
                          reached */
    struct pair_side *impostor; /* REFUSE: who has not the certificate that this
                                   side announced; NULL: nobody */
    const char *close_why;    /* REFUSE: the link is closed then; static; NULL:
                                 it is not */
    bool as_relay;            /* DIAL: `next` has to be a relay */
    struct session *session;  /* the last one passed, or NULL */
    struct session *sender;   /* the one whose owner sends, or NULL */
    struct session *receiver; /* the one whose owner receives, or NULL */
    uint64_t source; /* the account of who sends: see source_name(); 0: nobody
                        has asked yet */
    struct span own[PENDING_SEND_OWN_MAX]; /* our URIs passed, nearest to the
                                      sender first */
    size_t n_own;
    struct span to;  /* the rest of To-Path */
    struct uri next; /* its first URI; LINK, DIAL and SIDE */
    struct uri
        from_uri; /* the first URI of From-Path; unless it is malformed */
    /* Paths are replaced where a request goes through an anchored pair. */
    struct pair_side *speaker; /* the first side that speaks; NULL: no pair */
    struct pair_side *side;    /* SIDE: that it is for */
    struct anchored_token *early; /* EARLY */
    struct span from; /* From-Path as it goes on, behind own[]; empty: as it
                         came */
    struct span back[PENDING_SEND_OWN_MAX]; /* then: our URIs up to the first
                                               pair's, which are all that its
                                               sender gets to see */
    size_t n_back;
    unsigned n_pairs; /* that it goes through */
    /* Of these, those between `sender` and `receiver`. */
    struct pair_side *middle[ROUTE_PAIRS_MAX];
    size_t n_middle;
    bool sender_is_b, receiver_is_b; /* of the pairs whose sessions `sender` and
                                        `receiver` are: side B speaks */
};

/* Finds the route of the request `m`, which arrived on `from` and has no fault.
 * Binds the peer that speaks to one of our clients to `from` (P-10), or enters
 * the relay that `from` leads to in `links` (S-6). */
void route_find(struct route *r, const struct policy *policy,
                struct sessions *sessions, struct relay_links *links,
                struct link *from, const struct msg *m, uint64_t now_ms);

/* The one of policy->realms that is this host, for AUTH; empty: none. */
struct span route_realm(const struct policy *policy, struct span host);

/* Does a listener have this port now? */
bool route_has_port(const struct policy *policy, uint16_t port);

/* The host in URIs with this port: that of its listener, or policy->name if
 * there is none, or several that disagree. */
struct span route_port_name(const struct policy *policy, uint16_t port);
/* ... or is this one of its names? */
bool route_has_name(const struct policy *policy, struct span host);

/* Does this URI mean this relay? Either by its authority; for an AUTH
 * (`is_auth`) the realm is accepted as host, and no port (I-9). Or because this
 * relay issued it, under whatever name at that time, and its session lives. */
bool route_is_ours(const struct policy *policy, const struct sessions *sessions,
                   const struct uri *uri, bool is_auth, uint64_t now_ms);

/* Splits the To-Path of a response: our own URIs at its front go to own[], in
 * order, at most PENDING_SEND_OWN_MAX; the rest to *to. false if the first one
 * is not ours, or nothing is left (R4976-6.4.3-a). */
bool route_answer(const struct policy *policy, const struct sessions *sessions,
                  const struct msg *m, struct span *to, struct span *own,
                  size_t *n_own, uint64_t now_ms);

#endif
