/* SPDX-License-Identifier: BSD-2-Clause */
/* writer - one MSRP frame as a list of parts, for one gathering copy.
 *
 * A frame is put together from spans that point wherever the text is; numbers
 * and short texts are written into a small space of the frame's own, so that
 * the parts are few. The frame is valid as long as what its parts point to, and
 * must not be moved (parts point into it). Too many parts or numbers set
 * `overflow`, and the frame must then not be sent. */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

enum { FRAME_PARTS = 128, FRAME_TEXT = 512 };

struct frame {
    struct span parts[FRAME_PARTS];
    size_t n;            /* parts in use */
    size_t octets;       /* length of all parts */
    size_t text_n;       /* used of text */
    const char *written; /* where the last part ends, if it is in `text` */
    bool overflow;
    bool begins; /* has its start line */
    char flag;   /* of its end-line; 0 as long as it has none */
    char text[FRAME_TEXT];
};

/* An empty frame. */
void frame_init(struct frame *f);

/* Appends `s` as it is. */
void frame_add(struct frame *f, struct span s);

/* Copies all of it to `dst`, which has room for f->octets. */
void frame_copy(char *dst, const struct frame *f);

/* As much of its beginning as fits, and a NUL; how many octets. */
size_t frame_begin(char *dst, size_t size, const struct frame *f);

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
