/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges - from root to relay.user and relay.group, for good. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "config.h"
#include "log.h"

struct privileges {
    bool change; /* else the process keeps its user */
    uid_t uid;
    gid_t gid;
};

/* Which user a process that runs as root is to become: relay.user and
 * relay.group. "" keeps root; a user that does not exist is an error, the
 * default one too. 0 or ERR_IO, which was logged. */
int privileges_find(struct privileges *p, const struct config *config,
                    struct log *log);

/* Becomes them, without any further groups, and verifies that there is no way
 * back. 0 or ERR_IO, which was logged. */
int privileges_drop(const struct privileges *p, struct log *log);

#endif
