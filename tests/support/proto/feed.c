/* SPDX-License-Identifier: BSD-2-Clause */
#include "feed.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

/* What is known of the frame at hand, to hold the parser to its word. */
struct watch {
    const struct feed_setup *setup;
    bool in_frame;
    bool owes_body; /* the last run was not the last of the body */
    bool owes_end;
    char flag; /* as told with the last run or the head */
};

static void *copy_of(const void *p, size_t n)
{
    void *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

static void take_head(struct feed *f, struct watch *w,
                      const struct parse_event *ev)
{
    struct feed_frame *frame = &f->frames[f->n];

    assert_false(w->in_frame);
    assert_true(f->n < FEED_FRAMES_MAX);
    assert_true(ev->head->len <= w->setup->head_size);
    assert_int_equal(ev->flag != 0, !ev->head->has_body);
    f->n++;
    frame->m = *ev->head;
    frame->m.base = copy_of(ev->head->base, ev->head->len);
    frame->body = copy_of("", 0);
    w->in_frame = true;
    w->owes_body = false;
    w->owes_end = !ev->head->has_body;
    w->flag = ev->flag;
}

static void take_body(struct feed *f, struct watch *w,
                      const struct parse_event *ev)
{
    struct feed_frame *frame = &f->frames[f->n - 1];
    size_t before = frame->body_n;

    assert_true(w->in_frame);
    assert_false(w->owes_end);
    assert_true(ev->body.n > 0);
    assert_true(ev->body.n <= w->setup->most);
    if (!ev->last)
        assert_true(ev->body.n >= w->setup->gather);
    assert_int_equal(ev->flag != 0, ev->last);
    if (!ev->hyphens)
        assert_null(memmem(ev->body.p, ev->body.n, "-------", 7));
    frame->body_n += ev->body.n;
    frame->body = realloc(frame->body, frame->body_n);
    assert_non_null(frame->body);
    memcpy(frame->body + before, ev->body.p, ev->body.n);
    frame->runs++;
    w->owes_body = !ev->last;
    w->owes_end = ev->last;
    w->flag = ev->flag;
}

static void take_end(struct feed *f, struct watch *w,
                     const struct parse_event *ev)
{
    struct feed_frame *frame = &f->frames[f->n - 1];

    assert_true(w->in_frame);
    assert_false(w->owes_body);
    assert_true(w->owes_end || frame->body_n == 0);
    if (w->flag)
        assert_int_equal(ev->flag, w->flag);
    frame->flag = ev->flag;
    w->in_frame = w->owes_end = false;
}

static void take(struct feed *f, struct watch *w, struct parser *p,
                 const struct parse_event *ev)
{
    switch (ev->type) {
    case PARSE_HEAD:
        take_head(f, w, ev);
        parser_want(p, w->setup->gather, w->setup->most);
        break;
    case PARSE_BODY:
        take_body(f, w, ev);
        break;
    case PARSE_END:
        take_end(f, w, ev);
        break;
    }
    assert_int_equal(parser_is_idle(p), !w->in_frame);
}

/* Everything that this much input gives; returns how much of it is left. */
static size_t pull(struct feed *f, struct watch *w, struct parser *p,
                   struct span in)
{
    struct parse_event ev;

    while ((f->err = parser_next(p, &in, &ev)) == 0)
        take(f, w, p, &ev);
    if (f->err != ERR_AGAIN) {
        int again = parser_next(p, &in, &ev);

        assert_int_equal(again, f->err);
    } else {
        size_t head = w->setup->head_size, body = w->setup->gather + 256;

        assert_true(in.n < (head > body ? head : body));
    }
    return in.n;
}

static struct feed_setup completed(const struct feed_setup *given)
{
    struct feed_setup setup = {0};

    if (given)
        setup = *given;
    setup.head_size = setup.head_size ? setup.head_size : 16384;
    setup.path_uris = setup.path_uris ? setup.path_uris : 16;
    setup.gather = setup.gather ? setup.gather : 1;
    setup.most = setup.most ? setup.most : SIZE_MAX;
    return setup;
}

void feed(struct feed *f, const struct feed_setup *given, struct span in,
          size_t first, size_t piece)
{
    struct feed_setup setup = completed(given);
    struct watch w = {.setup = &setup};
    struct parser p;
    size_t seen = 0, end = first;

    memset(f, 0, sizeof *f);
    f->err = ERR_AGAIN;
    parser_init(&p, setup.head_size, setup.path_uris);
    p.memos = setup.memos;
    for (;;) {
        size_t n;
        char *mem;

        end = end < in.n ? end : in.n;
        n = end - seen;
        mem = copy_of(in.p + seen, n);
        f->left = pull(f, &w, &p, span_of(mem, n));
        seen += n - f->left;
        free(mem);
        if (end == in.n || f->err != ERR_AGAIN)
            return;
        end = piece < in.n - end ? end + piece : in.n;
    }
}

void feed_free(struct feed *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free((void *)(uintptr_t)f->frames[i].m.base);
        free(f->frames[i].body);
    }
    f->n = 0;
}

static void assert_same_slice(struct slice a, struct slice b)
{
    assert_int_equal(a.at, b.at);
    assert_int_equal(a.n, b.n);
}

static void assert_same_head(const struct msg *a, const struct msg *b)
{
    assert_int_equal(a->fault, b->fault);
    assert_int_equal(a->method, b->method);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->has_body, b->has_body);
    assert_int_equal(a->n_to, b->n_to);
    assert_int_equal(a->n_from, b->n_from);
    assert_same_slice(a->tid, b->tid);
    assert_same_slice(a->method_name, b->method_name);
    assert_same_slice(a->to, b->to);
    assert_same_slice(a->to_first, b->to_first);
    assert_same_slice(a->from, b->from);
    assert_same_slice(a->from_first, b->from_first);
    assert_same_slice(a->rest, b->rest);
    assert_same_slice(a->range_line, b->range_line);
    assert_same_slice(a->message_id, b->message_id);
    assert_same_slice(a->status, b->status);
}

static void assert_same_frame(const struct feed_frame *a,
                              const struct feed_frame *b)
{
    assert_span_equal(span_of(a->m.base, a->m.len),
                      span_of(b->m.base, b->m.len));
    assert_same_head(&a->m, &b->m);
    assert_span_equal(feed_body(a), feed_body(b));
    assert_int_equal(a->flag, b->flag);
}

static void assert_same(struct feed *f, const struct feed_setup *setup,
                        struct span in, size_t first, size_t piece)
{
    struct feed other;

    feed(&other, setup, in, first, piece);
    assert_int_equal(other.n, f->n);
    assert_int_equal(other.err, f->err);
    for (size_t i = 0; i < f->n; i++)
        assert_same_frame(&f->frames[i], &other.frames[i]);
    feed_free(&other);
}

void feed_every_way(struct feed *f, const struct feed_setup *setup,
                    struct span in)
{
    struct path_memos *memos = calloc(1, sizeof *memos);
    struct feed_setup recalling = completed(setup);

    assert_non_null(memos);
    recalling.memos = memos;
    feed(f, setup, in, in.n, in.n);
    assert_same(f, setup, in, 1, 1);
    assert_same(f, &recalling, in, in.n, in.n);
    assert_same(f, &recalling, in, 1, 1);
    for (size_t at = 0; at <= in.n; at++) {
        assert_same(f, setup, in, at, in.n);
        assert_same(f, &recalling, in, at, in.n);
    }
    free(memos);
}
