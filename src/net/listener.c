/* SPDX-License-Identifier: BSD-2-Clause */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"

enum {
    ACCEPTS_PER_TURN = 64,
    PAUSE_MS = 1000,
    DRAIN_MAX = 2 * SOMAXCONN, /* more than the kernel's queue holds */
};

struct listener {
    struct loop_io io;
    struct alarm *pause;
    struct addr addr;
    listener_accept_fn on_accept;
    listener_pause_fn on_pause;
    void *ctx;
    int fd;    /* -1: closed */
    int spare; /* listener_reserve(); -1: none */
    bool busy; /* inside a callback; freed after it */
};

static void destroy(struct listener *l)
{
    alarm_free(l->pause);
    free(l);
}

/* Leaves the connections where they are, in the kernel's queue. */
static void listener_pause(struct listener *l, int errnum)
{
    loop_io_want(&l->io, 0);
    alarm_set(l->pause, PAUSE_MS);
    if (l->on_pause)
        l->on_pause(l->ctx, l, errnum);
}

static void listener_on_pause_over(void *ctx)
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

static void give_spare(struct listener *l)
{
    if (l->spare >= 0)
        close(l->spare);
    l->spare = -1;
}

/* accept() fails without a free descriptor even if no connection is waiting:
 * the spare is opened again then. */
static int accept_with_spare(int *fd, struct addr *peer, struct listener *l)
{
    int err = sock_accept(fd, peer, l->fd), errnum;

    if (!err || l->spare < 0 || (errno != EMFILE && errno != ENFILE))
        return err;
    give_spare(l);
    err = sock_accept(fd, peer, l->fd);
    errnum = errno;
    if (err)
        listener_reserve(l);
    errno = errnum;
    return err;
}

/* Accepts one; is it worth trying for another? */
static bool accept_one(struct listener *l)
{
    struct addr peer;
    int fd;

    if (accept_with_spare(&fd, &peer, l) == 0) {
        l->on_accept(l->ctx, l, fd, &peer);
        return l->fd >= 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    if (is_passing(errno))
        return true;
    listener_pause(l, errno);
    return false;
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

/* Takes over the listening socket fd; closed on failure too. */
static int listener_start(struct listener **out, struct loop *loop, int fd,
                          listener_accept_fn on_accept,
                          listener_pause_fn on_pause, void *ctx)
{
    struct listener *l = calloc(1, sizeof *l);
    int err = ERR_NOMEM;

    if (!l)
        goto fail;
    l->on_accept = on_accept;
    l->on_pause = on_pause;
    l->ctx = ctx;
    l->fd = fd;
    l->spare = -1;
    loop_io_init(&l->io, loop, fd, on_acceptable, l);
    err = sock_local(&l->addr, fd);
    if (!err)
        err = alarm_new(&l->pause, loop, listener_on_pause_over, l);
    if (err)
        goto fail;
    loop_io_want(&l->io, LOOP_READ);
    *out = l;
    return 0;
fail:
    free(l);
    close(fd);
    return err;
}

int listener_new(struct listener **out, struct loop *loop,
                 const struct addr *at, const struct sock_opts *opts,
                 listener_accept_fn on_accept, listener_pause_fn on_pause,
                 void *ctx)
{
    int fd;
    int err = sock_listen(&fd, at, opts);

    return err ? err : listener_start(out, loop, fd, on_accept, on_pause, ctx);
}

static bool has_option(int fd, int name, int wanted)
{
    int value;
    socklen_t len = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 &&
           value == wanted;
}

static bool is_listening(int fd)
{
    struct addr at;

    if (!has_option(fd, SO_TYPE, SOCK_STREAM) ||
        !has_option(fd, SO_ACCEPTCONN, 1) || sock_local(&at, fd) != 0)
        return false;
    switch (at.sa.sa_family) {
    case AF_INET:
    case AF_INET6:
        return has_option(fd, SO_PROTOCOL, IPPROTO_TCP);
    default:
        return at.sa.sa_family == AF_UNIX;
    }
}

int listener_adopt(struct listener **out, struct loop *loop, int fd,
                   listener_accept_fn on_accept, listener_pause_fn on_pause,
                   void *ctx)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || !is_listening(fd) ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        close(fd);
        return ERR_UNSUPPORTED;
    }
    return listener_start(out, loop, fd, on_accept, on_pause, ctx);
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
    give_spare(l);
    alarm_stop(l->pause);
    if (!l->busy)
        destroy(l);
}

void listener_reserve(struct listener *l)
{
    if (l->spare < 0)
        l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void listener_drain(struct listener *l)
{
    for (int i = 0; i < DRAIN_MAX && accept_one(l); i++)
        continue;
}

void listener_share(struct listener *l, bool on)
{
    sock_share(l->fd, on);
}

int listener_set_owner(struct listener *l, uid_t uid, gid_t gid)
{
    return fchown(l->fd, uid, gid) == 0 ? 0 : ERR_IO;
}

const struct addr *listener_addr(const struct listener *l)
{
    return &l->addr;
}
