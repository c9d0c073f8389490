/* SPDX-License-Identifier: BSD-2-Clause */
/* How long it takes to find a transaction, and to be rid of one that has timed
 * out, with so many of them outstanding.
 *
 *     bench_txn COUNT     prints JSON, nanoseconds for each
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pending_send.h"
#include "link.h"
#include "rnd.h"
#include "sendq.h"
#include "txn.h"

enum { FINDS = 2000000, TIMEOUT_MS = 30000, LINKS = 100 };

struct bench {
    struct txns txns;
    struct pending_send_pool heads;
    struct pending_send *head;
    struct link links[LINKS];
    struct rnd rnd;
    char (*tids)[TID_LEN];
    size_t n;
};

static const char send_head[] =
    "MSRP a786hjs2 SEND\r\n"
    "To-Path: msrps://relay.example.com:2855/token;tcp "
    "msrps://bob.example.com:8888/9di4ea;tcp\r\n"
    "From-Path: msrps://alice.example.com:9892/98cjs;tcp\r\n"
    "Message-ID: 87652\r\n"
    "Byte-Range: 1-200/200\r\n"
    "Content-Type: text/plain\r\n\r\n";

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static uint64_t position_of(const struct link *l)
{
    (void)l;
    return 0;
}

static size_t nothing(const struct link *l)
{
    (void)l;
    return 0;
}

static const struct link_ops ops = {
    .position = position_of, .queued = nothing, .unacked = nothing};

static struct link *link_at(struct bench *b, size_t i)
{
    return &b->links[i % LINKS];
}

static bool prepare(struct bench *b)
{
    struct span to = SPAN("msrps://bob.example.com:8888/9di4ea;tcp");
    struct span own = SPAN("msrps://relay.example.com:2855/token;tcp");
    uint64_t seed[2];
    struct msg m;

    rnd_init(&b->rnd);
    rnd_bytes(&b->rnd, seed, sizeof seed);
    pending_send_pool_init(&b->heads, 16);
    b->tids = calloc(b->n, sizeof *b->tids);
    if (!b->tids || txns_init(&b->txns, seed, &b->heads, TIMEOUT_MS) ||
        msg_parse(&m, SPAN(send_head), true, 16))
        return false;
    b->head = pending_send_new(&b->heads, &m, to, &own, 1, SPAN("token"), 1);
    for (size_t i = 0; i < LINKS; i++) {
        link_init(&b->links[i], &ops, i + 1);
        sendq_link_init(NULL, &b->links[i]);
        txns_link_init(&b->links[i]);
    }
    for (size_t i = 0; i < b->n; i++)
        rnd_alnum(&b->rnd, b->tids[i], TID_LEN);
    return b->head != NULL;
}

static bool open_all(struct bench *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct link *l = link_at(b, i);
        struct txn *x = txn_open(&b->txns, l, b->tids[i], b->head, 1);

        if (!x)
            return false;
        txn_close(x, 200);
        txns_sent(&b->txns, l, 0, 1);
    }
    return true;
}

/* In an order that is far from that of memory. */
static bool find_some(struct bench *b)
{
    size_t at = 0, step = b->n / 2 + 7919;
    bool all = true;

    for (size_t i = 0; i < FINDS; i++) {
        at = (at + step) % b->n;
        all &= txn_find(&b->txns, link_at(b, at),
                        span_of(b->tids[at], TID_LEN)) != NULL;
    }
    return all;
}

static size_t expire_all(struct bench *b)
{
    struct txn *x;
    size_t n = 0;

    while ((x = txns_expired(&b->txns, TIMEOUT_MS + 1))) {
        txn_drop(&b->txns, x);
        n++;
    }
    return n;
}

static void clean_up(struct bench *b)
{
    pending_send_unref(&b->heads, b->head);
    txns_fini(&b->txns);
    pending_send_pool_fini(&b->heads);
    free(b->tids);
}

static double each(uint64_t from_ns, uint64_t to_ns, size_t n)
{
    return (double)(to_ns - from_ns) / (double)n;
}

int main(int argc, char **argv)
{
    static struct bench b;
    uint64_t t[4];

    if (argc != 2 || (b.n = strtoul(argv[1], NULL, 10)) == 0 || !prepare(&b)) {
        fputs("usage: bench_txn COUNT\n", stderr);
        return 64;
    }
    t[0] = now_ns();
    if (!open_all(&b))
        return 1;
    t[1] = now_ns();
    if (!find_some(&b))
        return 1;
    t[2] = now_ns();
    if (expire_all(&b) != b.n)
        return 1;
    t[3] = now_ns();
    printf("{\"count\": %zu, \"octets_each\": %zu, \"open_ns\": %.1f, "
           "\"find_ns\": %.1f, \"expire_ns\": %.1f}\n",
           b.n, sizeof(struct txn), each(t[0], t[1], b.n),
           each(t[1], t[2], FINDS), each(t[2], t[3], b.n));
    clean_up(&b);
    return 0;
}
