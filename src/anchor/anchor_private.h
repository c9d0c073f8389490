/* SPDX-License-Identifier: BSD-2-Clause */
/* anchor_private - what the files that make up the room share.
 *
 *     anchor.c           settings, figures, which command it is
 *     anchor_offer.c     offers
 *     anchor_answer.c    answers, which make pairs
 *     anchor_match.c     which offer or dialogue is meant
 *     anchor_delete.c    the end that is asked for
 *     anchor_query.c     query, list, statistics, rows for the operator
 *     anchor_call.c      what a call consists of: comes and goes
 */
#ifndef ANCHOR_PRIVATE_H
#define ANCHOR_PRIVATE_H

#include "anchor.h"
#include "anchor_said.h"
#include "list.h"
#include "loop.h"
#include "sdp_rewrite.h"
#include "table.h"
#include "text.h"
#include "timer.h"

enum {
    OFFERS_MAX = 64,        /* in one call */
    DIALOGUES_MAX = 64,     /* the same */
    NAME_MAX_OCTETS = 1024, /* call-ids, tags, branches */
    LIST_DEFAULT = 32,
    ANSWERS_KEPT = 4, /* of a dialogue, to know them when they come late */
};

/* Settings in use. */
struct anchor_setup {
    struct anchor_settings settings; /* without places and prints */
    struct anchor_interfaces interfaces;
    struct span *prints; /* owned, as one block with their texts */
    size_t n_prints;
};

struct anchor {
    struct loop *loop;
    struct relay *relay;
    struct anchor_ops ops;
    void *ctx;
    struct anchor_setup *setup; /* owned */
    struct table calls;
    struct list by_age;  /* calls, the oldest first */
    struct list members; /* what a walk shows: struct anchor_member */
    struct list walks;
    struct timer_fifo *offer_timer;
    struct anchor_stats stats;
    uint64_t began_ms;
    uint64_t n_pairs, n_pending;
    uint64_t octets, tick_ms; /* as of the last tick */
    uint64_t byte_rate;
};

/* A row for the operator. */
struct anchor_member {
    struct list of_anchor;
    bool is_pair; /* a struct section; else a struct grant */
};

/* A text that is owned. */
struct name {
    char *p;
    size_t n;
};

static inline struct span name_span(const struct name *n)
{
    return span_of(n->p, n->n);
}

struct call {
    struct table_node node;
    struct list by_age;
    struct anchor *anchor;
    struct name id;
    uint64_t began_ms, signal_ms;
    struct list offers; /* initial ones, the oldest first */
    struct list dialogues;
    unsigned n_offers, n_dialogues;
};

/* U_B: what was given out in an offer. The offer and the sections of dialogues
 * that came of it share it. */
struct grant {
    struct anchor_member member; /* in the list while it has no pair */
    struct anchor *anchor;
    struct anchored_token *token; /* owned */
    const struct offer *offer;    /* that made it; NULL: that is gone */
    unsigned index;
    unsigned refs;
    unsigned n_pairs;
    uint64_t began_ms;
};

/* What an offer says of a section. */
struct offered {
    unsigned index;
    uint64_t shown;                 /* anchor_settings.shown, as of the offer */
    struct anchor_said *said;       /* referenced; NULL: port 0 */
    struct grant *grant;            /* referenced */
    enum sdp_protocol far_protocol; /* of the leg of who receives it */
    struct anchor_interface *near, *far; /* referenced; of the offerer */
};

/* An offer. An initial one stays as long as dialogues that came of it. */
struct offer {
    struct list of_call; /* initial ones */
    struct call *call;
    struct dialogue *dialogue; /* the one that is renegotiated; NULL: initial */
    unsigned by;               /* whose offer that is: index of a tag */
    struct name from_tag, via_branch;
    struct name chain; /* the first URI of P_A, if it is one of this call */
    struct timer timer;
    bool is_answered;
    bool is_closed; /* no further dialogue comes of it; of a re-offer: it was
                       dropped, and answers to it match nothing */
    unsigned n_dialogues;
    struct offered *sections; /* owned */
    size_t n;
    uint64_t began_ms;
};

/* One message section of a dialogue. */
struct section {
    struct anchor_member member;
    struct list of_dialogue;
    struct dialogue *dialogue;
    unsigned index;
    struct grant *grant;                   /* referenced */
    struct anchored_pair *pair;            /* owned */
    unsigned a;                            /* whose offer made it: side A */
    enum sdp_protocol protocol[2];         /* of the leg of each tag */
    struct anchor_interface *interface[2]; /* referenced */
    struct anchor_said *said[2];           /* the same; the last committed */
};

struct dialogue {
    struct list of_call;
    struct call *call;
    struct name tags[2]; /* of the offerer, of the one who answered */
    struct offer *initial;
    struct offer *reoffers[2];      /* the newest of each side; owned */
    const struct offer *agreed;     /* whose answer was committed last */
    uint64_t answers[ANSWERS_KEPT]; /* hashes of SDPs that were committed, the
                                       latest first */
    struct list sections;
    uint64_t began_ms;
};

/* What becomes of an offer or an answer while it is handled. */
struct exchange {
    struct anchor *anchor;
    const struct ng_request *request;
    struct ng_reply *reply;
    struct sdp sdp;
    struct sdp_edit edits[SDP_SECTIONS_MAX];
    size_t n_edits;
    struct text warning;
};

/* --- anchor.c --- */

void anchor_refuse(struct anchor *a, struct ng_reply *reply,
                   enum anchor_error error);
/* Is a name that must be there missing, or is one too long? Then that was
 * answered. */
bool anchor_misses(struct anchor *a, const struct ng_request *request,
                   struct ng_reply *reply, bool tags, bool to_tag);

void exchange_init(struct exchange *x, struct anchor *a,
                   const struct ng_request *request, struct ng_reply *reply);
void exchange_fini(struct exchange *x);
/* Reads the SDP; false: that was answered. Warns of sections without a usable
 * path. */
bool exchange_read(struct exchange *x);
/* How many sections are usable? */
size_t exchange_usable(const struct exchange *x);
void exchange_warn(struct exchange *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An edit that shows `i` and `uri` to a leg of that protocol. */
struct sdp_edit *exchange_edit(struct exchange *x, unsigned index,
                               enum sdp_protocol protocol,
                               const struct anchor_interface *i,
                               struct span uri, enum sdp_setup setup);
/* Answers `ok` with the SDP, edited. 0, or an error that was answered, or
 * ERR_FULL for an answer that does not fit: then nothing may be kept. */
int exchange_answer(struct exchange *x);
/* --- anchor_call.c --- */

/* A copy of `s`: 0 or ERR_NOMEM. */
int name_keep(struct name *n, struct span s);

struct call *call_find(const struct anchor *a, struct span id);
/* NULL without memory. */
struct call *call_new(struct anchor *a, struct span id);
/* Frees it if nothing is left of it. */
void call_check(struct call *c);
void call_free(struct call *c, enum anchored_why why);

/* What a URI at the interface looks like. */
struct anchored_grant grant_terms(const struct anchor_interface *i);
struct grant *grant_new(struct anchor *a, const struct anchor_interface *i,
                        unsigned index);

/* Nothing is offered there any more. */
void offered_drop(struct offered *o, enum anchored_why why);
void offered_free(struct offered *all, size_t n, enum anchored_why why);
/* With these sections, which it owns then: NULL without memory. */
struct offer *offer_new(struct call *c, const struct ng_request *request,
                        struct dialogue *dialogue, unsigned by);
/* Each re-INVITE has a branch of its own: 0 or ERR_NOMEM. */
int offer_set_branch(struct offer *o, struct span branch);
/* Goes over to the sections of a newer one. */
void offer_replace(struct offer *o, struct offered *sections, size_t n);
void offer_free(struct offer *o, enum anchored_why why);
const struct offered *offer_section(const struct offer *o, unsigned index);
/* Nobody is to answer a re-offer: what comes late is not an answer to what was
 * agreed before it. */
void reoffer_drop(struct offer *o, enum anchored_why why);
void on_offer_timeout(struct timer *t);

struct dialogue *dialogue_new(struct offer *o, struct span from_tag,
                              struct span to_tag);
/* Its initial offer goes with the last one. The call is not checked. */
void dialogue_free(struct dialogue *d, enum anchored_why why);
struct section *dialogue_section(const struct dialogue *d, unsigned index);
/* Which of the two tags; -1: neither. */
int dialogue_tag(const struct dialogue *d, struct span tag);

/* Makes the pair: NULL without memory. */
struct section *section_new(struct dialogue *d, const struct offered *o,
                            unsigned by);
void section_free(struct section *s, enum anchored_why why);
static inline enum anchored_side section_side(const struct section *s,
                                              unsigned tag)
{
    return tag == s->a ? ANCHORED_A : ANCHORED_B;
}

/* --- anchor_match.c --- */

/* The dialogue of these tags, in either order, in which `tag` says this SDP. */
struct dialogue *match_dialogue(const struct call *c, struct span tag,
                                struct span other, const struct sdp *sdp);
/* The initial offer that this one repeats. */
struct offer *match_repeated(const struct call *c,
                             const struct ng_request *request,
                             const struct sdp *sdp);
/* The offer that is answered, and the dialogue, NULL if it is new. What comes
 * late for a re-offer that was dropped, matches none. */
struct offer *match_answered(struct dialogue **dialogue, const struct call *c,
                             const struct ng_request *request,
                             const struct sdp *sdp);
/* The first URI of the SDP if it is one that this call gave out; else empty. */
struct span match_own_uri(const struct call *c, const struct sdp *sdp);

/* --- the commands --- */

void anchor_offer(struct anchor *a, const struct ng_request *request,
                  struct ng_reply *reply);
void anchor_answer(struct anchor *a, const struct ng_request *request,
                   struct ng_reply *reply);
void anchor_delete(struct anchor *a, const struct ng_request *request,
                   struct ng_reply *reply);
void anchor_query(struct anchor *a, const struct ng_request *request,
                  struct ng_reply *reply);
void anchor_calls(struct anchor *a, const struct ng_request *request,
                  struct ng_reply *reply);
void anchor_statistics(struct anchor *a, const struct ng_request *request,
                       struct ng_reply *reply);

#endif
