#include "channel.h"

#include "err.h"

enum {
    INPUT_BLOCK = 128 * 1024,
    INPUT_BLOCKS_KEPT = 4,
    READ_LEAST = 16 * 1024,        /* room for a TLS record */
    OUTPUT_BLOCK = 16 * 1024 + 32, /* a TLS record, and the queue's words */
    OUTPUT_BLOCKS_KEPT = 256,
    OUTPUT_MAX = 64 * 1024 * 1024, /* answers that the relay does not read */
    RUNS = 32,
    HEAD_MAX = 16384,
    PATH_URIS = 16
};

int channels_init(struct channels *all, struct loop *loop)
{
    *all = (struct channels){.loop = loop};
    pool_init(&all->outputs, OUTPUT_BLOCK, OUTPUT_BLOCKS_KEPT);
    return input_pool_new(&all->inputs, INPUT_BLOCK, INPUT_BLOCKS_KEPT);
}

void channels_fini(struct channels *all)
{
    if (all->inputs)
        input_pool_unref(all->inputs);
    pool_fini(&all->outputs);
}

static void update_events(struct channel *c)
{
    bool wants_out = c->out.len > 0 && c->blocked;

    if (!c->dead)
        loop_io_want(&c->io, stream_wants(&c->stream, !c->deaf, wants_out));
}

void channel_fail(struct channel *c, int err)
{
    if (c->dead)
        return;
    c->dead = true;
    loop_io_want(&c->io, 0);
    loop_defer_cancel(&c->turn);
    stream_close(&c->stream);
    buf_clear(&c->out);
    c->ops->closed(c, err);
}

/* --- input ---------------------------------------------------------------- */

static int take_apart(struct channel *c)
{
    struct span all = input_peek(&c->in), in = all;
    struct parse_event ev;
    int err = 0;

    while (!err && !c->deaf) {
        err = parser_next(&c->parser, &in, &ev);
        if (!err)
            err = c->ops->event(c, &ev);
    }
    input_drop(&c->in, all.n - in.n);
    return err == ERR_AGAIN ? 0 : err;
}

/* Fills the block as far as that goes without waiting. */
static int fill_block(struct channel *c, char *dst, size_t room)
{
    size_t got, total = 0;
    int err = 0;

    do {
        err = stream_read(&c->stream, dst + total, room - total, &got);
        if (!err)
            total += got;
        /* A plain read has taken what there was; TLS gives a record at a
         * time. */
    } while (!err && c->stream.ssl && room - total >= READ_LEAST);
    input_commit(&c->in, total);
    c->octets_in += total;
    return total ? 0 : err;
}

static int read_some(struct channel *c)
{
    size_t room;
    char *dst;
    int err = input_reserve(&c->in, &dst, &room);

    if (!err)
        err = fill_block(c, dst, room);
    if (!err)
        err = take_apart(c);
    input_settle(&c->in);
    if (!err && stream_has_input(&c->stream) && !c->deaf)
        channel_poke(c);
    return err == ERR_AGAIN ? 0 : err;
}

/* --- output --------------------------------------------------------------- */

static int write_some(struct channel *c)
{
    struct span runs[RUNS];
    size_t n = buf_peek_runs(&c->out, runs, RUNS), offered = 0, taken = 0;
    int err;

    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        offered += runs[i].n;
    err = stream_write(&c->stream, runs, n, &taken);
    if (err && err != ERR_AGAIN)
        return err;
    buf_drop(&c->out, taken);
    c->octets_out += taken;
    c->blocked = taken < offered;
    return 0;
}

static void on_turn(void *ctx)
{
    struct channel *c = ctx;
    bool was_full = false;
    int err = 0;

    if (stream_has_input(&c->stream) && !c->deaf)
        err = read_some(c);
    if (!err)
        err = c->ops->fill(c);
    if (!err)
        was_full = channel_room(c) == 0;
    if (!err && !c->blocked)
        err = write_some(c);
    if (err)
        channel_fail(c, err);
    /* What was put in just now is written; another turn is due only if there
     * is more to put in, to write, or to read. */
    loop_defer_cancel(&c->turn);
    if (!c->dead && ((was_full && !c->blocked) ||
                     (stream_has_input(&c->stream) && !c->deaf)))
        channel_poke(c);
    update_events(c);
}

/* --- readiness ------------------------------------------------------------ */

static int on_connecting(struct channel *c)
{
    int err = stream_connect(&c->stream);

    if (err)
        return err == ERR_AGAIN ? 0 : err;
    c->ops->open(c);
    return 0;
}

static void on_ready(void *ctx, int events)
{
    struct channel *c = ctx;
    int err = 0;

    if (!c->stream.up) {
        err = on_connecting(c);
    } else {
        if (events & stream_wants(&c->stream, false, true) && c->blocked) {
            c->blocked = false;
            channel_poke(c);
        }
        if (events & stream_wants(&c->stream, true, false) && !c->deaf)
            err = read_some(c);
    }
    if (err)
        channel_fail(c, err);
    update_events(c);
}

/* --- what the owner calls ------------------------------------------------- */

int channel_open(struct channel *c, struct channels *all,
                 const struct channel_ops *ops, const struct sockaddr *to,
                 socklen_t to_n, SSL_CTX *ctx, const char *name)
{
    int err;

    *c = (struct channel){.all = all, .ops = ops};
    input_init(&c->in, all->inputs);
    buf_init(&c->out, &all->outputs, OUTPUT_MAX);
    parser_init(&c->parser, HEAD_MAX, PATH_URIS);
    loop_defer_init(&c->turn, on_turn, c);
    err = stream_open(&c->stream, to, to_n, ctx, name);
    loop_io_init(&c->io, all->loop, c->stream.fd, on_ready, c);
    if (err) {
        c->dead = true;
        return err;
    }
    /* TLS begins to speak only when the connection is there. */
    loop_io_want(&c->io, LOOP_WRITE);
    return 0;
}

void channel_fini(struct channel *c)
{
    if (!c->all)
        return;
    if (!c->dead)
        loop_io_want(&c->io, 0);
    c->dead = true;
    loop_defer_cancel(&c->turn);
    stream_close(&c->stream);
    buf_clear(&c->out);
    input_fini(&c->in);
}

int channel_put(struct channel *c, const struct span *parts, size_t n)
{
    if (c->dead)
        return 0;
    channel_poke(c);
    return buf_put(&c->out, parts, n);
}

void channel_poke(struct channel *c)
{
    if (!c->dead && !loop_is_deferred(&c->turn))
        loop_defer(c->all->loop, &c->turn);
}

void channel_stop_reading(struct channel *c)
{
    c->deaf = true;
    update_events(c);
}
