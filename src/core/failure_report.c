/* SPDX-License-Identifier: BSD-2-Clause */
/* failure_report - a SEND that failed after it was accepted: a REPORT to the
 * sender (RFC 4976, 6.4.1; spec: rfc4976-relay.md 7 and 13).
 *
 * What fails is judged first, then owed (owed.h), and written where there is
 * room. */
#include "relay_private.h"

/* --- messages that have failed --- */

/* Has its failure been reported already, by a response or a REPORT (P-17)? */
static bool was_reported(const struct relay *r, const struct pending_send *h)
{
    const struct session *ss = send_session(r, h);

    return h->reported || (ss && session_told(&r->sessions, ss, message_of(h)));
}

/* Marks the message as failed (P-21): what is still received of it is refused
 * with the same code. */
static void fail_message(struct relay *r, struct pending_send *h, uint16_t code)
{
    struct link *in = relay_link(r, h->in_number);

    send_mark_failed(r, h, code);
    if (in && in->stream && pending_send_same_message(in->stream->head, h))
        in->owed.cut_code = code;
    else
        send_break(r, h, code);
}

/* Refuses what is being received of a message that has failed. */
static void cut_failed(struct relay *r, struct link *in)
{
    uint16_t code = in->owed.cut_code;

    in->owed.cut_code = 0;
    if (code && in->stream)
        send_fail(r, in, code);
}

/* --- what is owed, written --- */

/* The session through which its owner sent the message, and in whose account
 * the REPORT is counted: a pair counts those of both sides. NULL if somebody
 * else sent it to a client of ours. */
static struct session *sender_of(const struct relay *r,
                                 const struct pending_send *h,
                                 const struct link *in)
{
    struct span own = pending_send_text(h, h->own);
    struct session *ss = NULL;
    struct span from = pending_send_text(h, h->received);
    struct uri uri, speaker;

    if (h->first.n > 0)
        ss = session_find_token(&r->sessions, pending_send_text(h, h->first));
    if (ss && ss->pair)
        return ss;
    ss = NULL;
    if (uri_parse(&uri, span_cut(&own, ' ')) == 0 &&
        uri_parse(&speaker, span_cut(&from, ' ')) == 0)
        ss = session_find_token(&r->sessions, uri.session_id);
    return ss && session_is_of(ss, in, &speaker) ? ss : NULL;
}

static void count_report(struct relay *r, const struct txn *x,
                         const struct link *in)
{
    struct session *sender = sender_of(r, x->head, in);

    r->stats.reports_made++;
    r->stats.reports_made_by_code[code_index(x->code)]++;
    if (sender)
        sender->usage.reports_made++;
}

static void write_report(struct relay *r, struct link *in, const struct txn *x)
{
    char tid[TID_LEN];
    struct frame f;

    r->chunker.new_tid(&r->chunker, tid);
    frame_init(&f);
    report_failure(&f, x->head, span_of(tid, TID_LEN), x->start, x->end,
                   x->code);
    if (sendq_put_between(in, &f))
        count_report(r, x, in);
}

/* Not to a link that is still being dialled: what fails with it would be lost.
 */
void failure_report_write(struct relay *r, struct link *l)
{
    struct txn *x;

    while (!l->connecting && sendq_has_room(l) && (x = owed_first(l))) {
        write_report(r, l, x);
        owed_drop(&r->owed, x);
    }
    if (l->owed.close_why && l->owed.n == 0)
        link_close(l, l->owed.close_why);
}

void failure_report_finish(struct relay *r, struct link *l, const char *why)
{
    l->ops->pause(l);
    l->owed.close_why = why;
    failure_report_write(r, l);
}

/* --- what is owed, and to whom --- */

enum { RETRY_MS = 1000 }; /* until a link to a relay is looked for again */

static void report_undeliverable(struct relay *r, uint64_t n)
{
    uint32_t held;

    r->stats.reports_dropped += n;
    if (n > 0 && log_limit_pass(&r->owed_log, r->now_ms, 1, 1000, &held))
        log_info(r->log, "REPORTs dropped, the sender is gone n=%llu held=%u",
                 (unsigned long long)n, held);
}

/* To the link on which the SEND came. If that was another relay's and is gone,
 * to the relay, by whatever link, since sessions do not end with it. */
static void owe(struct relay *r, struct txn *x, uint64_t tried_ms)
{
    struct link *in = relay_link(r, x->head->in_number);
    struct span path = pending_send_text(x->head, x->head->received), text;
    struct uri uri;

    if (in) {
        owed_to_link(&r->owed, in, x);
        return;
    }
    if (x->head->from_relay && msg_path_next(&text, &path) &&
        uri_parse(&uri, text) == 0 &&
        owed_to_relay(&r->owed, &uri, tried_ms, x) == 0)
        return;
    report_undeliverable(r, 1);
    txn_free(&r->txns, x);
}

/* Looks for a link to the relay, unless that was done a moment ago. */
static void owed_find_way(struct relay *r, struct owed_relay *to)
{
    struct link *l;
    uint16_t code;

    to->tried_ms = r->now_ms;
    list_remove(&to->of_all);
    list_append(&r->owed.relays, &to->of_all);
    l = relay_links_reach(&r->relay_links, &to->uri, true, &code);
    if (!l && code == 0)
        l = relay_links_dial(&r->relay_links, &to->uri, true, &code);
    if (l)
        owed_move(&r->owed, to, l);
}

/* Relays that were not tried yet come first, then the one whose last attempt is
 * longest ago. */
static void owed_find_ways(struct relay *r)
{
    struct list *m;

    while ((m = list_first(&r->owed.relays))) {
        struct owed_relay *to = CONTAINER(m, struct owed_relay, of_all);

        if (to->tried_ms && r->now_ms - to->tried_ms < RETRY_MS)
            return;
        owed_find_way(r, to);
    }
}

/* Writes what was owed in this event, as far as there is room. */
static void failure_report_settle(struct relay *r)
{
    struct link *l;

    owed_find_ways(r);
    while ((l = owed_next_link(&r->owed))) {
        failure_report_write(r, l);
        cut_failed(r, l);
    }
}

void failure_report_tick(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->owed.relays)
    report_undeliverable(r, owed_expire(&r->owed,
                                        CONTAINER(m, struct owed_relay, of_all),
                                        r->now_ms));
    failure_report_settle(r);
}

/* What is owed to a link that has ended waits for the next link to the relay,
 * or is void with the client. None is dialled at once: this one may be a dial
 * that failed. */
void failure_report_link_closed(struct relay *r, struct link *l)
{
    struct txn *x;

    while ((x = owed_first(l))) {
        owed_take(&r->owed, x);
        owe(r, x, r->now_ms);
    }
    list_remove(&l->owed.of_new);
    failure_report_settle(r);
}

/* --- transactions that have failed --- */

void failure_report_txn(struct relay *r, struct txn *x, enum report_cause cause,
                        uint16_t code)
{
    struct pending_send *h = pending_send_ref(x->head);
    bool is_due = report_is_due(h->failure_report, cause);
    struct link *in = relay_link(r, h->in_number);

    send_answer_failed(r, x);
    if (x->is_open)
        x->end = x->link->sendq.open->next - 1;
    x->code = code;
    txn_end(&r->txns, x);
    x->due_ms = r->now_ms + 2 * r->policy->transaction_ms;
    /* An unanswered chunk gets the error as its response (P-1). */
    if (is_due && !was_reported(r, h) && !send_is_unanswered(r, h))
        owe(r, x, 0);
    else
        txn_free(&r->txns, x);
    if (is_due)
        fail_message(r, h, code);
    failure_report_settle(r);
    if (in)
        cut_failed(r, in);
    pending_send_unref(&r->heads, h);
}

/* Ends the transaction; appends it to `failed` if a REPORT is due. */
static void collect(struct relay *r, struct list *failed, struct txn *x,
                    enum report_cause cause, uint16_t code)
{
    bool is_due;

    send_answer_failed(r, x);
    is_due = x->head && report_is_due(x->head->failure_report, cause) &&
             !was_reported(r, x->head) && !send_is_unanswered(r, x->head);

    x->code = code;
    txn_end(&r->txns, x);
    x->due_ms = r->now_ms + 2 * r->policy->transaction_ms;
    if (is_due)
        list_append(failed, &x->of_link);
    else
        txn_free(&r->txns, x);
}

/* Nobody will answer it. */
static void collect_lost(struct relay *r, struct list *failed, struct txn *x,
                         enum report_cause cause, uint16_t code)
{
    if (x->back)
        local_response_lost(r, x);
    collect(r, failed, x, cause, code);
}

static void collect_list(struct relay *r, struct list *failed,
                         struct list *txns, enum report_cause cause,
                         uint16_t code)
{
    struct list *m;

    while ((m = list_first(txns)))
        collect_lost(r, failed, CONTAINER(m, struct txn, of_link), cause, code);
}

/* Once all that fails at this moment has been judged: each contiguous range of
 * a message is reported (P-5), and nothing of it later (P-17). */
static void report_all(struct relay *r, struct list *failed)
{
    struct list *m;

    while ((m = list_take_first(failed))) {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        fail_message(r, x->head, x->code);
        owe(r, x, 0);
    }
    failure_report_settle(r);
}

void failure_report_link(struct relay *r, struct link *l, uint16_t cut_code)
{
    struct list failed;

    list_init(&failed);
    collect_list(r, &failed, &l->txns.sent, REPORT_LOST, 408);
    collect_list(r, &failed, &l->txns.unsent, REPORT_CUT, cut_code);
    report_all(r, &failed);
}

/* One of the session's, whose clock runs if all its octets were taken. */
static void collect_one(struct relay *r, struct list *failed, struct txn *x,
                        uint16_t code)
{
    if (x->back)
        local_response_instead(r, x, code);
    collect(r, failed, x, list_is_empty(&x->in_fifo) ? REPORT_CUT : REPORT_LOST,
            code);
}

void failure_report_session(struct relay *r, struct session *ss, uint16_t code)
{
    struct list failed, *m;

    list_init(&failed);
    while ((m = list_first(&ss->sent)))
        collect_one(r, &failed, CONTAINER(m, struct txn, of_sender), code);
    while ((m = list_first(&ss->received)))
        collect_one(r, &failed, CONTAINER(m, struct txn, of_receiver), code);
    report_all(r, &failed);
}

static void collect_on(struct relay *r, struct list *failed,
                       const struct link *l, struct txn *x, uint16_t code)
{
    if (x->link == l)
        collect_one(r, failed, x, code);
}

void failure_report_session_on(struct relay *r, struct session *ss,
                               const struct link *l, uint16_t code)
{
    struct list failed, *m, *next;

    list_init(&failed);
    LIST_EACH(m, next, &ss->sent)
    collect_on(r, &failed, l, CONTAINER(m, struct txn, of_sender), code);
    LIST_EACH(m, next, &ss->received)
    collect_on(r, &failed, l, CONTAINER(m, struct txn, of_receiver), code);
    report_all(r, &failed);
}

void failure_report_expired(struct relay *r)
{
    struct list failed;
    struct txn *x;

    list_init(&failed);
    while ((x = txns_expired(&r->txns, r->now_ms))) {
        struct link *l = x->link;

        r->stats.timeouts++;
        l->ops->probe(l); /* S-19 */
        /* An unanswered chunk gets the error as its response (P-1). */
        if (x->head && send_is_unanswered(r, x->head))
            failure_report_txn(r, x, REPORT_TIMEOUT, 408);
        else
            collect_lost(r, &failed, x, REPORT_TIMEOUT, 408);
        sendq_moved(l, r->now_ms);
    }
    report_all(r, &failed);
}
