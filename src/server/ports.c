/* ports - the listeners, and what they accept. */
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "listener.h"
#include "net_make.h"
#include "server_private.h"
#include "uri_port.h"

/* --- accepting --- */

static void log_refused(struct server *s, const char *why)
{
    uint32_t held;

    if (log_limit_pass(&s->refusal_log, loop_now_ms(s->loop), 5, 1000, &held))
        log_warn(s->log, "connection refused reason=\"%s\" held_back=%u", why,
                 held);
}

static void ports_on_accept(void *ctx, struct listener *l, int fd,
                            const struct addr *peer)
{
    struct port *port = ctx;
    struct server *s = port->server;
    const struct config *config = s->now.config;

    (void)l;
    if (s->hops.count >= config->limits.connections &&
        !hops_close_oldest(&s->hops)) {
        s->stats.refused_full++;
        log_refused(s, "limits.connections");
        (void)close(fd);
        return;
    }
    if (!address_count_add(&s->addresses, peer,
                           config->limits.connections_per_address)) {
        s->stats.refused_address++;
        log_refused(s, "limits.connections_per_address");
        (void)close(fd);
        return;
    }
    if (hop_accept(&s->hops, fd, peer, &port->origin) != 0) {
        s->stats.refused_nomem++;
        address_count_remove(&s->addresses, peer);
        log_refused(s, "out of memory");
    }
}

static void on_rest(void *ctx, struct listener *l, int errnum)
{
    struct port *port = ctx;

    (void)l;
    port->server->stats.rests++;
    log_warn(port->server->log, "accepting rests for a second error=\"%s\"",
             strerror(errnum));
}

/* --- one of them --- */

static void port_free(struct port *port)
{
    list_remove(&port->of_server);
    listener_free(port->listener);
    free(port);
}

static struct addr ports_address(const struct config_listen *listen)
{
    struct addr at = listen->address;

    addr_set_port(&at, (uint16_t)listen->port);
    return at;
}

/* The one that listens there already and that no other item has taken. */
static struct port *ports_find(struct server *s, const struct addr *at)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->ports)
    {
        struct port *port = CONTAINER(m, struct port, of_server);

        if (!port->is_wanted && addr_is_same(&port->asked, at))
            return port;
    }
    return NULL;
}

static int listen_at(struct port *port, const struct setup *setup,
                     const struct addr *at)
{
    struct server *s = port->server;
    struct sock_opts opts = sock_opts_of(setup->config);
    int fd = listen_fds_take(&s->inherited, at), err = 0;

    if (fd < 0)
        err = takeover_listen(&fd, setup, s, at, &opts);
    if (!err)
        err = listener_adopt(&port->listener, s->loop, fd, ports_on_accept,
                             on_rest, port);
    return err;
}

static int open_port(struct port **out, struct server *s,
                     const struct setup *setup, const struct addr *at)
{
    struct port *port = calloc(1, sizeof *port);
    int err;

    if (!port)
        return ERR_NOMEM;
    port->server = s;
    port->asked = *at;
    port->is_new = port->is_wanted = true;
    list_init(&port->of_server);
    err = listen_at(port, setup, at);
    if (err) {
        port_free(port);
        return err;
    }
    list_append(&s->ports, &port->of_server);
    *out = port;
    return 0;
}

/* --- all of them --- */

int ports_keep(struct setup *setup, struct server *s)
{
    size_t n = setup->config->listen.n;

    setup->ports = calloc(n, sizeof *setup->ports);
    if (!setup->ports)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct addr at = ports_address(&setup->config->listen.items[i]);

        setup->ports[i] = ports_find(s, &at);
        if (setup->ports[i])
            setup->ports[i]->is_wanted = true;
    }
    return 0;
}

static int open_missing(struct setup *setup, struct server *s, size_t i,
                        struct config_report *r)
{
    const struct config_listen *listen = &setup->config->listen.items[i];
    struct addr at = ports_address(listen);
    char text[ADDR_TEXT_MAX];
    int err;

    if (setup->ports[i])
        return 0;
    err = open_port(&setup->ports[i], s, setup, &at);
    if (err)
        config_report(r, listen->place, "cannot listen at %s: %s",
                      addr_text(text, &at), err_reason(err));
    return err;
}

int ports_open(struct setup *setup, struct server *s, struct config_report *r)
{
    int first = 0;

    for (size_t i = 0; i < setup->config->listen.n; i++) {
        int err = open_missing(setup, s, i, r);

        if (err && !first)
            first = err;
    }
    return first;
}

void ports_abandon(struct setup *setup)
{
    if (!setup->ports)
        return;
    for (size_t i = 0; i < setup->config->listen.n; i++) {
        struct port *port = setup->ports[i];

        if (!port)
            continue;
        port->is_wanted = false;
        if (port->is_new)
            port_free(port);
    }
}

void ports_log(struct server *s, const char *what, const char *transport,
               const struct listener *listener)
{
    char text[ADDR_TEXT_MAX];
    const struct addr *at = listener_addr(listener);

    log_info(s->log, "%s transport=%s address=%s port=%u", what, transport,
             addr_host_text(text, at), addr_port(at));
}

static void log_port(const struct port *port, const char *what)
{
    ports_log(port->server, what, net_transport_text(port->origin.transport),
              port->listener);
}

/* What listener i accepts from now on. */
static void take_origin(const struct setup *setup, size_t i)
{
    struct hop_origin *origin = &setup->ports[i]->origin;
    enum net_transport t = setup->config->listen.items[i].transport;

    origin->transport = t;
    origin->port = uri_port_accepted(setup->config, setup->policy->ports,
                                     setup->policy->n_ports, i);
    origin->tls = t == NET_TLS   ? setup->tls
                  : t == NET_WSS ? setup->tls_ws
                                 : NULL;
    origin->may_auth = origin->tls || setup->config->auth.allow_tcp;
}

static void close_unwanted(struct server *s)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->ports)
    {
        struct port *port = CONTAINER(m, struct port, of_server);

        if (port->is_wanted) {
            port->is_wanted = false;
            continue;
        }
        log_port(port, "listening no more");
        listener_drain(port->listener);
        port_free(port);
    }
}

void ports_commit(struct server *s)
{
    const struct setup *setup = &s->now;

    close_unwanted(s); /* with the origin that they had */
    for (size_t i = 0; i < setup->config->listen.n; i++) {
        struct port *port = setup->ports[i];

        take_origin(setup, i);
        if (port->is_new)
            log_port(port, "listening");
        port->is_new = false;
    }
}

void ports_give(struct server *s, uid_t uid, gid_t gid)
{
    struct list *m, *next;

    LIST_EACH(m, next, &s->ports)
    (void)listener_set_owner(CONTAINER(m, struct port, of_server)->listener,
                             uid, gid);
}

void ports_close(struct server *s)
{
    struct list *m;

    while ((m = list_first(&s->ports)))
        port_free(CONTAINER(m, struct port, of_server));
}
