/* SPDX-License-Identifier: BSD-2-Clause */
/* txn - outgoing transactions: requests that await a response.
 *
 * There is one for each outgoing SEND whose Failure-Report is not `no`, and one
 * for each other request that may be answered (P-6). It is found by link and
 * tid in O(1). Its clock starts when the kernel has taken its last octet
 * (R4976-6.4.1-c); from then on it is in one FIFO with all others. The clock
 * stops while this relay does not read the link (P-23): because it waits for
 * another output, or because of limits.rate. What the kernel has taken may take
 * longer to a slow receiver than the timeout: as long as octets before the end
 * of the request arrive there, the clock starts again (S-13 b). Whether they do
 * is looked at when half of the time is over, and at its end. A transaction
 * keeps the timeout that was set when its clock started. */
#ifndef TXN_H
#define TXN_H

#include <stdbool.h>
#include <stdint.h>

#include "pending_send.h"
#include "link.h"
#include "list.h"
#include "pool.h"
#include "source.h"
#include "table.h"

/* Where the response to a request other than SEND goes. */
struct txn_back {
    uint64_t in_number; /* the link it came on; 0: this relay has made it */
    bool is_auth;
    bool is_mute;         /* no response of this relay's own is wanted */
    bool is_replaced;     /* it went through a pair: `paths` are those of any
                             response */
    bool had_credentials; /* the AUTH carried Authorization */
    uint8_t tid_n;
    char tid[MSG_TID_MAX];
    /* The paths of this relay's own response, in case that the link never comes
     * up; owned. NULL if it is up. */
    char *paths;
};

struct txn {
    struct table_node by_tid;
    struct list of_link;                /* in link->txns: unsent, then sent */
    struct list in_fifo;                /* once the clock runs */
    struct list of_sender, of_receiver; /* in a session's `sent`, `received` */
    struct link *link;
    struct pending_send *head; /* of a SEND; owned reference */
    struct txn_back *back;     /* of another request; owned */
    struct source *source;     /* that it counts against; owned reference */
    struct list of_source;     /* in source->partial, if it is one of these */
    uint64_t start, end;       /* octets of the message; end < start: none */
    uint64_t position;         /* of its last octet in the output */
    uint64_t due_ms;     /* sent: when it is looked at; owed: when it is void */
    uint32_t octets;     /* charged to the source: source_charge_octets() */
    uint32_t timeout_ms; /* that it was sent with */
    uint32_t unread_ms;  /* link_unread_ms() as of the last look, cut short */
    uint32_t prolonged_ms; /* by that, and by octets that arrived, so far */
    uint32_t unacked;      /* octets on their way, as of the last look */
    bool is_halfway;       /* half of the time is over */
    bool is_open;          /* its chunk is still being written */
    uint16_t code;         /* owed: what the REPORT says (owed.h) */
    char tid[TID_LEN];
};

/* So many timeouts may a transaction be prolonged by (P-23, 5.4): one who keeps
 * this relay from reading, or reads slowly himself, does not put off his
 * failure for ever. */
enum { TXN_PROLONGED_MAX = 4 };

struct txns {
    struct table by_tid;
    struct list fifo;   /* with the present timeout */
    struct list auths;  /* of forwarded AUTHs, with a shorter one (S-33) */
    struct list former; /* with former timeouts, ordered by due_ms */
    struct pool pool;
    struct pending_send_pool *heads;
    uint64_t timeout_ms;
    size_t count;
    uint64_t ever;
};

/* 0 or ERR_NOMEM. References to heads are given back to `heads`, which belongs
 * to the caller and must outlive `t`. */
int txns_init(struct txns *t, const uint64_t seed[2],
              struct pending_send_pool *heads, uint64_t timeout_ms);
/* All transactions must have been dropped. */
void txns_fini(struct txns *t);

/* For how long it has waited since all of it was sent. */
uint64_t txn_took_ms(const struct txn *x, uint64_t now_ms);

/* Sets the timeout of transactions whose clock starts from now on. */
void txns_set_timeout(struct txns *t, uint64_t timeout_ms);

/* Sets up txn's part of a link: it has no transactions. */
void txns_link_init(struct link *l);

/* A new transaction for a SEND that begins at octet `start` and goes out on
 * `link` under `tid` (TID_LEN characters). Takes a reference of its own to
 * `head`. NULL when out of memory. It is open until txn_close(). */
struct txn *txn_open(struct txns *t, struct link *link, const char *tid,
                     struct pending_send *head, uint64_t start);

/* A new transaction for another request. Copies `back` and takes ownership of
 * its paths, even when out of memory: then NULL. It is open until txn_close().
 */
struct txn *txn_request(struct txns *t, struct link *link, const char *tid,
                        const struct txn_back *back);

/* The whole request is now in the link's output; `end` is the last octet of the
 * message in it. */
void txn_close(struct txn *x, uint64_t end);

/* The kernel has taken the link's output up to `position`: starts the clocks of
 * the transactions up to there. */
void txns_sent(struct txns *t, struct link *link, uint64_t position,
               uint64_t now_ms);

/* The transaction with this tid on this link, or NULL. */
struct txn *txn_find(const struct txns *t, const struct link *link,
                     struct span tid);

/* The requests on `from`, none of which has been sent, are now in the output of
 * `to`, where the first octet of the former output is at `base`. */
void txns_move(struct link *from, struct link *to, uint64_t base);

/* Takes the transaction out of its link and of all lists and tables: nothing is
 * awaited any longer. What is left of it belongs to the caller, until
 * txn_free(). */
void txn_end(struct txns *t, struct txn *x);
void txn_free(struct txns *t, struct txn *x);

/* Both at once. */
void txn_drop(struct txns *t, struct txn *x);

/* A transaction that has timed out, or NULL. The caller must drop it before the
 * next call. Time during which its link was not read does not count (P-23). */
struct txn *txns_expired(struct txns *t, uint64_t now_ms);

#endif
