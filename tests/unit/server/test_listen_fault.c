/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen_fault.h"

#include <errno.h>

#include "cmocka_all.h"

static void assert_advice(unsigned port, int errnum, const char *want)
{
    char text[LISTEN_FAULT_MAX];
    struct addr at;

    assert_int_equal(addr_parse(&at, SPAN("192.0.2.1"), (uint16_t)port), 0);
    assert_true(listen_fault_advice(text, "listen", &at, errnum));
    assert_string_equal(text, want);
}

static void what_only_the_operator_can_mend_is_told(void **state)
{
    (void)state;
    assert_advice(2855, EADDRINUSE,
                  "192.0.2.1:2855: stop the program that listens there (ss "
                  "-ltnp shows it), or change the port in listen");
    assert_advice(2855, EADDRNOTAVAIL,
                  "192.0.2.1:2855: give this host the address (ip address "
                  "shows those it has), or change listen");
    assert_advice(443, EACCES,
                  "192.0.2.1:443: let systemd bind the port "
                  "(msrprelayd.socket), start as root, or change the port in "
                  "listen");
    assert_advice(2855, EACCES,
                  "192.0.2.1:2855: look for a security policy that forbids "
                  "it, or change listen");
}

static void what_may_pass_needs_no_advice(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, 0};
    char text[LISTEN_FAULT_MAX];
    struct addr at;

    (void)state;
    assert_int_equal(addr_parse(&at, SPAN("::1"), 2855), 0);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        assert_false(listen_fault_advice(text, "listen", &at, errors[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_the_operator_can_mend_is_told),
        cmocka_unit_test(what_may_pass_needs_no_advice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
