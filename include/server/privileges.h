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

/* File accesses are that user's until privileges_return(), so that root opens
 * nothing on his behalf that he could not have opened himself. The further
 * groups of root do not come back. Nothing happens unless p->change. 0 or
 * ERR_IO, which was logged. */
int privileges_lend(const struct privileges *p, struct log *log);
/* Keeps errno. */
void privileges_return(const struct privileges *p);

/* Makes a file for that user where he may not make one himself, and opens it
 * for appending. What is there already, a link, or a directory on the way that
 * the user could change is an error (S-37). `path` is absolute. 0, ERR_DENIED
 * or ERR_IO. */
int privileges_create(int *out, const struct privileges *p, const char *path);

/* Makes that user the owner of the socket's file, if it is one: 0, or ERR_IO
 * with errno. */
int privileges_give_socket(const struct privileges *p, const char *path);

/* Becomes them, without any further groups, capabilities or a way to new ones,
 * and verifies that there is no way back. 0 or ERR_IO, which was logged. */
int privileges_drop(const struct privileges *p, struct log *log);

#endif
