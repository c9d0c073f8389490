/* SPDX-License-Identifier: BSD-2-Clause */
#include "net_stats.h"

#include "conn_private.h"

/* --- words --- */

const char *conn_why_text(enum conn_why why)
{
    switch (why) {
    case CONN_WHY_EOF:
        return "eof";
    case CONN_WHY_RESET:
        return "reset";
    case CONN_WHY_TLS:
        return "tls";
    case CONN_WHY_CERT:
        return "certificate";
    case CONN_WHY_PROXY:
        return "proxy";
    case CONN_WHY_HANDSHAKE:
        return "handshake";
    case CONN_WHY_WEBSOCKET:
        return "websocket";
    case CONN_WHY_DEAD:
        return "dead";
    case CONN_WHY_STALL:
        return "stall";
    case CONN_WHY_FULL:
        return "full";
    case CONN_WHY_NOMEM:
        return "nomem";
    case CONN_WHY_LOCAL:
        return "local";
    }
    return "?";
}

const char *conn_state_text(enum conn_state state)
{
    switch (state) {
    case CONN_PROXY:
        return "proxy";
    case CONN_HELLO:
        return "hello";
    case CONN_QUEUED:
        return "queued";
    case CONN_HANDSHAKE:
        return "handshake";
    case CONN_OPEN:
        return "open";
    case CONN_FINISHING:
        return "finishing";
    case CONN_LINGER:
        return "linger";
    case CONN_DEAD:
        break;
    }
    return "dead";
}

const char *tls_failure_text(enum tls_failure failure)
{
    switch (failure) {
    case TLS_FAILURE_TIMEOUT:
        return "timeout";
    case TLS_FAILURE_GONE:
        return "gone";
    case TLS_FAILURE_MISMATCH:
        return "mismatch";
    case TLS_FAILURE_CERT:
        return "certificate";
    case TLS_FAILURE_ALERT:
        return "alert";
    case TLS_FAILURE_NOT_TLS:
        return "not_tls";
    case TLS_FAILURE_OTHER:
        break;
    }
    return "other";
}

const char *tls_version_text(enum tls_version_known version)
{
    return version == TLS_1_3 ? "TLSv1.3" : "TLSv1.2";
}

/* --- counting --- */

enum net_transport net_transport_of(const struct conn *c)
{
    if (c->transport.ws)
        return c->tls ? NET_WSS : NET_WS;
    return c->tls ? NET_TLS : NET_TCP;
}

void net_count_new(struct conn *c, bool dialled)
{
    struct net_stats *s = &c->net->stats;
    enum net_transport t = net_transport_of(c);

    s->now[t][c->state]++;
    if (dialled)
        s->dialled[t]++;
    else
        s->accepted[t]++;
}

void net_count_state(struct conn *c, enum conn_state state)
{
    uint64_t *now = c->net->stats.now[net_transport_of(c)];

    now[c->state]--;
    if (state != CONN_DEAD)
        now[state]++;
}

void net_count_up(struct conn *c)
{
    struct net_stats *s = &c->net->stats;

    if (!c->tls)
        return;
    s->tls_up[tls_version_of(c->transport.state)]++;
    s->tls_resumed += tls_is_resumed(c->transport.state);
}

void net_count_octets(struct conn *c)
{
    struct net_stats *s = &c->net->stats;
    uint32_t in = (uint32_t)c->transport.wire_in;
    uint32_t out = (uint32_t)c->transport.wire_out;

    s->octets_in += in - c->counted_in;
    s->octets_out += out - c->counted_out;
    c->counted_in = in;
    c->counted_out = out;
}

static enum tls_failure net_stats_failure_of(const struct conn *c,
                                             enum conn_why why)
{
    switch (why) {
    case CONN_WHY_HANDSHAKE:
        return TLS_FAILURE_TIMEOUT;
    case CONN_WHY_EOF:
    case CONN_WHY_RESET:
        return TLS_FAILURE_GONE;
    case CONN_WHY_TLS:
    case CONN_WHY_CERT:
        return c->transport.failure;
    case CONN_WHY_PROXY:
        return TLS_FAILURE_NOT_TLS;
    case CONN_WHY_WEBSOCKET:
    case CONN_WHY_DEAD:
    case CONN_WHY_STALL:
    case CONN_WHY_FULL:
    case CONN_WHY_NOMEM:
    case CONN_WHY_LOCAL:
        break;
    }
    return TLS_FAILURE_OTHER;
}

void net_count_end(struct conn *c, enum conn_why why)
{
    struct net_stats *s = &c->net->stats;

    net_count_octets(c);
    s->closed[why]++;
    s->octets_queued -= conn_queued(c);
    if (c->tls && !c->transport.up)
        s->tls_failed[net_stats_failure_of(c, why)]++;
}

void net_stats(const struct net *n, struct net_stats *out)
{
    *out = n->stats;
}
