/* SPDX-License-Identifier: BSD-2-Clause */
#include "transport.h"

#include <assert.h>
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "err.h"

enum { RUNS_MAX = 64 };

static int tcp_error_of(int errnum)
{
    switch (errnum) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
        return ERR_AGAIN;
    default:
        return ERR_IO;
    }
}

static int tcp_handshake(struct transport *t)
{
    t->up = true;
    return 0;
}

static int tcp_read(struct transport *t, void *dst, size_t room, size_t *got)
{
    ssize_t n;

    if (!t->allowed)
        return ERR_AGAIN;
    if (room > t->allowed)
        room = t->allowed;
    n = read(t->fd, dst, room);
    if (n < 0)
        return tcp_error_of(errno);
    if (n == 0)
        return ERR_EOF;
    transport_fetched(t, (size_t)n, room);
    *got = (size_t)n;
    return 0;
}

static int tcp_write(struct transport *t, const struct span *runs, size_t n,
                     size_t *taken)
{
    struct iovec iov[RUNS_MAX];
    ssize_t done;

    assert(n <= RUNS_MAX);
    for (size_t i = 0; i < n; i++)
        iov[i] = (struct iovec){(void *)(uintptr_t)runs[i].p, runs[i].n};
    done = writev(t->fd, iov, (int)n);
    if (done < 0)
        return tcp_error_of(errno);
    t->wire_out += (uint64_t)done;
    *taken = (size_t)done;
    return 0;
}

static int tcp_wants(const struct transport *t, int intent)
{
    (void)t;
    return intent;
}

static bool tcp_has_input(const struct transport *t)
{
    (void)t;
    return false;
}

static void tcp_nothing(struct transport *t)
{
    (void)t;
}

static const struct transport_ops tcp_ops = {
    .handshake = tcp_handshake,
    .read = tcp_read,
    .write = tcp_write,
    .wants = tcp_wants,
    .has_input = tcp_has_input,
    .settle = tcp_nothing,
    .shutdown = tcp_nothing,
    .fini = tcp_nothing,
};

void transport_tcp_init(struct transport *t, int fd)
{
    *t = (struct transport){.ops = &tcp_ops, .fd = fd};
}
