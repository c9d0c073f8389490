/* SPDX-License-Identifier: BSD-2-Clause */
#include "channel.h"

#include <errno.h>
#include <unistd.h>

#include "err.h"

enum {
    INPUT_BLOCK = 128 * 1024,
    READ_PER_TURN = 4 * INPUT_BLOCK,
    OUTPUT_MAX = 64 * 1024 * 1024, /* answers that the relay does not read */
    /* A relay may leave a sender waiting for as long as a receiver stalls. */
    STALL_MS = 7 * 24 * 60 * 60 * 1000,
    HEAD_MAX = 16384,
    PATH_URIS = 16
};

/* --- all of them ---------------------------------------------------------- */

int channels_init(struct channels *all, struct loop *loop,
                  uint64_t handshake_ms)
{
    const struct net_settings settings = {.input_size = INPUT_BLOCK,
                                          .read_per_turn = READ_PER_TURN,
                                          .output_max = OUTPUT_MAX,
                                          .handshake_ms = handshake_ms,
                                          .stall_ms = STALL_MS,
                                          .sock.nodelay = true};

    *all = (struct channels){.loop = loop};
    return net_new(&all->net, loop, &settings);
}

void channels_fini(struct channels *all)
{
    net_free(all->net);
    tls_ctx_unref(all->tls);
}

int channels_use_tls(struct channels *all, const char *ca_file, bool insecure,
                     char *why)
{
    const struct tls_settings settings = {.certificate = "",
                                          .private_key = "",
                                          .ca_file = ca_file ? ca_file : "",
                                          .ciphers = "",
                                          .ciphersuites = "",
                                          .insecure = insecure};
    enum tls_fault fault;

    return tls_client_new(&all->tls, &settings, &fault, why);
}

/* --- the end -------------------------------------------------------------- */

static bool is_dead(const struct channel *c)
{
    return !c->conn && c->fd < 0;
}

static void stop_connecting(struct channel *c)
{
    if (c->fd < 0)
        return;
    loop_io_want(&c->io, 0);
    close(c->fd);
    c->fd = -1;
}

/* It could not be connected. */
static void end_early(struct channel *c, int err, const char *why)
{
    stop_connecting(c);
    loop_defer_cancel(&c->turn);
    c->ops->closed(c, err, why);
}

void channel_fail(struct channel *c, int err)
{
    if (is_dead(c))
        return;
    c->err = err;
    if (c->conn)
        conn_close(c->conn); /* calls on_closed() */
    else
        end_early(c, err, err_text(err));
}

static const char *describe(const struct conn *conn, enum conn_why why)
{
    switch (why) {
    case CONN_WHY_EOF:
        return "the relay closed the connection";
    case CONN_WHY_RESET:
        return "the connection was reset";
    case CONN_WHY_TLS:
    case CONN_WHY_CERT:
        return conn_fault(conn);
    case CONN_WHY_HANDSHAKE:
        return "the TLS handshake timed out";
    case CONN_WHY_NOMEM:
        return err_text(ERR_NOMEM);
    case CONN_WHY_PROXY:
    case CONN_WHY_WEBSOCKET:
    case CONN_WHY_STALL:
    case CONN_WHY_DEAD:
    case CONN_WHY_FULL:
    case CONN_WHY_LOCAL:
        break;
    }
    return conn_why_text(why);
}

/* --- what the conn calls -------------------------------------------------- */

static void on_open(void *ctx)
{
    struct channel *c = ctx;

    c->ops->open(c);
}

/* Lets the owner put in what there is room for. */
static void fill(struct channel *c)
{
    int err = c->ops->fill(c);

    c->was_full = channel_room(c) == 0;
    if (err)
        channel_fail(c, err);
}

static void on_input(void *ctx, struct span *in)
{
    struct channel *c = ctx;
    struct parse_event ev;
    int err = 0;

    while (!err && !c->deaf) {
        err = parser_next(&c->parser, in, &ev);
        if (!err)
            err = c->ops->event(c, &ev);
    }
    if (err && err != ERR_AGAIN) {
        channel_fail(c, err);
        return;
    }
    /* What has come has mostly made room for more: that goes out together with
     * the answers. */
    if (loop_is_deferred(&c->turn)) {
        loop_defer_cancel(&c->turn);
        fill(c);
    }
}

static void on_sent(void *ctx, uint64_t position)
{
    struct channel *c = ctx;

    (void)position;
    if (c->was_full)
        channel_poke(c);
}

static void on_closed(void *ctx, enum conn_why why)
{
    struct channel *c = ctx;
    const char *text = describe(c->conn, why);

    c->conn = NULL;
    loop_defer_cancel(&c->turn);
    c->ops->closed(c, c->err, text);
}

static const struct conn_ops conn_ops = {
    .open = on_open,
    .input = on_input,
    .sent = on_sent,
    .closed = on_closed,
};

/* --- what the loop calls -------------------------------------------------- */

static void on_turn(void *ctx)
{
    fill(ctx);
}

static void on_connected(void *ctx, int events)
{
    struct channel *c = ctx;
    struct conn_to to = {
        .fd = c->fd, .peer = c->to, .tls = c->all->tls, .host = c->all->name};
    int errnum = 0, err;
    socklen_t len = sizeof errnum;

    (void)events;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &errnum, &len))
        errnum = errno;
    if (errnum) {
        end_early(c, 0, strerror(errnum));
        return;
    }
    loop_io_want(&c->io, 0);
    c->fd = -1; /* the conn's, even if it fails */
    err = conn_connect(&c->conn, c->all->net, &to, &conn_ops, c);
    if (err)
        end_early(c, err, err_text(err));
}

/* --- what the owner calls ------------------------------------------------- */

int channel_open(struct channel *c, struct channels *all, const struct addr *to,
                 const struct channel_ops *ops)
{
    const struct sock_opts none = {0};
    int err;

    *c = (struct channel){.all = all, .ops = ops, .to = to, .fd = -1};
    parser_init(&c->parser, HEAD_MAX, PATH_URIS);
    loop_defer_init(&c->turn, on_turn, c);
    err = sock_connect(&c->fd, to, &none);
    if (err)
        return err;
    loop_io_init(&c->io, all->loop, c->fd, on_connected, c);
    loop_io_want(&c->io, LOOP_WRITE);
    return 0;
}

static void on_nothing(void *ctx, enum conn_why why)
{
    (void)ctx;
    (void)why;
}

void channel_fini(struct channel *c)
{
    static const struct conn_ops none = {.closed = on_nothing};

    if (!c->all)
        return;
    stop_connecting(c);
    loop_defer_cancel(&c->turn);
    if (c->conn) {
        conn_set_ctx(c->conn, &none, NULL);
        conn_close(c->conn);
    }
    c->conn = NULL;
}

int channel_put(struct channel *c, const struct span *parts, size_t n)
{
    if (!c->conn)
        return 0;
    channel_poke(c);
    return conn_write(c->conn, parts, n);
}

void channel_poke(struct channel *c)
{
    if (!c->conn || loop_is_deferred(&c->turn))
        return;
    loop_defer(c->all->loop, &c->turn);
    /* So that the conn's own end of the turn comes after this one, and writes
     * what is put in then. */
    (void)conn_write(c->conn, NULL, 0);
}

size_t channel_room(const struct channel *c)
{
    size_t queued = c->conn ? conn_queued(c->conn) : CHANNEL_BULK;

    return queued < CHANNEL_BULK ? CHANNEL_BULK - queued : 0;
}

void channel_stop_reading(struct channel *c)
{
    c->deaf = true;
    if (c->conn)
        conn_pause(c->conn);
}
