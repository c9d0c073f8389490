/* SPDX-License-Identifier: BSD-2-Clause */
/* stream - one incoming SEND chunk on its way out.
 *
 * A link sends one chunk at a time, so it has at most one stream (link.h):
 * chunker_start() makes it when the chunk's head has been routed,
 * chunker_stop() frees it. What is written by whom:
 *
 *     chunker.c   everything that is not named below
 *     sendq.c     of_senders, is_open; `out` when another link takes over; and
 *                 `txn` when the outgoing chunk ends
 *     txn.c       clears `txn` when the transaction ends before the chunk
 *     session.c   sender, receiver: the list nodes and the session
 *     send.c      sender, receiver: `sends`
 *     ongoing.c   ongoing
 *
 * All of core may read it. One incoming chunk becomes one or more outgoing
 * SENDs; the "open chunk" is the one of these whose end-line is not yet
 * written. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

struct pending_send;
struct link;
struct ongoing;
struct session;
struct txn;

/* The tie between a stream and a session that it goes through; counts for the
 * session's account what the stream carries (session_join(), session_leave()).
 * The session clears it when it ends. */
struct party {
    struct session *session;     /* or NULL */
    struct list of_session;      /* in session->parties */
    const struct stream *stream; /* that this is part of; never changes */
    bool sends; /* the session's owner sends; of a pair: its side A does */
};

enum { TID_LEN = 16 }; /* of the transaction ids that this relay makes up */

struct stream {
    struct link *in;        /* the link that it belongs to; never changes */
    struct link *out;       /* the link that it feeds */
    struct list of_senders; /* in out's list of senders */
    struct pending_send
        *head; /* what every outgoing SEND repeats; owned reference */
    struct ongoing *ongoing; /* the message, if chunks of it went on before */
    struct txn *txn;         /* of the open chunk; NULL if it needs none */
    uint64_t next;           /* position in the message of the next octet out */
    uint64_t chunk_start;    /* position where the open chunk began */
    uint64_t total;          /* octets of the message, or MSG_STAR */
    uint64_t first;          /* position where the incoming chunk began */
    struct party sender;     /* the session whose owner sends it */
    struct party receiver;   /* the session whose owner receives it */
    bool is_open;            /* it has an open chunk on `out` */
    bool has_ended;          /* the last chunk of the message was written */
    uint8_t tail_n;          /* octets in `tail` */
    char tid[TID_LEN];       /* of the open chunk */
    char tail[7 + TID_LEN - 1]; /* last octets written of the open chunk */
};

#endif
