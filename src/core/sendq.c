/* SPDX-License-Identifier: BSD-2-Clause */
#include "sendq.h"

#include <assert.h>

#include "trace.h"

void sendq_init(struct sendq *q, const struct policy *policy)
{
    *q = (struct sendq){.policy = policy};
    list_init(&q->congested);
    list_init(&q->waits);
}

void sendq_link_init(struct sendq *q, struct link *l)
{
    l->sendq = (struct link_sendq){.shared = q};
    list_init(&l->sendq.senders);
    list_init(&l->sendq.waiters);
    list_init(&l->sendq.of_congested);
    list_init(&l->sendq.waiting);
    list_init(&l->sendq.of_waits);
    list_init(&l->sendq.awaiters);
}

uint64_t sendq_wait_ms(const struct sendq *q, uint64_t now_ms)
{
    return q->wait_ms + q->waiting * now_ms - q->since_sum_ms;
}

uint64_t sendq_longest_wait_ms(const struct sendq *q, uint64_t now_ms)
{
    struct list *m = list_first(&q->waits);

    return m ? now_ms - CONTAINER(m, struct link, sendq.of_waits)
                            ->sendq.blocked_since_ms
             : 0;
}

bool sendq_put(struct link *out, const struct frame *f)
{
    assert(!f->overflow);
    if (out->closing)
        return false;
    if (out->ops->put(out, f) != 0) {
        link_close(out, "output full");
        return false;
    }
    if (out->sendq.shared->trace)
        trace_out(out->sendq.shared->trace, out, f);
    return true;
}

bool sendq_put_between(struct link *out, const struct frame *f)
{
    if (out->sendq.open)
        sendq_close(out->sendq.open, '+');
    return sendq_put(out, f);
}

void sendq_join(struct link *out, struct stream *s)
{
    list_append(&out->sendq.senders, &s->of_senders);
}

void sendq_leave(struct stream *s)
{
    list_remove(&s->of_senders);
}

void sendq_open(struct link *out, struct stream *s)
{
    if (out->sendq.open && out->sendq.open != s)
        sendq_close(out->sendq.open, '+');
    out->sendq.open = s;
    s->is_open = true;
}

void sendq_close(struct stream *s, char flag)
{
    struct frame f;

    if (!s->is_open)
        return;
    frame_init(&f);
    frame_end_body(&f, span_of(s->tid, TID_LEN), flag);
    (void)sendq_put(s->out, &f);
    assert(s->out->sendq.open == s);
    s->out->sendq.open = NULL;
    s->is_open = false;
    if (s->txn)
        txn_close(s->txn, s->next - 1);
    s->txn = NULL;
}

static bool is_over(const struct link *out)
{
    return out->ops->queued(out) >= out->sendq.shared->policy->high_water;
}

bool sendq_is_refused(const struct link *in, const struct link *out)
{
    return is_over(out) && ((in == out && in->is_relay) ||
                            (out->connecting && link_is_shared(in)));
}

/* --- one receiver and all others (S-13) --- */

void sendq_spoke(struct link *in, const struct source *account, uint64_t now_ms)
{
    uint64_t key = account ? account->by_key.hash : 0;

    if (key == in->sendq.spoke)
        return;
    if (in->sendq.spoke)
        in->sendq.others_ms = now_ms;
    in->sendq.spoke = key;
}

static bool others_send(const struct link *in, uint64_t now_ms)
{
    return in->sendq.others_ms &&
           now_ms - in->sendq.others_ms < SENDQ_DELAY_OF_MS;
}

bool sendq_is_delayed(const struct link *in, const struct link *out,
                      uint64_t now_ms)
{
    uint64_t delayed_ms = 0;

    if (!is_over(out) || !link_is_shared(in) || link_is_shared(out) ||
        !others_send(in, now_ms))
        return false;
    if (now_ms - out->sendq.delayed_from_ms < SENDQ_DELAY_OF_MS)
        delayed_ms = out->sendq.delayed_ms;
    if (in->sendq.waits_for == out)
        delayed_ms += now_ms - in->sendq.blocked_since_ms;
    return delayed_ms >= SENDQ_DELAY_MS;
}

static void note_delay(const struct link *in, struct link *out, uint64_t now_ms)
{
    struct link_sendq *q = &out->sendq;

    if (!link_is_shared(in))
        return;
    if (now_ms - q->delayed_from_ms >= SENDQ_DELAY_OF_MS) {
        q->delayed_from_ms = in->sendq.blocked_since_ms;
        q->delayed_ms = 0;
    }
    q->delayed_ms += now_ms - in->sendq.blocked_since_ms;
}

/* --- waiting --- */

bool sendq_request_must_wait(const struct link *in, const struct link *out)
{
    return in != out && !out->closing && is_over(out);
}

bool sendq_has_room(const struct link *out)
{
    return !out->closing && !is_over(out);
}

/* Does the link itself wait for responses from another link? Then it is not
 * read, so its own responses do not arrive, and no link may wait for them: two
 * links that wait for each other's responses would do so for ever. */
static bool is_awaiting_answers(const struct link *l)
{
    return l->sendq.awaits != NULL;
}

bool sendq_must_await(const struct link *in, const struct link *out)
{
    const struct stream *s = in->stream;
    const struct source *source = in->send.source;

    return in != out && !out->closing && !link_is_shared(in) &&
           s->head->failure_report == MSG_REPORT_YES &&
           (source_is_ahead(source) ||
            source_is_full(
                source, in->sendq.shared->policy->transactions_per_link, 1)) &&
           !is_awaiting_answers(out);
}

/* Do other streams feed this output, or wait to? */
static bool is_shared(const struct link *out)
{
    return !list_is_empty(&out->sendq.waiters) ||
           out->sendq.senders.next != out->sendq.senders.prev;
}

bool sendq_must_wait(const struct link *in, const struct link *out)
{
    return !out->closing &&
           (is_over(out) || (in->sendq.credit <= 0 && is_shared(out)));
}

bool sendq_is_behind(const struct link *out)
{
    return out->ops->queued(out) > out->sendq.shared->policy->low_water;
}

/* Resumes as many as there is room for. A resumed link is asked for events
 * later, so the list does not change while it is walked. */
static void take_turns(struct link *out, uint64_t now_ms)
{
    int64_t room = (int64_t)(out->sendq.shared->policy->high_water -
                             out->ops->queued(out));
    struct list *m;

    while (room > 0 && (m = list_first(&out->sendq.waiters))) {
        struct link *in = CONTAINER(m, struct link, sendq.waiting);

        if (in->sendq.credit <= 0)
            in->sendq.credit += SENDQ_QUANTUM;
        if (in->sendq.credit > 0) {
            room -= in->sendq.credit;
            sendq_unwait(in, now_ms);
        } else { /* it took too much before */
            list_remove(m);
            list_append(&out->sendq.waiters, m);
        }
    }
}

/* Is there enough room to resume waiting links? */
static bool is_low(const struct link *out)
{
    return out->ops->queued(out) <= out->sendq.shared->policy->low_water;
}

static void block(struct link *in, uint64_t now_ms)
{
    assert(!link_is_blocked(in));
    in->sendq.blocked_since_ms = now_ms;
    list_append(&in->sendq.shared->waits, &in->sendq.of_waits);
    in->sendq.shared->waiting++;
    in->sendq.shared->since_sum_ms += now_ms;
    in->ops->pause(in);
}

/* Those that wait for its responses would now do so for ever. */
static void release_awaiters(struct link *out, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&out->sendq.awaiters)))
        sendq_unwait(CONTAINER(m, struct link, sendq.waiting), now_ms);
}

void sendq_await(struct link *in, struct link *out, uint64_t now_ms)
{
    struct source *a = in->send.source;
    uint32_t limit = in->sendq.shared->policy->transactions_per_link;

    if (a->common && a->n < limit && !source_is_ahead(a))
        a = a->common;
    block(in, now_ms);
    in->sendq.awaits = a;
    a->waiter = in;
    list_append(&out->sendq.awaiters, &in->sendq.waiting);
    release_awaiters(in, now_ms);
}

void sendq_wait(struct link *in, struct link *out, uint64_t now_ms)
{
    block(in, now_ms);
    in->sendq.waits_for = out;
    list_remove(&out->sendq.of_congested);
    list_append(&in->sendq.shared->congested, &out->sendq.of_congested);
    if (in->sendq.credit > 0) /* its turn is not over */
        list_prepend(&out->sendq.waiters, &in->sendq.waiting);
    else
        list_append(&out->sendq.waiters, &in->sendq.waiting);
    /* Otherwise queued octets or transactions will move, and others have their
     * turn first. */
    if (is_low(out))
        take_turns(out, now_ms);
}

void sendq_fed(struct link *in, size_t n)
{
    in->sendq.credit -= (int64_t)n;
    if (in->sendq.credit < -SENDQ_QUANTUM)
        in->sendq.credit = -SENDQ_QUANTUM;
}

void sendq_unwait(struct link *in, uint64_t now_ms)
{
    if (!link_is_blocked(in))
        return;
    in->sendq.paused_ms = link_paused_ms(in, now_ms);
    list_remove(&in->sendq.of_waits);
    in->sendq.shared->waiting--;
    in->sendq.shared->since_sum_ms -= in->sendq.blocked_since_ms;
    in->sendq.shared->wait_ms += now_ms - in->sendq.blocked_since_ms;
    if (in->sendq.waits_for)
        note_delay(in, in->sendq.waits_for, now_ms);
    in->sendq.waits_for = NULL;
    list_remove(&in->sendq.waiting);
    if (in->sendq.awaits)
        in->sendq.awaits->waiter = NULL;
    in->sendq.awaits = NULL;
    if (!in->closing)
        in->ops->resume(in);
}

static void let_all_on(struct link *out, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&out->sendq.waiters)))
        sendq_unwait(CONTAINER(m, struct link, sendq.waiting), now_ms);
}

void sendq_answered(struct sources *sources, uint64_t now_ms)
{
    struct link *in;

    while ((in = source_next_ready(sources)))
        sendq_unwait(in, now_ms);
}

void sendq_moved(struct link *out, uint64_t now_ms)
{
    if (out->closing)
        release_awaiters(out, now_ms);
    if (list_is_empty(&out->sendq.waiters))
        return;
    if (out->closing)
        let_all_on(out, now_ms);
    else if (is_low(out))
        take_turns(out, now_ms);
}

void sendq_stir(struct sendq *q, uint64_t now_ms)
{
    struct list *m, *next;

    LIST_EACH(m, next, &q->congested)
    {
        struct link *out = CONTAINER(m, struct link, sendq.of_congested);

        if (out->ops->queued(out) == 0)
            let_all_on(out, now_ms);
        if (list_is_empty(&out->sendq.waiters))
            list_remove(m);
    }
}

void sendq_hand_over(struct link *from, struct link *to, uint64_t now_ms)
{
    struct list *m;

    assert(!to->sendq.open);
    while ((m = list_take_first(&from->sendq.senders))) {
        struct stream *s = CONTAINER(m, struct stream, of_senders);

        s->out = to;
        list_append(&to->sendq.senders, m);
    }
    to->sendq.open = from->sendq.open;
    from->sendq.open = NULL;
    let_all_on(from, now_ms);
    release_awaiters(from, now_ms);
}

void sendq_link_closed(struct link *l, uint64_t now_ms)
{
    sendq_moved(l, now_ms);
    sendq_unwait(l, now_ms);
    list_remove(&l->sendq.of_congested);
}
