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

enum { POLICY_PORTS_MAX = 64 };

struct policy {
    struct span name;           /* host in the URIs that are issued */
    const struct span *aliases; /* other names of this relay */
    size_t n_aliases;
    struct span realm;
    struct span self; /* a URI of the relay as such: From-Path of a response
                         when the request names none */
    uint16_t ports[POLICY_PORTS_MAX]; /* of all listeners */
    size_t n_ports;
    uint16_t tls_port; /* the first of them with TLS; 0: none */

    enum digest_alg algorithms[DIGEST_ALGS]; /* MD5 last (I-7) */
    size_t n_algorithms;
    uint32_t min_expires_s, default_expires_s, max_expires_s;
    uint64_t nonce_lifetime_ms;
    uint32_t max_failures; /* failed authentications until a link is closed */

    size_t max_chunk_size; /* octets of body in an outgoing SEND; >= 2048 */
    size_t high_water;     /* octets in an output at which senders pause */
    size_t low_water;      /* ... and at which they go on */
    uint32_t sessions_per_link;     /* 0: no limit */
    uint32_t transactions_per_link; /* 0: no limit */
    uint64_t message_size;          /* octets; 0: no limit */
    uint64_t transaction_ms;        /* how long a response is awaited */
};

#endif
