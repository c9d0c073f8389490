/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "err.h"
#include "writer.h"

/* A larger SEND must be interruptible (R4975-5.1-a). */
enum { EXACT_MAX = 2048, TID_AT = 5 };

static const struct span content_type =
    SPAN("Content-Type: text/plain\r\n\r\n");

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t traffic_now_ns(const struct traffic *t)
{
    return clock_ns() - t->epoch_ns;
}

/* All flows together are one regular sequence, so that they do not all send at
 * the same moment. */
uint64_t traffic_due_ns(const struct traffic *t, uint64_t index,
                        uint64_t number)
{
    double step_ns = 1e12 / ((double)t->options->rate * (double)t->n_flows);

    return (uint64_t)((double)(number * t->n_flows + index) * step_ns);
}

static bool wants_200(const struct flow *f)
{
    return f->traffic->options->failure_report == MSG_REPORT_YES;
}

/* --- beginning and end ---------------------------------------------------- */

/* Only the tid and the Message-ID differ from one SEND to the next. */
static int make_head(struct flow *f, const struct flow_paths *paths)
{
    static const char tid[LABEL_TID + 1] = "0000000000000000";
    static const char id[LABEL_ID + 1] = "00000000000000000000000000000000";
    const struct load_options *options = f->traffic->options;
    struct frame frame;
    size_t id_at;

    frame_init(&frame);
    frame_request(&frame, span_of(tid, LABEL_TID), SPAN("SEND"));
    frame_header(&frame, SPAN("To-Path"), paths->to);
    frame_header(&frame, SPAN("From-Path"), paths->from);
    frame_add(&frame, SPAN("Message-ID: "));
    id_at = frame.octets;
    frame_add(&frame, span_of(id, LABEL_ID));
    frame_add(&frame, SPAN("\r\n"));
    if (options->success_report)
        frame_header(&frame, SPAN("Success-Report"), SPAN("yes"));
    if (options->failure_report == MSG_REPORT_PARTIAL)
        frame_header(&frame, SPAN("Failure-Report"), SPAN("partial"));
    if (options->failure_report == MSG_REPORT_NO)
        frame_header(&frame, SPAN("Failure-Report"), SPAN("no"));
    assert(!frame.overflow);
    f->head = malloc(frame.octets);
    if (!f->head)
        return ERR_NOMEM;
    for (size_t i = 0; i < frame.n; i++) {
        memcpy(f->head + f->head_n, frame.parts[i].p, frame.parts[i].n);
        f->head_n += frame.parts[i].n;
    }
    f->id = f->head + id_at;
    return 0;
}

int flow_init(struct flow *f, struct traffic *t, uint64_t index,
              struct out_conn *from, struct out_conn *to,
              const struct flow_paths *paths)
{
    *f = (struct flow){.traffic = t,
                       .from = from,
                       .to = to,
                       .counters = &t->counters.live,
                       .index = index};
    list_init(&f->ready);
    sink_init(&f->sink, paths->receiver);
    t->unsent += t->options->count;
    return make_head(f, paths);
}

void flow_fini(struct flow *f)
{
    free(f->head);
    sink_fini(&f->sink);
}

/* Nobody waits for what a stalled receiver may never get. */
static void await(struct flow *f, uint64_t n)
{
    if (f->counters == &f->traffic->counters.live)
        f->traffic->awaited += n;
}

static void has_come(struct flow *f, uint64_t n)
{
    if (f->counters == &f->traffic->counters.live && !f->dead)
        f->traffic->awaited -= n;
}

void flow_will_stall(struct flow *f)
{
    f->traffic->unsent -= f->traffic->options->count;
    f->counters = &f->traffic->counters.stalled;
}

void flow_die(struct flow *f)
{
    const struct load_options *options = f->traffic->options;

    if (f->dead)
        return;
    has_come(f, f->unanswered + f->unreported + f->started - f->sink.number);
    if (options->count && f->counters == &f->traffic->counters.live)
        f->traffic->unsent -= options->count - f->started;
    f->dead = true;
    list_remove(&f->ready);
    if (f->from->open == f)
        f->from->open = NULL;
}

/* --- when ----------------------------------------------------------------- */

/* Without responses the receiver's progress takes their place: it is in this
 * program too. */
static bool window_is_open(const struct flow *f)
{
    const struct load_options *options = f->traffic->options;
    uint64_t sent, came;

    if (wants_200(f))
        return f->unanswered < options->window;
    sent = f->started * options->size -
           (f->offset > 0 ? options->size - f->offset : 0);
    came = f->sink.number * options->size + f->sink.offset;
    return sent < came || (sent - came) / options->chunk < options->window;
}

static bool may_begin(const struct flow *f)
{
    const struct load_options *options = f->traffic->options;

    return f->traffic->sending &&
           (!options->count || f->started < options->count) &&
           (!options->rate || f->started < f->due);
}

static bool is_ready(const struct flow *f)
{
    if (f->dead)
        return false;
    if (f->chunk_left > 0)
        return true;
    return window_is_open(f) && (f->offset > 0 || may_begin(f));
}

void flow_poke(struct flow *f)
{
    if (!list_is_empty(&f->ready) || !is_ready(f))
        return;
    list_append(&f->from->ready, &f->ready);
    channel_poke(&f->from->channel);
}

/* --- sending -------------------------------------------------------------- */

static struct span tid_of(const struct flow *f)
{
    return span_of(f->head + TID_AT, LABEL_TID);
}

/* Ends the open chunk. */
static int close_chunk(struct flow *f, char flag)
{
    struct frame frame;

    frame_init(&frame);
    frame_end_body(&frame, tid_of(f), flag);
    f->chunk_left = 0;
    f->from->open = NULL;
    return channel_put(&f->from->channel, frame.parts, frame.n);
}

static void begin_message(struct flow *f)
{
    struct traffic *t = f->traffic;
    struct label label = {.flow = f->index, .number = f->started};
    bool reports = t->options->success_report;

    label.time_ns = t->options->rate ? traffic_due_ns(t, f->index, f->started)
                                     : traffic_now_ns(t);
    label_put_id(f->id, t->run, &label);
    f->started++;
    f->give_up = false;
    f->unreported += reports;
    f->counters->messages_sent++;
    await(f, 1 + reports);
    if (t->options->count && f->counters == &t->counters.live)
        t->unsent--;
}

/* Adds `n` octets of body, and the end-line if the chunk has all then. */
static void add_body(struct flow *f, struct frame *frame, size_t n)
{
    const struct load_options *options = f->traffic->options;

    frame_add(frame, pattern_get(&f->traffic->pattern, f->index, f->started - 1,
                                 f->offset, n));
    f->counters->octets_sent += n;
    f->offset += n;
    f->chunk_left -= n;
    f->from->open = f->chunk_left > 0 ? f : NULL;
    if (f->chunk_left > 0)
        return;
    frame_end_body(frame, tid_of(f), f->offset == options->size ? '$' : '+');
    if (f->offset == options->size)
        f->offset = 0;
}

static size_t next_run(const struct flow *f)
{
    return f->chunk_left < PATTERN_RUN ? (size_t)f->chunk_left : PATTERN_RUN;
}

static int begin_chunk(struct flow *f)
{
    const struct load_options *options = f->traffic->options;
    uint64_t left = options->size - f->offset;
    struct frame frame;

    if (f->offset == 0)
        begin_message(f);
    f->chunk_left = left < options->chunk ? left : options->chunk;
    label_put_tid(f->head + TID_AT, f->index, f->chunks++);
    f->counters->chunks_sent++;
    if (wants_200(f)) {
        f->unanswered++;
        await(f, 1);
    }
    frame_init(&frame);
    frame_add(&frame, span_of(f->head, f->head_n));
    frame_range(&frame, f->offset + 1,
                f->chunk_left > EXACT_MAX ? MSG_STAR
                                          : f->offset + f->chunk_left,
                options->size);
    frame_add(&frame, content_type);
    add_body(f, &frame, next_run(f));
    return channel_put(&f->from->channel, frame.parts, frame.n);
}

static int go_on(struct flow *f)
{
    struct frame frame;

    frame_init(&frame);
    add_body(f, &frame, next_run(f));
    return channel_put(&f->from->channel, frame.parts, frame.n);
}

/* The message at hand was refused: the rest of it is not sent. */
static int abandon(struct flow *f)
{
    f->give_up = false;
    f->offset = 0;
    return f->chunk_left > 0 ? close_chunk(f, '#') : 0;
}

static int send_some(struct flow *f)
{
    if (f->give_up)
        return abandon(f);
    return f->chunk_left > 0 ? go_on(f) : begin_chunk(f);
}

/* --- the connection ------------------------------------------------------- */

void out_conn_init(struct out_conn *o)
{
    list_init(&o->ready);
    o->open = NULL;
}

int out_conn_put(struct out_conn *o, const struct span *parts, size_t n)
{
    int err = o->open ? close_chunk(o->open, '+') : 0;

    return err ? err : channel_put(&o->channel, parts, n);
}

int out_conn_fill(struct out_conn *o)
{
    struct list *m;
    int err = 0;

    while (!err && channel_room(&o->channel) > 0 &&
           (m = list_take_first(&o->ready))) {
        struct flow *f = CONTAINER(m, struct flow, ready);

        if (o->open && o->open != f)
            err = close_chunk(o->open, '+');
        if (!err && is_ready(f))
            err = send_some(f);
        if (is_ready(f))
            list_append(&o->ready, &f->ready);
    }
    return err;
}

/* --- what comes back ------------------------------------------------------ */

static void count_code(uint64_t codes[COUNTERS_CODES], uint64_t code)
{
    codes[code < COUNTERS_CODES ? code : 0]++;
}

/* What is left of the message need not be sent. */
static void be_refused(struct flow *f)
{
    f->give_up = f->offset > 0;
}

void flow_on_response(struct traffic *t, const struct out_conn *at,
                      const struct msg *head)
{
    struct label tid;
    struct flow *f;

    if (!label_get_tid(&tid, msg_text(head, head->tid)) ||
        tid.flow >= t->n_flows || t->flows[tid.flow].from != at ||
        tid.number >= t->flows[tid.flow].chunks) {
        t->counters.stray++;
        return;
    }
    f = &t->flows[tid.flow];
    count_code(f->counters->responses, head->code);
    if (head->code != 200)
        be_refused(f);
    if (f->unanswered > 0) {
        f->unanswered--;
        has_come(f, 1);
    }
    flow_poke(f);
}

struct flow *flow_find(struct label *out, struct traffic *t,
                       const struct out_conn *at, const struct msg *head)
{
    struct flow *f;

    if (head->fault ||
        !label_get_id(out, t->run, msg_text(head, head->message_id)) ||
        out->flow >= t->n_flows)
        return NULL;
    f = &t->flows[out->flow];
    if (head->method == MSG_REPORT)
        return f->from == at && out->number < f->started ? f : NULL;
    if (f->to != at ||
        !span_eq(msg_text(head, head->to_first), span_str(f->sink.receiver)))
        return NULL;
    return f;
}

/* "000 200 OK" */
static uint64_t status_of(const struct msg *head)
{
    struct span status = msg_text(head, head->status);
    uint64_t code = 0;

    (void)span_cut(&status, ' ');
    if (span_u64(&code, span_cut(&status, ' '), COUNTERS_CODES - 1))
        return 0;
    return code;
}

void flow_on_report(struct traffic *t, const struct out_conn *at,
                    const struct msg *head)
{
    struct label id;
    struct flow *f = flow_find(&id, t, at, head);
    uint64_t code = status_of(head);

    if (!f) {
        t->counters.stray++;
        return;
    }
    count_code(f->counters->reports, code);
    if (code != 200 && id.number + 1 == f->started)
        be_refused(f);
    if (code == 200 && f->unreported > 0) {
        f->unreported--;
        has_come(f, 1);
    }
    flow_poke(f);
}
