/* SPDX-License-Identifier: BSD-2-Clause */
/* owed - REPORTs that are due and not written yet (S-10).
 *
 * A transaction that failed becomes the entry: no memory is needed at the
 * moment when thousands fail. It is owed to the link on which the SEND came,
 * and is written in its turn when that link's output has room. Ranges of one
 * message that follow each other are one entry, with the code of the first
 * (P-5). If the SEND came from another relay, whose link is gone, it is owed to
 * the relay: to the next link to its host and port. */
#ifndef OWED_H
#define OWED_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "list.h"
#include "table.h"
#include "txn.h"
#include "uri.h"

/* A relay without a link, and what is owed to it. */
struct owed_relay {
    struct table_node by_authority;
    struct list of_all;
    struct list entries;
    uint64_t tried_ms; /* when a link was looked for last; 0: never */
    struct uri uri;    /* of the relay; points into text */
    size_t text_n;
    char text[];
};

struct owed {
    struct table by_range; /* entries, by message and last octet */
    struct table by_authority;
    struct list relays;    /* those not tried yet first */
    struct list new_links; /* that something was added for */
    struct txns *txns;     /* frees the entries */
    uint64_t n;            /* entries now */
};

/* 0 or ERR_NOMEM. `txns` is the caller's and must outlive it. */
int owed_init(struct owed *o, const uint64_t seed[2], struct txns *txns);
/* Drops what is owed to relays. All links must have been left. */
void owed_fini(struct owed *o);

/* Sets up owed's part of a link. */
void owed_link_init(struct link *l);

/* Owes a REPORT about octets x->start..x->end with x->code to the link. `x` has
 * ended (txn_end()) and belongs to `o` from now on. */
void owed_to_link(struct owed *o, struct link *l, struct txn *x);

/* Owes it to the relay with the host and port of `uri`, until x->due_ms. A link
 * was looked for at `tried_ms`; 0: not yet. 0; ERR_NOMEM, or ERR_SYNTAX for
 * what is no host: then `x` stays the caller's. */
int owed_to_relay(struct owed *o, const struct uri *uri, uint64_t tried_ms,
                  struct txn *x);

/* The oldest entry that is owed to the link, or NULL; it stays there. */
struct txn *owed_first(const struct link *l);

/* Takes an entry out, and frees it if it is of no more use. */
void owed_take(struct owed *o, struct txn *x);
void owed_drop(struct owed *o, struct txn *x);

/* The next link that something was added for since it was taken here last, or
 * NULL. */
struct link *owed_next_link(struct owed *o);

/* The link leads to the relay: it gets what that is owed. Frees `r`. */
void owed_move(struct owed *o, struct owed_relay *r, struct link *l);

/* Drops the entries of the relay that are void by now, and `r` itself with the
 * last one; how many. */
uint64_t owed_expire(struct owed *o, struct owed_relay *r, uint64_t now_ms);

#endif
