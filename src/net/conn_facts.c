/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to know about a connection. */
#include "conn_private.h"

size_t conn_queued(const struct conn *c)
{
    return c->out.len + c->transport.held;
}

size_t conn_unacked(const struct conn *c)
{
    return sock_unacked(c->transport.fd);
}

uint64_t conn_position(const struct conn *c)
{
    return c->position;
}

uint64_t conn_message(const struct conn *c)
{
    return transport_message(&c->transport);
}

const struct addr *conn_peer(const struct conn *c)
{
    return &c->peer;
}

uint64_t conn_octets_in(const struct conn *c)
{
    return c->transport.wire_in;
}

bool conn_is_silent(const struct conn *c)
{
    if (c->has_spoken || (c->proxy && c->transport.wire_in > 0) ||
        (c->tls && c->transport.up && c->transport.fault &&
         *c->transport.fault) ||
        (c->transport.ws && !transport_ws_is_silent(&c->transport)))
        return false;
    return !c->tls || c->transport.up || transport_tls_is_silent(&c->transport);
}

uint64_t conn_octets_out(const struct conn *c)
{
    return c->transport.wire_out;
}

bool conn_peer_is_host(const struct conn *c)
{
    return c->peer_is_host;
}

bool conn_peer_shows(const struct conn *c, const struct fingerprint *any,
                     size_t n)
{
    return c->tls && tls_peer_shows(c->transport.state, any, n);
}

bool conn_peer_asked(const struct conn *c)
{
    return c->peer_asked;
}

bool conn_peer_has_name(const struct conn *c, struct span host)
{
    return c->peer_is_host && tls_peer_has_name(c->transport.state, host);
}

void conn_peer_names(const struct conn *c, tls_name_fn fn, void *ctx)
{
    if (c->peer_is_host)
        tls_peer_names(c->transport.state, fn, ctx);
}

const char *conn_tls_version(const struct conn *c)
{
    return c->tls ? tls_version(c->transport.state) : "";
}

const char *conn_fault(const struct conn *c)
{
    return c->transport.fault ? c->transport.fault : "";
}
