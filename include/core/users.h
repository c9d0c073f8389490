/* users - who may have a URI: the users file, in memory.
 *
 *     # the form of Apache's htdigest
 *     alice:example.com:0f3c...  32 hex digits for MD5, 64 for SHA-256
 *
 * One user a line, `user:realm:HA1`; the user ends at the first colon, HA1
 * begins behind the last. A user may have a line for each algorithm. A `#` at
 * the start of a line or behind a blank starts a comment; blank lines and CRLF
 * are fine. */
#ifndef USERS_H
#define USERS_H

#include <stddef.h>

#include "digest.h"
#include "str.h"

enum { USERS_NAME_MAX = 255 }; /* octets in a user's name, and in a realm */

struct users;

/* What is wrong with a line, counted from 1; `what` is valid during the call.
 */
typedef void (*users_fault_fn)(void *ctx, size_t line, const char *what);

/* All users in `text`, which is copied. 0 or ERR_NOMEM; ERR_CONFIG after every
 * malformed line was told to `fault`. Free with users_free(). */
int users_parse(struct users **out, struct span text, users_fault_fn fault,
                void *ctx);

/* Wipes what it held. NULL is harmless. */
void users_free(struct users *u);

/* Lines that hold a user. */
size_t users_count(const struct users *u);

/* HA1 in lower-case hex, as long as `u` is; empty for a user who is not there
 * for that realm and algorithm. */
struct span users_find(const struct users *u, struct span user,
                       struct span realm, enum digest_alg alg);

#endif
