/* SPDX-License-Identifier: BSD-2-Clause */
#include "question.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static void check_error(const char *line, int want)
{
    struct question *q;

    assert_int_equal(question_parse(&q, span_str(line)), want);
}

static void fields_are_taken_apart(void **state)
{
    struct question *q;

    (void)state;
    assert_int_equal(question_parse(&q, SPAN("7\talice\texample.com\tSHA-256")),
                     0);
    assert_string_equal(q->id, "7");
    assert_span(q->user, "alice");
    assert_span(q->realm, "example.com");
    assert_int_equal(q->alg, DIGEST_SHA256);
    assert_string_equal(q->user.p, "alice");
    assert_string_equal(q->realm.p, "example.com");
    question_free(q);
}

static void octets_are_unescaped(void **state)
{
    struct question *q;

    (void)state;
    assert_int_equal(
        question_parse(&q, SPAN("1\t%41%09%00%ff%C3%bC%25\t a b\tmd5")), 0);
    assert_span(q->user, "A\t\0\xff\xc3\xbc%");
    assert_span(q->realm, " a b");
    assert_int_equal(q->alg, DIGEST_MD5);
    assert_false(question_is_text(q));
    question_free(q);
}

static void names_of_databases_are_utf8_without_nul(void **state)
{
    static const struct {
        const char *line;
        bool is_text;
    } rows[] = {
        {"1\ta\tb\tMD5", true},
        {"1\tj%C3%BCrgen\tb\tMD5", true},
        {"1\ta\t%F0%9F%8D%93\tMD5", true},
        {"1\ta%00\tb\tMD5", false},
        {"1\ta\tb%00\tMD5", false},
        {"1\t%FF\tb\tMD5", false},
        {"1\ta\tb%C3\tMD5", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct question *q;

        assert_int_equal(question_parse(&q, span_str(rows[i].line)), 0);
        assert_int_equal(question_is_text(q), rows[i].is_text);
        question_free(q);
    }
}

static void what_is_no_question_is_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "1",
        "x\ta\tb\tMD5",
        "\ta\tb\tMD5",
        "1\ta",
        "1\ta\tb",
        "1\ta\tb\t",
        "1 a b MD5",
        "-1\ta\tb\tMD5",
        "1\ta%\tb\tMD5",
        "1\ta%4\tb\tMD5",
        "1\ta%4x\tb\tMD5",
        "1\ta\x01\tb\tMD5",
        "1\t\xc3\xbc\tb\tMD5",
        "1\ta\x7f\tb\tMD5",
        "123456789012345678901\ta\tb\tMD5",
        "1\ta\tb%\tMD5",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_error(lines[i], ERR_SYNTAX);
    check_error("1\ta\tb\tMD4", ERR_UNSUPPORTED);
    check_error("1\ta\tb\tMD5\t", ERR_UNSUPPORTED);
}

static void no_line_that_is_cut_is_a_question(void **state)
{
    const struct span line = SPAN("12\tal%20ice\texample.com\tSHA-256");

    (void)state;
    for (size_t n = 0; n < line.n; n++) {
        struct question *q;

        assert_int_not_equal(question_parse(&q, span_of(line.p, n)), 0);
    }
}

static void an_id_is_found_in_what_is_no_question(void **state)
{
    (void)state;
    assert_span(question_id(SPAN("12")), "12");
    assert_span(question_id(SPAN("12\tx")), "12");
    assert_span(question_id(SPAN("12x\tx")), "");
    assert_span(question_id(SPAN("")), "");
}

static void every_octet_survives_a_field(void **state)
{
    char all[256];
    struct question *q;
    struct text t;

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    text_init(&t, 4096);
    text_put(&t, SPAN("1\t"));
    question_put_field(&t, span_of(all, sizeof all));
    text_put(&t, SPAN("\t\tMD5"));
    for (size_t i = 2; i < t.n - 5; i++)
        assert_true(t.p[i] >= 0x20 && t.p[i] <= 0x7e);
    assert_int_equal(question_parse(&q, text_span(&t)), 0);
    assert_span_equal(q->user, span_of(all, sizeof all));
    assert_span(q->realm, "");
    question_free(q);
    text_fini(&t);
}

static void an_answer_is_a_line(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, 4096);
    question_put_answer(&t, SPAN("5"), SPAN("none"), SPAN(""));
    question_put_answer(&t, SPAN("6"), SPAN("password"), SPAN("a\tb%"));
    assert_span(text_span(&t), "5\tnone\n6\tpassword\ta%09b%25\n");
    text_fini(&t);
}

static int parse(void *ctx)
{
    struct question *q;
    int err = question_parse(&q, SPAN("1\ta\tb\tMD5"));

    (void)ctx;
    if (!err)
        question_free(q);
    return err;
}

static void out_of_memory_is_told(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(parse, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_taken_apart),
        cmocka_unit_test(octets_are_unescaped),
        cmocka_unit_test(names_of_databases_are_utf8_without_nul),
        cmocka_unit_test(what_is_no_question_is_refused),
        cmocka_unit_test(no_line_that_is_cut_is_a_question),
        cmocka_unit_test(an_id_is_found_in_what_is_no_question),
        cmocka_unit_test(every_octet_survives_a_field),
        cmocka_unit_test(an_answer_is_a_line),
        cmocka_unit_test(out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
