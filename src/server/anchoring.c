/* SPDX-License-Identifier: BSD-2-Clause */
/* anchoring - where SIP proxies ask, and what they may be shown (decisions 6).
 */
#include <stdlib.h>

#include "anchor_places.h"
#include "config_value.h"
#include "err.h"
#include "listener.h"
#include "own_addresses.h"
#include "policy_make.h"
#include "relay.h"
#include "server_private.h"

enum { LABEL_MAX = 200 }; /* octets of a call-id, as the log shows it */

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

/* Hosts and ports that are ours from now on. */
static int set_authorities(struct setup *setup, const struct anchor_places *p)
{
    char hosts[ANCHOR_PLACES_MAX][ADDR_TEXT_MAX];
    struct policy_authority all[ANCHOR_PLACES_MAX];

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

/* Of each certificate that may be shown. */
struct prints {
    struct span items[ANCHOR_PRINTS_MAX];
    size_t n;
    char texts[ANCHOR_PRINTS_MAX][FINGERPRINT_TEXT_MAX];
};

static void find_prints(struct prints *p, const struct tls_ctx *tls)
{
    struct fingerprint f;

    p->n = 0;
    for (size_t i = 0; tls && i < tls_ctx_certificates(tls); i++) {
        if (p->n == ANCHOR_PRINTS_MAX ||
            tls_ctx_fingerprint(tls, i, FINGERPRINT_SHA256, &f))
            return;
        p->items[p->n] =
            span_of(p->texts[p->n], fingerprint_text(p->texts[p->n], &f));
        p->n++;
    }
}

uint64_t anchoring_shown(const struct tls_ctx *tls)
{
    struct fingerprint f;
    uint64_t number = 0;

    if (tls && tls_ctx_fingerprint(tls, 0, FINGERPRINT_SHA256, &f) == 0)
        memcpy(&number, f.octets, sizeof number);
    return number;
}

int anchoring_make(struct setup *setup)
{
    const struct config *config = setup->config;
    struct anchor_places *p = calloc(1, sizeof *p);
    struct own_addresses own = {0};
    struct prints prints;
    struct anchor_settings settings = {
        .shown = anchoring_shown(setup->tls_any),
        .offer_timeout_ms = config->anchor.offer_timeout_ms,
        .max_sessions = config->anchor.max_sessions,
        .prefer_active = config->anchor.prefer == CONFIG_ACTIVE,
        .trust_sdp = config->anchor.trust_sdp,
        .path_uris = (unsigned)config->limits.path_uris,
    };
    int err;

    if (!p)
        return ERR_NOMEM;
    (void)own_addresses_read(&own, 0);
    anchor_places_find(p, config, setup->policy->ports, &own);
    own_addresses_fini(&own);
    settings.places = p->items;
    settings.n_places = p->n;
    find_prints(&prints, setup->tls);
    settings.prints = prints.items;
    settings.n_prints = prints.n;
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
