/* nonce - what the relay challenges with (RFC 7616, 3.3; R4976-9.1-i, -j).
 *
 * A nonce carries its time under a keyed hash, so that giving one out costs no
 * memory. Only nonces that were used with the right credentials are remembered,
 * with the highest nc seen, until they are too old anyway: a replay is refused.
 */
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
    NONCE_LEN = 64,
    NONCE_USED_MAX = 65536, /* remembered; beyond it none is accepted */
};

struct nonces {
    unsigned char key[32];
    struct rnd *rnd;
    uint64_t oldest_ms; /* what was given out before is over in any case */
    struct table used;
    struct list fifo; /* of the used, oldest first */
};

/* 0 or ERR_NOMEM. */
int nonces_init(struct nonces *n, struct rnd *rnd);
void nonces_fini(struct nonces *n);

/* From now on they live longer than `lifetime_ms`, which held up to now: those
 * whose time is over stay over, since they are no longer remembered. */
void nonces_bury(struct nonces *n, uint64_t lifetime_ms, uint64_t now_ms);

/* A new one into `dst` (NONCE_LEN, no NUL). 0 or ERR_NOMEM. */
int nonce_new(struct nonces *n, char *dst, uint64_t now_ms);

/* Was it given out here, at most lifetime_ms ago? */
bool nonce_is_fresh(const struct nonces *n, struct span nonce,
                    uint64_t lifetime_ms, uint64_t now_ms);

/* Uses a fresh one with this nc (8 hex digits): false if it was used with the
 * same or a higher nc, or if no more can be remembered. */
bool nonce_use(struct nonces *n, struct span nonce, struct span nc,
               uint64_t lifetime_ms, uint64_t now_ms);

#endif
