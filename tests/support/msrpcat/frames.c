/* SPDX-License-Identifier: BSD-2-Clause */
#include "frames.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "parser.h"

enum { HEAD_MAX = 16384, URIS = 16 };

static void drain(struct frames *f, struct tx *t)
{
    f->text_n = 0;
    while (t->out.len > 0) {
        struct span run = buf_peek(&t->out);

        assert_true(f->text_n + run.n <= FRAMES_OCTETS);
        memcpy(f->text + f->text_n, run.p, run.n);
        f->text_n += run.n;
        t->sent += run.n;
        buf_drop(&t->out, run.n);
    }
}

void frames_take(struct frames *f, struct tx *t)
{
    struct parser parser;
    struct parse_event ev;
    struct span in;

    f->n = 0;
    f->text = malloc(FRAMES_OCTETS);
    assert_non_null(f->text);
    drain(f, t);
    in = span_of(f->text, f->text_n);
    parser_init(&parser, HEAD_MAX, URIS);
    while (in.n > 0) {
        struct seen *s = &f->at[f->n];

        assert_int_equal(parser_next(&parser, &in, &ev), 0);
        if (ev.type == PARSE_HEAD) {
            *s = (struct seen){.head = *ev.head};
            assert_int_equal(ev.head->fault, MSG_FAULT_NONE);
        } else if (ev.type == PARSE_BODY) {
            assert_int_equal(s->body.n, 0);
            s->body = ev.body;
        } else {
            s->flag = ev.flag;
            f->n++;
            assert_true(f->n < FRAMES_MAX);
        }
    }
    assert_true(parser_is_idle(&parser));
}

void frames_free(struct frames *f)
{
    free(f->text);
    f->text = NULL;
}

const struct seen *frames_at(const struct frames *f, size_t i)
{
    assert_true(i < f->n);
    return &f->at[i];
}

bool frames_has(const struct seen *s, const char *name)
{
    struct span value;

    return msg_header(&value, &s->head, span_str(name));
}

struct span frames_header(const struct seen *s, const char *name)
{
    struct span value = {NULL, 0};

    assert_true(msg_header(&value, &s->head, span_str(name)));
    return value;
}

struct msg frames_head(const char *text)
{
    struct parser parser;
    struct parse_event ev;
    struct span in = span_str(text);

    parser_init(&parser, HEAD_MAX, URIS);
    assert_int_equal(parser_next(&parser, &in, &ev), 0);
    assert_int_equal(ev.type, PARSE_HEAD);
    return *ev.head;
}
