#include "sendq.h"

#include <assert.h>

#include "trace.h"

void sendq_init(struct sendq *q, const struct policy *policy)
{
    *q = (struct sendq){.policy = policy};
}

uint64_t sendq_wait_ms(const struct sendq *q, uint64_t now_ms)
{
    return q->wait_ms + q->waiting * now_ms - q->since_sum_ms;
}

bool sendq_put(struct link *out, const struct frame *f)
{
    assert(!f->overflow);
    if (out->closing)
        return false;
    if (out->ops->put(out, f->parts, f->n, f->ends) != 0) {
        link_close(out, "output full");
        return false;
    }
    if (out->out.sendq->trace)
        trace_out(out->out.sendq->trace, out, f);
    return true;
}

bool sendq_put_between(struct link *out, const struct frame *f)
{
    if (out->out.open)
        sendq_close(out->out.open, '+');
    return sendq_put(out, f);
}

void sendq_open(struct link *out, struct stream *s)
{
    if (out->out.open && out->out.open != s)
        sendq_close(out->out.open, '+');
    out->out.open = s;
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
    assert(s->out->out.open == s);
    s->out->out.open = NULL;
    s->is_open = false;
    if (s->txn)
        txn_close(s->txn, s->next - 1);
    s->txn = NULL;
}

static bool is_over(const struct link *out)
{
    return out->connecting ||
           out->ops->queued(out) >= out->out.sendq->policy->high_water;
}

static bool awaits_enough(const struct link *out)
{
    return out->out.sendq->policy->transactions_per_link &&
           out->txns.n >= out->out.sendq->policy->transactions_per_link;
}

/* Does it wait for the answers of another itself? Its own are not read then,
 * and nobody waits for them: those who wait for each other's answers would do
 * so for ever. */
static bool is_awaiting_answers(const struct link *l)
{
    const struct link *out = l->in.stream.out;

    return l->turn.blocked && out && !is_over(out) && awaits_enough(out);
}

static bool is_full(const struct link *in, const struct link *out)
{
    if (out->closing)
        return false;
    return is_over(out) ||
           (awaits_enough(out) && in != out && !is_awaiting_answers(out));
}

/* Do others feed this output too, or wait to? */
static bool is_shared(const struct link *out)
{
    return !list_is_empty(&out->out.waiters) ||
           out->out.senders.next != out->out.senders.prev;
}

bool sendq_must_wait(const struct link *in, const struct link *out)
{
    return is_full(in, out) || (in->turn.credit <= 0 && is_shared(out));
}

/* Lets as many go on as there is room for. A resumed link is asked for events
 * later, so that nobody comes back to the list while it is being walked. */
static void take_turns(struct link *out, uint64_t now_ms)
{
    int64_t room =
        (int64_t)(out->out.sendq->policy->high_water - out->ops->queued(out));
    struct list *m;

    while (room > 0 && (m = list_first(&out->out.waiters))) {
        struct link *in = CONTAINER(m, struct link, turn.waiting);

        if (in->turn.credit <= 0)
            in->turn.credit += SENDQ_QUANTUM;
        if (in->turn.credit > 0) {
            room -= in->turn.credit;
            sendq_unwait(in, now_ms);
        } else { /* still pays for what it took too much */
            list_remove(m);
            list_append(&out->out.waiters, m);
        }
    }
}

/* Low enough to let others go on; an eighth below the limit of transactions, so
 * that not every answer resumes somebody. */
static bool is_low(const struct link *out)
{
    uint32_t limit = out->out.sendq->policy->transactions_per_link;

    return !out->connecting &&
           out->ops->queued(out) <= out->out.sendq->policy->low_water &&
           (!limit || out->txns.n < limit - limit / 8 ||
            is_awaiting_answers(out));
}

void sendq_wait(struct link *in, struct link *out, uint64_t now_ms)
{
    assert(!in->turn.blocked);
    in->turn.blocked = true;
    in->turn.since_ms = now_ms;
    in->out.sendq->waiting++;
    in->out.sendq->since_sum_ms += now_ms;
    if (in->turn.credit > 0) /* its turn is not over */
        list_prepend(&out->out.waiters, &in->turn.waiting);
    else
        list_append(&out->out.waiters, &in->turn.waiting);
    in->ops->pause(in);
    /* Else what is queued will move, and others have their turn before. */
    if (is_low(out))
        take_turns(out, now_ms);
}

void sendq_fed(struct link *in, size_t n)
{
    in->turn.credit -= (int64_t)n;
    if (in->turn.credit < -SENDQ_QUANTUM)
        in->turn.credit = -SENDQ_QUANTUM;
}

void sendq_unwait(struct link *in, uint64_t now_ms)
{
    if (!in->turn.blocked)
        return;
    in->turn.paused_ms = link_paused_ms(in, now_ms);
    in->turn.blocked = false;
    in->out.sendq->waiting--;
    in->out.sendq->since_sum_ms -= in->turn.since_ms;
    in->out.sendq->wait_ms += now_ms - in->turn.since_ms;
    list_remove(&in->turn.waiting);
    if (!in->closing)
        in->ops->resume(in);
}

static void let_all_on(struct link *out, uint64_t now_ms)
{
    struct list *m;

    while ((m = list_first(&out->out.waiters)))
        sendq_unwait(CONTAINER(m, struct link, turn.waiting), now_ms);
}

void sendq_moved(struct link *out, uint64_t now_ms)
{
    if (list_is_empty(&out->out.waiters))
        return;
    if (out->closing)
        let_all_on(out, now_ms);
    else if (is_low(out))
        take_turns(out, now_ms);
}

void sendq_stir(struct link *out, uint64_t now_ms)
{
    if (out->ops->queued(out) == 0 && !is_full(NULL, out))
        let_all_on(out, now_ms);
}
