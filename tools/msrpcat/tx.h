/* SPDX-License-Identifier: BSD-2-Clause */
/* tx - what goes out: whole frames, and between them at most one open chunk.
 *
 * A chunk is opened with its head, gets body octets as they come, and is closed
 * with a flag. Whatever else has to go out meanwhile interrupts it with `+`
 * (R4975-7.1.1-r). The owner of the chunk finds out by asking tx_is_open(), and
 * goes on in a new one.
 *
 * That an interrupted chunk is legal is the owner's part: it opens one only
 * together with its first octet, and keeps the last octet of its message back
 * until it closes the chunk itself. */
#ifndef TX_H
#define TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "buf.h"
#include "pool.h"
#include "rnd.h"
#include "str.h"
#include "writer.h"

enum {
    TX_TID = 16,
    TX_NEEDLE = 7 + TX_TID,
    TX_BULK_MAX = 256 * 1024, /* bulk is put in only below that */
    TX_MAX = 16 * 1024 * 1024 /* answers that the peer does not read end it */
};

struct tx {
    struct pool pool;
    struct buf out;
    struct rnd *rnd;
    FILE *trace;   /* NULL: none */
    uint64_t put;  /* octets that were ever put in */
    uint64_t sent; /* octets that the socket took */
    bool open;     /* a chunk is open */
    uint64_t body; /* octets of body in the chunk, open or last closed */
    size_t tail_n;
    char tail[TX_NEEDLE - 1]; /* the last of them */
    char needle[TX_NEEDLE];   /* seven hyphens and the tid of the open chunk */
};

void tx_init(struct tx *t, struct rnd *rnd, FILE *trace);
void tx_fini(struct tx *t);

/* A new transact-id, of random letters and digits (R4975-7.1-a, D-2). */
void tx_new_tid(const struct tx *t, char tid[TX_TID]);

/* How many octets of bulk may be put in now. */
size_t tx_room(const struct tx *t);

/* Puts a whole frame in, interrupting an open chunk: 0, ERR_FULL or ERR_NOMEM,
 * which are both the end of the connection. */
int tx_frame(struct tx *t, const struct frame *f);

/* Opens a chunk with its head. The same errors; no chunk may be open. */
int tx_open(struct tx *t, const struct frame *head, const char tid[TX_TID]);

/* Adds body octets to the open chunk: *taken of them, which is fewer than s.n
 * if the chunk's own end-line would come about (R4975-7.1-k). The chunk, which
 * is never without an octet, must be interrupted then. */
int tx_body(struct tx *t, size_t *taken, struct span s);

/* Closes the open chunk. */
int tx_close(struct tx *t, char flag);

static inline bool tx_is_open(const struct tx *t)
{
    return t->open;
}

/* Does a body hold the start of the end-line of `tid`? */
bool tx_collides(struct span body, const char tid[TX_TID]);

#endif
