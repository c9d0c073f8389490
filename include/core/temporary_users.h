/* SPDX-License-Identifier: BSD-2-Clause */
/* temporary_users - users that exist in memory for a minute (S-39).
 *
 * An operator who checks the relay from outside logs in as one of them: names
 * and passwords are random, and no users file is touched. There are
 * TEMPORARY_USERS_MAX at once at most, each for TEMPORARY_USERS_MS. */
#ifndef TEMPORARY_USERS_H
#define TEMPORARY_USERS_H

#include <stdint.h>

#include "digest.h"
#include "rnd.h"
#include "str.h"

enum {
    TEMPORARY_USERS_MAX = 8,
    TEMPORARY_USERS_MS = 60000,
    TEMPORARY_USERS_NAME = 20,     /* octets of a name */
    TEMPORARY_USERS_PASSWORD = 32, /* 190 bits */
};

struct temporary_user {
    char name[TEMPORARY_USERS_NAME];
    struct digest_hex ha1[DIGEST_ALGS];
    uint64_t until_ms; /* 0: a free place */
};

struct temporary_users {
    struct temporary_user all[TEMPORARY_USERS_MAX];
};

/* What the user logs in with; no NUL at the end. To be wiped. */
struct temporary_login {
    char name[TEMPORARY_USERS_NAME];
    char password[TEMPORARY_USERS_PASSWORD];
};

/* Adds a user of this realm: 0; ERR_FULL; or an error of digest_ha1(). */
int temporary_users_add(struct temporary_users *t, struct temporary_login *out,
                        struct span realm, struct rnd *rnd, uint64_t now_ms);

/* HA1 of a user, as users_find() gives it; empty if there is none, or its time
 * is over. */
struct span temporary_users_find(const struct temporary_users *t,
                                 struct span user, enum digest_alg alg,
                                 uint64_t now_ms);

/* Wipes them all. */
void temporary_users_fini(struct temporary_users *t);

#endif
