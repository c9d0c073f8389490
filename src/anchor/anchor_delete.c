/* SPDX-License-Identifier: BSD-2-Clause */
/* The end that a proxy asks for. It is immediate, and done as it
 * is asked (anchor trap 3). */
#include "anchor_private.h"

/* Each of these says whether anything was found. */

static bool has_tag(const struct dialogue *d, struct span tag)
{
    return dialogue_tag(d, tag) >= 0;
}

static bool has_both(const struct dialogue *d, struct span a, struct span b)
{
    int by = dialogue_tag(d, a);

    return by >= 0 && span_eq(name_span(&d->tags[!by]), b);
}

/* Ends the dialogues of one tag, or of both if `other` is not empty. */
static bool delete_dialogues(struct call *c, struct span tag, struct span other)
{
    struct list *m, *next;
    bool found = false;

    LIST_EACH(m, next, &c->dialogues)
    {
        struct dialogue *d = CONTAINER(m, struct dialogue, of_call);

        if (other.n ? !has_both(d, tag, other) : !has_tag(d, tag))
            continue;
        dialogue_free(d, ANCHORED_DELETE);
        found = true;
    }
    return found;
}

/* Ends offers of a tag that have no dialogue. */
static bool delete_pending(struct call *c, struct span tag)
{
    struct list *m, *next;
    bool found = false;

    LIST_EACH(m, next, &c->offers)
    {
        struct offer *o = CONTAINER(m, struct offer, of_call);

        if (o->n_dialogues || !span_eq(name_span(&o->from_tag), tag))
            continue;
        offer_free(o, ANCHORED_DELETE);
        found = true;
    }
    return found;
}

/* An offer, with the dialogues that came of it: it goes with the last. */
static void delete_offer(struct call *c, struct offer *o)
{
    unsigned left = o->n_dialogues;
    struct list *m, *next;

    if (left == 0) {
        offer_free(o, ANCHORED_DELETE);
        return;
    }
    LIST_EACH(m, next, &c->dialogues)
    {
        struct dialogue *d = CONTAINER(m, struct dialogue, of_call);

        if (left && d->initial == o) {
            left--;
            dialogue_free(d, ANCHORED_DELETE);
        }
    }
}

static struct offer *initial_of_branch(const struct call *c, struct span branch)
{
    struct list *m;

    for (m = c->offers.next; m != &c->offers; m = m->next) {
        struct offer *o = CONTAINER(m, struct offer, of_call);

        if (span_eq(name_span(&o->via_branch), branch))
            return o;
    }
    return NULL;
}

/* The offer within a dialogue that has not been answered. */
static struct offer *reoffer_of_branch(const struct call *c, struct span branch)
{
    struct list *m;

    for (m = c->dialogues.next; m != &c->dialogues; m = m->next) {
        struct dialogue *d = CONTAINER(m, struct dialogue, of_call);

        for (size_t i = 0; i < 2; i++) {
            struct offer *o = d->reoffers[i];

            if (o && !o->is_answered && !o->is_closed &&
                span_eq(name_span(&o->via_branch), branch))
                return o;
        }
    }
    return NULL;
}

/* What the branch names alone: a re-INVITE that was refused leaves its dialogue
 * as it was. */
static bool delete_branch(struct call *c, struct span branch)
{
    struct offer *o;

    if (branch.n == 0)
        return false;
    o = initial_of_branch(c, branch);
    if (o) {
        delete_offer(c, o);
        return true;
    }
    o = reoffer_of_branch(c, branch);
    if (o)
        reoffer_drop(o, ANCHORED_DELETE);
    return o != NULL;
}

/* Pending offers of a tag go with its dialogues; with one dialogue that is
 * meant they do not. */
static bool delete_tags(struct call *c, struct span from, struct span to)
{
    bool found = delete_dialogues(c, from, to);

    if (!found || to.n == 0)
        found |= delete_pending(c, from);
    return found;
}

static bool delete_from(struct call *c, const struct ng_request *r)
{
    bool found = delete_branch(c, r->via_branch);

    if (!found && r->from_tag.n == 0) {
        call_free(c, ANCHORED_DELETE);
        return true;
    }
    if (!found)
        found = delete_tags(c, r->from_tag, r->to_tag);
    call_check(c);
    return found;
}

void anchor_delete(struct anchor *a, const struct ng_request *request,
                   struct ng_reply *reply)
{
    struct call *c;
    bool found = false;

    a->stats.deletes++;
    if (anchor_misses(a, request, reply, false, false))
        return;
    c = call_find(a, request->call_id);
    if (c)
        found = delete_from(c, request);
    if (!found && request->is_fatal) {
        anchor_refuse(a, reply, ANCHOR_NOT_FOUND);
        return;
    }
    ng_reply_text(reply, "result", SPAN("ok"));
    if (found)
        return;
    a->stats.warnings++;
    ng_reply_text(reply, "warning",
                  SPAN("Call-ID not found or tags didn't match"));
}
