/* relay_links - connections to hosts, found by URI, dialled when there is none.
 *
 * A connection that this relay dialled counts for the host and port of the URI
 * that it was dialled for. A connection whose other end showed a verified host
 * certificate counts for the names in that, whichever side opened it and
 * whatever its port (R4975-5.4-a, B4975-5.4-a). */
#ifndef RELAY_LINKS_H
#define RELAY_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "list.h"
#include "msg.h"
#include "uri.h"

/* Starts to dial the host of `uri`. Returns a link that is `connecting`, or
 * NULL with the response code in *code: 403 if policy forbids it, 408 for
 * anything else (P-20). */
typedef struct link *(*relay_links_dial_fn)(void *ctx, const struct uri *uri,
                                            uint16_t *code);

struct relay_links {
    struct list hosts;        /* links that lead to a host */
    relay_links_dial_fn dial; /* NULL: nothing is dialled */
    void *ctx;
    bool allow_tcp; /* dial.allow_tcp */
};

void relay_links_init(struct relay_links *n);

/* Sets up relay_links' part of a link: it leads to no host. */
void relay_links_link_init(struct link *l);

/* The link leads to a host: it was dialled, or has shown a certificate. No-op
 * if it was added before. */
void relay_links_add(struct relay_links *n, struct link *link);
/* No-op if it was never added. */
void relay_links_remove(struct link *link);

/* A link to the host of `uri` that is not closing, or NULL. */
struct link *relay_links_find(const struct relay_links *n,
                              const struct uri *uri);

/* May `l` carry a request with more URIs in its path, or an AUTH (`as_relay`)?
 * Relays authenticate to each other: a link that was dialled is not used as one
 * to a relay if the other end did not ask for our certificate (R4976-9.2-e),
 * nor is one over plain TCP. A link that is still connecting is accepted and
 * remembers what it is needed for; it is judged when it is up. */
bool relay_links_serves(struct link *l, bool as_relay);

/* A link to the host of `uri`, dialled if there is none. `is_last`: no URI
 * follows in the path; `is_auth`: for an AUTH. NULL with the response code in
 * *code: 403 if policy forbids it (R4976-9.2-e, -f, P-11), 408 if the host
 * cannot be reached (P-20), for example because it can only connect to us
 * (R7977-A-a, I-15). */
struct link *relay_links_reach(struct relay_links *n, const struct uri *uri,
                               bool is_last, bool is_auth, uint16_t *code);

#endif
