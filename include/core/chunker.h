/* chunker - one incoming SEND chunk to outgoing SENDs.
 *
 * Streams: each run of body goes out at once, in a chunk that is open or begins
 * with it, and is copied nowhere else. The parser promises what this needs: a
 * run is at least `gather` octets or the last one, at most `most`, and one that
 * is not the last is followed by more (so every `+` has something behind it and
 * every end flag an octet to ride on).
 *
 * Outgoing Byte-Ranges are counted, never copied; a known total is kept; over
 * 2048 octets the range-end is `*` (R4975-5.1-a, B4975-7.1.1-b, -c). */
#ifndef CHUNKER_H
#define CHUNKER_H

#include <stdbool.h>
#include <stddef.h>

#include "link.h"
#include "parser.h"
#include "policy.h"
#include "rnd.h"
#include "txn.h"

enum { CHUNK_ALONE_MAX = 2048 }; /* octets that go without interruption */

struct chunker {
    const struct policy *policy;
    struct txns *txns;
    /* Writes TID_LEN characters; tests put their own here. */
    void (*new_tid)(struct chunker *c, char *tid);
    struct rnd *rnd;
    uint64_t chunks_out, octets_out; /* SENDs begun, and of their bodies */
};

void chunker_init(struct chunker *c, const struct policy *policy,
                  struct txns *txns, struct rnd *rnd);

/* A SEND begins that goes on to `out`; takes the caller's reference to `head`.
 */
void chunker_start(struct stream *s, struct link *out,
                   struct pending_send *head);

/* What parser_want() has to be told before the next run. */
size_t chunker_gather(const struct stream *s);
size_t chunker_most(const struct chunker *c, const struct stream *s);

/* A run of body, from a BODY event. 0; or an error when nothing more can be
 * sent: the stream has then to be failed by the caller. */
int chunker_body(struct chunker *c, struct stream *s,
                 const struct parse_event *ev);

/* The incoming chunk ended without a body, or with an empty one. As
 * chunker_body(). */
int chunker_empty(struct chunker *c, struct stream *s, char flag);

/* Gives the stream up: an open chunk is ended with `#`, its transaction is
 * dropped; the head's reference is given back. Harmless when there is none. */
void chunker_stop(struct chunker *c, struct stream *s);

#endif
