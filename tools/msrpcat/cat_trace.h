/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_trace - frame heads for a human to read: `> ` sent, `< ` received.
 *
 * What a peer sent is made harmless for a terminal, and what proves a password
 * is not shown. */
#ifndef CAT_TRACE_H
#define CAT_TRACE_H

#include <stdint.h>
#include <stdio.h>

#include "str.h"
#include "writer.h"

/* Shows the lines of `head` after `mark`. A NULL `to` shows nothing; so for
 * the others. */
void cat_trace_head(FILE *to, char mark, struct span head);

/* The same for a frame that is not in one piece. */
void cat_trace_frame(FILE *to, char mark, const struct frame *f);

/* Shows how large a body was, and the end-line after it. */
void cat_trace_end(FILE *to, char mark, uint64_t body_octets, struct span tid,
                   char flag);

#endif
