/* SPDX-License-Identifier: BSD-2-Clause */
/* users - the users file in memory: who may obtain a URI.
 *
 *     # the form of Apache's htdigest
 *     alice:example.com:0f3c...  32 hex digits for MD5, 64 for SHA-256
 *
 * One user a line, `user:realm:HA1`. The user ends at the first colon, HA1
 * begins after the last. A user may have one line for each algorithm. A `#` at
 * the start of a line or after a blank starts a comment. Blank lines and CRLF
 * are allowed. */
#ifndef USERS_H
#define USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"
#include "str.h"

enum { USERS_NAME_MAX = 255 }; /* octets in a user's name, and in a realm */

struct users;

/* Called with what is wrong with a line. Lines count from 1; `what` is valid
 * during the call only. */
typedef void (*users_fault_fn)(void *ctx, size_t line, const char *what);

/* Reads all users in `text`, which is copied. 0 or ERR_NOMEM; ERR_CONFIG if any
 * line is malformed, after `fault` was called for each of these. Free the
 * result with users_free(). */
int users_parse(struct users **out, struct span text, users_fault_fn fault,
                void *ctx);

/* Wipes and frees it. NULL is allowed. */
void users_free(struct users *u);

/* The number of lines that hold a user. */
size_t users_count(const struct users *u);

/* Is there any user with a realm and an algorithm for which `wants` says yes?
 * It is asked once for lines with the same that follow each other. */
typedef bool (*users_wants_fn)(void *ctx, struct span realm,
                               enum digest_alg alg);
bool users_have(const struct users *u, users_wants_fn wants, void *ctx);

/* HA1 of a user for this realm and algorithm, in lower-case hex; valid as long
 * as `u`. Empty if there is none. */
struct span users_find(const struct users *u, struct span user,
                       struct span realm, enum digest_alg alg);

#endif
