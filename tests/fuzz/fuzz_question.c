/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines for a look-up helper: what is taken as a question, written again, is
 * the same question; and an answer is a line that says what was put in. */
#include "question.h"

#include "fuzz.h"

/* Nothing but what may stand in a field. */
static void check_written(struct span field)
{
    for (size_t i = 0; i < field.n; i++)
        assert(field.p[i] >= 0x20 && field.p[i] <= 0x7e);
}

static void write_again(struct text *t, const struct question *q)
{
    text_put(t, span_str(q->id));
    text_put(t, SPAN("\t"));
    question_put_field(t, q->user);
    text_put(t, SPAN("\t"));
    question_put_field(t, q->realm);
    text_put(t, SPAN("\t"));
    text_put(t, digest_alg_name(q->alg));
}

static void check_question(const struct question *q)
{
    struct question *again;
    struct text t;

    assert(q->id[0] && q->user.p[q->user.n] == '\0');
    assert(q->realm.p[q->realm.n] == '\0');
    (void)question_is_text(q);
    text_init(&t, 65536);
    write_again(&t, q);
    assert(!t.err);
    assert(question_parse(&again, text_span(&t)) == 0);
    assert(span_eq(span_str(again->id), span_str(q->id)));
    assert(span_eq(again->user, q->user));
    assert(span_eq(again->realm, q->realm));
    assert(again->alg == q->alg);
    question_free(again);
    text_fini(&t);
}

/* `value` as the value of an answer. */
static void check_answer(struct span value)
{
    struct text t;
    struct span line;

    text_init(&t, 65536);
    question_put_answer(&t, SPAN("1"), SPAN("error"), value);
    assert(!t.err);
    line = text_span(&t);
    assert(line.p[line.n - 1] == '\n');
    line.n--;
    assert(span_eq(span_cut(&line, '\t'), SPAN("1")));
    assert(span_eq(span_cut(&line, '\t'), SPAN("error")));
    check_written(line);
    text_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = fuzz_copy(data, n), rest = text;

    while (rest.n) {
        struct span line = span_cut(&rest, '\n');
        struct question *q;

        assert(fuzz_is_within(question_id(line), line));
        if (question_parse(&q, line) == 0) {
            check_question(q);
            question_free(q);
        }
    }
    check_answer(text);
    fuzz_free(text);
    return 0;
}
