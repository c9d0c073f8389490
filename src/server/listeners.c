/* SPDX-License-Identifier: BSD-2-Clause */
/* listeners - the MSRP listeners, and what they accept. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "config_listen.h"
#include "err.h"
#include "listener.h"
#include "net_make.h"
#include "server_private.h"
#include "uri_port.h"

/* --- accepting --- */

static void log_refused_subject(struct server *s, const char *subject,
                                const char *why)
{
    uint32_t held;

    if (log_limit_pass(&s->refusal_log, loop_now_ms(s->loop), 5, 1000, &held))
        log_warn(s->log, "connection refused%s reason=\"%s\" held_back=%u",
                 subject, why, held);
}

static void log_refused(const struct msrp_listener *ml, const struct addr *peer,
                        const char *why)
{
    char subject[SUBJECT_TEXT_MAX];

    log_refused_subject(ml->server, hop_origin_text(subject, peer, &ml->origin),
                        why);
}

static void listeners_on_accept(void *ctx, struct listener *l, int fd,
                                const struct addr *peer)
{
    struct msrp_listener *ml = ctx;
    struct server *s = ml->server;
    uint64_t per_address = s->now.config->limits.connections_per_address;
    bool is_counted;

    (void)l;
    if (!hops_make_room(&s->hops, memory_is_short(s))) {
        bool is_full = s->hops.count >= s->hops.max;

        s->stats.refused_full += is_full;
        s->stats.refused_memory += !is_full;
        log_refused(ml, peer, is_full ? "limits.connections" : "limits.memory");
        (void)close(fd);
        return;
    }
    /* What comes through a proxy counts for the address in its header. */
    is_counted = !hop_is_proxied(&ml->origin, peer);
    if (is_counted && !address_count_add(&s->addresses, peer, per_address)) {
        s->stats.refused_address++;
        log_refused(ml, peer, "limits.connections_per_address");
        (void)close(fd);
        return;
    }
    if (hop_accept(&s->hops, fd, peer, &ml->origin) != 0) {
        s->stats.refused_nomem++;
        if (is_counted)
            address_count_remove(&s->addresses, peer);
        log_refused(ml, peer, "out of memory");
        return;
    }
    ml->accepted++;
}

bool listeners_on_proxied(void *ctx, const struct addr *peer,
                          const char *subject)
{
    struct server *s = ctx;

    if (address_count_add(&s->addresses, peer,
                          s->now.config->limits.connections_per_address))
        return true;
    s->stats.refused_address++;
    log_refused_subject(s, subject, "limits.connections_per_address");
    return false;
}

static void on_pause(void *ctx, struct listener *l, int errnum)
{
    struct msrp_listener *ml = ctx;

    (void)l;
    ml->server->stats.accept_pauses++;
    log_warn(ml->server->log,
             "accepting paused for 1 s listener=%s:%u error=\"%s\"",
             net_transport_text(ml->origin.transport), ml->origin.bound_port,
             strerror(errnum));
}

/* --- one of them --- */

static void msrp_listener_free(struct msrp_listener *ml)
{
    list_remove(&ml->of_server);
    listener_free(ml->listener);
    free(ml);
}

/* The one that listens there already and that no other item has taken. */
static struct msrp_listener *listeners_find(struct server *s,
                                            const struct addr *at)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->listeners)
    {
        struct msrp_listener *ml =
            CONTAINER(m, struct msrp_listener, of_server);

        if (!ml->is_wanted && addr_is_same(&ml->asked, at))
            return ml;
    }
    return NULL;
}

static int listen_at(struct msrp_listener *ml, const struct setup *setup,
                     const struct addr *at)
{
    struct server *s = ml->server;
    struct sock_opts opts = sock_opts_of(setup->config);
    int fd = listen_fds_take(&s->inherited, at), err = 0;

    if (fd < 0)
        err = takeover_listen(&fd, setup, s, at, &opts);
    if (!err)
        err = listener_adopt(&ml->listener, s->loop, fd, listeners_on_accept,
                             on_pause, ml);
    return err;
}

static int msrp_listener_open(struct msrp_listener **out, struct server *s,
                              const struct setup *setup, const struct addr *at)
{
    struct msrp_listener *ml = calloc(1, sizeof *ml);
    int err;

    if (!ml)
        return ERR_NOMEM;
    ml->server = s;
    ml->asked = *at;
    ml->is_new = ml->is_wanted = true;
    list_init(&ml->of_server);
    err = listen_at(ml, setup, at);
    if (err) {
        msrp_listener_free(ml);
        return err;
    }
    list_append(&s->listeners, &ml->of_server);
    *out = ml;
    return 0;
}

/* --- all of them --- */

int listeners_keep(struct setup *setup, struct server *s)
{
    size_t n = setup->config->listen.n;

    setup->listeners = calloc(n, sizeof *setup->listeners);
    if (!setup->listeners)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct addr at = config_listen_address(&setup->config->listen.items[i]);

        setup->listeners[i] = listeners_find(s, &at);
        if (setup->listeners[i])
            setup->listeners[i]->is_wanted = true;
    }
    return 0;
}

int listeners_refused(struct server *s, const char *key, const struct addr *at,
                      int err)
{
    int was = errno;

    if (err == ERR_IO && listen_fault_advice(s->advice, key, at, was))
        err = ERR_PLACE;
    errno = was;
    return err;
}

static int open_missing(struct setup *setup, struct server *s, size_t i,
                        struct config_report *r)
{
    const struct config_listen *listen = &setup->config->listen.items[i];
    struct addr at = config_listen_address(listen);
    char text[ADDR_TEXT_MAX];
    int err, refused;

    if (setup->listeners[i])
        return 0;
    err = msrp_listener_open(&setup->listeners[i], s, setup, &at);
    if (!err)
        return 0;
    refused = listeners_refused(s, "listen", &at, err);
    config_report(r, listen->place, "cannot listen at %s: %s",
                  addr_text(text, &at), err_reason(err));
    return refused;
}

int listeners_open(struct setup *setup, struct server *s,
                   struct config_report *r)
{
    int first = 0;

    for (size_t i = 0; i < setup->config->listen.n; i++) {
        int err = open_missing(setup, s, i, r);

        if (err && !first)
            first = err;
    }
    return first;
}

void listeners_abandon(struct setup *setup)
{
    if (!setup->listeners)
        return;
    for (size_t i = 0; i < setup->config->listen.n; i++) {
        struct msrp_listener *ml = setup->listeners[i];

        if (!ml)
            continue;
        ml->is_wanted = false;
        if (ml->is_new)
            msrp_listener_free(ml);
    }
}

void listeners_log(struct server *s, const char *what, const char *transport,
                   const struct listener *listener)
{
    char text[ADDR_TEXT_MAX];
    const struct addr *at = listener_addr(listener);

    log_info(s->log, "%s transport=%s address=%s port=%u", what, transport,
             addr_host_text(text, at), addr_port(at));
}

static void msrp_listener_log(const struct msrp_listener *ml, const char *what)
{
    listeners_log(ml->server, what, net_transport_text(ml->origin.transport),
                  ml->listener);
}

/* What listener i accepts from now on. */
static void take_origin(const struct setup *setup, size_t i)
{
    struct hop_origin *origin = &setup->listeners[i]->origin;
    enum net_transport t = setup->config->listen.items[i].transport;

    origin->transport = t;
    origin->bound_port =
        addr_port(listener_addr(setup->listeners[i]->listener));
    origin->port = uri_port_accepted(setup->config, setup->policy->ports,
                                     setup->config->listen.n, i);
    origin->tls_port = uri_port_proxied(setup->config, setup->policy->ports,
                                        setup->config->listen.n, i);
    origin->name = uri_port_name(setup->config, i);
    origin->max_chunk_size = setup->config->listen.items[i].max_chunk_size;
    origin->tls = t == NET_TLS   ? setup->tls
                  : t == NET_WSS ? setup->tls_ws
                                 : NULL;
    origin->tls_in_front = setup->config->listen.items[i].tls_in_front;
    origin->may_auth =
        origin->tls || origin->tls_in_front || setup->config->auth.allow_tcp;
    origin->proxy = &setup->config->listen.items[i].proxy;
}

static void close_unwanted(struct server *s)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->listeners)
    {
        struct msrp_listener *ml =
            CONTAINER(m, struct msrp_listener, of_server);

        if (ml->is_wanted) {
            ml->is_wanted = false;
            continue;
        }
        msrp_listener_log(ml, "stopped listening");
        listener_drain(ml->listener);
        msrp_listener_free(ml);
    }
}

void listeners_commit(struct server *s)
{
    const struct setup *setup = &s->now;

    close_unwanted(s); /* with the origin that they had */
    for (size_t i = 0; i < setup->config->listen.n; i++) {
        struct msrp_listener *ml = setup->listeners[i];

        take_origin(setup, i);
        if (ml->is_new)
            msrp_listener_log(ml, "listening");
        ml->is_new = false;
    }
}

void listeners_chown(struct server *s, uid_t uid, gid_t gid)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->listeners)
    (void)listener_set_owner(
        CONTAINER(m, struct msrp_listener, of_server)->listener, uid, gid);
}

void listeners_close(struct server *s)
{
    struct list *m;

    while ((m = list_first(&s->listeners)))
        msrp_listener_free(CONTAINER(m, struct msrp_listener, of_server));
}
