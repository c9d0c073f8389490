/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_dial - getting a connected socket: by calling, or by waiting for a call.
 */
#ifndef CAT_DIAL_H
#define CAT_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* A host, without brackets, and a port. */
struct cat_dial_to {
    char host[256];
    char port[6];
};

/* Takes `HOST:PORT`, `[IPv6]:PORT` or, if `host` is not NULL, `PORT` alone,
 * which then is on that host. 0 or ERR_SYNTAX; port 0 only if `host` is not
 * NULL. */
int cat_dial_parse(struct cat_dial_to *out, struct span text, const char *host);

/* Where the first URI of a path is. A port that is not there is 2855 (the
 * fallback of R4976-8-d). 0 or ERR_SYNTAX. */
int cat_dial_from_uri(struct cat_dial_to *out, bool *secure, struct span uri);

/* Connects, trying each address of the host for at most timeout_ms
 * (R4975-6.2-b). *fd is non-blocking. 0, ERR_NOT_FOUND if the host has no
 * address, or what the last address gave: ERR_IO (see errno) or ERR_TIMEOUT. */
int cat_dial_connect(int *fd, const struct cat_dial_to *to,
                     uint64_t timeout_ms);

/* Where this end is, for its URI and its SDP. */
enum { CAT_DIAL_AUTHORITY = 300, CAT_DIAL_ADDRESS = 64 };
struct cat_dial_own {
    char authority[CAT_DIAL_AUTHORITY]; /* `HOST:PORT`, the host as given */
    char address[CAT_DIAL_ADDRESS];     /* the host's, numeric */
};

/* Listens at `at`; *own has the real port. 0, ERR_NOT_FOUND or ERR_IO (see
 * errno). */
int cat_dial_listen(int *fd, struct cat_dial_own *own,
                    const struct cat_dial_to *at);

/* For an end that does not listen: its host is `host` or, if NULL, the address
 * from which it would reach `towards` (NULL: the world); loopback if nothing
 * can be reached. Nothing is sent. 0, or ERR_NOT_FOUND if `host` has no
 * address. */
int cat_dial_local(struct cat_dial_own *own, const char *host, unsigned port,
                   const struct cat_dial_to *towards);

/* Waits for one caller, and stops listening. 0 or ERR_IO. */
int cat_dial_accept(int *fd, int listener);

#endif
