/* SPDX-License-Identifier: BSD-2-Clause */
/* logs - where the log and the accounts go, by the configuration. */
#include <errno.h>

#include "err.h"
#include "log_target.h"
#include "server_private.h"

static int open_target(struct log_target **out, const char *target,
                       const char *key, const struct setup *setup,
                       struct config_report *r)
{
    int err = log_target_open(out, target);

    if (err)
        config_report(r, config_place(setup->config, key),
                      "%s: cannot open %s: %s", key, target, err_reason(err));
    return err;
}

/* A target that stays the same is kept open: after the privileges were dropped
 * it could perhaps not be opened again. */
static bool is_other(const char *now, const char *then)
{
    return !then || strcmp(now, then) != 0;
}

int logs_prepare(struct setup *setup, struct server *s, struct config_report *r)
{
    const struct config *to = setup->config, *from = s->now.config;
    int err = 0;

    if (!s->debug && is_other(to->log.target, from ? from->log.target : NULL))
        err = open_target(&setup->log, to->log.target, "log.target", setup, r);
    setup->has_accounting =
        is_other(to->log.accounting, from ? from->log.accounting : NULL);
    if (!err && setup->has_accounting)
        err = open_target(&setup->accounting, to->log.accounting,
                          "log.accounting", setup, r);
    return err;
}

void logs_abandon(struct setup *setup)
{
    log_target_close(setup->log);
    log_target_close(setup->accounting);
    setup->log = setup->accounting = NULL;
}

void logs_commit(struct server *s)
{
    struct setup *setup = &s->now;

    if (setup->log)
        log_use(s->log, setup->log);
    if (setup->has_accounting)
        log_use(s->accounting, setup->accounting);
    setup->log = setup->accounting = NULL;
    setup->has_accounting = false;
    log_set_rate(s->log, (uint32_t)setup->config->log.rate);
    if (!s->debug)
        log_set_level(s->log, setup->config->log.level);
}

void logs_chown(struct server *s, uid_t uid, gid_t gid)
{
    struct log_target *targets[] = {s->now.log, s->now.accounting};

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (targets[i] && log_target_chown(targets[i], uid, gid) != 0)
            log_warn(s->log, "cannot chown a log to relay.user error=\"%s\"",
                     strerror(errno));
}

void logs_reopen(struct server *s)
{
    const struct config *config = s->now.config;

    if (log_reopen(s->log) != 0)
        log_error(s->log, "cannot reopen log target=\"%s\" error=\"%s\"",
                  config->log.target, strerror(errno));
    if (log_reopen(s->accounting) != 0)
        log_error(s->log, "cannot reopen accounting target=\"%s\" error=\"%s\"",
                  config->log.accounting, strerror(errno));
}
