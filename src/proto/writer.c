/* SPDX-License-Identifier: BSD-2-Clause */
#include "writer.h"

#include "msg.h"

void frame_init(struct frame *f)
{
    f->n = 0;
    f->octets = 0;
    f->digits_n = 0;
    f->overflow = false;
    f->ends = false;
}

void frame_add(struct frame *f, struct span s)
{
    if (s.n == 0)
        return;
    if (f->n == FRAME_PARTS) {
        f->overflow = true;
        return;
    }
    f->parts[f->n++] = s;
    f->octets += s.n;
}

void frame_add_u64(struct frame *f, uint64_t v)
{
    char *digits = f->digits + f->digits_n;
    size_t n;

    if (v == MSG_STAR) {
        frame_add(f, SPAN("*"));
        return;
    }
    if (FRAME_DIGITS - f->digits_n < 20) {
        f->overflow = true;
        return;
    }
    n = u64_text(digits, v);
    f->digits_n += n;
    frame_add(f, span_of(digits, n));
}

static void add_comment(struct frame *f, struct span comment)
{
    if (comment.n > 0) {
        frame_add(f, SPAN(" "));
        frame_add(f, comment);
    }
    frame_add(f, SPAN("\r\n"));
}

void frame_request(struct frame *f, struct span tid, struct span method)
{
    frame_add(f, SPAN("MSRP "));
    frame_add(f, tid);
    frame_add(f, SPAN(" "));
    frame_add(f, method);
    frame_add(f, SPAN("\r\n"));
}

void frame_response(struct frame *f, struct span tid, unsigned code,
                    struct span comment)
{
    frame_add(f, SPAN("MSRP "));
    frame_add(f, tid);
    frame_add(f, SPAN(" "));
    frame_add_u64(f, code);
    add_comment(f, comment);
}

void frame_header(struct frame *f, struct span name, struct span value)
{
    frame_add(f, name);
    frame_add(f, SPAN(": "));
    frame_add(f, value);
    frame_add(f, SPAN("\r\n"));
}

void frame_range(struct frame *f, uint64_t start, uint64_t end, uint64_t total)
{
    frame_add(f, SPAN("Byte-Range: "));
    frame_add_u64(f, start);
    frame_add(f, SPAN("-"));
    frame_add_u64(f, end);
    frame_add(f, SPAN("/"));
    frame_add_u64(f, total);
    frame_add(f, SPAN("\r\n"));
}

void frame_status(struct frame *f, unsigned code, struct span comment)
{
    frame_add(f, SPAN("Status: 000 "));
    frame_add_u64(f, code);
    add_comment(f, comment);
}

void frame_end(struct frame *f, struct span tid, char flag)
{
    frame_add(f, SPAN("-------"));
    frame_add(f, tid);
    frame_add(f, flag == '$'   ? SPAN("$\r\n")
                 : flag == '+' ? SPAN("+\r\n")
                               : SPAN("#\r\n"));
    f->ends = true;
}

void frame_end_body(struct frame *f, struct span tid, char flag)
{
    frame_add(f, SPAN("\r\n"));
    frame_end(f, tid, flag);
}
