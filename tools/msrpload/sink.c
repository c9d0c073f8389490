/* SPDX-License-Identifier: BSD-2-Clause */
#include "sink.h"

#include <stdlib.h>

#include "codes.h"
#include "err.h"
#include "flow.h"
#include "label.h"
#include "pattern.h"
#include "writer.h"

enum { TID_AT = 5 };

void sink_init(struct sink *s, const char *receiver)
{
    *s = (struct sink){.receiver = receiver};
}

void sink_fini(struct sink *s)
{
    free(s->answer);
    free(s->reverse);
}

/* --- answers -------------------------------------------------------------- */

static int flatten(char **out, size_t *n, const struct frame *f)
{
    char *text = malloc(f->octets);

    if (!text)
        return ERR_NOMEM;
    free(*out);
    *out = text;
    *n = 0;
    for (size_t i = 0; i < f->n; i++) {
        memcpy(text + *n, f->parts[i].p, f->parts[i].n);
        *n += f->parts[i].n;
    }
    return 0;
}

/* All SENDs of a flow come the same way, so that their 200s differ by the tid
 * alone. */
static int make_answer(struct sink *s, const struct msg *head)
{
    struct span from = msg_text(head, head->from);
    struct span tid = msg_text(head, head->tid);
    char *copy = malloc(from.n);
    struct frame f;

    if (!copy)
        return ERR_NOMEM;
    memcpy(copy, from.p, from.n);
    free(s->reverse);
    s->reverse = copy;
    s->reverse_n = from.n;
    s->tid_n = tid.n;
    frame_init(&f);
    frame_response(&f, tid, 200, code_comment(200));
    /* To the previous hop (RFC 4975, 7.2). */
    frame_header(&f, SPAN("To-Path"), msg_text(head, head->from_first));
    frame_header(&f, SPAN("From-Path"), span_str(s->receiver));
    frame_add(&f, SPAN("-------"));
    s->end_tid_at = f.octets;
    frame_add(&f, tid);
    frame_add(&f, SPAN("$\r\n"));
    return flatten(&s->answer, &s->answer_n, &f);
}

static int prepare_answer(struct sink *s, const struct msg *head)
{
    struct span tid = msg_text(head, head->tid);
    int err = 0;

    if (tid.n != s->tid_n ||
        !span_eq(msg_text(head, head->from), span_of(s->reverse, s->reverse_n)))
        err = make_answer(s, head);
    if (err)
        return err;
    memcpy(s->answer + TID_AT, tid.p, tid.n);
    memcpy(s->answer + s->end_tid_at, tid.p, tid.n);
    return 0;
}

static int send_200(struct flow *f)
{
    struct span text = span_of(f->sink.answer, f->sink.answer_n);

    return out_conn_put(f->to, &text, 1);
}

/* The whole message is here (RFC 4975, 7.1.2). */
static int send_report(struct flow *f, uint64_t number)
{
    struct sink *s = &f->sink;
    uint64_t size = f->traffic->options->size;
    char tid[LABEL_TID], id[LABEL_ID];
    struct label label = {f->index, number, s->time_ns};
    struct frame frame;

    label_put_tid(tid, f->index, s->reports++);
    tid[0] = 'r'; /* no tid of a SEND on this connection */
    label_put_id(id, f->traffic->run, &label);
    frame_init(&frame);
    frame_request(&frame, span_of(tid, LABEL_TID), SPAN("REPORT"));
    frame_header(&frame, SPAN("To-Path"), span_of(s->reverse, s->reverse_n));
    frame_header(&frame, SPAN("From-Path"), span_str(s->receiver));
    frame_header(&frame, SPAN("Message-ID"), span_of(id, LABEL_ID));
    frame_range(&frame, 1, size, size);
    frame_status(&frame, 200, code_comment(200));
    frame_end(&frame, span_of(tid, LABEL_TID), '$');
    return out_conn_put(f->to, frame.parts, frame.n);
}

/* --- what comes ----------------------------------------------------------- */

/* From here on `number` is due: those before it have come, or never will. */
static void move_to(struct flow *f, uint64_t number)
{
    struct sink *s = &f->sink;

    if (f->counters == &f->traffic->counters.live && !f->dead)
        f->traffic->awaited -= number - s->number;
    s->number = number;
    s->offset = 0;
    s->bad = false;
}

int sink_on_head(struct flow *f, const struct label *id, const struct msg *head)
{
    struct sink *s = &f->sink;
    bool is_next =
        id->number == s->number && head->range_start == s->offset + 1;

    f->counters->chunks_received++;
    s->repeated = id->number < s->number;
    s->wants_200 = head->failure_report == MSG_REPORT_YES;
    /* That messages before it are missing is counted at the end. */
    if (!is_next && (s->repeated || head->range_start != 1))
        f->counters->misordered++;
    if (!is_next && !s->repeated) {
        if (id->number > s->number)
            move_to(f, id->number);
        s->offset = head->range_start - 1;
    }
    s->time_ns = s->repeated ? s->time_ns : id->time_ns;
    return prepare_answer(s, head);
}

void sink_on_body(struct flow *f, struct span body)
{
    struct sink *s = &f->sink;

    if (s->repeated)
        return;
    if (!pattern_is(&f->traffic->pattern, f->index, s->number, s->offset, body))
        s->bad = true;
    s->offset += body.n;
    f->counters->octets_received += body.n;
}

static void take_latency(struct flow *f)
{
    struct traffic *t = f->traffic;
    uint64_t then_ns = f->sink.time_ns, now_ns;

    if (f->counters != &t->counters.live || then_ns < t->from_ns ||
        then_ns >= t->to_ns)
        return;
    now_ns = traffic_now_ns(t);
    hist_add(&t->counters.latency_ns, now_ns > then_ns ? now_ns - then_ns : 0);
}

static int finish_message(struct flow *f)
{
    struct sink *s = &f->sink;
    uint64_t number = s->number;

    if (s->bad || s->offset != f->traffic->options->size) {
        f->counters->corrupted++;
    } else {
        f->counters->messages_received++;
        take_latency(f);
    }
    move_to(f, number + 1);
    return f->traffic->options->success_report ? send_report(f, number) : 0;
}

int sink_on_end(struct flow *f, char flag)
{
    int err = 0;

    if (f->sink.wants_200)
        err = send_200(f);
    if (err || f->sink.repeated)
        return err;
    if (flag == '$')
        err = finish_message(f);
    if (flag == '#') {
        f->counters->aborted++;
        move_to(f, f->sink.number + 1);
    }
    /* Its progress may be what opens the window. */
    flow_poke(f);
    return err;
}
