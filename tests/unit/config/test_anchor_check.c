/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: geteuid getpwnam getgrnam gethostname */
/* The group `anchor` (A-3b). */
#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "cmocka_all.h"

#define NG "anchor: { listen = [ \"udp:127.0.0.1:0\" ];\n"

static void check_one(struct checked *x, const char *anchor, const char *fault,
                      const char *warning)
{
    char text[1024];

    snprintf(text, sizeof text, "%s%s", TCP, anchor);
    checked_rest(x, text);
    assert_string_equal(x->faults.text, fault);
    assert_string_equal(x->warnings.text, warning);
}

static void what_is_whole_passes(void **state)
{
    struct checked *x = *state;

    check_one(x, NG "};", "",
              "test.conf:3: anchor.listen: all listeners are on loopback: "
              "every offer is refused without anchor.interfaces\n");
    check_one(x,
              NG "interfaces = ( { name = \"in\"; address = \"127.0.0.1\"; },"
                 " { address = \"::1\"; host = \"relay.example\"; } );\n"
                 "prefer = \"active\"; trust_sdp = true; };",
              "", "");
}

static void bad_values_are_faults(void **state)
{
    struct checked *x = *state;

    check_one(x, "anchor: { listen = [ \"127.0.0.1:2223\" ]; };",
              "test.conf:3: anchor.listen must be \"udp:ADDRESS:PORT\" or "
              "\"tcp:ADDRESS:PORT\", not \"127.0.0.1:2223\"\n",
              "");
    check_one(x, "anchor: { allow = [ \"10.0.0.1/8\" ]; };",
              "test.conf:3: anchor.allow must be a block with no bits set "
              "after its prefix, not \"10.0.0.1/8\"\n",
              "");
    check_one(x, "anchor: { prefer = \"both\"; };",
              "test.conf:3: anchor.prefer must be one of \"passive\", "
              "\"active\", not \"both\"\n",
              "");
    check_one(x, "anchor: { interfaces = ( { address = \"host\"; } ); };",
              "test.conf:3: anchor.interfaces.address must be a numeric "
              "address, not \"host\"\n",
              "");
}

static void interfaces_need_an_address_and_a_listener(void **state)
{
    struct checked *x = *state;

    check_one(x, NG "interfaces = ( { name = \"in\"; } ); };",
              "test.conf:4: anchor.interfaces: address is missing\n", "");
    check_one(x,
              NG "interfaces = ( { address = \"127.0.0.1\"; "
                 "transport = \"tls\"; } ); };",
              "test.conf:4: anchor.interfaces: no listener with transport "
              "tls\n",
              "");
    check_one(x,
              NG "interfaces = ( { address = \"127.0.0.1\"; port = 7; } ); };",
              "test.conf:4: anchor.interfaces: no listener with transport tcp "
              "at port 7\n",
              "");
}

static void addresses_of_others_are_a_warning(void **state)
{
    check_one(*state, NG "interfaces = ( { address = \"192.0.2.10\"; } ); };",
              "",
              "test.conf:4: anchor.interfaces: this host does not "
              "have the address 192.0.2.10\n");
}

static void without_interfaces_loopback_alone_is_a_warning(void **state)
{
    struct checked *x = *state;

    checked_rest(x, "listen = ( { transport = \"tcp\"; address = \"::1\"; } "
                    ");\n" NG "};");
    assert_string_equal(x->faults.text, "");
    assert_non_null(strstr(x->warnings.text, "all listeners are on loopback"));
}

static void a_host_that_the_certificate_does_not_name_is_a_warning(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "relay.pem", "relay.key",
                "};\n" NG "interfaces = ( { address = \"127.0.0.1\"; "
                "host = \"relay.example\"; transport = \"tls\"; },\n"
                "{ address = \"127.0.0.1\"; host = \"other.example\"; "
                "transport = \"tls\"; } );");
    assert_string_equal(x->faults.text, "");
    assert_non_null(strstr(x->warnings.text,
                           "anchor.interfaces: tls.certificate does not name "
                           "other.example\n"));
    assert_null(strstr(x->warnings.text, "not name relay.example"));
}

#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, checked_setup, checked_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_is_whole_passes),
        WITH(bad_values_are_faults),
        WITH(interfaces_need_an_address_and_a_listener),
        WITH(addresses_of_others_are_a_warning),
        WITH(without_interfaces_loopback_alone_is_a_warning),
        WITH(a_host_that_the_certificate_does_not_name_is_a_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
