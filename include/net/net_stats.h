/* SPDX-License-Identifier: BSD-2-Clause */
/* net_stats - figures about the connections of one net.
 *
 * Counters only grow. Connections that must not be counted, such as a metrics
 * scraper's, have a net of their own. */
#ifndef NET_STATS_H
#define NET_STATS_H

#include <stdint.h>

#include "conn.h"
#include "net_transport.h"
#include "tls.h"

/* Where a connection is in its life. */
enum conn_state {
    CONN_PROXY,     /* until a PROXY header has come; handshake timer */
    CONN_HELLO,     /* TLS: until a ClientHello has come; handshake timer */
    CONN_QUEUED,    /* until it may begin; the slots of others end it */
    CONN_HANDSHAKE, /* the transport comes up; handshake timer */
    CONN_OPEN,      /* both ways; stall timer while output waits */
    CONN_FINISHING, /* what is queued is written; stall timer */
    CONN_LINGER,    /* all is said; until the peer closes; stall timer */
    CONN_DEAD,      /* closed() was called; freed at the end of the turn */
};
enum { CONN_STATES = CONN_DEAD }; /* of the living */
/* "handshake" and the like; static. */
const char *conn_state_text(enum conn_state state);

enum net_transport net_transport_of(const struct conn *c);

struct net_stats {
    uint64_t now[NET_TRANSPORTS][CONN_STATES]; /* connections there are */
    uint64_t accepted[NET_TRANSPORTS];
    uint64_t dialled[NET_TRANSPORTS];
    uint64_t closed[CONN_WHYS];
    uint64_t tls_up[TLS_VERSIONS]; /* handshakes that were finished */
    uint64_t tls_resumed;          /* of these, by a ticket */
    uint64_t tls_failed[TLS_FAILURES];
    uint64_t octets_in; /* off the sockets, with what TLS adds */
    uint64_t octets_out;
    uint64_t octets_queued; /* in all outputs now */
    uint64_t rate_pauses;   /* reading stopped for the sake of the rate */
};

void net_stats(const struct net *n, struct net_stats *out);

#endif
