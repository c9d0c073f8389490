/* SPDX-License-Identifier: BSD-2-Clause */
/* sendq - whose turn it is on a link's output.
 *
 * One chunk at a time is open on an output. It is interrupted with `+` whenever
 * anything else is sent: a response, a REPORT, another sender's chunk
 * (B4975-7.1.1-f).
 *
 * While an output is over the high-water mark its senders wait. Below the low
 * one they go on in turn, each for SENDQ_QUANTUM octets of body, whatever the
 * size of its chunks; a sender that took more gets less the next time (deficit
 * round robin). A sender with nothing to send on its turn delays the others
 * only briefly.
 *
 * A sender also waits while its source has too many SENDs unanswered
 * (source.h), unless others share its link.
 *
 * Two links that send to each other must not stop each other for ever. So a
 * link never waits because its own output is full, nor for responses from a
 * link that itself waits for responses. */
#ifndef SENDQ_H
#define SENDQ_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "policy.h"
#include "txn.h"
#include "writer.h"

struct trace;

/* What all outputs of a relay share. */
struct sendq {
    const struct policy *policy;
    struct trace *trace;   /* NULL: nothing is traced */
    struct list congested; /* links whose output others wait for */
    struct list waits;     /* links that wait now, the longest first */
    uint64_t waiting;      /* how many they are */
    uint64_t since_sum_ms; /* sum of the times at which they began to wait */
    uint64_t wait_ms;      /* how long others waited, in total */
};

/* `policy` belongs to the caller and must outlive `q`, or be replaced by
 * setting q->policy. */
void sendq_init(struct sendq *q, const struct policy *policy);

/* Sets up sendq's part of a link: nothing feeds it, and it waits for nothing.
 * `q` must outlive the link. */
void sendq_link_init(struct sendq *q, struct link *l);

/* How long links have waited, in total up to now. */
uint64_t sendq_wait_ms(const struct sendq *q, uint64_t now_ms);
/* How long the one has waited that has waited longest; 0: none waits. */
uint64_t sendq_longest_wait_ms(const struct sendq *q, uint64_t now_ms);

/* --- writing --- */

/* Appends a frame, or a part of one, to the output. false if the link is
 * closing or takes no more; in the latter case it closes the link. */
bool sendq_put(struct link *out, const struct frame *f);

/* Is there room for a frame of this relay's own that can wait? */
bool sendq_has_room(const struct link *out);

/* The same for a whole frame other than SEND: interrupts the open chunk first.
 */
bool sendq_put_between(struct link *out, const struct frame *f);

/* The stream feeds this output from now on; no longer. */
void sendq_join(struct link *out, struct stream *s);
void sendq_leave(struct stream *s);

/* The stream's chunk is open from now on. Interrupts the chunk that was open.
 */
void sendq_open(struct link *out, struct stream *s);

/* Ends the stream's open chunk with this flag; no-op without one. Its
 * transaction goes on to wait for the response. */
void sendq_close(struct stream *s, char flag);

/* --- waiting --- */

enum { SENDQ_QUANTUM = 65536 }; /* octets of body in a turn */

/* Is there no room in the output of `out` for what comes from `in`, and may
 * `in`, which others share, not wait for it: because it would wait for itself
 * (S-11), or for a link that is still being dialled (S-12)? */
bool sendq_is_refused(const struct link *in, const struct link *out);

/* Is there no room, and has the receiver behind `out` kept links like `in`
 * waiting for SENDQ_DELAY_MS of the last SENDQ_DELAY_OF_MS, while others send
 * over `in` too (S-13)? An output that is shared itself is no single
 * receiver's. */
enum { SENDQ_DELAY_MS = 1000, SENDQ_DELAY_OF_MS = 60000 };
bool sendq_is_delayed(const struct link *in, const struct link *out,
                      uint64_t now_ms);

/* Is its receiver behind, so that more than `low_water` waits for it? */
bool sendq_is_behind(const struct link *out);

/* A SEND of this account comes over the link. */
void sendq_spoke(struct link *in, const struct source *account,
                 uint64_t now_ms);

/* Has a whole request from `in`, other than SEND, to wait for room in the
 * output of `out` (S-11)? */
bool sendq_request_must_wait(const struct link *in, const struct link *out);

/* Must `in` wait before it may feed `out`? */
bool sendq_must_wait(const struct link *in, const struct link *out);

/* Pauses `in` until it has its turn on the output of `out`. That may be at
 * once: it has then been resumed before this returns. */
void sendq_wait(struct link *in, struct link *out, uint64_t now_ms);

/* Must the stream of `in`, which has as much open as its source may have, wait
 * for responses? Not on a link that others share, nor for a link that waits for
 * responses itself. */
bool sendq_must_await(const struct link *in, const struct link *out);

/* Pauses `in` until responses from `out` make room in its account. */
void sendq_await(struct link *in, struct link *out, uint64_t now_ms);

/* Responses came, or what was awaited is over: resumes links that may go on. */
void sendq_answered(struct sources *sources, uint64_t now_ms);

/* `in` has fed an output with n octets of body. A sender that was alone owes at
 * most one quantum when others come. */
void sendq_fed(struct link *in, size_t n);

/* The output has moved: links that wait for it go on, as far as there is room.
 */
void sendq_moved(struct link *out, uint64_t now_ms);

/* Resumes links that wait for an empty output, whose turn it is or not: nothing
 * will move on it. Call it several times a second. */
void sendq_stir(struct sendq *q, uint64_t now_ms);

/* Cancels the wait of `in`; no-op if it does not wait. */
void sendq_unwait(struct link *in, uint64_t now_ms);

/* What feeds `from` feeds `to` from now on, on which no chunk is open; the
 * chunk that is open goes on there. Who waits for `from` goes on and sees. */
void sendq_hand_over(struct link *from, struct link *to, uint64_t now_ms);

/* The link has ended (`closing` is set): resumes all that wait for it, and
 * cancels its own wait. */
void sendq_link_closed(struct link *l, uint64_t now_ms);

#endif
