/* SPDX-License-Identifier: BSD-2-Clause */
#include "writer.h"

#include "msg.h"

/* A text up to this length is cheaper to copy than to point to. */
enum { COPIED_MAX = 64 };

/* The rest of a frame's own text is for what has no other place: its first and
 * last line, and numbers. */
enum { FRAME_TEXT_COPIED = FRAME_TEXT / 2, U64_DIGITS = 20 };

void frame_init(struct frame *f)
{
    f->n = 0;
    f->octets = 0;
    f->text_n = 0;
    f->written = NULL;
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
    f->written = NULL;
}

/* Is it better to copy n octets than to point to them? */
static inline bool is_copied(const struct frame *f, size_t n)
{
    return n <= COPIED_MAX && f->text_n + n <= FRAME_TEXT_COPIED;
}

/* Where n octets may be written, or NULL: then there is no room. */
static char *room_for(struct frame *f, size_t n)
{
    if (FRAME_TEXT - f->text_n >= n)
        return f->text + f->text_n;
    f->overflow = true;
    return NULL;
}

/* What was written up to `end` is one part with the frame's own text before it
 * if that was the last part. */
static void add_written(struct frame *f, const char *end)
{
    char *at = f->text + f->text_n;
    size_t n = (size_t)(end - at);

    f->text_n += n;
    if (at == f->written) {
        f->parts[f->n - 1].n += n;
        f->octets += n;
    } else {
        add_part(f, span_of(at, n));
    }
    f->written = end;
}

/* Inline, so that literals cost no call. */
static inline void add(struct frame *f, struct span s)
{
    if (is_copied(f, s.n))
        add_written(f, span_put(f->text + f->text_n, s));
    else
        add_part(f, s);
}

void frame_add(struct frame *f, struct span s)
{
    if (s.n > 0)
        add(f, s);
}

void frame_copy(char *dst, const struct frame *f)
{
    for (size_t i = 0; i < f->n; i++)
        dst = span_put(dst, f->parts[i]);
}

size_t frame_begin(char *dst, size_t size, const struct frame *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n && n < size - 1; i++)
        n += span_copy(dst + n, size - n, f->parts[i]);
    return n;
}

/* A number, or a star for MSG_STAR. */
static char *put_u64(char *at, uint64_t v)
{
    if (v == MSG_STAR)
        return span_put(at, SPAN("*"));
    return at + u64_text(at, v);
}

void frame_add_u64(struct frame *f, uint64_t v)
{
    char *at = room_for(f, U64_DIGITS);

    if (at)
        add_written(f, put_u64(at, v));
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
    char *at = room_for(f, sizeof "MSRP  " + tid.n);

    f->begins = true;
    if (!at)
        return;
    at = span_put(span_put(at, SPAN("MSRP ")), tid);
    add_written(f, span_put(at, SPAN(" ")));
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
    char *at = f->text + f->text_n;

    if (is_copied(f, name.n + value.n + sizeof ": \r\n")) {
        at = span_put(span_put(at, name), SPAN(": "));
        add_written(f, span_put(span_put(at, value), SPAN("\r\n")));
        return;
    }
    frame_add(f, name);
    add(f, SPAN(": "));
    frame_add(f, value);
    add(f, SPAN("\r\n"));
}

void frame_range(struct frame *f, uint64_t start, uint64_t end, uint64_t total)
{
    char *at = room_for(f, sizeof "Byte-Range: -/\r\n" + 3 * U64_DIGITS);

    if (!at)
        return;
    at = put_u64(span_put(at, SPAN("Byte-Range: ")), start);
    at = put_u64(span_put(at, SPAN("-")), end);
    at = put_u64(span_put(at, SPAN("/")), total);
    add_written(f, span_put(at, SPAN("\r\n")));
}

void frame_status(struct frame *f, unsigned code, struct span comment)
{
    add(f, SPAN("Status: 000 "));
    frame_add_u64(f, code);
    add_comment(f, comment);
}

/* The end-line behind `before`. */
static void end_line(struct frame *f, struct span before, struct span tid,
                     char flag)
{
    char *at = room_for(f, before.n + sizeof "-------$\r\n" + tid.n);

    f->flag = flag;
    if (!at)
        return;
    at = span_put(span_put(span_put(at, before), SPAN("-------")), tid);
    *at++ = flag;
    add_written(f, span_put(at, SPAN("\r\n")));
}

void frame_end(struct frame *f, struct span tid, char flag)
{
    end_line(f, SPAN(""), tid, flag);
}

void frame_end_body(struct frame *f, struct span tid, char flag)
{
    end_line(f, SPAN("\r\n"), tid, flag);
}
