/* auth - judges an AUTH request (RFC 4976, 5.1, 6.3, 9.1).
 *
 * Says what the answer has to be; sessions and connections are the relay's
 * business. Unknown user and wrong password take the same way. */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "msg.h"
#include "nonce.h"
#include "policy.h"
#include "users.h"
#include "writer.h"

struct auth {
    const struct policy *policy;
    const struct users *users;
    struct nonces nonces;
    char opaque[16]; /* the same in every challenge (I-7) */
};

/* 0 or ERR_NOMEM. */
int auth_init(struct auth *a, const struct policy *policy,
              const struct users *users, struct rnd *rnd);
void auth_fini(struct auth *a);

/* Judges by these from now on; what was challenged before may still be
 * answered. */
void auth_configure(struct auth *a, const struct policy *policy,
                    const struct users *users, uint64_t now_ms);

struct auth_verdict {
    unsigned code;      /* 200, 400, 401, 423 */
    bool stale;         /* 401: the nonce was bad, all else good */
    bool failure;       /* 401: counts as a failed attempt */
    bool too_long;      /* 423: over the maximum, else under the minimum */
    uint32_t expires_s; /* 200: granted; 423: the bound */
    struct digest_auth credentials; /* 200: as given; points into the request */
    struct digest_hex rspauth;      /* 200 */
};

void auth_judge(struct auth *a, struct auth_verdict *v, const struct msg *m,
                uint64_t now_ms);

/* Room for one WWW-Authenticate value. */
enum { AUTH_CHALLENGE_MAX = 512 };

/* The value of a WWW-Authenticate header for `alg`, with a new nonce, into dst
 * (AUTH_CHALLENGE_MAX). Empty without memory. */
struct span auth_challenge(struct auth *a, char *dst, enum digest_alg alg,
                           bool stale, uint64_t now_ms);

#endif
