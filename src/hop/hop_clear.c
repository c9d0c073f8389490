/* SPDX-License-Identifier: BSD-2-Clause */
/* hop_clear - connections that this relay dials in clear: nothing but a probe
 * leaves before it has been answered (S-36). Until then the link counts as
 * connecting, and its output is kept like that of one without a connection. */
#include "err.h"
#include "hop_private.h"

static void hop_clear_fail(struct hop *h, int err, const char *why)
{
    h->dialled->clear = HOP_CLEAR_FAILED;
    timer_stop(&h->dialled->answer);
    hop_disproved(h, err, why);
    link_close(&h->link, why);
}

/* Takes n octets, which were sent, off the front of what waits. */
static void early_drop(struct hop_dialled *d, size_t n)
{
    d->early_n -= n;
    memmove(d->early, d->early + n, d->early_n);
}

int hop_clear_probe(struct hop *h)
{
    struct hop_dialled *d = h->dialled;
    struct frame f;
    int err;

    if (d->clear != HOP_CLEAR_DUE || !h->conn || d->early_n == 0)
        return 0;
    err = clear_probe_make(&d->probe, &f, span_of(d->early, d->early_n),
                           &h->all->rnd);
    if (!err)
        err = conn_write(h->conn, f.parts, f.n);
    if (err)
        return err;
    d->clear = HOP_CLEAR_SENT;
    timer_start(h->all->answer, &d->answer);
    hop_place(h);
    if (d->probe.waiting_n > 0) {
        early_drop(d, d->probe.waiting_n);
        return 0;
    }
    d->probe_n = f.octets;
    hop_log_out(h, &f);
    return 0;
}

/* MSRP is spoken there: what waited goes out. */
static void hop_clear_open(struct hop *h)
{
    int err;

    timer_stop(&h->dialled->answer);
    h->dialled->clear = HOP_CLEAR_NONE;
    hop_proved(h);
    err = hop_write_early(h);
    if (!err) {
        hop_up(h);
        return;
    }
    h->full = err == ERR_FULL;
    h->link.fail_code = 408;
    link_close(&h->link, "output full");
}

static void hop_clear_head(struct hop *h, const struct parse_event *ev)
{
    struct hop_dialled *d = h->dialled;

    if (ev->head->method != MSG_RESPONSE)
        hop_clear_fail(h, ERR_SYNTAX, "request before the answer to the probe");
    else if (d->clear == HOP_CLEAR_SENT &&
             clear_probe_is_answer(&d->probe, ev->head, ev->flag))
        d->clear = HOP_CLEAR_ANSWERED;
}

/* The answer to a SEND of the relay's is for the relay, from its head on; that
 * to a probe of our own is not, to its end. */
bool hop_clear_event(struct hop *h, const struct parse_event *ev)
{
    bool is_own = h->dialled->probe.waiting_n == 0;

    if (ev->type == PARSE_HEAD)
        hop_clear_head(h, ev);
    if (hop_clear(h) == HOP_CLEAR_ANSWERED &&
        (!is_own || ev->type == PARSE_END)) {
        hop_clear_open(h);
        return is_own;
    }
    return true;
}

void hop_clear_rejected(struct hop *h)
{
    if (hop_clear(h) != HOP_CLEAR_NONE)
        hop_clear_fail(h, ERR_SYNTAX, "bad input");
}

void hop_clear_stop(struct hop *h)
{
    if (h->dialled)
        timer_stop(&h->dialled->answer);
}

void hop_clear_unanswered(struct timer *t)
{
    struct hop_dialled *d = CONTAINER(t, struct hop_dialled, answer);

    hop_clear_fail(d->hop, ERR_TIMEOUT, "no answer to the probe");
}
