/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of frames, fed whole, octet by octet and in random cuts: the same
 * events must come out, with the same body octets, and what parser.h promises
 * about them must hold each time. Neither memos nor a new parser for each frame
 * may make a difference. */
#include "parser.h"

#include "err.h"
#include "fuzz.h"

/* What one feeding gave, as octets: equal texts are equal events. */
struct transcript {
    char *text;
    size_t n, room;
};

struct settings {
    uint32_t head_size;
    size_t gather, most;
    struct path_memos *memos;
    bool renews; /* a parser that is new is replaced, as by a hop */
};

/* How many octets come next, of those left. */
struct cuts {
    enum { WHOLE, OCTETS, RANDOM } kind;
    uint32_t seed;
};

static size_t next_cut(struct cuts *c, size_t left)
{
    size_t n = left;

    if (c->kind == OCTETS)
        n = 1;
    if (c->kind == RANDOM) {
        c->seed = c->seed * 1664525 + 1013904223;
        n = 1 + (c->seed >> 16) % ((c->seed >> 8) % 4 ? 8 : 300);
    }
    return n < left ? n : left;
}

static void note(struct transcript *t, const void *p, size_t n)
{
    if (t->n + n > t->room) {
        t->room = 2 * (t->n + n) + 256;
        t->text = realloc(t->text, t->room);
        assert(t->text);
    }
    if (n)
        memcpy(t->text + t->n, p, n);
    t->n += n;
}

static void note_numbers(struct transcript *t, const struct msg *m)
{
    const uint64_t numbers[] = {
        m->len,           m->method,       m->fault,          m->code,
        m->n_to,          m->n_from,       m->failure_report, m->success_report,
        m->has_range,     m->has_body,     m->range_start,    m->range_end,
        m->range_total,   m->tid.at,       m->tid.n,          m->rest.at,
        m->rest.n,        m->message_id.n, m->to.at,          m->to.n,
        m->to_first.at,   m->to_first.n,   m->from.at,        m->from.n,
        m->from_first.at, m->from_first.n,
    };

    note(t, numbers, sizeof numbers);
}

/* By which the route is found: a memo may know it. */
static void note_hash(struct transcript *t, const struct msg *m)
{
    uint64_t hash = path_hash(m);

    note(t, &hash, sizeof hash);
}

/* What stands between events. */
struct place {
    const struct settings *s;
    bool owes_body; /* a run that is not the last was given */
    bool in_body;   /* a HEAD with a body was given, its END was not */
    char due_flag;  /* of the END that has to come next, or 0 */
};

static bool is_flag(char c)
{
    return c == '$' || c == '+' || c == '#';
}

static void on_head(struct place *at, struct transcript *t,
                    const struct parse_event *ev)
{
    const struct msg *m = ev->head;

    assert(!at->in_body && !at->due_flag);
    assert(m->len <= at->s->head_size);
    assert(m->has_body ? !ev->flag : is_flag(ev->flag));
    at->in_body = m->has_body;
    at->due_flag = ev->flag;
    note(t, "H", 1);
    note(t, m->base, m->len);
    note_numbers(t, m);
    if (m->fault == MSG_FAULT_NONE)
        note_hash(t, m);
}

static void on_body(struct place *at, struct transcript *t,
                    const struct parse_event *ev)
{
    assert(at->in_body && !at->due_flag);
    assert(ev->body.n > 0 && ev->body.n <= at->s->most);
    assert(ev->last ? is_flag(ev->flag)
                    : !ev->flag && ev->body.n >= at->s->gather);
    at->due_flag = ev->flag;
    at->owes_body = !ev->last;
    note(t, ev->body.p, ev->body.n);
}

static void on_end(struct place *at, struct transcript *t,
                   const struct parse_event *ev)
{
    assert(is_flag(ev->flag));
    assert(at->in_body || at->due_flag);
    assert(!at->owes_body);
    assert(!at->due_flag || at->due_flag == ev->flag);
    at->in_body = false;
    at->due_flag = 0;
    note(t, "E", 1);
    note(t, &ev->flag, 1);
}

static void on_event(struct parser *p, struct place *at, struct transcript *t,
                     const struct parse_event *ev)
{
    switch (ev->type) {
    case PARSE_HEAD:
        on_head(at, t, ev);
        parser_want(p, at->s->gather, at->s->most);
        break;
    case PARSE_BODY:
        on_body(at, t, ev);
        break;
    case PARSE_END:
        on_end(at, t, ev);
        break;
    }
}

/* Takes all events that `in` has; ERR_AGAIN or the parser's end. */
static int drain(struct parser *p, struct place *at, struct transcript *t,
                 struct span *in)
{
    struct parse_event ev;
    int err;

    for (;;) {
        struct span before = *in;

        err = parser_next(p, in, &ev);
        assert(in->p + in->n == before.p + before.n);
        if (err)
            break;
        on_event(p, at, t, &ev);
    }
    assert(err != ERR_AGAIN || !at->due_flag);
    return err;
}

/* The most octets that may wait for more (parser.h). */
static size_t most_left(const struct settings *s)
{
    size_t body = s->gather + 1 + PARSER_NEEDLE_MAX + 3;

    return s->head_size > body ? s->head_size : body;
}

static void begin(struct parser *p, const struct settings *s)
{
    parser_init(p, s->head_size, 4);
    p->memos = s->memos;
}

/* Each step gets what was left and what is new as a copy with nothing around.
 */
static struct transcript feed(const struct settings *s, struct span stream,
                              struct cuts cuts)
{
    struct transcript t = {0};
    struct place at = {.s = s};
    struct span held = fuzz_copy(NULL, 0), left = held;
    struct parser p;
    int err = ERR_AGAIN;

    begin(&p, s);
    while (err == ERR_AGAIN && stream.n) {
        size_t n = next_cut(&cuts, stream.n);
        char *more = malloc(left.n + n);

        assert(more);
        memcpy(more, left.p, left.n);
        memcpy(more + left.n, stream.p, n);
        stream = span_from(stream, n);
        fuzz_free(held);
        held = left = span_of(more, left.n + n);
        err = drain(&p, &at, &t, &left);
        assert(err != ERR_AGAIN || left.n <= most_left(s));
        if (s->renews && parser_is_new(&p))
            begin(&p, s);
    }
    /* What is left of a body may be more or less, but not different. */
    if (err == ERR_AGAIN)
        note(&t, left.p, left.n);
    else
        assert(parser_next(&p, &left, &(struct parse_event){0}) == err);
    note(&t, &err, sizeof err);
    fuzz_free(held);
    return t;
}

static void check_same(const struct transcript *a, const struct transcript *b)
{
    assert(span_eq(span_of(a->text, a->n), span_of(b->text, b->n)));
}

/* The first four octets choose the settings and the random cuts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct settings plain = {.gather = 1, .most = SIZE_MAX};
    struct path_memos *memos;
    struct settings chosen;
    struct transcript want, got;
    struct span stream;

    if (n < 4)
        return 0;
    plain.head_size = 64 + 8 * (uint32_t)data[0];
    memos = calloc(1, sizeof *memos);
    assert(memos);
    chosen = plain;
    chosen.memos = memos; /* of the run before, too */
    chosen.renews = true;
    chosen.gather = 1 + data[1];
    chosen.most = chosen.gather + data[2];
    stream = span_of((const char *)data + 4, n - 4);

    want = feed(&plain, stream, (struct cuts){.kind = WHOLE});
    for (int i = 0; i < 4; i++) {
        struct cuts cuts = {.kind = i == 0   ? OCTETS
                                    : i == 1 ? WHOLE
                                             : RANDOM,
                            .seed = data[3]};

        got = feed(i % 2 ? &chosen : &plain, stream, cuts);
        check_same(&want, &got);
        free(got.text);
    }
    free(want.text);
    free(memos);
    return 0;
}
