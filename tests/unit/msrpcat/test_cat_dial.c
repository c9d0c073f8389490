/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_dial.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

static void assert_parsed(const char *text, const char *host, const char *port)
{
    struct cat_dial_to to;

    assert_int_equal(cat_dial_parse(&to, span_str(text), NULL), 0);
    assert_string_equal(to.host, host);
    assert_string_equal(to.port, port);
}

static void a_host_and_a_port_are_told_apart(void **state)
{
    (void)state;
    assert_parsed("localhost:2855", "localhost", "2855");
    assert_parsed("192.0.2.1:1", "192.0.2.1", "1");
    assert_parsed("[2001:db8::1]:65535", "2001:db8::1", "65535");
}

static void what_has_no_port_or_a_wrong_one_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",         "localhost", "localhost:", ":2855", "x:0", "x:65536",
        "::1:2855", "[::1]",     "[]:1",       "x:1x",  "2855"};
    struct cat_dial_to to;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(cat_dial_parse(&to, span_str(wrong[i]), NULL),
                         ERR_SYNTAX);
}

static void a_listener_may_leave_the_host_out(void **state)
{
    struct cat_dial_to to;

    (void)state;
    assert_int_equal(cat_dial_parse(&to, SPAN("0"), "127.0.0.1"), 0);
    assert_string_equal(to.host, "127.0.0.1");
    assert_string_equal(to.port, "0");
    assert_int_equal(cat_dial_parse(&to, SPAN("[::1]:0"), "127.0.0.1"), 0);
    assert_string_equal(to.host, "::1");
}

static void a_uri_says_where_and_whether_securely(void **state)
{
    struct cat_dial_to to;
    bool secure;

    (void)state;
    assert_int_equal(
        cat_dial_from_uri(&to, &secure, SPAN("msrps://r.example.com:99/x;tcp")),
        0);
    assert_string_equal(to.host, "r.example.com");
    assert_string_equal(to.port, "99");
    assert_true(secure);
    assert_int_equal(
        cat_dial_from_uri(&to, &secure, SPAN("msrp://[::1]:7/x;tcp")), 0);
    assert_string_equal(to.host, "::1");
    assert_false(secure);
    assert_int_equal(
        cat_dial_from_uri(&to, &secure, SPAN("msrps://r.example.com;tcp")), 0);
    assert_string_equal(to.port, "2855");
    assert_int_equal(cat_dial_from_uri(&to, &secure, SPAN("sip:alice")),
                     ERR_SYNTAX);
}

static void a_call_reaches_who_listens(void **state)
{
    struct cat_dial_own own;
    struct cat_dial_to at;
    int listener, caller, called;
    char octet = 0;

    (void)state;
    assert_int_equal(cat_dial_parse(&at, SPAN("0"), "127.0.0.1"), 0);
    assert_int_equal(cat_dial_listen(&listener, &own, &at), 0);
    assert_int_equal(cat_dial_parse(&at, span_str(own.authority), NULL), 0);
    assert_string_not_equal(at.port, "0");
    assert_string_equal(at.host, "127.0.0.1");
    assert_string_equal(own.address, "127.0.0.1");
    assert_int_equal(cat_dial_connect(&caller, &at, 5000), 0);
    assert_int_equal(cat_dial_accept(&called, listener), 0);
    assert_int_equal(write(caller, "x", 1), 1);
    close(caller);
    while (read(called, &octet, 1) < 0)
        ;
    assert_int_equal(octet, 'x');
    close(called);
    /* Nobody listens any more. */
    assert_int_equal(cat_dial_connect(&caller, &at, 5000), ERR_IO);
}

/* The host stays as it was given; the address is what SDP can have. */
static void a_listener_has_a_name_and_an_address(void **state)
{
    struct cat_dial_to at = {"localhost", "0"};
    struct cat_dial_own own;
    int listener;

    (void)state;
    assert_int_equal(cat_dial_listen(&listener, &own, &at), 0);
    assert_true(span_starts(span_str(own.authority), SPAN("localhost:")));
    assert_true(strcmp(own.address, "127.0.0.1") == 0 ||
                strcmp(own.address, "::1") == 0);
    close(listener);
}

static void an_end_that_does_not_listen_has_an_address_too(void **state)
{
    struct cat_dial_to towards = {"127.0.0.1", "7"};
    struct cat_dial_own own;

    (void)state;
    assert_int_equal(cat_dial_local(&own, NULL, 9, &towards), 0);
    assert_string_equal(own.authority, "127.0.0.1:9");
    assert_string_equal(own.address, "127.0.0.1");
    assert_int_equal(cat_dial_local(&own, "::1", 9, NULL), 0);
    assert_string_equal(own.authority, "[::1]:9");
    assert_string_equal(own.address, "::1");
    assert_int_equal(cat_dial_local(&own, "no.invalid", 9, NULL),
                     ERR_NOT_FOUND);
    assert_int_equal(cat_dial_local(&own, NULL, 9, NULL), 0);
    assert_true(own.address[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_and_a_port_are_told_apart),
        cmocka_unit_test(what_has_no_port_or_a_wrong_one_is_refused),
        cmocka_unit_test(a_listener_may_leave_the_host_out),
        cmocka_unit_test(a_uri_says_where_and_whether_securely),
        cmocka_unit_test(a_call_reaches_who_listens),
        cmocka_unit_test(a_listener_has_a_name_and_an_address),
        cmocka_unit_test(an_end_that_does_not_listen_has_an_address_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
