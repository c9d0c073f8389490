/* sendq - whose turn it is on a link's output.
 *
 * One chunk at a time is open on an output. It is interrupted with `+` whenever
 * anything else goes out: a response, a REPORT, another sender's chunk
 * (B4975-7.1.1-f).
 *
 * An output over the high-water mark makes those who feed it wait, and below
 * the low one they go on in turn, each for SENDQ_QUANTUM octets of body,
 * whatever the size of its chunks; who took more than that has less the next
 * time (deficit round robin). Who has nothing to give when it is his turn holds
 * the others up for a moment only. A link is never made to wait for its own
 * output's sake, nor for the answers of one that waits for answers itself: two
 * who send to each other never stop each other for ever. */
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
    uint64_t waiting;      /* links that wait now */
    uint64_t since_sum_ms; /* ... since when, added up */
    uint64_t wait_ms;      /* how long others waited, all in all */
};

void sendq_init(struct sendq *q, const struct policy *policy);

/* How long links have waited, all in all, up to now. */
uint64_t sendq_wait_ms(const struct sendq *q, uint64_t now_ms);

/* Puts a frame into the output as it is. false if the link takes no more; it is
 * then being closed. */
bool sendq_put(struct link *out, const struct frame *f);

/* The same between chunks: what is open is interrupted first. */
bool sendq_put_between(struct link *out, const struct frame *f);

/* The stream's chunk is open from now on; no other one is. */
void sendq_open(struct link *out, struct stream *s);

/* Ends the stream's open chunk with this flag, if there is one. Its transaction
 * goes on to wait for the answer. */
void sendq_close(struct stream *s, char flag);

enum { SENDQ_QUANTUM = 65536 };

/* Must `in` wait before it feeds `out` more? */
bool sendq_must_wait(const struct link *in, const struct link *out);

/* `in` waits for its turn on the output of `out`, which may come at once: then
 * it is already being resumed. */
void sendq_wait(struct link *in, struct link *out, uint64_t now_ms);

/* `in` has fed an output with n octets of body. Who had it for himself owes one
 * quantum at most when others come. */
void sendq_fed(struct link *in, size_t n);

/* The output has moved: those who wait go on, as far as there is room. */
void sendq_moved(struct link *out, uint64_t now_ms);

/* Called now and then: nothing moves on an empty output, so whoever waits for
 * it goes on, whosever turn it is. */
void sendq_stir(struct link *out, uint64_t now_ms);

/* `in` waits no longer, wherever it did. */
void sendq_unwait(struct link *in, uint64_t now_ms);

#endif
