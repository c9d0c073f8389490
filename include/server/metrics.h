/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics - what the relay's figures are called outside, as Prometheus' text.
 *
 * One table says name, type, meaning, labels and where the value is. All label
 * values are there from the beginning, with 0. Names once given stay. */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "anchor.h"
#include "anchored.h"
#include "dial.h"
#include "dns.h"
#include "hop.h"
#include "lookup.h"
#include "loop.h"
#include "net_stats.h"
#include "ng.h"
#include "process.h"
#include "relay.h"
#include "server_stats.h"
#include "text.h"

/* All that is shown, as it is at one moment. */
struct metrics {
    const char *version;
    bool is_ready;
    bool is_draining; /* softly, or ending */
    uint64_t connections_max;
    uint64_t users;            /* lines of the users file */
    uint64_t log_lost;         /* lines that were never written */
    uint64_t accounting_lost;  /* the same of accounts */
    double certificate_ends_s; /* Unix time; 0: there is none */
    struct server_stats server;
    struct relay_stats relay;
    struct anchor_stats anchor;
    struct anchored_stats anchored;
    struct ng_stats ng;
    struct hops_stats hops;
    struct net_stats net;
    struct dial_stats dial;
    struct dns_stats dns;
    struct loop_stats loop;
    struct lookup_stats lookup;
    struct process process;
};

/* Writes all of it; errors are in t. */
void metrics_write(struct text *t, const struct metrics *m);

#endif
