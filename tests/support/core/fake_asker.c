/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_asker.h"

#include "cmocka_all.h"

static bool fake_recall(struct asker *a, struct asker_answer *answer,
                        const struct asker_question *q)
{
    struct fake_asker *f = CONTAINER(a, struct fake_asker, asker);

    if (!f->remembers || !span_eq(q->user, span_str(f->remembers)))
        return false;
    answer->kind = ASKER_HA1;
    assert_int_equal(
        digest_ha1(&answer->ha1, q->alg, q->user, q->realm, q->user), 0);
    return true;
}

static int fake_ask(struct asker *a, const struct asker_question *q,
                    struct asker_wait *w)
{
    struct fake_asker *f = CONTAINER(a, struct fake_asker, asker);
    struct fake_question *made = &f->questions[f->n];

    if (f->refuses)
        return f->refuses;
    assert_true(f->n < FAKE_ASKER_MAX);
    made->wait = w;
    w->question = made;
    (void)span_copy(made->user, sizeof made->user, q->user);
    (void)span_copy(made->realm, sizeof made->realm, q->realm);
    made->alg = q->alg;
    f->n++;
    return 0;
}

static void fake_forget(struct asker *a, struct asker_wait *w)
{
    struct fake_question *q = w->question;

    assert_ptr_equal(q->wait, w);
    q->wait = NULL;
    w->question = NULL;
    CONTAINER(a, struct fake_asker, asker)->forgotten++;
}

void fake_asker_init(struct fake_asker *f)
{
    static const struct asker_ops ops = {
        .recall = fake_recall, .ask = fake_ask, .forget = fake_forget};

    *f = (struct fake_asker){.asker = {&ops}};
}

void fake_asker_answer(struct fake_asker *f, unsigned i, enum asker_kind kind,
                       const char *password)
{
    struct fake_question *q = &f->questions[i];
    struct asker_answer answer = {.kind = kind};
    struct asker_wait *w = q->wait;

    assert_true(i < f->n);
    assert_non_null(w);
    if (kind == ASKER_HA1)
        assert_int_equal(digest_ha1(&answer.ha1, q->alg, span_str(q->user),
                                    span_str(q->realm), span_str(password)),
                         0);
    q->wait = NULL;
    w->answered(w, &answer);
}
