/* SPDX-License-Identifier: BSD-2-Clause */
/* auth - judges an AUTH request (RFC 4976, 5.1, 6.3, 9.1).
 *
 * Decides which response is due. Sessions and connections are the caller's
 * business. A user is in the users file, or has credentials that a shared
 * secret proves (ephemeral.h); about anybody else the caller may have to ask.
 * An unknown user takes the same path, and the same time, as a wrong password.
 */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "digest.h"
#include "msg.h"
#include "nonce.h"
#include "policy.h"
#include "temporary_users.h"
#include "users.h"
#include "writer.h"

struct auth {
    const struct policy *policy;
    const struct users *users;
    struct temporary_users temporary; /* besides those */
    struct nonces nonces;
    bool may_ask;    /* the caller's to set: AUTH_ASK is a verdict */
    uint64_t unix_s; /* seconds since 1970: the caller's to set */
    char opaque[16]; /* the same in every challenge (I-7) */
};

/* `policy`, `users` and `rnd` belong to the caller and must
 * outlive `a`; the first two at least until the next auth_configure(). Free it
 * with auth_fini(). */
void auth_init(struct auth *a, const struct policy *policy,
               const struct users *users, struct rnd *rnd);
void auth_fini(struct auth *a);

/* Use these settings and users from now on. Challenges that were issued before
 * may still be answered. */
void auth_configure(struct auth *a, const struct policy *policy,
                    const struct users *users);

/* Why credentials are refused. */
enum auth_refusal {
    AUTH_WRONG,   /* the user is known, the password is another */
    AUTH_UNKNOWN, /* nobody knows the user */
    AUTH_EXPIRED, /* proven by a secret, but their time is over */
};

/* For a code: the user has to be asked about, then auth_judge_answer() knows.
 */
enum { AUTH_ASK = 0 };

struct auth_verdict {
    unsigned code;         /* 200, 400, 401, 408 or 423; or AUTH_ASK */
    bool stale;            /* 401: right, except that the nonce was too old */
    bool failure;          /* 401: counts as a failed attempt ... */
    enum auth_refusal why; /* ... for this reason */
    bool too_long;         /* 423: over the maximum, else under the minimum */
    struct span user; /* whose session it is to be: the NAME of EXPIRY:NAME if a
                         secret proves it, else as given; or empty */
    struct span realm;              /* that the request is for; the policy's */
    uint32_t expires_s;             /* 200: granted; 423: the limit */
    struct digest_auth credentials; /* 200: as given; points into the request */
    struct digest_hex rspauth;      /* 200: for Authentication-Info */
};

/* Judges the AUTH `m`, which arrived on the link to which `nonces` belongs and
 * is for this relay: the host of its last To-Path URI chooses the realm.
 * Fills in *v, which points into m. Only a request
 * that is granted spends its nonce (S-16), or one on which the verdict is
 * AUTH_ASK. */
void auth_judge(struct auth *a, struct auth_verdict *v, const struct msg *m,
                struct nonce_window *nonces, uint64_t now_ms);

/* The verdict on a request on which it was AUTH_ASK, given what is known of
 * v->credentials.username in v->realm by now. `m` may be a copy. The nonce was
 * spent before, so that a question costs a challenge. 408 if the answer is
 * none.
 */
void auth_judge_answer(struct auth *a, struct auth_verdict *v,
                       const struct msg *m, const struct asker_answer *answer);

enum { AUTH_CHALLENGE_MAX = 512 }; /* octets of one challenge */

/* Writes the value of a WWW-Authenticate header for `alg`, as the verdict wants
 * it (realm, stale), with a new nonce of the link to which `nonces` belongs,
 * into dst, which has room for AUTH_CHALLENGE_MAX octets. Returns it; empty
 * when out of memory. */
struct span auth_challenge(struct auth *a, char *dst, enum digest_alg alg,
                           const struct auth_verdict *v,
                           struct nonce_window *nonces, uint64_t now_ms);

#endif
