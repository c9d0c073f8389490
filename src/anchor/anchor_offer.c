/* SPDX-License-Identifier: BSD-2-Clause */
/* Offers. An offer touches no pair: what it says is kept until
 * an answer commits it. */
#include <assert.h>
#include <stdlib.h>

#include "anchor_private.h"
#include "err.h"

/* An offer while it is handled. */
struct offering {
    struct exchange x;
    struct call *call;         /* NULL: none yet */
    struct dialogue *dialogue; /* that is renegotiated; NULL: initial */
    unsigned by;               /* in that */
    struct offer *before;      /* the one that this replaces; NULL: none */
    struct offered *sections;
    size_t n;
};

/* --- legs --- */

/* Says for which protocol there is none. */
static void refuse_interface(struct offering *f, enum sdp_protocol protocol)
{
    char reason[64];

    f->x.anchor->stats.errors[ANCHOR_NO_INTERFACE]++;
    snprintf(reason, sizeof reason, "No interface for %.*s",
             SPAN_ARG(sdp_protocol_text(protocol)));
    ng_reply_error(f->x.reply, reason);
}

/* 0, or an error that was answered. */
static int choose_one(struct offering *f, struct anchor_interface **out,
                      const struct anchor_want *want, unsigned index,
                      enum sdp_protocol protocol)
{
    struct anchor_interface *found;
    bool known;
    int err = anchor_interface_choose(&found, &known,
                                      &f->x.anchor->setup->interfaces, want);

    if (!known)
        exchange_warn(&f->x, "section %u: unknown interface, default used",
                      index + 1);
    if (err)
        refuse_interface(f, protocol);
    else
        *out = anchor_interface_ref(found);
    return err;
}

/* The interface of the offerer stays, unless he speaks what is not spoken
 * there: then it is another one of its name. */
static int choose_near(struct offering *f, struct offered *o,
                       struct anchor_interface *kept)
{
    struct anchor_want want = {.name = kept->name, .family = o->said->family};

    anchor_want_transport(&want, o->said->protocol, o->said->is_ws, false);
    if (kept->transport == want.transports[0]) {
        o->near = anchor_interface_ref(kept);
        return 0;
    }
    return choose_one(f, &o->near, &want, o->index, o->said->protocol);
}

/* What the other side has been given stays, whatever is said now. */
static int choose_kept(struct offering *f, struct offered *o,
                       const struct section *s)
{
    o->far = anchor_interface_ref(s->interface[!f->by]);
    o->far_protocol = s->protocol[!f->by];
    o->grant = s->grant;
    o->grant->refs++;
    return choose_near(f, o, s->interface[f->by]);
}

/* So does what an earlier offer gave out that nobody has answered. */
static int choose_repeated(struct offering *f, struct offered *o,
                           const struct offered *before)
{
    assert(before && before->grant);
    o->far = anchor_interface_ref(before->far);
    o->far_protocol = before->far_protocol;
    o->grant = before->grant;
    o->grant->refs++;
    return choose_near(f, o, before->near);
}

/* What is asked for on the far leg, if nothing is agreed yet. */
static enum sdp_protocol far_protocol(const struct offering *f,
                                      const struct anchor_said *said)
{
    enum sdp_protocol p;

    return sdp_protocol_find(&p, f->x.request->transport_protocol)
               ? said->protocol
               : p;
}

/* A section of the dialogue to which one is added: interfaces and the far
 * protocol are the dialogue's. NULL if there is none. */
static const struct section *section_kin(const struct offering *f)
{
    struct list *m = f->dialogue ? list_first(&f->dialogue->sections) : NULL;

    return m ? CONTAINER(m, struct section, of_dialogue) : NULL;
}

/* For both legs of a new section. */
static int choose_new(struct offering *f, struct offered *o)
{
    const struct ng_request *r = f->x.request;
    struct anchor_want near = {.name = r->from_interface,
                               .family = o->said->family};
    struct anchor_want far = {.name = r->to_interface,
                              .family = o->said->family};
    const struct section *kin = section_kin(f);
    int err;

    o->far_protocol = far_protocol(f, o->said);
    if (kin) {
        near.name = kin->interface[f->by]->name;
        far.name = kin->interface[!f->by]->name;
        o->far_protocol = kin->protocol[!f->by];
    }
    anchor_want_transport(&near, o->said->protocol, o->said->is_ws, false);
    anchor_want_transport(&far, o->far_protocol, false, true);
    err = choose_one(f, &o->near, &near, o->index, o->said->protocol);
    if (!err)
        err = choose_one(f, &o->far, &far, o->index, o->far_protocol);
    if (err)
        return err;
    o->grant = grant_new(f->x.anchor, o->far, o->index);
    if (o->grant)
        return 0;
    anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
    return ERR_NOMEM;
}

/* --- sections --- */

/* Was the same asked for before? Another far protocol cannot keep its URI. */
static bool keeps(const struct offering *f, const struct offered *before,
                  const struct anchor_said *said)
{
    return before && before->grant &&
           (f->dialogue || before->far_protocol == far_protocol(f, said));
}

static int take_usable(struct offering *f, struct offered *o,
                       const struct sdp_section *in)
{
    const struct section *s =
        f->dialogue ? dialogue_section(f->dialogue, in->index) : NULL;
    const struct offered *before =
        f->before ? offer_section(f->before, in->index) : NULL;

    o->said = anchor_said_new(in);
    if (!o->said) {
        anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
        return ERR_NOMEM;
    }
    if (s)
        return choose_kept(f, o, s);
    if (keeps(f, before, o->said))
        return choose_repeated(f, o, before);
    return choose_new(f, o);
}

/* The URI that who receives the offer has been given, or is given now. */
static struct span uri_for_receiver(const struct offering *f,
                                    const struct offered *o)
{
    const struct section *s =
        f->dialogue ? dialogue_section(f->dialogue, o->index) : NULL;

    if (s)
        return anchored_pair_uri(s->pair, section_side(s, !f->by));
    return anchored_token_uri(o->grant->token);
}

static int take_section(struct offering *f, const struct sdp_section *in)
{
    struct offered *o = &f->sections[f->n];
    int err;

    if (in->kind != SDP_USABLE &&
        !(f->dialogue && dialogue_section(f->dialogue, in->index)))
        return 0;
    f->n++;
    o->index = in->index;
    o->shown = f->x.anchor->setup->settings.shown;
    if (in->kind != SDP_USABLE)
        return 0; /* the pair that there is, is to end */
    err = take_usable(f, o, in);
    if (!err)
        exchange_edit(&f->x, o->index, o->far_protocol, o->far,
                      uri_for_receiver(f, o), SDP_SETUP_ACTPASS);
    return err;
}

static int take_sections(struct offering *f)
{
    int err = 0;

    f->sections = calloc(f->x.sdp.n ? f->x.sdp.n : 1, sizeof *f->sections);
    if (!f->sections) {
        anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
        return ERR_NOMEM;
    }
    for (size_t i = 0; !err && i < f->x.sdp.n; i++)
        err = take_section(f, &f->x.sdp.sections[i]);
    return err;
}

/* --- the offer --- */

/* */
static bool refuse_new_call(struct offering *f)
{
    struct anchor *a = f->x.anchor;
    const struct span reason = SPAN("Parallel session limit reached");

    if (a->ops.admits(a->ctx) &&
        a->n_pairs + a->n_pending + exchange_usable(&f->x) <=
            a->setup->settings.max_sessions)
        return false;
    a->stats.load_limit++;
    if (f->x.request->supports_load_limit) {
        ng_reply_text(f->x.reply, "message", reason);
        ng_reply_text(f->x.reply, "result", SPAN("load limit"));
    } else {
        anchor_refuse(a, f->x.reply, ANCHOR_CROWDED);
    }
    return true;
}

/* Which call, dialogue and offer it is. */
static void find_before(struct offering *f)
{
    const struct ng_request *r = f->x.request;

    f->call = call_find(f->x.anchor, r->call_id);
    if (!f->call)
        return;
    if (r->to_tag.n)
        f->dialogue =
            match_dialogue(f->call, r->from_tag, r->to_tag, &f->x.sdp);
    if (f->dialogue) {
        f->by = (unsigned)dialogue_tag(f->dialogue, r->from_tag);
        f->before = f->dialogue->reoffers[f->by];
    } else {
        f->before = match_repeated(f->call, r, &f->x.sdp);
    }
}

/* The offer that holds the sections from now on; NULL without memory. */
static struct offer *have_offer(struct offering *f)
{
    struct offer *o = f->before;

    if (o)
        return offer_set_branch(o, f->x.request->via_branch) ? NULL : o;
    if (!f->call)
        f->call = call_new(f->x.anchor, f->x.request->call_id);
    if (!f->call)
        return NULL;
    o = offer_new(f->call, f->x.request, f->dialogue, f->by);
    if (o && name_keep(&o->chain, match_own_uri(f->call, &f->x.sdp))) {
        offer_free(o, ANCHORED_DELETE);
        o = NULL;
    }
    if (o && f->dialogue)
        f->dialogue->reoffers[f->by] = o;
    if (!o)
        call_check(f->call);
    return o;
}

/* A re-offer starts anew; an initial one that was answered goes on as before,
 * with what is said now for those who answer later. */
static int keep_offer(struct offering *f)
{
    struct offer *o = have_offer(f);

    if (!o)
        return ERR_NOMEM;
    offer_replace(o, f->sections, f->n);
    f->sections = NULL;
    f->n = 0;
    if (o->dialogue)
        o->is_answered = false;
    o->is_closed = false;
    f->call->signal_ms = loop_now_ms(f->x.anchor->loop);
    return 0;
}

static bool is_crowded(const struct offering *f)
{
    return f->call && !f->before && !f->dialogue &&
           f->call->n_offers >= OFFERS_MAX;
}

/* Nothing is kept before the answer is known to be written. */
static void take_offer(struct offering *f)
{
    if (take_sections(f) || exchange_answer(&f->x))
        return;
    if (keep_offer(f))
        anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
}

void anchor_offer(struct anchor *a, const struct ng_request *request,
                  struct ng_reply *reply)
{
    struct offering f = {.call = NULL};

    a->stats.offers++;
    if (anchor_misses(a, request, reply, true, false))
        return;
    exchange_init(&f.x, a, request, reply);
    if (exchange_read(&f.x)) {
        if (f.x.sdp.n)
            find_before(&f);
        if (exchange_usable(&f.x) == 0 && !f.dialogue)
            (void)exchange_answer(&f.x); /* */
        else if (is_crowded(&f))
            anchor_refuse(a, reply, ANCHOR_MANY_OFFERS);
        else if (f.call || !refuse_new_call(&f))
            take_offer(&f);
    }
    offered_free(f.sections, f.n, ANCHORED_DELETE);
    exchange_fini(&f.x);
}
