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

/* Said nowhere and not there: whoever packaged this made no user. */
static bool is_absent_default(const struct config *config, const char *key,
                              bool found)
{
    return !found && !config_is_set(config, key);
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

int privileges_drop(const struct config *config, struct log *log)
{
    const char *user = config->relay.user, *group = config->relay.group;
    const struct passwd *pw;
    const struct group *gr;
    uid_t uid = 0;
    gid_t gid = 0;

    if (geteuid() != 0 || (!*user && !*group))
        return 0;
    pw = *user ? getpwnam(user) : NULL;
    if (*user && is_absent_default(config, "relay.user", pw != NULL)) {
        log_warn(log, "running as root: no such user relay.user=%s", user);
        return 0;
    }
    if (pw) {
        uid = pw->pw_uid;
        gid = pw->pw_gid;
    }
    gr = *group ? getgrnam(group) : NULL;
    if (gr)
        gid = gr->gr_gid;
    if ((*user && !pw) ||
        (*group && !gr &&
         !is_absent_default(config, "relay.group", gr != NULL))) {
        errno = ENOENT;
        return fail(log, pw ? "relay.group" : "relay.user");
    }
    return become(gid, uid, log);
}
