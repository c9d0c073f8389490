/* SPDX-License-Identifier: BSD-2-Clause */
/* writer - one MSRP frame as a list of parts, for one gathering copy.
 *
 * A frame is put together from spans that point wherever the text is; only
 * numbers are written, into a small space of the frame's own. The frame is
 * valid as long as what its parts point to, and must not be moved (parts point
 * into it). Too many parts or digits set `overflow`, and the frame must then
 * not be sent. */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum { FRAME_PARTS = 128, FRAME_DIGITS = 256 };

struct frame {
    struct span parts[FRAME_PARTS];
    size_t n;        /* parts in use */
    size_t octets;   /* length of all parts */
    size_t digits_n; /* used of digits */
    bool overflow;
    bool ends; /* has its end-line */
    char digits[FRAME_DIGITS];
};

/* An empty frame. */
void frame_init(struct frame *f);

/* Appends a part as it is. */
void frame_add(struct frame *f, struct span s);

/* Appends a decimal number, or `*` for MSG_STAR. */
void frame_add_u64(struct frame *f, uint64_t v);

/* `MSRP tid method CRLF`; the path lines follow with frame_header(). */
void frame_request(struct frame *f, struct span tid, struct span method);

/* `MSRP tid code [comment] CRLF`; code is 100..999. */
void frame_response(struct frame *f, struct span tid, unsigned code,
                    struct span comment);

/* `name: value CRLF`. */
void frame_header(struct frame *f, struct span name, struct span value);

/* `Byte-Range: start-end/total CRLF`; MSG_STAR is written as `*`. */
void frame_range(struct frame *f, uint64_t start, uint64_t end, uint64_t total);

/* `Status: 000 code [comment] CRLF`. */
void frame_status(struct frame *f, unsigned code, struct span comment);

/* The end-line of a frame without a body: seven hyphens, tid, flag, CRLF. */
void frame_end(struct frame *f, struct span tid, char flag);

/* The same after a body: CRLF first. */
void frame_end_body(struct frame *f, struct span tid, char flag);

#endif
