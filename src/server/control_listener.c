/* SPDX-License-Identifier: BSD-2-Clause */
/* control_listener - where the control socket is. */
#include <errno.h>

#include "control.h"
#include "err.h"
#include "server_private.h"

enum { PATH_TEXT_MAX = 512 };

/* As relay.user where that works: the file is then his from the beginning. */
static int open_as_user(struct setup *setup, struct server *s)
{
    const char *path = setup->config->control.socket;
    int err = privileges_lend(&s->user, s->log);

    if (err)
        return err;
    err = control_open(&setup->control_listener, s->control, path);
    privileges_return(&s->user);
    if (err && err != ERR_NOMEM && s->user.change)
        err = control_open(&setup->control_listener, s->control, path);
    return err;
}

int control_listener_prepare(struct setup *setup, struct server *s,
                             struct config_report *r)
{
    const char *path = setup->config->control.socket;
    int err;

    if (!*path)
        return 0;
    if (s->now.control_listener &&
        strcmp(path, s->now.config->control.socket) == 0) {
        setup->control_listener = s->now.control_listener;
        return 0;
    }
    err = open_as_user(setup, s);
    if (err)
        config_report(
            r, config_place(setup->config, "control.socket"),
            "cannot listen at %s: %s", path,
            err == ERR_EXISTS
                ? "another process listens there, or it is not a socket"
                : err_reason(err));
    return err;
}

void control_listener_abandon(struct setup *setup, struct server *s)
{
    if (setup->control_listener != s->now.control_listener)
        control_close(setup->control_listener);
    setup->control_listener = NULL;
}

void control_listener_commit(struct server *s, const struct setup *old)
{
    char path[PATH_TEXT_MAX];

    if (old->control_listener == s->now.control_listener)
        return;
    control_close(old->control_listener);
    if (!s->now.control_listener) {
        log_info(s->log, "stopped listening transport=control");
        return;
    }
    control_reserve(s->now.control_listener);
    log_info(
        s->log, "listening transport=control path=%s",
        log_value(path, sizeof path, span_str(s->now.config->control.socket)));
}

void control_listener_chown(struct server *s)
{
    const char *path = s->now.config->control.socket;
    char text[PATH_TEXT_MAX];
    int why;

    if (!s->now.control_listener || privileges_give_socket(&s->user, path) == 0)
        return;
    why = errno;
    log_warn(s->log, "cannot chown path=%s uid=%u error=\"%s\"",
             log_value(text, sizeof text, span_str(path)),
             (unsigned)s->user.uid, strerror(why));
}

void control_listener_close(struct server *s)
{
    control_close(s->now.control_listener);
    s->now.control_listener = NULL;
    control_free(s->control);
    s->control = NULL;
}
