/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_json.h"

#include "bencode.h"
#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static void check(struct span json, struct span want)
{
    struct text out;

    text_init(&out, 65536);
    assert_int_equal(ng_json_read(&out, json), 0);
    assert_span_equal(text_span(&out), want);
    assert_int_equal(bencode_check(text_span(&out)), 0);
    text_fini(&out);
}

static int error_of(struct span json)
{
    struct text out;
    int err;

    text_init(&out, 65536);
    err = ng_json_read(&out, json);
    text_fini(&out);
    return err;
}

static void objects_become_dictionaries(void **state)
{
    (void)state;
    check(SPAN("{}"), SPAN("de"));
    check(SPAN("{ \"command\" : \"ping\" }"), SPAN("d7:command4:pinge"));
    check(SPAN("{\"limit\":32}"), SPAN("d5:limiti32ee"));
    check(SPAN("{\"a\":[\"x\",-1,{\"y\":[]}]}"), SPAN("d1:al1:xi-1ed1:yleeee"));
    check(SPAN("{\"a\":true}"), SPAN("d1:ai1ee"));
    check(SPAN("{\"a\":false}"), SPAN("d1:ai0ee"));
    check(SPAN("{\"a\":1.5}"), SPAN("d1:alee"));
    check(SPAN("{\"a\":null}"), SPAN("de"));
}

static void strings_lose_their_escapes(void **state)
{
    (void)state;
    check(SPAN("{\"sdp\":\"v=0\\r\\n\\\"\\u0000\\u20ac\\ud83d\\ude00}\"}"),
          SPAN("d3:sdp15:v=0\r\n\"\0\xe2\x82\xac\xf0\x9f\x98\x80}e"));
}

/* A JSON text may have them: they cost no other member. */
static void numbers_of_any_size_are_read(void **state)
{
    static char long_one[700];

    (void)state;
    check(SPAN("{\"a\":9223372036854775807,\"b\":-9223372036854775807}"),
          SPAN("d1:ai9223372036854775807e1:bi-9223372036854775807ee"));
    check(SPAN("{\"a\":9223372036854775808,\"b\":1}"),
          SPAN("d1:ai9223372036854775807e1:bi1ee"));
    check(SPAN("{\"a\":-99999999999999999999}"),
          SPAN("d1:ai-9223372036854775807ee"));
    check(SPAN("{\"a\":[1e999,-1E+999,1.5e-400,0.1],\"b\":1}"),
          SPAN("d1:allelelelee1:bi1ee"));
    memset(long_one, '9', sizeof long_one);
    memcpy(long_one, "{\"a\":", 5);
    long_one[500] = '.';
    long_one[sizeof long_one - 1] = '}';
    check(span_of(long_one, sizeof long_one), SPAN("d1:alee"));
    check(SPAN("{\"9\":\"99999999999999999999 1e999\"}"),
          SPAN("d1:926:99999999999999999999 1e999e"));
}

/* Neither is one the name of another member. */
static void names_may_have_a_nul(void **state)
{
    (void)state;
    check(SPAN("{\"a\\u0000b\":{\"\\u0000\":[1]},\"a\":1}"),
          SPAN("d3:a\1bd1:\1li1eee1:ai1ee"));
    check(SPAN("{\"\\\\u0000\":\"\\u0000\",\"x\":[\"\\u0000\"]}"),
          SPAN("d6:\\u00001:\0"
               "1:xl1:\0ee"));
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"a\":\"}",
        "{]",
        "{} ",
        "{}{}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\\ud83d\"}",
        "{'a':1}",
        "{\"a\":099999999999999999999}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.1}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":1ee999}",
        "{\"a\":1e9.9}",
        "{\"a\":01.5}",
        "{\"a\":-01.5}",
        "{\"a\":--1}",
        "{\"a\":1-1}",
        "{\"a\":1-1111111111111111111}",
        "{\"a\\u000\":1}",
        "{\"a\":\"\n\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(error_of(span_str(bad[i])), ERR_SYNTAX);
}

static void depth_and_number_of_values_have_bounds(void **state)
{
    static char many[NG_JSON_VALUES_MAX * 2 + 64];
    char deep[200];
    size_t n;

    (void)state;
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    assert_int_equal(error_of(span_of(deep, sizeof deep)), ERR_LIMIT);
    n = (size_t)snprintf(many, sizeof many, "{\"a\":[");
    for (size_t i = 0; i <= NG_JSON_VALUES_MAX; i++) {
        many[n++] = '1';
        many[n++] = ',';
    }
    assert_int_equal(error_of(span_of(many, n)), ERR_LIMIT);
}

static void a_scan_goes_on_where_it_stopped(void **state)
{
    const struct span all =
        SPAN("{\"a\":\"}\\\"}\",\"b\":[{\"c\":1}],\"d\":\"\\\\\"}");
    struct ng_json_scan s = {0}, whole = {0};

    (void)state;
    for (size_t n = 0; n < all.n; n++)
        assert_int_equal(ng_json_scan(&s, span_of(all.p, n), 1000), ERR_AGAIN);
    assert_int_equal(ng_json_scan(&s, all, 1000), 0);
    assert_int_equal(s.at, all.n);
    assert_int_equal(ng_json_scan(&whole, SPAN("{}1 {}"), 1000), 0);
    assert_int_equal(whole.at, 2);
}

static void without_memory_the_text_says_so(void **state)
{
    struct text out;

    (void)state;
    text_init(&out, 65536);
    oom_arm(1);
    assert_int_equal(ng_json_read(&out, SPAN("{}")), ERR_NOMEM);
    assert_true(oom_disarm());
    text_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_become_dictionaries),
        cmocka_unit_test(strings_lose_their_escapes),
        cmocka_unit_test(numbers_of_any_size_are_read),
        cmocka_unit_test(names_may_have_a_nul),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(depth_and_number_of_values_have_bounds),
        cmocka_unit_test(a_scan_goes_on_where_it_stopped),
        cmocka_unit_test(without_memory_the_text_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
