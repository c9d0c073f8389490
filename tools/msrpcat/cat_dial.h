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

/* Listens at `at`; *authority is given what to write into a URI, `HOST:PORT`
 * with the real port. 0, ERR_NOT_FOUND or ERR_IO (see errno). */
int cat_dial_listen(int *fd, char authority[300], const struct cat_dial_to *at);

/* Waits for one caller, and stops listening. 0 or ERR_IO. */
int cat_dial_accept(int *fd, int listener);

#endif
