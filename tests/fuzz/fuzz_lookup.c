/* SPDX-License-Identifier: BSD-2-Clause */
/* A line from a helper: what makes sense has one meaning, which written again
 * is read the same; and a question about the value comes back as it was. */
#include "lookup_line.h"

#include <stdio.h>

#include "err.h"
#include "fuzz.h"

static size_t escape(char *dst, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        dst[3 * i] = '%';
        hex_text(dst + 3 * i + 1, s.p + i, 1);
    }
    return 3 * s.n;
}

static void check_again(const struct lookup_line *l)
{
    static const char *const names[] = {"ha1", "password", "none", "error"};
    char text[LOOKUP_ANSWER_MAX + 1];
    struct lookup_line again;
    size_t n = (size_t)snprintf(text, sizeof text, "%llu\t%s",
                                (unsigned long long)l->id, names[l->kind]);

    if (l->kind != LOOKUP_LINE_NONE) {
        text[n++] = '\t';
        n += escape(text + n, lookup_line_value(l));
    }
    assert(n <= LOOKUP_ANSWER_MAX);
    assert(lookup_line_parse(&again, span_of(text, n)) == 0);
    assert(again.id == l->id && again.kind == l->kind);
    assert(span_eq(lookup_line_value(&again), lookup_line_value(l)));
}

/* The user's field of a question reads back as an error's text. */
static void check_question(struct span user)
{
    const struct lookup_query q = {user, SPAN("r"), DIGEST_MD5};
    char text[LOOKUP_QUESTION_MAX], line[LOOKUP_QUESTION_MAX + 16];
    struct span rest = lookup_line_write(text, 7, &q), field;
    struct lookup_line l;
    int n;

    assert(rest.p[rest.n - 1] == '\n');
    assert(span_find(rest, '\n') == rest.n - 1);
    (void)span_cut(&rest, '\t');
    field = span_cut(&rest, '\t');
    n = snprintf(line, sizeof line, "7\terror\t%.*s", SPAN_ARG(field));
    assert(lookup_line_parse(&l, span_of(line, (size_t)n)) == 0);
    assert(span_eq(lookup_line_value(&l), user));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span line = span_of((const char *)data, n);
    struct lookup_line l;
    int err = lookup_line_parse(&l, line);

    assert(err == 0 || err == ERR_SYNTAX);
    if (!err)
        check_again(&l);
    if (n <= LOOKUP_NAME_MAX)
        check_question(line);
    return 0;
}
