/* door - where the control socket is. */
#include <errno.h>
#include <unistd.h>

#include "control.h"
#include "err.h"
#include "server_private.h"

int door_prepare(struct setup *setup, struct server *s, struct config_report *r)
{
    const char *path = setup->config->control.socket;
    int err;

    if (!*path)
        return 0;
    if (s->now.door && strcmp(path, s->now.config->control.socket) == 0) {
        setup->door = s->now.door;
        return 0;
    }
    err = control_open(&setup->door, s->control, path);
    if (err)
        config_report(r, config_place(setup->config, "control.socket"),
                      "cannot listen at %s: %s", path,
                      err == ERR_EXISTS
                          ? "another process listens there, or it is no socket"
                          : err_reason(err));
    return err;
}

void door_abandon(struct setup *setup, struct server *s)
{
    if (setup->door != s->now.door)
        control_close(setup->door);
    setup->door = NULL;
}

void door_commit(struct server *s, const struct setup *old)
{
    if (old->door == s->now.door)
        return;
    control_close(old->door);
    if (!s->now.door) {
        log_info(s->log, "listening no more transport=control");
        return;
    }
    control_reserve(s->now.door);
    log_info(s->log, "listening transport=control path=%s",
             s->now.config->control.socket);
}

void door_give(struct server *s, uid_t uid, gid_t gid)
{
    const char *path = s->now.config->control.socket;

    if (s->now.door && lchown(path, uid, gid) != 0)
        log_warn(s->log, "cannot give path=%s to uid=%u error=\"%s\"", path,
                 (unsigned)uid, strerror(errno));
}

void door_close(struct server *s)
{
    control_close(s->now.door);
    s->now.door = NULL;
    control_free(s->control);
    s->control = NULL;
}
