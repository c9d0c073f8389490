/* SPDX-License-Identifier: BSD-2-Clause */
#include "clear_probe.h"

#include "err.h"
#include "parser.h"

/* Header lines in which a sender chooses nothing but an identifier, numbers or
 * a keyword. */
static bool is_plain_line(struct span line)
{
    static const char *const names[] = {"Message-ID", "Byte-Range",
                                        "Failure-Report", "Success-Report"};
    struct span name = span_cut(&line, ':');

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_ieq(name, span_str(names[i])))
            return true;
    return false;
}

/* Will this SEND do: it asks for an answer, and says nothing else? */
static bool is_probe(const struct msg *m, char flag)
{
    struct span rest = msg_text(m, m->rest);

    if (m->method != MSG_SEND || m->has_body || flag != '$' ||
        m->failure_report != MSG_REPORT_YES)
        return false;
    while (rest.n > 0)
        if (!is_plain_line(span_cut(&rest, '\n')))
            return false;
    return true;
}

static void keep_tid(struct clear_probe *p, struct span tid)
{
    p->tid_n = (uint8_t)tid.n;
    memcpy(p->tid, tid.p, tid.n);
}

/* The form that all known endpoints answer (I-2). */
static int make_own(struct clear_probe *p, struct frame *f, const struct msg *m,
                    struct rnd *rnd)
{
    struct span tid = span_of(p->tid, CLEAR_PROBE_ID);

    p->waiting_n = 0;
    p->tid_n = CLEAR_PROBE_ID;
    rnd_alnum(rnd, p->tid, CLEAR_PROBE_ID);
    rnd_alnum(rnd, p->message_id, CLEAR_PROBE_ID);
    frame_init(f);
    frame_request(f, tid, SPAN("SEND"));
    frame_header(f, SPAN("To-Path"), msg_text(m, m->to));
    frame_header(f, SPAN("From-Path"), msg_text(m, m->from));
    frame_header(f, SPAN("Message-ID"), span_of(p->message_id, CLEAR_PROBE_ID));
    frame_range(f, 1, 0, 0);
    frame_end(f, tid, '$');
    return f->overflow ? ERR_LIMIT : 0;
}

int clear_probe_make(struct clear_probe *p, struct frame *f,
                     struct span waiting, struct rnd *rnd)
{
    struct span rest = waiting;
    struct parse_event ev;
    struct parser parser;

    /* The relay has put it there, so only its own limits hold. */
    parser_init(&parser, UINT32_MAX, UINT16_MAX);
    if (parser_next(&parser, &rest, &ev) != 0 || ev.type != PARSE_HEAD ||
        ev.head->to.n == 0 || ev.head->from.n == 0)
        return ERR_SYNTAX;
    if (!is_probe(ev.head, ev.flag))
        return make_own(p, f, ev.head, rnd);
    keep_tid(p, msg_text(ev.head, ev.head->tid));
    if (parser_next(&parser, &rest, &ev) != 0 || ev.type != PARSE_END)
        return ERR_SYNTAX;
    p->waiting_n = waiting.n - rest.n;
    frame_init(f);
    frame_add(f, span_of(waiting.p, p->waiting_n));
    return 0;
}

bool clear_probe_is_answer(const struct clear_probe *p, const struct msg *m,
                           char flag)
{
    return m->method == MSG_RESPONSE && m->fault == MSG_FAULT_NONE &&
           !m->has_body && flag == '$' &&
           span_eq(msg_text(m, m->tid), span_of(p->tid, p->tid_n));
}
