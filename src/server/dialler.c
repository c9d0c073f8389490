/* SPDX-License-Identifier: BSD-2-Clause */
#include "dialler.h"

#include "err.h"
#include "host_names.h"
#include "net_make.h"

enum {
    TRY_MS = 2000, /* patience with a name server, at first */
    TRIES = 2,
    /* A call as a whole may take this many times timers.connect. */
    CALL_CONNECTS = 3,
};

/* Must the other end prove that it is a host that relays.names admits? Then it
 * is nobody's inside that answers (S-36). */
static bool is_proven(const struct dialler *d, struct span host, bool secure)
{
    const struct host_names *names = d->policy->relay_names;

    return secure && d->config->dial.verify &&
           (!names || host_names_have(names, host));
}

/* Private networks are in the default of dial.deny because of what is not
 * proven. */
static bool is_private(const struct addr *a)
{
    static const struct cidr networks[] = {
        {{10}, 4, 8},       {{172, 16}, 4, 12}, {{192, 168}, 4, 16},
        {{100, 64}, 4, 10}, {{198, 18}, 4, 15}, {{0xfc}, 16, 7},
    };

    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (cidr_has(&networks[i], a))
            return true;
    return false;
}

/* dial.allow wins over all else. */
bool dialler_permits(struct dialler *d, const struct addr *to, struct span host,
                     bool secure)
{
    const struct config *config = d->config;
    struct addr inner;

    cidr_unwrap(&inner, to);
    if (cidr_list_has(&config->dial.allow, &inner))
        return true;
    if (is_proven(d, host, secure)) {
        if (config_is_default(config, "dial.deny") && is_private(&inner))
            return true;
    } else if (own_addresses_have(&d->own, &inner, loop_now_ms(d->loop))) {
        return false;
    }
    return cidr_permits(&config->dial.allow, &config->dial.deny, to);
}

static bool may_dial(void *ctx, const struct addr *to, struct span host,
                     bool secure)
{
    return dialler_permits(ctx, to, host, secure);
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
    d->loop = loop;
    (void)own_addresses_read(&d->own, loop_now_ms(loop));
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
    (void)own_addresses_read(&d->own, loop_now_ms(d->loop));
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
    own_addresses_fini(&d->own);
}
