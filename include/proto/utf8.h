/* SPDX-License-Identifier: BSD-2-Clause */
/* utf8 - is text that comes in pieces UTF-8 (RFC 3629)? */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

/* A character under way: how many octets it lacks, and between what the next
 * one has to be. Begins zeroed. */
struct utf8 {
    uint8_t lacks, low, high;
};

/* Goes on with `s`: false, and no more may be asked, if it cannot be. */
bool utf8_take(struct utf8 *u, struct span s);

/* Is it at the end of a character? */
static inline bool utf8_is_whole(const struct utf8 *u)
{
    return u->lacks == 0;
}

#endif
