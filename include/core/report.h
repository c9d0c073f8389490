/* SPDX-License-Identifier: BSD-2-Clause */
/* report - which response or REPORT is due, and how it is written.
 *
 * The decisions are pure functions of the Failure-Report value and of what
 * happened (RFC 4975, 7.1.2 to 7.1.4; RFC 4976, 6.4; spec: rfc4976-relay.md, 7
 * and 13). */
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
    REPORT_TIMEOUT, /* it did not answer in time */
    REPORT_LOST,    /* its connection ended; all octets were written (P-5) */
    REPORT_CUT,     /* its connection ended before all octets were written, or
                       this relay failed otherwise */
};

/* Is a REPORT due (R4976-6.4.1-c..e)? */
bool report_is_due(enum msg_report failure_report, enum report_cause cause);

/* Begins this relay's response to the request `m`. Its To-Path is the first URI
 * of From-Path for a SEND, all of From-Path for other methods (B4975-7.2-a);
 * its From-Path is `own`. The caller adds other headers and frame_end(). */
void report_response(struct frame *f, const struct msg *m, struct span own,
                     unsigned code);

/* Writes this relay's whole response to the SEND that `h` was made from. */
void report_answer(struct frame *f, const struct pending_send *h,
                   unsigned code);

/* Writes a whole failure REPORT about octets start..end of the message, from
 * the head's own URIs to the sender (RFC 4975, 7.1.2; RFC 4976, 6.4.1). `end`
 * is counted, never MSG_STAR. end < start means none: the Byte-Range is then
 * left out for a SEND without a body. */
void report_failure(struct frame *f, const struct pending_send *h,
                    struct span tid, uint64_t start, uint64_t end,
                    unsigned code);

#endif
