/* SPDX-License-Identifier: BSD-2-Clause */
#include "pending_send.h"

#include <assert.h>
#include <stdlib.h>

/* Octets; a head of usual length, with 2 URIs in each path, fits. */
enum { HEAD_BLOCK = 768 };

void pending_send_pool_init(struct pending_send_pool *p, size_t keep)
{
    pool_init(&p->pool, HEAD_BLOCK, keep);
}

void pending_send_pool_fini(struct pending_send_pool *p)
{
    pool_fini(&p->pool);
}

/* What a head has of its own: `kept_n` octets for the wait, and `out_n` to be
 * written, which are apart if it is long. */
struct head_size {
    size_t kept_n, out_n;
    bool is_long;
};

static bool is_long(size_t kept_n, size_t out_n)
{
    return sizeof(struct pending_send) + kept_n + out_n > HEAD_BLOCK;
}

static void head_free(struct pending_send_pool *p, struct pending_send *h)
{
    if (h->is_long)
        free(h->out);
    if (h->pooled)
        pool_give(&p->pool, h);
    else
        free(h);
}

static struct pending_send *head_alloc(struct pending_send_pool *p,
                                       const struct head_size *n)
{
    size_t size =
        sizeof(struct pending_send) + n->kept_n + (n->is_long ? 0 : n->out_n);
    bool pooled = size <= HEAD_BLOCK;
    struct pending_send *h = pooled ? pool_take(&p->pool) : malloc(size);

    if (!h)
        return NULL;
    memset(h, 0, sizeof *h);
    h->refs = 1;
    list_init(&h->of_link);
    list_init(&h->parked);
    h->pooled = pooled;
    h->is_long = n->is_long;
    if (!n->is_long)
        return h;
    h->out = malloc(n->out_n);
    if (h->out)
        return h;
    head_free(p, h);
    return NULL;
}

static struct slice head_add(struct pending_send *h, struct span s)
{
    struct slice where = {h->text_n, (uint32_t)s.n};

    memcpy(h->text + h->text_n, s.p, s.n);
    h->text_n += where.n;
    return where;
}

#define TO_LINE "To-Path: "
#define FROM_LINE "\r\nFrom-Path: "
#define CRLF "\r\n"

/* Writes To-Path, From-Path and the headers before and after Byte-Range as they
 * go out: our URIs are in front of From-Path, the last one passed first.
 * Returns where in `out` `from` is. */
static struct slice write_outgoing(struct pending_send *h, const struct msg *m,
                                   const struct pending_send_paths *w)
{
    struct span rest = msg_text(m, m->rest);
    size_t range_at = m->range_line.n ? m->range_line.at - m->rest.at : 0;
    struct slice from = {.n = (uint32_t)w->from.n};
    char *at = h->out;

    at = span_put(at, SPAN(TO_LINE));
    at = span_put(at, w->to);
    at = span_put(at, SPAN(FROM_LINE));
    for (size_t i = w->n_own; i-- > 0;) {
        at = span_put(at, w->own[i]);
        at = span_put(at, SPAN(" "));
    }
    from.at = (uint32_t)(at - h->out);
    at = span_put(at, w->from);
    at = span_put(at, SPAN(CRLF));
    at = span_put(at, span_of(rest.p, range_at));
    h->before_n = (uint32_t)(at - h->out);
    at = span_put(at, span_from(rest, range_at + m->range_line.n));
    h->after_n = (uint32_t)(at - h->out) - h->before_n;
    return from;
}

/* Adds what a REPORT and the response need, but for From-Path as received. */
static void add_kept(struct pending_send *h, const struct msg *m,
                     const struct pending_send_paths *w)
{
    h->message_id = head_add(h, msg_text(m, m->message_id));
    h->tid = head_add(h, msg_text(m, m->tid));
    h->own.at = h->text_n;
    for (size_t i = 0; i < w->n_back; i++) {
        if (i > 0)
            head_add(h, SPAN(" "));
        head_add(h, w->back[i]);
    }
    h->own.n = h->text_n - h->own.at;
    h->token = head_add(h, w->token);
    if (w->first.n == 0)
        return;
    h->first = head_add(h, w->first);
    h->middle = head_add(h, w->middle);
}

static size_t octets_of(const struct span *uris, size_t n)
{
    size_t octets = 0;

    for (size_t i = 0; i < n; i++)
        octets += uris[i].n + 1;
    return octets;
}

/* Does From-Path go out as it was received? Then a short head has it once. */
static bool has_own_from(const struct msg *m,
                         const struct pending_send_paths *w)
{
    return w->from.p == msg_text(m, m->from).p;
}

static struct head_size size_of(const struct msg *m,
                                const struct pending_send_paths *w)
{
    size_t own_n = octets_of(w->own, w->n_own);
    size_t back_n = w->back == w->own ? own_n : octets_of(w->back, w->n_back);
    size_t from_n = has_own_from(m, w) ? 0 : m->from.n;
    struct head_size n = {
        .kept_n = m->message_id.n + m->tid.n + back_n + w->token.n +
                  w->first.n + w->middle.n + from_n,
        .out_n = sizeof TO_LINE FROM_LINE CRLF - 1 + w->to.n + own_n +
                 w->from.n + m->rest.n,
    };

    n.is_long = is_long(n.kept_n, n.out_n);
    if (n.is_long)
        n.kept_n += m->from.n - from_n;
    return n;
}

static struct pending_send *head_make(struct pending_send_pool *p,
                                      const struct msg *m,
                                      const struct pending_send_paths *w,
                                      uint64_t in_number)
{
    struct head_size n = size_of(m, w);
    struct pending_send *h = head_alloc(p, &n);
    struct slice from;

    if (!h)
        return NULL;
    h->has_body = m->has_body;
    h->has_range = m->has_range;
    h->failure_report = m->failure_report;
    h->in_number = in_number;
    h->range_start = m->range_start;
    h->range_total = m->range_total;
    add_kept(h, m, w);
    if (h->is_long || !has_own_from(m, w))
        h->received = head_add(h, msg_text(m, m->from));
    if (!h->is_long)
        h->out = h->text + h->text_n;
    from = write_outgoing(h, m, w);
    assert(h->text_n <= n.kept_n && h->before_n + h->after_n <= n.out_n);
    if (h->is_long)
        return h;
    if (has_own_from(m, w))
        h->received = (struct slice){h->text_n + from.at, from.n};
    h->text_n += h->before_n + h->after_n;
    return h;
}

struct pending_send *pending_send_new(struct pending_send_pool *p,
                                      const struct msg *m, struct span to,
                                      const struct span *own, size_t n_own,
                                      struct span token, uint64_t in_number)
{
    const struct pending_send_paths way = {
        .to = to,
        .own = own,
        .n_own = n_own,
        .from = msg_text(m, m->from),
        .back = own,
        .n_back = n_own,
        .token = token,
    };
    struct pending_send *h;

    assert(n_own >= 1 && n_own <= PENDING_SEND_OWN_MAX);
    h = head_make(p, m, &way, in_number);
    if (h)
        h->n_sessions = (uint8_t)n_own;
    return h;
}

struct pending_send *pending_send_replaced(struct pending_send_pool *p,
                                           const struct msg *m,
                                           const struct pending_send_paths *w,
                                           uint64_t in_number)
{
    struct pending_send *h = head_make(p, m, w, in_number);

    if (h)
        h->n_sessions = span_eq(w->first, w->token) ? 1 : 2;
    return h;
}

struct pending_send *pending_send_copy(struct pending_send_pool *p,
                                       const struct pending_send *h)
{
    size_t out_n = h->before_n + h->after_n;
    struct head_size n = {h->text_n, h->is_long ? out_n : 0, h->is_long};
    struct pending_send *copy = head_alloc(p, &n);
    char *out;
    bool pooled;

    assert(h->out);
    if (!copy)
        return NULL;
    pooled = copy->pooled;
    out = h->is_long ? copy->out : copy->text + (h->out - h->text);
    memcpy(copy, h, sizeof *h + h->text_n);
    if (h->is_long)
        memcpy(out, h->out, out_n);
    copy->out = out;
    copy->refs = 1;
    copy->pooled = pooled;
    list_init(&copy->of_link);
    list_init(&copy->parked);
    return copy;
}

struct pending_send *pending_send_ref(struct pending_send *h)
{
    h->refs++;
    return h;
}

void pending_send_unref(struct pending_send_pool *p, struct pending_send *h)
{
    if (!h || --h->refs > 0)
        return;
    list_remove(&h->of_link);
    head_free(p, h);
}

void pending_send_shrink(struct pending_send *h)
{
    free(h->out);
    h->out = NULL;
}

bool pending_send_same_message(const struct pending_send *a,
                               const struct pending_send *b)
{
    bool same_attempt = a->attempt == b->attempt || !a->attempt || !b->attempt;

    return a == b || (same_attempt &&
                      span_eq(pending_send_text(a, a->message_id),
                              pending_send_text(b, b->message_id)) &&
                      span_eq(pending_send_text(a, a->own),
                              pending_send_text(b, b->own)) &&
                      span_eq(pending_send_text(a, a->received),
                              pending_send_text(b, b->received)));
}

void pending_send_send(struct frame *f, const struct pending_send *h,
                       struct span tid, uint64_t start, uint64_t end,
                       uint64_t total)
{
    assert(h->out);
    frame_request(f, tid, SPAN("SEND"));
    frame_add(f, span_of(h->out, h->before_n));
    if (start > 0)
        frame_range(f, start, end, total);
    frame_add(f, span_of(h->out + h->before_n, h->after_n));
    if (h->has_body)
        frame_add(f, SPAN("\r\n"));
}
