/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_users - a change to the users file, made whole or not at all.
 *
 * Everything but the lines of the one user stays as it is. The file is locked
 * meanwhile, against others that do the same; a reader sees the old file or the
 * new one. What the relay would not read is never written. */
#ifndef CTL_USERS_H
#define CTL_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"
#include "str.h"
#include "users.h"

struct ctl_users_change {
    struct span user, realm;
    /* By algorithm; none at all: the user is taken out. */
    struct digest_hex ha1[DIGEST_ALGS];
    bool has[DIGEST_ALGS];
};

/* Can a users file hold this user and realm? */
bool ctl_users_can_hold(struct span user, struct span realm);

/* The text with the change made in it, to be wiped and freed, and how many
 * lines of the user it had before: 0 or ERR_NOMEM. Pure. */
int ctl_users_edit(char **out, size_t *n, size_t *before, struct span text,
                   const struct ctl_users_change *c);

/* Makes the change in the file at `path`; one that is not there is made, for
 * the group of its directory to read. 0; ERR_CONFIG after `fault` was called
 * with what was wrong in the file before; ERR_NOT_FOUND when there is no such
 * user to be taken out; ERR_IO (errno is set), ERR_LIMIT or ERR_NOMEM. */
int ctl_users_change(const char *path, const struct ctl_users_change *c,
                     users_fault_fn fault, void *ctx);

#endif
