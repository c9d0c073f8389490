/* SPDX-License-Identifier: BSD-2-Clause */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "err.h"
#include "terminal.h"
#include "write_all.h"

enum { COPY = 64 * 1024, SUFFIX_MAX = 9999 };

static struct item *of_link(const struct list *link)
{
    return link ? CONTAINER(link, struct item, link) : NULL;
}

/* --- descriptors ---------------------------------------------------------- */

static int write_all_at(int fd, struct span s, uint64_t at)
{
    while (s.n > 0) {
        ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0) {
            s = span_from(s, (size_t)n);
            at += (uint64_t)n;
        }
    }
    return 0;
}

static int open_unnamed(int *fd)
{
    const char *dir = getenv("TMPDIR");
    char *path;

    if (asprintf(&path, "%s/msrpcat.XXXXXX", dir && *dir ? dir : "/tmp") < 0)
        return ERR_NOMEM;
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd >= 0)
        unlink(path);
    free(path);
    return *fd >= 0 ? 0 : ERR_IO;
}

/* --- the stream ----------------------------------------------------------- */

/* What a stranger sends must not steer the terminal. */
static int write_clean(struct item *i, struct span s)
{
    char line[1024 + TERMINAL_HELD];

    while (s.n > 0) {
        struct span piece = span_of(s.p, s.n < 1024 ? s.n : 1024);
        size_t n = terminal_put(&i->clean, line, piece);
        int err = write_all(i->store->fd, span_of(line, n));

        if (err)
            return err;
        s = span_from(s, piece.n);
    }
    return 0;
}

/* The text is whole. */
static int end_clean(struct item *i)
{
    char rest[TERMINAL_HELD];

    return write_all(i->store->fd,
                     span_of(rest, terminal_end(&i->clean, rest)));
}

static int pass(struct item *i, struct span s)
{
    int err = i->store->clean ? write_clean(i, s) : write_all(i->store->fd, s);

    if (err || s.n == 0)
        return err;
    i->passed += s.n;
    i->last = s.p[s.n - 1];
    return 0;
}

static bool has_stream(const struct item *i)
{
    return list_first(&i->store->items) == &i->link;
}

/* What waited in the temporary file and can go on now. */
static int pass_waiting(struct item *i)
{
    uint64_t reach = ranges_reach(&i->got, i->passed);
    char block[COPY];

    while (i->passed < reach) {
        uint64_t left = reach - i->passed;
        size_t want = left < sizeof block ? (size_t)left : sizeof block;
        ssize_t n = pread(i->fd, block, want, (off_t)i->passed);
        int err;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        err = pass(i, span_of(block, (size_t)n));
        if (err)
            return err;
    }
    return 0;
}

static void item_free(struct item *i)
{
    list_remove(&i->link);
    if (i->fd >= 0)
        close(i->fd);
    if (i->part[0])
        unlinkat(i->store->fd, i->part, 0);
    ranges_fini(&i->got);
    free(i);
}

/* Lets those at the head of the line go on: all that are finished, and the
 * first that is not. */
static int turn(struct store *s)
{
    struct item *i;
    int err = 0;

    while (!err && (i = of_link(list_first(&s->items)))) {
        err = pass_waiting(i);
        if (!i->finished)
            return err;
        if (!err)
            err = end_clean(i);
        if (!err && s->kind == STORE_TEXT && i->last != '\n')
            err = write_all(s->fd, SPAN("\n"));
        item_free(i);
    }
    return err;
}

static int put_in_stream(struct item *i, uint64_t at, struct span s)
{
    int err;

    if (has_stream(i) && at <= i->passed) {
        uint64_t old = i->passed - at;

        return old < s.n ? pass(i, span_from(s, (size_t)old)) : 0;
    }
    if (i->fd < 0) {
        err = open_unnamed(&i->fd);
        if (err)
            return err;
    }
    return write_all_at(i->fd, s, at);
}

/* --- the directory -------------------------------------------------------- */

static int open_part(struct item *i)
{
    unsigned long long number;

    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return ERR_IO;
    snprintf(i->part, sizeof i->part, ".%016llx.part", number);
    i->fd = openat(i->store->fd, i->part,
                   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (i->fd < 0) {
        i->part[0] = '\0';
        return ERR_IO;
    }
    return 0;
}

/* Gives it the name wished for, or that with a number: never over a file that
 * exists. */
static int give_name(struct item *i, char name[FNAME_MAX + 1])
{
    int dir = i->store->fd;

    snprintf(name, FNAME_MAX + 1, "%s", i->name);
    for (int number = 1; linkat(dir, i->part, dir, name, 0); number++) {
        if (errno != EEXIST || number > SUFFIX_MAX)
            return ERR_IO;
        snprintf(name, FNAME_MAX + 1, "%.*s.%d", FNAME_MAX - 5, i->name,
                 number);
    }
    return 0;
}

/* --- public --------------------------------------------------------------- */

void store_init_stream(struct store *s, enum store_kind kind, int fd)
{
    assert(kind != STORE_DIR);
    *s = (struct store){.kind = kind, .fd = fd};
    s->clean = kind == STORE_TEXT && isatty(fd);
    list_init(&s->items);
}

int store_init_dir(struct store *s, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return ERR_IO;
    *s = (struct store){.kind = STORE_DIR, .fd = fd};
    list_init(&s->items);
    return 0;
}

void store_fini(struct store *s)
{
    while (!list_is_empty(&s->items))
        item_free(of_link(list_first(&s->items)));
    close(s->fd);
}

int store_begin(struct item **out, struct store *s,
                const char name[FNAME_MAX + 1])
{
    struct item *i = calloc(1, sizeof *i);
    int err;

    if (!i)
        return ERR_NOMEM;
    i->store = s;
    i->fd = -1;
    ranges_init(&i->got);
    list_init(&i->link);
    terminal_init(&i->clean, '?', true);
    snprintf(i->name, sizeof i->name, "%s", name);
    err = s->kind == STORE_DIR ? open_part(i) : 0;
    if (err) {
        item_free(i);
        return err;
    }
    list_append(&s->items, &i->link);
    *out = i;
    return 0;
}

int store_put(struct item *i, uint64_t at, struct span octets)
{
    int err;

    if (octets.n == 0)
        return 0;
    /* First the octets, then the note: what is noted is there. */
    if (i->store->kind == STORE_DIR)
        err = write_all_at(i->fd, octets, at);
    else
        err = put_in_stream(i, at, octets);
    if (err)
        return err;
    err = ranges_add(&i->got, at, at + octets.n);
    if (err || i->store->kind == STORE_DIR || !has_stream(i))
        return err;
    return pass_waiting(i);
}

int store_finish(struct item *i, char name[FNAME_MAX + 1])
{
    struct store *s = i->store;
    int err;

    i->finished = true;
    if (s->kind != STORE_DIR) {
        name[0] = '\0';
        return turn(s);
    }
    err = give_name(i, name);
    item_free(i);
    return err;
}

int store_drop(struct item *i)
{
    struct store *s = i->store;

    item_free(i);
    return s->kind == STORE_DIR ? 0 : turn(s);
}
