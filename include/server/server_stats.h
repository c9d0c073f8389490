/* SPDX-License-Identifier: BSD-2-Clause */
/* server_stats - what happened to the server as a whole. */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct server_stats {
    double started_s;         /* Unix time */
    uint64_t refused_full;    /* connections: limits.connections */
    uint64_t refused_memory;  /* connections: limits.memory */
    uint64_t memory_limit;    /* octets */
    uint64_t tightness;       /* 0: memory is not short; to RELAY_TIGHTEST */
    uint64_t refused_address; /* limits.connections_per_address */
    uint64_t refused_nomem;
    uint64_t accept_pauses; /* accepting paused for lack of descriptors */
    uint64_t reloads_ok, reloads_failed;
    bool last_reload_failed;
    double last_reload_ok_s; /* Unix time; the start counts as the first */
};

#endif
