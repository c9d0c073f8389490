/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_request.h"

#include "bencode.h"
#include "cmocka_all.h"
#include "err.h"

static struct ng_request read(const char *document)
{
    struct ng_request r;

    assert_int_equal(bencode_check(span_str(document)), 0);
    assert_int_equal(ng_request_read(&r, span_str(document)), 0);
    return r;
}

static int error_of(const char *document)
{
    struct ng_request r;

    assert_int_equal(bencode_check(span_str(document)), 0);
    return ng_request_read(&r, span_str(document));
}

/* A dictionary with nothing but `rtpp-flags`. */
static struct ng_request flags(const char *words)
{
    static char text[1024];

    snprintf(text, sizeof text, "d10:rtpp-flags%zu:%se", strlen(words), words);
    return read(text);
}

static void an_offer_of_kamailio_is_read(void **state)
{
    struct ng_request r =
        read("d8:supportsl10:load limite3:sdp5:v=0\r\n9:directionl1:a1:be"
             "5:flagsl12:TCP/TLS/MSRP5:fatale7:call-id2:c110:via-branch4:z9hG"
             "13:received-froml3:IP413:198.51.100.20e8:from-tag2:f1"
             "6:to-tag2:t17:command5:offere");

    (void)state;
    assert_span(r.command, "offer");
    assert_span(r.sdp, "v=0\r\n");
    assert_span(r.call_id, "c1");
    assert_span(r.via_branch, "z9hG");
    assert_span(r.from_tag, "f1");
    assert_span(r.to_tag, "t1");
    assert_span(r.from_interface, "a");
    assert_span(r.to_interface, "b");
    assert_span(r.received_from, "198.51.100.20");
    assert_span(r.transport_protocol, "TCP/TLS/MSRP");
    assert_true(r.supports_load_limit);
    assert_true(r.is_fatal);
    assert_false(r.has_limit);
}

static void words_of_keys_are_joined_in_three_ways(void **state)
{
    (void)state;
    assert_span(read("d7:call_id1:ce").call_id, "c");
    assert_span(read("d7:call id1:ce").call_id, "c");
    assert_span(read("d18:transport protocol1:xe").transport_protocol, "x");
    assert_span(read("d18:transport_protocol1:xe").transport_protocol, "x");
    assert_span(read("d10:rtpp_flags10:from-tag=fe").from_tag, "f");
    assert_int_equal(read("d7:Call-id1:ce").call_id.n, 0);
    assert_int_equal(read("d6:callid1:ce").call_id.n, 0);
    assert_int_equal(read("d7:call.id1:ce").call_id.n, 0);
}

static void the_first_of_equal_keys_wins(void **state)
{
    (void)state;
    assert_span(read("d7:call-id1:a7:call_id1:b7:call-id1:ce").call_id, "a");
}

static void unknown_keys_may_have_any_type(void **state)
{
    (void)state;
    assert_span(read("d3:TOSi184e7:replacel6:origine5:otherd1:ai1ee"
                     "7:command4:ping0:0:e")
                    .command,
                "ping");
}

static void known_keys_have_their_type(void **state)
{
    (void)state;
    assert_int_equal(error_of("d7:call-idle7:command4:pinge"), ERR_SYNTAX);
    assert_int_equal(error_of("d7:commandi1ee"), ERR_SYNTAX);
    assert_int_equal(error_of("d5:flags3:abce"), ERR_SYNTAX);
    assert_int_equal(error_of("d9:direction1:ae"), ERR_SYNTAX);
    assert_int_equal(error_of("d5:limit1:xe"), ERR_SYNTAX);
    assert_int_equal(error_of("d5:limitlee"), ERR_SYNTAX);
    assert_int_equal(error_of("d3:sdpi0ee"), ERR_SYNTAX);
}

static void limit_is_a_number_or_digits(void **state)
{
    (void)state;
    assert_int_equal(read("d5:limiti7ee").limit, 7);
    assert_int_equal(read("d5:limit2:42e").limit, 42);
    assert_int_equal(read("d5:limiti-1ee").limit, -1);
    assert_true(read("d5:limiti-1ee").has_limit);
    assert_false(read("de").has_limit);
}

static void rtpp_flags_say_what_keys_may(void **state)
{
    struct ng_request r =
        flags("trust-address direction=in direction=out fatal "
              "transport-protocol=TCP/MSRP via-branch=auto "
              "replace=[origin [session connection]] call-id=c from-tag=f "
              "to-tag=t SDES=[from-tag=no direction=no] codec-strip=x");

    (void)state;
    assert_span(r.from_interface, "in");
    assert_span(r.to_interface, "out");
    assert_true(r.is_fatal);
    assert_span(r.transport_protocol, "TCP/MSRP");
    assert_span(r.call_id, "c");
    assert_span(r.from_tag, "f");
    assert_span(r.to_tag, "t");
    assert_int_equal(r.via_branch.n, 0);
    r = flags("internal external TCP/TLS/MSRP");
    assert_span(r.from_interface, "internal");
    assert_span(r.to_interface, "external");
    assert_span(r.transport_protocol, "TCP/TLS/MSRP");
    r = flags(" from-interface=a  direction=[b c] to_interface=[d] ");
    assert_span(r.from_interface, "a");
    assert_span(r.to_interface, "d");
}

static void keys_win_over_words_but_for_the_names_of_the_dialogue(void **state)
{
    struct ng_request r = read(
        "d7:call-id1:c8:from-tag1:f6:to-tag1:t18:transport-protocol8:TCP/MSRP"
        "9:directionl1:a1:be10:rtpp-flags"
        "85:call-id=x from-tag=y to-tag=z transport-protocol=TCP/TLS/MSRP "
        "direction=p direction=qe");

    (void)state;
    assert_span(r.call_id, "x");
    assert_span(r.from_tag, "y");
    assert_span(r.to_tag, "z");
    assert_span(r.transport_protocol, "TCP/MSRP");
    assert_span(r.from_interface, "a");
    assert_span(r.to_interface, "b");
}

static void flags_that_are_cut_short_end_in_order(void **state)
{
    const struct span all = SPAN("a=[b [c] d] from-tag=x [ ] =y z= fatal");
    char text[128];

    (void)state;
    for (size_t n = 0; n <= all.n; n++) {
        span_copy(text, sizeof text, span_of(all.p, n));
        (void)flags(text);
    }
    assert_true(flags("a=[b [c] d] fatal").is_fatal);
    assert_false(flags("a=[b [c] d fatal").is_fatal);
    assert_true(flags("z= fatal").is_fatal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_of_kamailio_is_read),
        cmocka_unit_test(words_of_keys_are_joined_in_three_ways),
        cmocka_unit_test(the_first_of_equal_keys_wins),
        cmocka_unit_test(unknown_keys_may_have_any_type),
        cmocka_unit_test(known_keys_have_their_type),
        cmocka_unit_test(limit_is_a_number_or_digits),
        cmocka_unit_test(rtpp_flags_say_what_keys_may),
        cmocka_unit_test(keys_win_over_words_but_for_the_names_of_the_dialogue),
        cmocka_unit_test(flags_that_are_cut_short_end_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
