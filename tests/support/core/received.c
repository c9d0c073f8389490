/* SPDX-License-Identifier: BSD-2-Clause */
#include "received.h"

#include "chunker.h"
#include "cmocka_all.h"
#include "err.h"
#include "parser.h"

enum { HEAD_SIZE = 16384 };

void received_read(struct received *r, const struct fake_link *f)
{
    struct span in = span_of(f->out ? f->out : "", f->out_n);
    struct parse_event ev;
    struct parser p;
    int err;

    r->n = 0;
    parser_init(&p, HEAD_SIZE, 16);
    while ((err = parser_next(&p, &in, &ev)) == 0) {
        struct received_frame *frame = &r->frames[r->n];

        switch (ev.type) {
        case PARSE_HEAD:
            assert_true(r->n < RECEIVED_MAX);
            if (ev.head->fault)
                fail_msg("%s", msg_fault_text(ev.head->fault));
            *frame = (struct received_frame){.m = *ev.head};
            break;
        case PARSE_BODY:
            assert_true(ev.last);
            frame->body = ev.body;
            break;
        case PARSE_END:
            frame->flag = ev.flag;
            r->n++;
            break;
        }
    }
    assert_int_equal(err, ERR_AGAIN);
    assert_int_equal(in.n, 0);
    assert_true(parser_is_idle(&p));
}

/* The one frame of a message behind another. */
static void check_chunk(const struct received_frame *frame, uint64_t next)
{
    const struct msg *m = &frame->m;
    uint64_t end = next + frame->body.n - 1;

    if (frame->body.n == 0)
        return;
    assert_true(m->has_range);
    assert_int_equal(m->range_start, next);
    if (frame->body.n > CHUNK_ALONE_MAX)
        assert_true(m->range_end == MSG_STAR);
    else if (m->range_end != MSG_STAR)
        assert_int_equal(m->range_end, end);
    if (m->range_total != MSG_STAR)
        assert_true(m->range_total >= end);
}

static void check_tid(const struct received *r, size_t i)
{
    struct span tid = msg_text(&r->frames[i].m, r->frames[i].m.tid);

    for (size_t k = 0; k < i; k++)
        if (r->frames[k].m.method != MSG_RESPONSE)
            assert_false(
                span_eq(tid, msg_text(&r->frames[k].m, r->frames[k].m.tid)));
}

size_t received_message(const struct received *r, char *dst, size_t size,
                        const char *id)
{
    uint64_t next = 0;
    size_t n = 0;
    char flag = '+';

    for (size_t i = 0; i < r->n; i++) {
        const struct received_frame *frame = &r->frames[i];

        if (frame->m.method != MSG_SEND ||
            !span_eq(msg_text(&frame->m, frame->m.message_id), span_str(id)))
            continue;
        assert_int_equal(flag, '+');
        flag = frame->flag;
        next = next ? next : frame->m.range_start;
        check_chunk(frame, next);
        check_tid(r, i);
        assert_true(frame->body.n <= size - n);
        if (frame->body.n)
            memcpy(dst + n, frame->body.p, frame->body.n);
        n += frame->body.n;
        next += frame->body.n;
    }
    return n;
}
