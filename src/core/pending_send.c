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

static struct pending_send *head_alloc(struct pending_send_pool *p,
                                       size_t text_n)
{
    size_t size = sizeof(struct pending_send) + text_n;
    bool pooled = size <= HEAD_BLOCK;
    struct pending_send *h = pooled ? pool_take(&p->pool) : malloc(size);

    if (!h)
        return NULL;
    memset(h, 0, sizeof *h);
    h->refs = 1;
    list_init(&h->of_link);
    list_init(&h->parked);
    h->pooled = pooled;
    return h;
}

static struct slice head_add(struct pending_send *h, struct span s)
{
    struct slice where = {h->text_n, (uint32_t)s.n};

    memcpy(h->text + h->text_n, s.p, s.n);
    h->text_n += where.n;
    return where;
}

/* Adds To-Path, From-Path and the headers before and after Byte-Range as they
 * go out: our URIs are in front of From-Path, the last one passed first.
 * Returns where `from` is. */
static struct slice add_outgoing(struct pending_send *h, const struct msg *m,
                                 const struct pending_send_paths *w)
{
    struct span rest = msg_text(m, m->rest);
    size_t at = m->range_line.n ? m->range_line.at - m->rest.at : 0;
    struct slice from;

    head_add(h, SPAN("To-Path: "));
    head_add(h, w->to);
    head_add(h, SPAN("\r\nFrom-Path: "));
    for (size_t i = w->n_own; i-- > 0;) {
        head_add(h, w->own[i]);
        head_add(h, SPAN(" "));
    }
    from = head_add(h, w->from);
    head_add(h, SPAN("\r\n"));
    head_add(h, span_of(rest.p, at));
    h->before_n = h->text_n;
    head_add(h, span_from(rest, at + m->range_line.n));
    h->after_n = h->text_n - h->before_n;
    return from;
}

static size_t octets_of(const struct span *uris, size_t n)
{
    size_t octets = 0;

    for (size_t i = 0; i < n; i++)
        octets += uris[i].n + 1;
    return octets;
}

/* `more` octets will be added to its text. */
static struct pending_send *head_make(struct pending_send_pool *p,
                                      const struct msg *m,
                                      const struct pending_send_paths *w,
                                      uint64_t in_number, size_t more)
{
    size_t own_n = octets_of(w->own, w->n_own);
    size_t back_n = w->back == w->own ? own_n : octets_of(w->back, w->n_back);
    size_t text_n = 64 + w->to.n + own_n + back_n + m->from.n + m->rest.n +
                    m->message_id.n + w->token.n + m->tid.n + more;
    struct pending_send *h = head_alloc(p, text_n);

    if (!h)
        return NULL;
    h->has_body = m->has_body;
    h->has_range = m->has_range;
    h->failure_report = m->failure_report;
    h->in_number = in_number;
    h->range_start = m->range_start;
    h->range_total = m->range_total;
    h->received = add_outgoing(h, m, w);
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
    h->n_sessions = (uint8_t)w->n_own;
    assert(h->text_n <= text_n);
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

    assert(n_own >= 1 && n_own <= PENDING_SEND_OWN_MAX);
    return head_make(p, m, &way, in_number, 0);
}

struct pending_send *pending_send_replaced(struct pending_send_pool *p,
                                           const struct msg *m,
                                           const struct pending_send_paths *w,
                                           uint64_t in_number)
{
    struct pending_send *h =
        head_make(p, m, w, in_number, w->from.n + w->first.n + w->middle.n);

    if (!h)
        return NULL;
    h->received = head_add(h, msg_text(m, m->from));
    h->first = head_add(h, w->first);
    h->middle = head_add(h, w->middle);
    h->n_sessions = span_eq(w->first, w->token) ? 1 : 2;
    return h;
}

struct pending_send *pending_send_copy(struct pending_send_pool *p,
                                       const struct pending_send *h)
{
    struct pending_send *copy = head_alloc(p, h->text_n);
    bool pooled;

    if (!copy)
        return NULL;
    pooled = copy->pooled;
    memcpy(copy, h, sizeof *h + h->text_n);
    copy->refs = 1;
    copy->pooled = pooled;
    list_init(&copy->of_link);
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
    if (h->pooled)
        pool_give(&p->pool, h);
    else
        free(h);
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
    frame_request(f, tid, SPAN("SEND"));
    frame_add(f, span_of(h->text, h->before_n));
    if (start > 0)
        frame_range(f, start, end, total);
    frame_add(f, span_of(h->text + h->before_n, h->after_n));
    if (h->has_body)
        frame_add(f, SPAN("\r\n"));
}
