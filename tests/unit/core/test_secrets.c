/* SPDX-License-Identifier: BSD-2-Clause */
#include "secrets.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

/* The last fault told by secrets_parse(), and how many there were. */
struct faults {
    unsigned n;
    size_t line;
    char what[100];
};

static void keep_fault(void *ctx, size_t line, const char *what)
{
    struct faults *f = ctx;

    f->n++;
    f->line = line;
    span_copy(f->what, sizeof f->what, span_str(what));
}

static void assert_fault(struct span text, size_t line, const char *what)
{
    struct faults f = {0};
    struct secrets *s = NULL;

    assert_int_equal(secrets_parse(&s, text, EPHEMERAL_SHA1, keep_fault, &f),
                     ERR_CONFIG);
    assert_null(s);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.line, line);
    assert_string_equal(f.what, what);
}

/* The i-th secret is `want`: both make the same password. */
static void assert_secret(const struct secrets *s, size_t i, const char *want)
{
    char a[EPHEMERAL_PASSWORD_MAX], b[EPHEMERAL_PASSWORD_MAX];
    struct span got, wanted;

    assert_int_equal(secrets_password(s, i, &got, a, SPAN("1:x")), 0);
    assert_int_equal(ephemeral_password(&wanted, b, EPHEMERAL_SHA1,
                                        span_str(want), SPAN("1:x")),
                     0);
    assert_span_equal(got, wanted);
}

static void each_line_is_a_secret(void **state)
{
    static const char text[] = "# of 2026\r\nnew=one+/\r\n\n   \n"
                               "  old#one  # until May\n#\n"
                               "with two words";
    struct secrets *s;

    (void)state;
    assert_int_equal(
        secrets_parse(&s, span_str(text), EPHEMERAL_SHA1, NULL, NULL), 0);
    assert_int_equal(secrets_count(s), 3);
    assert_secret(s, 0, "new=one+/");
    assert_secret(s, 1, "old#one");
    assert_secret(s, 2, "with two words");
    secrets_free(s);
}

static void an_empty_file_has_none(void **state)
{
    struct secrets *s;

    (void)state;
    assert_int_equal(secrets_parse(&s, SPAN(""), EPHEMERAL_SHA1, NULL, NULL),
                     0);
    assert_int_equal(secrets_count(s), 0);
    secrets_free(s);
    secrets_free(NULL);
    assert_int_equal(secrets_count(NULL), 0);
}

static void what_is_no_secret_is_a_fault(void **state)
{
    char text[SECRETS_OCTETS_MAX + 2];

    (void)state;
    assert_fault(SPAN("good\nb\001d\n"), 2, "control character");
    memset(text, 'a', sizeof text);
    text[0] = '\n';
    assert_fault(span_of(text, sizeof text), 2, "secret over 1024 octets");
}

static void too_many_are_a_fault(void **state)
{
    char text[2 * SECRETS_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "s\n", 2);
    assert_fault(span_of(text, sizeof text), SECRETS_MAX + 1,
                 "more than 64 secrets");
}

static int attempt(void *ctx)
{
    struct secrets *s;
    int err = secrets_parse(&s, SPAN("one\n"), EPHEMERAL_SHA1, NULL, ctx);

    if (!err)
        secrets_free(s);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(attempt, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_secret),
        cmocka_unit_test(an_empty_file_has_none),
        cmocka_unit_test(what_is_no_secret_is_a_fault),
        cmocka_unit_test(too_many_are_a_fault),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
