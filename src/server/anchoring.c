/* SPDX-License-Identifier: BSD-2-Clause */
/* anchoring - where SIP proxies ask, and what they may be shown (decisions 6).
 */
#include <stdlib.h>

#include "config_value.h"
#include "err.h"
#include "listener.h"
#include "own_addresses.h"
#include "policy_make.h"
#include "relay.h"
#include "server_private.h"

enum {
    PLACES_MAX = 64 + 8,
    LABEL_MAX = 200, /* octets of a call-id, as the log shows it */
};

/* Where proxies ask. */
struct ng_listener {
    struct list of_server;
    struct ng_socket *socket;
    bool is_tcp;
    struct addr asked; /* as configured: its port may be 0 */
    bool is_new;       /* opened for a setup that is not in use yet */
    bool is_wanted;    /* by the setup that is being made */
};

/* --- what is asked --- */

static void log_refused(struct server *s, const struct ng_request *request,
                        const struct ng_reply *reply)
{
    char id[LABEL_MAX], command[64];

    log_warn(s->log, "c=0 ng refused command=%s call_id=%s reason=\"%s\"",
             log_value(command, sizeof command, request->command),
             log_value(id, sizeof id, request->call_id), reply->reason);
}

static void on_ng_request(void *ctx, const struct ng_request *request,
                          struct ng_reply *reply)
{
    struct server *s = ctx;
    char id[LABEL_MAX], command[64];

    anchor_request(s->anchor, request, reply);
    if (reply->is_error)
        log_refused(s, request, reply);
    else
        log_debug(s->log, "c=0 ng command=%s call_id=%s",
                  log_value(command, sizeof command, request->command),
                  log_value(id, sizeof id, request->call_id));
}

static bool admits(void *ctx)
{
    const struct server *s = ctx;

    return s->state == SERVER_RUNNING && !memory_is_short(s);
}

/* A name may lead anywhere: that shows when it is dialled. */
static bool may_dial(void *ctx, struct span host, bool secure)
{
    struct server *s = ctx;
    struct addr a;

    if (!secure && !s->now.config->dial.allow_tcp)
        return false;
    return addr_parse_literal(&a, host, 0) != 0 ||
           dialler_permits(&s->dialler, &a, host, secure);
}

int anchoring_init(struct server *s)
{
    return ng_new(&s->ng, s->loop, s->log, on_ng_request, s);
}

int anchoring_start(struct server *s)
{
    static const struct anchor_ops ops = {.admits = admits,
                                          .may_dial = may_dial};

    return anchor_new(&s->anchor, s->loop, s->relay, &ops, s);
}

/* --- what is shown --- */

/* All that a configuration shows. */
struct shown {
    struct anchor_place items[PLACES_MAX];
    size_t n;
    char texts[PLACES_MAX][ADDR_TEXT_MAX]; /* of addresses found here */
};

static enum anchor_transport anchor_transport_of(enum net_transport transport)
{
    switch (transport) {
    case NET_TLS:
        return ANCHOR_TLS;
    case NET_WS:
        return ANCHOR_WS;
    case NET_WSS:
        return ANCHOR_WSS;
    case NET_TCP:
        break;
    }
    return ANCHOR_TCP;
}

static uint16_t port_of_listener(const struct setup *setup, size_t i)
{
    return addr_port(listener_addr(setup->listeners[i]->listener));
}

static uint16_t first_port(const struct setup *setup,
                           enum net_transport transport)
{
    for (size_t i = 0; i < setup->config->listen.n; i++)
        if (setup->config->listen.items[i].transport == transport)
            return port_of_listener(setup, i);
    return 0;
}

static void add_configured(struct shown *p, const struct setup *setup,
                           const struct config_interface *i)
{
    p->items[p->n++] = (struct anchor_place){
        .name = span_str(i->name),
        .address = span_str(i->address),
        .family = strchr(i->address, ':') ? 6 : 4,
        .host = span_str(i->host),
        .port = i->port ? (uint16_t)i->port : first_port(setup, i->transport),
        .transport = anchor_transport_of(i->transport),
    };
}

static bool is_shown(const struct shown *p, enum anchor_transport transport)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->items[i].transport == transport)
            return true;
    return false;
}

static void add_address(struct shown *p, const struct setup *setup, size_t i,
                        const struct addr *a)
{
    enum net_transport transport = setup->config->listen.items[i].transport;
    bool secure = transport == NET_TLS || transport == NET_WSS;
    const char *text;

    if (p->n == PLACES_MAX)
        return;
    text = addr_host_text(p->texts[p->n], a);
    p->items[p->n++] = (struct anchor_place){
        .address = span_str(text),
        .family = strchr(text, ':') ? 6 : 4,
        .host = secure ? span_str(setup->config->relay.name) : SPAN(""),
        .port = port_of_listener(setup, i),
        .transport = anchor_transport_of(transport),
    };
}

/* Others can reach it: no loopback, no link. */
static bool is_reachable(const struct addr *a)
{
    static const struct cidr closed[] = {
        {{127}, 4, 8},
        {{169, 254}, 4, 16},
        {{[15] = 1}, 16, 128},
        {{0xfe, 0x80}, 16, 10},
    };

    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (cidr_has(&closed[i], a))
            return false;
    return true;
}

static bool is_any(const struct addr *a)
{
    static const struct cidr any[] = {{{0}, 4, 32}, {{0}, 16, 128}};

    return cidr_has(&any[0], a) || cidr_has(&any[1], a);
}

/* The first address of the host, of each family that the listener takes. */
static void add_any(struct shown *p, const struct setup *setup, size_t i,
                    const struct own_addresses *own)
{
    const struct addr *at = &setup->config->listen.items[i].address;
    bool has[2] = {false, at->sa.sa_family != AF_INET6};

    for (size_t j = 0; j < own->n; j++) {
        bool is_v6 = own->items[j].sa.sa_family == AF_INET6;

        if (has[is_v6] || !is_reachable(&own->items[j]))
            continue;
        has[is_v6] = true;
        add_address(p, setup, i, &own->items[j]);
    }
}

/* */
static void add_default(struct shown *p, const struct setup *setup)
{
    struct own_addresses own = {0};

    (void)own_addresses_read(&own, 0);
    for (size_t i = 0; i < setup->config->listen.n; i++) {
        const struct config_listen *l = &setup->config->listen.items[i];

        if (is_shown(p, anchor_transport_of(l->transport)))
            continue;
        if (is_any(&l->address))
            add_any(p, setup, i, &own);
        else if (is_reachable(&l->address))
            add_address(p, setup, i, &l->address);
    }
    own_addresses_fini(&own);
}

static void find_places(struct shown *p, const struct setup *setup)
{
    const struct config *config = setup->config;

    p->n = 0;
    for (size_t i = 0; i < config->anchor.interfaces.n; i++)
        add_configured(p, setup, &config->anchor.interfaces.items[i]);
    if (p->n == 0)
        add_default(p, setup);
}

/* Hosts and ports that are ours from now on. */
static int set_authorities(struct setup *setup, const struct shown *p)
{
    char hosts[PLACES_MAX][ADDR_TEXT_MAX];
    struct policy_authority all[PLACES_MAX];

    for (size_t i = 0; i < p->n; i++) {
        struct span host = p->items[i].host;

        if (host.n == 0 && p->items[i].family == 6)
            host = span_of(hosts[i],
                           (size_t)snprintf(hosts[i], sizeof hosts[i], "[%.*s]",
                                            SPAN_ARG(p->items[i].address)));
        else if (host.n == 0)
            host = p->items[i].address;
        all[i] = (struct policy_authority){host, p->items[i].port};
    }
    return policy_set_authorities(setup->policy, all, p->n);
}

static size_t fingerprint_of(char *dst, const struct tls_ctx *tls)
{
    struct fingerprint f;

    if (!tls || tls_ctx_fingerprint(tls, FINGERPRINT_SHA256, &f))
        return 0;
    return fingerprint_text(dst, &f);
}

int anchoring_make(struct setup *setup)
{
    const struct config *config = setup->config;
    struct shown *p = calloc(1, sizeof *p);
    char text[FINGERPRINT_TEXT_MAX];
    struct span print = span_of(text, fingerprint_of(text, setup->tls));
    struct anchor_settings settings = {
        .prints = &print,
        .n_prints = print.n > 0,
        .offer_timeout_ms = config->anchor.offer_timeout_ms,
        .max_sessions = config->anchor.max_sessions,
        .prefer_active = config->anchor.prefer == CONFIG_ACTIVE,
        .trust_sdp = config->anchor.trust_sdp,
        .path_uris = (unsigned)config->limits.path_uris,
    };
    int err;

    if (!p)
        return ERR_NOMEM;
    find_places(p, setup);
    settings.places = p->items;
    settings.n_places = p->n;
    err = set_authorities(setup, p);
    if (!err)
        err = anchor_prepare(&setup->anchor, &settings);
    free(p);
    return err;
}

/* --- sockets --- */

static struct ng_listener *find_open(struct server *s, bool is_tcp,
                                     const struct addr *at)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->ng_listeners)
    {
        struct ng_listener *l = CONTAINER(m, struct ng_listener, of_server);

        if (!l->is_wanted && l->is_tcp == is_tcp && addr_is_same(&l->asked, at))
            return l;
    }
    return NULL;
}

static int ng_listener_open(struct server *s, bool is_tcp,
                            const struct addr *at)
{
    struct ng_listener *l = calloc(1, sizeof *l);
    int err = l ? ng_socket_open(&l->socket, s->ng, is_tcp, at) : ERR_NOMEM;

    if (err) {
        free(l);
        return err;
    }
    l->is_tcp = is_tcp;
    l->asked = *at;
    l->is_new = l->is_wanted = true;
    list_init(&l->of_server);
    list_append(&s->ng_listeners, &l->of_server);
    return 0;
}

static void ng_listener_close(struct ng_listener *l)
{
    ng_socket_close(l->socket);
    list_remove(&l->of_server);
    free(l);
}

/* The text was checked when the file was read. */
static int have_socket(const struct config *config, struct server *s, size_t i,
                       struct config_report *r)
{
    const char *text = config->anchor.listen.items[i];
    struct ng_listener *l;
    struct addr at;
    bool is_tcp;
    int err;

    if (config_value_ng_place(&is_tcp, &at, span_str(text)))
        return ERR_CONFIG;
    l = find_open(s, is_tcp, &at);
    if (l) {
        l->is_wanted = true;
        return 0;
    }
    err = ng_listener_open(s, is_tcp, &at);
    if (err)
        config_report(r, config_place(config, "anchor.listen"),
                      "cannot listen at %s: %s", text, err_reason(err));
    return err ? listeners_refused(s, "anchor.listen", &at, err) : 0;
}

int anchoring_open(const struct setup *setup, struct server *s,
                   struct config_report *r)
{
    int first = 0;

    for (size_t i = 0; i < setup->config->anchor.listen.n; i++) {
        int err = have_socket(setup->config, s, i, r);

        if (err && !first)
            first = err;
    }
    return first;
}

void anchoring_abandon(struct setup *setup, struct server *s)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->ng_listeners)
    {
        struct ng_listener *l = CONTAINER(m, struct ng_listener, of_server);

        l->is_wanted = false;
        if (l->is_new)
            ng_listener_close(l);
    }
    anchor_abandon(setup->anchor);
    setup->anchor = NULL;
}

static void ng_listener_log(struct server *s, const struct ng_listener *l,
                            const char *what)
{
    const struct addr *at = ng_socket_addr(l->socket);
    char text[ADDR_TEXT_MAX];

    log_info(s->log, "%s transport=ng-%s address=%s port=%u", what,
             l->is_tcp ? "tcp" : "udp", addr_host_text(text, at),
             addr_port(at));
}

/* Those that close answer what has come, by the old settings. */
void anchoring_commit(struct server *s)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->ng_listeners)
    {
        struct ng_listener *l = CONTAINER(m, struct ng_listener, of_server);

        if (!l->is_wanted) {
            ng_listener_log(s, l, "stopped listening");
            ng_listener_close(l);
            continue;
        }
        if (l->is_new)
            ng_listener_log(s, l, "listening");
        l->is_new = l->is_wanted = false;
    }
    ng_configure(s->ng, &s->now.config->anchor.allow);
    anchor_commit(s->anchor, s->now.anchor);
    s->now.anchor = NULL;
}

void anchoring_tick(struct server *s)
{
    struct anchored_stats stats;

    ng_tick(s->ng);
    anchored_stats(s->relay, &stats);
    anchor_tick(s->anchor, stats.octets_ever);
}

void anchoring_stop(struct server *s)
{
    struct list *m;

    while ((m = list_first(&s->ng_listeners)))
        ng_listener_close(CONTAINER(m, struct ng_listener, of_server));
    ng_free(s->ng);
    s->ng = NULL;
}
