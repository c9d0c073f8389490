/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_helper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "lookup_line.h"
#include "lookup_spawn.h"

enum {
    INPUT_SIZE = 16384, /* more than a line; what is read in a turn */
    LAST_READS = 32,    /* more than a socket holds */
    COMPLAINT_SIZE = 1024,
    COMPLAINTS_BURST = 20, /* lines of descriptor 2 in the log, at once */
    COMPLAINTS_EVERY_MS = 200,
};

struct lookup_helper {
    struct list of_all;
    struct lookup_helper_setup setup;
    const char *why; /* ENDING; NULL: RUNNING */
    pid_t pid;
    int fd, pidfd, errors_fd; /* -1: closed */
    struct loop_io io, pid_io, errors_io;
    struct loop_defer flush;
    char *out; /* owned; out_n octets, of which `sent` are written */
    size_t out_n, out_room, sent;
    size_t in_n, complaint_n;
    bool in_rest;     /* what comes is the rest of a line that is too long */
    size_t n_dropped; /* octets of it since it counted */
    struct log_limit complaints;
    char in[INPUT_SIZE];
    char complaint[COMPLAINT_SIZE];
};

static bool is_running(const struct lookup_helper *h)
{
    return !h->why;
}

/* --- what it complains about --- */

static void log_complaint(struct lookup_helper *h, struct span line)
{
    char text[COMPLAINT_SIZE];
    uint32_t held;

    if (line.n == 0 ||
        !log_limit_pass(&h->complaints, loop_now_ms(h->setup.loop),
                        COMPLAINTS_BURST, COMPLAINTS_EVERY_MS, &held))
        return;
    log_warn(h->setup.log, "lookup helper says pid=%d text=%s held_back=%u",
             (int)h->pid, log_escape(text, sizeof text, line), held);
}

static void errors_close(struct lookup_helper *h)
{
    if (h->errors_fd < 0)
        return;
    log_complaint(h, span_of(h->complaint, h->complaint_n));
    loop_io_want(&h->errors_io, 0);
    close(h->errors_fd);
    h->errors_fd = -1;
}

/* A line that is too long is logged in pieces. */
static void errors_read(struct lookup_helper *h)
{
    ssize_t n = read(h->errors_fd, h->complaint + h->complaint_n,
                     sizeof h->complaint - h->complaint_n);
    struct span rest;

    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            errors_close(h);
        return;
    }
    h->complaint_n += (size_t)n;
    rest = span_of(h->complaint, h->complaint_n);
    while (span_find(rest, '\n') < rest.n || rest.n == sizeof h->complaint)
        log_complaint(h, span_cut(&rest, '\n'));
    memmove(h->complaint, rest.p, rest.n);
    h->complaint_n = rest.n;
}

static void helper_on_errors(void *ctx, int events)
{
    (void)events;
    errors_read(ctx);
}

/* --- its end --- */

static void channel_close(struct lookup_helper *h)
{
    if (h->fd < 0)
        return;
    loop_io_want(&h->io, 0);
    loop_defer_cancel(&h->flush);
    close(h->fd);
    h->fd = -1;
}

static void log_status(struct lookup_helper *h, int status)
{
    bool by_signal = WIFSIGNALED(status);

    log_info(h->setup.log, "lookup helper ended pid=%d %s=%d reason=\"%s\"",
             (int)h->pid, by_signal ? "signal" : "exit",
             by_signal ? WTERMSIG(status) : WEXITSTATUS(status), h->why);
}

/* Its status has been taken. */
static void helper_free(struct lookup_helper *h)
{
    list_remove(&h->of_all);
    channel_close(h);
    errors_close(h);
    loop_io_want(&h->pid_io, 0);
    close(h->pidfd);
    explicit_bzero(h->in, sizeof h->in);
    free(h->out);
    free(h);
}

void lookup_helper_end(struct lookup_helper *h, const char *why)
{
    if (!is_running(h))
        return;
    h->why = why;
    channel_close(h);
    /* Also what it may have started. It is not reaped: the number is its own.
     */
    (void)kill(-h->pid, SIGKILL);
    loop_io_want(&h->pid_io, LOOP_READ);
}

void lookup_helpers_finish(struct list *all)
{
    struct list *m;

    while ((m = list_first(all))) {
        struct lookup_helper *h = CONTAINER(m, struct lookup_helper, of_all);
        int status = 0;

        lookup_helper_end(h, "the relay ends");
        while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
            continue;
        log_status(h, status);
        helper_free(h);
    }
}

/* --- lines --- */

/* The rest of a line is no line, whatever it looks like. It counts as one again
 * and again, so that a helper that never ends a line is ended. */
static void drop_rest(struct lookup_helper *h, struct span rest)
{
    h->n_dropped += rest.n;
    if (h->n_dropped < INPUT_SIZE)
        return;
    h->n_dropped = 0;
    h->setup.on_line(h->setup.ctx, SPAN(""));
}

/* Of a line that is too long the beginning counts: it may be an error. */
static void take_lines(struct lookup_helper *h)
{
    struct span rest = span_of(h->in, h->in_n), line;

    while (is_running(h) && rest.n) {
        bool ends = span_find(rest, '\n') < rest.n;

        if (!ends && !h->in_rest && rest.n <= LOOKUP_ANSWER_MAX)
            break;
        line = span_cut(&rest, '\n');
        if (h->in_rest) {
            drop_rest(h, line);
        } else {
            h->n_dropped = 0;
            h->setup.on_line(h->setup.ctx, line);
        }
        h->in_rest = !ends;
    }
    if (rest.n)
        memmove(h->in, rest.p, rest.n);
    explicit_bzero(h->in + rest.n, h->in_n - rest.n);
    h->in_n = rest.n;
}

static void channel_read(struct lookup_helper *h)
{
    ssize_t n = read(h->fd, h->in + h->in_n, sizeof h->in - h->in_n);

    if (n > 0) {
        h->in_n += (size_t)n;
        take_lines(h);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        h->setup.on_gone(h->setup.ctx);
    }
}

/* What it does not take now, it gets when it does. */
static void channel_write(struct lookup_helper *h)
{
    ssize_t n = 0;

    if (h->sent < h->out_n)
        n = send(h->fd, h->out + h->sent, h->out_n - h->sent, MSG_NOSIGNAL);
    if (n > 0)
        h->sent += (size_t)n;
    if (h->sent == h->out_n)
        h->sent = h->out_n = 0;
    /* Its end shows when it is read. */
    loop_io_want(&h->io, LOOP_READ | (h->out_n ? LOOP_WRITE : 0));
}

static void helper_on_io(void *ctx, int events)
{
    struct lookup_helper *h = ctx;

    if (events & LOOP_WRITE)
        channel_write(h);
    if (events & LOOP_READ)
        channel_read(h);
}

static void helper_on_flush(void *ctx)
{
    channel_write(ctx);
}

static int make_room(struct lookup_helper *h, size_t n)
{
    size_t room = h->out_room ? h->out_room : 4096;
    char *bigger;

    if (h->sent > 0) {
        memmove(h->out, h->out + h->sent, h->out_n - h->sent);
        h->out_n -= h->sent;
        h->sent = 0;
    }
    if (h->out_n + n > LOOKUP_OUTPUT_MAX)
        return ERR_FULL;
    while (room < h->out_n + n)
        room *= 2;
    if (room == h->out_room)
        return 0;
    bigger = realloc(h->out, room);
    if (!bigger)
        return ERR_NOMEM;
    h->out = bigger;
    h->out_room = room;
    return 0;
}

int lookup_helper_put(struct lookup_helper *h, struct span line)
{
    int err = 0;

    assert(is_running(h));
    if (h->out_n + line.n > h->out_room)
        err = make_room(h, line.n);
    if (err)
        return err;
    memcpy(h->out + h->out_n, line.p, line.n);
    h->out_n += line.n;
    loop_defer(h->setup.loop, &h->flush);
    return 0;
}

/* --- its status --- */

static void helper_on_exit(void *ctx, int events)
{
    struct lookup_helper *h = ctx;
    int status = 0;

    (void)events;
    /* What it wrote before is read first. What it may have started can still
     * have the other end, and is not waited for. */
    for (int i = 0; i < LAST_READS && is_running(h); i++)
        channel_read(h);
    if (is_running(h))
        h->setup.on_gone(h->setup.ctx);
    if (is_running(h) || waitpid(h->pid, &status, WNOHANG) == 0)
        return;
    if (h->errors_fd >= 0)
        errors_read(h);
    log_status(h, status);
    helper_free(h);
}

/* --- its beginning --- */

int lookup_helper_start(struct lookup_helper **out,
                        const struct lookup_helper_setup *setup,
                        struct list *all)
{
    struct lookup_helper *h = calloc(1, sizeof *h);
    struct lookup_spawned made;
    int err;

    if (!h)
        return ERR_NOMEM;
    err = lookup_spawn(&made, setup->argv);
    if (err) {
        free(h);
        return err;
    }
    h->setup = *setup;
    h->pid = made.pid;
    h->fd = made.fd;
    h->pidfd = made.pidfd;
    h->errors_fd = made.errors_fd;
    loop_io_init(&h->io, setup->loop, h->fd, helper_on_io, h);
    loop_io_init(&h->pid_io, setup->loop, h->pidfd, helper_on_exit, h);
    loop_io_init(&h->errors_io, setup->loop, h->errors_fd, helper_on_errors, h);
    loop_defer_init(&h->flush, helper_on_flush, h);
    loop_io_want(&h->io, LOOP_READ);
    loop_io_want(&h->pid_io, LOOP_READ);
    loop_io_want(&h->errors_io, LOOP_READ);
    list_append(all, &h->of_all);
    log_info(setup->log, "lookup helper started pid=%d", (int)h->pid);
    *out = h;
    return 0;
}
