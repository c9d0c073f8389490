/* SPDX-License-Identifier: BSD-2-Clause */
#include "outbox.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "chunk.h"
#include "codes.h"
#include "err.h"

enum {
    ROOM_MIN = 32 * 1024, /* for the longest head and some body */
    ID = OUTGOING_ID,
    PROGRESS_MIN = 64 * 1024, /* no bar for less */
};

static struct outgoing *of_link(const struct list *link)
{
    return link ? CONTAINER(link, struct outgoing, link) : NULL;
}

/* --- the life of a message ------------------------------------------------ */

static void outgoing_free(struct outbox *o, struct outgoing *m)
{
    table_remove(&o->by_id, &m->node);
    list_remove(&m->link);
    source_free(m->source);
    ranges_fini(&m->reported);
    free(m->disposition);
    free(m);
}

/* Nothing more is expected of it; what may still come for it finds it. */
static void finish(struct outbox *o, struct outgoing *m)
{
    if (!m->finished) {
        m->finished = true;
        o->unfinished--;
    }
    source_free(m->source);
    m->source = NULL;
    list_remove(&m->link);
    if (m->txns == 0)
        outgoing_free(o, m);
    else
        list_append(&o->watched, &m->link);
}

static bool is_sent(const struct outgoing *m)
{
    return m->offset == m->total && !m->source;
}

static void finish_if_done(struct outbox *o, struct outgoing *m)
{
    if (!m->finished) {
        if (!is_sent(m) || (outbox_wants_200(o) && m->txns > 0))
            return;
        if (o->rules.success_report &&
            !(m->any_report && ranges_cover(&m->reported, m->total)))
            return;
        finish(o, m);
    } else if (m->txns == 0) {
        outgoing_free(o, m);
    }
}

/* The message will not arrive. A chunk of it that is being sent ends at once
 * (R4975-7.3.2-c, R4975-10-b). */
static int fail(struct outbox *o, struct outgoing *m, const char *why)
{
    int err = 0;

    if (m->failed)
        return 0;
    m->failed = true;
    o->any_failed = true;
    screen_note(o->screen, "message %.*s failed: %s", ID, m->id, why);
    if (o->streaming && of_link(list_first(&o->queue)) == m) {
        if (tx_is_open(o->tx))
            err = tx_close(o->tx, '#');
        chunk_ended(o);
    }
    finish(o, m);
    return err;
}

/* The far side does not know this session: nothing else will arrive either. */
static int fail_all(struct outbox *o, const char *why)
{
    struct list *m;
    int err = 0;

    while (!err && (m = list_first(&o->queue)))
        err = fail(o, of_link(m), why);
    return err;
}

/* A code other than 200 has come for m, or for something that is no message we
 * still know (NULL). */
static int fail_with_code(struct outbox *o, struct outgoing *m, unsigned code,
                          struct span comment)
{
    char why[128];
    int err = 0;

    if (comment.n == 0)
        comment = code_comment(code);
    snprintf(why, sizeof why, "%u %.*s", code,
             comment.n > 80 ? 80 : (int)comment.n, comment.p);
    o->any_failed = true;
    if (m)
        err = fail(o, m, why);
    else
        screen_note(o->screen, "refused: %s", why);
    if (err || (code != 481 && code != 506))
        return err;
    o->session_dead = true;
    return fail_all(o, why);
}

static int on_no_memory(struct source *source, struct outgoing *m)
{
    source_free(source);
    if (m)
        free(m->disposition);
    free(m);
    return ERR_NOMEM;
}

int outbox_add(struct outbox *o, struct source *source, const char *type,
               const char *disposition)
{
    struct outgoing *m = calloc(1, sizeof *m);

    if (!m)
        return on_no_memory(source, m);
    if (disposition) {
        m->disposition = strdup(disposition);
        if (!m->disposition)
            return on_no_memory(source, m);
    }
    m->source = source;
    m->type = type;
    m->total = source_total(source);
    ranges_init(&m->reported);
    rnd_alnum(o->rnd, m->id, ID);
    list_init(&m->link);
    list_append(&o->queue, &m->link);
    table_add(&o->by_id, &m->node, table_hash(&o->by_id, span_of(m->id, ID)));
    o->unfinished++;
    return 0;
}

/* --- sending -------------------------------------------------------------- */

/* All of the message has been sent. */
static void message_sent(struct outbox *o, struct outgoing *m)
{
    source_free(m->source);
    m->source = NULL;
    list_remove(&m->link);
    list_append(&o->watched, &m->link);
    finish_if_done(o, m);
}

/* Sends a piece of m: 0, ERR_AGAIN when it has to wait for something, or an
 * error that ends the connection. */
static int advance(struct outbox *o, struct outgoing *m)
{
    struct span run;
    bool at_end;
    int err;

    if (!o->streaming && o->rules.window && o->unanswered >= o->rules.window)
        return ERR_AGAIN;
    err = source_peek(m->source, &run, &at_end,
                      o->streaming ? 1 : CHUNK_FIXED_MAX);
    if (err == ERR_AGAIN) {
        o->wait_fd = source_fd(m->source);
        return ERR_AGAIN;
    }
    if (err)
        return fail(o, m, errno ? strerror(errno) : "the file became shorter");
    err = chunk_put(o, m, run, at_end);
    if (!err && !o->streaming && m->offset == m->total)
        message_sent(o, m);
    return err;
}

/* What is not answered is followed by something that is answered: when that is,
 * all before it has been read. */
static int send_barrier(struct outbox *o)
{
    if (!o->barrier_due || !list_is_empty(&o->queue))
        return 0;
    o->barrier_due = false;
    return outbox_ping(o);
}

int outbox_pump(struct outbox *o, uint64_t now_ms)
{
    struct outgoing *m;
    uint64_t before = o->tx->put;
    int err = 0;

    o->wait_fd = -1;
    while (!err) {
        if (o->streaming && !tx_is_open(o->tx))
            chunk_ended(o);
        m = of_link(list_first(&o->queue));
        if (!m || tx_room(o->tx) < ROOM_MIN)
            break;
        err = advance(o, m);
    }
    if (err == 0 || err == ERR_AGAIN)
        err = send_barrier(o);
    if (o->tx->put != before)
        o->news_ms = now_ms;
    return err;
}

/* --- answers -------------------------------------------------------------- */

/* Takes the transaction away; returns its message, NULL for a ping. */
static struct outgoing *end_txn(struct outbox *o, struct cat_txn *x)
{
    struct outgoing *m = x->owner;

    if (!m || outbox_wants_200(o))
        o->unanswered--;
    if (m)
        m->txns--;
    else
        o->pings--;
    if (o->chunk_txn == x)
        o->chunk_txn = NULL;
    cat_txns_end(&o->txns, x);
    return m;
}

/* What follows the code in the start line. */
static struct span response_comment(const struct msg *head)
{
    struct span rest = span_of(head->base, head->len), line;

    line = span_cut(&rest, '\r');
    for (int word = 0; word < 3; word++)
        (void)span_cut(&line, ' ');
    return line;
}

int outbox_on_response(struct outbox *o, const struct msg *head,
                       uint64_t now_ms)
{
    struct cat_txn *x = cat_txns_find(&o->txns, msg_text(head, head->tid));
    struct outgoing *m;

    if (!x)
        return 0;
    o->news_ms = now_ms;
    m = end_txn(o, x);
    if (head->code != 200 && !(m && m->failed))
        return fail_with_code(o, m, head->code, response_comment(head));
    if (m)
        finish_if_done(o, m);
    return 0;
}

static bool has_id(const struct table_node *node, const void *key)
{
    return memcmp(CONTAINER(node, struct outgoing, node)->id, key, ID) == 0;
}

static struct outgoing *find_message(const struct outbox *o, struct span id)
{
    struct table_node *node;

    if (id.n != ID)
        return NULL;
    node = table_find(&o->by_id, table_hash(&o->by_id, id), has_id, id.p);
    return node ? CONTAINER(node, struct outgoing, node) : NULL;
}

/* The octets a success REPORT speaks of, as far as they were sent. */
static int note_report(struct outgoing *m, const struct msg *head)
{
    uint64_t from = head->range_start - 1, to = m->offset;

    if (head->has_range && head->range_end < to)
        to = head->range_end;
    m->any_report = true;
    return from < to ? ranges_add(&m->reported, from, to) : 0;
}

int outbox_on_report(struct outbox *o, const struct msg *head, uint64_t now_ms)
{
    struct outgoing *m = find_message(o, msg_text(head, head->message_id));
    struct span comment = msg_text(head, head->status);
    struct span space = span_cut(&comment, ' ');
    struct span code_text = span_cut(&comment, ' ');
    uint64_t code;
    int err;

    if (!span_eq(space, SPAN("000")) || span_u64(&code, code_text, 999))
        return 0;
    o->news_ms = now_ms;
    /* One for a message that all 200s have come for already is still news. */
    if (code != 200)
        return m && m->failed ? 0
                              : fail_with_code(o, m, (unsigned)code, comment);
    if (!m)
        return 0;
    err = note_report(m, head);
    if (!err)
        finish_if_done(o, m);
    return err;
}

/* --- time ----------------------------------------------------------------- */

static uint64_t timeout_s(const struct outbox *o)
{
    return o->rules.timeout_ms / 1000;
}

/* A SEND was not answered: with Failure-Report yes that is a failure
 * (R4975-7.1.1-e), with partial nothing else was to be expected. */
static int no_response(struct outbox *o, struct cat_txn *x)
{
    struct outgoing *m = end_txn(o, x);
    char why[64];

    if (m && !outbox_wants_200(o)) {
        finish_if_done(o, m);
        return 0;
    }
    snprintf(why, sizeof why, "no response within %" PRIu64 " s", timeout_s(o));
    if (m && !m->failed)
        return fail(o, m, why);
    if (m) {
        finish_if_done(o, m);
        return 0;
    }
    o->any_failed = true;
    screen_note(o->screen, "%s", why);
    return 0;
}

/* Success REPORTs alone are waited for. */
static bool awaits_reports(const struct outbox *o)
{
    return o->unfinished > 0 && list_is_empty(&o->queue) && o->unanswered == 0;
}

static int no_reports(struct outbox *o)
{
    struct list *link, *tmp;
    char why[64];
    int err = 0;

    snprintf(why, sizeof why, "no success report within %" PRIu64 " s",
             timeout_s(o));
    LIST_EACH(link, tmp, &o->watched)
    if (!err && !of_link(link)->finished)
        err = fail(o, of_link(link), why);
    return err;
}

int outbox_tick(struct outbox *o, uint64_t now_ms)
{
    struct cat_txn *x;
    int err = 0;

    cat_txns_sent(&o->txns, o->tx->sent, now_ms, o->rules.timeout_ms);
    while (!err && (x = cat_txns_expired(&o->txns, now_ms)))
        err = no_response(o, x);
    if (!err && awaits_reports(o) && now_ms >= o->news_ms + o->rules.timeout_ms)
        err = no_reports(o);
    return err;
}

uint64_t outbox_deadline(const struct outbox *o)
{
    uint64_t at = cat_txns_deadline(&o->txns);
    uint64_t reports = o->news_ms + o->rules.timeout_ms;

    return awaits_reports(o) && reports < at ? reports : at;
}

/* --- the whole ------------------------------------------------------------ */

int outbox_init(struct outbox *o, const struct outbox_rules *rules,
                struct tx *tx, struct rnd *rnd, struct screen *screen)
{
    uint64_t seed[2];
    int err;

    *o = (struct outbox){
        .rules = *rules, .tx = tx, .rnd = rnd, .screen = screen, .wait_fd = -1};
    list_init(&o->queue);
    list_init(&o->watched);
    rnd_bytes(rnd, seed, sizeof seed);
    err = table_init(&o->by_id, seed);
    if (err)
        return err;
    err = cat_txns_init(&o->txns, rnd);
    if (err)
        table_fini(&o->by_id);
    return err;
}

void outbox_fini(struct outbox *o)
{
    list_move_all(&o->watched, &o->queue);
    while (!list_is_empty(&o->watched))
        outgoing_free(o, of_link(list_first(&o->watched)));
    cat_txns_fini(&o->txns);
    table_fini(&o->by_id);
}

int outbox_abort(struct outbox *o)
{
    return fail_all(o, "aborted");
}

bool outbox_is_done(const struct outbox *o)
{
    return o->unfinished == 0 && o->pings == 0 && !o->barrier_due;
}

bool outbox_is_empty(const struct outbox *o)
{
    return list_is_empty(&o->queue);
}

bool outbox_progress(const struct outbox *o, uint64_t *done, uint64_t *total)
{
    const struct outgoing *m = of_link(list_first(&o->queue));

    if (!m || m->total < PROGRESS_MIN)
        return false;
    *done = m->offset;
    *total = m->total;
    return true;
}
