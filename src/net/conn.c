/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_private.h"
#include "err.h"

enum {
    RUNS_PER_TURN = 16, /* blocks written to one connection: 256 KiB */
    WASTE_PER_TURN = 16,
};

/* --- states --- */

void conn_set_state(struct conn *c, enum conn_state state)
{
    assert(state > c->state);
    net_count_state(c, state);
    c->state = state;
}

static bool is_reading(const struct conn *c)
{
    return c->state == CONN_OPEN && !c->paused && !c->throttled;
}

static bool is_writing(const struct conn *c)
{
    return c->state == CONN_OPEN || c->state == CONN_FINISHING;
}

static bool has_output(const struct conn *c)
{
    return c->out.len || c->transport.unsent;
}

/* The only place that decides what is waited for. */
static void update_events(struct conn *c)
{
    bool deferred = loop_is_deferred(&c->turn);
    int intent = 0, want = 0;

    switch (c->state) {
    case CONN_PROXY:
    case CONN_HELLO:
    case CONN_LINGER:
        want = LOOP_READ;
        break;
    case CONN_HANDSHAKE:
    case CONN_OPEN:
    case CONN_FINISHING:
        if (is_reading(c) && !c->again)
            intent |= LOOP_READ;
        if (is_writing(c) && has_output(c) && !deferred)
            intent |= LOOP_WRITE;
        want = transport_wants(&c->transport, intent);
        break;
    case CONN_QUEUED:
    case CONN_DEAD:
        break;
    }
    loop_io_want(&c->io, want);
    assert(want || deferred || c->paused || c->throttled ||
           c->state == CONN_QUEUED || c->state == CONN_DEAD);
}

void conn_defer(struct conn *c)
{
    loop_defer(c->net->loop, &c->turn);
}

/* The end. Memory stays until the end of the turn: callers up the stack may be
 * at work in it. */
void conn_fail(struct conn *c, enum conn_why why)
{
    if (c->state == CONN_DEAD)
        return;
    net_count_end(c, why);
    conn_set_state(c, CONN_DEAD);
    loop_io_want(&c->io, 0);
    loop_defer_cancel(&c->turn);
    timer_stop(&c->timer);
    timer_stop(&c->throttle);
    timer_stop(&c->ping);
    timer_stop(&c->probe);
    net_release(c->net, c);
    transport_shutdown(&c->transport);
    close(c->transport.fd);
    list_remove(&c->link);
    list_append(&c->net->dead, &c->link);
    loop_defer(c->net->loop, &c->net->reap);
    c->ops->closed(c->ctx, why);
}

enum conn_why conn_why_of(int err)
{
    switch (err) {
    case ERR_EOF:
        return CONN_WHY_EOF;
    case ERR_TLS:
        return CONN_WHY_TLS;
    case ERR_CERT:
        return CONN_WHY_CERT;
    case ERR_SYNTAX:
        return CONN_WHY_WEBSOCKET;
    case ERR_NOMEM:
        return CONN_WHY_NOMEM;
    default:
        return CONN_WHY_RESET;
    }
}

/* --- output --- */

/* How far the kernel has taken the output. */
static uint64_t written(const struct conn *c)
{
    return c->position - conn_queued(c);
}

/* One gathering write of what is queued; 0 also when nothing moved. */
static int write_some(struct conn *c)
{
    struct span runs[RUNS_PER_TURN];
    size_t n = buf_peek_runs(&c->out, runs, RUNS_PER_TURN);
    size_t offered = 0, taken = 0;
    uint64_t before = written(c);
    int err;

    if (!has_output(c))
        return 0;
    for (size_t i = 0; i < n; i++)
        offered += runs[i].n;
    err = transport_write(&c->transport, runs, n, &taken);
    if (err && err != ERR_AGAIN)
        return err;
    buf_drop(&c->out, taken);
    net_count_octets(c);
    c->net->stats.octets_queued -= written(c) - before;
    c->blocked = taken < offered || c->transport.unsent;
    if (written(c) > before)
        c->ops->sent(c->ctx, written(c));
    return 0;
}

/* While open, each octet that moves buys the peer another stall_ms; one that is
 * being finished has stall_ms for everything. */
static void update_stall(struct conn *c, bool moved)
{
    if (c->state != CONN_OPEN)
        return;
    if (!has_output(c))
        timer_stop(&c->timer);
    else if (moved || !timer_is_running(&c->timer)) {
        c->unacked = (uint32_t)sock_unacked(c->transport.fd);
        timer_start(c->net->stall, &c->timer);
    }
}

/* Everything is written: says so, then waits for the peer to close. A close()
 * with input unread would reset the connection, and the peer might never see
 * what was last written. */
static void linger(struct conn *c)
{
    conn_set_state(c, CONN_LINGER);
    transport_shutdown(&c->transport);
    shutdown(c->transport.fd, SHUT_WR);
    update_events(c);
}

static void flush(struct conn *c)
{
    uint64_t before = c->transport.wire_out;
    int err;

    if (!c->again)
        loop_defer_cancel(&c->turn); /* this is what was deferred */
    err = write_some(c);
    if (err) {
        conn_fail(c, conn_why_of(err));
        return;
    }
    update_stall(c, c->transport.wire_out > before);
    if (c->state == CONN_FINISHING && !has_output(c))
        linger(c);
}

/* Appends to the queue, or nothing. */
static int conn_put(struct conn *c, const struct span *parts, size_t n)
{
    size_t before = c->out.len, more;
    int err;

    err = buf_put(&c->out, parts, n);
    if (err)
        return err;
    more = c->out.len - before;
    c->position += more;
    c->net->stats.octets_queued += more;
    if (c->net->stats.octets_queued > c->net->grown.above)
        net_tell_grown(c->net);
    if (c->state == CONN_OPEN && !c->blocked)
        conn_defer(c);
    return 0;
}

/* Output of the transport's own. If there is no room for it, the peer has not
 * read a lot of what was sent to it. */
static void put_own(struct conn *c)
{
    struct span own = transport_take_own(&c->transport);

    if (own.n)
        (void)conn_put(c, &own, 1);
}

/* R7977-6-a */
void conn_ping_later(struct conn *c)
{
    if (c->transport.ops->ping && c->net->settings.ping_ms)
        timer_start(c->net->ping, &c->ping);
}

void conn_ping(struct conn *c)
{
    if (c->state != CONN_OPEN)
        return;
    conn_ping_later(c);
    if (c->out.len)
        return;
    c->transport.ops->ping(&c->transport);
    put_own(c);
}

/* --- input --- */

static void offer(struct conn *c)
{
    struct span all = input_peek(&c->in), left = all;

    c->ops->input(c->ctx, &left);
    assert(left.n <= all.n);
    input_drop(&c->in, all.n - left.n);
}

/* May reading go on without waiting for the socket? */
static bool has_more(const struct conn *c)
{
    return c->transport.allowed || transport_has_input(&c->transport);
}

/* Reads once, and offers. */
static int conn_read_once(struct conn *c)
{
    size_t room, got;
    char *dst;
    int err = input_reserve(&c->in, &dst, &room);

    if (err)
        return err;
    err = transport_read(&c->transport, dst, room, &got);
    put_own(c);
    if (err)
        return err;
    c->has_spoken |= got > 0;
    input_commit(&c->in, got);
    offer(c);
    return 0;
}

/* The bucket is empty: nothing is read until some time has passed. */
static void conn_throttle(struct conn *c)
{
    c->throttled = true;
    conn_note_held(c);
    c->net->stats.rate_pauses++;
    timer_start(c->net->throttle, &c->throttle);
}

void conn_unthrottle(struct conn *c)
{
    c->throttled = false;
    conn_note_held(c);
    c->again = true;
    conn_defer(c);
    update_events(c);
}

/* Nothing is read for now. */
static void conn_settle(struct conn *c)
{
    if (c->state == CONN_DEAD)
        return;
    input_settle(&c->in);
    transport_settle(&c->transport);
}

/* What may be read now, by both rates, before the transport is read. */
static uint64_t conn_allowed(struct conn *c)
{
    uint64_t now_ms = loop_now_ms(c->net->loop);
    uint64_t own = token_bucket_allows(&c->rate, now_ms), all;

    transport_clock(&c->transport, now_ms);
    if (!c->shared)
        return own;
    all = token_bucket_allows_burst(c->shared, CONN_SHARED_BURST_MS, now_ms);
    return own < all ? own : all;
}

/* So much has been read. Is one of the buckets empty now? */
static bool conn_spend(struct conn *c, uint64_t n)
{
    token_bucket_take(&c->rate, n);
    if (!c->shared)
        return token_bucket_is_empty(&c->rate);
    token_bucket_take(c->shared, n);
    if (!token_bucket_is_empty(c->shared))
        return token_bucket_is_empty(&c->rate);
    if (c->ops->slowed && c->state == CONN_OPEN)
        c->ops->slowed(c->ctx);
    return true;
}

/* Reads up to `share`. What an owner left and then resumed for is offered again
 * before more is read: it may fill the block. */
static void read_some(struct conn *c, size_t share)
{
    uint64_t allowed = conn_allowed(c);
    uint64_t before = c->transport.wire_in;
    int err = 0;

    transport_allow(&c->transport, allowed < share ? allowed : share);
    while (!err && has_more(c) && is_reading(c) && !c->again)
        err = conn_read_once(c);
    net_count_octets(c);
    if (conn_spend(c, c->transport.wire_in - before) && c->state == CONN_OPEN)
        conn_throttle(c);
    if (err == ERR_EOF || err == ERR_SYNTAX)
        write_some(c); /* a peer that closed its side may still be listening */
    if (err && err != ERR_AGAIN)
        conn_fail(c, conn_why_of(err));
    else if (is_reading(c) && !c->transport.steps &&
             transport_has_input(&c->transport)) {
        c->again = true;
        conn_defer(c);
    }
    conn_settle(c);
}

/* A block, or all that a turn allows if that is less. */
static size_t block_share(const struct conn *c)
{
    size_t block = input_pool_size(c->in.pool);
    size_t share = c->net->settings.read_per_turn;

    return block < share ? block : share;
}

/* What waits on this side of the socket, which need not become readable. */
static void take_waiting(struct conn *c)
{
    c->again = false;
    if (!is_reading(c))
        return;
    if (!input_is_empty(&c->in))
        offer(c);
    /* While it was paused the socket has most likely filled up: its share of
     * this turn is read now, or connections that were not paused would get
     * ahead. A block is enough for that: the loop cannot put off what is
     * deferred, however many connections were resumed. */
    if (is_reading(c) && !c->again)
        read_some(c, block_share(c));
    else
        conn_settle(c);
}

/* Discards input after the end. */
static void waste(struct conn *c)
{
    char octets[4096];
    ssize_t n = 1;

    for (int i = 0; n > 0 && i < WASTE_PER_TURN; i++)
        n = recv(c->transport.fd, octets, sizeof octets, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        conn_fail(c, CONN_WHY_LOCAL);
}

/* --- what the loop calls --- */

/* Whatever needs no readiness. */
void conn_end_turn(void *ctx)
{
    struct conn *c = ctx;

    if (c->state == CONN_HANDSHAKE)
        conn_handshake(c);
    if (c->again)
        take_waiting(c);
    if (is_writing(c) && !c->blocked)
        flush(c);
    update_events(c);
}

static void conn_on_ready(void *ctx, int events)
{
    struct conn *c = ctx;

    switch (c->state) {
    case CONN_HANDSHAKE:
        conn_end_turn(c);
        return;
    case CONN_PROXY:
        conn_take_proxy(c);
        break;
    case CONN_HELLO:
        conn_take_hello(c);
        break;
    default:
        break;
    }
    if (c->state == CONN_LINGER)
        waste(c);
    if (is_writing(c) && has_output(c) &&
        events & transport_wants(&c->transport, LOOP_WRITE))
        flush(c);
    if (is_reading(c) && events & transport_wants(&c->transport, LOOP_READ))
        read_some(c, c->net->settings.read_per_turn);
    update_events(c);
}

/* --- what the owner calls --- */

/* The transport is there; the rest is the same for both sides. */
void conn_set_up(struct conn *c)
{
    struct net *n = c->net;

    c->rate.rate = n->settings.rate;
    sock_apply(c->transport.fd, &n->settings.sock);
    loop_io_init(&c->io, n->loop, c->transport.fd, conn_on_ready, c);
    loop_defer_init(&c->turn, conn_end_turn, c);
    timer_init(&c->timer);
    timer_init(&c->throttle);
    timer_init(&c->ping);
    timer_init(&c->probe);
    timer_init(&c->slot);
    list_init(&c->link);
    input_init(&c->in, n->inputs);
    buf_init(&c->out, &n->outputs, n->settings.output_max);
    timer_start(n->handshake, &c->timer);
    if (c->state == CONN_HANDSHAKE)
        conn_defer(c);
    update_events(c);
}

void conn_set_ctx(struct conn *c, const struct conn_ops *ops, void *ctx)
{
    c->ops = ops;
    c->ctx = ctx;
}

/* With what the transport wants in front of them. */
static int put_headed(struct conn *c, const struct span *parts, size_t n,
                      bool ends)
{
    struct span all[1 + CONN_PARTS_MAX];
    char head[TRANSPORT_HEAD_MAX];
    size_t octets = 0;

    assert(n <= CONN_PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        octets += parts[i].n;
    memcpy(all + 1, parts, n * sizeof *parts);
    all[0] = span_of(head,
                     c->transport.ops->head(&c->transport, head, octets, ends));
    return conn_put(c, all, n + 1);
}

int conn_write_part(struct conn *c, const struct span *parts, size_t n,
                    bool ends)
{
    if (c->state > CONN_OPEN)
        return ERR_EOF;
    return c->transport.ops->head ? put_headed(c, parts, n, ends)
                                  : conn_put(c, parts, n);
}

int conn_write(struct conn *c, const struct span *parts, size_t n)
{
    return conn_write_part(c, parts, n, true);
}

void conn_pause(struct conn *c)
{
    if (c->paused)
        return;
    c->paused = true;
    conn_note_held(c);
    if (c->state == CONN_OPEN)
        update_events(c);
}

void conn_resume(struct conn *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    conn_note_held(c);
    if (c->state != CONN_OPEN)
        return;
    if (!input_is_empty(&c->in) || transport_has_input(&c->transport)) {
        c->again = true;
        conn_defer(c);
    }
    update_events(c);
}

void conn_close(struct conn *c)
{
    conn_fail(c, CONN_WHY_LOCAL);
}

static void conn_end(struct conn *c, enum transport_end why)
{
    if (c->state < CONN_OPEN)
        conn_fail(c, CONN_WHY_LOCAL);
    if (c->state != CONN_OPEN)
        return;
    if (c->transport.ops->goodbye) {
        c->transport.ops->goodbye(&c->transport, why);
        put_own(c);
    }
    conn_set_state(c, CONN_FINISHING);
    timer_start(c->net->stall, &c->timer);
    if (!c->blocked)
        conn_defer(c);
    update_events(c);
}

void conn_finish(struct conn *c)
{
    conn_end(c, TRANSPORT_END_DONE);
}

void conn_reject(struct conn *c)
{
    conn_end(c, TRANSPORT_END_BAD_INPUT);
}
