#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "err.h"

static int fail(struct log *log, const char *what)
{
    log_error(log, "cannot drop privileges step=%s error=\"%s\"", what,
              strerror(errno));
    return ERR_IO;
}

static int become(gid_t gid, uid_t uid, struct log *log)
{
    if (setgroups(1, &gid) != 0)
        return fail(log, "setgroups");
    if (setresgid(gid, gid, gid) != 0)
        return fail(log, "setresgid");
    if (setresuid(uid, uid, uid) != 0)
        return fail(log, "setresuid");
    if (uid != 0 && (setuid(0) == 0 || setgid(0) == 0)) {
        errno = EPERM;
        return fail(log, "verify");
    }
    return 0;
}

static int fail_missing(struct log *log, const char *key)
{
    errno = ENOENT;
    return fail(log, key);
}

/* A default name that does not exist was never made by whoever installed this:
 * the user then stays, and the group is the user's own. */
int privileges_drop(const struct config *config, struct log *log)
{
    const char *user = config->relay.user, *group = config->relay.group;
    const struct passwd *pw;
    const struct group *gr;
    uid_t uid = 0;
    gid_t gid = 0;

    if (geteuid() != 0 || (!*user && !*group))
        return 0;
    if (*user) {
        pw = getpwnam(user);
        if (!pw && config_is_set(config, "relay.user"))
            return fail_missing(log, "relay.user");
        if (!pw) {
            log_warn(log, "running as root: no such user relay.user=%s", user);
            return 0;
        }
        uid = pw->pw_uid;
        gid = pw->pw_gid;
    }
    if (*group) {
        gr = getgrnam(group);
        if (!gr && config_is_set(config, "relay.group"))
            return fail_missing(log, "relay.group");
        if (gr)
            gid = gr->gr_gid;
    }
    return become(gid, uid, log);
}
