/* SPDX-License-Identifier: BSD-2-Clause */
#include "writer.h"

#include "msg.h"

/* A text up to this length is cheaper to copy than to point to. */
enum { COPIED_MAX = 32 };

/* Numbers have no other place, so half of it is theirs. */
enum { FRAME_TEXT_COPIED = FRAME_TEXT / 2, U64_DIGITS = 20 };

void frame_init(struct frame *f)
{
    f->n = 0;
    f->octets = 0;
    f->text_n = 0;
    f->overflow = false;
    f->begins = false;
    f->flag = 0;
}

static void add_part(struct frame *f, struct span s)
{
    if (f->n == FRAME_PARTS) {
        f->overflow = true;
        return;
    }
    f->parts[f->n++] = s;
    f->octets += s.n;
}

/* The n octets that were written behind the frame's own text are one part with
 * it if that was the last part. */
static void add_written(struct frame *f, size_t n)
{
    char *at = f->text + f->text_n;
    struct span *last = f->n > 0 ? &f->parts[f->n - 1] : NULL;

    f->text_n += n;
    if (!last || last->p + last->n != at) {
        add_part(f, span_of(at, n));
        return;
    }
    last->n += n;
    f->octets += n;
}

/* Inline, so that literals cost no call. */
static inline void add(struct frame *f, struct span s)
{
    if (s.n > COPIED_MAX || f->text_n + s.n > FRAME_TEXT_COPIED) {
        add_part(f, s);
        return;
    }
    memcpy(f->text + f->text_n, s.p, s.n);
    add_written(f, s.n);
}

void frame_add(struct frame *f, struct span s)
{
    if (s.n > 0)
        add(f, s);
}

void frame_copy(char *dst, const struct frame *f)
{
    for (size_t i = 0; i < f->n; i++) {
        memcpy(dst, f->parts[i].p, f->parts[i].n);
        dst += f->parts[i].n;
    }
}

size_t frame_begin(char *dst, size_t size, const struct frame *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n && n < size - 1; i++)
        n += span_copy(dst + n, size - n, f->parts[i]);
    return n;
}

void frame_add_u64(struct frame *f, uint64_t v)
{
    if (v == MSG_STAR)
        add(f, SPAN("*"));
    else if (FRAME_TEXT - f->text_n < U64_DIGITS)
        f->overflow = true;
    else
        add_written(f, u64_text(f->text + f->text_n, v));
}

static void add_comment(struct frame *f, struct span comment)
{
    if (comment.n > 0) {
        add(f, SPAN(" "));
        frame_add(f, comment);
    }
    add(f, SPAN("\r\n"));
}

/* `MSRP tid `, which both kinds of frames begin with. */
static void begin(struct frame *f, struct span tid)
{
    add(f, SPAN("MSRP "));
    frame_add(f, tid);
    add(f, SPAN(" "));
    f->begins = true;
}

void frame_request(struct frame *f, struct span tid, struct span method)
{
    begin(f, tid);
    frame_add(f, method);
    add(f, SPAN("\r\n"));
}

void frame_response(struct frame *f, struct span tid, unsigned code,
                    struct span comment)
{
    begin(f, tid);
    frame_add_u64(f, code);
    add_comment(f, comment);
}

void frame_header(struct frame *f, struct span name, struct span value)
{
    frame_add(f, name);
    add(f, SPAN(": "));
    frame_add(f, value);
    add(f, SPAN("\r\n"));
}

void frame_range(struct frame *f, uint64_t start, uint64_t end, uint64_t total)
{
    add(f, SPAN("Byte-Range: "));
    frame_add_u64(f, start);
    add(f, SPAN("-"));
    frame_add_u64(f, end);
    add(f, SPAN("/"));
    frame_add_u64(f, total);
    add(f, SPAN("\r\n"));
}

void frame_status(struct frame *f, unsigned code, struct span comment)
{
    add(f, SPAN("Status: 000 "));
    frame_add_u64(f, code);
    add_comment(f, comment);
}

void frame_end(struct frame *f, struct span tid, char flag)
{
    add(f, SPAN("-------"));
    frame_add(f, tid);
    frame_add(f, span_of(&flag, 1));
    add(f, SPAN("\r\n"));
    f->flag = flag;
}

void frame_end_body(struct frame *f, struct span tid, char flag)
{
    add(f, SPAN("\r\n"));
    frame_end(f, tid, flag);
}
