/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen_fds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"

enum { FIRST_FD = 3, FDS_MAX = 1024 };

static bool is_for_us(void)
{
    const char *text = getenv("LISTEN_PID");
    uint64_t pid;

    return text && span_u64(&pid, span_str(text), INT32_MAX) == 0 &&
           pid == (uint64_t)getpid();
}

int listen_fds_init(struct listen_fds *l)
{
    const char *text = getenv("LISTEN_FDS");
    uint64_t n = 0;

    *l = (struct listen_fds){0};
    if (!text || !is_for_us() || span_u64(&n, span_str(text), FDS_MAX) != 0)
        n = 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (n == 0)
        return 0;
    l->fds = calloc(n, sizeof *l->fds);
    if (!l->fds)
        return ERR_NOMEM;
    for (; l->n < n; l->n++) {
        l->fds[l->n] = FIRST_FD + (int)l->n;
        (void)fcntl(l->fds[l->n], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

void listen_fds_fini(struct listen_fds *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->fds[i] >= 0)
            close(l->fds[i]);
    free(l->fds);
    *l = (struct listen_fds){0};
}

/* Port 0 means any. */
static bool is_bound_to(int fd, const struct addr *at)
{
    struct addr bound;

    if (sock_local(&bound, fd) != 0)
        return false;
    if (addr_port(at) == 0)
        addr_set_port(&bound, 0);
    return addr_is_same(at, &bound);
}

int listen_fds_take(struct listen_fds *l, const struct addr *at)
{
    for (size_t i = 0; i < l->n; i++) {
        int fd = l->fds[i];

        if (fd >= 0 && is_bound_to(fd, at)) {
            l->fds[i] = -1;
            return fd;
        }
    }
    return -1;
}

bool listen_fds_drop(struct listen_fds *l, char *text)
{
    struct addr at;

    for (size_t i = 0; i < l->n; i++) {
        if (l->fds[i] < 0)
            continue;
        if (sock_local(&at, l->fds[i]) == 0)
            (void)addr_text(text, &at);
        else
            (void)snprintf(text, ADDR_TEXT_MAX, "fd %d", l->fds[i]);
        close(l->fds[i]);
        l->fds[i] = -1;
        return true;
    }
    return false;
}
