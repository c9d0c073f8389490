/* SPDX-License-Identifier: BSD-2-Clause */
/* outbox - messages on their way out: cut into SENDs, watched until the peer's
 * answers have said what became of them.
 *
 * It fills a tx as far as that has room and never waits. A message is finished
 * when all of it was sent, each SEND that asks for one has its response and, if
 * success reports are wanted, they cover all octets; or when it failed, which
 * is said on the screen once. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cat_txn.h"
#include "list.h"
#include "msg.h"
#include "rnd.h"
#include "screen.h"
#include "source.h"
#include "str.h"
#include "table.h"
#include "tx.h"

/* How messages are sent; the spans are the caller's. */
struct outbox_rules {
    struct span to;      /* the whole path to the peer */
    struct span ping;    /* where a bodiless SEND goes, to keep alive */
    struct span own;     /* From-Path */
    uint64_t chunk_size; /* most octets in a SEND; 0: any */
    size_t window;       /* most SENDs without response; 0: any */
    uint64_t timeout_ms; /* to wait for a response, or for a REPORT */
    enum msg_report failure_report;
    bool success_report;
};

struct outgoing;

struct outbox {
    struct outbox_rules rules;
    struct tx *tx;
    struct rnd *rnd;
    struct screen *screen;
    struct list queue;   /* not yet wholly sent; the first is at work */
    struct list watched; /* sent, or failed with SENDs unanswered */
    struct table by_id;
    struct cat_txns txns;
    struct cat_txn *chunk_txn; /* of the open chunk, if that has one */
    bool streaming;            /* our chunk is open, or was cut just now */
    uint64_t chunk_left;       /* octets that may still go into it */
    size_t unfinished;         /* messages */
    size_t unanswered;         /* SENDs with a 200 due */
    size_t pings;              /* of these, bodiless */
    uint64_t news_ms;          /* when something was last sent or answered */
    int wait_fd;               /* the pipe that has nothing yet, or -1 */
    bool barrier_due;          /* something went out that is not answered */
    bool any_failed;
    bool session_dead; /* the far side does not know the session */
};

/* 0 or ERR_NOMEM. */
int outbox_init(struct outbox *o, const struct outbox_rules *rules,
                struct tx *tx, struct rnd *rnd, struct screen *screen);
void outbox_fini(struct outbox *o);

/* Adds a message after all others; `source` becomes the outbox's, whatever
 * happens. `type` must outlive the outbox; `disposition` is copied and may be
 * NULL. 0 or ERR_NOMEM. */
int outbox_add(struct outbox *o, struct source *source, const char *type,
               const char *disposition);

/* Sends a SEND without body, for binding a connection and keeping it alive. 0
 * or what tx_frame() gives. */
int outbox_ping(struct outbox *o);

/* Puts in as much as there is room for: 0, or an error that ends the
 * connection. Sets o->wait_fd. */
int outbox_pump(struct outbox *o, uint64_t now_ms);

/* A response or a REPORT has come. The same errors. */
int outbox_on_response(struct outbox *o, const struct msg *head,
                       uint64_t now_ms);
int outbox_on_report(struct outbox *o, const struct msg *head, uint64_t now_ms);

/* Time passes; call it after writing to the socket. The same errors. */
int outbox_tick(struct outbox *o, uint64_t now_ms);

/* When outbox_tick() has something to do; UINT64_MAX for never. */
uint64_t outbox_deadline(const struct outbox *o);

/* Gives everything up, closing an open chunk with `#`. */
int outbox_abort(struct outbox *o);

/* Is nothing left to be sent or waited for? */
bool outbox_is_done(const struct outbox *o);

/* Is every message wholly sent? */
bool outbox_is_empty(const struct outbox *o);

/* How far the message at work is; false if there is none, or it is small. */
bool outbox_progress(const struct outbox *o, uint64_t *done, uint64_t *total);

#endif
