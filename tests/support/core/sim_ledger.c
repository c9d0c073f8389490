/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "sim_world.h"

void sim_fault(struct sim *s, enum sim_fault fault, const char *fmt, ...)
{
    char *text = s->result->first[fault];
    va_list args;

    if (s->result->faults[fault]++ > 0)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, SIM_TEXT_MAX, fmt, args);
    va_end(args);
}

/* --- messages --- */

struct sim_message *sim_message_new(struct sim *s)
{
    struct sim_message *m = calloc(1, sizeof *m);

    assert_non_null(m);
    if (s->n_messages == s->room) {
        s->room = s->room ? 2 * s->room : 256;
        s->messages = realloc(s->messages, s->room * sizeof *s->messages);
        assert_non_null(s->messages);
    }
    m->number = (unsigned)s->n_messages;
    m->began_ms = s->now_ms;
    s->messages[s->n_messages++] = m;
    return m;
}

struct sim_message *sim_message_of(struct sim *s, struct span id)
{
    uint64_t number;

    if (id.n < 2 || id.p[0] != 'm' ||
        span_u64(&number, span_from(id, 1), UINT32_MAX) != 0 ||
        number >= s->n_messages)
        return NULL;
    return s->messages[number];
}

char sim_message_octet(unsigned number, uint32_t at)
{
    return (char)('a' + (number * 7 + at + at / 26 + at / 1000) % 26);
}

/* --- what the sender is told --- */

static bool is_sender(const struct sim_message *m, const struct sim_client *c)
{
    return m && m->from == c->number && m->from_life == c->life;
}

/* The tid of a chunk is sMESSAGE.CHUNK. */
static struct sim_message *of_tid(struct sim *s, struct span tid,
                                  unsigned *chunk)
{
    struct span rest = tid, number;
    struct sim_message *m;
    uint64_t n;

    if (tid.n < 2 || tid.p[0] != 's')
        return NULL;
    rest.p++;
    rest.n--;
    number = span_cut(&rest, '.');
    if (span_u64(&n, rest, SIM_CHUNKS_MAX - 1) != 0)
        return NULL;
    *chunk = (unsigned)n;
    if (span_u64(&n, number, UINT32_MAX) != 0 || n >= s->n_messages)
        return NULL;
    m = s->messages[n];
    return *chunk < m->chunks ? m : NULL;
}

static void note_failure(struct sim_message *m)
{
    m->stopped = !m->wants_rude;
}

void sim_ledger_answer(struct sim *s, struct sim_client *c, const struct msg *m)
{
    struct span tid = msg_text(m, m->tid);
    unsigned chunk = 0;
    struct sim_message *mine = of_tid(s, tid, &chunk);

    if (!is_sender(mine, c)) {
        sim_fault(s, SIM_WRONG_PARTY, "%s: an answer to %.*s", c->name,
                  SPAN_ARG(tid));
        return;
    }
    if (mine->failure_report == MSG_REPORT_NO ||
        (mine->failure_report == MSG_REPORT_PARTIAL && m->code == 200))
        sim_fault(s, SIM_NOT_ASKED_FOR, "%s: %u to %.*s", c->name, m->code,
                  SPAN_ARG(tid));
    if (mine->answers[chunk]++ > 0)
        sim_fault(s, SIM_ANSWERED_TWICE, "%s: %u to %.*s", c->name, m->code,
                  SPAN_ARG(tid));
    if (m->code == 200)
        return;
    mine->errors++;
    note_failure(mine);
}

void sim_ledger_report(struct sim *s, struct sim_client *c, const struct msg *m)
{
    struct span id = msg_text(m, m->message_id);
    struct sim_message *mine = sim_message_of(s, id);
    bool is_good = span_starts(msg_text(m, m->status), SPAN("000 200"));

    if (!is_sender(mine, c)) {
        sim_fault(s, SIM_WRONG_PARTY, "%s: a REPORT about %.*s", c->name,
                  SPAN_ARG(id));
        return;
    }
    if (is_good ? !mine->success_report : mine->failure_report == MSG_REPORT_NO)
        sim_fault(s, SIM_NOT_ASKED_FOR, "%s: REPORT %.*s about %.*s", c->name,
                  SPAN_ARG(msg_text(m, m->status)), SPAN_ARG(id));
    if (is_good) {
        mine->successes++;
    } else {
        mine->reports++;
        note_failure(mine);
    }
}

/* --- a link between two relays breaks --- */

/* Marks the messages that REPORTs among these octets are about. */
static void mark_reports(struct sim *s, struct span lost, bool broke)
{
    static const char id[] = "Message-ID: ";
    const char *at;

    while ((at = memmem(lost.p, lost.n, " REPORT\r\n", 9))) {
        const char *end, *of;
        struct sim_message *m;

        lost = span_from(lost, (size_t)(at - lost.p) + 9);
        end = memmem(lost.p, lost.n, "\r\n-------", 9);
        of = memmem(lost.p, end ? (size_t)(end - lost.p) : lost.n, id,
                    sizeof id - 1);
        if (!of)
            continue;
        of += sizeof id - 1;
        m = sim_message_of(
            s, span_of(of, span_find(span_from(lost, (size_t)(of - lost.p)),
                                     '\r')));
        if (m)
            m->success_lost = true;
        if (m && broke)
            m->report_lost = true;
    }
}

void sim_ledger_break(struct sim *s, unsigned relays, struct span lost)
{
    uint64_t recent_ms = 4 * SIM_TRANSACTION_MS;

    s->result->link_breaks++;
    mark_reports(s, lost, true);
    for (size_t i = s->n_messages; i-- > 0;) {
        struct sim_message *m = s->messages[i];

        if ((m->relays & relays) == relays &&
            s->now_ms - m->began_ms < recent_ms)
            m->breaks++;
    }
}

void sim_ledger_not_dialled(struct sim *s, struct span lost)
{
    mark_reports(s, lost, false);
}

/* --- the verdict --- */

static void describe(const struct sim_message *m, char *dst, size_t size)
{
    (void)snprintf(
        dst, size,
        "m%u %u>%u relays=%x n=%u sent=%u/%u got=%u%s errors=%u reports=%u "
        "at=%u%s%s%s",
        m->number, m->from, m->to, m->relays, m->length, m->sent, m->chunks,
        m->got, m->whole ? " whole" : "", m->errors, m->reports,
        (unsigned)m->began_ms, m->refused ? " refused" : "",
        m->silent ? " silent" : "", m->breaks ? " break" : "");
}

static void blame(struct sim *s, const struct sim_message *m,
                  enum sim_fault fault)
{
    char text[SIM_TEXT_MAX];

    describe(m, text, sizeof text);
    sim_fault(s, fault, "%s", text);
}

/* The last of several relays reports a part of a chunk that it had accepted,
 * and refuses the rest, so that the first one answers the chunk with the error.
 */
static bool may_be_both(const struct sim_message *m)
{
    return m->length > SIM_CHUNK_MAX && (m->relays & (m->relays - 1));
}

/* A chunk that was sent when its sender had been told already gets the error
 * again (P-21), so that only the first telling counts for these. */
static unsigned times_told(const struct sim_message *m)
{
    bool is_again = m->reports && (m->chunks > 1 || may_be_both(m));

    return m->reports + (m->errors > 0 && !is_again);
}

static void judge_answers(struct sim *s, const struct sim_message *m)
{
    for (unsigned i = 0; i < m->chunks; i++)
        if (m->failure_report == MSG_REPORT_YES && m->answers[i] == 0) {
            blame(s, m, SIM_NOT_ANSWERED);
            return;
        }
}

/* May both relays at a broken link report it? */
static unsigned tellings_allowed(const struct sim_message *m)
{
    return 1 + m->breaks;
}

static void judge_yes(struct sim *s, const struct sim_message *m)
{
    unsigned told = times_told(m);

    s->result->delivered += m->whole;
    s->result->told += told > 0;
    if (!m->whole && told == 0 && !m->gave_up && !m->report_lost)
        blame(s, m, SIM_LOST);
    if (told > tellings_allowed(m))
        blame(s, m, SIM_TOLD_TWICE);
    if (m->whole && told && !m->refused && !m->silent && !m->hurt && !m->breaks)
        blame(s, m, SIM_TOLD_WRONGLY);
}

static void judge(struct sim *s, const struct sim_message *m)
{
    const struct sim_client *from = &s->clients[m->from];

    if (from->login != SIM_ONLINE || from->life != m->from_life || from->stalls)
        return; /* it has gone, or does not read: it need not be told */
    judge_answers(s, m);
    if (m->failure_report == MSG_REPORT_YES)
        judge_yes(s, m);
    if (m->success_report && m->whole && m->successes == 0 && !m->refused &&
        !m->breaks && !m->success_lost && !m->hurt)
        blame(s, m, SIM_NO_SUCCESS);
    if (m->successes > 1)
        blame(s, m, SIM_TOLD_TWICE);
}

void sim_ledger_judge(struct sim *s)
{
    s->result->messages = (unsigned)s->n_messages;
    for (size_t i = 0; i < s->n_messages; i++)
        judge(s, s->messages[i]);
}

void sim_ledger_free(struct sim *s)
{
    while (s->n_messages > 0)
        free(s->messages[--s->n_messages]);
    free(s->messages);
}

/* --- the result --- */

unsigned sim_faults(const struct sim_result *r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SIM_FAULTS; i++)
        n += r->faults[i];
    return n;
}

void sim_assert_sound(const struct sim_result *r, const struct sim_setup *s)
{
    static const char *const texts[] = {
#define SIM_FAULT_TEXT(name, text) text,
        SIM_FAULTS_LIST(SIM_FAULT_TEXT)
#undef SIM_FAULT_TEXT
    };

    if (sim_faults(r) == 0)
        return;
    for (unsigned i = 0; i < SIM_FAULTS; i++)
        if (r->faults[i])
            print_error("%u of %u: %s (%s)\n", r->faults[i], r->messages,
                        texts[i], r->first[i]);
    fail_msg("seed %llu, relays %u, clients %u", (unsigned long long)s->seed,
             s->relays, s->clients);
}
