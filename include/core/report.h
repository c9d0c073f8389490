/* report - which answer is due, and which REPORT; how both are written.
 *
 * The decisions are pure functions of the Failure-Report value and of what
 * happened (spec: rfc4976-relay.md, 7 and 13). */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "pending_send.h"
#include "msg.h"
#include "writer.h"

/* Is a response with `code` due for a SEND with this Failure-Report? 200 only
 * for `yes`, errors for `yes` and `partial`, nothing for `no` (R4975-7.1.4). */
bool report_answers(enum msg_report failure_report, unsigned code);

/* What can happen to an outgoing SEND after its incoming chunk was accepted. */
enum report_cause {
    REPORT_REFUSED, /* the next hop answered with an error */
    REPORT_TIMEOUT, /* it answered nothing in time */
    REPORT_LOST,    /* its connection ended; all octets were written (P-5) */
    REPORT_CUT,     /* its connection ended before all octets were written, or
                       this relay failed otherwise */
};

/* Is a REPORT due (R4976-6.4.1-c..e)? */
bool report_is_due(enum msg_report failure_report, enum report_cause cause);

/* A response of this relay to the request `m`: its To-Path is the first URI of
 * From-Path for SEND, all of it for other methods (B4975-7.2-a), its From-Path
 * `own`. Other headers and frame_end() follow. */
void report_response(struct frame *f, const struct msg *m, struct span own,
                     unsigned code);

/* This relay's response to the SEND of which `h` is what stayed, end-line
 * included. */
void report_answer(struct frame *f, const struct pending_send *h,
                   unsigned code);

/* A failure REPORT about octets start..end of the message (end counted, never
 * `*`), from the head's own URIs to the sender (RFC 4975, 7.1.2; RFC 4976,
 * 6.4.1). For a SEND without a body, end < start, the Byte-Range is left
 * out. */
void report_failure(struct frame *f, const struct pending_send *h,
                    struct span tid, uint64_t start, uint64_t end,
                    unsigned code);

#endif
