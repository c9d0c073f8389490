/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "conn.h"
#include "err.h"
#include "ng_frame.h"
#include "ng_private.h"

enum {
    CONNS_MAX = 1024,
    HELD_MAX = 16 << 20,   /* octets of messages that are not whole */
    QUEUED_MAX = 64 << 10, /* answers that a peer has not taken, while it is
                              still read */
    HALF_MS = 30000,       /* for a message to become whole */
    READ_PER_TURN = 64 << 10,
};

/* A connection. */
struct asker {
    struct list by_use;
    struct list queue; /* waits for its turn; paused then */
    struct ng *ng;
    struct conn *conn;
    struct timer half;
    struct ng_frame_scan scan; /* of the message at hand */
    size_t held;               /* octets of it that have come */
    bool has_turn;             /* was in the queue, and is the next */
    bool is_full;              /* paused until the peer takes answers */
    bool is_over;              /* what still comes is thrown away */
};

/* --- whose turn it is --- */

static void asker_wait(struct asker *a)
{
    conn_pause(a->conn);
    if (list_is_empty(&a->queue))
        list_append(&a->ng->tcp.queue, &a->queue);
    loop_defer(a->ng->loop, &a->ng->tcp.next_turn);
}

/* One of those that wait goes on in each turn, for as long as there is time. */
static void on_next_turn(void *ctx)
{
    struct ng *ng = ctx;
    struct list *m = list_take_first(&ng->tcp.queue);
    struct asker *a;

    ng->tcp.spent_us = 0;
    if (!m)
        return;
    a = CONTAINER(m, struct asker, queue);
    a->has_turn = true;
    conn_resume(a->conn);
    if (!list_is_empty(&ng->tcp.queue))
        loop_defer(ng->loop, &ng->tcp.next_turn);
}

/* The first message of who waited is always answered. */
static bool may_go_on(struct asker *a)
{
    bool had_turn = a->has_turn;

    a->has_turn = false;
    if (conn_queued(a->conn) > QUEUED_MAX) {
        a->is_full = true;
        conn_pause(a->conn);
        return false;
    }
    if (had_turn || (a->ng->tcp.spent_us < NG_TCP_TURN_US &&
                     list_is_empty(&a->ng->tcp.queue)))
        return true;
    asker_wait(a);
    return false;
}

/* --- messages --- */

/* Does the message at hand, which is not whole, still have a place? */
static void hold(struct asker *a, size_t n)
{
    struct ng_tcp *t = &a->ng->tcp;

    t->held += n - a->held;
    a->held = n;
    if (n == 0)
        timer_stop(&a->half);
    else if (!timer_is_running(&a->half))
        timer_start(t->half, &a->half);
    if (n && t->held > HELD_MAX)
        conn_close(a->conn);
}

/* Nothing that follows can be understood. */
static void give_up(struct asker *a, struct span message, bool has_cookie)
{
    struct span answer = SPAN("");

    a->is_over = true;
    if (has_cookie)
        answer = ng_answer(a->ng, conn_peer(a->conn), message, NG_REPLY_MAX);
    else
        a->ng->stats.dropped++;
    hold(a, 0);
    if (answer.n)
        (void)conn_write(a->conn, &answer, 1);
    if (conn_queued(a->conn))
        conn_finish(a->conn);
    else
        conn_close(a->conn);
}

/* false: the connection is gone. */
static bool take_message(struct asker *a, struct span message)
{
    uint64_t began = ng_now_us();
    struct span answer =
        ng_answer(a->ng, conn_peer(a->conn), message, NG_REPLY_MAX);

    a->ng->tcp.spent_us += ng_now_us() - began;
    loop_defer(a->ng->loop, &a->ng->tcp.next_turn);
    a->scan = (struct ng_frame_scan){0};
    if (answer.n == 0 || conn_write(a->conn, &answer, 1) == 0)
        return true;
    conn_fail(a->conn, CONN_WHY_FULL);
    return false;
}

/* Blank lines may come before a message, not within. */
static void skip_line_ends(struct asker *a, struct span *in)
{
    while (!a->scan.document && in->n && (in->p[0] == '\r' || in->p[0] == '\n'))
        *in = span_from(*in, 1);
}

static void ng_on_input(void *ctx, struct span *in)
{
    struct asker *a = ctx;
    size_t n;
    int err;

    if (a->is_over) {
        *in = span_from(*in, in->n);
        return;
    }
    list_remove(&a->by_use);
    list_append(&a->ng->tcp.by_use, &a->by_use);
    for (;;) {
        skip_line_ends(a, in);
        err = in->n ? ng_frame_scan(&a->scan, *in, &n) : ERR_AGAIN;
        if (err)
            break;
        hold(a, 0);
        if (!may_go_on(a)) {
            a->scan = (struct ng_frame_scan){0};
            return;
        }
        if (!take_message(a, span_of(in->p, n)))
            return;
        *in = span_from(*in, n);
    }
    if (err == ERR_AGAIN)
        hold(a, in->n);
    else if (err == ERR_LIMIT && in->n >= NG_MESSAGE_MAX)
        give_up(a, *in, false);
    else
        give_up(a, *in, err != ERR_NOT_FOUND);
}

/* --- a connection's life --- */

static void ng_on_open(void *ctx)
{
    (void)ctx;
}

static void ng_on_sent(void *ctx, uint64_t position)
{
    struct asker *a = ctx;

    (void)position;
    if (a->is_full && conn_queued(a->conn) <= QUEUED_MAX / 2) {
        a->is_full = false;
        conn_resume(a->conn);
    }
}

static void asker_free(struct asker *a)
{
    timer_stop(&a->half);
    list_remove(&a->by_use);
    list_remove(&a->queue);
    a->ng->tcp.held -= a->held;
    a->ng->tcp.n--;
    free(a);
}

static void ng_on_closed(void *ctx, enum conn_why why)
{
    (void)why;
    asker_free(ctx);
}

static const struct conn_ops conn_ops = {
    .open = ng_on_open,
    .input = ng_on_input,
    .sent = ng_on_sent,
    .closed = ng_on_closed,
};

static void on_half_over(struct timer *t)
{
    conn_close(CONTAINER(t, struct asker, half)->conn);
}

static void asker_new(struct ng *ng, int fd, const struct addr *peer)
{
    const struct conn_from from = {.fd = fd, .peer = peer};
    struct asker *a = calloc(1, sizeof *a);

    if (!a) {
        (void)close(fd);
        return;
    }
    a->ng = ng;
    list_init(&a->by_use);
    list_init(&a->queue);
    timer_init(&a->half);
    ng->tcp.n++;
    if (conn_accept(&a->conn, ng->tcp.net, &from, &conn_ops, a)) {
        asker_free(a);
        return;
    }
    list_append(&ng->tcp.by_use, &a->by_use);
}

static void ng_on_accept(void *ctx, struct listener *l, int fd,
                         const struct addr *peer)
{
    struct ng *ng = ctx;
    struct list *m;

    (void)l;
    if (!ng_permits(ng, peer)) {
        (void)close(fd);
        return;
    }
    if (ng->tcp.n >= CONNS_MAX && (m = list_first(&ng->tcp.by_use)))
        conn_close(CONTAINER(m, struct asker, by_use)->conn);
    asker_new(ng, fd, peer);
}

/* --- all of them --- */

void ng_tcp_init(struct ng *ng)
{
    list_init(&ng->tcp.by_use);
    list_init(&ng->tcp.queue);
    loop_defer_init(&ng->tcp.next_turn, on_next_turn, ng);
}

void ng_tcp_fini(struct ng *ng)
{
    struct list *m;

    while ((m = list_first(&ng->tcp.by_use)))
        conn_close(CONTAINER(m, struct asker, by_use)->conn);
    loop_defer_cancel(&ng->tcp.next_turn);
    if (ng->tcp.net)
        net_free(ng->tcp.net);
    timer_fifo_free(ng->tcp.half);
}

/* An input block has room for the longest message. */
static int have_net(struct ng *ng)
{
    const struct net_settings settings = {
        .input_size = NG_MESSAGE_MAX + NG_COOKIE_MAX + 1,
        .read_per_turn = READ_PER_TURN,
        .output_max = QUEUED_MAX + NG_REPLY_MAX,
        .handshake_ms = HALF_MS,
        .stall_ms = HALF_MS,
    };
    int err = 0;

    if (!ng->tcp.half)
        err = timer_fifo_new(&ng->tcp.half, ng->loop, HALF_MS, on_half_over);
    if (!err && !ng->tcp.net)
        err = net_new(&ng->tcp.net, ng->loop, &settings);
    return err;
}

int ng_tcp_open(struct ng_socket *s)
{
    const struct sock_opts opts = {.nodelay = true, .keepalive_s = 60};
    int fd, err = have_net(s->ng);

    if (!err)
        err = sock_listen(&fd, &s->at, &opts);
    if (!err)
        err = listener_adopt(&s->listener, s->ng->loop, fd, ng_on_accept, NULL,
                             s->ng);
    if (!err)
        s->at = *listener_addr(s->listener);
    return err;
}
