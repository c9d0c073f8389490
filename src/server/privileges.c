/* SPDX-License-Identifier: BSD-2-Clause */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
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

    if (!gr && config_is_set(config, "relay.group"))
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

int privileges_drop(const struct privileges *p, struct log *log)
{
    if (!p->change)
        return 0;
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
    return 0;
}
