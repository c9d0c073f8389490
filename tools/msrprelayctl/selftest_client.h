/* SPDX-License-Identifier: BSD-2-Clause */
/* selftest_client - is a client let in, and does a message come through?
 *
 * Does what a client does, with what a client knows: connects, checks the
 * certificate against the host's name, authenticates (RFC 4976, 5.1), and sends
 * a message to its own URI by way of the relay. Where a proxy should come, it
 * is one that connects for itself. */
#ifndef SELFTEST_CLIENT_H
#define SELFTEST_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "rnd.h"
#include "str.h"

enum { SELFTEST_WHY_MAX = 512, SELFTEST_MS = 15000 };

/* Texts are the caller's. */
struct selftest_target {
    const char *host; /* an address to connect to */
    uint16_t port;
    bool tls, websocket;
    bool proxy_header;   /* this host counts as a proxy there */
    bool tls_in_front;   /* of what is not TLS itself */
    const char *name;    /* of the relay, as URIs have it */
    uint16_t uri_port;   /* ... and the port there */
    const char *expect;  /* the host that the certificate has to name */
    const char *ca_file; /* NULL: what this host trusts */
    struct span user, password;
};

/* Tries it, for SELFTEST_MS at most: 0, or ERR_DENIED with a sentence in `why`
 * (SELFTEST_WHY_MAX) that says what failed and what to do. */
int selftest_client_run(char *why, const struct selftest_target *t,
                        struct rnd *rnd);

#endif
