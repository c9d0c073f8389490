/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_call - how this end comes by its connection: it calls a relay or a peer,
 * or waits for one to call. */
#ifndef CAT_CALL_H
#define CAT_CALL_H

#include "cat_dial.h"
#include "cat_options.h"
#include "cat_sdp.h"
#include "rnd.h"
#include "screen.h"
#include "wire.h"

struct cat_call {
    const struct cat_options *options;
    struct screen *screen;
    struct rnd *rnd;
    struct wire wire;
    bool has_wire;
    bool is_passive; /* the peer has connected, and speaks first */
    char *own;       /* this end's URI; heap */
    char *peer;      /* the peer's path; heap; NULL: nobody in particular */
};

/* Does all that the options want until the connection is there, and says on the
 * screen what goes wrong. c->peer is what --to said. cat_call_fini() in any
 * case. */
enum exit_code cat_call_make(struct cat_call *c);
void cat_call_fini(struct cat_call *c);

/* --- for the exchange of SDP (cat_exchange) --------------------------------
 */

/* Notes `what: why`, and returns `code`. */
enum exit_code cat_call_complain(const struct cat_call *c, const char *what,
                                 int err, enum exit_code code);

/* What TLS needs to know, unless ctx is NULL: then it is not used. */
struct cat_call_tls {
    SSL_CTX *ctx;
    const struct cat_sdp *peer; /* has the fingerprints; NULL: there are none */
};

/* A context that shows what the options say, or if `needs_one` one that is made
 * here for `host`. */
enum exit_code cat_call_identity(const struct cat_call *c, SSL_CTX **out,
                                 const char *host, bool needs_one);

/* Connects to where the first URI of `path` is, or to --connect. */
enum exit_code cat_call_connect(struct cat_call *c, const char *path,
                                const struct cat_call_tls *tls);

/* Waits for one caller at `listener`, which is closed. */
enum exit_code cat_call_accept(struct cat_call *c, int listener,
                               const struct cat_call_tls *tls);

#endif
