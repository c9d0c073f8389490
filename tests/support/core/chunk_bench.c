/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunk_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"
#include "texts.h"

static void next_tid(struct chunker *c, char *tid)
{
    struct bench *b = (struct bench *)(void *)c;
    char text[TID_LEN + 1];

    if (*b->tids) {
        memcpy(tid, b->tids, TID_LEN);
        b->tids += TID_LEN;
        return;
    }
    (void)snprintf(text, sizeof text, "tid%013u", b->n_tids++);
    memcpy(tid, text, TID_LEN);
}

int bench_set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    b->policy.max_chunk_size = BODY_MAX;
    rnd_init(&b->rnd);
    pending_send_pool_init(&b->heads, 4);
    assert_int_equal(txns_init(&b->txns, (uint64_t[2]){1, 2}, &b->heads, 30000),
                     0);
    chunker_init(&b->c, &b->policy, &b->txns, &b->rnd);
    b->c.new_tid = next_tid;
    b->tids = "";
    fake_link_init(&b->in, 1);
    fake_link_init(&b->out, 2);
    sendq_init(&b->sendq, &b->policy);
    sendq_link_init(&b->sendq, &b->in.link);
    sendq_link_init(&b->sendq, &b->out.link);
    *state = b;
    return 0;
}

int bench_tear_down(void **state)
{
    struct bench *b = *state;
    struct list *m;

    chunker_stop(&b->c, b->in.link.stream);
    while ((m = list_first(&b->out.link.txns.unsent)))
        txn_drop(&b->txns, CONTAINER(m, struct txn, of_link));
    assert_true(list_is_empty(&b->out.link.sendq.senders));
    assert_int_equal(b->heads.pool.taken, 0);
    chunker_fini(&b->c);
    txns_fini(&b->txns);
    pending_send_pool_fini(&b->heads);
    fake_link_fini(&b->in);
    fake_link_fini(&b->out);
    free(b);
    return 0;
}

struct bench *bench_anew(void **state)
{
    (void)bench_tear_down(state);
    (void)bench_set_up(state);
    return *state;
}

struct stream *bench_start(struct bench *b, const char *rest)
{
    struct span own = SPAN("msrps://r:1/own;tcp");
    char text[1024];
    struct pending_send *h;
    struct msg m;

    (void)snprintf(text, sizeof text,
                   "MSRP abcd SEND\r\nTo-Path: msrps://r:1/own;tcp "
                   "msrps://b:1/b;tcp\r\nFrom-Path: msrps://a:1/a;tcp\r\n"
                   "Message-ID: 1234\r\n%s",
                   rest);
    m = msg_of(text);
    h = pending_send_new(&b->heads, &m, SPAN("msrps://b:1/b;tcp"), &own, 1,
                         SPAN("own"), 1);
    assert_non_null(h);
    assert_int_equal(chunker_start(&b->c, &b->in.link, &b->out.link, h), 0);
    return b->in.link.stream;
}

int bench_run(struct bench *b, struct span body, char flag)
{
    struct parse_event ev = {.type = PARSE_BODY,
                             .body = body,
                             .last = flag != 0,
                             .hyphens = memmem(body.p, body.n, "-------", 7),
                             .flag = flag};

    memcpy(b->body + b->body_n, body.p, body.n);
    b->body_n += body.n;
    return chunker_body(&b->c, b->in.link.stream, &ev);
}

void bench_feed(struct bench *b, struct span body, char flag)
{
    assert_int_equal(bench_run(b, body, flag), 0);
}

void bench_feed_pattern(struct bench *b, size_t n, size_t piece, char flag)
{
    struct stream *s = b->in.link.stream;
    char *text = malloc(n);
    size_t at = 0;

    assert_non_null(text);
    rig_pattern(text, b->body_n + 1, b->body_n + n);
    while (at < n) {
        size_t gather = chunker_gather(s), most = chunker_most(&b->c, s);
        size_t size = piece < gather ? gather : piece;

        size = size > most ? most : size;
        size = size > n - at ? n - at : size;
        bench_feed(b, span_of(text + at, size), at + size == n ? flag : 0);
        at += size;
    }
    free(text);
}

size_t bench_arrived(struct bench *b)
{
    size_t n;

    received_read(&b->received, &b->out);
    n = received_message(&b->received, b->got, sizeof b->got, "1234");
    assert_int_equal(n, b->body_n);
    assert_memory_equal(b->got, b->body, n);
    return b->received.n;
}

const struct received_frame *bench_frame(struct bench *b, size_t i)
{
    assert_true(i < b->received.n);
    return &b->received.frames[i];
}

struct span bench_range(struct bench *b, size_t i)
{
    const struct msg *m = &bench_frame(b, i)->m;

    return msg_text(m, m->range_line);
}
