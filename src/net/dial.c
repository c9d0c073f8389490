/* SPDX-License-Identifier: BSD-2-Clause */
#include "dial.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "backoff.h"
#include "err.h"
#include "timer.h"

enum {
    ATTEMPTS_MAX = 4, /* of one call at a time */
    JOIN_MS = 250, /* then the next address is tried beside the last (S-21) */
};

struct dial {
    struct loop *loop;
    struct resolve *resolve;
    struct backoff *backoff;
    struct timer_fifo *connect;
    struct timer_fifo *join;
    struct timer_fifo *total;
    struct sock_opts sock;
    dial_may_fn may;
    void *may_ctx;
    struct list calls;
    struct dial_stats stats;
};

enum call_state {
    CALL_RESOLVING,  /* `lookup` is under way; total timer */
    CALL_CONNECTING, /* attempts are under way; total timer */
    CALL_DONE,       /* `result` is reported at the end of the turn */
};

/* A socket that is being connected to one address. */
struct attempt {
    struct dial_call *call;
    const struct addr *to;
    int fd; /* -1 when there is none */
    struct loop_io io;
    struct timer connect;
};

struct dial_call {
    struct dial *dial;
    struct list link;
    enum call_state state;
    bool is_called; /* `done` is being called */
    dial_done_fn done;
    void *ctx;
    struct resolve_lookup *lookup; /* NULL when it has ended */
    struct addr list[RESOLVE_ADDRS_MAX];
    size_t n, at; /* list[at] is tried next */
    struct attempt attempts[ATTEMPTS_MAX];
    size_t n_attempts; /* under way */
    int fd;            /* connected, or -1 */
    struct loop_defer end;
    struct timer join;
    struct timer total;
    struct dial_result result;
    struct addr trusted; /* len 0: none */
    uint16_t port;
    bool secure;
    size_t host_n;
    char host[];
};

static struct span host_of(const struct dial_call *c)
{
    return span_of(c->host, c->host_n);
}

/* --- endings --- */

/* The socket, which is the caller's from now on; -1 if there was none. */
static int attempt_end(struct attempt *a)
{
    int fd = a->fd;

    if (fd < 0)
        return -1;
    timer_stop(&a->connect);
    loop_io_want(&a->io, 0);
    a->fd = -1;
    a->call->n_attempts--;
    return fd;
}

static void attempt_drop(struct attempt *a)
{
    int fd = attempt_end(a);

    if (fd >= 0)
        close(fd);
}

static void stop_connecting(struct dial_call *c)
{
    timer_stop(&c->join);
    for (size_t i = 0; i < ATTEMPTS_MAX; i++)
        attempt_drop(&c->attempts[i]);
}

/* Errors of this host, which say nothing about the host that was dialled. */
static bool is_ours(int err)
{
    return err == ERR_NOMEM || err == ERR_LIMIT;
}

static void end(struct dial_call *c, int err)
{
    struct dial *d = c->dial;

    c->state = CALL_DONE;
    c->result.err = err;
    stop_connecting(c);
    timer_stop(&c->total);
    if (err && !is_ours(err))
        backoff_fail(d->backoff, host_of(c), c->port, err,
                     loop_now_ms(d->loop));
    loop_defer(d->loop, &c->end);
}

static void call_free(struct dial_call *c)
{
    resolve_cancel(c->lookup);
    stop_connecting(c);
    if (c->fd >= 0)
        close(c->fd);
    timer_stop(&c->total);
    loop_defer_cancel(&c->end);
    list_remove(&c->link);
    c->dial->stats.now--;
    free(c);
}

static void dial_count_end(struct dial_stats *s,
                           const struct dial_result *result)
{
    if (result->backoff_ms) {
        s->backoff++;
        return;
    }
    switch (result->err) {
    case 0:
        s->ok++;
        break;
    case ERR_NOT_FOUND:
        s->not_found++;
        break;
    case ERR_DENIED:
        s->denied++;
        break;
    case ERR_TIMEOUT:
        s->timeout++;
        break;
    case ERR_LIMIT:
    case ERR_NOMEM:
        s->limit++;
        break;
    default:
        s->io++;
        break;
    }
}

static void dial_on_end(void *ctx)
{
    struct dial_call *c = ctx;

    c->is_called = true;
    dial_count_end(&c->dial->stats, &c->result);
    c->result.fd = c->fd;
    c->fd = -1;
    c->done(c->ctx, &c->result);
    call_free(c);
}

/* --- addresses --- */

/* How much a failure tells: that there is no way from here, least. */
static int telling(int err, int errnum)
{
    if (!err)
        return 0;
    switch (errnum) {
    case ENETUNREACH:
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
    case EINVAL:
        return 1;
    default:
        return err == ERR_TIMEOUT ? 2 : 3;
    }
}

/* An address failed. */
static void note(struct dial_call *c, const struct addr *to, int err,
                 int errnum)
{
    struct dial_result *r = &c->result;

    if (telling(err, errnum) < telling(r->err, r->errnum))
        return;
    r->err = err;
    r->errnum = errnum;
    r->peer = *to;
}

static int dial_error_of(int errnum)
{
    switch (errnum) {
    case EMFILE:
    case ENFILE:
        return ERR_LIMIT;
    case ENOBUFS:
    case ENOMEM:
        return ERR_NOMEM;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_IO;
    }
}

static void dial_on_ready(void *ctx, int events);

static bool is_trusted(const struct dial_call *c, const struct addr *to)
{
    unsigned char mine[16], its[16];
    size_t n;

    if (c->trusted.len == 0)
        return false;
    n = addr_host_key(mine, &c->trusted);
    return n == addr_host_key(its, to) && memcmp(mine, its, n) == 0;
}

static struct attempt *idle_attempt(struct dial_call *c)
{
    for (size_t i = 0; i < ATTEMPTS_MAX; i++)
        if (c->attempts[i].fd < 0)
            return &c->attempts[i];
    return NULL;
}

/* Begins to connect to this address: 0 or what went wrong. */
static int attempt_begin(struct attempt *a, const struct addr *to)
{
    struct dial_call *c = a->call;
    struct dial *d = c->dial;

    if (!is_trusted(c, to) && !d->may(d->may_ctx, to, host_of(c), c->secure)) {
        c->result.denied++;
        return ERR_DENIED;
    }
    c->result.tried++;
    if (sock_connect(&a->fd, to, &d->sock)) {
        int err = dial_error_of(errno);

        note(c, to, err, errno);
        return err;
    }
    a->to = to;
    c->n_attempts++;
    loop_io_init(&a->io, d->loop, a->fd, dial_on_ready, a);
    loop_io_want(&a->io, LOOP_WRITE);
    timer_start(d->connect, &a->connect);
    return 0;
}

/* On to the next address that lets itself be tried, if there is room. */
static void try_next(struct dial_call *c)
{
    struct attempt *a;

    timer_stop(&c->join);
    while (c->at < c->n && (a = idle_attempt(c))) {
        int err = attempt_begin(a, &c->list[c->at++]);

        if (!err) {
            timer_start(c->dial->join, &c->join);
            return;
        }
        if (is_ours(err) && c->n_attempts == 0) {
            end(c, err);
            return;
        }
    }
    if (c->n_attempts == 0)
        end(c, c->result.tried ? c->result.err : ERR_DENIED);
}

/* Connected, or not. */
static void dial_on_ready(void *ctx, int events)
{
    struct attempt *a = ctx;
    struct dial_call *c = a->call;
    int errnum = 0;
    socklen_t len = sizeof errnum;

    (void)events;
    if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &errnum, &len))
        errnum = errno;
    if (errnum) {
        attempt_drop(a);
        note(c, a->to, dial_error_of(errnum), errnum);
        try_next(c);
        return;
    }
    c->fd = attempt_end(a);
    c->result.errnum = 0;
    c->result.peer = *a->to;
    end(c, 0);
}

static void on_connect_due(struct timer *t)
{
    struct attempt *a = CONTAINER(t, struct attempt, connect);

    attempt_drop(a);
    note(a->call, a->to, ERR_TIMEOUT, ETIMEDOUT);
    try_next(a->call);
}

static void on_join_due(struct timer *t)
{
    try_next(CONTAINER(t, struct dial_call, join));
}

static void on_total_due(struct timer *t)
{
    struct dial_call *c = CONTAINER(t, struct dial_call, total);

    resolve_cancel(c->lookup);
    c->lookup = NULL;
    for (size_t i = 0; i < ATTEMPTS_MAX; i++)
        if (c->attempts[i].fd >= 0)
            note(c, c->attempts[i].to, ERR_TIMEOUT, ETIMEDOUT);
    end(c, c->result.err ? c->result.err : ERR_TIMEOUT);
}

static void on_resolved(void *ctx, int err, const struct addr *list, size_t n)
{
    struct dial_call *c = ctx;

    c->lookup = NULL;
    if (err) {
        end(c, err);
        return;
    }
    memcpy(c->list, list, n * sizeof *list);
    c->n = n;
    c->state = CALL_CONNECTING;
    try_next(c);
}

/* --- public --- */

int dial_new(struct dial **out, struct loop *loop, struct resolve *resolve,
             struct rnd *rnd, const struct dial_settings *s, dial_may_fn may,
             void *may_ctx)
{
    struct dial *d = calloc(1, sizeof *d);
    uint64_t seed[2];
    int err;

    if (!d)
        return ERR_NOMEM;
    *d = (struct dial){.loop = loop,
                       .resolve = resolve,
                       .sock = s->sock,
                       .may = may,
                       .may_ctx = may_ctx};
    list_init(&d->calls);
    rnd_bytes(rnd, seed, sizeof seed);
    err = backoff_new(&d->backoff, seed);
    if (!err)
        err = timer_fifo_new(&d->connect, loop, s->connect_ms, on_connect_due);
    if (!err)
        err = timer_fifo_new(&d->join, loop, JOIN_MS, on_join_due);
    if (!err)
        err = timer_fifo_new(&d->total, loop, s->total_ms, on_total_due);
    if (err) {
        dial_free(d);
        return err;
    }
    *out = d;
    return 0;
}

void dial_free(struct dial *d)
{
    struct list *m;

    if (!d)
        return;
    while ((m = list_first(&d->calls)))
        call_free(CONTAINER(m, struct dial_call, link));
    timer_fifo_free(d->connect);
    timer_fifo_free(d->join);
    timer_fifo_free(d->total);
    backoff_free(d->backoff);
    free(d);
}

void dial_configure(struct dial *d, const struct dial_settings *s)
{
    d->sock = s->sock;
    timer_fifo_set_length(d->connect, s->connect_ms);
    timer_fifo_set_length(d->total, s->total_ms);
    backoff_clear_all(d->backoff);
}

static struct dial_call *call_new(struct dial *d, struct span host,
                                  uint16_t port)
{
    struct dial_call *c = calloc(1, sizeof *c + host.n);

    if (!c)
        return NULL;
    c->dial = d;
    c->fd = c->result.fd = -1;
    c->port = port;
    c->host_n = host.n;
    memcpy(c->host, host.p, host.n);
    loop_defer_init(&c->end, dial_on_end, c);
    for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
        c->attempts[i] = (struct attempt){.call = c, .fd = -1};
        timer_init(&c->attempts[i].connect);
    }
    timer_init(&c->join);
    timer_init(&c->total);
    list_init(&c->link);
    list_append(&d->calls, &c->link);
    d->stats.now++;
    return c;
}

int dial_start(struct dial_call **out, struct dial *d, struct span host,
               uint16_t port, bool secure, dial_done_fn done, void *ctx)
{
    uint64_t left_ms;
    int last =
        backoff_check(d->backoff, host, port, loop_now_ms(d->loop), &left_ms);
    struct dial_call *c;
    int err = 0;

    if (d->stats.now >= DIAL_CALLS_MAX)
        return ERR_LIMIT;
    c = call_new(d, host, port);
    if (!c)
        return ERR_NOMEM;
    c->secure = secure;
    c->done = done;
    c->ctx = ctx;
    if (last) {
        c->result.backoff_ms = left_ms;
        end(c, last);
    } else {
        timer_start(d->total, &c->total);
        err = resolve_start(&c->lookup, d->resolve, host, port, on_resolved, c);
    }
    if (err) {
        call_free(c);
        return err;
    }
    *out = c;
    return 0;
}

void dial_trust(struct dial_call *c, const struct addr *a)
{
    c->trusted = *a;
}

void dial_cancel(struct dial_call *c)
{
    if (!c || c->is_called)
        return;
    c->dial->stats.cancelled++;
    call_free(c);
}

void dial_note(struct dial *d, struct span host, uint16_t port, int err)
{
    if (!err)
        backoff_clear(d->backoff, host, port);
    else if (!is_ours(err))
        backoff_fail(d->backoff, host, port, err, loop_now_ms(d->loop));
}

void dial_stats(const struct dial *d, struct dial_stats *out)
{
    *out = d->stats;
}
