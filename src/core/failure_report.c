/* SPDX-License-Identifier: BSD-2-Clause */
/* failure_report - a SEND that failed after it was accepted: a REPORT to the
 * sender (RFC 4976, 6.4.1; spec: rfc4976-relay.md 7 and 13). */
#include <stdlib.h>

#include "relay_private.h"

/* A range of octets of one message that failed. */
struct lost {
    struct pending_send *head;
    uint64_t start, end;
    uint16_t code;
};

/* The link to the sender: the one on which the SEND came. If that was to
 * another relay and is gone, any other link to it will do, since sessions do
 * not end with it. */
static struct link *way_back(struct relay *r, const struct pending_send *h)
{
    struct link *in = relay_link(r, h->in_number);
    struct span path = pending_send_text(h, h->received), text;
    struct uri uri;
    uint16_t code;

    if (in || !h->from_relay || !msg_path_next(&text, &path) ||
        uri_parse(&uri, text) != 0)
        return in;
    return relay_links_reach(&r->relay_links, &uri, path.n > 0, &code);
}

/* The session through which its owner sent the message, and in whose account
 * the REPORT is counted. NULL if somebody else sent it to a client of ours. */
static struct session *sender_of(const struct relay *r,
                                 const struct pending_send *h,
                                 const struct link *in)
{
    struct span own = pending_send_text(h, h->own);
    struct session *ss = NULL;
    struct span from = pending_send_text(h, h->received);
    struct uri uri, speaker;

    if (uri_parse(&uri, span_cut(&own, ' ')) == 0 &&
        uri_parse(&speaker, span_cut(&from, ' ')) == 0)
        ss = session_find_token(&r->sessions, uri.session_id);
    return ss && session_is_of(ss, in, &speaker) ? ss : NULL;
}

static void loss_count(struct relay *r, const struct lost *lost,
                       const struct link *in)
{
    struct session *sender = sender_of(r, lost->head, in);

    r->stats.reports_made++;
    r->stats.reports_made_by_code[code_index(lost->code)]++;
    if (sender)
        sender->usage.reports_made++;
}

static void loss_report(struct relay *r, const struct lost *lost)
{
    struct link *in = way_back(r, lost->head);
    char tid[TID_LEN];
    struct frame f;

    if (!in)
        return;
    r->chunker.new_tid(&r->chunker, tid);
    frame_init(&f);
    report_failure(&f, lost->head, span_of(tid, TID_LEN), lost->start,
                   lost->end, lost->code);
    if (sendq_put_between(in, &f))
        loss_count(r, lost, in);
}

/* The session that the message went through, NULL if it has ended. */
static struct session *session_of(const struct relay *r,
                                  const struct pending_send *h)
{
    return session_find_token(&r->sessions, pending_send_text(h, h->token));
}

/* Has its failure been reported already, by a response or a REPORT (P-17)? */
static bool was_reported(const struct relay *r, const struct pending_send *h)
{
    const struct session *ss = session_of(r, h);

    return h->reported ||
           (ss && session_failed(&r->sessions, ss, message_of(h)));
}

/* Marks the message as failed (P-21): what is still received of it is refused
 * with the same code. */
static void fail_message(struct relay *r, struct pending_send *h, uint16_t code)
{
    struct session *ss = session_of(r, h);
    struct link *in = relay_link(r, h->in_number);

    h->reported = true;
    if (ss)
        session_fail(&r->sessions, ss, message_of(h), code);
    if (in && in->stream.head && pending_send_same_message(in->stream.head, h))
        send_fail(r, in, code);
}

/* Is the incoming chunk of this head still being received, thus unanswered? */
static bool is_unanswered(const struct relay *r, const struct pending_send *h)
{
    const struct link *in = relay_link(r, h->in_number);

    return in && in->stream.head == h;
}

void failure_report_txn(struct relay *r, struct txn *x, enum report_cause cause,
                        uint16_t code)
{
    struct lost lost;

    if (x->is_open)
        x->end = x->link->sendq.open->next - 1;
    lost = (struct lost){pending_send_ref(x->head), x->start, x->end, code};
    txn_drop(&r->txns, x);
    if (report_is_due(lost.head->failure_report, cause)) {
        /* An unanswered chunk gets the error as its response (P-1). */
        if (!was_reported(r, lost.head) && !is_unanswered(r, lost.head))
            loss_report(r, &lost);
        fail_message(r, lost.head, code);
    }
    pending_send_unref(&r->heads, lost.head);
}

/* --- a whole link --- */

static int compare_spans(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = memcmp(a.p, b.p, n);

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Orders by sender, message and position. */
static int compare_lost(const void *left, const void *right)
{
    const struct lost *a = left, *b = right;
    const struct pending_send *ha = a->head, *hb = b->head;
    int order =
        (ha->in_number > hb->in_number) - (ha->in_number < hb->in_number);

    if (!order)
        order = compare_spans(pending_send_text(ha, ha->message_id),
                              pending_send_text(hb, hb->message_id));
    if (!order)
        order = compare_spans(pending_send_text(ha, ha->own),
                              pending_send_text(hb, hb->own));
    if (!order)
        order = compare_spans(pending_send_text(ha, ha->received),
                              pending_send_text(hb, hb->received));
    if (!order)
        order = (a->start > b->start) - (a->start < b->start);
    return order;
}

static bool joins(const struct lost *a, const struct lost *b)
{
    return a->end >= a->start && b->end >= b->start && a->end + 1 == b->start &&
           pending_send_same_message(a->head, b->head);
}

/* Sends one REPORT for each contiguous range (P-5), then marks the messages.
 * Consumes the references to heads. */
static void report_all(struct relay *r, struct lost *lost, size_t n)
{
    if (n == 0)
        return;
    qsort(lost, n, sizeof *lost, compare_lost);
    for (size_t i = 0; i < n;) {
        struct lost run = lost[i];

        for (i++; i < n && joins(&run, &lost[i]); i++)
            run.end = lost[i].end;
        loss_report(r, &run);
    }
    for (size_t i = 0; i < n; i++) {
        fail_message(r, lost[i].head, lost[i].code);
        pending_send_unref(&r->heads, lost[i].head);
    }
}

/* All that failed at once, to be sorted before it is reported. */
struct losses {
    struct lost *items;
    size_t n, room;
};

/* Adds the octets of this transaction, if a REPORT is due, and drops it. When
 * out of memory they are reported at once, unsorted. */
static void collect(struct relay *r, struct losses *all, struct txn *x,
                    enum report_cause cause, uint16_t code)
{
    struct lost one = {x->head, x->start, x->end, code};
    bool due = x->head && report_is_due(x->head->failure_report, cause) &&
               !was_reported(r, x->head) && !is_unanswered(r, x->head);

    if (due)
        pending_send_ref(one.head);
    if (x->back)
        local_response_lost(r, x);
    txn_drop(&r->txns, x);
    if (!due)
        return;
    if (all->n == all->room) {
        size_t room = all->room ? 2 * all->room : 64;
        struct lost *items = realloc(all->items, room * sizeof *items);

        if (!items) {
            report_all(r, &one, 1);
            return;
        }
        all->items = items;
        all->room = room;
    }
    all->items[all->n++] = one;
}

static void collect_list(struct relay *r, struct losses *all, struct list *txns,
                         enum report_cause cause, uint16_t code)
{
    struct list *m;

    while ((m = list_first(txns)))
        collect(r, all, CONTAINER(m, struct txn, of_link), cause, code);
}

static void loss_tell(struct relay *r, struct losses *all)
{
    report_all(r, all->items, all->n);
    free(all->items);
}

void failure_report_link(struct relay *r, struct link *l, uint16_t cut_code)
{
    struct losses all = {0};

    collect_list(r, &all, &l->txns.sent, REPORT_LOST, 408);
    collect_list(r, &all, &l->txns.unsent, REPORT_CUT, cut_code);
    loss_tell(r, &all);
}

/* Did the SEND of this transaction pass the session? Tokens are random, so it
 * did if the token appears among the URIs that the SEND passed. */
static bool passed(const struct txn *x, const struct session *ss)
{
    struct span own =
        x->head ? pending_send_text(x->head, x->head->own) : SPAN("");
    struct span token = ss->uri.session_id;

    return own.n && memmem(own.p, own.n, token.p, token.n);
}

/* Looks at all transactions, since this is rare. */
void failure_report_session(struct relay *r, const struct session *ss,
                            uint16_t code)
{
    struct losses all = {0};
    struct table_node *node = table_next(&r->txns.by_tid, NULL), *next;

    for (; node; node = next) {
        struct txn *x = CONTAINER(node, struct txn, by_tid);

        next = table_next(&r->txns.by_tid, node);
        if (!passed(x, ss))
            continue;
        collect(r, &all, x,
                list_is_empty(&x->in_fifo) ? REPORT_CUT : REPORT_LOST, code);
    }
    loss_tell(r, &all);
}

void failure_report_expired(struct relay *r)
{
    struct losses all = {0};
    struct txn *x;

    while ((x = txns_expired(&r->txns, r->now_ms))) {
        struct link *l = x->link;

        r->stats.timeouts++;
        /* An unanswered chunk gets the error as its response (P-1). */
        if (x->head && is_unanswered(r, x->head))
            failure_report_txn(r, x, REPORT_TIMEOUT, 408);
        else
            collect(r, &all, x, REPORT_TIMEOUT, 408);
        sendq_moved(l, r->now_ms);
    }
    loss_tell(r, &all);
}
