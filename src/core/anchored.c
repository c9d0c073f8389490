/* SPDX-License-Identifier: BSD-2-Clause */
/* anchored - pairs: what was agreed for them, and their end. */
#include "anchored.h"

#include <stdlib.h>

#include "err.h"
#include "relay_private.h"
#include "subject.h"

enum {
    FORMER_MS = 2000, /* until a link of a former path is given up */
    REDIALS_MAX = 4,  /* at once, within this time */
    REDIAL_REST_MS = 10000,
};

/* A link that a side was bound to under a former path. */
struct former_link {
    struct list of_all; /* in anchored.former */
    struct list of_pair;
    struct anchored_pair *pair;
    uint64_t number; /* of the link, which may be gone */
    uint64_t until_ms;
};

/* --- tokens --- */

int anchored_token_new(struct anchored_token **out, struct relay *r,
                       const struct anchored_grant *grant)
{
    struct anchored_token *t = pair_token_new(&r->sessions, grant);

    if (!t)
        return ERR_NOMEM;
    *out = t;
    return 0;
}

struct span anchored_token_uri(const struct anchored_token *t)
{
    return t->uri.text;
}

/* Who has waited for a pair goes on, and sees. */
static void gate_open(struct relay *r, struct anchored_token *t)
{
    struct waiting_link *gate = t->gate;

    t->gate = NULL;
    if (gate)
        waiting_link_end(r, gate, 481);
}

void anchored_token_end(struct relay *r, struct anchored_token *t,
                        enum anchored_why why)
{
    struct list *m;

    if (!t)
        return;
    while ((m = list_first(&t->pairs)))
        anchored_pair_end(r, CONTAINER(m, struct anchored_pair, of_token), why);
    gate_open(r, t);
    pair_token_free(&r->sessions, t);
}

/* --- pairs --- */

int anchored_pair_new(struct anchored_pair **out, struct relay *r,
                      const struct anchored_terms *terms)
{
    struct anchored_pair *p = pair_new(&r->sessions, terms, r->now_ms);

    if (!p)
        return ERR_NOMEM;
    *out = p;
    return 0;
}

struct span anchored_pair_uri(const struct anchored_pair *p,
                              enum anchored_side side)
{
    return p->side[side].uri->text;
}

/* What waits for the side fails. */
static void fail_waiting(struct relay *r, struct pair_side *x, uint16_t code)
{
    struct waiting_link *w = x->waiting;

    x->waiting = NULL;
    list_remove(&x->of_arrived);
    if (w)
        waiting_link_end(r, w, code);
}

/* --- links that go --- */

/* The link was of use for a pair alone. One that was dialled is closed once all
 * is written; the other end of one that came closes it. */
static void leave_link(struct relay *r, struct link *l, const char *why)
{
    if (l->host.n == 0 || l->relay_links.to_relay || l->pairs.n > 0 ||
        !list_is_empty(&l->sessions.peers))
        return;
    if (l->connecting)
        link_close(l, why);
    else
        failure_report_finish(r, l, why);
}

/* Is a chunk of the pair being received from the link, or sent to it? */
static bool is_busy(const struct anchored_pair *p, const struct link *l)
{
    const struct list *parties = &p->session->parties;

    for (const struct list *m = parties->next; m != parties; m = m->next) {
        const struct stream *s =
            CONTAINER((void *)(uintptr_t)m, struct party, of_session)->stream;

        if (s->in == l || s->out == l)
            return true;
    }
    return false;
}

/* Fails the chunks of the pair that go to the link. */
static void fail_streams_to(struct relay *r, const struct anchored_pair *p,
                            const struct link *l)
{
    struct list *m, *next;

    LIST_EACH(m, next, &p->session->parties)
    {
        const struct stream *s = CONTAINER(m, struct party, of_session)->stream;

        if (s->out != l)
            continue;
        send_fail(r, s->in, 408);
        next = p->session->parties.next; /* it has left, and maybe others */
    }
}

static void former_free(struct former_link *f)
{
    list_remove(&f->of_all);
    list_remove(&f->of_pair);
    free(f);
}

/* Gives the link up if nothing is on its way, or time is over. */
static void former_settle(struct relay *r, struct former_link *f)
{
    struct link *l = relay_link(r, f->number);

    if (l && is_busy(f->pair, l) && r->now_ms < f->until_ms)
        return;
    if (l) {
        fail_streams_to(r, f->pair, l);
        failure_report_session_on(r, f->pair->session, l, 408);
        if (l->pairs.n == 0 && l->sessions.n == 0 && !l->is_relay &&
            list_is_empty(&l->sessions.peers))
            failure_report_finish(r, l, "its peer has another path now");
    }
    former_free(f);
}

/* The side has another path: its link is another peer's. */
static void leave_path(struct relay *r, struct pair_side *x)
{
    struct link *l = x->link;
    struct former_link *f;

    fail_waiting(r, x, 408);
    x->was_bound = false;
    x->n_redials = 0;
    if (!l)
        return;
    pair_unbind(&r->sessions, x);
    if (l->connecting) {
        leave_link(r, l, "its peer has another path now");
        return;
    }
    f = calloc(1, sizeof *f);
    if (!f)
        return;
    f->pair = x->pair;
    f->number = l->number;
    f->until_ms = r->now_ms + FORMER_MS;
    list_init(&f->of_all);
    list_init(&f->of_pair);
    list_append(&r->anchored.former, &f->of_all);
    list_append(&x->pair->former, &f->of_pair);
    former_settle(r, f);
}

/* --- what a side is given --- */

int anchored_uri_new(struct anchored_uri **out, const struct anchored_pair *p,
                     enum anchored_side side,
                     const struct anchored_grant *grant)
{
    *out = pair_uri_new(&p->side[side], grant);
    return *out ? 0 : ERR_NOMEM;
}

struct span anchored_uri_text(const struct anchored_uri *u)
{
    return u->uri.text;
}

void anchored_uri_use(struct relay *r, struct anchored_pair *p,
                      enum anchored_side side, struct anchored_uri *u)
{
    struct pair_side *x = &p->side[side];
    bool is_other_link = x->uri->secure != u->uri.secure;

    pair_uri_use(x, u);
    r->sessions.changes++;
    if (is_other_link)
        leave_path(r, x);
}

void anchored_uri_free(struct anchored_uri *u)
{
    free(u);
}

/* --- what a side says --- */

static void dial_if_due(struct relay *r, struct pair_side *x)
{
    uint16_t code;

    if (!x->link && anchored_may_dial(r, x))
        (void)anchored_dial_side(r, x, true, &code);
}

int anchored_say(struct relay *r, struct anchored_pair *p,
                 enum anchored_side side, const struct anchored_said *said)
{
    struct pair_side *x = &p->side[side];
    bool is_first = !x->text, is_new;
    int err = pair_side_say(x, said, &is_new);

    if (err)
        return err;
    x->n_redials = 0;
    r->sessions.changes++;
    pair_touch(&r->sessions, p, r->now_ms);
    if (is_new && !is_first)
        leave_path(r, x);
    if (!pair_other(x)->text)
        return 0;
    dial_if_due(r, &p->side[ANCHORED_A]);
    dial_if_due(r, &p->side[ANCHORED_B]);
    gate_open(r, p->token);
    return 0;
}

/* --- the end --- */

static void side_end(struct relay *r, struct pair_side *x)
{
    struct link *l = x->link;

    fail_waiting(r, x, 481);
    pair_unbind(&r->sessions, x);
    if (l)
        leave_link(r, l, "its session is over");
}

static void tell_end(const struct relay *r, const struct anchored_pair *p,
                     enum anchored_why why)
{
    struct anchored_record record = {
        .call_id = p->call_id,
        .from_tag = p->from_tag,
        .to_tag = p->to_tag,
        .began_ms = p->session->began_ms,
        .ended_ms = r->now_ms,
        .why = why,
        .usage = p->session->usage,
    };

    memcpy(record.short_id, p->session->uri.session_id.p, SESSION_SHORT_ID_LEN);
    for (size_t i = 0; i < ANCHORED_SIDES; i++) {
        record.subject[i] = p->side[i].subject;
        record.connection[i] = p->side[i].connection;
    }
    if (r->anchored.on_end)
        r->anchored.on_end(r->anchored.on_end_ctx, &record);
}

void anchored_pair_end(struct relay *r, struct anchored_pair *p,
                       enum anchored_why why)
{
    struct list *m;

    if (!p)
        return;
    send_fail_session(r, p->session, 481);
    failure_report_session(r, p->session, 481);
    while ((m = list_first(&p->former)))
        former_free(CONTAINER(m, struct former_link, of_pair));
    side_end(r, &p->side[ANCHORED_A]);
    side_end(r, &p->side[ANCHORED_B]);
    r->sessions.pairs.ended[why]++;
    tell_end(r, p, why);
    pair_free(&r->sessions, p, r->now_ms);
}

void anchored_end_unasked(struct relay *r, struct anchored_pair *p,
                          enum anchored_why why)
{
    anchored_ended_fn fn = p->on_ended;
    void *owner = p->owner;

    anchored_pair_end(r, p, why);
    if (fn)
        fn(owner, why);
}

void anchored_fini(struct relay *r)
{
    struct list *m;

    while ((m = list_first(&r->sessions.pairs.active)))
        anchored_end_unasked(r, CONTAINER(m, struct anchored_pair, of_active),
                             ANCHORED_SHUTDOWN);
    while ((m = list_first(&r->anchored.waiting))) {
        struct waiting_link *w = CONTAINER(m, struct waiting_link, of_all);

        waiting_link_end(r, w, 481);
    }
}

/* --- links --- */

void anchored_hand_over(struct relay *r)
{
    struct list *m;

    while ((m = list_take_first(&r->anchored.arrived))) {
        struct pair_side *x = CONTAINER(m, struct pair_side, of_arrived);
        struct waiting_link *w = x->waiting;

        x->waiting = NULL;
        if (w && x->link)
            waiting_link_move(r, w, x->link);
        else if (w)
            waiting_link_end(r, w, 408);
    }
}

void anchored_link_known(struct relay *r, struct link *l)
{
    struct list *m, *next;

    LIST_EACH(m, next, &l->pairs.sides)
    {
        struct pair_side *x = CONTAINER(m, struct pair_side, of_link);

        x->was_bound = true;
        if (x->waiting && list_is_empty(&x->of_arrived))
            list_append(&r->anchored.arrived, &x->of_arrived);
    }
    anchored_settle(r);
}

/* Those before a rest count no more. */
static uint8_t redials_of(const struct relay *r, const struct pair_side *x)
{
    return r->now_ms - x->redialled_ms < REDIAL_REST_MS ? x->n_redials : 0;
}

/* A side that we connect to cannot come back by itself: it is dialled at once,
 * and if that was in vain, by need. What speaks on each connection and
 * loses it at once again is not dialled without end. */
static bool may_redial(const struct relay *r, const struct pair_side *x,
                       const struct link *lost)
{
    uint8_t n = redials_of(r, x);

    return !lost->connecting && anchored_may_dial(r, x) &&
           (n == 0 || (lost->pairs.is_heard && n < REDIALS_MAX));
}

void anchored_link_closed(struct relay *r, struct link *l, bool kicked)
{
    struct list lost, *m;
    uint16_t code;

    list_init(&lost);
    while ((m = list_first(&l->pairs.sides))) {
        struct pair_side *x = CONTAINER(m, struct pair_side, of_link);

        pair_unbind(&r->sessions, x);
        list_append(&lost, &x->of_link);
    }
    while ((m = list_take_first(&lost))) {
        struct pair_side *x = CONTAINER(m, struct pair_side, of_link);
        bool is_due = !kicked && may_redial(r, x, l);

        fail_waiting(r, x, l->fail_code ? l->fail_code : 408);
        if (!is_due)
            continue;
        x->n_redials = (uint8_t)(redials_of(r, x) + 1);
        x->redialled_ms = r->now_ms;
        (void)anchored_dial_side(r, x, false, &code);
    }
}

/* --- time --- */

/* Is something of the pair on its way? */
static bool is_in_use(const struct anchored_pair *p)
{
    const struct session *ss = p->session;

    return !list_is_empty(&ss->parties) || !list_is_empty(&ss->sent) ||
           !list_is_empty(&ss->received);
}

static void end_idle(struct relay *r)
{
    uint64_t limit_ms = r->policy->anchored_idle_ms;
    struct list *m;

    while (limit_ms && (m = list_first(&r->sessions.pairs.active))) {
        struct anchored_pair *p = CONTAINER(m, struct anchored_pair, of_active);

        if (r->now_ms - p->active_ms < limit_ms)
            return;
        if (is_in_use(p))
            pair_touch(&r->sessions, p, r->now_ms);
        else
            anchored_end_unasked(r, p, ANCHORED_IDLE);
    }
}

/* The process is about to exit: pairs end that have no connection any more, or
 * never had one. */
static void end_unbound(struct relay *r)
{
    struct list *m, *next;
    size_t left;

    LIST_EACH(m, next, &r->sessions.pairs.active)
    {
        struct anchored_pair *p = CONTAINER(m, struct anchored_pair, of_active);

        if (p->side[ANCHORED_A].link || p->side[ANCHORED_B].link ||
            is_in_use(p))
            continue;
        left = r->sessions.pairs.n_pairs - 1;
        anchored_end_unasked(r, p, ANCHORED_SHUTDOWN);
        if (r->sessions.pairs.n_pairs != left) /* its owner ended others */
            next = r->sessions.pairs.active.next;
    }
}

/* Those that wait for a connection began in the order of their ends, but one
 * that ran out of memory may end at any time; gates end with their tokens. */
static void end_waiting(struct relay *r, uint64_t due_ms)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->anchored.waiting)
    {
        struct waiting_link *w = CONTAINER(m, struct waiting_link, of_all);

        if (w->side && w->due_ms <= due_ms)
            fail_waiting(r, w->side, 408);
    }
}

void anchored_give_up(struct relay *r)
{
    end_waiting(r, UINT64_MAX);
}

void anchored_tick(struct relay *r)
{
    struct list *m, *next;

    LIST_EACH(m, next, &r->anchored.former)
    former_settle(r, CONTAINER(m, struct former_link, of_all));
    end_waiting(r, r->now_ms);
    end_idle(r);
    if (r->ending)
        end_unbound(r);
}

/* --- facts --- */

static struct anchored_side_facts facts_of(const struct pair_side *x,
                                           const struct usage *usage)
{
    const struct link *l = x->link;

    return (struct anchored_side_facts){
        .is_bound = l && !l->connecting,
        .is_dialling = l && l->connecting,
        .is_tls = l ? l->secure : x->uri->secure,
        .local_port = x->uri->port,
        .connection = l ? l->number : 0,
        .subject = l ? l->subject : NULL,
        .sent = pair_which(x) == ANCHORED_A ? usage->sent : usage->received,
        .errors = x->errors,
    };
}

void anchored_pair_facts(const struct anchored_pair *p,
                         struct anchored_facts *facts)
{
    struct usage usage = session_usage(p->session);

    *facts = (struct anchored_facts){
        .call_id = p->call_id,
        .from_tag = p->from_tag,
        .to_tag = p->to_tag,
        .began_ms = p->session->began_ms,
        .active_ms = p->active_ms,
    };
    memcpy(facts->short_id, p->session->uri.session_id.p, SESSION_SHORT_ID_LEN);
    for (size_t i = 0; i < ANCHORED_SIDES; i++)
        facts->side[i] = facts_of(&p->side[i], &usage);
}

void anchored_stats(const struct relay *r, struct anchored_stats *out)
{
    const struct pairs *all = &r->sessions.pairs;

    *out = (struct anchored_stats){
        .tokens_now = all->tokens.count,
        .pairs_now = all->n_pairs,
        .pairs_ever = all->ever,
        .octets_ever = all->octets,
        .bound_now = all->bound,
        .refused = r->anchored.refused,
        .refused_fingerprint = r->anchored.refused_fingerprint,
        .lapsed = r->anchored.lapsed,
    };
    memcpy(out->ended, all->ended, sizeof out->ended);
}

void relay_on_anchored_end(struct relay *r, anchored_record_fn fn, void *ctx)
{
    r->anchored.on_end = fn;
    r->anchored.on_end_ctx = ctx;
}
