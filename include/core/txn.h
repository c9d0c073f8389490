/* txn - outgoing transactions: requests whose answer is awaited.
 *
 * One for each outgoing SEND whose Failure-Report is not `no`, and one for each
 * other request that may be answered (P-6). Found by (link, tid) in O(1). The
 * clock of a transaction starts when the kernel has taken its last octet
 * (R4976-6.4.1-c); then it waits in one FIFO for all. It stands still for a
 * link that this relay itself has stopped reading (P-23). Each keeps the
 * timeout that held when its clock started. */
#ifndef TXN_H
#define TXN_H

#include <stdbool.h>
#include <stdint.h>

#include "pending_send.h"
#include "link.h"
#include "list.h"
#include "pool.h"
#include "table.h"

/* Where the answer to a request other than SEND goes. */
struct txn_back {
    uint64_t in_number; /* the link it came on */
    bool is_auth;
    bool had_credentials; /* the AUTH carried Authorization */
    uint8_t tid_n;
    char tid[MSG_TID_MAX];
    /* The paths of a response, in case that the connection never comes about;
     * owned, NULL if it is there. */
    char *paths;
};

struct txn {
    struct table_node by_tid;
    struct list of_link; /* link->txns.unsent, then link->txns.sent */
    struct list in_fifo; /* once the clock runs */
    struct link *link;
    struct pending_send *head; /* of a SEND; owned reference */
    struct txn_back *back;     /* of another request; owned */
    uint64_t start, end;       /* octets of the message; end < start: none */
    union {
        uint64_t position; /* unsent: of its last octet in the output */
        uint64_t due_ms;   /* sent: when its time is over */
    };
    uint64_t paused_ms; /* link->turn.paused_ms when its clock started */
    bool is_open;       /* its chunk is still being written */
    char tid[TID_LEN];
};

struct txns {
    struct table by_tid;
    struct list fifo;   /* of the timeout that holds now */
    struct list former; /* of those that held before, by due_ms */
    struct pool pool;
    struct pending_send_pool *heads;
    uint64_t timeout_ms;
    size_t count;
    uint64_t ever;
};

/* 0 or ERR_NOMEM. `heads` is where references are given back. */
int txns_init(struct txns *t, const uint64_t seed[2],
              struct pending_send_pool *heads, uint64_t timeout_ms);
/* All must have been dropped. */
void txns_fini(struct txns *t);

/* For clocks that start from now on. */
void txns_set_timeout(struct txns *t, uint64_t timeout_ms);

/* A SEND that begins to go out on `link` under `tid`; takes a reference to
 * `head`. NULL without memory. It is open: txn_close() follows. */
struct txn *txn_open(struct txns *t, struct link *link, const char *tid,
                     struct pending_send *head, uint64_t start);

/* Another request that goes out on `link`; copies `back`, whose paths it takes.
 * NULL without memory. */
struct txn *txn_request(struct txns *t, struct link *link, const char *tid,
                        const struct txn_back *back);

/* Its last octet, `end` of the message, is in the link's output. */
void txn_close(struct txn *x, uint64_t end);

/* The kernel has taken the link's output up to `position`: clocks start. */
void txns_sent(struct txns *t, struct link *link, uint64_t position,
               uint64_t now_ms);

/* The one with this tid on this link, or NULL. */
struct txn *txn_find(const struct txns *t, const struct link *link,
                     struct span tid);

/* Takes it out of everything and frees it. */
void txn_drop(struct txns *t, struct txn *x);

/* One whose time is over, or NULL; it stays in the table. The time during which
 * its link was not being read does not count (P-23). */
struct txn *txns_expired(struct txns *t, uint64_t now_ms);

#endif
