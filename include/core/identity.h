/* SPDX-License-Identifier: BSD-2-Clause */
/* identity - what a link has proved, and what it may therefore carry (S-1).
 *
 * One predicate says whether a request may go out on a link. It is asked when a
 * peer is bound and at every use, of accepted and of dialled links alike:
 *
 *     (a)  an msrps URI needs TLS;
 *     (b)  where more URIs follow in the path, or the host is another relay's,
 *          the link's verified certificate has to name the host of the URI;
 *     (c)  else the URI is the last one, and the first to speak as it to the
 *          session spoke on this link;
 *     (d)  or the link was dialled for just its host, port and scheme.
 *
 * What goes through a session to the session's owner goes over the session's
 * own link and is not asked about (S-1 e, R4976-9.3-a).
 *
 * The sides of an anchored pair are known by what their SDP announced
 * (identity_may_speak()), and what is for a side goes over the link that was
 * bound to it.
 *
 * Pure: looks at the link, changes nothing but what a link without certificate
 * calls itself. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>

#include "link.h"
#include "policy.h"
#include "uri.h"

struct pair_side;

/* The way that a request is to go. */
struct identity_use {
    bool as_relay; /* more URIs follow, or the host is a relay's, or an AUTH */
    bool is_bound; /* who speaks as the URI to this session did so first here */
};

/* May the link carry what is for this URI? */
bool identity_may_carry(const struct link *l, const struct policy *policy,
                        const struct uri *uri, struct identity_use use);

/* May the link speak for a side of an anchored pair, whose path it has used? */
enum identity_speaker {
    IDENTITY_SPEAKS,
    IDENTITY_FORBIDDEN, /* of another scheme; or a relay that has not proved it,
                           or a side that is inside this relay */
    IDENTITY_IMPOSTOR,  /* it has not shown the certificate that was announced
 */
    IDENTITY_RIVAL,     /* another link speaks for the side (S-2) */
};

/* For a path of several URIs the first one is a relay's, which has to be proved
 * like any other's, on whatever link of its; a lone peer is judged by the
 * fingerprint, and only while it is not bound. `is_inside`: its
 * path leads through this relay itself. */
enum identity_speaker identity_may_speak(const struct link *from,
                                         const struct policy *policy,
                                         const struct pair_side *side,
                                         bool is_inside);

/* Is the link another relay's: with a verified certificate that relays.names
 * admits, or from an address of relays.addresses (S-4)? */
bool identity_is_relay(const struct link *l, const struct policy *policy);

/* Has the link proved that it speaks for this host? */
bool identity_has_name(const struct link *l, const struct policy *policy,
                       struct span host);

#endif
