/* SPDX-License-Identifier: BSD-2-Clause */
/* chunk_bench - a chunker between two fake links, whose tids the test knows. */
#ifndef CHUNK_BENCH_H
#define CHUNK_BENCH_H

#include <stddef.h>

#include "chunker.h"
#include "fake_link.h"
#include "pending_send.h"
#include "received.h"
#include "sendq.h"

enum { BODY_MAX = 65536 };

struct bench {
    struct chunker c; /* first: new_tid() gets a pointer to it */
    struct policy policy;
    struct pending_send_pool heads;
    struct txns txns;
    struct rnd rnd;
    const char *tids; /* to be used first, one after the other */
    unsigned n_tids;  /* made up after these */
    struct sendq sendq;
    struct fake_link in, out;
    char body[BODY_MAX]; /* all that went in */
    size_t body_n;
    char got[BODY_MAX];
    struct received received;
};

/* Headers of SENDs: for no transactions; for a body. */
#define QUIET "Failure-Report: no\r\n"
#define TYPE "Content-Type: a/b\r\n\r\n"

/* cmocka's set-up and tear-down; *state is the bench. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

/* A new one in place of the old. */
struct bench *bench_anew(void **state);

/* A SEND begins whose headers after the paths and Message-ID are `rest`. */
struct stream *bench_start(struct bench *b, const char *rest);

/* A run of body; `flag` 0: not the last. As chunker_body(). */
int bench_run(struct bench *b, struct span body, char flag);
/* The same; fails the test on an error. */
void bench_feed(struct bench *b, struct span body, char flag);

/* n octets of the pattern, in runs as the parser gives them when `piece` octets
 * come at a time, none of them the last unless there is a flag. */
void bench_feed_pattern(struct bench *b, size_t n, size_t piece, char flag);

/* Checks that everything that went in came out (received.h); returns in how
 * many frames. */
size_t bench_arrived(struct bench *b);

/* The i-th of them, and its Byte-Range line. */
const struct received_frame *bench_frame(struct bench *b, size_t i);
struct span bench_range(struct bench *b, size_t i);

#endif
