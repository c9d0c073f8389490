/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_relay - test clients that take the part of another relay: they show a
 * host's certificate, and speak for others. */
#ifndef PEER_RELAY_H
#define PEER_RELAY_H

#include "login.h"
#include "request.h"

struct peer_relay_opts {
    const char *name;        /* the host in its URI; usually "r3.test" */
    const char *san;         /* of the certificate; usually that name */
    unsigned port;           /* in its URI; usually 7003 */
    struct tls_files *files; /* its authority's; usually the relay's */
    struct relay *to;        /* usually the scene's first */
    bool expired;            /* its certificate is */
    bool bare;               /* it shows none */
    int version;             /* of TLS, such as TLS1_2_VERSION; 0: any */
};

/* Connects to the relay with that certificate; `own` is the URI of the relay
 * that it claims to be. NULL: all as usual. */
struct client *peer_relay_connect(struct scene *s,
                                  const struct peer_relay_opts *opts);
/* The same, but the handshake may fail and is not waited for. */
struct client *peer_relay_try(struct scene *s,
                              const struct peer_relay_opts *opts);

/* A client's context that shows the certificate STEM.pem of these files. */
SSL_CTX *peer_relay_tls(struct scene *s, struct tls_files *files,
                        const char *stem);

/* From-Path of what a user sends through it: its URI and the user's own. */
const char *peer_relay_from(const struct client *c, const char *user);
/* The user's own URI in that. */
const char *peer_relay_user(const struct client *c, const char *user);

/* --- AUTH of its users --- */

/* A challenge for this user. */
void peer_relay_ask(struct client *c, struct login *l, const char *user);
/* One attempt with it: its code, and if it was refused, the next challenge. */
unsigned peer_relay_attempt(struct client *c, struct login *l,
                            const char *user);
/* Both: a user who logs in with this password (NULL: the right one). */
unsigned peer_relay_login(struct client *c, const char *user,
                          const char *password);
/* Logs the user in; returns the URI that the relay has given. */
const char *peer_relay_grant(struct client *c, const char *user);

#endif
