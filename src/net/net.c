/* SPDX-License-Identifier: BSD-2-Clause */
#include "net.h"

#include <signal.h>
#include <stdlib.h>

#include "conn_private.h"
#include "err.h"
#include "wire.h"

enum {
    RECORD = 16384, /* most plain octets in a TLS record */
    /* An output block holds one record and the few words of buf's own. */
    OUTPUT_BLOCK = RECORD + sizeof(struct list) + 2 * sizeof(size_t),
    CONNS_KEPT = 256,
    INPUTS_KEPT = 32,
    OUTPUTS_KEPT = 256,
    REST_MS = 50,
    /* A handshake takes some 30 KiB until it is over. When thousands come at
     * once, because a network or a relay was away, that must not be asked for
     * all at once, and the first must be done before their patience ends. A
     * slow peer keeps its slot for SLOT_MS only, and then goes on without. */
    HANDSHAKES_MAX = 512,
    HANDSHAKES_PER_TURN = 16, /* begun: each costs a signature */
    SLOT_MS = 500,
};

_Static_assert(sizeof(struct conn) <= 600, "an idle connection must be small");

static void on_handshake_due(struct timer *t)
{
    struct conn *c = CONTAINER(t, struct conn, timer);

    if (c->state == CONN_PROXY)
        c->transport.fault = "no complete PROXY header";
    conn_fail(c, CONN_WHY_HANDSHAKE);
}

static void on_stall_due(struct timer *t)
{
    conn_stalled(CONTAINER(t, struct conn, timer));
}

static void net_on_rested(struct timer *t)
{
    conn_unthrottle(CONTAINER(t, struct conn, throttle));
}

static void on_ping_due(struct timer *t)
{
    conn_ping(CONTAINER(t, struct conn, ping));
}

static void on_reap(void *ctx)
{
    struct net *n = ctx;
    struct list *m;

    while ((m = list_take_first(&n->dead))) {
        struct conn *c = CONTAINER(m, struct conn, link);

        transport_fini(&c->transport);
        free(c->proxy);
        input_fini(&c->in);
        buf_clear(&c->out);
        pool_give(&n->conns, c);
    }
}

static void admit_soon(struct net *n)
{
    if (n->begun < HANDSHAKES_MAX && !list_is_empty(&n->queue))
        loop_defer(n->loop, &n->admit);
}

/* Lets the first of the queue begin, if there is one and a place for it. */
static bool admit_one(struct net *n)
{
    struct conn *c;

    if (n->begun == HANDSHAKES_MAX || list_is_empty(&n->queue))
        return false;
    c = CONTAINER(list_take_first(&n->queue), struct conn, link);
    n->round = c->round;
    n->begun++;
    timer_start(n->slots, &c->slot);
    conn_begin(c);
    return true;
}

static void on_admit(void *ctx)
{
    struct net *n = ctx;

    for (int i = 0; i < HANDSHAKES_PER_TURN && admit_one(n); i++)
        continue;
    admit_soon(n);
}

static void on_probe_due(struct timer *t)
{
    conn_probed(CONTAINER(t, struct conn, probe));
}

uint64_t net_probe_ms(const struct net_settings *s)
{
    /* The first keepalive goes out after a second. */
    enum { PROBE_MIN_MS = 1200, PROBE_MAX_MS = 10000 };

    if (s->dead_after_ms < PROBE_MIN_MS)
        return PROBE_MIN_MS;
    return s->dead_after_ms < PROBE_MAX_MS ? s->dead_after_ms : PROBE_MAX_MS;
}

static void on_slot_due(struct timer *t)
{
    struct net *n = CONTAINER(t, struct conn, slot)->net;

    n->begun--;
    admit_soon(n);
}

static bool is_same_host(const struct conn *a, const struct conn *b)
{
    unsigned char of_a[16], of_b[16];
    size_t n = addr_host_key(of_a, &a->peer);

    return n == addr_host_key(of_b, &b->peer) && memcmp(of_a, of_b, n) == 0;
}

/* The round after the last one of its address, or the one at hand. With so many
 * of other addresses behind it, its last one is as good as gone. */
static uint32_t next_round(const struct net *n, const struct conn *c)
{
    enum { LOOKED_AT_MAX = 1024 };
    const struct list *m = n->queue.prev;

    for (int i = 0; i < LOOKED_AT_MAX && m != &n->queue; i++, m = m->prev) {
        const struct conn *other = CONTAINER(m, const struct conn, link);

        if (is_same_host(other, c))
            return other->round + 1;
    }
    return n->round;
}

/* After all that have their turn no later. */
static void enter_queue(struct net *n, struct conn *c)
{
    struct list *m = n->queue.prev;

    while (m != &n->queue && CONTAINER(m, struct conn, link)->round > c->round)
        m = m->prev;
    list_append(m->next, &c->link);
}

void net_enqueue(struct net *n, struct conn *c)
{
    timer_stop(&c->timer); /* it waits for us now, not we for it */
    c->round = next_round(n, c);
    enter_queue(n, c);
    admit_soon(n);
}

void net_release(struct net *n, struct conn *c)
{
    if (!timer_is_running(&c->slot))
        return;
    timer_stop(&c->slot);
    n->begun--;
    admit_soon(n);
}

int net_new(struct net **out, struct loop *loop, const struct net_settings *s)
{
    struct net *n = calloc(1, sizeof *n);
    int err;

    if (!n)
        return ERR_NOMEM;
    n->loop = loop;
    n->settings = *s;
    net_on_grown(n, 0, NULL, NULL);
    pool_init(&n->conns, sizeof(struct conn), CONNS_KEPT);
    pool_init(&n->outputs, OUTPUT_BLOCK, OUTPUTS_KEPT);
    list_init(&n->queue);
    loop_defer_init(&n->admit, on_admit, n);
    list_init(&n->dead);
    loop_defer_init(&n->reap, on_reap, n);
    err = input_pool_new(&n->inputs, s->input_size, INPUTS_KEPT);
    if (!err)
        err = wire_pool_new(&n->wires);
    if (!err)
        err = timer_fifo_new(&n->handshake, loop, s->handshake_ms,
                             on_handshake_due);
    if (!err)
        err = timer_fifo_new(&n->stall, loop, s->stall_ms, on_stall_due);
    if (!err)
        err = timer_fifo_new(&n->throttle, loop, REST_MS, net_on_rested);
    if (!err)
        err = timer_fifo_new(&n->ping, loop, s->ping_ms, on_ping_due);
    if (!err)
        err = timer_fifo_new(&n->probe, loop, net_probe_ms(s), on_probe_due);
    if (!err)
        err = timer_fifo_new(&n->slots, loop, SLOT_MS, on_slot_due);
    if (err) {
        net_free(n);
        return err;
    }
    signal(SIGPIPE, SIG_IGN); /* write() has no MSG_NOSIGNAL */
    *out = n;
    return 0;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    loop_defer_cancel(&n->admit);
    loop_defer_cancel(&n->reap);
    on_reap(n);
    timer_fifo_free(n->handshake);
    timer_fifo_free(n->stall);
    timer_fifo_free(n->throttle);
    timer_fifo_free(n->ping);
    timer_fifo_free(n->slots);
    timer_fifo_free(n->probe);
    input_pool_unref(n->inputs);
    wire_pool_free(n->wires);
    pool_fini(&n->outputs);
    pool_fini(&n->conns);
    free(n);
}

void net_on_grown(struct net *n, uint64_t more, net_grown_fn fn, void *ctx)
{
    n->grown.above = fn ? n->stats.octets_queued + more : UINT64_MAX;
    n->grown.fn = fn;
    n->grown.ctx = ctx;
}

void net_tell_grown(struct net *n)
{
    n->grown.above = UINT64_MAX;
    n->grown.fn(n->grown.ctx);
}

int net_configure(struct net *n, const struct net_settings *s)
{
    if (s->input_size != input_pool_size(n->inputs)) {
        struct input_pool *fresh;
        int err = input_pool_new(&fresh, s->input_size, INPUTS_KEPT);

        if (err)
            return err;
        input_pool_unref(n->inputs);
        n->inputs = fresh;
    }
    timer_fifo_set_length(n->handshake, s->handshake_ms);
    timer_fifo_set_length(n->stall, s->stall_ms);
    timer_fifo_set_length(n->ping, s->ping_ms);
    timer_fifo_set_length(n->probe, net_probe_ms(s));
    n->settings = *s;
    return 0;
}
