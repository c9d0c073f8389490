/* SPDX-License-Identifier: BSD-2-Clause */
/* vars - the variables of a transcript, and lines that hold them.
 *
 * In a line, `$name` is a variable, {5-900} the octets 5 to 900 of the pattern
 * (rig.h), \xHH an octet, \\ a backslash. CRLF follows the line unless a lone
 * backslash ends it. */
#ifndef VARS_H
#define VARS_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

enum { VARS_MAX = 64, VAR_NAME_MAX = 16, VAR_VALUE_MAX = 256 };

struct var {
    char name[VAR_NAME_MAX];
    char value[VAR_VALUE_MAX];
    size_t n;
};

struct vars {
    struct var var[VARS_MAX];
    size_t n;
};

/* The value of `name`, or NULL; valid as long as v. */
const struct var *vars_find(const struct vars *v, struct span name);

/* Sets it, anew or again. */
void vars_set(struct vars *v, struct span name, struct span value);

/* What `line` stands for, at most `size` octets of it into dst; how many. All
 * its variables must be set. */
size_t vars_expand(const struct vars *v, char *dst, size_t size,
                   struct span line);

/* Does `*text` begin with what `line` stands for? If so, cuts that off. A
 * variable that is not set yet takes what stands in its place, as many of
 * A-Z a-z 0-9 _ - as there are; one whose name begins with `tid` must be a
 * transact-id of the relay's making that no other variable has. */
bool vars_match(struct vars *v, struct span *text, struct span line);

#endif
