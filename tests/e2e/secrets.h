/* SPDX-License-Identifier: BSD-2-Clause */
/* secrets - octets of a test that no log may show: passwords and what is made
 * of them, nonces, the tokens of URIs, bodies.
 *
 * They are gathered from what test clients say and hear, and looked for when
 * the scene ends, so that every test proves it for the lines that it causes. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

/* What is shorter may stand in a log for other reasons. */
enum { SECRET_MIN = 8 };

struct secrets;

struct secrets *secrets_new(void);
/* NULL is harmless. */
void secrets_free(struct secrets *s);

/* `what` is static, and says what it is. The same one counts once, and those
 * shorter than SECRET_MIN do not count. */
void secrets_add(struct secrets *s, const char *what, struct span text);
/* The first octets of a body, in the forms that a log might give them. */
void secrets_add_body(struct secrets *s, struct span body);
/* All there are in the text of a frame, or in its first part. */
void secrets_add_frame(struct secrets *s, struct span frame);

/* How many there are. */
size_t secrets_count(const struct secrets *s);

/* The first line of `log` that shows a secret, and what it shows; false: none
 * does. */
bool secrets_find(struct span *line, const char **what, const struct secrets *s,
                  struct span log);

#endif
