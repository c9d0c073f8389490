/* SPDX-License-Identifier: BSD-2-Clause */
/* path - lists of MSRP URIs as a client has to make them (RFC 4976, 5.1).
 *
 * Paths are C strings from the heap, with one space between URIs. */
#ifndef PATH_H
#define PATH_H

#include <stdbool.h>

#include "rnd.h"
#include "str.h"

/* `scheme://AUTHORITY/RANDOM;tcp`, with 20 random characters as session-id (119
 * bits; RFC 4975, 14.1); NULL without memory. */
char *path_own_uri(struct rnd *rnd, bool secure, struct span authority);

/* The same with a host that cannot exist, for an end that cannot be dialled. */
char *path_nowhere_uri(struct rnd *rnd, bool secure);

/* What a client puts into its SDP: `use_path` from its last URI to its first,
 * then its own (R4976-5.1-e). NULL without memory. */
char *path_for_sdp(struct span use_path, struct span own);

/* Both joined: what a client sends to, by way of its own relays. One of them
 * may be empty. NULL without memory. */
char *path_join(struct span first, struct span second);

enum { PATH_MAX_OCTETS = 8192 };

/* Is it one or more MSRP URIs, each with a port (R4976-8-a), and not longer
 * than PATH_MAX_OCTETS? */
bool path_is_valid(struct span path);

/* The path that the argument of --to names: the text itself, or the first line
 * of FILE for `@FILE`. 0, ERR_IO, ERR_NOMEM, or ERR_SYNTAX if it is no path. */
int path_from_arg(char **out, const char *arg);

/* Writes `path` and a newline to FILE as text_file_save() does. */
int path_save(const char *file, const char *path);

#endif
