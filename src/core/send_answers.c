/* SPDX-License-Identifier: BSD-2-Clause */
/* send_answers - the answers to SENDs: at once, or later.
 *
 * They wait for a link to come up (S-12), for octets to leave, or for the
 * receiver to answer (S-13, S-14). */
#include "relay_private.h"

struct session *send_session(const struct relay *r,
                             const struct pending_send *h)
{
    return session_find_token(&r->sessions, pending_send_text(h, h->token));
}

void send_mark_failed(struct relay *r, struct pending_send *h, uint16_t code)
{
    struct session *ss = send_session(r, h);

    if (h->first.n > 0 && !h->reported)
        send_count_error(r, h);
    h->reported = true;
    if (ss)
        session_fail(&r->sessions, ss, message_of(h), code);
}

void send_answer(struct relay *r, struct link *l, const struct pending_send *h,
                 unsigned code)
{
    struct frame f;

    if (!report_answers(h->failure_report, code))
        return;
    r->stats.responses_made[code_index(code)]++;
    frame_init(&f);
    report_answer(&f, h, code);
    (void)sendq_put_between(l, &f);
}

bool send_is_unanswered(const struct relay *r, const struct pending_send *h)
{
    const struct link *in = relay_link(r, h->in_number);

    return in && ((in->stream && in->stream->head == h) ||
                  !list_is_empty(&h->parked));
}

/* The answer is the outcome of the dial, if that comes soon (P-20). */
static void park_answer(struct relay *r, struct link *out,
                        struct pending_send *h, struct list *where)
{
    h->parked_ms = r->now_ms;
    h->is_awaiting = where == &out->send.awaiting;
    list_append(where, &pending_send_ref(h)->parked);
    if (list_is_empty(&out->send.of_parking))
        list_append(&r->parking, &out->send.of_parking);
}

/* Where the answer to a chunk waits, or NULL. To another relay, or to many, it
 * tells also that the octets have left, or that the receiver has answered, so
 * that no more comes than the receiver takes (S-13, S-14). */
static struct list *answered_late(const struct stream *s)
{
    struct link_send *out = &s->out->send;

    if (!report_answers(s->head->failure_report, 408))
        return NULL;
    if (s->out->connecting)
        return &out->parked;
    if (!link_is_shared(s->in) || link_is_shared(s->out) ||
        s->head->failure_report != MSG_REPORT_YES)
        return NULL;
    if (source_has_much_open(s->in->send.source))
        return &out->awaiting;
    return sendq_is_behind(s->out) ? &out->parked : NULL;
}

void send_answer_chunk(struct relay *r, const struct stream *s)
{
    struct list *where = answered_late(s);

    if (where)
        park_answer(r, s->out, s->head, where);
    else
        send_answer(r, s->in, s->head, 200); /* at once (R4976-6.4.1-a) */
}

static void answer_parked(struct relay *r, struct pending_send *h,
                          uint16_t code)
{
    struct link *in = relay_link(r, h->in_number);

    list_remove(&h->parked);
    if (code != 200)
        send_mark_failed(r, h, code);
    if (in)
        send_answer(r, in, h, code);
    pending_send_unref(&r->heads, h);
}

static struct pending_send *first_parked(const struct list *where)
{
    struct list *m = list_first(where);

    return m ? CONTAINER(m, struct pending_send, parked) : NULL;
}

static void answer_all(struct relay *r, const struct list *where, uint16_t code)
{
    struct pending_send *h;

    while ((h = first_parked(where)))
        answer_parked(r, h, code);
}

void send_answer_parked(struct relay *r, struct link *out, uint16_t code)
{
    answer_all(r, &out->send.parked, code);
    answer_all(r, &out->send.awaiting, code);
    list_remove(&out->send.of_parking);
}

void send_answer_moved(struct relay *r, struct link *out)
{
    if (!list_is_empty(&out->send.parked) && !out->connecting &&
        !sendq_is_behind(out))
        answer_all(r, &out->send.parked, 200);
}

void send_answer_taken(struct relay *r, struct txn *x)
{
    if (x->head && x->head->is_awaiting && !list_is_empty(&x->head->parked))
        answer_parked(r, x->head, 200);
}

void send_answer_failed(struct relay *r, struct txn *x)
{
    if (x->head && !list_is_empty(&x->head->parked) && !x->link->connecting)
        answer_parked(r, x->head, 200);
}

/* For how long an answer waits at most. While `out` is up it is another relay
 * that waits, and allows perhaps no more for it than this one does. */
static uint64_t parked_ms(const struct relay *r, const struct link *out)
{
    enum { PARKED_MS = 10000 };
    uint64_t third_ms = r->policy->transaction_ms / 3;

    return out->connecting || third_ms > PARKED_MS ? PARKED_MS : third_ms;
}

static void answer_old(struct relay *r, const struct link *out,
                       const struct list *where)
{
    struct pending_send *h;

    while ((h = first_parked(where)) &&
           r->now_ms - h->parked_ms >= parked_ms(r, out))
        answer_parked(r, h, 200);
}

void send_tick(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->parking)
    {
        struct link *out = CONTAINER(m, struct link, send.of_parking);

        answer_old(r, out, &out->send.parked);
        answer_old(r, out, &out->send.awaiting);
        if (list_is_empty(&out->send.parked) &&
            list_is_empty(&out->send.awaiting))
            list_remove(m);
    }
}
