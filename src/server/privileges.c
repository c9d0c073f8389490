/* SPDX-License-Identifier: BSD-2-Clause */
#include "privileges.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

static int privileges_fail(struct log *log, const char *what)
{
    log_error(log, "cannot drop privileges step=%s error=\"%s\"", what,
              strerror(errno));
    return ERR_IO;
}

static int fail_missing(struct log *log, const char *key)
{
    errno = ENOENT;
    return privileges_fail(log, key);
}

static int find_user(struct privileges *p, const char *user, struct log *log)
{
    const struct passwd *pw = getpwnam(user);

    if (!pw)
        return fail_missing(log, "relay.user");
    p->change = true;
    p->uid = pw->pw_uid;
    p->gid = pw->pw_gid;
    return 0;
}

static int find_group(struct privileges *p, const struct config *config,
                      struct log *log)
{
    const struct group *gr = getgrnam(config->relay.group);

    if (!gr && !config_is_default(config, "relay.group"))
        return fail_missing(log, "relay.group");
    if (gr)
        p->gid = gr->gr_gid;
    return 0;
}

/* A default group that does not exist was not made by the installation: it is
 * then the user's own. */
int privileges_find(struct privileges *p, const struct config *config,
                    struct log *log)
{
    const char *user = config->relay.user, *group = config->relay.group;
    int err = 0;

    *p = (struct privileges){0};
    if (geteuid() != 0 || (!*user && !*group))
        return 0;
    if (*user)
        err = find_user(p, user, log);
    else
        p->change = true;
    if (!err && p->change && *group)
        err = find_group(p, config, log);
    return err;
}

/* --- files --- */

int privileges_lend(const struct privileges *p, struct log *log)
{
    if (!p->change)
        return 0;
    if (setgroups(1, &p->gid) != 0)
        return privileges_fail(log, "setgroups");
    if (setegid(p->gid) != 0)
        return privileges_fail(log, "setegid");
    if (seteuid(p->uid) != 0) {
        int err = privileges_fail(log, "seteuid");

        privileges_return(p);
        return err;
    }
    return 0;
}

/* It cannot fail: root is still the real user. */
void privileges_return(const struct privileges *p)
{
    int was = errno, failed;

    if (!p->change)
        return;
    failed = seteuid(0) != 0 || setegid(getgid()) != 0;
    assert(!failed);
    (void)failed;
    errno = was;
}

/* Is this a directory in which the user can neither make nor swap anything? */
static bool is_out_of_reach(int dir, const struct privileges *p)
{
    struct stat st;

    return fstat(dir, &st) == 0 && st.st_uid == 0 &&
           (!(st.st_mode & S_IWOTH) || (st.st_mode & S_ISVTX)) &&
           (!(st.st_mode & S_IWGRP) || st.st_gid != p->gid);
}

/* From `dir`, which is closed, to its member `name`, unless that is a link. */
static int enter(int *dir, struct span name, const struct privileges *p)
{
    char text[NAME_MAX + 1];
    int fd = -1;

    if (name.n < sizeof text) {
        span_copy(text, sizeof text, name);
        fd = openat(*dir, text, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    (void)close(*dir);
    *dir = fd;
    if (fd < 0)
        return ERR_IO;
    if (is_out_of_reach(fd, p))
        return 0;
    (void)close(fd);
    *dir = -1;
    return ERR_DENIED;
}

/* The directory of an absolute path, by way of directories of root alone, and
 * the path's last name. */
static int open_directory(int *dir, const char **name, const char *path,
                          const struct privileges *p)
{
    const char *slash;
    int err = 0;

    *dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir < 0)
        return ERR_IO;
    for (path++; !err && (slash = strchr(path, '/')); path = slash + 1)
        if (slash > path)
            err = enter(dir, span_of(path, (size_t)(slash - path)), p);
    *name = path;
    return err;
}

/* A regular file with one link: nothing else that somebody may have put there
 * is given away. */
static int give(int fd, const struct privileges *p)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
                   fchown(fd, p->uid, p->gid) == 0
               ? 0
               : ERR_IO;
}

int privileges_create(int *out, const struct privileges *p, const char *path)
{
    const char *name;
    int dir, fd, err = open_directory(&dir, &name, path, p);

    if (err)
        return err;
    fd = openat(dir, name,
                O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW |
                    O_CLOEXEC | O_NOCTTY,
                0640);
    (void)close(dir);
    if (fd < 0)
        return ERR_IO;
    err = give(fd, p);
    if (err)
        (void)close(fd);
    else
        *out = fd;
    return err;
}

int privileges_give_socket(const struct privileges *p, const char *path)
{
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = ERR_IO;
    struct stat st;

    if (fd < 0)
        return ERR_IO;
    if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_nlink == 1 &&
        fchownat(fd, "", p->uid, p->gid, AT_EMPTY_PATH) == 0)
        err = 0;
    (void)close(fd);
    return err;
}

/* --- for good --- */

/* What the kernel refuses to take away is told: without new privileges, it is
 * of no use to anybody. */
static void empty_bounding_set(struct log *log)
{
    bool failed = false;

    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
         cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            failed = true;
    if (failed)
        log_warn(log, "cannot empty the capability bounding set error=\"%s\"",
                 strerror(errno));
}

int privileges_drop(const struct privileges *p, struct log *log)
{
    if (!p->change)
        return 0;
    if (p->uid != 0)
        empty_bounding_set(log);
    if (setgroups(1, &p->gid) != 0)
        return privileges_fail(log, "setgroups");
    if (setresgid(p->gid, p->gid, p->gid) != 0)
        return privileges_fail(log, "setresgid");
    if (setresuid(p->uid, p->uid, p->uid) != 0)
        return privileges_fail(log, "setresuid");
    if (p->uid != 0 && (setuid(0) == 0 || setgid(0) == 0)) {
        errno = EPERM;
        return privileges_fail(log, "verify");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return privileges_fail(log, "no_new_privs");
    return 0;
}
