/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_auth - how a client gets its URI from a relay (RFC 4976, 5.1 and 9.1):
 * AUTH, the challenge, AUTH with credentials; then the same through that relay
 * to the next one, if there are several. */
#ifndef CAT_AUTH_H
#define CAT_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "msg.h"
#include "rnd.h"
#include "str.h"
#include "tx.h"

/* What it is about; all of it the caller's. */
struct cat_auth_rules {
    char *const *relays; /* their URIs, the nearest one first */
    size_t n_relays;
    struct span user, password;
    struct span own;    /* this end's URI */
    uint64_t expires_s; /* how long the URI is wanted for; 0: the relay's
                           choice */
};

struct cat_auth {
    struct cat_auth_rules rules;
    struct tx *tx;
    struct rnd *rnd;
    size_t at;      /* the relay that is being asked */
    unsigned tries; /* with credentials, at this relay */
    char tid[TX_TID];
    struct digest_hex rspauth; /* what proves that the relay knows the user */
    char *use_path;            /* so far; NULL at first */
    bool done;
    uint64_t granted_s; /* how long it is valid; 0: unknown */
    char why[160];      /* what went wrong, for the user */
};

void cat_auth_init(struct cat_auth *a, const struct cat_auth_rules *rules,
                   struct tx *tx, struct rnd *rnd);
void cat_auth_fini(struct cat_auth *a);

/* Sends the first AUTH: 0 or what tx_frame() gives. */
int cat_auth_start(struct cat_auth *a);

/* A response has come: goes on to a->done. ERR_DENIED with a->why if there will
 * be no URI, ERR_NOMEM, or what tx_frame() gives. */
int cat_auth_on_response(struct cat_auth *a, const struct msg *head);

#endif
