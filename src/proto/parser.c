/* SPDX-License-Identifier: BSD-2-Clause */
#include "parser.h"

#include <assert.h>

#include "err.h"

/* Seven hyphens, before the tid of every end-line. */
enum { HYPHENS = 7 };

static void begin_head(struct parser *p)
{
    p->state = PARSER_HEAD;
    p->line_at = 0;
    p->line = (struct head_line){.seen = 0};
    msg_begin(&p->head, &p->reader, p->path_uris);
}

void parser_init(struct parser *p, uint32_t head_size, uint32_t path_uris)
{
    memset(p, 0, sizeof *p);
    p->head_size = head_size;
    p->path_uris = path_uris;
    begin_head(p);
    parser_want(p, 1, SIZE_MAX);
}

static int die(struct parser *p, int error)
{
    p->state = PARSER_DEAD;
    p->error = error;
    return error;
}

static void consume(struct span *in, size_t n)
{
    assert(n <= in->n);
    in->p += n;
    in->n -= n;
}

static bool is_flag(char c)
{
    return c == '$' || c == '+' || c == '#';
}

/* How much of flag CRLF stands at s: 3 if all, -1 if it is something else, else
 * how many octets there are, all fitting so far. */
static int match_tail(struct span s)
{
    if (s.n > 0 && !is_flag(s.p[0]))
        return -1;
    if (s.n > 1 && s.p[1] != '\r')
        return -1;
    if (s.n > 2 && s.p[2] != '\n')
        return -1;
    return s.n < 3 ? (int)s.n : 3;
}

/* --- the head --- */

/* CRLFs between frames are somebody's keep-alive (I-4). */
static void skip_stray_crlf(struct span *in)
{
    while (in->n >= 2 && in->p[0] == '\r' && in->p[1] == '\n')
        consume(in, 2);
}

/* Can what is there still become `MSRP `? Junk is refused at its first octet.
 */
static bool may_be_start(struct span in)
{
    struct span magic = SPAN("MSRP ");

    if (in.n == 1 && in.p[0] == '\r')
        return true;
    return memcmp(in.p, magic.p, in.n < magic.n ? in.n : magic.n) == 0;
}

/* The start line is read: remember what this frame's end-line looks like. */
static void learn_tid(struct parser *p)
{
    struct span tid = msg_text(&p->head, p->head.tid);

    memcpy(p->needle, "\r\n-------", 2 + HYPHENS);
    memcpy(p->needle + 2 + HYPHENS, tid.p, tid.n);
    p->needle_n = (uint32_t)(2 + HYPHENS + tid.n);
}

static bool is_end_line(const struct parser *p, const struct head_line *line)
{
    struct span needle = span_of(p->needle + 2, p->needle_n - 2);

    return line->is_whole && line->text.n == needle.n + 1 &&
           span_starts(line->text, needle) && is_flag(line->text.p[needle.n]);
}

static struct path_memo *memo_of(const struct parser *p)
{
    if (!p->memos)
        return NULL;
    if (p->head.method == MSG_SEND)
        return &p->memos->requests;
    return p->head.method == MSG_RESPONSE ? &p->memos->responses : NULL;
}

/* The head ends at `head_n`; what follows it is an end-line or the start of a
 * body. */
static void give_head(struct parser *p, struct span *in, size_t head_n,
                      bool has_body, struct parse_event *ev)
{
    struct path_memo *memo = memo_of(p);

    msg_end(&p->head, &p->reader, head_n, has_body);
    if (memo)
        path_memo_keep(memo, &p->head, &p->reader);
    consume(in, head_n);
    parser_want(p, 1, SIZE_MAX);
    p->wants_empty = false;
    p->body_fresh = true;
    p->state = has_body ? PARSER_BODY : PARSER_END;
    *ev = (struct parse_event){
        .type = PARSE_HEAD, .head = &p->head, .flag = has_body ? 0 : p->flag};
}

/* Looks at a line of the head, whose octets end at `end`: 0 goes on to the
 * next, 1 when the head was given, else an error. */
static int take_line(struct parser *p, struct span *in, size_t end,
                     struct parse_event *ev)
{
    const struct head_line *line = &p->line;

    if (p->reader.lines > 0 && line->text.n == 0 && line->is_whole) {
        give_head(p, in, end, true, ev);
        return 1;
    }
    if (p->reader.lines > 0 && line->text.n > 0 && line->text.p[0] == '-') {
        /* Among the headers only this frame's own end-line may begin so (M-6).
         */
        if (!is_end_line(p, line))
            return die(p, ERR_SYNTAX);
        p->end_n = (uint32_t)(end - p->line_at);
        p->flag = line->text.p[line->text.n - 1];
        give_head(p, in, p->line_at, false, ev);
        return 1;
    }
    if (msg_read_line(&p->head, &p->reader, line) != 0)
        return die(p, ERR_SYNTAX);
    if (p->reader.lines == 1)
        learn_tid(p);
    return 0;
}

/* Skips both path lines if what they say is known. */
static void recall_paths(struct parser *p, struct span in)
{
    const struct path_memo *memo = memo_of(p);

    if (memo && p->reader.lines == 1)
        p->line_at += (uint32_t)path_memo_read(memo, &p->head, &p->reader,
                                               span_from(in, p->line_at));
}

static int next_head(struct parser *p, struct span *in, struct parse_event *ev)
{
    if (p->line_at == 0)
        skip_stray_crlf(in);
    if (in->n > 0 && !may_be_start(*in))
        return die(p, ERR_SYNTAX);
    p->head.base = in->p; /* it may have moved */
    for (;;) {
        size_t n = head_line_read(&p->line, span_from(*in, p->line_at));
        size_t end = n ? p->line_at + n : in->n;
        int took;

        /* A head that has no end by then would need room that the caller need
         * not have. */
        if (end > p->head_size || (!n && end == p->head_size))
            return die(p, ERR_LIMIT);
        if (!n)
            return ERR_AGAIN;
        took = take_line(p, in, end, ev);
        if (took)
            return took == 1 ? 0 : took;
        p->line_at = (uint32_t)end;
        p->line = (struct head_line){.seen = 0};
        recall_paths(p, *in);
    }
}

/* --- the body --- */

/* Octets that are looked at together. */
enum { BLOCK = 64 };
typedef int32_t words __attribute__((vector_size(16)));

/* Which of four words are nothing but hyphens. */
static words hyphen_words(const char *p)
{
    words x;

    memcpy(&x, p, sizeof x);
    return x == 0x2d2d2d2d;
}

/* Has the block four hyphens in a row, at a multiple of four? Seven in a row
 * have four of these, and begin at most three octets before them. */
static bool has_four(const char *block)
{
    words any = hyphen_words(block) | hyphen_words(block + 16) |
                hyphen_words(block + 32) | hyphen_words(block + 48);
    uint64_t halves[2];

    memcpy(halves, &any, sizeof halves);
    return halves[0] | halves[1];
}

/* A run of at least seven hyphens that begins at octet `from` or behind, and
 * before `to`: where it begins and ends. Looks at every seventh octet only, for
 * one of them has to be there. */
static bool find_run(struct span in, size_t from, size_t to, size_t *begin,
                     size_t *end)
{
    for (size_t at = from + HYPHENS - 1; at < in.n && at < to + HYPHENS - 1;
         at += HYPHENS) {
        size_t first = at, behind = at + 1;

        if (in.p[at] != '-')
            continue;
        while (first > from && in.p[first - 1] == '-')
            first--;
        while (behind < in.n && in.p[behind] == '-')
            behind++;
        if (behind - first >= HYPHENS) {
            *begin = first;
            *end = behind;
            return true;
        }
        at = behind - 1; /* no hyphen at `behind`: a run begins later */
    }
    return false;
}

/* The first run of at least seven hyphens behind octet `from`. */
static bool find_hyphens(struct span in, size_t from, size_t *begin,
                         size_t *end)
{
    for (size_t at = from; at < in.n; at += BLOCK) {
        if (in.n - at >= BLOCK && !has_four(in.p + at))
            continue;
        if (find_run(in, at - from < 3 ? from : at - 3, at + BLOCK, begin, end))
            return true;
    }
    return false;
}

/* Does the whole end-line stand at octet `at`? */
static bool is_end_at(const struct parser *p, struct span in, size_t at)
{
    struct span rest = span_from(in, at);

    return span_starts(rest, span_of(p->needle, p->needle_n)) &&
           match_tail(span_from(rest, p->needle_n)) == 3;
}

/* Where the end-line begins in `in`; in.n if it is not (wholly) there. *hyphens
 * tells whether seven hyphens stand before it. */
static size_t find_end(const struct parser *p, struct span in, bool *hyphens)
{
    size_t from = 0, begin;

    *hyphens = false;
    while (find_hyphens(in, from, &begin, &from)) {
        /* Behind a CRLF the run's first hyphen is the end-line's: the tid
         * itself may begin with more. */
        if (begin >= 2 && is_end_at(p, in, begin - 2))
            return begin - 2;
        *hyphens = true;
    }
    return in.n;
}

/* Could all of `s` be the beginning of the end-line? */
static bool may_be_end(const struct parser *p, struct span s)
{
    size_t n = s.n < p->needle_n ? s.n : p->needle_n;

    return memcmp(s.p, p->needle, n) == 0 && match_tail(span_from(s, n)) >= 0;
}

/* How many octets are body for certain when no whole end-line is there: all
 * before the first CR near the end that may begin one. */
static size_t certain(const struct parser *p, struct span in)
{
    size_t longest = p->needle_n + 2;
    size_t from = in.n > longest ? in.n - longest : 0;

    for (;;) {
        const char *cr = memchr(in.p + from, '\r', in.n - from);

        if (!cr)
            return in.n;
        from = (size_t)(cr - in.p);
        if (may_be_end(p, span_from(in, from)))
            return from;
        from++;
    }
}

/* A body may be empty without the CRLF that belongs to the end-line: the one of
 * the empty line then counts for it. 1: so it is; 0: not; ERR_AGAIN: cannot be
 * told yet. */
static int starts_with_end(const struct parser *p, struct span in)
{
    struct span needle = span_of(p->needle + 2, p->needle_n - 2);
    size_t n = in.n < needle.n ? in.n : needle.n;
    int tail;

    if (memcmp(in.p, needle.p, n) != 0)
        return 0;
    tail = match_tail(span_from(in, n));
    return tail < 0 ? 0 : n == needle.n && tail == 3 ? 1 : ERR_AGAIN;
}

static int give_end(struct parser *p, struct span *in, struct parse_event *ev)
{
    consume(in, p->end_n);
    begin_head(p);
    *ev = (struct parse_event){.type = PARSE_END, .flag = p->flag};
    return 0;
}

static int give_body(struct parser *p, struct span *in, size_t n, bool last,
                     bool hyphens, struct parse_event *ev)
{
    if (n > p->most) {
        n = p->most;
        last = false;
    }
    *ev = (struct parse_event){.type = PARSE_BODY,
                               .body = span_of(in->p, n),
                               .last = last,
                               .hyphens = hyphens,
                               .flag = last ? p->flag : 0};
    p->body_fresh = false;
    if (last)
        p->state = PARSER_END;
    consume(in, n);
    return 0;
}

static int give_empty(struct parser *p, struct span *in, struct parse_event *ev)
{
    return p->wants_empty ? give_body(p, in, 0, true, false, ev)
                          : give_end(p, in, ev);
}

static int next_body(struct parser *p, struct span *in, struct parse_event *ev)
{
    bool hyphens;
    size_t end, n;

    if (in->n == 0)
        return ERR_AGAIN;
    if (p->body_fresh) {
        int at_once = starts_with_end(p, *in);

        if (at_once < 0)
            return at_once;
        if (at_once) {
            p->flag = in->p[p->needle_n - 2];
            p->end_n = p->needle_n - 2 + 3;
            return give_empty(p, in, ev);
        }
    }
    end = find_end(p, *in, &hyphens);
    if (end < in->n) {
        p->flag = in->p[end + p->needle_n];
        p->end_n = p->needle_n + 3;
        return end == 0 ? give_empty(p, in, ev)
                        : give_body(p, in, end, true, hyphens, ev);
    }
    /* One octet stays back for whatever comes: the end flag needs it. */
    n = certain(p, *in);
    if (n <= p->gather)
        return ERR_AGAIN;
    return give_body(p, in, n - 1, false, hyphens, ev);
}

int parser_next(struct parser *p, struct span *in, struct parse_event *ev)
{
    switch (p->state) {
    case PARSER_HEAD:
        return next_head(p, in, ev);
    case PARSER_BODY:
        return next_body(p, in, ev);
    case PARSER_END:
        return give_end(p, in, ev);
    case PARSER_DEAD:
        return p->error;
    }
    return ERR_SYNTAX;
}
