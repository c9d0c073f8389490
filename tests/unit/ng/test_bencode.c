/* SPDX-License-Identifier: BSD-2-Clause */
#include "bencode.h"

#include "cmocka_all.h"
#include "err.h"

static const char *const good[] = {
    "de",
    "d7:command4:pinge",
    "d1:ai0e1:bi-12e1:cle1:dd1:x1:yee",
    ("d3:sdp4:\r\n\0\xff"
     "1:bl0:0:ee"),
    "d2:zzi9223372036854775807e2:aai-9223372036854775808ee",
    "d1:a1:x1:a1:ye",
};

static const char *const bad[] = {
    "",
    "d",
    "e",
    "dee",
    "le",
    "i1e",
    "4:ping",
    "d1:a",
    "d1:ae",
    "di1ei2ee",
    "dlei1ee",
    "d1:ai1",
    "d1:ai1x",
    "d1:aiee",
    "d1:ai-ee",
    "d-1:ae",
    "d1;a1:be",
    "d2:ae",
    "x",
    "d1:ai1ee ",
    "d1:ai9223372036854775808ee",
    "d1:a99999999999999999999:be",
    "d9999999999:ae",
    "d1:ai1ede",
    "d1:al1:bi1ee",
    "d1:a 1:be",
};

static struct span text_of(const char *s)
{
    /* The one with a NUL inside. */
    return strncmp(s, "d3:sdp", 6) == 0 ? span_of(s, sizeof "d3:sdp4:\r\n\0\xff"
                                                            "1:bl0:0:ee" -
                                                         1)
                                        : span_str(s);
}

static void well_formed_dictionaries_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(bencode_check(text_of(good[i])), 0);
}

static void all_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(bencode_check(span_str(bad[i])), 0);
}

static void what_is_cut_short_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct span all = text_of(good[i]);

        for (size_t n = 0; n < all.n; n++)
            assert_int_not_equal(bencode_check(span_of(all.p, n)), 0);
    }
}

/* Octet by octet, and the end is found where it is. */
static void a_scan_goes_on_where_it_stopped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct span all = text_of(good[i]);
        struct bencode_scan s = {0};

        for (size_t n = 0; n < all.n; n++)
            assert_int_equal(bencode_scan(&s, span_of(all.p, n), 1000),
                             ERR_AGAIN);
        assert_int_equal(bencode_scan(&s, all, 1000), 0);
        assert_int_equal(s.at, all.n);
    }
}

static void a_document_ends_before_what_follows(void **state)
{
    struct bencode_scan s = {0};

    (void)state;
    assert_int_equal(bencode_scan(&s, SPAN("d1:ai1eecookie d"), 1000), 0);
    assert_int_equal(s.at, 8);
}

static void nesting_has_a_bound(void **state)
{
    char text[200] = "";
    size_t n = 0;

    (void)state;
    for (unsigned depth = 1; depth < BENCODE_DEPTH_MAX; depth++) {
        memcpy(text + n, "d1:a", 4);
        n += 4;
    }
    memcpy(text + n, "de", 2);
    for (unsigned depth = 1; depth < BENCODE_DEPTH_MAX; depth++)
        text[n + 1 + depth] = 'e';
    assert_int_equal(bencode_check(span_of(text, n + 1 + BENCODE_DEPTH_MAX)),
                     0);
    memset(text, 'l', sizeof text);
    text[0] = 'd';
    memcpy(text + 1, "1:a", 3);
    assert_int_equal(bencode_check(span_of(text, sizeof text)), ERR_LIMIT);
}

static void length_has_a_bound(void **state)
{
    struct bencode_scan s = {0}, t = {0};

    (void)state;
    assert_int_equal(bencode_scan(&s, SPAN("d1000:a"), 1000), ERR_LIMIT);
    assert_int_equal(bencode_scan(&t, SPAN("d1:a1:b"), 7), ERR_LIMIT);
}

static void members_are_read_in_their_order(void **state)
{
    struct span all = SPAN("1:bi-7e1:a3:x\0y1:cl1:pi2ee1:dd1:q0:e"), rest;
    struct bencode v;

    (void)state;
    rest = all;
    assert_true(bencode_next(&v, &rest));
    assert_int_equal(v.type, BENCODE_STRING);
    assert_span(v.text, "b");
    assert_true(bencode_next(&v, &rest));
    assert_int_equal(v.type, BENCODE_INTEGER);
    assert_int_equal(v.number, -7);
    assert_true(bencode_next(&v, &rest));
    assert_true(bencode_next(&v, &rest));
    assert_span(v.text, "x\0y");
    assert_true(bencode_next(&v, &rest));
    assert_true(bencode_next(&v, &rest));
    assert_int_equal(v.type, BENCODE_LIST);
    assert_span(v.text, "1:pi2e");
    assert_true(bencode_next(&v, &rest));
    assert_true(bencode_next(&v, &rest));
    assert_int_equal(v.type, BENCODE_DICTIONARY);
    assert_span(v.text, "1:q0:");
    assert_false(bencode_next(&v, &rest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_dictionaries_are_taken),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(a_scan_goes_on_where_it_stopped),
        cmocka_unit_test(a_document_ends_before_what_follows),
        cmocka_unit_test(nesting_has_a_bound),
        cmocka_unit_test(length_has_a_bound),
        cmocka_unit_test(members_are_read_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
