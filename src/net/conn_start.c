/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_start - how a connection begins: accepted or dialled, over which
 * transport, and what comes before it is open. */
#include <stdlib.h>
#include <unistd.h>

#include "client_hello.h"
#include "conn.h"
#include "conn_private.h"
#include "err.h"

/* A connection without a transport: NULL when out of memory. */
static struct conn *conn_take(struct net *n, const struct addr *peer, bool tls)
{
    struct conn *c = pool_take(&n->conns);

    if (c)
        *c = (struct conn){.net = n, .tls = tls, .peer = *peer};
    return c;
}

static void conn_drop(struct conn *c, int fd)
{
    if (c) {
        free(c->proxy);
        pool_give(&c->net->conns, c);
    }
    close(fd);
}

static int conn_await_proxy(struct conn *c)
{
    c->proxy = malloc(sizeof *c->proxy);
    if (!c->proxy)
        return ERR_NOMEM;
    proxy_init(c->proxy);
    c->state = CONN_PROXY;
    return 0;
}

static int conn_stack_ws(struct conn *c)
{
    int err = transport_ws_init(&c->transport, c->net->settings.ws_head_max);

    if (err)
        transport_fini(&c->transport);
    return err;
}

/* What an accepted connection is made of. */
static int conn_stack(struct conn *c, const struct conn_from *from)
{
    int err = from->proxied ? conn_await_proxy(c) : 0;

    if (err)
        return err;
    if (from->tls)
        err = transport_tls_init(&c->transport, from->fd, from->tls,
                                 c->net->wires);
    else
        transport_tcp_init(&c->transport, from->fd);
    return err || !from->ws ? err : conn_stack_ws(c);
}

int conn_accept(struct conn **out, struct net *n, const struct conn_from *from,
                const struct conn_ops *ops, void *ctx)
{
    struct conn *c = conn_take(n, from->peer, from->tls);
    int err = ERR_NOMEM;

    if (c) {
        c->state = from->tls ? CONN_HELLO : CONN_HANDSHAKE;
        err = conn_stack(c, from);
    }
    if (err) {
        conn_drop(c, from->fd);
        return err;
    }
    net_count_new(c, false);
    conn_set_up(c);
    conn_set_ctx(c, ops, ctx);
    *out = c;
    return 0;
}

int conn_connect(struct conn **out, struct net *n, const struct conn_to *to,
                 const struct conn_ops *ops, void *ctx)
{
    struct conn *c = conn_take(n, to->peer, to->tls);
    int err = c ? 0 : ERR_NOMEM;

    if (c)
        c->state = CONN_HANDSHAKE;
    if (!err && to->tls)
        err = transport_tls_to(&c->transport, to->fd, to->tls, to->host,
                               n->wires);
    else if (!err)
        transport_tcp_init(&c->transport, to->fd);
    if (err) {
        conn_drop(c, to->fd);
        return err;
    }
    net_count_new(c, true);
    conn_set_up(c);
    conn_set_ctx(c, ops, ctx);
    *out = c;
    return 0;
}

/* --- until it is open --- */

void conn_handshake(struct conn *c)
{
    bool was_up = c->transport.up;
    int err;

    transport_allow(&c->transport, c->net->settings.read_per_turn);
    err = transport_handshake(&c->transport);
    net_count_octets(c);
    transport_settle(&c->transport);
    if (c->transport.up && !was_up)
        net_count_up(c);
    if (err == ERR_AGAIN) {
        if (!c->transport.steps && transport_has_input(&c->transport))
            conn_defer(c);
        return;
    }
    if (err) {
        conn_fail(c, conn_why_of(err));
        return;
    }
    timer_stop(&c->timer);
    net_release(c->net, c);
    conn_set_state(c, CONN_OPEN);
    conn_ping_later(c);
    c->peer_asked = c->tls && tls_peer_asked(c->transport.state);
    c->peer_is_host = c->tls && tls_peer_is_host(c->transport.state);
    c->again = transport_has_input(&c->transport);
    c->ops->open(c->ctx);
}

void conn_begin(struct conn *c)
{
    conn_set_state(c, CONN_HANDSHAKE);
    timer_start(c->net->handshake, &c->timer);
    conn_end_turn(c);
}

/* The header, and then whatever else begins the connection. */
void conn_take_proxy(struct conn *c)
{
    struct proxy_source source;
    int err = conn_read_proxy(c, &source);

    if (err == ERR_AGAIN)
        return;
    if (err) {
        conn_fail(c, err == ERR_SYNTAX ? CONN_WHY_PROXY : conn_why_of(err));
        return;
    }
    c->ops->proxied(c->ctx, &source);
    if (c->state == CONN_DEAD)
        return;
    conn_set_state(c, c->tls ? CONN_HELLO : CONN_HANDSHAKE);
    if (c->state == CONN_HANDSHAKE)
        conn_defer(c);
}

void conn_take_hello(struct conn *c)
{
    int err = client_hello_check(c->transport.fd);

    c->has_spoken = err == ERR_AGAIN; /* a part of a hello is no silence */
    if (err == ERR_AGAIN)
        return;
    if (err) {
        c->has_spoken = true;
        c->transport.fault = proxy_unwanted;
        conn_fail(c, CONN_WHY_PROXY);
        return;
    }
    conn_set_state(c, CONN_QUEUED);
    net_enqueue(c->net, c);
}
