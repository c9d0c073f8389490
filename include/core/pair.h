/* SPDX-License-Identifier: BSD-2-Clause */
/* pair - what is known of two clients between which this relay was put: the
 * inside of anchored.h, whose words it uses.
 *
 * A pair owns one session (session.h), whose URI is U_A, and through which go
 * the messages of both sides: what A sends counts as sent, what B sends as
 * received. U_B is a token, which may lead to several pairs; the From-Path says
 * to which one.
 *
 * Who speaks is known by the path that his SDP announced. A side is bound to
 * the link on which it spoke first, or that was dialled for it. */
#ifndef PAIR_H
#define PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "anchored.h"
#include "link.h"
#include "list.h"
#include "session.h"
#include "table.h"
#include "uri.h"

struct waiting_link;

struct anchored_token {
    struct table_node by_token;
    struct list pairs; /* the newest first */
    bool had_pairs;
    struct waiting_link *gate; /* early requests wait for it; or NULL */
    struct uri uri;
    char text[];
};

/* A URI that a side was given in place of its first one. */
struct anchored_uri {
    struct uri uri;
    char text[];
};

struct pair_side {
    struct anchored_pair *pair;
    const struct uri *uri; /* that it was given: U_A, U_B */
    struct anchored_uri
        *given; /* holds that if it is not the first one; owned */
    /* What its SDP said. */
    char *text;       /* path, then `dial_host`, then `trusted`; owned; NULL:
                         it has said nothing yet */
    struct span path; /* P, with one blank between URIs */
    struct uri first; /* of the path */
    size_t n_path;
    bool we_dial;
    struct span dial_host, trusted;
    uint16_t dial_port;
    bool has_fingerprint;
    uint64_t shown;
    struct fingerprint *fingerprints; /* of the strongest function; owned */
    size_t n_fingerprints;
    /* Its connection. */
    struct link *link;            /* that it is bound to; or NULL */
    struct list of_link;          /* in link->pairs.sides */
    struct waiting_link *waiting; /* what is sent to it waits here; or NULL */
    struct list of_arrived;  /* in anchored.arrived: what waits is to go over to
                                its link */
    bool was_bound;          /* it has had a link that was up, with this path */
    uint8_t n_redials;       /* dials at once after losses, one soon after the
                                other */
    uint64_t redialled_ms;   /* when the last one was */
    struct subject *subject; /* of its latest link; a reference; or NULL */
    uint64_t connection;     /* ... and its number */
    uint64_t errors;         /* its messages that failed */
};

struct anchored_pair {
    struct session *session;
    struct anchored_token *token;
    struct list of_token;  /* in token->pairs */
    struct list of_active; /* in pairs.active */
    struct list former;    /* anchored.c: links of former paths */
    struct pair_side side[ANCHORED_SIDES];
    struct span call_id, from_tag, to_tag;
    anchored_ended_fn on_ended;
    void *owner;
    uint64_t active_ms;
    char text[]; /* the labels */
};

/* Sets up the pairs' part of a link: no sides. */
void pairs_link_init(struct link *l);

/* --- tokens and pairs --- */

/* A new token; NULL when out of memory, or for a host that makes no URI. */
struct anchored_token *pair_token_new(struct sessions *s,
                                      const struct anchored_grant *grant);
/* As anchored_uri_new(). */
struct anchored_uri *pair_uri_new(const struct pair_side *x,
                                  const struct anchored_grant *grant);
/* It is the side's from now on. */
void pair_uri_use(struct pair_side *x, struct anchored_uri *u);

/* Frees one that has no pairs and no gate any more. */
void pair_token_free(struct sessions *s, struct anchored_token *t);

/* A new pair; NULL as above. */
struct anchored_pair *pair_new(struct sessions *s,
                               const struct anchored_terms *terms,
                               uint64_t now_ms);
/* Ends its session and frees it; nothing is bound any more. */
void pair_free(struct sessions *s, struct anchored_pair *p, uint64_t now_ms);

/* The pair is used: it is the last one to be idle. */
void pair_touch(struct sessions *s, struct anchored_pair *p, uint64_t now_ms);

static inline struct pair_side *pair_other(const struct pair_side *x)
{
    return &x->pair->side[x == &x->pair->side[ANCHORED_A]];
}

static inline enum anchored_side pair_which(const struct pair_side *x)
{
    return x == &x->pair->side[ANCHORED_A] ? ANCHORED_A : ANCHORED_B;
}

/* --- who speaks --- */

/* Is there any URI that leads to a pair? Most relays have none. */
static inline bool pair_any(const struct sessions *s)
{
    return s->pairs.n > 0;
}

/* What a URI leads to, if it is one that a side was given. */
struct pair_entrance {
    struct anchored_token *token; /* U_B; or NULL */
    struct anchored_pair *pair;   /* U_A; or NULL */
    const struct uri *uri;        /* as it was looked for */
};

/* Is `uri` one that a side was given? */
bool pair_is_entrance(const struct sessions *s, const struct uri *uri);
bool pair_entrance(struct pair_entrance *e, const struct sessions *s,
                   const struct uri *uri);

/* The session of the newest pair that U_B `uri` leads to; NULL if it is none,
 * or leads to no pair. */
const struct session *pair_session(const struct sessions *s,
                                   const struct uri *uri);

/* A From-Path: our own URIs that were passed, the last one first, and what the
 * request came with. */
struct pair_from {
    const struct span *own;
    size_t n_own;
    struct span rest;
};

/* The side that speaks with this From-Path, or NULL. Of several, that of the
 * newest pair. A path of one URI is known by its scheme and session-id: boxes
 * in between may rewrite the host. */
struct pair_side *pair_speaker(const struct pair_entrance *e,
                               const struct pair_from *from);

/* --- what a side said --- */

/* Takes over what the SDP says: 0, with *is_new if the path differs from the
 * one before; ERR_LIMIT, ERR_SYNTAX or ERR_NOMEM, and nothing has changed. */
int pair_side_say(struct pair_side *x, const struct anchored_said *said,
                  bool *is_new);

/* Can it be dialled by its nature? */
bool pair_side_can_be_dialled(const struct pair_side *x);

/* --- connections --- */

/* The side is bound to the link from now on; to none. */
void pair_bind(struct sessions *s, struct pair_side *x, struct link *l);
void pair_unbind(struct sessions *s, struct pair_side *x);

#endif
