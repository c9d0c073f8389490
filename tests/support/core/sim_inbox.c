/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client does with what it is sent: SENDs are checked octet by octet and
 * answered, answers and REPORTs go into the ledger. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "sim_world.h"

enum { HURT_MS = 4 * SIM_TRANSACTION_MS };

static void owe(struct sim_client *c, uint16_t code, uint64_t after_ms)
{
    struct sim_owed *o;

    if (!c->owed)
        c->owed = calloc(SIM_OWED_MAX, sizeof *c->owed);
    assert_non_null(c->owed);
    assert_true(c->n_owed < SIM_OWED_MAX);
    o = &c->owed[c->n_owed++];
    *o = (struct sim_owed){.due_ms = c->sim->now_ms + after_ms, .code = code};
    (void)span_copy(o->tid, sizeof o->tid, span_str(c->tid));
    (void)span_copy(o->to, sizeof o->to, span_str(c->answer_to));
}

static void put(struct sim_client *c, const char *text, int n)
{
    sim_pipe_put(&c->conn->pipes[0], span_of(text, (size_t)n));
}

static void write_answer(struct sim_client *c, const struct sim_owed *o)
{
    char text[512];

    put(c, text,
        snprintf(text, sizeof text,
                 "MSRP %s %u Because\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                 "-------%s$\r\n",
                 o->tid, o->code, o->to, c->uri, o->tid));
}

void sim_inbox_answer(struct sim_client *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->n_owed; i++)
        if (c->owed[i].due_ms <= c->sim->now_ms)
            write_answer(c, &c->owed[i]);
        else
            c->owed[kept++] = c->owed[i];
    c->n_owed = kept;
}

/* Tells the sender that all of it has arrived. */
static void write_success(struct sim_client *c, const struct sim_message *m)
{
    unsigned number = m->number;
    char text[1024];

    put(c, text,
        snprintf(text, sizeof text,
                 "MSRP good%u REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                 "Message-ID: m%u\r\nByte-Range: 1-%u/%u\r\n"
                 "Status: 000 200 OK\r\n-------good%u$\r\n",
                 number, c->report_to, c->uri, number, m->length, m->length,
                 number));
}

/* --- a SEND --- */

/* How the receiver will treat the message. */
static void decide(struct sim *s, struct sim_message *m)
{
    const struct sim_trouble *t = &s->setup.trouble;

    m->begun = true;
    if (s->calm)
        return;
    m->silent = sim_hits(s, t->silent);
    m->slow = sim_hits(s, t->slow_answer);
    if (sim_hits(s, t->refuse) ||
        (m->length > SIM_CHUNK_MAX && sim_hits(s, t->refuse_late)))
        m->refuse = sim_below(s, 2) ? 413 : 415;
}

static bool is_receiver(const struct sim_client *c, const struct sim_message *m,
                        const struct msg *head)
{
    return m && m->to == c->number && m->to_life == c->life &&
           span_eq(msg_text(head, head->to), span_str(c->uri));
}

/* Octets are missing where a chunk was lost with a link between relays. The
 * rest is then held back (P-21) of what has to be reported if it is lost. */
static void skip_gap(struct sim_client *c, struct sim_message *m, uint32_t to)
{
    if (m->failure_report == MSG_REPORT_YES)
        sim_fault(c->sim, SIM_AFTER_FAILURE, "%s: m%u has %u, got %u", c->name,
                  m->number, m->got, to);
    m->has_gap = true;
    m->got = to;
}

static void check_place(struct sim_client *c, struct sim_message *m,
                        const struct msg *head)
{
    uint64_t before = head->has_body ? head->range_start - 1 : m->got;

    if (!m->whole && !m->cut && (m->breaks || m->refused) && before > m->got &&
        before < m->length)
        skip_gap(c, m, (uint32_t)before);
    if (m->whole || m->cut || before != m->got)
        sim_fault(c->sim, SIM_NOT_WHOLE, "%s: m%u at %llu after %u%s", c->name,
                  m->number, (unsigned long long)before + 1, m->got,
                  m->whole ? " whole"
                  : m->cut ? " cut"
                           : "");
}

static void take_head(struct sim_client *c, const struct msg *head)
{
    struct span id = msg_text(head, head->message_id);
    struct sim_message *m = sim_message_of(c->sim, id);

    c->wrong = !is_receiver(c, m, head);
    c->message = c->wrong ? NULL : m;
    c->wants = head->failure_report;
    (void)span_copy(c->tid, sizeof c->tid, msg_text(head, head->tid));
    (void)span_copy(c->answer_to, sizeof c->answer_to,
                    msg_text(head, head->from_first));
    (void)span_copy(c->report_to, sizeof c->report_to,
                    msg_text(head, head->from));
    if (c->wrong) {
        sim_fault(c->sim, SIM_WRONG_PARTY, "%s: a SEND %.*s to %.*s", c->name,
                  SPAN_ARG(id), SPAN_ARG(msg_text(head, head->to)));
        return;
    }
    if (!m->begun)
        decide(c->sim, m);
    check_place(c, m, head);
}

static void take_body(struct sim_client *c, struct span body)
{
    struct sim_message *m = c->message;
    unsigned number;

    if (!m)
        return;
    number = m->number;
    for (size_t i = 0; i < body.n; i++)
        if (m->got + 1 + i > m->length ||
            body.p[i] != sim_message_octet(number, m->got + 1 + (uint32_t)i)) {
            sim_fault(c->sim, SIM_NOT_WHOLE, "%s: m%u, octet %zu", c->name,
                      number, m->got + 1 + i);
            break;
        }
    m->got += (uint32_t)body.n;
}

/* Is this the chunk that is refused? A late one is, once some were taken. */
static bool is_refused(const struct sim_message *m)
{
    return m->refuse &&
           (m->refuse == 413 || m->got > SIM_CHUNK_MAX || m->whole);
}

static void answer(struct sim_client *c, struct sim_message *m)
{
    uint64_t after_ms = m->slow ? sim_below(c->sim, SIM_TRANSACTION_MS / 2) : 0;
    bool refused = is_refused(m);

    if (m->silent || c->wants == MSG_REPORT_NO)
        return;
    if (!refused && c->wants == MSG_REPORT_PARTIAL)
        return;
    m->refused |= refused;
    owe(c, refused ? m->refuse : 200, after_ms);
}

static void take_end(struct sim_client *c, char flag)
{
    struct sim_message *m = c->message;

    c->message = NULL;
    if (!m)
        return;
    if (c->sim->now_ms < c->reads_ms + HURT_MS && c->reads_ms)
        m->hurt = true;
    m->whole = flag == '$' && !m->has_gap;
    m->cut = flag == '#';
    if (m->whole && m->got != m->length)
        sim_fault(c->sim, SIM_NOT_WHOLE, "%s: m%u has %u of %u", c->name,
                  m->number, m->got, m->length);
    answer(c, m);
    if (m->whole && m->success_report && !m->refused)
        write_success(c, m);
}

/* --- events --- */

static void take_other_head(struct sim_client *c, const struct msg *head)
{
    c->message = NULL;
    if (head->method == MSG_REPORT)
        sim_ledger_report(c->sim, c, head);
    else if (head->method != MSG_RESPONSE)
        sim_fault(c->sim, SIM_NOT_ASKED_FOR, "%s: a strange request", c->name);
    else if (c->login != SIM_ONLINE)
        sim_client_on_auth(c, head);
    else
        sim_ledger_answer(c->sim, c, head);
}

static void take(struct sim_client *c, const struct parse_event *ev)
{
    switch (ev->type) {
    case PARSE_HEAD:
        c->method = ev->head->method;
        if (ev->head->fault)
            fail_msg("%s: %s", c->name, msg_fault_text(ev->head->fault));
        if (c->method == MSG_SEND)
            take_head(c, ev->head);
        else
            take_other_head(c, ev->head);
        return;
    case PARSE_BODY:
        if (c->method == MSG_SEND)
            take_body(c, ev->body);
        return;
    case PARSE_END:
        if (c->method == MSG_SEND)
            take_end(c, ev->flag);
        return;
    }
}

static size_t may_read(const struct sim_client *c)
{
    if (c->stalls)
        return 0;
    return c->sim->now_ms < c->reads_ms ? c->read_rate : SIM_INPUT_MAX;
}

void sim_inbox_read(struct sim_client *c)
{
    struct sim_pipe *in = &c->conn->pipes[1];
    struct parse_event ev;
    struct span left;
    size_t had;
    int err;

    (void)sim_pipe_pull(in, may_read(c));
    left = sim_pipe_input(in);
    had = left.n;
    while ((err = parser_next(&c->conn->ends[0].parser, &left, &ev)) == 0)
        take(c, &ev);
    if (err != ERR_AGAIN)
        fail_msg("%s cannot read what it was sent", c->name);
    sim_pipe_consume(in, had - left.n);
}
