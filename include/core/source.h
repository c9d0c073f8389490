/* SPDX-License-Identifier: BSD-2-Clause */
/* source - what one sender has open towards one output (S-14).
 *
 * What awaits a response counts against the one who sent it, so that nobody is
 * held up by what others have open. A source is the session whose owner sends,
 * or a stranger's link, or, on another relay's link, the first From-Path URI.
 * It has an account for each output that it sends to, and one for its requests
 * other than SEND. All sources of one link have SOURCE_ALL times as much in
 * common. SENDs with Failure-Report `partial` wait for nothing and hold nobody
 * up: of these the latest are remembered (P-4).
 *
 * An account exists as long as somebody refers to it: the link whose latest
 * SEND was its, or a transaction. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "str.h"
#include "table.h"

struct link;
struct txn;

enum {
    SOURCE_ALL = 16,  /* so many times as much for all sources of a link */
    SOURCE_SELF = 16, /* ... and for what goes out where it came in */
};

struct source {
    struct table_node by_key;
    uint64_t out, name; /* what tells it from others of the link */
    struct sources *all;
    struct source *common; /* of all sources of the link; NULL: this is it */
    struct link *waiter;   /* which is paused until responses come; or NULL */
    struct list of_ready;  /* in sources.ready, when it need wait no longer */
    struct list partial;   /* transactions of SENDs with `partial` */
    uint32_t n_partial;
    uint32_t n; /* transactions that await a response, and REPORTs owed */
    /* Octets of chunks with Failure-Report: yes towards another relay that
     * await a response, and how many of them there may be: see
     * source_answered(). */
    uint64_t octets;
    uint32_t window; /* 0: any number, as towards others */
    uint32_t dials;  /* links that are dialled for it */
    uint32_t refs;   /* of links that send, transactions and these links */
};

struct sources {
    struct table by_key;
    struct list ready;
    uint32_t limit; /* limits.transactions_per_connection; 0: none */
};

/* 0 or ERR_NOMEM. All accounts must have been given back. */
int sources_init(struct sources *s, const uint64_t seed[2]);
void sources_fini(struct sources *s);

/* The account of `name`, a sender on the link `in`, towards the link with the
 * number `out`; 0: for other requests than SEND. The caller gets a reference;
 * NULL when out of memory. */
struct source *source_open(struct sources *s, const struct link *in,
                           uint64_t out, struct span name);
/* What source_change() wants to know of a name; never 0. */
uint64_t source_name(const struct sources *s, struct span name);
/* Makes *a, the caller's reference to an account of the link or NULL, one to
 * the account of the name, which it often is already. */
void source_change(struct source **a, struct sources *s, const struct link *in,
                   uint64_t out, uint64_t name);
/* Gives a reference back. NULL is harmless. */
void source_close(struct source *a);

/* Has it, or have all sources of its link together, so much open that it may
 * not open more? `times`: so many times the limit; limit 0: none. false for
 * NULL. */
bool source_is_full(const struct source *a, uint32_t limit, uint32_t times);

/* Charges a transaction to the account, which gets a reference; takes it off
 * again. NULL is harmless. */
void source_charge(struct source *a, struct txn *x);
void source_discharge(struct txn *x);

/* A relay that is behind with a receiver answers late (send.c), so that what
 * waits there for one receiver stays within its output and need not stop the
 * link (S-13). The window is at most half of `high_water`: it grows with each
 * answer that is there soon, and is halved by one that is not. */
void source_set_window(struct source *a, size_t high_water);
/* The chunk has ended, and is charged with its octets. */
void source_charge_octets(struct txn *x);
/* The response came after `took_ms`. */
void source_answered(struct txn *x, uint64_t took_ms, size_t high_water);
/* Are there as many octets as there may be, or half as many transactions? false
 * for NULL, and for an account towards others than relays. */
bool source_is_ahead(const struct source *a);

/* Has it more open than the other half of its limit? What follows is answered
 * late for that too. false for NULL. */
bool source_has_much_open(const struct source *a);

/* Are `limit` links and more being dialled for it, or SOURCE_ALL times as many
 * for all sources of its link (S-12)? Limit 0: none. false for NULL. */
bool source_has_dials(const struct source *a, uint32_t limit);

/* The link `out` is being dialled for the account, which gets a reference, and
 * is so no longer. NULL is harmless. */
void source_dial(struct source *a, struct link *out);
void source_dialled(struct link *out);

/* The oldest transaction with `partial` beyond the limit, or NULL. */
struct txn *source_surplus(const struct source *a);

/* The next link that waited for responses and need not any longer, or NULL. */
struct link *source_next_ready(struct sources *s);

#endif
