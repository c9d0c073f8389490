/* SPDX-License-Identifier: BSD-2-Clause */
/* policy - the settings that the relay's rules need: plain and read-only.
 *
 * Made from the configuration. The texts belong to whoever made it. */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "str.h"

struct host_names;
struct secrets;

enum { POLICY_PORTS_MAX = 64 };

/* Where this relay can be reached; an IPv6 host is in brackets. */
struct policy_authority {
    struct span host;
    uint16_t port;
};

struct policy {
    struct span name;           /* host in the URIs that are issued */
    const struct span *aliases; /* other names of this relay, those of its
                                   listeners included */
    size_t n_aliases;
    struct span realm;         /* of AUTH to any of these hosts */
    const struct span *realms; /* others, which AUTH is addressed to */
    size_t n_realms;
    struct span self; /* a URI of the relay as such: From-Path of a response
                         when the request names none */
    /* In the URIs of each listener, in their order, and then those at which
     * they listen as far as these are others. */
    uint16_t ports[2 * POLICY_PORTS_MAX];
    size_t n_ports;
    /* In the URIs of each listener, as ports. */
    struct span port_names[POLICY_PORTS_MAX];
    size_t n_port_names;
    uint16_t tls_port; /* the first of them with TLS; 0: none */

    enum digest_alg algorithms[DIGEST_ALGS]; /* MD5 last (I-7) */
    size_t n_algorithms;
    uint32_t min_expires_s, default_expires_s, max_expires_s;
    uint64_t nonce_lifetime_ms;
    const struct secrets *secrets; /* the setup's; NULL: none */
    uint64_t lookup_ms;    /* how long an AUTH waits for what an asker says */
    uint32_t max_failures; /* failed authentications until a link is closed */
    /* How long a user whose failures over a relay\'s link are too many is kept
     * out there. */
    uint64_t probation_ms;

    size_t max_chunk_size;   /* octets of body in an outgoing SEND; >= 2048 */
    size_t relay_chunk_size; /* the same to other relays; 0: no other */
    size_t high_water;       /* octets in an output at which senders pause */
    size_t low_water;        /* ... and at which they go on */
    /* Hosts and ports of the interfaces that anchored sessions show. */
    const struct policy_authority *authorities;
    size_t n_authorities;
    uint64_t anchored_idle_ms;            /* 0: no limit */
    const struct host_names *relay_names; /* relays.names; NULL: any */
    bool share_peers;                     /* dial.share_peers */
    uint32_t sessions_per_link;           /* 0: no limit */
    uint32_t sessions_per_user;           /* the same */
    uint32_t sessions_per_relay;          /* the same */
    uint32_t transactions_per_link;       /* of one source; 0: no limit */
    uint32_t requests_per_link;           /* the same */
    uint32_t dials_per_link;              /* the same */
    uint64_t message_size;                /* octets; 0: no limit */
    uint64_t hold_ms; /* how long one receiver may hold a shared link up */
    uint64_t transaction_ms; /* how long a response is awaited */
};

#endif
