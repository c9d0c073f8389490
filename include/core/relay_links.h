/* SPDX-License-Identifier: BSD-2-Clause */
/* relay_links - connections to other relays, found by host, port and scheme,
 * and dialled when there is none (S-6).
 *
 * A link enters the table under an authority: the host, port and scheme of a
 * URI. One that was dialled enters under those of the URI that it was dialled
 * for, and, if that had no port, under those of the Use-Path by which the relay
 * there calls itself. One that was accepted enters under the first From-Path
 * URI of what it sends, if it has proved that host (identity.h). A certificate
 * permits, it does not address: relays that share a name are told apart by
 * their ports. Finding a link costs the same however many there are.
 *
 * Connections to lone peers are not shared (R4975-5.4-a permits that; endpoints
 * deliver all of a connection into one session) unless dial.share_peers says
 * so. */
#ifndef RELAY_LINKS_H
#define RELAY_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "certified_names.h"
#include "link.h"
#include "msg.h"
#include "policy.h"
#include "table.h"
#include "uri.h"

/* Starts to dial the host of `uri`. Returns a link that is `connecting`, or
 * NULL with the response code in *code: 403 if policy forbids it, 408 for
 * anything else (P-20). */
typedef struct link *(*relay_links_dial_fn)(void *ctx, const struct uri *uri,
                                            uint16_t *code);

enum { RELAY_LINKS_AUTHORITIES_MAX = 16 }; /* of one link (S-6) */

struct relay_links {
    struct table by_authority;
    struct certified_names certified;
    const struct policy *policy; /* the caller's; may be replaced at any time */
    relay_links_dial_fn dial;    /* NULL: nothing is dialled */
    void *ctx;
    bool allow_tcp;   /* dial.allow_tcp */
    size_t dialled;   /* entries whose link was dialled for them */
    uint64_t changes; /* that routes may depend on: see route_memo.h */
};

/* 0 or ERR_NOMEM. `policy` must outlive it or be replaced. */
int relay_links_init(struct relay_links *n, const struct policy *policy,
                     const uint64_t seed[2]);
/* All links must have left. */
void relay_links_fini(struct relay_links *n);

/* Sets up relay_links' part of a link; takes the link out of the table. */
void relay_links_link_init(struct link *l);
void relay_links_link_closed(struct relay_links *n, struct link *l);

/* The certificate of this link, another relay's, is known. 0 or ERR_NOMEM. */
int relay_links_known(struct relay_links *n, struct link *l);

/* The link leads to the authority of `uri`, unless another one does so already,
 * which keeps its place while it lives and is probed once for `l` (S-2). But a
 * link that was dialled for the authority comes before one that claims it, and
 * a certified one before one that is known by its address alone. No-op without
 * memory, or beyond RELAY_LINKS_AUTHORITIES_MAX. */
void relay_links_enter(struct relay_links *n, struct link *l,
                       const struct uri *uri);

/* May the first From-Path URI of what arrived on `l`, another relay's link, be
 * `uri` (S-3)? If so the link is entered under it. A link that counts as a
 * relay's by its address may claim hosts that no certified link has. */
bool relay_links_claim(struct relay_links *n, struct link *l,
                       const struct uri *uri);

/* The link to the authority of `uri` that is not closing, or NULL. */
struct link *relay_links_find(const struct relay_links *n,
                              const struct uri *uri);

/* Is the URI's authority a relay's, as far as is known: by a link that has
 * proved it, or because relays.names lists its host (S-1 b)? */
bool relay_links_is_relay(const struct relay_links *n, const struct uri *uri);

/* Can the host be dialled by its nature? Not one that can only connect to us:
 * of a WebSocket, `.invalid`, or at the port that stands for none (S-34). */
bool relay_links_can_be_dialled(const struct uri *uri);
/* The same if it is dialled at another host and port; an empty host: at its
 * own. */
bool relay_links_can_be_dialled_at(const struct uri *uri, struct span host,
                                   uint16_t port);

/* The link to the host of `uri`, if there is one. `as_relay`: URIs follow in
 * the path, or it is an AUTH. NULL with 0 in *code if it has to be dialled;
 * else with the response code: 403 if policy forbids it (R4976-9.2-e, -f,
 * P-11), 481 if the host cannot be dialled by its nature, because it can only
 * connect to us (S-34). */
struct link *relay_links_reach(struct relay_links *n, const struct uri *uri,
                               bool as_relay, uint16_t *code);

/* Dials it, which relay_links_reach() permitted. NULL with the response code in
 * *code: 403 if policy forbids it, 408 if it cannot be reached (P-20). */
struct link *relay_links_dial(struct relay_links *n, const struct uri *uri,
                              bool as_relay, uint16_t *code);

/* For operators: where a link leads. */
struct relay_links_view {
    struct span host; /* its name, or empty for an address */
    uint16_t port;
    bool secure;
    bool is_dialled;
    const struct link *link;
};

/* The entry after `*at` (NULL: the first, which comes in no order), and moves
 * `*at` there; false at the end. The table may not change meanwhile. */
bool relay_links_next(const struct relay_links *n, const struct table_node **at,
                      struct relay_links_view *out);

#endif
