/* SPDX-License-Identifier: BSD-2-Clause */
/* sdp_line - a session description, line by line, without losing an octet.
 *
 * A line ends in LF or CRLF; the last one may have no end. */
#ifndef SDP_LINE_H
#define SDP_LINE_H

#include <stdbool.h>

#include "str.h"

struct sdp_line {
    struct span text; /* without its end */
    struct span end;  /* CRLF, LF, or empty */
};

/* Cuts the next line off *rest; false when there is none. */
bool sdp_line_next(struct sdp_line *out, struct span *rest);

static inline bool sdp_line_is(const struct sdp_line *line, struct span start)
{
    return span_starts(line->text, start);
}

/* Is it this whole line, blanks at its end aside? */
static inline bool sdp_line_is_just(const struct sdp_line *line,
                                    struct span text)
{
    return span_starts(line->text, text) &&
           span_is_empty(span_trim(span_from(line->text, text.n)));
}

/* An m= line, taken apart; the spans point into it. */
struct sdp_media {
    struct span media;
    struct span port; /* digits only; a number of ports may follow */
    struct span protocol;
};

/* 0, or ERR_SYNTAX for what is no m= line of a known form. */
int sdp_media_parse(struct sdp_media *out, struct span line);

#endif
