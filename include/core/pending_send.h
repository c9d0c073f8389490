/* SPDX-License-Identifier: BSD-2-Clause */
/* pending_send - what is kept of an incoming SEND while its body is forwarded.
 *
 * Made once for each incoming chunk, in the form in which it goes out again: an
 * outgoing SEND is `MSRP tid SEND`, this text and a Byte-Range. It also holds
 * what a REPORT needs (RFC 4976, 6.4.1). Every transaction of the chunk refers
 * to it, none copies it: it is freed with the last reference. Of a long head
 * what is to be written is an allocation of its own, so that it can go before
 * that: for the wait only what a REPORT and the response need is kept (S-15).
 */
#ifndef PENDING_SEND_H
#define PENDING_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "msg.h"
#include "pool.h"
#include "str.h"
#include "writer.h"

struct pending_send {
    uint32_t refs;
    bool pooled;
    bool is_long;       /* `out` is an allocation of its own */
    bool has_body;      /* Content-Type and an empty line */
    bool has_range;     /* the incoming SEND had a Byte-Range */
    bool reported;      /* its failure has been reported to the sender */
    bool from_relay;    /* it came from another relay */
    bool is_awaiting;   /* it is in send.awaiting, not in send.parked */
    uint8_t n_sessions; /* that it passed, and that count it: 1 or 2 */
    enum msg_report failure_report;
    uint32_t attempt;    /* of its message that it is part of; 0: any */
    uint64_t in_number;  /* the link it came on */
    struct list of_link; /* in that link's send.heads, if it is still there */
    struct list parked;  /* in send.parked or send.awaiting of the link that it
                            goes to */
    uint64_t parked_ms;  /* since when */
    uint64_t range_start, range_total; /* as received */
    /* Parts of `text`. */
    struct slice received; /* From-Path as received: a REPORT's To-Path */
    struct slice own;      /* our URIs that it passed, in the order of a
                              REPORT's From-Path: nearest to the sender first */
    struct slice first;    /* the token of the first session passed, if paths
                              were replaced; else empty: `own` has it */
    struct slice token;    /* the token of the last session passed */
    struct slice middle;   /* those of pairs in between, as `paths` had them */
    struct slice message_id;
    struct slice tid;  /* of the incoming SEND, for its response */
    uint32_t before_n; /* of `out`: To-Path to the last header before
                          Byte-Range */
    uint32_t after_n;  /* then: the headers after it */
    char *out; /* what is written: the end of `text`; or, if it is long, owned,
                  and NULL after pending_send_written() */
    uint32_t text_n;
    char text[];
};

/* Where heads are allocated: heads of usual size are kept for reuse. */
struct pending_send_pool {
    struct pool pool;
};

/* Keeps up to `keep` unused heads. All must have been given back before
 * pending_send_pool_fini(). */
void pending_send_pool_init(struct pending_send_pool *p, size_t keep);
void pending_send_pool_fini(struct pending_send_pool *p);

/* Own URIs in a row: ours, and ours (RFC 4976, trap 19). */
enum { PENDING_SEND_OWN_MAX = 2 };

/* A new head for the SEND `m`, which goes on to `to`, the rest of its To-Path.
 * It passed our URIs own[0..n_own), nearest to the sender first; `token` is the
 * session-id of the last one. Copies everything. The caller gets one reference;
 * NULL when out of memory. */
struct pending_send *pending_send_new(struct pending_send_pool *p,
                                      const struct msg *m, struct span to,
                                      const struct span *own, size_t n_own,
                                      struct span token, uint64_t in_number);

/* How paths are replaced where a SEND goes through an anchored pair. */
struct pending_send_paths {
    struct span to;         /* To-Path */
    const struct span *own; /* From-Path: these, the last one first, then */
    size_t n_own;
    struct span from;        /* ... this */
    const struct span *back; /* From-Path of a REPORT, in that order */
    size_t n_back;
    struct span first, token; /* of the first and the last session passed */
    struct span middle;       /* of those in between; see send.c */
};

/* The same as pending_send_new() for such a SEND. */
struct pending_send *pending_send_replaced(struct pending_send_pool *p,
                                           const struct msg *m,
                                           const struct pending_send_paths *w,
                                           uint64_t in_number);

/* Adds a reference; returns h. */
struct pending_send *pending_send_ref(struct pending_send *h);
/* Gives a reference back. NULL is allowed. */
void pending_send_unref(struct pending_send_pool *p, struct pending_send *h);

/* A copy of `h`, which can still be written, that is in no list; NULL when out
 * of memory. */
struct pending_send *pending_send_copy(struct pending_send_pool *p,
                                       const struct pending_send *h);

/* The part of pending_send_written() that is for long heads alone. */
void pending_send_shrink(struct pending_send *h);

/* Nothing more will be written with this head: neither pending_send_send() nor
 * pending_send_copy() may be called any more. */
static inline void pending_send_written(struct pending_send *h)
{
    if (h->is_long)
        pending_send_shrink(h);
}

/* A part of the text; valid as long as the head. */
static inline struct span pending_send_text(const struct pending_send *h,
                                            struct slice s)
{
    return (struct span){h->text + s.at, s.n};
}

/* Are both of the same attempt to send the same message: same Message-ID,
 * session and sender? */
bool pending_send_same_message(const struct pending_send *a,
                               const struct pending_send *b);

/* Writes a SEND with this head into *f, up to where the body begins. The
 * Byte-Range goes where the sender had it, or to the front; start 0 leaves it
 * out. */
void pending_send_send(struct frame *f, const struct pending_send *h,
                       struct span tid, uint64_t start, uint64_t end,
                       uint64_t total);

#endif
