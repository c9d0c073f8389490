/* SPDX-License-Identifier: BSD-2-Clause */
/* cat_srv - where a relay is that is known by name alone: SRV records
 * (R4976-8-d, RFC 2782), asked of the system's name servers. */
#ifndef CAT_SRV_H
#define CAT_SRV_H

#include <stddef.h>
#include <stdint.h>

#include "rnd.h"

enum { CAT_SRV_MAX = 16 };

struct cat_srv_target {
    uint16_t priority, weight, port;
    char host[256]; /* ".": the service is not offered */
};

struct cat_srv {
    size_t n;
    struct cat_srv_target targets[CAT_SRV_MAX];
};

/* The records of an answer: 0, ERR_NOT_FOUND if it has none, or ERR_SYNTAX. */
int cat_srv_read(struct cat_srv *out, const unsigned char *answer, size_t n);

/* Puts them into the order in which they are to be tried. */
void cat_srv_order(struct cat_srv *s, struct rnd *rnd);

/* The targets for `host`, in order (there is no service without TLS): 0,
 * ERR_NOT_FOUND without any record, or what else was wrong. */
int cat_srv_find(struct cat_srv *out, const char *host, struct rnd *rnd);

#endif
