/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunker.h"

#include <assert.h>

#include "err.h"
#include "sendq.h"
#include "session.h"

enum { NEEDLE_N = 7 + TID_LEN, STREAMS_KEEP = 64 };

static void random_tid(struct chunker *c, char *tid)
{
    rnd_base32(c->rnd, tid, TID_LEN); /* 80 bits (R4975-7.1-a) */
}

void chunker_init(struct chunker *c, const struct policy *policy,
                  struct txns *txns, struct rnd *rnd)
{
    *c = (struct chunker){
        .policy = policy, .txns = txns, .new_tid = random_tid, .rnd = rnd};
    pool_init(&c->streams, sizeof(struct stream), STREAMS_KEEP);
}

void chunker_fini(struct chunker *c)
{
    pool_fini(&c->streams);
}

int chunker_start(struct chunker *c, struct link *in, struct link *out,
                  struct pending_send *head)
{
    struct stream *s = pool_take(&c->streams);

    assert(!in->stream);
    if (!s)
        return ERR_NOMEM;
    *s = (struct stream){.in = in,
                         .out = out,
                         .head = head,
                         .next = head->range_start,
                         .first = head->range_start,
                         .total = head->range_total,
                         .sender = {.stream = s, .sends = true},
                         .receiver.stream = s};
    list_init(&s->of_senders);
    list_init(&s->sender.of_session);
    list_init(&s->receiver.of_session);
    sendq_join(out, s);
    in->stream = s;
    return 0;
}

size_t chunker_gather(const struct stream *s)
{
    return s->is_open ? 1 : CHUNK_ALONE_MAX;
}

static bool is_to_relay(const struct link *out)
{
    return out->is_relay || out->relay_links.to_relay;
}

/* Octets of body in a chunk to this link. */
static size_t chunker_max(const struct chunker *c, const struct link *out)
{
    const struct policy *p = c->policy;

    if (p->relay_chunk_size && is_to_relay(out))
        return p->relay_chunk_size;
    return out->max_chunk_size ? out->max_chunk_size : p->max_chunk_size;
}

/* ... of this stream: no more than may be on its way (S-13). */
static size_t stream_max(const struct chunker *c, const struct stream *s)
{
    size_t max = chunker_max(c, s->out);
    const struct source *source = s->in->send.source;

    if (source && source->window && source->window < max)
        return source->window;
    return max;
}

size_t chunker_most(const struct chunker *c, const struct stream *s)
{
    size_t max = stream_max(c, s);
    size_t sent = s->is_open ? (size_t)(s->next - s->chunk_start) : 0;

    /* The chunk may have been opened when more was allowed. */
    return sent < max ? max - sent : 1;
}

/* --- our own end-line in the body (B4975-7.1-b) --- */

static void needle_of(char *needle, const struct stream *s)
{
    memcpy(needle, "-------", 7);
    memcpy(needle + 7, s->tid, TID_LEN);
}

static bool has_own_end(const struct stream *s, struct span body, size_t *at)
{
    char needle[NEEDLE_N];
    const char *hit;

    needle_of(needle, s);
    hit = memmem(body.p, body.n, needle, NEEDLE_N);
    if (hit)
        *at = (size_t)(hit - body.p);
    return hit != NULL;
}

/* Do the last octets written and the first of `body` form our end-line? */
static bool straddles(const struct stream *s, struct span body)
{
    char seam[2 * (NEEDLE_N - 1)];
    size_t n = body.n < NEEDLE_N - 1 ? body.n : NEEDLE_N - 1, at;

    if (s->tail_n == 0)
        return false;
    memcpy(seam, s->tail, s->tail_n);
    memcpy(seam + s->tail_n, body.p, n);
    return has_own_end(s, span_of(seam, s->tail_n + n), &at);
}

static void chunker_remember_tail(struct stream *s, struct span body)
{
    size_t keep = sizeof s->tail;

    if (body.n < keep) {
        size_t old = s->tail_n + body.n > keep ? keep - body.n : s->tail_n;

        memmove(s->tail, s->tail + s->tail_n - old, old);
        memcpy(s->tail + old, body.p, body.n);
        s->tail_n = (uint8_t)(old + body.n);
        return;
    }
    memcpy(s->tail, body.p + body.n - keep, keep);
    s->tail_n = (uint8_t)keep;
}

/* --- one chunk --- */

/* The sender's total, if a message with the octet `last` can have it: it is a
 * hint and may be wrong; one that is too small is not repeated. */
static uint64_t true_total(uint64_t total, uint64_t last)
{
    return total < last ? MSG_STAR : total;
}

/* The total for a chunk whose last octet is `end` (MSG_STAR: not known);
 * `ends`: the message ends there, and a missing total is known. */
static uint64_t total_for(const struct stream *s, uint64_t end, bool ends)
{
    uint64_t total = true_total(s->total, end == MSG_STAR ? s->next : end);

    return total == MSG_STAR && ends ? end : total;
}

/* How much more than its limit may the source have open? Senders wait at the
 * limit, except those that would wait for ever (sendq.c), up to twice the
 * limit, and those on a link that others share, which do not get beyond it.
 * What goes out on the link on which it came in waits for nothing. */
static uint32_t times_of(const struct stream *s)
{
    if (s->in == s->out)
        return SOURCE_SELF;
    return link_is_shared(s->in) ? 1 : 2;
}

static int new_txn(struct chunker *c, struct stream *s)
{
    uint32_t limit = c->policy->transactions_per_link;
    struct source *source = s->in->send.source;
    struct txn *old;

    if (s->head->failure_report == MSG_REPORT_NO)
        return 0;
    if (s->head->failure_report == MSG_REPORT_YES &&
        source_is_full(source, limit, times_of(s)))
        return ERR_FULL;
    s->txn = txn_open(c->txns, s->out, s->tid, s->head, s->next);
    if (!s->txn)
        return ERR_NOMEM;
    session_await(s, &s->txn->of_sender, &s->txn->of_receiver);
    if (is_to_relay(s->out))
        source_set_window(source, c->policy->high_water);
    source_charge(source, s->txn);
    while ((old = source_surplus(source)))
        txn_drop(c->txns, old);
    return 0;
}

static void close_txn(struct stream *s, uint64_t end)
{
    if (s->txn)
        txn_close(s->txn, end);
    s->txn = NULL;
}

/* Begins a chunk with `body` and, given a flag, ends it too. */
static int chunker_begin(struct chunker *c, struct stream *s, struct span body,
                         bool hyphens, char flag)
{
    uint64_t last = s->next + body.n - 1;
    uint64_t end = flag && body.n <= CHUNK_ALONE_MAX ? last : MSG_STAR;
    struct span tid = span_of(s->tid, TID_LEN);
    struct frame f;
    size_t at;
    int err;

    do
        c->new_tid(c, s->tid);
    while (hyphens && has_own_end(s, body, &at));
    if (s->out->sendq.open)
        sendq_close(s->out->sendq.open, '+');
    err = new_txn(c, s);
    if (err)
        return err;
    frame_init(&f);
    pending_send_send(&f, s->head, tid, s->next, end,
                      total_for(s, flag ? last : MSG_STAR, flag == '$'));
    frame_add(&f, body);
    if (flag)
        frame_end_body(&f, tid, flag);
    if (!sendq_put(s->out, &f))
        return ERR_EOF;
    s->chunk_start = s->next;
    s->next += body.n;
    c->chunks_out++;
    c->octets_out += body.n;
    if (flag) {
        close_txn(s, last);
        return 0;
    }
    s->tail_n = 0;
    chunker_remember_tail(s, body);
    sendq_open(s->out, s);
    return 0;
}

/* Continues the open chunk and, given a flag, ends it. */
static int chunker_continue(struct chunker *c, struct stream *s,
                            struct span body, char flag)
{
    struct frame f;

    frame_init(&f);
    frame_add(&f, body);
    if (!sendq_put(s->out, &f))
        return ERR_EOF;
    s->next += body.n;
    c->octets_out += body.n;
    chunker_remember_tail(s, body);
    if (flag)
        sendq_close(s, flag);
    return 0;
}

static bool is_full_chunk(const struct chunker *c, const struct stream *s,
                          size_t n)
{
    size_t before = s->is_open ? (size_t)(s->next - s->chunk_start) : 0;

    return before + n >= stream_max(c, s);
}

/* Ends the open chunk before its own end-line would appear in the body; the
 * rest goes on under another tid. */
static int cut_before_own_end(struct chunker *c, struct stream *s,
                              struct span *body, bool hyphens)
{
    size_t at = 0;
    int err = 0;

    if (!straddles(s, *body) && !(hyphens && has_own_end(s, *body, &at)))
        return 0;
    if (at > 0)
        err = chunker_continue(c, s, span_of(body->p, at), 0);
    if (!err)
        sendq_close(s, '+');
    *body = span_from(*body, at);
    return err;
}

int chunker_body(struct chunker *c, struct stream *s,
                 const struct parse_event *ev)
{
    struct span body = ev->body;
    char end = ev->last ? ev->flag : 0;
    int err;

    assert(body.n > 0);
    if (s->is_open) {
        err = cut_before_own_end(c, s, &body, ev->hyphens);
        if (err)
            return err;
    }
    if (!end && is_full_chunk(c, s, body.n))
        end = '+';
    err = s->is_open ? chunker_continue(c, s, body, end)
                     : chunker_begin(c, s, body, ev->hyphens, end);
    s->has_ended = !err && end && end != '+';
    return err;
}

/* A SEND without octets keeps its Byte-Range, or goes without one (I-1, I-2).
 * With an empty body and no Byte-Range it is a whole message. With `+` it is
 * not part of any message, and some clients fail on it (I-23): it is not
 * forwarded. */
int chunker_empty(struct chunker *c, struct stream *s, char flag)
{
    const struct pending_send *h = s->head;
    struct span tid = span_of(s->tid, TID_LEN);
    uint64_t start = h->range_start, end = start - 1;
    uint64_t total = total_for(s, end, flag == '$');
    struct frame f;
    int err;

    if (flag == '+')
        return 0;
    c->new_tid(c, s->tid);
    if (s->out->sendq.open)
        sendq_close(s->out->sendq.open, '+');
    err = new_txn(c, s);
    if (err)
        return err;
    frame_init(&f);
    if (!h->has_range && !h->has_body)
        start = 0;
    pending_send_send(&f, h, tid, start, end, total);
    if (h->has_body)
        frame_end_body(&f, tid, flag);
    else
        frame_end(&f, tid, flag);
    if (!sendq_put(s->out, &f))
        return ERR_EOF;
    c->chunks_out++;
    close_txn(s, end);
    return 0;
}

void chunker_abort(struct chunker *c, struct link *out,
                   const struct pending_send *h, uint64_t next)
{
    char text[TID_LEN];
    struct span tid;
    struct frame f;

    c->new_tid(c, text);
    tid = span_of(text, TID_LEN);
    frame_init(&f);
    pending_send_send(&f, h, tid, next, next - 1,
                      true_total(h->range_total, next - 1));
    frame_end_body(&f, tid, '#');
    c->chunks_out += sendq_put_between(out, &f);
}

void chunker_stop(struct chunker *c, struct stream *s)
{
    struct txn *open;

    if (!s)
        return;
    open = s->txn;
    s->txn = NULL;
    sendq_close(s, '#');
    if (open)
        txn_drop(c->txns, open);
    sendq_leave(s);
    pending_send_written(s->head);
    pending_send_unref(c->txns->heads, s->head);
    s->in->stream = NULL;
    pool_give(&c->streams, s);
}
