/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_ask.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "str.h"

enum { ROW_MAX = 65536 };

/* What came in and is not a whole row yet. */
struct intake {
    int fd;
    int timeout_ms;
    size_t n;
    char octets[ROW_MAX];
};

int ctl_ask_open(int *out, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    if (span_copy(at.sun_path, sizeof at.sun_path, span_str(path)) <
        strlen(path)) {
        errno = ENAMETOOLONG;
        return ERR_IO;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, (struct sockaddr *)&at, sizeof at)) {
        int errnum = errno;

        close(fd);
        errno = errnum;
        return ERR_IO;
    }
    *out = fd;
    return 0;
}

static int wait_for(const struct intake *in, short events)
{
    struct pollfd p = {in->fd, events, 0};
    int n;

    do
        n = poll(&p, 1, in->timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return ERR_IO;
    return n ? 0 : ERR_TIMEOUT;
}

/* A daemon that has refused us may have closed already, with its reason still
 * to be read. */
static int send_line(const struct intake *in, const char *line)
{
    struct span rest = span_str(line);

    while (rest.n) {
        int err = wait_for(in, POLLOUT);
        ssize_t n;

        if (err)
            return err;
        n = send(in->fd, rest.p, rest.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EPIPE)
            return 0;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return ERR_IO;
        if (n > 0)
            rest = span_from(rest, (size_t)n);
    }
    return 0;
}

static int receive(struct intake *in)
{
    int err = wait_for(in, POLLIN);
    ssize_t n;

    if (err)
        return err;
    n = recv(in->fd, in->octets + in->n, sizeof in->octets - in->n,
             MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : ERR_IO;
    in->n += (size_t)n;
    return n ? 0 : ERR_EOF;
}

static void take_end(struct ctl_end *end, const json_t *ok, const json_t *row)
{
    const char *error = json_string_value(json_object_get(row, "error"));

    end->ok = json_is_true(ok);
    end->left_out = json_integer_value(json_object_get(row, "left_out"));
    span_copy(end->error, sizeof end->error, span_str(error ? error : ""));
}

/* One line: 0 for a row, ERR_EOF for the end of the answer. */
static int take_line(struct ctl_end *end, struct span line, ctl_row_fn on_row,
                     void *ctx)
{
    json_t *row = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL);
    const json_t *ok = json_object_get(row, "ok");
    int err = 0;

    if (!json_is_object(row))
        err = ERR_SYNTAX;
    else if (!ok)
        on_row(ctx, row);
    else {
        take_end(end, ok, row);
        err = ERR_EOF;
    }
    json_decref(row);
    return err;
}

/* All whole lines. */
static int take_lines(struct ctl_end *end, struct intake *in, ctl_row_fn on_row,
                      void *ctx)
{
    struct span rest = span_of(in->octets, in->n);
    int err = 0;

    while (!err && span_find(rest, '\n') < rest.n)
        err = take_line(end, span_cut(&rest, '\n'), on_row, ctx);
    if (!err && rest.n == sizeof in->octets)
        err = ERR_SYNTAX;
    memmove(in->octets, rest.p, rest.n);
    in->n = rest.n;
    return err;
}

int ctl_ask(struct ctl_end *end, int fd, const char *line, int timeout_ms,
            ctl_row_fn on_row, void *ctx)
{
    struct intake *in = malloc(sizeof *in);
    int err;

    if (!in)
        return ERR_NOMEM;
    in->fd = fd;
    in->timeout_ms = timeout_ms;
    in->n = 0;
    err = send_line(in, line);
    while (!err) {
        err = receive(in);
        if (err)
            break;
        err = take_lines(end, in, on_row, ctx);
        if (err == ERR_EOF) {
            free(in);
            return 0;
        }
    }
    free(in);
    return err;
}
