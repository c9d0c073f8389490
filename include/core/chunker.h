/* SPDX-License-Identifier: BSD-2-Clause */
/* chunker - turns one incoming SEND chunk into outgoing SENDs.
 *
 * It streams: each run of body octets is sent at once, in the chunk that is
 * open or in a new one that begins with it, and is copied only into the output.
 * This relies on what the parser guarantees: a run has at least `gather` octets
 * or is the last one; it has at most `most` octets; and a run that is not the
 * last is followed by more. So every `+` is followed by a chunk, and every end
 * flag has an octet to go with.
 *
 * Outgoing Byte-Ranges are counted, never copied from the incoming one. A known
 * total is kept. The range-end of more than 2048 octets is `*`, so that the
 * chunk may be interrupted (R4975-5.1-a, B4975-7.1.1-b, -c). */
#ifndef CHUNKER_H
#define CHUNKER_H

#include <stdbool.h>
#include <stddef.h>

#include "link.h"
#include "parser.h"
#include "policy.h"
#include "pool.h"
#include "rnd.h"
#include "txn.h"

enum { CHUNK_ALONE_MAX = 2048 }; /* octets that are sent without interruption */

struct chunker {
    const struct policy *policy;
    struct txns *txns;
    /* Writes TID_LEN characters, without NUL. Tests replace it. */
    void (*new_tid)(struct chunker *c, char *tid);
    struct rnd *rnd;
    struct pool streams;
    uint64_t chunks_out; /* SENDs begun */
    uint64_t octets_out; /* of their bodies */
};

/* The pointers belong to the caller and must outlive `c`; `policy` may be
 * replaced at any time by setting c->policy. */
void chunker_init(struct chunker *c, const struct policy *policy,
                  struct txns *txns, struct rnd *rnd);
/* All streams must have been stopped. */
void chunker_fini(struct chunker *c);

/* A SEND begins on `in`, which has no stream, that is forwarded to `out`: makes
 * the stream, which owns the caller's reference to `head` from now on. 0, or
 * ERR_NOMEM, after which the reference is still the caller's. */
int chunker_start(struct chunker *c, struct link *in, struct link *out,
                  struct pending_send *head);

/* The two arguments of parser_want() for the next run, in octets. */
size_t chunker_gather(const struct stream *s);
size_t chunker_most(const struct chunker *c, const struct stream *s);

/* Forwards a run of body, from a BODY event: 0, or an error, after which
 * nothing more can be sent and the caller must fail the stream: ERR_FULL for
 * too many open transactions, ERR_EOF for a lost output, ERR_NOMEM. */
int chunker_body(struct chunker *c, struct stream *s,
                 const struct parse_event *ev);

/* The incoming chunk ended with `flag`, without a body or with an empty one.
 * Errors as with chunker_body(). */
int chunker_empty(struct chunker *c, struct stream *s, char flag);

/* Ends a message with an empty chunk and `#`, after its octets up to `next` - 1
 * have gone to `out`. `h` is what its chunks repeat. An answer is not waited
 * for. */
void chunker_abort(struct chunker *c, struct link *out,
                   const struct pending_send *h, uint64_t next);

/* Stops and frees the stream: ends its open chunk with `#` and drops the
 * transaction of that; gives the reference to the head back, with which nothing
 * more can be written. NULL is harmless. */
void chunker_stop(struct chunker *c, struct stream *s);

#endif
