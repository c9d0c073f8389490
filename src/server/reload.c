/* SPDX-License-Identifier: BSD-2-Clause */
/* reload - from one setup to the next, all or nothing (decisions 2.4). */
#include <errno.h>
#include <stdio.h>

#include "clock.h"
#include "config_load.h"
#include "err.h"
#include "net_make.h"
#include "server_private.h"

/* Where faults go besides the log. */
struct audience {
    struct server *server;
    config_fault_fn fault; /* may be NULL */
    void *ctx;
};

static void reload_on_fault(void *ctx, struct config_place at, const char *what)
{
    const struct audience *a = ctx;

    logs_judgement(a->server, LOG_LEVEL_ERROR,
                   &(struct judgement){"reload", "fault", at, what});
    if (a->fault)
        a->fault(a->ctx, at, what);
}

static void reload_on_warning(void *ctx, struct config_place at,
                              const char *what)
{
    const struct audience *a = ctx;

    logs_judgement(a->server, LOG_LEVEL_WARN,
                   &(struct judgement){"reload", "warning", at, what});
}

static void reload_on_fixed(void *ctx, const char *key)
{
    const struct audience *a = ctx;

    log_warn(a->server->log, "reload %s changes only on restart", key);
}

/* The parts other than the setup that may fail; on error nothing has
 * changed. */
static int reconfigure(struct server *s, const struct config *to)
{
    struct net_settings settings = net_settings_of(to);
    int err = dialler_prepare(&s->dialler, to);

    if (!err)
        err = net_configure(s->net, &settings);
    if (err)
        dialler_abandon(&s->dialler);
    else
        dialler_commit(&s->dialler, to);
    return err;
}

static int go_over(struct server *s, const struct config_loaded *to,
                   struct config_report *report)
{
    struct setup next, old = s->now;
    int err = setup_make(&next, s, to, report);

    if (err)
        return err;
    err = reconfigure(s, next.config);
    if (err) {
        setup_abandon(&next, s);
        return err;
    }
    (void)config_keep_fixed(next.config, old.config, reload_on_fixed,
                            report->ctx);
    s->now = next;
    setup_use(s, &old);
    return 0;
}

static int reload(struct server *s, struct audience *audience)
{
    struct config_report report = {
        .fault = reload_on_fault, .warn = reload_on_warning, .ctx = audience};
    const struct config_loaded in_use = {.users = s->now.users,
                                         .users_stamp = s->now.users_stamp};
    struct config_loaded to;
    int err = config_load_checked(&to, s->now.config->path, &in_use,
                                  reload_on_fault, reload_on_warning, audience);

    if (!err)
        err = go_over(s, &to, &report);
    return err;
}

static void tell_manager(const struct server *s, const char *outcome)
{
    char status[64];

    (void)snprintf(status, sizeof status, "%s; %s",
                   s->state == SERVER_DRAINING ? "draining" : "running",
                   outcome);
    notify_ready(&s->notify, status);
}

static void reload_note(struct server *s, int err)
{
    s->stats.last_reload_failed = err != 0;
    if (err) {
        s->stats.reloads_failed++;
        log_error(s->log, "reload failed, nothing changed error=\"%s\"",
                  err_text(err));
        tell_manager(s, "the last reload failed");
        return;
    }
    s->stats.reloads_ok++;
    s->stats.last_reload_ok_s = (double)clock_unix_ms() / 1000;
    log_info(s->log, "reloaded");
    tell_manager(s, "reloaded");
}

int server_reload(struct server *s, config_fault_fn fault, void *ctx)
{
    struct audience audience = {s, fault, ctx};
    int err;

    if (s->state >= SERVER_ENDING)
        return ERR_NOT_NOW;
    notify_reloading(&s->notify);
    err = reload(s, &audience);
    reload_note(s, err);
    return err;
}
