/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked without changing anything, and the rows that the
 * operator sees. No token and no path is in any of it. */
#include <stdlib.h>

#include "anchor_private.h"
#include "clock.h"
#include "subject.h"

enum { TAGS_MAX = 2 * DIALOGUES_MAX + OFFERS_MAX };

/* --- query --- */

/* A tag of a call: where it appears first. */
struct tag {
    struct span name;
    const struct dialogue *dialogue; /* NULL: pending */
    unsigned index;                  /* in the dialogue */
    const struct offer *offer;       /* pending */
};

/* A section as one side has it. */
struct media {
    unsigned index;
    enum sdp_protocol protocol;
    const struct anchor_said *said;
    struct anchored_side_facts side;
    uint64_t active_ms;
};

/* Octets and messages of one side, or of all. */
struct figures {
    uint64_t octets, messages, errors;
};

static int64_t unix_s(const struct anchor *a, uint64_t at_ms)
{
    return (int64_t)((clock_unix_ms() - (loop_now_ms(a->loop) - at_ms)) / 1000);
}

static int compare_tags(const void *a, const void *b)
{
    const struct tag *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = n ? memcmp(x->name.p, y->name.p, n) : 0;

    return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static void add_tag(struct tag *tags, size_t *n, const struct tag *t)
{
    for (size_t i = 0; i < *n; i++)
        if (span_eq(tags[i].name, t->name))
            return;
    if (*n < TAGS_MAX)
        tags[(*n)++] = *t;
}

static size_t tags_of(struct tag *tags, const struct call *c)
{
    struct list *m;
    size_t n = 0;

    for (m = c->dialogues.next; m != &c->dialogues; m = m->next) {
        const struct dialogue *d = CONTAINER(m, struct dialogue, of_call);

        for (unsigned i = 0; i < 2; i++)
            add_tag(tags, &n,
                    &(struct tag){.name = name_span(&d->tags[i]),
                                  .dialogue = d,
                                  .index = i});
    }
    for (m = c->offers.next; m != &c->offers; m = m->next) {
        const struct offer *o = CONTAINER(m, struct offer, of_call);

        add_tag(tags, &n,
                &(struct tag){.name = name_span(&o->from_tag), .offer = o});
    }
    qsort(tags, n, sizeof *tags, compare_tags);
    return n;
}

static void put_figures(struct ng_reply *r, const char *name,
                        const struct figures *f)
{
    ng_reply_dict_begin(r, name);
    ng_reply_number(r, "bytes", (int64_t)f->octets);
    ng_reply_number(r, "errors", (int64_t)f->errors);
    ng_reply_number(r, "packets", (int64_t)f->messages);
    ng_reply_dict_end(r);
}

static void put_endpoint(struct ng_reply *r, const struct media *m)
{
    struct span address = m->said->host;
    uint16_t port = m->said->port;
    bool is_v6;

    if (m->side.subject)
        address = subject_peer(m->side.subject, &port);
    is_v6 = span_find(address, ':') < address.n;
    ng_reply_dict_begin(r, "endpoint");
    ng_reply_text(r, "address", address);
    ng_reply_text(r, "family", is_v6 ? SPAN("IPv6") : SPAN("IPv4"));
    ng_reply_number(r, "port", port);
    ng_reply_dict_end(r);
}

static void put_flags(struct ng_reply *r, const struct anchored_side_facts *f)
{
    ng_reply_list_begin(r, "flags");
    if (f->is_bound)
        ng_reply_text(r, NULL, SPAN("bound"));
    if (f->is_dialling)
        ng_reply_text(r, NULL, SPAN("dialling"));
    if (f->is_tls)
        ng_reply_text(r, NULL, SPAN("TLS"));
    ng_reply_list_end(r);
}

static void put_media(struct ng_reply *r, const struct anchor *a,
                      const struct media *m, struct figures *total)
{
    const struct figures f = {.octets = m->side.sent.octets,
                              .messages = m->side.sent.messages,
                              .errors = m->side.errors};

    total->octets += f.octets;
    total->messages += f.messages;
    total->errors += f.errors;
    ng_reply_dict_begin(r, NULL);
    put_flags(r, &m->side);
    ng_reply_number(r, "index", m->index + 1);
    ng_reply_text(r, "protocol", sdp_protocol_text(m->protocol));
    ng_reply_list_begin(r, "streams");
    ng_reply_dict_begin(r, NULL);
    put_endpoint(r, m);
    ng_reply_number(r, "last packet", unix_s(a, m->active_ms));
    ng_reply_number(r, "local port", m->side.local_port);
    put_figures(r, "stats", &f);
    ng_reply_dict_end(r);
    ng_reply_list_end(r);
    ng_reply_text(r, "type", SPAN("message"));
    ng_reply_dict_end(r);
}

static void put_section(struct ng_reply *r, const struct anchor *a,
                        const struct section *s, unsigned tag,
                        struct figures *total)
{
    struct anchored_facts facts;

    anchored_pair_facts(s->pair, &facts);
    put_media(r, a,
              &(struct media){.index = s->index,
                              .protocol = s->protocol[tag],
                              .said = s->said[tag],
                              .side = facts.side[section_side(s, tag)],
                              .active_ms = facts.active_ms},
              total);
}

/* What is offered, and has no pair. */
static void put_offered(struct ng_reply *r, const struct anchor *a,
                        const struct offered *o, uint64_t began_ms,
                        struct figures *total)
{
    const struct anchor_interface *near = o->near;

    put_media(r, a,
              &(struct media){.index = o->index,
                              .protocol = o->said->protocol,
                              .said = o->said,
                              .side.is_tls = grant_terms(near).secure,
                              .side.local_port = near->port,
                              .active_ms = began_ms},
              total);
}

static void put_medias(struct ng_reply *r, const struct anchor *a,
                       const struct tag *t, struct figures *total)
{
    const struct dialogue *d = t->dialogue;
    const struct offer *o = t->offer;
    struct list *m;

    for (m = d ? d->sections.next : NULL; m && m != &d->sections; m = m->next)
        put_section(r, a, CONTAINER(m, struct section, of_dialogue), t->index,
                    total);
    for (size_t i = 0; o && i < o->n; i++)
        if (o->sections[i].said)
            put_offered(r, a, &o->sections[i], o->began_ms, total);
}

static void put_tag(struct ng_reply *r, const struct anchor *a,
                    const struct tag *t, struct figures *total)
{
    const struct dialogue *d = t->dialogue;

    ng_reply_dict_begin_span(r, t->name);
    ng_reply_number(r, "created",
                    unix_s(a, d ? d->began_ms : t->offer->began_ms));
    if (d)
        ng_reply_text(r, "in dialogue with", name_span(&d->tags[!t->index]));
    ng_reply_list_begin(r, "medias");
    put_medias(r, a, t, total);
    ng_reply_list_end(r);
    ng_reply_text(r, "tag", t->name);
    ng_reply_dict_end(r);
}

void anchor_query(struct anchor *a, const struct ng_request *request,
                  struct ng_reply *reply)
{
    struct tag tags[TAGS_MAX];
    struct figures total = {0};
    struct call *c;
    size_t n;

    if (anchor_misses(a, request, reply, false, false))
        return;
    c = call_find(a, request->call_id);
    if (!c) {
        anchor_refuse(a, reply, ANCHOR_UNKNOWN_CALL);
        return;
    }
    n = tags_of(tags, c);
    ng_reply_number(reply, "created", unix_s(a, c->began_ms));
    ng_reply_number(reply, "last signal", unix_s(a, c->signal_ms));
    ng_reply_text(reply, "result", SPAN("ok"));
    ng_reply_dict_begin(reply, "tags");
    for (size_t i = 0; i < n; i++)
        put_tag(reply, a, &tags[i], &total);
    ng_reply_dict_end(reply);
    ng_reply_dict_begin(reply, "totals");
    put_figures(reply, "MSRP", &total);
    ng_reply_dict_end(reply);
}

/* --- list, statistics --- */

void anchor_calls(struct anchor *a, const struct ng_request *request,
                  struct ng_reply *reply)
{
    int64_t left = request->has_limit ? request->limit : LIST_DEFAULT;
    struct list *m;

    if (left <= 0) {
        anchor_refuse(a, reply, ANCHOR_BAD_LIMIT);
        return;
    }
    ng_reply_list_begin(reply, "calls");
    for (m = a->by_age.next; m != &a->by_age && left-- > 0 && !reply->full;
         m = m->next)
        ng_reply_text(reply, NULL,
                      name_span(&CONTAINER(m, struct call, by_age)->id));
    ng_reply_list_end(reply);
    ng_reply_text(reply, "result", SPAN("ok"));
}

static void put_totals(struct ng_reply *r, const struct anchor *a,
                       const struct anchored_stats *core)
{
    const struct anchor_stats *s = &a->stats;

    ng_reply_dict_begin(r, "totalstatistics");
    ng_reply_number(r, "avgcallduration",
                    s->calls_ever ? (int64_t)(s->call_ms / s->calls_ever / 1000)
                                  : 0);
    ng_reply_number(r, "forcedterminatedsessions",
                    (int64_t)(core->ended[ANCHORED_KICKED] +
                              core->ended[ANCHORED_SHUTDOWN]));
    ng_reply_number(r, "managedsessions", (int64_t)core->pairs_ever);
    ng_reply_number(r, "offertimeoutsessions", (int64_t)s->offer_timeouts);
    ng_reply_number(r, "regularterminatedsessions",
                    (int64_t)(core->ended[ANCHORED_DELETE] +
                              core->ended[ANCHORED_REPLACED]));
    ng_reply_number(r, "rejectedsessions", (int64_t)s->load_limit);
    ng_reply_number(r, "timeoutsessions", (int64_t)core->ended[ANCHORED_IDLE]);
    ng_reply_number(r, "uptime",
                    (int64_t)((loop_now_ms(a->loop) - a->began_ms) / 1000));
    ng_reply_dict_end(r);
}

void anchor_statistics(struct anchor *a, const struct ng_request *request,
                       struct ng_reply *reply)
{
    int64_t now = (int64_t)(a->n_pairs + a->n_pending);
    struct anchored_stats core;

    (void)request;
    anchored_stats(a->relay, &core);
    ng_reply_text(reply, "result", SPAN("ok"));
    ng_reply_dict_begin(reply, "statistics");
    ng_reply_dict_begin(reply, "currentstatistics");
    ng_reply_number(reply, "byterate", (int64_t)a->byte_rate);
    ng_reply_number(reply, "sessionsown", now);
    ng_reply_number(reply, "sessionstotal", now);
    ng_reply_dict_end(reply);
    put_totals(reply, a, &core);
    ng_reply_dict_end(reply);
}

/* --- rows --- */

void anchor_walk_begin(struct anchor_walk *w, struct anchor *a)
{
    walk_begin(&w->walk, &a->walks, &a->members);
}

static void pending_row(struct anchor_row *row, const struct anchor *a,
                        const struct grant *g)
{
    *row = (struct anchor_row){
        .section = g->index + 1,
        .state = "offered",
        .age_ms = loop_now_ms(a->loop) - g->began_ms,
    };
    if (!g->offer)
        return;
    row->call_id = name_span(&g->offer->call->id);
    row->from_tag = name_span(&g->offer->from_tag);
}

static void pair_row(struct anchor_row *row, const struct anchor *a,
                     const struct section *s)
{
    struct anchored_facts f;
    unsigned bound;

    anchored_pair_facts(s->pair, &f);
    bound = f.side[0].is_bound + f.side[1].is_bound;
    *row = (struct anchor_row){
        .call_id = f.call_id,
        .from_tag = f.from_tag,
        .to_tag = f.to_tag,
        .section = s->index + 1,
        .state = bound == 2 ? "open"
                 : bound    ? "half"
                            : "waiting",
        .age_ms = loop_now_ms(a->loop) - f.began_ms,
        .octets = f.side[0].sent.octets + f.side[1].sent.octets,
    };
    memcpy(row->short_id, f.short_id, sizeof row->short_id);
}

bool anchor_walk_next(struct anchor_walk *w, const struct anchor *a,
                      struct anchor_row *row)
{
    struct list *m = walk_next(&w->walk);
    struct anchor_member *member;

    if (!m)
        return false;
    member = CONTAINER(m, struct anchor_member, of_anchor);
    if (member->is_pair)
        pair_row(row, a, CONTAINER(member, struct section, member));
    else
        pending_row(row, a, CONTAINER(member, struct grant, member));
    return true;
}

void anchor_walk_end(struct anchor_walk *w)
{
    walk_end(&w->walk);
}
