/* SPDX-License-Identifier: BSD-2-Clause */
/* scratch - a directory of its own for a test, with files in it. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <limits.h>

#include "str.h"

struct scratch {
    char dir[64];
    char name[PATH_MAX]; /* where scratch_path() answers */
};

/* Makes the directory; the test fails if it cannot. */
void scratch_init(struct scratch *s);
/* Removes it with everything in it. */
void scratch_fini(struct scratch *s);

/* The absolute name of `file` in there; valid until the next call. */
const char *scratch_path(struct scratch *s, const char *file);

/* Writes a file, and the directory it is in (one level); returns its absolute
 * name, as scratch_path(). */
const char *scratch_write(struct scratch *s, const char *file,
                          struct span content);

#endif
