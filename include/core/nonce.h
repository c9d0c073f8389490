/* SPDX-License-Identifier: BSD-2-Clause */
/* nonce - what the relay challenges with (RFC 7616, 3.3; R4976-9.1-i, -j).
 *
 * A nonce belongs to the link over which it was given out (S-16), and to the
 * realm of its challenge. It carries its time and its number on that link; a
 * keyed hash over both, the link's own number and the realm proves them. Giving
 * one out therefore costs no memory, and there is no table that one link could
 * fill for all others: each link remembers, one bit for each of its last
 * nonces, which were used. An older one counts as used. */
#ifndef NONCE_H
#define NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rnd.h"
#include "str.h"

enum {
    NONCE_LEN = 64,
    NONCE_WINDOW_CLIENT = 1024, /* nonces that a client's link remembers */
    NONCE_WINDOW_RELAY = 65536, /* the same for another relay's link */
    NONCE_WINDOW_FIRST = 64,    /* what every link begins with */
    NONCE_REALM_MAX = 255,      /* octets */
    NONCE_COUNTS = 2,           /* used nonces whose nc is remembered */
};

/* The secret of the process. */
struct nonces {
    unsigned char key[32];
};

/* What a link remembers; part of the link. */
struct nonce_window {
    uint64_t link;    /* the link's number */
    uint64_t given;   /* nonces so far: the number of the next one */
    uint64_t turn_ms; /* when the last run of NONCE_WINDOW_FIRST began */
    uint64_t first;   /* which were used, while `size` is NONCE_WINDOW_FIRST */
    uint64_t *used;   /* the same afterwards; owned */
    uint32_t size;    /* how many are remembered */
    uint32_t max;     /* ... and how many may be */
    uint32_t nc[NONCE_COUNTS];     /* the highest nc ... */
    uint64_t number[NONCE_COUNTS]; /* ... of these numbers, plus 1; 0: none */
};

void nonces_init(struct nonces *n, struct rnd *rnd);
void nonces_fini(struct nonces *n);

/* `link` is the number of the link, `max` one of the sizes above. */
void nonce_window_init(struct nonce_window *w, uint64_t link, uint32_t max);
void nonce_window_fini(struct nonce_window *w);

/* The link, and the realm of a challenge: at most NONCE_REALM_MAX octets. */
struct nonce_scope {
    struct nonce_window *window;
    struct span realm;
};

/* A new one into `dst` (NONCE_LEN, no NUL). The window grows to its largest
 * size with the first one of another relay's link, for which many may ask at
 * one moment, and of a client's link when many are given out within
 * `lifetime_ms`; without memory it stays as it is. 0, or ERR_NOMEM if it cannot
 * be hashed. */
int nonce_new(const struct nonces *n, struct nonce_scope scope, char *dst,
              uint64_t lifetime_ms, uint64_t now_ms);

/* Was it given out over this link for this realm, at most lifetime_ms ago, and
 * recently enough to know whether it was used? */
bool nonce_is_fresh(const struct nonces *n, struct nonce_scope scope,
                    struct span nonce, uint64_t lifetime_ms, uint64_t now_ms);

/* Uses a fresh one with this nc (8 hex digits): false if it was used before,
 * unless the link still knows with which nc, and this one is higher. */
bool nonce_use(struct nonce_window *w, struct span nonce, struct span nc);

#endif
