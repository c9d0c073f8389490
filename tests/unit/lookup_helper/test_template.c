/* SPDX-License-Identifier: BSD-2-Clause */
#include "template.h"

#include "cmocka_all.h"

static void check(const char *text, enum template_form form, const char *want)
{
    struct question *q;
    struct text t;

    assert_true(template_is_valid(text));
    assert_int_equal(
        question_parse(&q, SPAN("1\ta%22\\%0A%C3%BC &-\tr:1\tSHA-256")), 0);
    text_init(&t, 1024);
    template_put(&t, text, form, q);
    assert_int_equal(t.err, 0);
    assert_span_equal(text_span(&t), span_str(want));
    text_fini(&t);
    question_free(q);
}

static void places_are_filled(void **state)
{
    (void)state;
    check("%u", TEMPLATE_PLAIN, "a\"\\\n\xc3\xbc &-");
    check("msrp:%r:%u", TEMPLATE_PLAIN, "msrp:r:1:a\"\\\n\xc3\xbc &-");
    check("100%% %a %u%u", TEMPLATE_URL,
          "100% SHA-256 a%22%5C%0A%C3%BC%20%26-a%22%5C%0A%C3%BC%20%26-");
    check("%r %u", TEMPLATE_URL, "r%3A1 a%22%5C%0A%C3%BC%20%26-");
    check("{\"u\": \"%u\"}", TEMPLATE_JSON,
          "{\"u\": \"a\\\"\\\\\\u000a\xc3\xbc &-\"}");
}

static void others_are_invalid(void **state)
{
    (void)state;
    assert_false(template_is_valid(""));
    assert_false(template_is_valid("%r"));
    assert_false(template_is_valid("%%u"));
    assert_false(template_is_valid("%u%"));
    assert_false(template_is_valid("%u%d"));
    assert_false(template_is_valid("%U%u"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_filled),
        cmocka_unit_test(others_are_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
