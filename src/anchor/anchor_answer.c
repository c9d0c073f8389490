/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers: they make pairs, and commit what both SDPs say.
 */
#include "anchor_private.h"
#include "anchor_role.h"
#include "err.h"

/* What becomes of a section. */
struct answered {
    const struct offered *offered;
    struct section *old;        /* that there is; NULL: none */
    struct section *made;       /* that is new; NULL: none */
    struct anchored_uri *given; /* in place of what the offerer had, owned;
                                   NULL: that stays */
    struct anchor_said *said;   /* by who answers; NULL: refused */
    enum sdp_setup role;        /* that the offerer is answered */
};

/* An answer while it is handled. */
struct answering {
    struct exchange x;
    struct offer *offer;
    struct dialogue *dialogue; /* NULL: none yet */
    bool is_new;               /* the dialogue is */
    unsigned by;               /* whose offer it is, in the dialogue */
    struct answered sections[SDP_SECTIONS_MAX];
    size_t n;
};

/* --- what is accepted --- */

static void reject_section(struct answering *f, const struct sdp_section *in,
                           enum sdp_protocol protocol)
{
    f->x.edits[f->x.n_edits++] = (struct sdp_edit){
        .index = in->index,
        .protocol = protocol,
        .reject = true,
    };
}

/* Port 0, another media, no path, a section that ended since, or another
 * protocol than was offered, which would be a downgrade. */
static bool is_accepted(struct answering *f, const struct offered *o,
                        const struct sdp_section *in)
{
    if (!in || in->kind != SDP_USABLE)
        return false;
    if (!o->grant) {
        reject_section(f, in, in->protocol);
        return false;
    }
    if (in->protocol == o->far_protocol)
        return true;
    exchange_warn(&f->x, "section %u was answered with another protocol",
                  o->index + 1);
    reject_section(f, in, o->said->protocol);
    return false;
}

/* Is it the address of c=, which is trusted? */
static bool is_trusted(const struct anchor *a, const struct anchor_said *said,
                       struct span host)
{
    struct span plain = host;

    if (host.n > 2 && host.p[0] == '[')
        plain = span_of(host.p + 1, host.n - 2);
    return a->setup->settings.trust_sdp && said->family &&
           span_ieq(plain, said->host);
}

static bool may_dial(const struct anchor *a, const struct anchor_said *said)
{
    struct span host = said->core.dial_host;
    struct uri u;

    if (!a->setup->settings.prefer_active || !anchor_said_is_dialable(said) ||
        uri_parse(&u, anchor_said_first(said)))
        return false;
    if (host.n == 0)
        host = u.host;
    return is_trusted(a, said, host) || a->ops.may_dial(a->ctx, host, u.secure);
}

/* What who offered this is answered. */
static enum sdp_setup role_for(const struct answering *f,
                               const struct anchor_said *offered)
{
    return anchor_role_for_offerer(offered->setup,
                                   may_dial(f->x.anchor, offered));
}

/* The section in which the URI for the offerer is. */
static struct section *section_of(const struct answered *s)
{
    return s->made ? s->made : s->old;
}

static int have_dialogue(struct answering *f)
{
    const struct ng_request *r = f->x.request;

    if (f->dialogue)
        return 0;
    if (f->offer->call->n_dialogues >= DIALOGUES_MAX) {
        anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_MANY_OFFERS);
        return ERR_LIMIT;
    }
    f->dialogue = dialogue_new(f->offer, r->from_tag, r->to_tag);
    f->is_new = f->dialogue != NULL;
    if (f->dialogue)
        return 0;
    anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
    return ERR_NOMEM;
}

/* Keeps what is said, and has a pair for it. The offerer may speak something
 * else than before: then his URI says so. A token that is not the pair's
 * was given for another far protocol: the pair is replaced. */
static int make_section(struct answering *f, struct answered *s,
                        const struct sdp_section *in)
{
    const struct offered *o = s->offered;
    const struct anchored_grant terms = grant_terms(o->near);

    s->said = anchor_said_new(in);
    if (!s->said)
        return ERR_NOMEM;
    if (!s->old || s->old->grant != o->grant) {
        s->made = section_new(f->dialogue, o, f->by);
        return s->made ? 0 : ERR_NOMEM;
    }
    return s->old->interface[f->by] == o->near
               ? 0
               : anchored_uri_new(&s->given, s->old->pair,
                                  section_side(s->old, f->by), &terms);
}

static int accept(struct answering *f, struct answered *s,
                  const struct sdp_section *in)
{
    const struct offered *o = s->offered;
    const struct section *to;

    if (make_section(f, s, in)) {
        anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
        return ERR_NOMEM;
    }
    to = section_of(s);
    s->role = role_for(f, o->said);
    exchange_edit(&f->x, o->index, o->said->protocol, o->near,
                  s->given
                      ? anchored_uri_text(s->given)
                      : anchored_pair_uri(to->pair, section_side(to, f->by)),
                  s->role);
    return 0;
}

static int take_answered(struct answering *f, const struct offered *o)
{
    const struct sdp_section *in = sdp_section_at(&f->x.sdp, o->index);
    struct answered *s = &f->sections[f->n++];
    int err;

    *s = (struct answered){.offered = o};
    if (f->dialogue && !f->is_new)
        s->old = dialogue_section(f->dialogue, o->index);
    if (!is_accepted(f, o, in))
        return 0;
    err = have_dialogue(f);
    return err ? err : accept(f, s, in);
}

/* --- what is committed --- */

static int commit_side(struct answering *f, struct section *s, unsigned tag,
                       struct anchor_said *said, bool we_dial, uint64_t shown)
{
    struct anchor *a = f->x.anchor;
    const struct anchor_unsaid unsaid = {
        .we_dial = we_dial,
        .trust = a->setup->settings.trust_sdp,
        .shown = shown,
    };
    int err = anchor_said_commit(said, a->relay, s->pair, section_side(s, tag),
                                 &unsaid);

    if (err)
        return err;
    anchor_said_ref(said);
    anchor_said_unref(s->said[tag]);
    s->said[tag] = said;
    return 0;
}

/* The offerer has another URI from now on. */
static void commit_given(struct answering *f, struct answered *in)
{
    struct section *s = in->old;

    anchored_uri_use(f->x.anchor->relay, s->pair, section_side(s, f->by),
                     in->given);
    in->given = NULL;
    anchor_interface_unref(s->interface[f->by]);
    s->interface[f->by] = anchor_interface_ref(in->offered->near);
    s->protocol[f->by] = in->offered->said->protocol;
}

/* Side A is told first. */
static int commit_section(struct answering *f, struct answered *in)
{
    struct section *s = section_of(in);
    int err = 0;

    if (in->given)
        commit_given(f, in);
    for (unsigned i = 0; !err && i < 2; i++) {
        unsigned tag = i == 0 ? s->a : !s->a;

        err = tag == f->by
                  ? commit_side(f, s, tag, in->offered->said,
                                anchor_role_dials_offerer(in->role),
                                f->x.anchor->setup->settings.shown)
                  : commit_side(f, s, tag, in->said,
                                anchor_role_dials_answerer(in->said->setup),
                                in->offered->shown);
    }
    return err;
}

/* Sections that were refused end, those of another protocol are replaced. */
static void end_sections(struct answering *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct answered *s = &f->sections[i];

        if (!s->old)
            continue;
        if (!s->said)
            section_free(s->old, ANCHORED_DELETE);
        else if (s->made)
            section_free(s->old, ANCHORED_REPLACED);
    }
}

/* What is added in a re-offer and refused is over: there are no forks. */
static void release_refused(struct answering *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (!f->sections[i].said)
            offered_drop(&f->offer->sections[i], ANCHORED_DELETE);
}

static uint64_t hash_of(const struct answering *f)
{
    return table_hash(&f->x.anchor->calls, f->x.request->sdp);
}

static void note_agreed(struct answering *f)
{
    struct dialogue *d = f->dialogue;
    uint64_t hash = hash_of(f);

    d->agreed = f->offer;
    if (d->answers[0] == hash)
        return;
    memmove(d->answers + 1, d->answers,
            (ANSWERS_KEPT - 1) * sizeof *d->answers);
    d->answers[0] = hash;
}

/* An initial offer may be answered by others for as long again. */
static void offer_is_answered(struct answering *f)
{
    struct anchor *a = f->x.anchor;
    struct offer *o = f->offer;

    o->is_answered = true;
    o->call->signal_ms = loop_now_ms(a->loop);
    if (f->dialogue)
        note_agreed(f);
    if (!o->dialogue) {
        if (!o->is_closed)
            timer_start(a->offer_timer, &o->timer);
        return;
    }
    timer_stop(&o->timer);
    release_refused(f);
}

static void undo(struct answering *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->sections[i].made)
            section_free(f->sections[i].made, ANCHORED_DELETE);
    if (!f->is_new)
        return;
    /* The offer stays for the next attempt. */
    f->offer->n_dialogues++;
    dialogue_free(f->dialogue, ANCHORED_DELETE);
    f->offer->n_dialogues--;
}

static void commit(struct answering *f)
{
    struct call *c = f->offer->call;
    bool is_answered = f->dialogue || f->n == 0;
    int err = 0;

    for (size_t i = 0; !err && i < f->n; i++)
        if (f->sections[i].said)
            err = commit_section(f, &f->sections[i]);
    if (err) {
        undo(f);
        anchor_refuse(f->x.anchor, f->x.reply, ANCHOR_NO_MEMORY);
        return;
    }
    if (is_answered)
        offer_is_answered(f);
    end_sections(f);
    if (f->dialogue && list_is_empty(&f->dialogue->sections)) {
        dialogue_free(f->dialogue, ANCHORED_DELETE);
        call_check(c);
    }
}

static void take_answer(struct answering *f)
{
    int err = 0;

    for (size_t i = 0; !err && i < f->offer->n; i++)
        err = take_answered(f, &f->offer->sections[i]);
    if (err || exchange_answer(&f->x))
        undo(f);
    else
        commit(f);
}

/* --- answers that are late --- */

/* Was more agreed since? An answer that was agreed before the latest one is
 * known by its octets: the same side may have made both offers. */
static bool is_late(const struct answering *f)
{
    const struct dialogue *d = f->dialogue;
    uint64_t hash = hash_of(f);

    if (!d || !f->offer->is_answered)
        return false;
    if (d->agreed != f->offer)
        return true;
    for (size_t i = 1; i < ANSWERS_KEPT; i++)
        if (d->answers[i] == hash)
            return d->answers[0] != hash;
    return false;
}

/* What the offerer was told is told again; nothing is committed. */
static void repeat_answer(struct answering *f)
{
    const struct dialogue *d = f->dialogue;

    for (size_t i = 0; i < f->x.sdp.n; i++) {
        const struct sdp_section *in = &f->x.sdp.sections[i];
        const struct section *s = dialogue_section(d, in->index);

        if (in->kind != SDP_USABLE)
            continue;
        if (s)
            exchange_edit(&f->x, s->index, s->protocol[f->by],
                          s->interface[f->by],
                          anchored_pair_uri(s->pair, section_side(s, f->by)),
                          role_for(f, s->said[f->by]));
        else
            reject_section(f, in, in->protocol);
    }
    (void)exchange_answer(&f->x);
}

/* Is there an offer to which this may be an answer? */
static bool find_offer(struct answering *f)
{
    struct anchor *a = f->x.anchor;
    struct call *c = call_find(a, f->x.request->call_id);

    if (c)
        f->offer = match_answered(&f->dialogue, c, f->x.request, &f->x.sdp);
    if (f->offer) {
        f->by = f->offer->dialogue ? f->offer->by : 0;
        return true;
    }
    if (exchange_usable(&f->x) == 0) /* */
        (void)exchange_answer(&f->x);
    else
        anchor_refuse(a, f->x.reply, c ? ANCHOR_NO_OFFER : ANCHOR_UNKNOWN_CALL);
    return false;
}

void anchor_answer(struct anchor *a, const struct ng_request *request,
                   struct ng_reply *reply)
{
    struct answering f = {.offer = NULL};

    a->stats.answers++;
    if (anchor_misses(a, request, reply, true, true))
        return;
    exchange_init(&f.x, a, request, reply);
    if (exchange_read(&f.x) && find_offer(&f)) {
        if (is_late(&f))
            repeat_answer(&f);
        else
            take_answer(&f);
    }
    for (size_t i = 0; i < f.n; i++) {
        anchored_uri_free(f.sections[i].given);
        anchor_said_unref(f.sections[i].said);
    }
    exchange_fini(&f.x);
}
