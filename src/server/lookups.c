/* SPDX-License-Identifier: BSD-2-Clause */
/* lookups - who is asked about users: what core's rules want to know, put to
 * the helpers. */
#include <stdlib.h>

#include "err.h"
#include "server_private.h"

/* One AUTH that waits, and the wait of it in lookup. */
struct lookup_of_auth {
    struct lookup_wait wait;
    struct asker_wait *auth;
};

static struct lookup *lookup_of(struct asker *a)
{
    return CONTAINER(a, struct server, asker)->lookup;
}

static struct lookup_query query_of(const struct asker_question *q)
{
    return (struct lookup_query){q->user, q->realm, q->alg};
}

static void translate(struct asker_answer *to, const struct lookup_answer *from)
{
    *to = (struct asker_answer){.kind = ASKER_ERROR};
    switch (from->result) {
    case LOOKUP_KNOWN:
        to->kind = ASKER_HA1;
        to->ha1 = from->ha1;
        break;
    case LOOKUP_UNKNOWN:
        to->kind = ASKER_NONE;
        break;
    case LOOKUP_ERROR:
    case LOOKUP_TIMEOUT:
    case LOOKUP_GONE:
    case LOOKUP_RESULTS:
        break;
    }
}

static bool lookups_recall(struct asker *a, struct asker_answer *answer,
                           const struct asker_question *q)
{
    struct lookup_query query = query_of(q);
    struct lookup_answer found;

    if (!lookup_recall(lookup_of(a), &found, &query))
        return false;
    translate(answer, &found);
    explicit_bzero(&found, sizeof found);
    return true;
}

static void lookups_answered(struct lookup_wait *w,
                             const struct lookup_answer *found)
{
    struct lookup_of_auth *l = CONTAINER(w, struct lookup_of_auth, wait);
    struct asker_wait *auth = l->auth;
    struct asker_answer answer;

    free(l);
    translate(&answer, found);
    auth->answered(auth, &answer);
    explicit_bzero(&answer, sizeof answer);
}

static int lookups_ask(struct asker *a, const struct asker_question *q,
                       struct asker_wait *auth)
{
    struct lookup_query query = query_of(q);
    struct lookup_of_auth *l = malloc(sizeof *l);
    int err;

    if (!l)
        return ERR_NOMEM;
    *l = (struct lookup_of_auth){{.answered = lookups_answered}, auth};
    list_init(&l->wait.of_question);
    err = lookup_ask(lookup_of(a), &query, &l->wait);
    if (err)
        free(l);
    else
        auth->question = l;
    return err;
}

static void lookups_forget(struct asker *a, struct asker_wait *auth)
{
    struct lookup_of_auth *l = auth->question;

    (void)a;
    lookup_forget(&l->wait);
    free(l);
}

/* What is answered now may have to be judged by the time. */
static void lookups_before_answers(void *ctx)
{
    struct server *s = ctx;

    relay_clock(s->relay, loop_now_ms(s->loop));
}

int lookups_init(struct server *s)
{
    static const struct asker_ops ops = {
        .recall = lookups_recall, .ask = lookups_ask, .forget = lookups_forget};
    int err = lookup_new(&s->lookup, s->loop, s->log);

    if (err)
        return err;
    s->asker.ops = &ops;
    lookup_on_answers(s->lookup, lookups_before_answers, s);
    return 0;
}

void lookups_fini(struct server *s)
{
    lookup_free(s->lookup);
}

/* Whoever waits for helpers that go is answered first. */
void lookups_use(struct server *s)
{
    const struct setup *now = &s->now;
    bool asks = now->lookup.n > 0;
    const struct lookup_settings settings = {
        .argv = asks ? now->lookup.items : NULL,
        .processes = (unsigned)now->config->auth.lookup.processes,
        .timeout_ms = now->config->auth.lookup.timeout_ms,
        .known_ms = now->config->auth.lookup.cache_ms,
        .unknown_ms = now->config->auth.lookup.cache_unknown_ms,
    };

    lookup_configure(s->lookup, &settings);
    relay_on_lookup(s->relay, asks ? &s->asker : NULL);
}
