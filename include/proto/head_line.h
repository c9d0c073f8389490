/* SPDX-License-Identifier: BSD-2-Clause */
/* head_line - one line of a head, which is text (M-5). */
#ifndef HEAD_LINE_H
#define HEAD_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct head_line {
    struct span text; /* without the line's end */
    bool is_whole;    /* CRLF ends it, not a bare LF */
    bool is_text;     /* ... and it is nothing but HTAB, 20-7E, UTF8-NONASCII */
    bool has_other;   /* ... and not all of that is 20-7E */
    size_t seen;      /* octets that need not be looked at again */
};

/* Reads the line that begins at the front of `in`: how many octets it has with
 * its end; 0 if that is not there yet. Then the same `line` is given again with
 * more input. A new line begins with all of it 0. */
size_t head_line_read(struct head_line *line, struct span in);

/* Is it nothing but HTAB, 20-7E and UTF8-NONASCII (RFC 4975, 9)? */
bool head_is_text(struct span s);

#endif
