/* SPDX-License-Identifier: BSD-2-Clause */
/* source - the content of one outgoing message: a text, a file or a pipe.
 *
 * The octets are looked at and then dropped. While more may come, the last
 * octet at hand is not shown, so that the sender never runs out of octets
 * before the end is known (RFC 4975, trap of the empty last chunk). */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct source;

/* A copy of `text`. NULL without memory. */
struct source *source_text(struct span text);

/* The file at `path`, or standard input for `-`. 0, ERR_IO (see errno; it is a
 * directory or cannot be opened) or ERR_NOMEM. */
int source_file(struct source **out, const char *path);

/* `s` may be NULL. */
void source_free(struct source *s);

/* Its length, or MSG_STAR if it is only known at the end. */
uint64_t source_total(const struct source *s);

/* What can be sent now: 0 with *run, which is empty only if the content is
 * empty or all dropped; *at_end tells that nothing follows it. ERR_AGAIN if a
 * pipe has nothing yet, ERR_IO if reading failed (see errno) or a file has
 * become shorter (errno is 0). At least `want` octets (<= SOURCE_WANT_MAX) if
 * there are as many and the source is no pipe. */
int source_peek(struct source *s, struct span *run, bool *at_end, size_t want);

enum { SOURCE_WANT_MAX = 64 * 1024 };

/* Drops n octets of what was shown. */
void source_drop(struct source *s, size_t n);

/* The descriptor to wait for when source_peek() gave ERR_AGAIN. */
int source_fd(const struct source *s);

#endif
