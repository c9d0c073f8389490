/* stream - the outgoing side of one incoming SEND chunk (chunker.h).
 *
 * Lives in the link that receives the chunk; idle while it has no head. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

struct link;
struct pending_send;
struct txn;
struct session;

/* A stream's membership in a session that it goes through, as sent by the
 * session's owner or to it. The session clears it when it ends. */
struct party {
    struct session *session;     /* or NULL */
    struct list of_session;      /* in its `parties` */
    const struct stream *stream; /* that it is part of */
};

enum { TID_LEN = 16 };
struct stream {
    struct link *in; /* the link that it comes in on */
    struct link
        *out; /* the link that it goes out on; NULL: none, or it failed */
    struct list feeding; /* in out->out.senders */
    struct pending_send
        *head;       /* what every outgoing SEND of it repeats; owned ref */
    struct txn *txn; /* of the open chunk; NULL if none is needed */
    uint64_t next;   /* position in the message of the next octet out */
    uint64_t chunk_start;  /* where the open chunk began */
    uint64_t total;        /* or MSG_STAR */
    uint64_t first;        /* where the incoming chunk began */
    struct party sender;   /* the session whose owner sends it */
    struct party receiver; /* the session whose owner receives it */
    bool is_open;          /* its chunk is open on `out` */
    uint8_t tail_n;        /* octets in `tail` */
    char tid[TID_LEN];
    char tail[7 + TID_LEN - 1]; /* last octets written of the open chunk */
};

#endif
