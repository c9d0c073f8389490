/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "anchor_private.h"
#include "err.h"
#include "relay.h"

/* --- names --- */

int name_keep(struct name *n, struct span s)
{
    n->p = malloc(s.n + 1);
    if (!n->p)
        return ERR_NOMEM;
    n->n = span_copy(n->p, s.n + 1, s);
    return 0;
}

static void name_fini(struct name *n)
{
    free(n->p);
    *n = (struct name){0};
}

/* --- what a walk shows --- */

static void member_join(struct anchor *a, struct anchor_member *m)
{
    list_append(&a->members, &m->of_anchor);
}

static void member_leave(struct anchor *a, struct anchor_member *m)
{
    if (list_is_empty(&m->of_anchor))
        return;
    walks_leave(&a->walks, &m->of_anchor);
    list_remove(&m->of_anchor);
}

/* --- calls --- */

static bool is_call(const struct table_node *node, const void *key)
{
    const struct span *id = key;

    return span_eq(name_span(&CONTAINER(node, struct call, node)->id), *id);
}

struct call *call_find(const struct anchor *a, struct span id)
{
    struct table_node *node =
        table_find(&a->calls, table_hash(&a->calls, id), is_call, &id);

    return node ? CONTAINER(node, struct call, node) : NULL;
}

struct call *call_new(struct anchor *a, struct span id)
{
    struct call *c = calloc(1, sizeof *c);

    if (!c || name_keep(&c->id, id)) {
        free(c);
        return NULL;
    }
    c->anchor = a;
    c->began_ms = c->signal_ms = loop_now_ms(a->loop);
    list_init(&c->offers);
    list_init(&c->dialogues);
    list_init(&c->by_age);
    list_append(&a->by_age, &c->by_age);
    table_add(&a->calls, &c->node, table_hash(&a->calls, id));
    a->stats.calls_now++;
    return c;
}

static void call_end(struct call *c)
{
    struct anchor *a = c->anchor;

    table_remove(&a->calls, &c->node);
    list_remove(&c->by_age);
    a->stats.calls_now--;
    a->stats.calls_ever++;
    a->stats.call_ms += loop_now_ms(a->loop) - c->began_ms;
    name_fini(&c->id);
    free(c);
}

void call_check(struct call *c)
{
    if (list_is_empty(&c->offers) && list_is_empty(&c->dialogues))
        call_end(c);
}

void call_free(struct call *c, enum anchored_why why)
{
    struct list *m;

    while ((m = list_first(&c->dialogues)))
        dialogue_free(CONTAINER(m, struct dialogue, of_call), why);
    while ((m = list_first(&c->offers)))
        offer_free(CONTAINER(m, struct offer, of_call), why);
    call_end(c);
}

/* --- what was given out in an offer --- */

struct anchored_grant grant_terms(const struct anchor_interface *i)
{
    return (struct anchored_grant){
        .host = i->host,
        .port = i->port,
        .secure = i->transport == ANCHOR_TLS || i->transport == ANCHOR_WSS,
        .ws = i->transport == ANCHOR_WS || i->transport == ANCHOR_WSS,
    };
}

static void grant_count_pairs(struct grant *g, int change)
{
    bool was_pending = g->n_pairs == 0;

    g->n_pairs += (unsigned)change;
    g->anchor->n_pairs += (uint64_t)(int64_t)change;
    if (was_pending == (g->n_pairs == 0))
        return;
    if (was_pending) {
        g->anchor->n_pending--;
        member_leave(g->anchor, &g->member);
    } else {
        g->anchor->n_pending++;
        member_join(g->anchor, &g->member);
    }
}

struct grant *grant_new(struct anchor *a, const struct anchor_interface *i,
                        unsigned index)
{
    const struct anchored_grant terms = grant_terms(i);
    struct grant *g = calloc(1, sizeof *g);

    if (!g || anchored_token_new(&g->token, a->relay, &terms)) {
        free(g);
        return NULL;
    }
    g->anchor = a;
    g->index = index;
    g->refs = 1;
    g->began_ms = loop_now_ms(a->loop);
    list_init(&g->member.of_anchor);
    member_join(a, &g->member);
    a->n_pending++;
    return g;
}

static void grant_unref(struct grant *g, enum anchored_why why)
{
    if (!g || --g->refs)
        return;
    anchored_token_end(g->anchor->relay, g->token, why);
    member_leave(g->anchor, &g->member);
    g->anchor->n_pending--;
    free(g);
}

/* --- offers --- */

void offered_drop(struct offered *o, enum anchored_why why)
{
    grant_unref(o->grant, why);
    anchor_interface_unref(o->near);
    anchor_interface_unref(o->far);
    anchor_said_unref(o->said);
    *o = (struct offered){.index = o->index};
}

void offered_free(struct offered *all, size_t n, enum anchored_why why)
{
    for (size_t i = 0; i < n; i++)
        offered_drop(&all[i], why);
    free(all);
}

static void offer_start(struct offer *o)
{
    timer_start(o->call->anchor->offer_timer, &o->timer);
}

struct offer *offer_new(struct call *c, const struct ng_request *request,
                        struct dialogue *dialogue, unsigned by)
{
    struct offer *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->call = c;
    o->dialogue = dialogue;
    o->by = by;
    o->began_ms = loop_now_ms(c->anchor->loop);
    timer_init(&o->timer);
    list_init(&o->of_call);
    if (name_keep(&o->from_tag, request->from_tag) ||
        name_keep(&o->via_branch, request->via_branch)) {
        offer_free(o, ANCHORED_DELETE);
        return NULL;
    }
    if (!dialogue) {
        list_append(&c->offers, &o->of_call);
        c->n_offers++;
    }
    return o;
}

int offer_set_branch(struct offer *o, struct span branch)
{
    struct name n;

    if (name_keep(&n, branch))
        return ERR_NOMEM;
    name_fini(&o->via_branch);
    o->via_branch = n;
    return 0;
}

void offer_replace(struct offer *o, struct offered *sections, size_t n)
{
    offered_free(o->sections, o->n, ANCHORED_REPLACED);
    o->sections = sections;
    o->n = n;
    for (size_t i = 0; i < n; i++)
        if (sections[i].grant && !sections[i].grant->offer)
            sections[i].grant->offer = o;
    offer_start(o);
}

void offer_free(struct offer *o, enum anchored_why why)
{
    if (!o)
        return;
    timer_stop(&o->timer);
    if (!o->dialogue && !list_is_empty(&o->of_call)) {
        list_remove(&o->of_call);
        o->call->n_offers--;
    }
    for (size_t i = 0; i < o->n; i++)
        if (o->sections[i].grant && o->sections[i].grant->offer == o)
            o->sections[i].grant->offer = NULL;
    offered_free(o->sections, o->n, why);
    name_fini(&o->from_tag);
    name_fini(&o->via_branch);
    name_fini(&o->chain);
    free(o);
}

const struct offered *offer_section(const struct offer *o, unsigned index)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sections[i].index == index)
            return &o->sections[i];
    return NULL;
}

/* Sections that were offered and did not become a pair. */
static void count_timeout(struct offer *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sections[i].grant && o->sections[i].grant->n_pairs == 0)
            o->call->anchor->stats.offer_timeouts++;
}

/* Tokens that nobody took go. */
static void close_offer(struct offer *o)
{
    o->is_closed = true;
    for (size_t i = 0; i < o->n; i++)
        if (o->sections[i].grant && o->sections[i].grant->n_pairs == 0)
            offered_drop(&o->sections[i], ANCHORED_OFFER_TIMEOUT);
}

void reoffer_drop(struct offer *o, enum anchored_why why)
{
    timer_stop(&o->timer);
    offered_free(o->sections, o->n, why);
    o->sections = NULL;
    o->n = 0;
    o->is_closed = true;
}

/* An offer that was answered stays, but makes no further dialogue. */
void on_offer_timeout(struct timer *t)
{
    struct offer *o = CONTAINER(t, struct offer, timer);
    struct call *c = o->call;

    relay_clock(c->anchor->relay, loop_now_ms(c->anchor->loop));
    if (o->dialogue) {
        count_timeout(o);
        reoffer_drop(o, ANCHORED_OFFER_TIMEOUT);
    } else if (o->n_dialogues) {
        close_offer(o);
    } else {
        count_timeout(o);
        offer_free(o, ANCHORED_OFFER_TIMEOUT);
        call_check(c);
    }
}

/* --- dialogues --- */

struct dialogue *dialogue_new(struct offer *o, struct span from_tag,
                              struct span to_tag)
{
    struct dialogue *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    if (name_keep(&d->tags[0], from_tag) || name_keep(&d->tags[1], to_tag)) {
        name_fini(&d->tags[0]);
        free(d);
        return NULL;
    }
    d->call = o->call;
    d->initial = o;
    d->began_ms = loop_now_ms(o->call->anchor->loop);
    list_init(&d->sections);
    list_init(&d->of_call);
    list_append(&o->call->dialogues, &d->of_call);
    o->call->n_dialogues++;
    o->n_dialogues++;
    return d;
}

void dialogue_free(struct dialogue *d, enum anchored_why why)
{
    struct offer *initial = d->initial;
    struct list *m;

    while ((m = list_first(&d->sections)))
        section_free(CONTAINER(m, struct section, of_dialogue), why);
    offer_free(d->reoffers[0], why);
    offer_free(d->reoffers[1], why);
    list_remove(&d->of_call);
    d->call->n_dialogues--;
    name_fini(&d->tags[0]);
    name_fini(&d->tags[1]);
    free(d);
    if (--initial->n_dialogues == 0)
        offer_free(initial, why);
}

struct section *dialogue_section(const struct dialogue *d, unsigned index)
{
    struct list *m;

    for (m = d->sections.next; m != &d->sections; m = m->next) {
        struct section *s = CONTAINER(m, struct section, of_dialogue);

        if (s->index == index)
            return s;
    }
    return NULL;
}

int dialogue_tag(const struct dialogue *d, struct span tag)
{
    for (int i = 0; i < 2; i++)
        if (span_eq(name_span(&d->tags[i]), tag))
            return i;
    return -1;
}

/* --- sections --- */

/* Core ended the pair: nobody spoke, or the operator or the end of the process
 * wanted it. */
static void on_pair_ended(void *owner, enum anchored_why why)
{
    struct section *s = owner;
    struct dialogue *d = s->dialogue;
    struct call *c = d->call;

    s->pair = NULL;
    section_free(s, why);
    if (!list_is_empty(&d->sections))
        return;
    dialogue_free(d, why);
    call_check(c);
}

static int make_pair(struct section *s, const struct offered *o)
{
    struct dialogue *d = s->dialogue;
    const struct anchored_terms terms = {
        .token = o->grant->token,
        .for_a = grant_terms(o->near),
        .call_id = name_span(&d->call->id),
        .from_tag = name_span(&d->tags[s->a]),
        .to_tag = name_span(&d->tags[!s->a]),
        .on_ended = on_pair_ended,
        .owner = s,
    };

    return anchored_pair_new(&s->pair, d->call->anchor->relay, &terms);
}

struct section *section_new(struct dialogue *d, const struct offered *o,
                            unsigned by)
{
    struct section *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->dialogue = d;
    s->index = o->index;
    s->a = by;
    if (make_pair(s, o)) {
        free(s);
        return NULL;
    }
    s->grant = o->grant;
    s->grant->refs++;
    grant_count_pairs(s->grant, 1);
    s->protocol[by] = o->said->protocol;
    s->protocol[!by] = o->far_protocol;
    s->interface[by] = anchor_interface_ref(o->near);
    s->interface[!by] = anchor_interface_ref(o->far);
    list_init(&s->of_dialogue);
    list_append(&d->sections, &s->of_dialogue);
    list_init(&s->member.of_anchor);
    s->member.is_pair = true;
    member_join(d->call->anchor, &s->member);
    return s;
}

/* An offer that was answered holds no U_B, although it stays for its other
 * sections; what is offered anew and not answered yet does. */
static void release_offered(struct offer *o, const struct grant *g,
                            enum anchored_why why)
{
    if (!o || !o->is_answered)
        return;
    for (size_t i = 0; i < o->n; i++)
        if (o->sections[i].grant == g)
            offered_drop(&o->sections[i], why);
}

/* U_B goes with its last pair. */
static void release_grant(const struct dialogue *d, struct grant *g,
                          enum anchored_why why)
{
    release_offered(d->reoffers[0], g, why);
    release_offered(d->reoffers[1], g, why);
    if (g->n_pairs == 0)
        release_offered(d->initial, g, why);
    grant_unref(g, why);
}

void section_free(struct section *s, enum anchored_why why)
{
    struct dialogue *d = s->dialogue;
    struct anchor *a = d->call->anchor;
    struct grant *g = s->grant;

    if (s->pair)
        anchored_pair_end(a->relay, s->pair, why);
    member_leave(a, &s->member);
    list_remove(&s->of_dialogue);
    grant_count_pairs(g, -1);
    for (int i = 0; i < 2; i++) {
        anchor_interface_unref(s->interface[i]);
        anchor_said_unref(s->said[i]);
    }
    free(s);
    release_grant(d, g, why);
}
