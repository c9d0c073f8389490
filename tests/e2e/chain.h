/* SPDX-License-Identifier: BSD-2-Clause */
/* chain - relays one behind the other, named as in the worked example of the
 * digest of RFC 4976. */
#ifndef CHAIN_H
#define CHAIN_H

#include "login.h"
#include "outside.h"

#define CHAIN_INTRA "intra.example.com"
#define CHAIN_EXTRA "extra.example.net"
#define CHAIN_THIRD "third.example.org"

/* Starts intra, which is the scene's relay. What is left out of `opts` has the
 * usual value; NULL: all. */
struct scene *chain_start(void **state, const struct outside_opts *opts);
/* Adds extra, or another relay, which the name server knows: its name, and a
 * service record with its port. */
struct relay *chain_add(struct scene *s, const char *name,
                        const struct outside_opts *opts);
/* The same, but for the service record: that leads to the host which is
 * returned, and whose connections go on to the relay. */
struct host *chain_add_behind(struct relay **out, struct scene *s,
                              const char *name,
                              const struct outside_opts *opts);

/* AUTH to one more relay, through those at which the client is already; it goes
 * to a name without port. */
void chain_login(struct client *c, struct relay *r);
/* The same to a name with its port. */
void chain_login_at(struct client *c, struct relay *r);
/* A client of intra and of one more relay behind it. */
struct client *chain_client(struct scene *s, struct relay *r, const char *user);
/* A challenge for that, into `l`. */
void chain_ask(struct client *c, struct relay *r, struct login *l);
/* One attempt at that, challenge and all, with what `l` says: its tid. */
const char *chain_try(struct client *c, struct relay *r, struct login *l);

/* The next frame is the answer to `tid`, with this code, from the last relay of
 * `to`. */
struct got *chain_expect_code(struct client *c, const char *tid, unsigned code,
                              const char *to);

/* How many connections a relay has, or had, with a host's certificate. */
unsigned chain_links(const struct relay *r);

/* A TLS client's context that shows the relay's own certificate. */
SSL_CTX *chain_tls_of(struct scene *s, const struct relay *r);

#endif
