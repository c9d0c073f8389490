/* SPDX-License-Identifier: BSD-2-Clause */
#include "tx.h"

#include <assert.h>
#include <string.h>

#include "cat_trace.h"
#include "err.h"

/* A little more than four TLS records, for the block's own words. */
enum { BLOCK = 64 * 1024 + 64, BLOCKS_KEPT = 8 };

void tx_init(struct tx *t, struct rnd *rnd, FILE *trace)
{
    *t = (struct tx){.rnd = rnd, .trace = trace};
    pool_init(&t->pool, BLOCK, BLOCKS_KEPT);
    buf_init(&t->out, &t->pool, TX_MAX);
}

void tx_fini(struct tx *t)
{
    buf_clear(&t->out);
    pool_fini(&t->pool);
}

void tx_new_tid(const struct tx *t, char tid[TX_TID])
{
    rnd_alnum(t->rnd, tid, TX_TID);
}

size_t tx_room(const struct tx *t)
{
    return t->out.len < TX_BULK_MAX ? TX_BULK_MAX - t->out.len : 0;
}

static int put(struct tx *t, const struct span *parts, size_t n)
{
    size_t before = t->out.len;
    int err = buf_put(&t->out, parts, n);

    if (!err)
        t->put += t->out.len - before;
    return err;
}

static struct span needle_for(char needle[TX_NEEDLE], const char tid[TX_TID])
{
    memset(needle, '-', 7);
    memcpy(needle + 7, tid, TX_TID);
    return span_of(needle, TX_NEEDLE);
}

static struct span open_tid(const struct tx *t)
{
    return span_of(t->needle + 7, TX_TID);
}

int tx_frame(struct tx *t, const struct frame *f)
{
    int err = 0;

    assert(!f->overflow);
    if (t->open)
        err = tx_close(t, '+');
    if (!err)
        err = put(t, f->parts, f->n);
    if (!err)
        cat_trace_frame(t->trace, '>', f);
    return err;
}

int tx_open(struct tx *t, const struct frame *head, const char tid[TX_TID])
{
    int err;

    assert(!t->open && !head->overflow);
    err = put(t, head->parts, head->n);
    if (err)
        return err;
    cat_trace_frame(t->trace, '>', head);
    needle_for(t->needle, tid);
    t->open = true;
    t->body = 0;
    t->tail_n = 0;
    return 0;
}

/* How many octets of `s` may follow what the chunk has already, before the one
 * that would complete the needle. */
static size_t clean_length(const struct tx *t, struct span s)
{
    char seam[2 * (TX_NEEDLE - 1)];
    size_t n = s.n < TX_NEEDLE - 1 ? s.n : TX_NEEDLE - 1;
    const char *hit;

    memcpy(seam, t->tail, t->tail_n);
    memcpy(seam + t->tail_n, s.p, n);
    hit = memmem(seam, t->tail_n + n, t->needle, TX_NEEDLE);
    if (hit)
        return (size_t)(hit - seam) + TX_NEEDLE - 1 - t->tail_n;
    hit = memmem(s.p, s.n, t->needle, TX_NEEDLE);
    return hit ? (size_t)(hit - s.p) + TX_NEEDLE - 1 : s.n;
}

static void remember_tail(struct tx *t, struct span s)
{
    size_t keep = sizeof t->tail;

    if (s.n < keep) {
        size_t old = t->tail_n < keep - s.n ? t->tail_n : keep - s.n;

        memmove(t->tail, t->tail + t->tail_n - old, old);
        memcpy(t->tail + old, s.p, s.n);
        t->tail_n = old + s.n;
        return;
    }
    memcpy(t->tail, s.p + s.n - keep, keep);
    t->tail_n = keep;
}

int tx_body(struct tx *t, size_t *taken, struct span s)
{
    int err;

    assert(t->open && s.n > 0);
    s.n = clean_length(t, s);
    err = put(t, &s, 1);
    if (err)
        return err;
    remember_tail(t, s);
    t->body += s.n;
    *taken = s.n;
    return 0;
}

int tx_close(struct tx *t, char flag)
{
    struct frame f;
    int err;

    assert(t->open);
    frame_init(&f);
    frame_end_body(&f, open_tid(t), flag);
    err = put(t, f.parts, f.n);
    if (err)
        return err;
    t->open = false;
    cat_trace_end(t->trace, '>', t->body, open_tid(t), flag);
    return 0;
}

bool tx_collides(struct span body, const char tid[TX_TID])
{
    char needle[TX_NEEDLE];
    struct span n = needle_for(needle, tid);

    return memmem(body.p, body.n, n.p, n.n) != NULL;
}
