/* route - where a request may go (RFC 4976, 6.2, 6.3, 6.4, 9.3).
 *
 * Consumes our own URIs at the front of To-Path, authorising each by itself:
 * from the client that got it, it opens the way out; from anybody else it leads
 * to that client and nowhere else. Never an open relay (R4976-3.1-a). */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "pending_send.h"
#include "link.h"
#include "msg.h"
#include "policy.h"
#include "session.h"
#include "uri.h"

enum route_kind {
    ROUTE_LINK,    /* on to `out` */
    ROUTE_LOCAL,   /* the relay itself is the target */
    ROUTE_DIAL,    /* on to the host of `next` (relay_links.h) */
    ROUTE_REFUSE,  /* answered with `code` */
    ROUTE_FOREIGN, /* not addressed to this relay (R4976-6.2-b) */
};

struct route {
    enum route_kind kind;
    uint16_t code;            /* REFUSE */
    struct link *out;         /* LINK */
    struct session *session;  /* the last one passed; NULL if none */
    struct session *sender;   /* the one whose owner sends it, or NULL */
    struct session *receiver; /* the one to whose owner it goes, or NULL */
    struct span own[PENDING_SEND_OWN_MAX]; /* our URIs passed, as text */
    size_t n_own;
    struct span to;  /* the rest of To-Path */
    struct uri next; /* its first URI; LINK and DIAL */
};

/* The way of the request `m`, which came on `from` and has no fault. Binds the
 * peer that speaks to one of our clients to `from` (P-10). */
void route_find(struct route *r, const struct policy *policy,
                struct sessions *sessions, struct link *from,
                const struct msg *m, uint64_t now_ms);

/* Does a listener have this port now? */
bool route_has_port(const struct policy *policy, uint16_t port);

/* Does this URI mean this relay? By its authority, for which AUTH also takes
 * the realm as host, and no port (I-9); or because it was issued by this relay,
 * whatever that was called then, and its session lives. */
bool route_is_ours(const struct policy *policy, const struct sessions *sessions,
                   const struct uri *uri, bool is_auth, uint64_t now_ms);

/* Moves our own URIs from the front of an answer's To-Path: what is left of it,
 * and the URIs taken, in order, at most PENDING_SEND_OWN_MAX. false if the
 * first one is not ours (R4976-6.4.3-a). */
bool route_answer(const struct policy *policy, const struct sessions *sessions,
                  const struct msg *m, struct span *to, struct span *own,
                  size_t *n_own, uint64_t now_ms);

#endif
