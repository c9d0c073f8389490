/* nonce - the nonces of challenges (RFC 7616, 3.3; R4976-9.1-i, -j).
 *
 * A nonce carries the time of its issue under a keyed hash, so that issuing one
 * takes no memory. Only nonces that were used with right credentials are
 * remembered, with their highest nc, until they are too old anyway: a replay is
 * refused. */
#ifndef NONCE_H
#define NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "rnd.h"
#include "str.h"
#include "table.h"

enum {
    NONCE_LEN = 64,         /* characters */
    NONCE_USED_MAX = 65536, /* remembered at most; then no more are accepted */
};

struct nonces {
    unsigned char key[32];
    struct rnd *rnd;
    uint64_t oldest_ms; /* nonces issued before have expired in any case */
    struct table used;
    struct list fifo; /* of the used ones, the oldest first */
};

/* 0 or ERR_NOMEM. `rnd` belongs to the caller and must outlive `n`. */
int nonces_init(struct nonces *n, struct rnd *rnd);
void nonces_fini(struct nonces *n);

/* Nonces live longer than `lifetime_ms` from now on, which was their lifetime
 * so far. Those that have expired stay expired, since their use is no longer
 * remembered. */
void nonces_bury(struct nonces *n, uint64_t lifetime_ms, uint64_t now_ms);

/* Writes a new one into dst (NONCE_LEN characters, no NUL): 0 or ERR_NOMEM. */
int nonce_new(struct nonces *n, char *dst, uint64_t now_ms);

/* Was it issued here, at most lifetime_ms ago? */
bool nonce_is_fresh(const struct nonces *n, struct span nonce,
                    uint64_t lifetime_ms, uint64_t now_ms);

/* Uses a fresh nonce with this nc (8 hex digits). false if it was used with the
 * same or a higher nc before, or if no more can be remembered. */
bool nonce_use(struct nonces *n, struct span nonce, struct span nc,
               uint64_t lifetime_ms, uint64_t now_ms);

#endif
