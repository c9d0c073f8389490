/* SPDX-License-Identifier: BSD-2-Clause */
/* pending_auth - AUTHs that wait for what an asker says of their user.
 *
 * Its link is not paused: what comes after it is handled meanwhile. Each has
 * one state, WAITING, in which the asker has its question, its link and the
 * list of all have it, and its time runs. That ends exactly once:
 *
 *     the asker answers          done() is called with the answer
 *     its time is over           done() is called with ASKER_ERROR
 *     there is another asker     the same
 *     its link has ended         nothing is called
 *
 * What waits is bounded: for a link by number, for a client's also by octets,
 * for all links together by both. */
#ifndef PENDING_AUTH_H
#define PENDING_AUTH_H

#include <stddef.h>
#include <stdint.h>

#include "asker.h"
#include "link.h"
#include "list.h"
#include "msg.h"

enum {
    PENDING_AUTHS_OF_LINK = 16,
    PENDING_AUTHS_OF_RELAY = 256, /* many clients are behind it */
    PENDING_AUTHS_MAX = 65536,
    PENDING_AUTHS_OCTETS = 64 * 1024 * 1024,
    /* Once half of that is taken, a client may have so much, or one AUTH of any
     * size. */
    PENDING_AUTHS_CLIENT_OCTETS = 16 * 1024,
};

/* The wait of an AUTH is over; `m` is valid during the call only. */
typedef void (*pending_auth_done_fn)(void *ctx, struct link *l,
                                     const struct msg *m,
                                     const struct asker_answer *answer);

struct pending_auths {
    struct asker *asker; /* the application's; NULL: there is none */
    struct list waiting; /* oldest first */
    size_t n, octets;
    pending_auth_done_fn done;
    void *ctx;
};

void pending_auths_init(struct pending_auths *p, pending_auth_done_fn done,
                        void *ctx);
/* All links must have been closed. */
void pending_auths_fini(struct pending_auths *p);

/* Another asker, or NULL; what waited for the one before is done. */
void pending_auths_use(struct pending_auths *p, struct asker *asker);

/* Sets up this module's part of a link; drops what waits on it. */
void pending_auths_link_init(struct link *l);
void pending_auths_link_closed(struct link *l);

/* Asks about the user of the AUTH `m`, which came over l and is copied. 0, and
 * *answer is filled in; ERR_AGAIN, and done() will be called by until_ms or
 * soon after it; ERR_FULL if too many wait; ERR_NOMEM; or the asker's error.
 * There must be an asker. */
int pending_auths_ask(struct pending_auths *p, struct asker_answer *answer,
                      const struct asker_question *q, struct link *l,
                      const struct msg *m, uint64_t until_ms);

/* Ends the wait of those whose time is over. Call it often. */
void pending_auths_expire(struct pending_auths *p, uint64_t now_ms);

#endif
