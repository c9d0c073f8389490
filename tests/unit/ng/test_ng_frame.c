/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_frame.h"

#include "cmocka_all.h"
#include "err.h"

static void a_message_is_a_cookie_and_a_document(void **state)
{
    char longest[NG_COOKIE_MAX + 4];
    struct ng_frame f;

    (void)state;
    assert_int_equal(ng_frame_split(&f, SPAN("0_811_1 d1: e")), 0);
    assert_span(f.cookie, "0_811_1");
    assert_span(f.document, "d1: e");
    assert_int_equal(ng_frame_split(&f, SPAN("a ")), 0);
    assert_int_equal(f.document.n, 0);
    assert_int_equal(ng_frame_split(&f, SPAN("")), ERR_SYNTAX);
    assert_int_equal(ng_frame_split(&f, SPAN(" de")), ERR_SYNTAX);
    assert_int_equal(ng_frame_split(&f, SPAN("de")), ERR_SYNTAX);
    memset(longest, 'x', sizeof longest);
    longest[NG_COOKIE_MAX] = ' ';
    assert_int_equal(ng_frame_split(&f, span_of(longest, sizeof longest)), 0);
    longest[NG_COOKIE_MAX] = 'x';
    longest[NG_COOKIE_MAX + 1] = ' ';
    assert_int_equal(ng_frame_split(&f, span_of(longest, sizeof longest)),
                     ERR_SYNTAX);
}

/* Finds the message at the front of `all`, fed octet by octet, with nothing
 * behind what has come. */
static int scan(struct span all, size_t *n)
{
    struct ng_frame_scan s = {0};
    int err = ERR_AGAIN;

    for (size_t i = 0; i <= all.n && err == ERR_AGAIN; i++) {
        char *copy = malloc(i + 1);

        memcpy(copy, all.p, i);
        err = ng_frame_scan(&s, span_of(copy, i), n);
        free(copy);
    }
    return err;
}

static void a_stream_is_cut_where_documents_end(void **state)
{
    size_t n;

    (void)state;
    assert_int_equal(scan(SPAN("1 d1:a1:be2 de"), &n), 0);
    assert_int_equal(n, 10);
    assert_int_equal(scan(SPAN("1 {\"a\":\"}\"}2 {}"), &n), 0);
    assert_int_equal(n, 11);
    assert_int_equal(scan(SPAN("1 d1:a1:b"), &n), ERR_AGAIN);
    assert_int_equal(scan(SPAN("1 "), &n), ERR_AGAIN);
    assert_int_equal(scan(SPAN("1"), &n), ERR_AGAIN);
}

static void what_has_no_end_is_told_from_what_has_no_cookie(void **state)
{
    static char text[NG_MESSAGE_MAX + 10];
    struct ng_frame_scan s = {0};
    size_t n;

    (void)state;
    assert_int_equal(scan(SPAN("1 ping"), &n), ERR_SYNTAX);
    assert_int_equal(scan(SPAN("1 dxe"), &n), ERR_SYNTAX);
    assert_int_equal(scan(SPAN("1 d9999999999:a"), &n), ERR_LIMIT);
    assert_int_equal(scan(SPAN(" de"), &n), ERR_NOT_FOUND);
    memset(text, 'x', sizeof text);
    assert_int_equal(scan(span_of(text, NG_COOKIE_MAX + 1), &n), ERR_NOT_FOUND);
    memcpy(text, "1 {\"", 4);
    assert_int_equal(ng_frame_scan(&s, span_of(text, sizeof text), &n),
                     ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_a_cookie_and_a_document),
        cmocka_unit_test(a_stream_is_cut_where_documents_end),
        cmocka_unit_test(what_has_no_end_is_told_from_what_has_no_cookie),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
