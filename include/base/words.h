/* SPDX-License-Identifier: BSD-2-Clause */
/* words - a command line, split as a shell would split it, without expanding
 * anything.
 *
 * Words are separated by blanks, tabs and line feeds. Single quotes keep all
 * between them as it is; between double quotes a backslash keeps its meaning
 * before `"`, `\`, `$`, "`" and a line feed; outside of quotes a backslash
 * takes the special meaning from what follows. `$`, `*`, `~`, `|` and the like
 * stand for themselves. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

#include "str.h"

struct words {
    char **items; /* n of them, then NULL: as execv() takes it; owned */
    size_t n;
};

/* 0; ERR_SYNTAX for a quote that does not end, a backslash at the end, or a
 * NUL; or ERR_NOMEM. Free it with words_fini(). */
int words_split(struct words *out, struct span text);

/* Copes with zeroes, and leaves them. */
void words_fini(struct words *w);

#endif
