/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_make.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "host_names.h"
#include "uri_port.h"

/* The policy and all the texts that it points to but that no key of the
 * configuration holds as it needs them. */
struct made_policy {
    struct policy policy;
    struct span *aliases, *realms;
    struct host_names *relay_names;
    struct policy_authority *authorities; /* in one block with their hosts */
    char self[320];
};

/* In the order of the file, but MD5 last: of several challenges some clients
 * take the last one (I-7). */
static void take_algorithms(struct policy *p, const struct config *config)
{
    bool md5 = false;

    for (size_t i = 0; i < config->auth.algorithms.n; i++) {
        enum digest_alg alg = config->auth.algorithms.items[i];

        if (alg == DIGEST_MD5)
            md5 = true;
        else
            p->algorithms[p->n_algorithms++] = alg;
    }
    if (md5)
        p->algorithms[p->n_algorithms++] = DIGEST_MD5;
}

/* The texts as spans, to be freed; NULL when out of memory. */
static struct span *spans_of(char *const *items, size_t n)
{
    struct span *spans = calloc(n ? n : 1, sizeof *spans);

    for (size_t i = 0; spans && i < n; i++)
        spans[i] = span_str(items[i]);
    return spans;
}

static int take_names(struct made_policy *m, const struct config *config)
{
    size_t n = 0;

    m->aliases =
        calloc(config->relay.aliases.n + config->listen.n, sizeof *m->aliases);
    m->realms = spans_of(config->relay.realms.items, config->relay.realms.n);
    if (!m->aliases || !m->realms)
        return ERR_NOMEM;
    for (size_t i = 0; i < config->relay.aliases.n; i++)
        m->aliases[n++] = span_str(config->relay.aliases.items[i]);
    for (size_t i = 0; i < config->listen.n; i++)
        if (*config->listen.items[i].name)
            m->aliases[n++] = span_str(config->listen.items[i].name);
    m->policy.aliases = m->aliases;
    m->policy.n_aliases = n;
    m->policy.realms = m->realms;
    m->policy.n_realms = config->relay.realms.n;
    m->policy.name = span_str(config->relay.name);
    m->policy.realm = span_str(config->relay.realm);
    return 0;
}

static int take_relay_names(struct made_policy *m, const struct config *config)
{
    int err = 0;

    if (config->relays.names.n == 0)
        return 0;
    m->policy.relay_names = m->relay_names = host_names_new();
    if (!m->relay_names)
        return ERR_NOMEM;
    for (size_t i = 0; !err && i < config->relays.names.n; i++)
        err = host_names_add(m->relay_names,
                             span_str(config->relays.names.items[i]));
    return err;
}

/* In the order of config->listen. */
static void take_ports(struct made_policy *m, const struct config *config,
                       const uint16_t *ports, size_t n)
{
    struct policy *p = &m->policy;
    int len;

    assert(n <= POLICY_PORTS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct span name = span_str(uri_port_name(config, i));

        p->ports[p->n_ports++] =
            uri_port_of(&config->listen.items[i], ports[i]);
        p->port_names[p->n_port_names++] = name.n ? name : p->name;
    }
    for (size_t i = 0; i < n; i++)
        if (p->ports[i] != ports[i])
            p->ports[p->n_ports++] = ports[i];
    p->tls_port = uri_port_first(config, p->ports, n, true);
    len = snprintf(m->self, sizeof m->self, "msrps://%.*s:%u;tcp",
                   SPAN_ARG(p->name), n ? p->ports[0] : 2855U);
    m->policy.self = span_of(m->self, (size_t)len);
}

static void take_numbers(struct policy *p, const struct config *config)
{
    p->min_expires_s = (uint32_t)config->auth.min_expires_s;
    p->default_expires_s = (uint32_t)config->auth.default_expires_s;
    p->max_expires_s = (uint32_t)config->auth.max_expires_s;
    p->nonce_lifetime_ms = config->auth.nonce_lifetime_ms;
    p->probation_ms = config->timers.probation_ms;
    p->lookup_ms = config->auth.lookup.timeout_ms;
    p->max_failures = (uint32_t)config->auth.max_failures;
    p->max_chunk_size = config->send.max_chunk_size;
    p->relay_chunk_size = config->relays.max_chunk_size;
    p->high_water = config->send.high_water;
    p->low_water = config->send.low_water;
    p->anchored_idle_ms = config->anchor.idle_ms;
    p->share_peers = config->dial.share_peers;
    p->sessions_per_user = (uint32_t)config->limits.sessions_per_user;
    p->sessions_per_relay = (uint32_t)config->limits.sessions_per_relay;
    p->sessions_per_link = (uint32_t)config->limits.sessions_per_connection;
    p->transactions_per_link =
        (uint32_t)config->limits.transactions_per_connection;
    p->requests_per_link = (uint32_t)config->limits.requests_per_connection;
    p->dials_per_link = (uint32_t)config->limits.dials_per_connection;
    p->message_size = config->limits.message_size;
    p->hold_ms = config->timers.hold_ms;
    p->transaction_ms = config->timers.transaction_ms;
}

int policy_make(struct policy **out, const struct config *config,
                const uint16_t *ports, size_t n_ports)
{
    struct made_policy *m = calloc(1, sizeof *m);
    int err;

    if (!m)
        return ERR_NOMEM;
    err = take_names(m, config);
    if (!err)
        err = take_relay_names(m, config);
    if (err) {
        policy_free(&m->policy);
        return err;
    }
    take_ports(m, config, ports, n_ports);
    take_algorithms(&m->policy, config);
    take_numbers(&m->policy, config);
    *out = &m->policy;
    return 0;
}

int policy_set_authorities(struct policy *p, const struct policy_authority *all,
                           size_t n)
{
    struct made_policy *m = (struct made_policy *)(void *)p;
    size_t octets = n * sizeof *all;
    char *to;

    for (size_t i = 0; i < n; i++)
        octets += all[i].host.n;
    m->authorities = malloc(octets ? octets : 1);
    if (!m->authorities)
        return ERR_NOMEM;
    to = (char *)(m->authorities + n);
    for (size_t i = 0; i < n; i++) {
        memcpy(to, all[i].host.p, all[i].host.n);
        m->authorities[i].host = span_of(to, all[i].host.n);
        m->authorities[i].port = all[i].port;
        to += all[i].host.n;
    }
    p->authorities = m->authorities;
    p->n_authorities = n;
    return 0;
}

void policy_free(struct policy *p)
{
    struct made_policy *m = (struct made_policy *)(void *)p;

    if (!m)
        return;
    host_names_free(m->relay_names);
    free(m->authorities);
    free(m->aliases);
    free(m->realms);
    free(m);
}
