/* relay_links - connections to hosts, found by URI, made when there is none.
 *
 * A connection that this relay dialled counts for the host and port of its URI;
 * one whose other end showed a host's certificate counts for that name, whoever
 * opened it and from whatever port (R4975-5.4-a, B4975-5.4-a). */
#ifndef RELAY_LINKS_H
#define RELAY_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "list.h"
#include "msg.h"
#include "uri.h"

/* Begins to dial `uri`: a link that is `connecting`, or NULL and the code to
 * refuse with: 403 by policy, 408 for anything else (P-20). */
typedef struct link *(*relay_links_dial_fn)(void *ctx, const struct uri *uri,
                                            uint16_t *code);

struct relay_links {
    struct list hosts;
    relay_links_dial_fn dial; /* NULL: nothing is dialled */
    void *ctx;
    bool allow_tcp; /* dial.allow_tcp */
};

void relay_links_init(struct relay_links *n);

/* This link leads to a host: it is dialled, or has shown a certificate. */
void relay_links_add(struct relay_links *n, struct link *link);
void relay_links_remove(struct link *link);

/* A link to the host of `uri`, or NULL. */
struct link *relay_links_find(const struct relay_links *n,
                              const struct uri *uri);

/* May `l` be used for a path with more URIs, or an AUTH (`as_relay`)? Relays
 * prove themselves to each other: one that was dialled and did not ask for our
 * certificate is not used as one (R4976-9.2-e), nor is plain TCP. Who is still
 * being dialled is judged when it is there. */
bool relay_links_serves(struct link *l, bool as_relay);

/* A link to the host of `uri`, dialled if there is none; `is_last`: no URI
 * comes behind it in the path, `is_auth`: for an AUTH. NULL with the code to
 * refuse with: 403 for what policy forbids (R4976-9.2-e, -f, P-11), 408 for who
 * cannot be reached (P-20), be it because he can only come to us (R7977-A-a,
 * I-15). */
struct link *relay_links_reach(struct relay_links *n, const struct uri *uri,
                               bool is_last, bool is_auth, uint16_t *code);

#endif
