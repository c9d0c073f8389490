/* SPDX-License-Identifier: BSD-2-Clause */
/* Which offer or dialogue is meant. A call has a bounded number of each, so
 * that all of them may be looked at.
 *
 * Two proxies may use this relay for one call, with the same call-id and tags
 * (anchor trap 16): then the path in what the second one gives us is a URI that
 * we gave to the first one. */
#include "anchor_private.h"
#include "err.h"

static struct span first_uri(const struct sdp *sdp)
{
    for (size_t i = 0; i < sdp->n; i++) {
        struct span rest = sdp->sections[i].path;

        if (sdp->sections[i].kind == SDP_USABLE)
            return sdp_path_next(&rest);
    }
    return SPAN("");
}

/* The dialogue whose U_A this is. */
static struct dialogue *dialogue_of_uri(const struct call *c, struct span uri)
{
    struct list *m, *n;

    for (m = c->dialogues.next; m != &c->dialogues; m = m->next) {
        struct dialogue *d = CONTAINER(m, struct dialogue, of_call);

        for (n = d->sections.next; n != &d->sections; n = n->next) {
            struct section *s = CONTAINER(n, struct section, of_dialogue);

            if (span_eq(anchored_pair_uri(s->pair, ANCHORED_A), uri))
                return d;
        }
    }
    return NULL;
}

static bool has_grant(const struct offer *o, struct span uri)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->sections[i].grant &&
            span_eq(anchored_token_uri(o->sections[i].grant->token), uri))
            return true;
    return false;
}

/* The offer whose U_B this is. */
static struct offer *offer_of_uri(const struct call *c, struct span uri)
{
    struct list *m;

    for (m = c->offers.next; m != &c->offers; m = m->next)
        if (has_grant(CONTAINER(m, struct offer, of_call), uri))
            return CONTAINER(m, struct offer, of_call);
    return NULL;
}

struct span match_own_uri(const struct call *c, const struct sdp *sdp)
{
    struct span uri = first_uri(sdp);

    if (uri.n && (offer_of_uri(c, uri) || dialogue_of_uri(c, uri)))
        return uri;
    return SPAN("");
}

/* --- dialogues --- */

/* Did this side say a URI of ours, the last time? */
static bool spoke_own_uri(const struct dialogue *d, unsigned tag)
{
    struct list *m = list_first(&d->sections);
    const struct section *s;
    struct span uri;

    if (!m)
        return false;
    s = CONTAINER(m, struct section, of_dialogue);
    if (!s->said[tag])
        return false;
    uri = anchor_said_first(s->said[tag]);
    return offer_of_uri(d->call, uri) || dialogue_of_uri(d->call, uri);
}

struct dialogue *match_dialogue(const struct call *c, struct span tag,
                                struct span other, const struct sdp *sdp)
{
    bool is_own = match_own_uri(c, sdp).n > 0;
    struct dialogue *found = NULL;
    struct list *m;

    for (m = c->dialogues.prev; m != &c->dialogues; m = m->prev) {
        struct dialogue *d = CONTAINER(m, struct dialogue, of_call);
        int by = dialogue_tag(d, tag);

        if (by < 0 || !span_eq(name_span(&d->tags[!by]), other))
            continue;
        if (spoke_own_uri(d, (unsigned)by) == is_own)
            return d;
        if (!found)
            found = d;
    }
    return found;
}

/* --- offers --- */

static bool is_from(const struct offer *o, const struct ng_request *request)
{
    return span_eq(name_span(&o->from_tag), request->from_tag);
}

static bool is_branch(const struct offer *o, const struct ng_request *request)
{
    return span_eq(name_span(&o->via_branch), request->via_branch);
}

struct offer *match_repeated(const struct call *c,
                             const struct ng_request *request,
                             const struct sdp *sdp)
{
    struct span chain = match_own_uri(c, sdp);
    struct list *m;

    for (m = c->offers.prev; m != &c->offers; m = m->prev) {
        struct offer *o = CONTAINER(m, struct offer, of_call);

        if (is_from(o, request) && is_branch(o, request) &&
            span_eq(name_span(&o->chain), chain))
            return o;
    }
    return NULL;
}

/* The dialogue that came of the offer, with the one who answers now. */
static struct dialogue *dialogue_of(const struct offer *o, struct span to_tag)
{
    struct list *m;

    for (m = o->call->dialogues.next; m != &o->call->dialogues; m = m->next) {
        struct dialogue *d = CONTAINER(m, struct dialogue, of_call);

        if (d->initial == o && span_eq(name_span(&d->tags[1]), to_tag))
            return d;
    }
    return NULL;
}

static bool may_answer(const struct offer *o, const struct ng_request *request)
{
    return is_from(o, request) &&
           (!o->is_closed || dialogue_of(o, request->to_tag));
}

/* The offer whose P_A is U_B of another one, which is what `chain` says. */
static struct offer *offer_before(const struct call *c, const struct offer *o)
{
    return o->chain.n ? offer_of_uri(c, name_span(&o->chain)) : NULL;
}

/* The newest offer that may be answered; with a branch, of that one. */
static struct offer *newest_offer(const struct call *c,
                                  const struct ng_request *request,
                                  struct span branch)
{
    struct list *m;

    for (m = c->offers.prev; m != &c->offers; m = m->prev) {
        struct offer *o = CONTAINER(m, struct offer, of_call);

        if ((branch.n == 0 || span_eq(name_span(&o->via_branch), branch)) &&
            may_answer(o, request))
            return o;
    }
    return NULL;
}

/* What is answered with U_A of a later offer, is the offer before it. */
static struct offer *match_initial(const struct call *c,
                                   const struct ng_request *request,
                                   const struct sdp *sdp)
{
    struct span uri = first_uri(sdp);
    struct dialogue *later = uri.n ? dialogue_of_uri(c, uri) : NULL;
    struct offer *o = later ? offer_before(c, later->initial) : NULL;

    if (o && may_answer(o, request))
        return o;
    return newest_offer(c, request, SPAN(""));
}

struct offer *match_answered(struct dialogue **dialogue, const struct call *c,
                             const struct ng_request *request,
                             const struct sdp *sdp)
{
    struct span branch = request->via_branch;
    struct offer *o = branch.n ? newest_offer(c, request, branch) : NULL;
    struct dialogue *d =
        match_dialogue(c, request->to_tag, request->from_tag, sdp);
    struct offer *again =
        d ? d->reoffers[dialogue_tag(d, request->from_tag)] : NULL;

    if (again && (!o || is_branch(again, request))) {
        *dialogue = d;
        return again->is_closed ? NULL : again;
    }
    if (!o)
        o = match_initial(c, request, sdp);
    *dialogue = o ? dialogue_of(o, request->to_tag) : NULL;
    return o;
}
