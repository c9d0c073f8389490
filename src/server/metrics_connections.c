/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics_connections - connections: who connects, and what was refused. */
#include "metrics_private.h"

#define TRANSPORTS                                                             \
    {                                                                          \
        "transport", NET_TRANSPORTS, transport                                 \
    }

NAMES(transport, net_transport_text, enum net_transport)
NAMES(state, conn_state_text, enum conn_state)
NAMES(why, conn_why_text, enum conn_why)

static const struct metrics_sample dismissals[] = {
    {"bad_input", AT(hops.bad_input)},
    {"idle", AT(hops.idle)},
    {"made_room", AT(hops.made_room)},
    {"probation", AT(hops.probation)},
};

static const char *evicted(size_t i)
{
    return place_class_text((enum place_class)(i + PLACE_UNPROVEN));
}

static const struct metrics_sample refusals[] = {
    {"connections", AT(server.refused_full)},
    {"memory_limit", AT(server.refused_memory)},
    {"connections_per_address", AT(server.refused_address)},
    {"memory", AT(server.refused_nomem)},
};

static const struct metrics_family families[] = {
    {.name = "msrprelayd_connections",
     .type = "gauge",
     .help = "Current connections by state.",
     .at = AT(net.now),
     .axes = {TRANSPORTS, {"state", CONN_STATES, state}}},
    {.name = "msrprelayd_connections_limit",
     .type = "gauge",
     .help = "The configured limits.connections.",
     .at = AT(connections_max)},
    {.name = "msrprelayd_connections_accepted_total",
     .type = "counter",
     .help = "Connections accepted.",
     .at = AT(net.accepted),
     .axes = {TRANSPORTS}},
    {.name = "msrprelayd_connections_dialled_total",
     .type = "counter",
     .help = "Outgoing connections opened.",
     .at = AT(net.dialled),
     .axes = {TRANSPORTS}},
    {.name = "msrprelayd_connections_closed_total",
     .type = "counter",
     .help = "Connections closed, by reason; local: closed by the relay.",
     .at = AT(net.closed),
     .axes = {{"reason", CONN_WHYS, why}}},
    {.name = "msrprelayd_connections_closed_by_relay_total",
     .type = "counter",
     .help = "Connections closed by the relay, by reason.",
     .label = "reason",
     SAMPLES(dismissals)},
    {.name = "msrprelayd_connections_evicted_total",
     .type = "counter",
     .help = "Connections closed to make room for others, by what they were.",
     .at = AT(hops.evicted[PLACE_UNPROVEN]),
     .axes = {{"class", PLACE_CLASSES - PLACE_UNPROVEN, evicted}}},
    {.name = "msrprelayd_connections_refused_total",
     .type = "counter",
     .help = "Connections refused on accept, by the limit reached.",
     .label = "reason",
     SAMPLES(refusals)},
    {.name = "msrprelayd_health_checks_total",
     .type = "counter",
     .help = "Accepted connections that ended without an octet before the "
             "handshake or the first request.",
     .at = AT(hops.health_checks)},
    {.name = "msrprelayd_accept_pauses_total",
     .type = "counter",
     .help =
         "Times that accepting paused because descriptors or memory ran out.",
     .at = AT(server.accept_pauses)},
};

const struct metrics_group metrics_connections = METRICS_GROUP(families);
