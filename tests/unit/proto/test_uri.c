/* SPDX-License-Identifier: BSD-2-Clause */
#include "uri.h"

#include "cmocka_all.h"
#include "err.h"

static struct uri parsed(const char *text)
{
    struct uri u;
    int err = uri_parse(&u, span_str(text));

    if (err)
        fail_msg("refused: %s", text);
    return u;
}

static void assert_refused(const char *text)
{
    struct uri u = {.port = 77};

    if (uri_parse(&u, span_str(text)) != ERR_SYNTAX)
        fail_msg("not refused: %s", text);
    assert_int_equal(u.port, 77);
}

static bool equal(const char *a, const char *b)
{
    struct uri x = parsed(a), y = parsed(b);
    bool yes = uri_equal(&x, &y);

    assert_int_equal(uri_equal(&y, &x), yes);
    if (yes) {
        char k[512], l[512];
        size_t n = uri_key(k, sizeof k, &x);

        assert_int_equal(uri_key(l, sizeof l, &y), n);
        assert_memory_equal(k, l, n);
    }
    return yes;
}

/* --- taking apart
 * ------------------------------------------------------------- */

static void all_parts_are_found(void **state)
{
    const char *text =
        "msrps://user@host.example:2855/session-id;tcp;param=value;flag";
    struct uri u = parsed(text);

    (void)state;
    assert_span_equal(u.text, span_str(text));
    assert_ptr_equal(u.text.p, text);
    assert_true(u.secure);
    assert_span(u.host, "host.example");
    assert_int_equal(u.port, 2855);
    assert_span(u.session_id, "session-id");
    assert_span(u.transport, "tcp");
}

/* R4975-6-d, R4976-8-d: a relay's bare URI. */
static void user_port_and_session_id_may_be_absent(void **state)
{
    struct uri u = parsed("msrp://h;tcp");

    (void)state;
    assert_false(u.secure);
    assert_span(u.host, "h");
    assert_int_equal(u.port, 0);
    assert_true(span_is_empty(u.session_id));
    assert_span(u.transport, "tcp");
}

/* Example E12 and I-14. */
static void a_session_id_runs_to_the_first_semicolon(void **state)
{
    struct uri u = parsed("msrps://[2001:db8:0:7::b]:9000/j+Kd=0/pE5rUy7;tcp");

    (void)state;
    assert_span(u.host, "[2001:db8:0:7::b]");
    assert_int_equal(u.port, 9000);
    assert_span(u.session_id, "j+Kd=0/pE5rUy7");
    u = parsed("msrp://h:1/-._~aZ09/+==/;ws");
    assert_span(u.session_id, "-._~aZ09/+==/");
    assert_span(u.transport, "ws");
}

/* RFC 4975 trap 8: generic parsers swallow the transport. */
static void an_authority_is_split_at_the_right_marks(void **state)
{
    struct uri u = parsed("msrps://a;b:c,d=e@h:1/x;tcp");

    (void)state;
    assert_span(u.host, "h");
    u = parsed("msrps://relay.example.com;tcp@other.example:1/x;tcp");
    assert_span(u.host, "other.example");
    u = parsed("msrp://a=b,c+d!:7/x;tcp");
    assert_span(u.host, "a=b,c+d!");
    assert_int_equal(u.port, 7);
    u = parsed("msrp://u%40v@h;tcp");
    assert_span(u.host, "h");
}

/* I-15, RFC 8873: unknown transports are for others to dial. */
static void any_alphanumeric_transport_is_taken(void **state)
{
    (void)state;
    assert_span(parsed("msrps://x.invalid:9/s;ws").transport, "ws");
    assert_span(parsed("msrps://x.invalid:9/s;dc").transport, "dc");
    assert_span(parsed("msrps://x.invalid:9/s;X2").transport, "X2");
}

static void the_scheme_is_msrp_or_msrps(void **state)
{
    (void)state;
    assert_true(parsed("MSRPS://h:1/x;tcp").secure);
    assert_false(parsed("mSrP://h:1/x;tcp").secure);
    assert_refused("sip://h:1/x;tcp");
    assert_refused("msrpx://h:1/x;tcp");
    assert_refused("msrp:/h:1/x;tcp");
    assert_refused("msrp:h:1/x;tcp");
    assert_refused("");
    assert_refused("msrps");
    assert_refused("msrps://");
}

/* R4975-6-b. */
static void a_missing_transport_is_refused(void **state)
{
    (void)state;
    assert_refused("msrp://h:1/x");
    assert_refused("msrp://h:1");
    assert_refused("msrp://h");
    assert_refused("msrp://h:1/x;");
    assert_refused("msrp://h:1/x;;tcp");
    assert_refused("msrp://h:1/x;param=value");
    assert_refused("msrp://h:1/x;t-cp");
}

static void parameters_are_tokens_with_or_without_a_value(void **state)
{
    (void)state;
    parsed("msrp://h:1/x;tcp;a;b=c;d%41=~e");
    assert_refused("msrp://h:1/x;tcp;");
    assert_refused("msrp://h:1/x;tcp;a;;b");
    assert_refused("msrp://h:1/x;tcp;=b");
    assert_refused("msrp://h:1/x;tcp;a=");
    assert_refused("msrp://h:1/x;tcp;a=b=c");
    assert_refused("msrp://h:1/x;tcp;a=\"b\"");
    assert_refused("msrp://h:1/x;tcp;a/b");
    assert_refused("msrp://h:1/x;tcp;a=u@v");
}

/* R4975-6-c, R4976-8-b. */
static void a_numeric_host_needs_a_port(void **state)
{
    (void)state;
    assert_refused("msrp://192.0.2.1/x;tcp");
    assert_refused("msrps://192.0.2.1;tcp");
    assert_refused("msrps://[2001:db8::1];tcp");
    assert_refused("msrps://%3192.0.2.1;tcp");
    parsed("msrps://192.0.2.1:1;tcp");
    parsed("msrps://[2001:db8::1]:1;tcp");
    parsed("msrps://192.0.2.256;tcp");
    parsed("msrps://192.0.2;tcp");
}

/* D-6. */
static void a_port_is_1_to_65535(void **state)
{
    (void)state;
    assert_int_equal(parsed("msrp://h:1;tcp").port, 1);
    assert_int_equal(parsed("msrp://h:65535;tcp").port, 65535);
    assert_int_equal(parsed("msrp://h:02855;tcp").port, 2855);
    assert_refused("msrp://h:;tcp");
    assert_refused("msrp://h:/x;tcp");
    assert_refused("msrp://h:0;tcp");
    assert_refused("msrp://h:65536;tcp");
    assert_refused("msrp://h:18446744073709551617;tcp");
    assert_refused("msrp://h:28a;tcp");
    assert_refused("msrp://h:-1;tcp");
    assert_refused("msrp://h:1:2;tcp");
}

static void a_session_id_is_not_empty_and_of_its_alphabet(void **state)
{
    (void)state;
    assert_refused("msrp://h:1/;tcp");
    assert_refused("msrp://h:1/a%41;tcp");
    assert_refused("msrp://h:1/a?b;tcp");
    assert_refused("msrp://h:1/a#b;tcp");
    assert_refused("msrp://h:1/a@b;tcp");
    assert_refused("msrp://h:1/a:b;tcp");
}

static void a_host_is_a_name_or_an_address_in_brackets(void **state)
{
    (void)state;
    parsed("msrp://[v7.ab:c]:1;tcp");
    assert_refused("msrp://:1/x;tcp");
    assert_refused("msrp://;tcp");
    assert_refused("msrp://u@;tcp");
    assert_refused("msrp://[]:1;tcp");
    assert_refused("msrp://[::1:1;tcp");
    assert_refused("msrp://[::1]x:1;tcp");
    assert_refused("msrp://[1.2.3.4]:1;tcp");
    assert_refused("msrp://[fe80::1%25eth0]:1;tcp");
    assert_refused("msrp://[v.x]:1;tcp");
    assert_refused("msrp://[v7.]:1;tcp");
    assert_refused("msrp://[vg.x]:1;tcp");
    assert_refused("msrp://2001:db8::1:1;tcp");
    assert_refused("msrp://a@b@c:1;tcp");
    assert_refused("msrp://a\"b:1;tcp");
}

static void percent_stands_before_two_hex_digits(void **state)
{
    (void)state;
    parsed("msrp://a%2Db;tcp");
    assert_refused("msrp://a%2;tcp");
    assert_refused("msrp://a%;tcp");
    assert_refused("msrp://a%g0;tcp");
    assert_refused("msrp://%x@h;tcp");
}

/* R4975-6-a; a header value ends at SP. */
static void only_visible_ascii_is_taken(void **state)
{
    static const char text[] = "msrps://u@host:2855/sid;tcp;p=v";
    char bad[sizeof text];
    struct uri u;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        static const char octets[] = {'\0', '\t', '\r', '\n',
                                      ' ',  0x7f, -1,   -128};

        for (size_t k = 0; k < sizeof octets; k++) {
            memcpy(bad, text, sizeof text);
            bad[i] = octets[k];
            assert_int_equal(uri_parse(&u, span_of(bad, sizeof text - 1)),
                             ERR_SYNTAX);
        }
    }
}

/* Nothing behind the end of the span may be looked at. */
static void a_uri_cut_anywhere_is_read_no_further(void **state)
{
    static const char text[] = "msrps://u%41@[2001:db8::1]:2855/sid;tcp;p=v";
    struct uri u;

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *exact = test_malloc(n + 1);
        struct span cut = span_of(exact + 1, n);

        memcpy(exact + 1, text, n);
        if (!uri_parse(&u, cut))
            assert_span_equal(u.text, cut);
        test_free(exact);
    }
}

static void a_name_over_255_octets_is_refused(void **state)
{
    char text[400] = "msrp://";

    (void)state;
    memset(text + 7, 'a', 255);
    span_copy(text + 7 + 255, 100, SPAN(":1;tcp"));
    assert_int_equal(parsed(text).host.n, 255);
    memset(text + 7, 'a', 256);
    span_copy(text + 7 + 256, 100, SPAN(":1;tcp"));
    assert_refused(text);
}

/* --- comparing: R4975-6.1
 * ------------------------------------------------------ */

static void schemes_compare_without_case(void **state)
{
    (void)state;
    assert_true(equal("MSRPS://h:1/x;tcp", "msrps://h:1/x;tcp"));
    assert_false(equal("msrp://h:1/x;tcp", "msrps://h:1/x;tcp"));
}

static void names_compare_without_case_and_escapes(void **state)
{
    (void)state;
    assert_true(
        equal("msrp://EXAMPLE%2eNET:1/x;tcp", "msrp://example.net:1/x;tcp"));
    assert_true(equal("msrp://%65x%2Dy:1/x;tcp", "msrp://eX-y:1/x;tcp"));
    assert_true(equal("msrp://a%3Bb:1/x;tcp", "msrp://a%3bB:1/x;tcp"));
    assert_false(equal("msrp://a%2Cb:1/x;tcp", "msrp://a,b:1/x;tcp"));
    assert_false(equal("msrp://a.example:1/x;tcp", "msrp://b.example:1/x;tcp"));
}

static void addresses_compare_by_value(void **state)
{
    (void)state;
    assert_true(equal("msrp://[2001:DB8:0::1]:1/x;tcp",
                      "msrp://[2001:db8::1]:1/x;tcp"));
    assert_true(equal("msrp://[::ffff:192.0.2.1]:1/x;tcp",
                      "msrp://[::ffff:c000:201]:1/x;tcp"));
    assert_false(
        equal("msrp://[2001:db8::2]:1/x;tcp", "msrp://[2001:db8::1]:1/x;tcp"));
    assert_true(equal("msrp://192.0.2.1:1/x;tcp", "msrp://192.0.2.1:1/x;tcp"));
    assert_false(equal("msrp://192.0.2.1:1/x;tcp", "msrp://192.0.2.2:1/x;tcp"));
    assert_true(equal("msrp://[v7.AB]:1/x;tcp", "msrp://[V7.ab]:1/x;tcp"));
}

/* D-6. */
static void a_mapped_address_is_not_the_ipv4_address(void **state)
{
    (void)state;
    assert_false(
        equal("msrp://[::ffff:192.0.2.1]:1/x;tcp", "msrp://192.0.2.1:1/x;tcp"));
}

static void a_future_address_is_not_the_ipv6_address_of_its_octets(void **state)
{
    (void)state;
    assert_false(equal("msrp://[v1.aaaaaaaaaaaaa]:1/x;tcp",
                       "msrp://[7631:2e61:6161:6161:6161:6161:6161:6161]:1"
                       "/x;tcp"));
}

static void the_user_does_not_count(void **state)
{
    (void)state;
    assert_true(equal("msrp://bob@h:1/x;tcp", "msrp://h:1/x;tcp"));
    assert_true(equal("msrp://bob@h:1/x;tcp", "msrp://alice@h:1/x;tcp"));
}

/* S-9: one, where there is a name in front of it. */
static void a_final_dot_is_not_part_of_the_host(void **state)
{
    (void)state;
    assert_span_equal(parsed("msrps://bob.test.:1/x;tcp").host,
                      SPAN("bob.test"));
    assert_span_equal(parsed("msrps://bob.test..:1/x;tcp").host,
                      SPAN("bob.test."));
    assert_span_equal(parsed("msrps://.:1/x;tcp").host, SPAN("."));
    assert_true(equal("msrps://BOB.test.:1/x;tcp", "msrps://bob.test:1/x;tcp"));
    assert_true(uri_host_is_numeric(parsed("msrp://127.0.0.1.:1/x;tcp").host));
}

static void an_explicit_port_never_equals_an_absent_one(void **state)
{
    (void)state;
    assert_false(equal("msrp://h:2855/x;tcp", "msrp://h/x;tcp"));
    assert_false(equal("msrp://h:2855/x;tcp", "msrp://h:2856/x;tcp"));
    assert_true(equal("msrp://h:02855/x;tcp", "msrp://h:2855/x;tcp"));
}

static void session_ids_compare_octet_by_octet(void **state)
{
    (void)state;
    assert_false(equal("msrp://h:1/aBc;tcp", "msrp://h:1/abc;tcp"));
    assert_false(equal("msrp://h:1/x;tcp", "msrp://h:1;tcp"));
    /* R4975-6.1-g */
    assert_false(equal("msrp://h:1/a/../b;tcp", "msrp://h:1/b;tcp"));
}

static void transports_compare_without_case(void **state)
{
    (void)state;
    assert_true(equal("msrp://h:1/x;TCP", "msrp://h:1/x;tcp"));
    assert_false(equal("msrp://h:1/x;sctp", "msrp://h:1/x;tcp"));
}

/* D-6, I-27. */
static void other_parameters_do_not_count(void **state)
{
    (void)state;
    assert_true(equal("msrp://h:1/x;tcp;a=b", "msrp://h:1/x;tcp"));
    assert_true(equal("msrp://h:1/x;tcp;a=b", "msrp://h:1/x;tcp;c"));
}

static void hosts_compare_alone(void **state)
{
    (void)state;
    assert_true(uri_host_equal(SPAN("Relay.Example"), SPAN("relay.example")));
    assert_true(uri_host_equal(SPAN("[::1]"), SPAN("[0:0::1]")));
    assert_false(uri_host_equal(SPAN("relay.example"), SPAN("example")));
    assert_false(uri_host_equal(SPAN("[::1]"), SPAN("::1")));
    assert_false(uri_host_equal(SPAN("a"), SPAN("")));
    assert_true(uri_host_equal(SPAN(""), SPAN("")));
}

static void numeric_hosts_are_recognised(void **state)
{
    (void)state;
    assert_true(uri_host_is_numeric(SPAN("192.0.2.1")));
    assert_true(uri_host_is_numeric(SPAN("[2001:db8::1]")));
    assert_true(uri_host_is_numeric(SPAN("[v1.x]")));
    assert_false(uri_host_is_numeric(SPAN("192.0.2.1.example")));
    assert_false(uri_host_is_numeric(SPAN("192.0.2.1\0")));
    assert_false(uri_host_is_numeric(SPAN("2001:db8::1")));
    assert_false(uri_host_is_numeric(SPAN("relay.example.com")));
    assert_false(uri_host_is_numeric(SPAN("[x]")));
    assert_false(uri_host_is_numeric(SPAN("[")));
    assert_false(uri_host_is_numeric(SPAN("")));
}

static void unequal_uris_have_unequal_keys_if_there_is_room(void **state)
{
    static const char *const texts[] = {
        "msrp://h:1/x;tcp",  "msrps://h:1/x;tcp",    "msrp://h:2/x;tcp",
        "msrp://h/x;tcp",    "msrp://h:1/y;tcp",     "msrp://h:1;tcp",
        "msrp://h:1/x;ws",   "msrp://i:1/x;tcp",     "msrp://1.2.3.4:1/x;tcp",
        "msrp://h:1/xt;tcp", "msrp://[::1]:1/x;tcp",
    };
    enum { N = sizeof texts / sizeof *texts };
    char keys[N][64];
    size_t n[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        struct uri u = parsed(texts[i]);

        n[i] = uri_key(keys[i], sizeof keys[i], &u);
        for (size_t k = 0; k < i; k++)
            assert_false(
                span_eq(span_of(keys[i], n[i]), span_of(keys[k], n[k])));
    }
}

static void a_key_is_cut_to_its_room(void **state)
{
    struct uri u = parsed("msrps://host.example:1/session-id;tcp");
    char all[64], some[64];
    size_t n = uri_key(all, sizeof all, &u);

    (void)state;
    for (size_t size = 0; size <= n; size++) {
        memset(some, '#', sizeof some);
        assert_int_equal(uri_key(some, size, &u), size);
        assert_memory_equal(some, all, size);
        assert_int_equal(some[size], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_are_found),
        cmocka_unit_test(user_port_and_session_id_may_be_absent),
        cmocka_unit_test(a_session_id_runs_to_the_first_semicolon),
        cmocka_unit_test(an_authority_is_split_at_the_right_marks),
        cmocka_unit_test(any_alphanumeric_transport_is_taken),
        cmocka_unit_test(the_scheme_is_msrp_or_msrps),
        cmocka_unit_test(a_missing_transport_is_refused),
        cmocka_unit_test(parameters_are_tokens_with_or_without_a_value),
        cmocka_unit_test(a_numeric_host_needs_a_port),
        cmocka_unit_test(a_port_is_1_to_65535),
        cmocka_unit_test(a_session_id_is_not_empty_and_of_its_alphabet),
        cmocka_unit_test(a_host_is_a_name_or_an_address_in_brackets),
        cmocka_unit_test(percent_stands_before_two_hex_digits),
        cmocka_unit_test(only_visible_ascii_is_taken),
        cmocka_unit_test(a_uri_cut_anywhere_is_read_no_further),
        cmocka_unit_test(a_name_over_255_octets_is_refused),
        cmocka_unit_test(schemes_compare_without_case),
        cmocka_unit_test(names_compare_without_case_and_escapes),
        cmocka_unit_test(addresses_compare_by_value),
        cmocka_unit_test(a_mapped_address_is_not_the_ipv4_address),
        cmocka_unit_test(
            a_future_address_is_not_the_ipv6_address_of_its_octets),
        cmocka_unit_test(the_user_does_not_count),
        cmocka_unit_test(a_final_dot_is_not_part_of_the_host),
        cmocka_unit_test(an_explicit_port_never_equals_an_absent_one),
        cmocka_unit_test(session_ids_compare_octet_by_octet),
        cmocka_unit_test(transports_compare_without_case),
        cmocka_unit_test(other_parameters_do_not_count),
        cmocka_unit_test(hosts_compare_alone),
        cmocka_unit_test(numeric_hosts_are_recognised),
        cmocka_unit_test(unequal_uris_have_unequal_keys_if_there_is_room),
        cmocka_unit_test(a_key_is_cut_to_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
