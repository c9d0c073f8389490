/* SPDX-License-Identifier: BSD-2-Clause */
/* asker - who is asked about users that neither the users file nor a shared
 * secret knows. Core knows no more of it than this: the application fills it
 * in, tests replace it. */
#ifndef ASKER_H
#define ASKER_H

#include <stdbool.h>

#include "digest.h"
#include "str.h"

/* 1 to 255 octets each, without line feeds and other controls but TAB. */
struct asker_question {
    struct span user, realm;
    enum digest_alg alg;
};

enum asker_kind {
    ASKER_HA1,   /* the user exists, and this is the HA1 */
    ASKER_NONE,  /* there is no such user */
    ASKER_ERROR, /* nothing is known: ask again later */
};

/* Wiped by whoever has one, when it is done with. */
struct asker_answer {
    enum asker_kind kind;
    struct digest_hex ha1; /* lower-case hex */
};

/* What waits for an answer; part of the caller's own struct. */
struct asker_wait {
    void *question; /* the asker's */
    void (*answered)(struct asker_wait *w, const struct asker_answer *answer);
};

struct asker {
    const struct asker_ops *ops;
};

struct asker_ops {
    /* Is the answer known from an earlier time? Fills it in. */
    bool (*recall)(struct asker *a, struct asker_answer *answer,
                   const struct asker_question *q);

    /* Asks: 0, and w->answered() will be called once, never within this call.
     * Or an error, and it will not be called: nobody can be asked now. */
    int (*ask)(struct asker *a, const struct asker_question *q,
               struct asker_wait *w);

    /* w waits no longer. */
    void (*forget)(struct asker *a, struct asker_wait *w);
};

#endif
