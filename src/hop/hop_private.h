/* What hop.c and hop_dial.c share, and nobody else sees. */
#ifndef HOP_PRIVATE_H
#define HOP_PRIVATE_H

#include "dial.h"
#include "hop.h"

struct hop {
    struct link link;
    struct hops *all;
    struct conn *conn; /* NULL while it is being dialled */
    struct parser parser;
    struct timer probation;
    struct timer idle;
    struct list by_use;
    struct list by_age;
    struct loop_defer end; /* close() of the link, made at the turn's end */
    const char *why;       /* ... and why */
    bool open;             /* its transport is up */
    bool full;             /* its output took no more */
    bool bad_input;        /* it is closed for what it said */
    bool in_chunk;         /* of `message`, which is its conn's */
    uint64_t message;      /* ... or of which there was one */
    bool left;             /* the relay has been told of the end */
    uint64_t since_ms;
    uint64_t used_ms;
    /* Of one that this relay dials. */
    struct dial_call *call; /* under way */
    char *host;             /* behind link.host */
    char *early;            /* output until there is a connection */
    size_t early_n;
};

extern const struct conn_ops hop_conn_ops;

static inline unsigned long long hop_number(const struct hop *h)
{
    return h->link.number;
}

/* A new one, not in any list, with its number; NULL without memory. */
struct hop *hop_new(struct hops *all);

/* It is among the others and known to the relay from here on. */
void hop_enter(struct hop *h);

/* For the relay the link is gone, though its output may still be on the way. */
void hop_leave(struct hop *h, bool stalled);

/* Frees what has left, or never entered. */
void hop_free(struct hop *h);

/* --- hop_walk.c --- */

/* It is about to leave by_age: no walk stays with it. */
void hop_walks_skip(struct hop *h);

/* --- hop_dial.c --- */

/* Output before there is a connection: 0, ERR_FULL or ERR_NOMEM. */
int hop_put_early(struct hop *h, const struct span *parts, size_t n);

/* Gives the call up; the relay has been told already, or is told now. */
void hop_stop_dialling(struct hop *h);

/* The connection is up: may it be used for what it was dialled for
 * (R4976-9.2-e)? */
bool hop_may_be_used(struct hop *h);
/* It never came up, as whoever is dialled next has to know. */
void hop_never_opened(struct hop *h, enum conn_why why);

#endif
