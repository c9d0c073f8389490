#include "listener.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"

enum { ACCEPTS_PER_TURN = 64, REST_MS = 1000 };

struct listener {
    struct loop_io io;
    struct alarm *rest;
    struct addr addr;
    listener_accept_fn on_accept;
    listener_rest_fn on_rest;
    void *ctx;
    int fd;    /* -1: closed */
    bool busy; /* inside a callback; freed behind it */
};

static void destroy(struct listener *l)
{
    alarm_free(l->rest);
    free(l);
}

/* Leaves the connections where they are, in the kernel's queue. */
static void take_rest(struct listener *l, int errnum)
{
    loop_io_want(&l->io, 0);
    alarm_set(l->rest, REST_MS);
    l->on_rest(l->ctx, l, errnum);
}

static void on_rested(void *ctx)
{
    struct listener *l = ctx;

    loop_io_want(&l->io, LOOP_READ);
}

/* Did only this one connection fail, so that the next may be fine? Linux passes
 * errors of the new socket on as errors of accept(). */
static bool is_passing(int errnum)
{
    switch (errnum) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ENONET:
    case EOPNOTSUPP:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* Accepts one; is it worth trying for another? */
static bool accept_one(struct listener *l)
{
    struct addr peer = {.len = sizeof peer.in6};
    int fd = accept4(l->fd, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        l->on_accept(l->ctx, l, fd, &peer);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    else if (!is_passing(errno))
        take_rest(l, errno);
    return l->fd >= 0 && l->io.want;
}

static void on_acceptable(void *ctx, int events)
{
    struct listener *l = ctx;

    (void)events;
    l->busy = true;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(l); i++)
        continue;
    l->busy = false;
    if (l->fd < 0)
        destroy(l);
}

int listener_new(struct listener **out, struct loop *loop,
                 const struct addr *at, const struct sock_opts *opts,
                 listener_accept_fn on_accept, listener_rest_fn on_rest,
                 void *ctx)
{
    struct listener *l = calloc(1, sizeof *l);
    int err;

    if (!l)
        return ERR_NOMEM;
    l->fd = -1;
    l->on_accept = on_accept;
    l->on_rest = on_rest;
    l->ctx = ctx;
    err = alarm_new(&l->rest, loop, on_rested, l);
    if (err)
        goto fail;
    err = sock_listen(&l->fd, at, opts);
    if (err)
        goto fail;
    loop_io_init(&l->io, loop, l->fd, on_acceptable, l);
    err = sock_local(&l->addr, l->fd);
    if (err)
        goto fail;
    loop_io_want(&l->io, LOOP_READ);
    *out = l;
    return 0;
fail:
    listener_free(l);
    return err;
}

void listener_free(struct listener *l)
{
    if (!l)
        return;
    if (l->fd >= 0) {
        loop_io_want(&l->io, 0);
        close(l->fd);
        l->fd = -1;
    }
    if (l->rest)
        alarm_stop(l->rest);
    if (!l->busy)
        destroy(l);
}

const struct addr *listener_addr(const struct listener *l)
{
    return &l->addr;
}
