/* SPDX-License-Identifier: BSD-2-Clause */
#include "ongoing.h"

#include <assert.h>
#include <stdlib.h>

#include "sendq.h"

void ongoing_link_init(struct link *l)
{
    l->ongoing = (struct link_ongoing){0};
    list_init(&l->ongoing.in);
    list_init(&l->ongoing.out);
    list_init(&l->ongoing.owed);
}

/* --- finding --- */

static bool is_of(const struct ongoing *o, const struct session *last,
                  struct session_message m)
{
    const struct pending_send *h = o->head;

    return span_eq(pending_send_text(h, h->message_id), m.id) &&
           span_eq(pending_send_text(h, h->received), m.from) &&
           span_eq(pending_send_text(h, h->token), last->uri.session_id);
}

struct ongoing *ongoing_find(const struct sessions *s,
                             const struct session *first,
                             const struct session *last,
                             struct session_message m)
{
    struct list *at, *next;
    uint64_t hash;

    if (!first || !last || list_is_empty(&first->ongoing.in))
        return NULL;
    hash = session_message_hash(s, m);
    LIST_EACH(at, next, &first->ongoing.in)
    {
        struct ongoing *o = CONTAINER(at, struct ongoing, of_session);

        if (o->hash == hash && is_of(o, last, m))
            return o;
    }
    return NULL;
}

/* --- lists --- */

static void leave_session(struct ongoing *o)
{
    if (o->session)
        o->session->ongoing.n--;
    o->session = NULL;
    list_remove(&o->of_session);
    list_remove(&o->of_last);
}

static void leave_stream(struct ongoing *o)
{
    if (o->stream)
        o->stream->ongoing = NULL;
    o->stream = NULL;
}

static void leave_in(struct ongoing *o)
{
    if (o->in)
        o->in->ongoing.n--;
    o->in = NULL;
    list_remove(&o->of_in);
}

/* Its latest chunk has come over this link. */
static void come_over(struct ongoing *o, struct link *in)
{
    leave_in(o);
    list_append(&in->ongoing.in, &o->of_in);
    in->ongoing.n++;
    o->in = in;
}

/* Of the sessions that the stream goes through. */
static struct session *first_of(const struct stream *s)
{
    return s->sender.session ? s->sender.session : s->receiver.session;
}

static struct session *last_of(const struct stream *s)
{
    return s->receiver.session ? s->receiver.session : s->sender.session;
}

/* --- life --- */

void ongoing_resume(struct ongoing *o, struct stream *s)
{
    leave_stream(o);
    o->stream = s;
    s->ongoing = o;
    come_over(o, s->in);
}

void ongoing_pause(struct stream *s)
{
    if (s->ongoing)
        leave_stream(s->ongoing);
}

static struct ongoing *ongoing_new(const struct sessions *s, struct chunker *c,
                                   const struct stream *stream)
{
    const struct pending_send *h = stream->head;
    struct ongoing *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->head = pending_send_copy(c->txns->heads, h);
    if (!o->head) {
        free(o);
        return NULL;
    }
    o->chunker = c;
    o->hash = session_message_hash(
        s, (struct session_message){.id = pending_send_text(h, h->message_id),
                                    .from = pending_send_text(h, h->received)});
    list_init(&o->of_session);
    list_init(&o->of_last);
    list_init(&o->of_in);
    list_init(&o->of_out);
    return o;
}

void ongoing_forget(struct ongoing *o)
{
    if (!o)
        return;
    leave_session(o);
    leave_stream(o);
    leave_in(o);
    list_remove(&o->of_out);
    pending_send_unref(o->chunker->txns->heads, o->head);
    free(o);
}

/* Makes room for one more message that comes in through the session. */
static void make_room(const struct session *first, const struct link *in)
{
    if (first->ongoing.n == ONGOING_SESSION_MAX)
        ongoing_forget(CONTAINER(list_first(&first->ongoing.in), struct ongoing,
                                 of_session));
    if (in->ongoing.n >= ONGOING_LINK_MAX)
        ongoing_forget(
            CONTAINER(list_first(&in->ongoing.in), struct ongoing, of_in));
}

static void enter(struct ongoing *o, struct session *first,
                  struct session *last)
{
    leave_session(o);
    list_append(&first->ongoing.in, &o->of_session);
    first->ongoing.n++;
    o->session = first;
    list_append(&last->ongoing.last, &o->of_last);
}

/* Its octets so far are those that the stream has carried. */
static void go_over(struct ongoing *o, const struct stream *s)
{
    list_remove(&o->of_out);
    list_append(&s->out->ongoing.out, &o->of_out);
    o->out = s->out;
    o->next = s->next;
    o->head->range_total = s->total;
}

void ongoing_note(const struct sessions *s, struct chunker *c,
                  struct stream *stream)
{
    struct session *first = first_of(stream), *last = last_of(stream);
    struct ongoing *o = stream->ongoing;

    if (!o) {
        make_room(first, stream->in);
        o = ongoing_new(s, c, stream);
        if (!o)
            return;
        ongoing_resume(o, stream);
    }
    enter(o, first, last);
    go_over(o, stream);
}

/* --- bad ends --- */

static void write_end(struct ongoing *o)
{
    chunker_abort(o->chunker, o->out, o->head, o->next);
    ongoing_forget(o);
}

static void owe_end(struct ongoing *o)
{
    struct link_ongoing *at = &o->out->ongoing;

    list_remove(&o->of_out);
    list_append(&at->owed, &o->of_out);
    at->n_owed++;
}

void ongoing_break(struct ongoing *o)
{
    leave_session(o);
    leave_stream(o);
    leave_in(o);
    if (sendq_has_room(o->out))
        write_end(o);
    else if (o->out->closing || o->out->ongoing.n_owed == ONGOING_OWED_MAX)
        ongoing_forget(o);
    else
        owe_end(o);
}

void ongoing_cut(const struct sessions *s, struct chunker *c,
                 struct stream *stream)
{
    struct ongoing *o = stream->ongoing;

    if (stream->is_open || stream->has_ended) {
        ongoing_forget(o);
        return;
    }
    if (stream->next > stream->first) {
        o = o ? o : ongoing_new(s, c, stream);
        if (o)
            go_over(o, stream);
    }
    if (o)
        ongoing_break(o);
}

void ongoing_moved(struct link *out)
{
    struct list *m;

    while ((m = list_first(&out->ongoing.owed)) && sendq_has_room(out)) {
        out->ongoing.n_owed--;
        write_end(CONTAINER(m, struct ongoing, of_out));
    }
}

static void hand_over(struct list *to, struct list *from, struct link *out)
{
    struct list *m;

    while ((m = list_take_first(from))) {
        CONTAINER(m, struct ongoing, of_out)->out = out;
        list_append(to, m);
    }
}

void ongoing_hand_over(struct link *from, struct link *to)
{
    hand_over(&to->ongoing.out, &from->ongoing.out, to);
    hand_over(&to->ongoing.owed, &from->ongoing.owed, to);
    to->ongoing.n_owed += from->ongoing.n_owed;
    from->ongoing.n_owed = 0;
    ongoing_moved(to);
}

static void end_with_session(struct ongoing *o)
{
    if (o->stream)
        leave_session(o);
    else
        ongoing_break(o);
}

void ongoing_session_ending(void *ctx, struct session *ss)
{
    struct list *m;

    (void)ctx;
    while ((m = list_first(&ss->ongoing.in)))
        end_with_session(CONTAINER(m, struct ongoing, of_session));
    while ((m = list_first(&ss->ongoing.last)))
        end_with_session(CONTAINER(m, struct ongoing, of_last));
}

void ongoing_link_closed(struct link *l)
{
    struct list *m;

    assert(list_is_empty(&l->ongoing.in));
    while ((m = list_first(&l->ongoing.out)))
        ongoing_forget(CONTAINER(m, struct ongoing, of_out));
    while ((m = list_first(&l->ongoing.owed)))
        ongoing_forget(CONTAINER(m, struct ongoing, of_out));
    l->ongoing.n_owed = 0;
}
