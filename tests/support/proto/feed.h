/* SPDX-License-Identifier: BSD-2-Clause */
/* feed - a parser fed in pieces, and what it said.
 *
 * Each call of the parser sees its input in a piece of memory of exactly that
 * size, so that a sanitizer sees it read too far. All that parser.h promises is
 * checked on the way. */
#ifndef FEED_H
#define FEED_H

#include <stddef.h>
#include <stdint.h>

#include "parser.h"

enum { FEED_FRAMES_MAX = 8 };

struct feed_frame {
    struct msg m; /* over a copy of the head */
    char *body;
    size_t body_n;
    size_t runs; /* of body */
    char flag;   /* 0: it did not end */
};

struct feed {
    struct feed_frame frames[FEED_FRAMES_MAX];
    size_t n;
    int err;     /* the last answer of the parser */
    size_t left; /* octets not consumed */
};

/* How the parser is set up; zero fields stand for what is in brackets. */
struct feed_setup {
    uint32_t head_size; /* [16384] */
    uint32_t path_uris; /* [16] */
    size_t gather;      /* [1] */
    size_t most;        /* [SIZE_MAX] */
    struct path_memos *memos;
};

/* Feeds `in` as one piece of `first` octets, then pieces of `piece`; `given`
 * NULL: the defaults. Free with feed_free(). */
void feed(struct feed *f, const struct feed_setup *given, struct span in,
          size_t first, size_t piece);
void feed_free(struct feed *f);

/* Feeds `in` whole, octet by octet and cut at each offset, and checks that the
 * heads, the octets of the bodies, the ends and the error are the same each
 * time, and when the paths are known already. Leaves the result of the whole in
 * *f. */
void feed_every_way(struct feed *f, const struct feed_setup *setup,
                    struct span in);

static inline struct span feed_body(const struct feed_frame *frame)
{
    return (struct span){frame->body, frame->body_n};
}

#endif
