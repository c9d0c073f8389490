/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "codes.h"

bool report_answers(enum msg_report failure_report, unsigned code)
{
    switch (failure_report) {
    case MSG_REPORT_YES:
        return true;
    case MSG_REPORT_PARTIAL:
        return code != 200;
    case MSG_REPORT_NO:
        return false;
    }
    return false;
}

bool report_is_due(enum msg_report failure_report, enum report_cause cause)
{
    switch (failure_report) {
    case MSG_REPORT_YES:
        return true;
    case MSG_REPORT_PARTIAL:
        return cause == REPORT_REFUSED || cause == REPORT_CUT;
    case MSG_REPORT_NO:
        return false;
    }
    return false;
}

void report_response(struct frame *f, const struct msg *m, struct span own,
                     unsigned code)
{
    struct slice to = m->method == MSG_SEND ? m->from_first : m->from;

    frame_response(f, msg_text(m, m->tid), code, code_comment(code));
    frame_header(f, SPAN("To-Path"), msg_text(m, to));
    frame_header(f, SPAN("From-Path"), own);
}

void report_answer(struct frame *f, const struct pending_send *h, unsigned code)
{
    struct span to = pending_send_text(h, h->received);
    struct span from = pending_send_text(h, h->own);
    struct span tid = pending_send_text(h, h->tid);

    frame_response(f, tid, code, code_comment(code));
    frame_header(f, SPAN("To-Path"), span_cut(&to, ' '));
    frame_header(f, SPAN("From-Path"), span_cut(&from, ' '));
    frame_end(f, tid, '$');
}

void report_failure(struct frame *f, const struct pending_send *h,
                    struct span tid, uint64_t start, uint64_t end,
                    unsigned code)
{
    frame_request(f, tid, SPAN("REPORT"));
    frame_header(f, SPAN("To-Path"), pending_send_text(h, h->received));
    frame_header(f, SPAN("From-Path"), pending_send_text(h, h->own));
    frame_header(f, SPAN("Message-ID"), pending_send_text(h, h->message_id));
    if (end >= start || h->has_body)
        frame_range(f, start, end,
                    h->range_total < end ? MSG_STAR : h->range_total);
    frame_status(f, code, code_comment(code));
    frame_end(f, tid, '$');
}
