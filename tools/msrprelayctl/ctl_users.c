/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_users.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "users_file.h"
#include "write_all.h"

enum { LINE_MAX_OCTETS = 2 * USERS_NAME_MAX + DIGEST_HEX_MAX + 4 };

/* --- lines --- */

/* "user:realm:HA1\n" into dst (LINE_MAX_OCTETS); how many octets. */
static size_t write_line(char *dst, const struct ctl_users_change *c,
                         enum digest_alg alg)
{
    return (size_t)snprintf(dst, LINE_MAX_OCTETS, "%.*s:%.*s:%.*s\n",
                            SPAN_ARG(c->user), SPAN_ARG(c->realm),
                            SPAN_ARG(digest_hex_span(&c->ha1[alg])));
}

/* Is `line`, without its end, one of this user? Then its HA1 is for *alg, and
 * lies at *at. */
static bool is_own(struct span line, const struct ctl_users_change *c,
                   enum digest_alg *alg, size_t *at)
{
    size_t n = c->user.n + 1 + c->realm.n + 1, digits = 0;

    if (line.n < n || !span_starts(line, c->user) || line.p[c->user.n] != ':' ||
        !span_starts(span_from(line, c->user.n + 1), c->realm) ||
        line.p[n - 1] != ':')
        return false;
    while (n + digits < line.n && char_hex(line.p[n + digits]) >= 0)
        digits++;
    if (n + digits < line.n && !strchr(" \t\r", line.p[n + digits]))
        return false;
    *at = n;
    *alg = digits == digest_hex_len(DIGEST_MD5) ? DIGEST_MD5 : DIGEST_SHA256;
    return digits == digest_hex_len(*alg);
}

static void ignore_fault(void *ctx, size_t line, const char *what)
{
    (void)ctx;
    (void)line;
    (void)what;
}

bool ctl_users_can_hold(struct span user, struct span realm)
{
    struct ctl_users_change c = {.user = user, .realm = realm};
    char line[LINE_MAX_OCTETS];
    struct users *users;
    bool found;

    if (user.n > USERS_NAME_MAX || realm.n > USERS_NAME_MAX)
        return false;
    memset(c.ha1[DIGEST_MD5].text, '0', DIGEST_HEX_MAX);
    c.ha1[DIGEST_MD5].n = (uint8_t)digest_hex_len(DIGEST_MD5);
    if (users_parse(&users, span_of(line, write_line(line, &c, DIGEST_MD5)),
                    ignore_fault, NULL))
        return false;
    found = users_find(users, user, realm, DIGEST_MD5).n > 0;
    users_free(users);
    return found;
}

/* --- the text --- */

/* The new text on its way; its room was counted before. */
struct edit {
    const struct ctl_users_change *change;
    bool was[DIGEST_ALGS]; /* the user had a line for it */
    char *text;
    size_t n;
};

static void put(struct edit *e, struct span s)
{
    if (s.n)
        memcpy(e->text + e->n, s.p, s.n);
    e->n += s.n;
}

/* The lines for algorithms for which there was none. */
static void put_new(struct edit *e)
{
    for (int alg = 0; alg < DIGEST_ALGS; alg++)
        if (e->change->has[alg] && !e->was[alg])
            e->n += write_line(e->text + e->n, e->change, (enum digest_alg)alg);
}

/* A line of the user gets the new HA1 and keeps what follows it. */
static void put_own(struct edit *e, struct span line, enum digest_alg alg,
                    size_t at)
{
    const struct digest_hex *ha1 = &e->change->ha1[alg];

    if (!e->change->has[alg])
        return;
    put(e, span_of(line.p, at));
    put(e, digest_hex_span(ha1));
    put(e, span_from(line, at + ha1->n));
    put(e, SPAN("\n"));
}

static void put_lines(struct edit *e, struct span rest)
{
    bool is_first = true;
    enum digest_alg alg;
    size_t at;

    while (rest.n) {
        struct span line = span_cut(&rest, '\n');

        if (!is_own(line, e->change, &alg, &at)) {
            put(e, line);
            put(e, SPAN("\n"));
            continue;
        }
        put_own(e, line, alg, at);
        if (is_first)
            put_new(e);
        is_first = false;
    }
    if (is_first)
        put_new(e);
}

int ctl_users_edit(char **out, size_t *n, size_t *before, struct span text,
                   const struct ctl_users_change *c)
{
    struct edit e = {.change = c};
    struct span rest = text;
    enum digest_alg alg;
    size_t at, count = 0;

    while (rest.n) {
        if (!is_own(span_cut(&rest, '\n'), c, &alg, &at))
            continue;
        e.was[alg] = true;
        count++;
    }
    /* A line feed may be missing at the end. */
    e.text = malloc(text.n + 1 + DIGEST_ALGS * LINE_MAX_OCTETS);
    if (!e.text)
        return ERR_NOMEM;
    put_lines(&e, text);
    *out = e.text;
    *n = e.n;
    *before = count;
    return 0;
}

/* --- the file --- */

static int io_error(int fd)
{
    int errnum = errno;

    if (fd >= 0)
        close(fd);
    errno = errnum;
    return ERR_IO;
}

/* A new, empty one, which the directory's group may read. */
static int create(const char *path)
{
    char copy[PATH_MAX];
    struct stat dir;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? 0 : ERR_IO;
    span_copy(copy, sizeof copy, span_str(path));
    if (stat(dirname(copy), &dir) == 0 &&
        fchown(fd, (uid_t)-1, dir.st_gid) == 0)
        (void)fchmod(fd, 0640);
    close(fd);
    return 0;
}

/* Opens the file and locks it for as long as *out is open. Who was waited for
 * has put another file in its place. */
static int open_locked(int *out, const char *path)
{
    struct stat opened, now;

    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &opened) ||
            stat(path, &now))
            return io_error(fd);
        if (opened.st_dev == now.st_dev && opened.st_ino == now.st_ino) {
            *out = fd;
            return 0;
        }
        close(fd);
    }
}

/* The entry in the directory is safe too, as far as the file system can say. */
static void sync_directory(const char *path)
{
    char copy[PATH_MAX];
    int fd;

    span_copy(copy, sizeof copy, span_str(path));
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Puts a file with this text in the place of that one, with its owner and
 * permissions. */
static int replace(const char *path, const struct stat *as, struct span text)
{
    char temporary[PATH_MAX];
    int fd;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >=
        (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return ERR_IO;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    if (fchown(fd, as->st_uid, as->st_gid) || fchmod(fd, as->st_mode & 07777) ||
        write_all(fd, text) || fsync(fd) || rename(temporary, path)) {
        int err = io_error(fd);

        (void)unlink(temporary);
        return err;
    }
    close(fd);
    sync_directory(path);
    return 0;
}

/* From the old text to the new file. */
static int change(const char *path, int fd, struct span text,
                  const struct ctl_users_change *c)
{
    sigset_t all, as_it_was;
    struct stat st;
    size_t n, before;
    char *edited;
    int err;

    if (fstat(fd, &st))
        return ERR_IO;
    err = ctl_users_edit(&edited, &n, &before, text, c);
    if (err)
        return err;
    if (!c->has[DIGEST_MD5] && !c->has[DIGEST_SHA256] && before == 0) {
        err = ERR_NOT_FOUND;
    } else { /* no signal leaves a temporary file */
        sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, &as_it_was);
        err = replace(path, &st, span_of(edited, n));
        (void)sigprocmask(SIG_SETMASK, &as_it_was, NULL);
    }
    explicit_bzero(edited, n);
    free(edited);
    return err;
}

int ctl_users_change(const char *path, const struct ctl_users_change *c,
                     users_fault_fn fault, void *ctx)
{
    bool adds = c->has[DIGEST_MD5] || c->has[DIGEST_SHA256];
    struct users *users = NULL;
    char target[PATH_MAX], *text = NULL;
    size_t n = 0;
    int fd = -1, err;

    err = adds ? create(path) : 0;
    /* A symbolic link goes on to lead to the file. */
    if (!err && !realpath(path, target))
        err = ERR_IO;
    if (!err)
        err = open_locked(&fd, target);
    if (!err)
        err = file_read(&text, &n, target, USERS_FILE_MAX);
    if (!err)
        err = users_parse(&users, span_of(text, n), fault, ctx);
    if (!err)
        err = change(target, fd, span_of(text, n), c);
    users_free(users);
    if (text)
        explicit_bzero(text, n);
    free(text);
    if (err == ERR_IO)
        return io_error(fd);
    if (fd >= 0)
        close(fd);
    return err;
}
