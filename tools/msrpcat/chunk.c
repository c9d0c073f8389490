/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunk.h"

#include "err.h"

static void start_head(const struct outbox *o, struct frame *f,
                       const char tid[TX_TID], struct span to,
                       const char id[OUTGOING_ID])
{
    frame_init(f);
    frame_request(f, span_of(tid, TX_TID), SPAN("SEND"));
    frame_header(f, SPAN("To-Path"), to);
    frame_header(f, SPAN("From-Path"), o->rules.own);
    frame_header(f, SPAN("Message-ID"), span_of(id, OUTGOING_ID));
}

static void make_head(const struct outbox *o, struct frame *f,
                      const struct outgoing *m, const char tid[TX_TID],
                      uint64_t end)
{
    start_head(o, f, tid, o->rules.to, m->id);
    if (o->rules.success_report)
        frame_header(f, SPAN("Success-Report"), SPAN("yes"));
    if (o->rules.failure_report == MSG_REPORT_PARTIAL)
        frame_header(f, SPAN("Failure-Report"), SPAN("partial"));
    if (o->rules.failure_report == MSG_REPORT_NO)
        frame_header(f, SPAN("Failure-Report"), SPAN("no"));
    frame_range(f, m->offset + 1, end, m->total);
    if (m->disposition)
        frame_header(f, SPAN("Content-Disposition"), span_str(m->disposition));
    frame_header(f, SPAN("Content-Type"), span_str(m->type));
    frame_add(f, SPAN("\r\n"));
}

/* Opens a chunk that has `end` as its range-end. */
static int open_chunk(struct outbox *o, struct outgoing *m,
                      const char tid[TX_TID], uint64_t end)
{
    struct frame f;
    int err;

    make_head(o, &f, m, tid, end);
    err = tx_open(o->tx, &f, tid);
    if (err)
        return err;
    o->streaming = true;
    if (o->rules.failure_report == MSG_REPORT_NO) {
        o->barrier_due = !o->rules.success_report;
        return 0;
    }
    o->chunk_txn = cat_txns_begin(&o->txns, tid, m);
    if (!o->chunk_txn)
        return ERR_NOMEM;
    m->txns++;
    if (outbox_wants_200(o))
        o->unanswered++;
    else
        o->barrier_due = !o->rules.success_report;
    return 0;
}

void chunk_ended(struct outbox *o)
{
    o->streaming = false;
    if (o->chunk_txn)
        cat_txns_written(&o->txns, o->chunk_txn, o->tx->put);
    o->chunk_txn = NULL;
}

static int close_chunk(struct outbox *o, char flag)
{
    int err = tx_close(o->tx, flag);

    if (err)
        return err;
    chunk_ended(o);
    return 0;
}

/* A chunk of at most 2048 octets, whose end is known: it goes out whole, under
 * a tid that is not in it. */
static int send_fixed(struct outbox *o, struct outgoing *m, struct span body)
{
    char tid[TX_TID];
    size_t taken = 0;
    int err;

    do
        tx_new_tid(o->tx, tid);
    while (tx_collides(body, tid));
    err = open_chunk(o, m, tid, m->offset + body.n);
    if (!err && body.n > 0)
        err = tx_body(o->tx, &taken, body);
    if (err)
        return err;
    source_drop(m->source, taken);
    m->offset += taken;
    return close_chunk(o, m->offset == m->total ? '$' : '+');
}

/* Puts as much of `run` into the open chunk as may be. */
static int stream(struct outbox *o, struct outgoing *m, struct span run,
                  bool at_end)
{
    size_t room = tx_room(o->tx), taken;
    struct span part = run;
    int err;

    if (part.n > room)
        part.n = room;
    if (part.n > o->chunk_left)
        part.n = (size_t)o->chunk_left;
    err = tx_body(o->tx, &taken, part);
    if (err)
        return err;
    source_drop(m->source, taken);
    m->offset += taken;
    o->chunk_left -= taken;
    if (at_end && taken == run.n) {
        m->total = m->offset;
        return close_chunk(o, '$');
    }
    /* Its own end-line came about, or it has all that it may have. */
    if (taken < part.n || o->chunk_left == 0)
        return close_chunk(o, '+');
    return 0;
}

static int begin(struct outbox *o, struct outgoing *m, struct span run,
                 bool at_end)
{
    uint64_t most = o->rules.chunk_size ? o->rules.chunk_size : UINT64_MAX;
    char tid[TX_TID];
    int err;

    if (at_end)
        m->total = m->offset + run.n;
    if (m->total != MSG_STAR) {
        uint64_t left = m->total - m->offset;
        uint64_t n = left < most ? left : most;

        if (n <= CHUNK_FIXED_MAX)
            return send_fixed(o, m, span_of(run.p, (size_t)n));
    }
    tx_new_tid(o->tx, tid);
    o->chunk_left = most;
    err = open_chunk(o, m, tid, MSG_STAR);
    return err ? err : stream(o, m, run, at_end);
}

int chunk_put(struct outbox *o, struct outgoing *m, struct span run,
              bool at_end)
{
    return o->streaming ? stream(o, m, run, at_end) : begin(o, m, run, at_end);
}

int outbox_ping(struct outbox *o)
{
    char tid[TX_TID], id[OUTGOING_ID];
    struct frame f;
    struct cat_txn *x;
    int err;

    tx_new_tid(o->tx, tid);
    rnd_alnum(o->rnd, id, OUTGOING_ID);
    start_head(o, &f, tid, o->rules.ping, id);
    frame_range(&f, 1, 0, 0);
    frame_end(&f, span_of(tid, TX_TID), '$');
    err = tx_frame(o->tx, &f);
    if (err)
        return err;
    x = cat_txns_begin(&o->txns, tid, NULL);
    if (!x)
        return ERR_NOMEM;
    o->unanswered++;
    o->pings++;
    cat_txns_written(&o->txns, x, o->tx->put);
    return 0;
}
