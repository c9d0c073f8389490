/* SPDX-License-Identifier: BSD-2-Clause */
#include "dialler.h"

#include "err.h"
#include "net_make.h"

enum {
    TRY_MS = 2000, /* patience with a name server, at first */
    TRIES = 2,
    /* A call as a whole may take this many times timers.connect. */
    CALL_CONNECTS = 3,
};

/* dial.allow wins over dial.deny. */
static bool may_dial(void *ctx, const struct addr *to)
{
    const struct dialler *d = ctx;

    return cidr_permits(&d->config->dial.allow, &d->config->dial.deny, to);
}

static struct resolve_settings resolve_of(const struct config *config)
{
    return (struct resolve_settings){
        .dns = {.servers = config->dial.servers.items,
                .n_servers = config->dial.servers.n,
                .try_ms = TRY_MS,
                .tries = TRIES},
        .deadline_ms = config->timers.connect_ms,
    };
}

static struct dial_settings dial_of(const struct config *config)
{
    return (struct dial_settings){
        .connect_ms = config->timers.connect_ms,
        .total_ms = CALL_CONNECTS * config->timers.connect_ms,
        .sock = sock_opts_of(config),
    };
}

int dialler_open(struct dialler *d, struct loop *loop,
                 const struct config *config)
{
    struct resolve_settings names = resolve_of(config);
    struct dial_settings settings = dial_of(config);
    int err;

    d->config = config;
    rnd_init(&d->rnd);
    err = resolve_new(&d->resolve, loop, &d->rnd, &names);
    if (!err)
        err = dial_new(&d->dial, loop, d->resolve, &d->rnd, &settings, may_dial,
                       d);
    return err;
}

int dialler_prepare(struct dialler *d, const struct config *config)
{
    struct resolve_settings names = resolve_of(config);

    return resolve_prepare(d->resolve, &names);
}

void dialler_commit(struct dialler *d, const struct config *config)
{
    struct dial_settings settings = dial_of(config);

    d->config = config;
    resolve_commit(d->resolve);
    dial_configure(d->dial, &settings);
}

void dialler_abandon(struct dialler *d)
{
    resolve_abandon(d->resolve);
}

void dialler_close(struct dialler *d)
{
    dial_free(d->dial);
    resolve_free(d->resolve);
}
