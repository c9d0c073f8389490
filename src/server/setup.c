/* SPDX-License-Identifier: BSD-2-Clause */
/* setup - what a configuration becomes before any of it is used. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "config_listen.h"
#include "err.h"
#include "listener.h"
#include "net_make.h"
#include "policy_make.h"
#include "server_private.h"
#include "uri_port.h"

/* Lone peers are judged by tls.ca_file, whatever holds for relays. */
static int load_tls_peer(struct setup *setup, struct tls_settings settings,
                         enum tls_fault *fault, char *why)
{
    if (!*setup->config->relays.ca_file) {
        setup->tls_peer = tls_ctx_ref(setup->tls_client);
        return 0;
    }
    settings.ca_file = setup->config->tls.ca_file;
    settings.trust = NULL;
    return tls_client_new(&setup->tls_peer, &settings, fault, why);
}

/* What is known by its fingerprint need not be trusted by anybody. */
static int load_tls_any(struct setup *setup, struct tls_settings settings,
                        enum tls_fault *fault, char *why)
{
    settings.insecure = true;
    return tls_client_new(&setup->tls_any, &settings, fault, why);
}

static int load_contexts(struct setup *setup, const struct tls_pair *more,
                         char *why)
{
    const struct config *config = setup->config;
    struct tls_settings settings = tls_settings_of(config);
    enum tls_fault fault;
    int err;

    settings.more = more;
    settings.n_more = config->tls.certificates.n;
    settings.trust = setup->tls;
    err = tls_client_new(&setup->tls_client, &settings, &fault, why);
    if (!err)
        err = load_tls_peer(setup, settings, &fault, why);
    if (!err)
        err = load_tls_any(setup, settings, &fault, why);
    settings.no_peer = true;
    if (!err && config_listen_first(config, NET_WSS))
        err = tls_server_new(&setup->tls_ws, &settings, &fault, why);
    return err;
}

static void use_tickets(const struct setup *setup, struct tls_tickets *tickets)
{
    if (!setup->config->tls.tickets)
        return;
    tls_tickets_use(tickets, setup->tls, true);
    if (setup->tls_ws)
        tls_tickets_use(tickets, setup->tls_ws, false);
}

/* The context for listeners came with the configuration. */
static int load_tls(struct setup *setup, struct tls_tickets *tickets,
                    struct config_report *r)
{
    const struct config *config = setup->config;
    struct tls_pair *more;
    char why[TLS_WHY_MAX] = "";
    int err;

    if (!config_listen_first(config, NET_TLS) &&
        !config_listen_first(config, NET_WSS)) {
        tls_ctx_unref(setup->tls);
        setup->tls = NULL;
        return 0;
    }
    more = tls_pairs_of(config);
    err = more ? load_contexts(setup, more, why) : ERR_NOMEM;
    free(more);
    if (err)
        config_report(r, config_place(config, "tls.certificate"),
                      "cannot set up tls: %s", *why ? why : err_text(err));
    else
        use_tickets(setup, tickets);
    return err;
}

/* What stays in use is not freed with the setup that had it. */
static void keep_users(struct setup *freed, const struct setup *kept)
{
    if (freed->users == kept->users)
        freed->users = NULL;
}

static int make_policy(struct setup *setup)
{
    uint16_t ports[POLICY_PORTS_MAX];
    size_t n = 0;
    int err;

    for (size_t i = 0; i < setup->config->listen.n && n < POLICY_PORTS_MAX; i++)
        ports[n++] = addr_port(listener_addr(setup->listeners[i]->listener));
    err = policy_make(&setup->policy, setup->config, ports, n);
    if (!err)
        setup->policy->secrets = setup->secrets;
    return err;
}

/* A descriptor for each connection, and some for the rest. */
static rlim_t descriptors_of(const struct config *config)
{
    enum { OTHERS = 128 };

    return config->limits.connections + OTHERS;
}

/* Root may have more than the hard limit, unless it was deprived of that. */
static void raise_descriptors(const struct config *config)
{
    rlim_t want = descriptors_of(config);
    struct rlimit lim, more = {want, want};

    if (getrlimit(RLIMIT_NOFILE, &lim) != 0 || lim.rlim_cur >= want ||
        (lim.rlim_max < want && setrlimit(RLIMIT_NOFILE, &more) == 0))
        return;
    lim.rlim_cur = lim.rlim_max < want ? lim.rlim_max : want;
    (void)setrlimit(RLIMIT_NOFILE, &lim);
}

static void judge_descriptors(const struct server *s)
{
    const struct config *config = s->now.config;
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) == 0 &&
        lim.rlim_cur < descriptors_of(config))
        log_warn(s->log, "descriptors=%llu too low for limits.connections=%llu",
                 (unsigned long long)lim.rlim_cur,
                 (unsigned long long)config->limits.connections);
}

int setup_make(struct setup *out, struct server *s,
               const struct config_loaded *from, struct config_report *r)
{
    struct setup setup = {
        .config = from->config,
        .tls = from->tls,
        .users = from->users,
        .users_stamp = from->users_stamp,
        .warnings = from->warnings,
        .secrets = from->secrets,
        .lookup = from->lookup,
    };
    int err;

    raise_descriptors(setup.config);
    http_endpoints_keep(&setup, s);
    err = load_tls(&setup, s->tickets, r);
    if (!err)
        err = listeners_keep(&setup, s);
    if (!err)
        err = listeners_open(&setup, s, r);
    if (!err)
        err = http_endpoints_open(&setup, s, r);
    if (!err)
        err = control_listener_prepare(&setup, s, r);
    if (!err)
        err = anchoring_open(&setup, s, r);
    if (!err)
        err = logs_prepare(&setup, s, r);
    if (!err)
        err = make_policy(&setup);
    if (!err)
        err = anchoring_make(&setup);
    if (err)
        setup_abandon(&setup, s);
    else
        *out = setup;
    return err;
}

void setup_abandon(struct setup *setup, struct server *s)
{
    anchoring_abandon(setup, s);
    control_listener_abandon(setup, s);
    http_endpoints_abandon(setup, s);
    listeners_abandon(setup);
    keep_users(setup, &s->now);
    setup_free(setup);
}

void setup_free(struct setup *setup)
{
    logs_abandon(setup);
    anchor_abandon(setup->anchor);
    free(setup->listeners);
    policy_free(setup->policy);
    users_free(setup->users);
    free(setup->warnings);
    secrets_free(setup->secrets);
    words_fini(&setup->lookup);
    tls_ctx_unref(setup->tls);
    tls_ctx_unref(setup->tls_ws);
    tls_ctx_unref(setup->tls_client);
    tls_ctx_unref(setup->tls_peer);
    tls_ctx_unref(setup->tls_any);
    config_free(setup->config);
    *setup = (struct setup){0};
}

static void use_hops(struct server *s, const struct setup *old)
{
    const struct config *config = s->now.config;
    const struct policy *policy = s->now.policy;
    struct hops *hops = &s->hops;

    timer_fifo_set_length(hops->probation, config->timers.probation_ms);
    timer_fifo_set_length(hops->idle, config->timers.idle_ms);
    timer_fifo_set_length(hops->answer, config->timers.transaction_ms);
    hops->idle_ms = config->timers.idle_ms;
    hops->dead_after_ms = config->tcp.dead_after_ms;
    hops->max = config->limits.connections;
    user_rates_set(&hops->user_rates, config->limits.rate_per_user);
    hops->head_size = (uint32_t)config->limits.head_size;
    hops->path_uris = (uint32_t)config->limits.path_uris;
    hops->tls_client = s->now.tls_client;
    hops->tls_peer = s->now.tls_peer;
    hops->tls_any = s->now.tls_any;
    shown_tls_use(&hops->shown, anchoring_shown(s->now.tls_any), old->tls_any);
    hops->relay_addresses = &config->relays.addresses;
    hops->uri_port = uri_port_dialled(config, policy->ports, config->listen.n);
}

void setup_use(struct server *s, struct setup *old)
{
    const struct config *config = s->now.config;

    logs_commit(s);
    judge_descriptors(s);
    listeners_commit(s);
    http_endpoints_commit(s, old);
    control_listener_commit(s, old);
    relay_configure(s->relay, s->now.policy, s->now.users);
    lookups_use(s);
    relay_on_dial(s->relay, hop_dial, &s->hops, config->dial.allow_tcp);
    relay_on_anchored_dial(s->relay, hop_dial_for_pair, &s->hops);
    s->dialler.policy = s->now.policy;
    anchoring_commit(s);
    use_hops(s, old);
    memory_configure(s);
    keep_users(old, &s->now);
    setup_free(old);
}
