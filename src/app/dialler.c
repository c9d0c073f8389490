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

static int open_resolve(struct dialler *d, struct loop *loop)
{
    const struct config *config = d->config;
    struct resolve_settings settings = {
        .dns = {.servers = config->dial.servers.items,
                .n_servers = config->dial.servers.n,
                .try_ms = TRY_MS,
                .tries = TRIES},
        .deadline_ms = config->timers.connect_ms,
    };

    return resolve_new(&d->resolve, loop, &d->rnd, &settings);
}

static int open_dial(struct dialler *d, struct loop *loop)
{
    const struct config *config = d->config;
    struct dial_settings settings = {
        .connect_ms = config->timers.connect_ms,
        .total_ms = CALL_CONNECTS * config->timers.connect_ms,
        .sock = sock_opts_of(config),
    };

    return dial_new(&d->dial, loop, d->resolve, &d->rnd, &settings, may_dial,
                    d);
}

int dialler_open(struct dialler *d, struct loop *loop,
                 const struct config *config, bool with_tls, struct log *log)
{
    struct tls_settings settings = tls_settings_of(config);
    char why[TLS_WHY_MAX] = "";
    enum tls_fault fault;
    int err = 0;

    d->config = config;
    rnd_init(&d->rnd);
    if (with_tls)
        err = tls_client_new(&d->tls, &settings, &fault, why);
    if (!err)
        err = open_resolve(d, loop);
    if (!err)
        err = open_dial(d, loop);
    if (err)
        log_error(log, "cannot prepare to dial error=\"%s\" %s", err_text(err),
                  why);
    return err;
}

void dialler_close(struct dialler *d)
{
    dial_free(d->dial);
    resolve_free(d->resolve);
    tls_ctx_unref(d->tls);
}
