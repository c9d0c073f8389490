/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "msg.h"

enum { STAGE = 256 * 1024 };

struct source {
    int fd;         /* -1: a text, which is all in `stage` */
    bool pipe;      /* not a regular file: reading may have to wait */
    bool ended;     /* all that there will be is in `stage` */
    uint64_t total; /* or MSG_STAR */
    uint64_t left;  /* octets of `total` still to be read */
    size_t from, to, size;
    char stage[]; /* [from, to) is at hand */
};

static struct source *new_source(size_t size)
{
    struct source *s = malloc(sizeof *s + size);

    if (s)
        *s = (struct source){.fd = -1, .size = size};
    return s;
}

struct source *source_text(struct span text)
{
    struct source *s = new_source(text.n);

    if (!s)
        return NULL;
    memcpy(s->stage, text.p, text.n);
    s->to = text.n;
    s->total = text.n;
    s->ended = true;
    return s;
}

/* What kind of thing the descriptor is decides what is known of its length. A
 * standard input that was read from before counts from its position. */
static int look_at(struct source *s)
{
    struct stat st;
    off_t at;

    if (fstat(s->fd, &st))
        return ERR_IO;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return ERR_IO;
    }
    s->pipe = !S_ISREG(st.st_mode);
    s->total = s->left = MSG_STAR;
    if (s->pipe)
        return 0;
    at = lseek(s->fd, 0, SEEK_CUR);
    if (at < 0)
        return ERR_IO;
    s->total = s->left = st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
    s->ended = s->total == 0;
    (void)posix_fadvise(s->fd, at, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

int source_file(struct source **out, const char *path)
{
    struct source *s = new_source(STAGE);
    bool is_stdin = strcmp(path, "-") == 0;
    int err;

    if (!s)
        return ERR_NOMEM;
    s->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                     : open(path, O_RDONLY | O_CLOEXEC);
    err = s->fd < 0 ? ERR_IO : look_at(s);
    if (err) {
        int why = errno;

        source_free(s);
        errno = why;
        return err;
    }
    *out = s;
    return 0;
}

void source_free(struct source *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

uint64_t source_total(const struct source *s)
{
    return s->total;
}

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

/* Reads once: 0, ERR_AGAIN or ERR_IO. */
static int fill(struct source *s)
{
    size_t room;
    ssize_t n;

    memmove(s->stage, s->stage + s->from, s->to - s->from);
    s->to -= s->from;
    s->from = 0;
    room = s->size - s->to;
    if (room > s->left)
        room = (size_t)s->left;
    if (s->pipe && !is_readable(s->fd))
        return ERR_AGAIN;
    n = read(s->fd, s->stage + s->to, room);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? ERR_AGAIN : ERR_IO;
    if (n == 0 && !s->pipe) {
        errno = 0; /* nothing is wrong with it but that it became shorter */
        return ERR_IO;
    }
    s->to += (size_t)n;
    if (s->pipe) {
        s->ended = n == 0;
        return 0;
    }
    s->left -= (uint64_t)n;
    s->ended = s->left == 0;
    return 0;
}

int source_peek(struct source *s, struct span *run, bool *at_end, size_t want)
{
    assert(want > 0 && want <= SOURCE_WANT_MAX);
    while (!s->ended && s->to - s->from <= want) {
        int err = fill(s);

        if (err && (err != ERR_AGAIN || s->to - s->from < 2))
            return err;
        if (s->pipe)
            break;
    }
    if (!s->ended && s->to - s->from < 2)
        return ERR_AGAIN;
    *run = span_of(s->stage + s->from, s->to - s->from - !s->ended);
    *at_end = s->ended;
    return 0;
}

void source_drop(struct source *s, size_t n)
{
    assert(n <= s->to - s->from);
    s->from += n;
}

int source_fd(const struct source *s)
{
    return s->fd;
}
