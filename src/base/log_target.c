/* SPDX-License-Identifier: BSD-2-Clause */
#include "log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"

#define IDENT "msrprelayd"
#define SYSLOG_SOCKET "/dev/log"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum kind { TO_STDERR, TO_FILE, TO_SYSLOG, TO_JOURNAL };

struct log_target {
    enum kind kind;
    int fd;
    char *path;            /* TO_FILE: owned; else NULL */
    bool is_torn;          /* TO_FILE: the last line went out in part */
    struct sockaddr_un at; /* TO_SYSLOG, TO_JOURNAL */
};

/* As syslog and the journal count. */
static const int priorities[] = {
    [LOG_LEVEL_ERROR] = LOG_ERR,
    [LOG_LEVEL_WARN] = LOG_WARNING,
    [LOG_LEVEL_INFO] = LOG_INFO,
    [LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

/* --- opening --- */

static int target_new(struct log_target **out, enum kind kind)
{
    struct log_target *t = calloc(1, sizeof *t);

    if (!t)
        return ERR_NOMEM;
    t->kind = kind;
    t->fd = -1;
    *out = t;
    return 0;
}

static int open_path(int *fd, const char *path)
{
    /* A FIFO that nobody reads is an error; none is waited for. */
    int got = open(
        path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
        0640);

    if (got < 0)
        return ERR_IO;
    *fd = got;
    return 0;
}

static int open_stderr(struct log_target **out)
{
    int err = target_new(out, TO_STDERR);

    if (!err)
        (*out)->fd = STDERR_FILENO;
    return err;
}

int log_target_adopt(struct log_target **out, const char *path, int fd)
{
    struct log_target *t;
    int err = target_new(&t, TO_FILE);

    if (!err) {
        t->fd = fd;
        t->path = strdup(path);
        err = t->path ? 0 : ERR_NOMEM;
        if (!err)
            *out = t;
        else
            log_target_close(t);
    } else {
        (void)close(fd);
    }
    return err;
}

static int open_file(struct log_target **out, const char *path)
{
    int fd;
    int err = open_path(&fd, path);

    return err ? err : log_target_adopt(out, path, fd);
}

/* Connecting shows whether a daemon listens; each datagram is addressed by
 * itself nevertheless, so that it reaches a daemon that was restarted. */
static int open_socket(struct log_target **out, enum kind kind,
                       const char *path)
{
    struct log_target *t;
    int err = target_new(&t, kind);

    if (err)
        return err;
    t->at.sun_family = AF_UNIX;
    span_copy(t->at.sun_path, sizeof t->at.sun_path, span_str(path));
    t->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (t->fd < 0 ||
        connect(t->fd, (const struct sockaddr *)&t->at, sizeof t->at) != 0) {
        log_target_close(t);
        return ERR_IO;
    }
    *out = t;
    return 0;
}

int log_target_open_syslog(struct log_target **out, const char *path)
{
    return open_socket(out, TO_SYSLOG, path);
}

int log_target_open_journal(struct log_target **out, const char *path)
{
    return open_socket(out, TO_JOURNAL, path);
}

int log_target_open(struct log_target **out, const char *target)
{
    if (strcmp(target, "stderr") == 0)
        return open_stderr(out);
    if (strcmp(target, "syslog") == 0)
        return log_target_open_syslog(out, SYSLOG_SOCKET);
    if (strcmp(target, "journal") == 0)
        return log_target_open_journal(out, JOURNAL_SOCKET);
    if (*target)
        return open_file(out, target);
    *out = NULL;
    return 0;
}

void log_target_close(struct log_target *t)
{
    int was = errno; /* why an open failed */

    if (!t)
        return;
    if (t->fd >= 0 && t->kind != TO_STDERR)
        close(t->fd);
    free(t->path);
    free(t);
    errno = was;
}

int log_target_reopen(struct log_target *t)
{
    int fd, err;

    if (t->kind != TO_FILE)
        return 0;
    err = open_path(&fd, t->path);
    if (err)
        return err;
    close(t->fd);
    t->fd = fd;
    t->is_torn = false;
    return 0;
}

/* --- writing --- */

/* The reader of a pipe or a terminal may have stopped, and must not stop this
 * process. When the descriptor is ready, it has room for a line. */
static bool would_wait(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return poll(&p, 1, 0) == 0;
}

/* A torn line is ended first: it spoils none but itself. */
static int put_fd(struct log_target *t, struct span head, struct span text)
{
    struct iovec parts[] = {
        {"\n", t->is_torn},
        {(void *)(uintptr_t)head.p, head.n},
        {(void *)(uintptr_t)text.p, text.n},
        {"\n", 1},
    };
    ssize_t n;

    if (would_wait(t->fd))
        return ERR_AGAIN;
    do
        n = writev(t->fd, parts, sizeof parts / sizeof *parts);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return ERR_IO;
    t->is_torn =
        t->kind == TO_FILE && (size_t)n < t->is_torn + head.n + text.n + 1;
    return t->is_torn ? ERR_IO : 0;
}

static int put_datagram(const struct log_target *t, struct iovec *parts,
                        size_t n)
{
    struct msghdr msg = {.msg_name = (void *)(uintptr_t)&t->at,
                         .msg_namelen = sizeof t->at,
                         .msg_iov = parts,
                         .msg_iovlen = n};

    while (sendmsg(t->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EAGAIN)
            return ERR_AGAIN;
        if (errno != EINTR)
            return ERR_IO;
    }
    return 0;
}

/* `<30>Nov 22 10:00:00 msrprelayd[42]: text`, in local time, as syslog(3) does
 * it; that one waits when the socket is full. */
static int put_syslog(const struct log_target *t, enum log_level level,
                      struct span text)
{
    char head[80], when[32];
    time_t now = time(NULL);
    struct tm tm;
    int n;

    localtime_r(&now, &tm);
    strftime(when, sizeof when, "%b %e %H:%M:%S", &tm);
    n = snprintf(head, sizeof head,
                 "<%d>%s " IDENT "[%d]: ", LOG_DAEMON | priorities[level], when,
                 (int)getpid());
    return put_datagram(t,
                        (struct iovec[]){
                            {head, (size_t)n},
                            {(void *)(uintptr_t)text.p, text.n},
                        },
                        2);
}

/* The value after `key` at the head of `*text`, which moves past it; empty if
 * something else is there. */
static struct span log_target_take_field(struct span *text, struct span key)
{
    if (!span_starts(*text, key))
        return SPAN("");
    *text = span_from(*text, key.n);
    return span_cut(text, ' ');
}

static size_t add_field(struct iovec *parts, struct span name,
                        struct span value)
{
    if (span_is_empty(value))
        return 0;
    parts[0] = (struct iovec){(void *)(uintptr_t)name.p, name.n};
    parts[1] = (struct iovec){(void *)(uintptr_t)value.p, value.n};
    return 2;
}

/* The journal's native protocol: NAME=value lines, nothing of which may hold a
 * newline in this simple form. `rest` is the text that has the fields. */
static int put_journal(const struct log_target *t, enum log_level level,
                       struct span text, struct span rest)
{
    struct iovec parts[8];
    char head[96];
    size_t k = 0;
    int n = snprintf(head, sizeof head,
                     "PRIORITY=%d\nSYSLOG_FACILITY=%d\n"
                     "SYSLOG_IDENTIFIER=" IDENT "\nSYSLOG_PID=%d",
                     priorities[level], LOG_DAEMON >> 3, (int)getpid());

    parts[k++] = (struct iovec){head, (size_t)n};
    k += add_field(parts + k, SPAN("\nMSRP_CONNECTION="),
                   log_target_take_field(&rest, SPAN("c=")));
    k += add_field(parts + k, SPAN("\nMSRP_SESSION="),
                   log_target_take_field(&rest, SPAN("s=")));
    k += add_field(parts + k, SPAN("\nMESSAGE="), text);
    parts[k++] = (struct iovec){"\n", 1};
    return put_datagram(t, parts, k);
}

/* `2026-11-22T10:00:00.123Z info ` into dst; how many octets. */
static size_t stamp(char *dst, size_t size, enum log_level level)
{
    size_t n = clock_text(dst, clock_unix_ms());

    return n +
           (size_t)snprintf(dst + n, size - n, " %s ", log_level_name(level));
}

static int log_target_write(struct log_target *t, enum log_level level,
                            struct span head, struct span line,
                            struct span fields)
{
    switch (t->kind) {
    case TO_STDERR:
    case TO_FILE:
        return put_fd(t, head, line);
    case TO_SYSLOG:
        return put_syslog(t, level, line);
    case TO_JOURNAL:
        return put_journal(t, level, line, fields);
    }
    return 0;
}

int log_target_put(struct log_target *t, enum log_level level, struct span text)
{
    bool shows_time = t->kind == TO_STDERR || t->kind == TO_FILE;
    char head[64];
    size_t n = shows_time ? stamp(head, sizeof head, level) : 0;

    return log_target_write(t, level, span_of(head, n), text, text);
}

int log_target_put_json(struct log_target *t, enum log_level level,
                        struct span object, struct span fields)
{
    return log_target_write(t, level, SPAN(""), object, fields);
}

int log_target_put_raw(struct log_target *t, struct span text)
{
    return log_target_write(t, LOG_LEVEL_INFO, SPAN(""), text, text);
}
