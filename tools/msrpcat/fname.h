/* SPDX-License-Identifier: BSD-2-Clause */
/* fname - a safe file name out of what a peer sent. */
#ifndef FNAME_H
#define FNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

enum { FNAME_MAX = 200 };

/* Makes a plain name of `raw`: what follows the last slash or backslash, with
 * `_` for what terminal.h replaces, for a leading dot and for a leading hyphen,
 * at most FNAME_MAX octets, never cut inside a UTF-8 sequence. False if nothing
 * is left. The name never leads out of a directory and never is a hidden file.
 */
bool fname_clean(char dst[FNAME_MAX + 1], struct span raw);

/* The same for the filename parameter of a Content-Disposition value; false if
 * there is none. */
bool fname_from_disposition(char dst[FNAME_MAX + 1], struct span value);

/* The value of a Content-Disposition that offers the file `path`, into `dst`:
 * its last part, quoted. Cut to FNAME_MAX; never fails. */
void fname_to_disposition(char *dst, size_t size, const char *path);

#endif
