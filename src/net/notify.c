/* SPDX-License-Identifier: BSD-2-Clause */
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "str.h"

enum { MESSAGE_MAX = 512 };

/* "/run/..." or "@abstract"; false for anything else. */
static bool take_address(struct notify *n, const char *path)
{
    size_t len = strlen(path);

    if ((path[0] != '/' && path[0] != '@') || len < 2 ||
        len >= sizeof n->to.sun_path)
        return false;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, path, len);
    if (path[0] == '@')
        n->to.sun_path[0] = '\0';
    n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

/* A whole number in the environment; false if there is none. */
static bool notify_take_number(uint64_t *out, const char *name)
{
    const char *text = getenv(name);

    return text && span_u64(out, span_str(text), UINT64_MAX) == 0;
}

static void take_watchdog(struct notify *n)
{
    uint64_t usec, pid;

    if (!notify_take_number(&usec, "WATCHDOG_USEC") ||
        (getenv("WATCHDOG_PID") && (!notify_take_number(&pid, "WATCHDOG_PID") ||
                                    pid != (uint64_t)getpid())))
        return;
    n->watchdog_ms = usec / 1000;
}

void notify_init(struct notify *n)
{
    const char *path = getenv("NOTIFY_SOCKET");

    memset(n, 0, sizeof *n);
    n->fd = -1;
    if (path && take_address(n, path))
        n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (n->fd >= 0)
        take_watchdog(n);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_fini(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

static void say(const struct notify *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct notify *n, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    int k;

    if (n->fd < 0)
        return;
    va_start(args, fmt);
    k = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (k <= 0)
        return;
    if ((size_t)k >= sizeof text)
        k = sizeof text - 1;
    (void)sendto(n->fd, text, (size_t)k, MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&n->to, n->to_len);
}

void notify_ready(const struct notify *n, const char *status)
{
    say(n, "READY=1\nSTATUS=%s", status);
}

/* The time lets the manager tell this reload from an earlier one. */
void notify_reloading(const struct notify *n)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    say(n, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
        (unsigned long long)now.tv_sec * 1000000 +
            (unsigned long long)now.tv_nsec / 1000);
}

void notify_stopping(const struct notify *n, uint64_t within_ms)
{
    say(n, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu\nSTATUS=shutting down",
        (unsigned long long)within_ms * 1000);
}

void notify_status(const struct notify *n, const char *status)
{
    say(n, "STATUS=%s", status);
}

void notify_alive(const struct notify *n)
{
    say(n, "WATCHDOG=1");
}
