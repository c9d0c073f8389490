/* SPDX-License-Identifier: BSD-2-Clause */
/* conn_start - how a connection begins: accepted or dialled, over which
 * transport. */
#include <unistd.h>

#include "conn.h"
#include "conn_private.h"
#include "err.h"

/* How a connection came to be, and what is spoken on it. */
enum side { ACCEPTED, ACCEPTED_WS, DIALLED };

static int stack(struct transport *t, const struct net *n,
                 const struct conn_to *to, enum side side)
{
    int err = 0;

    if (!to->tls)
        transport_tcp_init(t, to->fd);
    else if (side == DIALLED)
        err = transport_tls_to(t, to->fd, to->tls, to->host, n->wires);
    else
        err = transport_tls_init(t, to->fd, to->tls, n->wires);
    if (err || side != ACCEPTED_WS)
        return err;
    err = transport_ws_init(t, n->settings.ws_head_max);
    if (err)
        transport_fini(t);
    return err;
}

static int conn_start(struct conn **out, struct net *n,
                      const struct conn_to *to, enum side side, uint64_t number)
{
    struct conn *c = pool_take(&n->conns);
    int err = ERR_NOMEM;

    if (c) {
        *c = (struct conn){
            .net = n, .tls = to->tls, .number = number, .peer = *to->peer};
        c->state = to->tls && side != DIALLED ? CONN_HELLO : CONN_HANDSHAKE;
        err = stack(&c->transport, n, to, side);
    }
    if (err) {
        pool_give(&n->conns, c);
        close(to->fd);
        return err;
    }
    net_count_new(c, side == DIALLED);
    conn_set_up(c);
    *out = c;
    return 0;
}

int conn_accept(struct conn **out, struct net *n, int fd,
                const struct addr *peer, struct tls_ctx *tls, uint64_t number,
                const struct conn_ops *ops, void *ctx)
{
    const struct conn_to from = {.fd = fd, .peer = peer, .tls = tls};
    int err = conn_start(out, n, &from, ACCEPTED, number);

    if (!err)
        conn_set_ctx(*out, ops, ctx);
    return err;
}

int conn_accept_ws(struct conn **out, struct net *n, int fd,
                   const struct addr *peer, struct tls_ctx *tls,
                   uint64_t number, const struct conn_ops *ops, void *ctx)
{
    const struct conn_to from = {.fd = fd, .peer = peer, .tls = tls};
    int err = conn_start(out, n, &from, ACCEPTED_WS, number);

    if (!err)
        conn_set_ctx(*out, ops, ctx);
    return err;
}

int conn_connect(struct conn **out, struct net *n, const struct conn_to *to,
                 uint64_t number, const struct conn_ops *ops, void *ctx)
{
    int err = conn_start(out, n, to, DIALLED, number);

    if (!err)
        conn_set_ctx(*out, ops, ctx);
    return err;
}
