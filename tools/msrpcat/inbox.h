/* SPDX-License-Identifier: BSD-2-Clause */
/* inbox - requests that come in: SENDs become messages in a store, and each
 * request gets the answer that RFC 4975 wants for it.
 *
 * Messages may be interleaved chunk by chunk; what was received once is known
 * for a while, so that a message that comes again is acknowledged and not shown
 * (R4975-5.4-m). */
#ifndef INBOX_H
#define INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "msg.h"
#include "rnd.h"
#include "screen.h"
#include "store.h"
#include "str.h"
#include "table.h"
#include "tx.h"

enum {
    INBOX_HEAD_MAX = 64 * 1024, /* for the parser */
    INBOX_PATH_URIS = 64,
    INBOX_OPEN_MAX = 256,  /* messages in parts; 413 to more */
    INBOX_KNOWN_MAX = 1024 /* finished ones that are recognised */
};

struct incoming;

struct inbox {
    struct span own; /* this end's URI; the caller's */
    struct tx *tx;
    struct screen *screen;
    struct store *store;
    bool quiet;
    struct table by_key;
    struct list open, known; /* oldest first */
    size_t n_open, n_known;

    /* the request that is coming in */
    struct msg head;          /* over `text` */
    char *text;               /* INBOX_HEAD_MAX octets */
    struct incoming *message; /* NULL: its body is thrown away */
    uint64_t at;              /* where its next body octet belongs */
    uint64_t body;            /* octets of it so far */
    bool answered;
    bool busy;

    uint64_t received; /* messages, those that failed included */
    bool any_failed;
};

/* 0 or ERR_NOMEM. */
int inbox_init(struct inbox *b, struct span own, struct store *store,
               struct tx *tx, struct rnd *rnd, struct screen *screen);
void inbox_fini(struct inbox *b);

/* The head of a request other than REPORT, its body octets, its end. 0, or an
 * error that ends the connection: what tx_frame() gives, ERR_NOMEM, or
 * ERR_SYNTAX if there is no path to answer to. */
int inbox_on_head(struct inbox *b, const struct msg *head);
int inbox_on_body(struct inbox *b, struct span octets);
int inbox_on_end(struct inbox *b, char flag);

/* Is the request that is coming in a sound one, for this end's session? */
bool inbox_knows_session(const struct inbox *b);

/* Is a message known in part only? */
bool inbox_is_amid(const struct inbox *b);

/* How far the message is whose chunk is coming in; false if there is none. */
bool inbox_progress(const struct inbox *b, uint64_t *done, uint64_t *total);

#endif
