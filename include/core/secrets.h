/* SPDX-License-Identifier: BSD-2-Clause */
/* secrets - auth.secret_file in memory: secrets that are shared with whoever
 * makes ephemeral credentials (ephemeral.h).
 *
 * One secret a line, the newest first. A `#` at the start of a line or after a
 * blank starts a comment. Blank lines, blanks around a secret and CRLF are
 * allowed. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stddef.h>

#include "ephemeral.h"
#include "str.h"

enum {
    SECRETS_MAX = 64,          /* in a file: each is tried */
    SECRETS_OCTETS_MAX = 1024, /* of one */
};

struct secrets;

/* Called with what is wrong with a line; never says what is in it. Lines count
 * from 1. */
typedef void (*secrets_fault_fn)(void *ctx, size_t line, const char *what);

/* Reads all secrets in `text`, which is copied. 0 or ERR_NOMEM; ERR_CONFIG if
 * any line is malformed, or there are too many, after `fault` was called for
 * each. Free the result with secrets_free(). */
int secrets_parse(struct secrets **out, struct span text,
                  enum ephemeral_hash hash, secrets_fault_fn fault, void *ctx);

/* Wipes and frees it. NULL is allowed. */
void secrets_free(struct secrets *s);

/* How many there are; 0 for NULL. */
size_t secrets_count(const struct secrets *s);

/* What the i-th secret makes the password of `user`, as
 * ephemeral_password(). */
int secrets_password(const struct secrets *s, size_t i, struct span *out,
                     char *dst, struct span user);

#endif
