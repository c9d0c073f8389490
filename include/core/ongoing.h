/* SPDX-License-Identifier: BSD-2-Clause */
/* ongoing - messages of which chunks went on, while more are to come.
 *
 * A message is ongoing from its first chunk that ends with `+` until its last
 * one has been received, or until it ends badly: it fails, or its connection or
 * a session ends. Its receiver is told of that with an empty last chunk and `#`
 * (S-31). While it is ongoing it is known to which attempt of their message
 * later chunks belong (S-30).
 *
 * The number is bounded: the least recent ones are forgotten. They end without
 * `#`, and the rest of them counts as part of any attempt. A message that is
 * ongoing does not keep its links in use. */
#ifndef ONGOING_H
#define ONGOING_H

#include <stdint.h>

#include "chunker.h"
#include "link.h"
#include "list.h"
#include "pending_send.h"
#include "session.h"

enum {
    ONGOING_SESSION_MAX = 16, /* that come in through one session */
    ONGOING_LINK_MAX = 1024,  /* that come in over one link */
    ONGOING_OWED_MAX = 1024,  /* whose `#` waits for room on one output */
};

struct ongoing {
    struct list of_session;    /* in `session`->ongoing.in, latest chunk last */
    struct list of_last;       /* in ongoing.last of the session passed last */
    struct list of_in;         /* in `in`->ongoing.in, latest chunk last */
    struct list of_out;        /* in `out`->ongoing.out, or .owed */
    struct session *session;   /* passed first; NULL: ended */
    struct link *in, *out;     /* of the latest chunk */
    struct stream *stream;     /* that carries a chunk of it now, or NULL */
    struct chunker *chunker;   /* the relay's */
    struct pending_send *head; /* a copy of the first one's; owned */
    uint64_t hash;             /* of its Message-ID and sender */
    uint64_t next; /* position of the octet after the latest chunk */
};

/* Sets up the link's part: no messages. */
void ongoing_link_init(struct link *l);

/* The message through these sessions that this is the next chunk of, or NULL.
 * `last` is the session passed last; the attempt in `m` does not matter. */
struct ongoing *ongoing_find(const struct sessions *s,
                             const struct session *first,
                             const struct session *last,
                             struct session_message m);

/* The stream carries the next chunk of the message, over its link. */
void ongoing_resume(struct ongoing *o, struct stream *s);

/* The stream carries it no longer; no-op if it carries none. */
void ongoing_pause(struct stream *s);

/* The stream has carried a chunk with octets: the message is ongoing. No-op
 * when out of memory. */
void ongoing_note(const struct sessions *s, struct chunker *c,
                  struct stream *stream);

/* The message has ended, or is not to be remembered. No-op for NULL. */
void ongoing_forget(struct ongoing *o);

/* The message ends badly. Its last chunk is written as soon as the output has
 * room, and not at all if that is gone. */
void ongoing_break(struct ongoing *o);

/* The message that the stream carries ends badly, in the middle of a chunk or
 * after it, unless its last chunk was written. To be called before
 * chunker_stop(), which ends an open chunk. */
void ongoing_cut(const struct sessions *s, struct chunker *c,
                 struct stream *stream);

/* The output has moved: writes what has waited for room. */
void ongoing_moved(struct link *out);

/* The messages that go on to `from` go on to `to` from now on. */
void ongoing_hand_over(struct link *from, struct link *to);

/* All messages that go through the session, which is about to end, end badly;
 * those of which a chunk is being received, after that. */
void ongoing_session_ending(void *ctx, struct session *ss);

/* Forgets all messages that go on to the link, which is gone. Those that come
 * in over it must have ended. */
void ongoing_link_closed(struct link *l);

#endif
