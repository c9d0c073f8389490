/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "msg.h"
#include "relay_links.h"
#include "subject.h"

_Static_assert((int)ANCHORED_WHYS <= (int)PAIR_WHYS_MAX, "room for counters");

const char *anchored_why_name(enum anchored_why why)
{
    static const char *const names[] = {
#define ANCHORED_WHY_NAME(name, text) [name] = (text),
        ANCHORED_WHYS_LIST(ANCHORED_WHY_NAME)
#undef ANCHORED_WHY_NAME
    };

    return names[why];
}

void pairs_link_init(struct link *l)
{
    l->pairs = (struct link_pairs){0};
    list_init(&l->pairs.sides);
}

/* --- tokens --- */

static struct session_uri uri_of(const struct anchored_grant *g)
{
    return (struct session_uri){g->host, g->port, g->secure,
                                g->ws ? "ws" : "tcp"};
}

struct anchored_token *pair_token_new(struct sessions *s,
                                      const struct anchored_grant *grant)
{
    const struct session_uri uri = uri_of(grant);
    struct anchored_token *t = calloc(1, sizeof *t + session_uri_room(&uri));

    if (!t)
        return NULL;
    if (session_uri_make(s, &t->uri, t->text, &uri) != 0) {
        free(t);
        return NULL;
    }
    list_init(&t->pairs);
    table_add(&s->pairs.tokens, &t->by_token,
              table_hash(&s->pairs.tokens, t->uri.session_id));
    s->pairs.n++;
    s->changes++;
    return t;
}

struct anchored_uri *pair_uri_new(const struct pair_side *x,
                                  const struct anchored_grant *grant)
{
    const struct session_uri uri = uri_of(grant);
    struct anchored_uri *u = malloc(sizeof *u + session_uri_room(&uri));

    if (u && session_uri_write(&u->uri, u->text, &uri, x->uri->session_id)) {
        free(u);
        return NULL;
    }
    return u;
}

void pair_uri_use(struct pair_side *x, struct anchored_uri *u)
{
    if (x == &x->pair->side[ANCHORED_A])
        x->pair->session->uri = u->uri;
    else
        x->uri = &u->uri;
    free(x->given);
    x->given = u;
}

void pair_token_free(struct sessions *s, struct anchored_token *t)
{
    assert(list_is_empty(&t->pairs) && !t->gate);
    table_remove(&s->pairs.tokens, &t->by_token);
    s->changes++;
    s->pairs.n--;
    free(t);
}

static bool has_token(const struct table_node *node, const void *key)
{
    const struct anchored_token *t =
        CONTAINER((void *)(uintptr_t)node, struct anchored_token, by_token);

    return span_eq(t->uri.session_id, *(const struct span *)key);
}

/* Its own URI, or one that B was given later. */
static bool token_has_uri(const struct anchored_token *t, const struct uri *uri)
{
    struct list *m;

    if (uri_equal(&t->uri, uri))
        return true;
    for (m = t->pairs.next; m != &t->pairs; m = m->next) {
        struct anchored_pair *p = CONTAINER(m, struct anchored_pair, of_token);

        if (uri_equal(p->side[ANCHORED_B].uri, uri))
            return true;
    }
    return false;
}

static struct anchored_token *find_token(const struct sessions *s,
                                         const struct uri *uri)
{
    const struct table *tokens = &s->pairs.tokens;
    struct table_node *node =
        table_find(tokens, table_hash(tokens, uri->session_id), has_token,
                   &uri->session_id);
    struct anchored_token *t =
        node ? CONTAINER(node, struct anchored_token, by_token) : NULL;

    return t && token_has_uri(t, uri) ? t : NULL;
}

/* --- pairs --- */

static void side_init(struct pair_side *x, struct anchored_pair *p,
                      const struct uri *uri)
{
    x->pair = p;
    x->uri = uri;
    list_init(&x->of_link);
    list_init(&x->of_arrived);
}

static void side_fini(struct pair_side *x)
{
    assert(!x->link && !x->waiting);
    list_remove(&x->of_arrived);
    subject_unref(x->subject);
    free(x->fingerprints);
    free(x->text);
    free(x->given);
}

struct anchored_pair *pair_new(struct sessions *s,
                               const struct anchored_terms *terms,
                               uint64_t now_ms)
{
    const struct session_uri uri = uri_of(&terms->for_a);
    struct anchored_pair *p = calloc(
        1, sizeof *p + terms->call_id.n + terms->from_tag.n + terms->to_tag.n);
    char *at;

    if (!p)
        return NULL;
    p->session = session_new_of_pair(s, p, &uri, now_ms);
    if (!p->session) {
        free(p);
        return NULL;
    }
    at = p->text;
    p->call_id = span_keep(&at, terms->call_id);
    p->from_tag = span_keep(&at, terms->from_tag);
    p->to_tag = span_keep(&at, terms->to_tag);
    p->on_ended = terms->on_ended;
    p->owner = terms->owner;
    p->token = terms->token;
    list_init(&p->of_token);
    list_init(&p->of_active);
    list_init(&p->former);
    list_prepend(&p->token->pairs, &p->of_token);
    p->token->had_pairs = true;
    side_init(&p->side[ANCHORED_A], p, &p->session->uri);
    side_init(&p->side[ANCHORED_B], p, &p->token->uri);
    s->pairs.n++;
    s->pairs.n_pairs++;
    s->pairs.ever++;
    pair_touch(s, p, now_ms);
    return p;
}

void pair_free(struct sessions *s, struct anchored_pair *p, uint64_t now_ms)
{
    session_end(s, p->session, SESSION_EXPIRED, now_ms);
    side_fini(&p->side[ANCHORED_A]);
    side_fini(&p->side[ANCHORED_B]);
    list_remove(&p->of_token);
    list_remove(&p->of_active);
    s->pairs.n--;
    s->pairs.n_pairs--;
    free(p);
}

void pair_touch(struct sessions *s, struct anchored_pair *p, uint64_t now_ms)
{
    p->active_ms = now_ms;
    list_remove(&p->of_active);
    list_append(&s->pairs.active, &p->of_active);
}

/* --- who speaks --- */

bool pair_entrance(struct pair_entrance *e, const struct sessions *s,
                   const struct uri *uri)
{
    const struct session *ss;

    *e = (struct pair_entrance){.uri = uri};
    if (s->pairs.n == 0 || uri->session_id.n == 0)
        return false;
    e->token = find_token(s, uri);
    if (e->token)
        return true;
    ss = session_find_token(s, uri->session_id);
    if (ss && ss->pair && uri_equal(&ss->uri, uri))
        e->pair = ss->pair;
    return e->pair != NULL;
}

bool pair_is_entrance(const struct sessions *s, const struct uri *uri)
{
    struct pair_entrance e;

    return pair_entrance(&e, s, uri);
}

const struct session *pair_session(const struct sessions *s,
                                   const struct uri *uri)
{
    const struct anchored_token *t = s->pairs.n ? find_token(s, uri) : NULL;
    struct list *m = t ? list_first(&t->pairs) : NULL;

    return m ? CONTAINER(m, struct anchored_pair, of_token)->session : NULL;
}

/* Takes the next URI off a From-Path; false at the end. */
static bool from_next(struct uri *uri, struct pair_from *from)
{
    struct span text;

    if (from->n_own > 0)
        text = from->own[--from->n_own];
    else if (!msg_path_next(&text, &from->rest))
        return false;
    return uri_parse(uri, text) == 0;
}

static bool speaks_alone(const struct pair_side *x, const struct pair_from *f)
{
    struct pair_from from = *f;
    struct uri uri, more;

    return from_next(&uri, &from) && !from_next(&more, &from) &&
           uri.secure == x->first.secure &&
           span_eq(uri.session_id, x->first.session_id);
}

static bool speaks(const struct pair_side *x, const struct pair_from *f)
{
    struct pair_from from = *f;
    struct span path = x->path, text;
    struct uri mine, uri;

    if (!x->text)
        return false;
    if (x->n_path == 1)
        return speaks_alone(x, f);
    while (msg_path_next(&text, &path))
        if (uri_parse(&mine, text) != 0 || !from_next(&uri, &from) ||
            !uri_equal(&mine, &uri))
            return false;
    return !from_next(&uri, &from);
}

struct pair_side *pair_speaker(const struct pair_entrance *e,
                               const struct pair_from *from)
{
    struct list *m, *next;

    if (e->pair)
        return speaks(&e->pair->side[ANCHORED_A], from)
                   ? &e->pair->side[ANCHORED_A]
                   : NULL;
    LIST_EACH(m, next, &e->token->pairs)
    {
        struct anchored_pair *p = CONTAINER(m, struct anchored_pair, of_token);

        if (uri_equal(p->side[ANCHORED_B].uri, e->uri) &&
            speaks(&p->side[ANCHORED_B], from))
            return &p->side[ANCHORED_B];
    }
    return NULL;
}

/* --- what a side said --- */

static bool same_path(const struct pair_side *x,
                      const struct anchored_said *said)
{
    struct span path = x->path, text;
    struct uri mine, uri;

    if (x->n_path != said->n_path)
        return false;
    for (size_t i = 0; i < said->n_path; i++)
        if (!msg_path_next(&text, &path) || uri_parse(&mine, text) != 0 ||
            uri_parse(&uri, said->path[i]) != 0 || !uri_equal(&mine, &uri))
            return false;
    return true;
}

static int judge_path(const struct anchored_said *said)
{
    struct uri uri;

    if (said->n_path == 0)
        return ERR_SYNTAX;
    if (said->n_path > ANCHORED_PATH_MAX ||
        said->n_fingerprints > ANCHORED_FINGERPRINTS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < said->n_path; i++)
        if (uri_parse(&uri, said->path[i]) != 0 || uri.port == 0)
            return ERR_SYNTAX;
    return 0;
}

static char *join_texts(struct pair_side *x, const struct anchored_said *said)
{
    size_t n = said->dial_host.n + said->trusted.n;
    char *text, *at;

    for (size_t i = 0; i < said->n_path; i++)
        n += said->path[i].n + 1;
    text = malloc(n);
    if (!text)
        return NULL;
    at = text;
    for (size_t i = 0; i < said->n_path; i++) {
        if (i > 0)
            *at++ = ' ';
        (void)span_keep(&at, said->path[i]);
    }
    x->path = span_of(text, (size_t)(at - text));
    x->dial_host = span_keep(&at, said->dial_host);
    x->trusted = span_keep(&at, said->trusted);
    return text;
}

static uint8_t strongest_function(const struct anchored_said *said)
{
    uint8_t strongest = 0;

    for (size_t i = 0; i < said->n_fingerprints; i++)
        if (said->fingerprints[i].function > strongest)
            strongest = said->fingerprints[i].function;
    return strongest;
}

/* Those of the strongest function. false when out of memory. */
static bool keep_fingerprints(struct pair_side *x,
                              const struct anchored_said *said)
{
    uint8_t strongest = strongest_function(said);

    x->has_fingerprint = said->has_fingerprint || said->n_fingerprints > 0;
    x->n_fingerprints = 0;
    x->fingerprints = NULL;
    if (said->n_fingerprints == 0)
        return true;
    x->fingerprints = malloc(said->n_fingerprints * sizeof *x->fingerprints);
    if (!x->fingerprints)
        return false;
    for (size_t i = 0; i < said->n_fingerprints; i++)
        if (said->fingerprints[i].function == strongest)
            x->fingerprints[x->n_fingerprints++] = said->fingerprints[i];
    return true;
}

int pair_side_say(struct pair_side *x, const struct anchored_said *said,
                  bool *is_new)
{
    struct pair_side next = *x;
    int err = judge_path(said);
    struct span rest, text;

    if (err)
        return err;
    next.text = join_texts(&next, said);
    if (!next.text)
        return ERR_NOMEM;
    if (!keep_fingerprints(&next, said)) {
        free(next.text);
        return ERR_NOMEM;
    }
    rest = next.path;
    (void)msg_path_next(&text, &rest);
    (void)uri_parse(&next.first, text);
    *is_new = !x->text || !same_path(x, said);
    free(x->fingerprints);
    free(x->text);
    /* All that was said; the rest of `next` is as it was. */
    x->text = next.text;
    x->path = next.path;
    x->first = next.first;
    x->n_path = said->n_path;
    x->we_dial = said->we_dial;
    x->dial_host = next.dial_host;
    x->dial_port = said->dial_port;
    x->trusted = next.trusted;
    x->shown = said->shown;
    x->has_fingerprint = next.has_fingerprint;
    x->fingerprints = next.fingerprints;
    x->n_fingerprints = next.n_fingerprints;
    return 0;
}

bool pair_side_can_be_dialled(const struct pair_side *x)
{
    return x->we_dial &&
           relay_links_can_be_dialled_at(&x->first, x->dial_host, x->dial_port);
}

/* --- connections --- */

void pair_bind(struct sessions *s, struct pair_side *x, struct link *l)
{
    assert(!x->link);
    x->link = l;
    list_append(&l->pairs.sides, &x->of_link);
    l->pairs.n++;
    s->pairs.bound++;
    s->changes++;
    subject_unref(x->subject);
    x->subject = subject_ref(l->subject);
    x->connection = l->number;
    link_changed(l);
}

void pair_unbind(struct sessions *s, struct pair_side *x)
{
    struct link *l = x->link;

    if (!l)
        return;
    x->link = NULL;
    list_remove(&x->of_link);
    l->pairs.n--;
    s->pairs.bound--;
    s->changes++;
    link_changed(l);
}
