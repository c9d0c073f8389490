/* SPDX-License-Identifier: BSD-2-Clause */
/* logs - where the log and the accounts go, by the configuration. */
#include <errno.h>

#include "err.h"
#include "log_target.h"
#include "server_private.h"

enum { PLACE_MAX = 256, SENTENCE_MAX = 640 };

/* As relay.user, so that nothing is opened or given to him that is not his; he
 * may lack the right to make a file in a directory of root's, though. */
static int open_as_user(struct log_target **out, const char *target,
                        struct server *s)
{
    int err = privileges_lend(&s->user, s->log), was, fd;

    if (err)
        return err;
    err = log_target_open(out, target);
    privileges_return(&s->user);
    if (err != ERR_IO || !s->user.change || *target != '/')
        return err;
    was = errno;
    if (!privileges_create(&fd, &s->user, target))
        return log_target_adopt(out, target, fd);
    errno = was;
    return err;
}

static int open_target(struct log_target **out, const char *target,
                       const char *key, const struct setup *setup,
                       struct server *s, struct config_report *r)
{
    int err = open_as_user(out, target, s);

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
        err =
            open_target(&setup->log, to->log.target, "log.target", setup, s, r);
    setup->has_accounting =
        is_other(to->log.accounting, from ? from->log.accounting : NULL);
    if (!err && setup->has_accounting)
        err = open_target(&setup->accounting, to->log.accounting,
                          "log.accounting", setup, s, r);
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
    if (s->debug)
        return;
    log_set_level(s->log, setup->config->log.level);
    log_set_format(s->log, setup->config->log.format);
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

void logs_judgement(struct server *s, enum log_level level,
                    const struct judgement *j)
{
    char file[PLACE_MAX], what[SENTENCE_MAX];

    log_line(s->log, level, "%s file=%s line=%u %s=%s", j->event,
             log_value(file, sizeof file, span_str(j->at.file)), j->at.line,
             j->name, log_escape(what, sizeof what, span_str(j->what)));
}
