/* SPDX-License-Identifier: BSD-2-Clause */
#include "file_check.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- everybody --- */

static bool has_mode(const char *path, mode_t type, mode_t mode)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type &&
           (st.st_mode & mode) == mode;
}

/* A directory on the way that is closed to others protects the file. */
static bool is_open_to_all(const char *path)
{
    char real[PATH_MAX];

    if (!has_mode(path, S_IFREG, S_IROTH) || !realpath(path, real))
        return false;
    for (char *slash = strrchr(real, '/'); slash && slash > real;
         slash = strrchr(real, '/')) {
        *slash = '\0';
        if (!has_mode(real, S_IFDIR, S_IXOTH))
            return false;
    }
    return true;
}

/* --- relay.user --- */

enum { GROUPS_MAX = 256 };

/* Root, to be again. */
struct was_root {
    gid_t gid;
    gid_t groups[GROUPS_MAX];
    int n_groups;
};

static void become_root(const struct was_root *was)
{
    /* Root is still the real user, so none of this can fail. */
    bool failed = seteuid(0) != 0 || setegid(was->gid) != 0 ||
                  setgroups((size_t)was->n_groups, was->groups) != 0;

    assert(!failed);
    (void)failed;
}

/* The user's groups are those that a service manager gives him. */
static bool become_user(struct was_root *was, const struct config *c)
{
    const struct passwd *pw = getpwnam(c->relay.user);
    const struct group *gr = getgrnam(c->relay.group);
    gid_t gid, groups[GROUPS_MAX];
    int n = GROUPS_MAX;

    was->gid = getegid();
    was->n_groups = getgroups(GROUPS_MAX, was->groups);
    if (!pw || was->n_groups < 0)
        return false;
    gid = gr ? gr->gr_gid : pw->pw_gid;
    if (getgrouplist(c->relay.user, gid, groups, &n) < 0)
        return false;
    if (setgroups((size_t)n, groups) != 0)
        return false;
    if (setegid(gid) == 0 && seteuid(pw->pw_uid) == 0)
        return true;
    become_root(was);
    return false;
}

/* Becomes relay.user if root runs this: else there is nobody to be. */
static bool lend_user(struct was_root *was, const struct config *c)
{
    return geteuid() == 0 && getuid() == 0 && *c->relay.user &&
           become_user(was, c);
}

/* Why it cannot be opened: an errno, or 0. */
static int why_not_readable(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static void check_user(struct config_report *r, const struct config *c,
                       const struct file_check *files, size_t n)
{
    struct was_root was;

    if (!lend_user(&was, c))
        return;
    for (size_t i = 0; i < n; i++) {
        int why = *files[i].path ? why_not_readable(files[i].path) : 0;

        /* One that is not there is a fault already. */
        if (why && why != ENOENT)
            config_warn(r, files[i].at, "%s: relay.user %s cannot read %s: %s",
                        files[i].key, c->relay.user, files[i].path,
                        strerror(why));
    }
    become_root(&was);
}

void file_check(struct config_report *r, const struct config *c,
                const struct file_check *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (files[i].is_secret && *files[i].path &&
            is_open_to_all(files[i].path))
            config_warn(r, files[i].at,
                        "%s: everybody on this host can read %s: chmod o-r",
                        files[i].key, files[i].path);
    check_user(r, c, files, n);
}

/* --- programs --- */

/* Why it cannot be run: an errno, or 0. */
static int why_not_runnable(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

void file_check_program(struct config_report *r, const struct config *c,
                        const char *path, struct config_place at)
{
    struct was_root was;
    bool is_lent = lend_user(&was, c);
    int why = why_not_runnable(path);

    if (is_lent)
        become_root(&was);
    if (why && is_lent)
        config_report(r, at,
                      "auth.lookup.command: relay.user %s cannot run %s: %s",
                      c->relay.user, path, strerror(why));
    else if (why)
        config_report(r, at, "auth.lookup.command: cannot run %s: %s", path,
                      strerror(why));
}

/* --- logs --- */

/* Why a line could not be appended to the file, as far as that shows without
 * doing it: an errno, or 0. */
static int why_not_appendable(const char *path)
{
    char dir[PATH_MAX];
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return EISDIR;
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
        return 0;
    if (errno != ENOENT)
        return errno;
    span_copy(dir, sizeof dir,
              span_of(path, (size_t)(strrchr(path, '/') + 1 - path)));
    return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* One that is not there yet is made for the user, if need be by root. */
static int why_not_appendable_by_user(const struct config *c, const char *path)
{
    struct was_root was;
    struct stat st;
    int why;

    if (lstat(path, &st) != 0 || !lend_user(&was, c))
        return 0;
    why = why_not_appendable(path);
    become_root(&was);
    return why;
}

void file_check_log(struct config_report *r, const struct config *c,
                    const char *key, const char *path)
{
    struct config_place at = config_place(c, key);
    int why = why_not_appendable(path), why_user;

    if (why) {
        config_report(r, at, "%s: cannot write %s: %s", key, path,
                      strerror(why));
        return;
    }
    why_user = why_not_appendable_by_user(c, path);
    if (why_user)
        config_report(r, at, "%s: relay.user %s cannot write %s: %s", key,
                      c->relay.user, path, strerror(why_user));
}
