/* SPDX-License-Identifier: BSD-2-Clause */
/* ephemeral - credentials that a shared secret proves, in the form of the TURN
 * REST API (draft-uberti-behave-turn-rest): the user is `EXPIRY:NAME`, EXPIRY
 * in seconds since 1970, and the password is base64(HMAC(secret, user)).
 * Whoever has the secret makes them, and need not be asked about any.
 *
 * Pure: octets in, octets out. */
#ifndef EPHEMERAL_H
#define EPHEMERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

enum ephemeral_hash { EPHEMERAL_SHA1, EPHEMERAL_SHA256 };

/* A user's name, taken apart; points into it. */
struct ephemeral_user {
    uint64_t expiry_s; /* seconds since 1970 */
    struct span name;  /* not empty */
};

/* Takes `user` apart; false if it is not of that form. */
bool ephemeral_parse(struct ephemeral_user *out, struct span user);

enum { EPHEMERAL_PASSWORD_MAX = 48 }; /* octets of a password, with a NUL */

/* The password of `user`, the whole of it, into dst (EPHEMERAL_PASSWORD_MAX);
 * in *out as a span: 0 or ERR_NOMEM. Wipe dst when it is done with. */
int ephemeral_password(struct span *out, char *dst, enum ephemeral_hash hash,
                       struct span secret, struct span user);

#endif
