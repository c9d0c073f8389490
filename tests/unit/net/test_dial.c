/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: loop_now_ms connect */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "dial_rig.h"
#include "err.h"

/* --- connections --- */

static void the_receiver_gets_a_socket_that_works(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;
    char octet = 0;
    int there;

    dial_rig_host(d, "a.example", "127.0.0.1");
    h = dial_rig_call(d, "a.example");
    assert_int_equal(h.result.err, 0);
    assert_int_equal(h.result.tried, 1);
    assert_int_equal(h.result.denied, 0);
    assert_int_equal(h.result.errnum, 0);
    assert_int_equal(h.result.backoff_ms, 0);
    assert_true(fcntl(h.result.fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(h.result.fd, F_GETFD) & FD_CLOEXEC);
    there = accept4(d->listening[0], NULL, NULL, SOCK_CLOEXEC);
    assert_true(there >= 0);
    assert_int_equal(send(h.result.fd, "x", 1, 0), 1);
    assert_int_equal(recv(there, &octet, 1, 0), 1);
    assert_int_equal(octet, 'x');
    close(there);
    close(h.result.fd);
}

static void literals_are_dialled_too(void **state)
{
    struct dial_rig *d = *state;

    assert_dial_connects(d, "127.0.0.1", "127.0.0.1");
    assert_dial_connects(d, "[::1]", "[::1]");
}

static void a_name_without_port_leads_to_its_service(void **state)
{
    struct dial_rig *d = *state;
    struct dns_srv srv = {.port = d->port, .target = "t.example"};
    struct heard h = {.rig = d};

    dns_stub_srv(d->names->stub, "a.example", 60, &srv);
    dial_rig_host(d, "t.example", "127.0.0.1");
    assert_int_equal(dial_start(&h.call, d->dial, SPAN("a.example"), 0, false,
                                dial_rig_done, &h),
                     0);
    dial_rig_wait(&h);
    assert_int_equal(h.result.err, 0);
    close(h.result.fd);
}

static void after_a_dead_address_comes_the_next(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;

    dial_rig_host(d, "a.example", "127.0.0.2"); /* nobody */
    dial_rig_host(d, "a.example", "127.0.0.4");
    dial_rig_host(d, "a.example", "127.0.0.1");
    dial_rig_host(d, "a.example", "127.0.0.5");
    h = dial_rig_call(d, "a.example");
    assert_int_equal(h.result.err, 0);
    assert_int_equal(h.result.tried, 3);
    assert_string_equal(dial_rig_system.connected,
                        "127.0.0.2 127.0.0.4 127.0.0.1");
    close(h.result.fd);
}

static void a_silent_address_has_its_time_and_no_more(void **state)
{
    struct dial_rig *d = *state;

    dial_rig_set_times(d, 30, 20000);
    dial_rig_host(d, "a.example", "127.0.0.3");
    dial_rig_host(d, "a.example", "127.0.0.1");
    assert_dial_connects(d, "a.example", "127.0.0.1");
    assert_string_equal(dial_rig_system.connected, "127.0.0.3 127.0.0.1");
}

/* S-21: the next one does not wait for its end. */
static void a_silent_address_is_joined_by_the_next(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;

    dial_rig_set_times(d, 100000, 100000);
    dial_rig_host(d, "a.example", "127.0.0.3");
    dial_rig_host(d, "a.example", "127.0.0.2"); /* nobody */
    dial_rig_host(d, "a.example", "127.0.0.1");
    h = dial_rig_call(d, "a.example");
    assert_int_equal(h.result.err, 0);
    assert_int_equal(h.result.tried, 3);
    assert_string_equal(dial_rig_system.connected,
                        "127.0.0.3 127.0.0.2 127.0.0.1");
    close(h.result.fd);
}

/* More are silent than may be tried at once: each has its time. */
static void many_silent_addresses_are_tried_a_few_at_a_time(void **state)
{
    struct dial_rig *d = *state;

    dial_rig_set_times(d, 20, 100000);
    for (int i = 0; i < 6; i++)
        dial_rig_host(d, "a.example", "127.0.0.3");
    assert_dial_fails(d, "a.example", ERR_TIMEOUT);
    dial_rig_set_times(d, 100000, 1200);
    for (int i = 0; i < 6; i++)
        dial_rig_host(d, "b.example", "127.0.0.3");
    dial_rig_forget_connects();
    assert_dial_fails(d, "b.example", ERR_TIMEOUT);
    assert_in_range(dial_rig_system.connects, 1, 4);
}

static void ipv6_and_ipv4_are_tried_in_turn(void **state)
{
    struct dial_rig *d = *state;

    dial_rig_host(d, "a.example", "127.0.0.2");
    dial_rig_host(d, "a.example", "127.0.0.1");
    dial_rig_host(d, "a.example", "::1");
    dial_rig_system.fail_with[0] = ENETUNREACH;
    assert_dial_connects(d, "a.example", "127.0.0.1");
    assert_string_equal(dial_rig_system.connected, "::1 127.0.0.2 127.0.0.1");
}

/* --- the policy --- */

static void what_is_denied_is_never_connected_to(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "127.255.0.9", "::1",
                                            "::ffff:127.0.0.1"};
    struct dial_rig *d = *state;
    char name[32];
    struct heard h;

    dial_rig_add_block(&d->deny, "127.0.0.0", 8);
    dial_rig_add_block(&d->deny, "::1", 128);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        dial_rig_host(d, name, addresses[i]);
        dial_rig_host(d, "all.example", addresses[i]);
        h = dial_rig_call(d, name);
        assert_int_equal(h.result.err, ERR_DENIED);
        assert_int_equal(h.result.denied, 1);
        assert_int_equal(h.result.tried, 0);
        assert_int_equal(h.result.peer.len, 0);
    }
    h = dial_rig_call(d, "all.example");
    assert_int_equal(h.result.err, ERR_DENIED);
    assert_int_equal(h.result.denied, 4);
    assert_dial_fails(d, "127.0.0.1", ERR_DENIED);
    assert_dial_fails(d, "[::1]", ERR_DENIED);
    assert_dial_fails(d, "[::ffff:127.0.0.1]", ERR_DENIED);
    assert_int_equal(dial_rig_system.connects, 0);
}

/* Dials the host, while `address` is trusted. */
static struct heard call_trusting(struct dial_rig *d, const char *host,
                                  const char *address)
{
    struct heard h = {0};
    struct addr trusted;

    assert_int_equal(addr_parse_literal(&trusted, span_str(address), 0), 0);
    dial_rig_start(d, &h, host);
    dial_trust(h.call, &trusted);
    dial_rig_wait(&h);
    if (h.result.fd >= 0)
        close(h.result.fd);
    return h;
}

/* An address that is trusted for one call is denied in all others. */
static void what_is_trusted_is_connected_to_all_the_same(void **state)
{
    struct dial_rig *d = *state;

    dial_rig_add_block(&d->deny, "127.0.0.0", 8);
    dial_rig_host(d, "a.example", "127.0.0.1");
    dial_rig_host(d, "b.example", "127.0.0.1");
    assert_int_equal(call_trusting(d, "a.example", "127.0.0.1").result.err, 0);
    assert_int_equal(call_trusting(d, "127.0.0.1", "127.0.0.1").result.err, 0);
    assert_int_equal(call_trusting(d, "b.example", "127.0.0.2").result.err,
                     ERR_DENIED);
    assert_int_equal(dial_rig_system.connects, 2);
}

static void of_a_mix_only_what_is_permitted_is_connected_to(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;

    dial_rig_add_block(&d->deny, "127.0.0.0", 8);
    dial_rig_add_block(&d->allow, "127.0.0.2", 32);
    dial_rig_host(d, "a.example", "::ffff:127.0.0.1");
    dial_rig_host(d, "a.example", "127.0.0.1");
    dial_rig_host(d, "a.example", "127.0.0.2");
    h = dial_rig_call(d, "a.example");
    assert_string_equal(dial_rig_system.connected, "127.0.0.2");
    assert_int_equal(h.result.err, ERR_IO); /* that of what was tried */
    assert_int_equal(h.result.denied, 2);
    assert_int_equal(h.result.tried, 1);
}

/* A name may lead elsewhere the next time. */
static void each_address_is_judged_each_time(void **state)
{
    struct dial_rig *d = *state;

    dial_rig_add_block(&d->deny, "127.0.0.2", 32);
    dial_rig_host(d, "a.example", "127.0.0.1");
    assert_dial_connects(d, "a.example", "127.0.0.1");
    assert_int_equal(d->asked, 1);
    dns_stub_forget(d->names->stub, "a.example");
    dial_rig_host(d, "a.example", "127.0.0.2");
    dial_rig_system.later_ms += 60000;
    assert_dial_fails(d, "a.example", ERR_DENIED);
    assert_int_equal(d->asked, 2);
    assert_string_equal(dial_rig_system.connected, "127.0.0.1");
}

/* --- errors --- */

static void a_refusal_is_told_with_its_address(void **state)
{
    struct dial_rig *d = *state;
    char want[ADDR_TEXT_MAX];
    struct heard h;

    dial_rig_host(d, "a.example", "127.0.0.2");
    h = dial_rig_call(d, "a.example");
    assert_int_equal(h.result.err, ERR_IO);
    assert_int_equal(h.result.errnum, ECONNREFUSED);
    snprintf(want, sizeof want, "127.0.0.2:%u", d->port);
    assert_string_equal(h.peer, want);
    assert_int_equal(h.result.fd, -1);
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
    struct dial_rig *d = *state;

    assert_dial_fails(d, "a.example", ERR_NOT_FOUND);
    assert_dial_fails(d, "", ERR_NOT_FOUND);
    dns_stub_set_mood(d->names->stub, "b.example", 0, DNS_STUB_FAIL);
    assert_dial_fails(d, "b.example", ERR_IO);
    assert_int_equal(d->asked, 0);
}

static void silence_everywhere_is_a_timeout(void **state)
{
    struct dial_rig *d = *state;
    struct heard h;

    dial_rig_set_times(d, 20, 20000);
    dial_rig_host(d, "a.example", "127.0.0.3");
    h = dial_rig_call(d, "a.example");
    assert_int_equal(h.result.err, ERR_TIMEOUT);
    assert_int_equal(h.result.errnum, ETIMEDOUT);
    dial_rig_system.fail_with[1] = ETIMEDOUT; /* the kernel's own */
    dial_rig_host(d, "b.example", "127.0.0.1");
    assert_dial_fails(d, "b.example", ERR_TIMEOUT);
}

static void a_call_as_a_whole_has_its_time_too(void **state)
{
    struct dial_rig *d = *state;

    dial_rig_set_times(d, 20000, 30);
    dial_rig_host(d, "a.example", "127.0.0.2");
    dial_rig_host(d, "a.example", "127.0.0.3");
    assert_dial_fails(d, "127.0.0.3", ERR_TIMEOUT);
    assert_dial_fails(d, "a.example", ERR_IO); /* one refused, one is silent */
    dns_stub_set_mood(d->names->stub, "b.example", 0, DNS_STUB_SILENT);
    assert_dial_fails(d, "b.example", ERR_TIMEOUT);
}

static void the_error_that_tells_most_counts(void **state)
{
    static const struct {
        int errnums[3], want;
    } cases[] = {
        {{ENETUNREACH, ECONNREFUSED, EADDRNOTAVAIL}, ECONNREFUSED},
        {{ECONNREFUSED, ETIMEDOUT, ENETUNREACH}, ECONNREFUSED},
        {{ENETUNREACH, ETIMEDOUT, EAFNOSUPPORT}, ETIMEDOUT},
        {{EHOSTUNREACH, ECONNREFUSED, ENETUNREACH}, ECONNREFUSED},
        {{ENETUNREACH, ENETUNREACH, ENETUNREACH}, ENETUNREACH},
    };
    struct dial_rig *d = *state;

    dial_rig_host(d, "a.example", "127.0.0.1");
    dial_rig_host(d, "a.example", "127.0.0.2");
    dial_rig_host(d, "a.example", "127.0.0.4");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heard h;

        dial_rig_forget_connects();
        dial_rig_set_times(d, 20000, 20000);
        memcpy(dial_rig_system.fail_with, cases[i].errnums,
               sizeof cases[i].errnums);
        h = dial_rig_call(d, "a.example");
        assert_int_equal(h.result.errnum, cases[i].want);
        assert_int_equal(h.result.err,
                         cases[i].want == ETIMEDOUT ? ERR_TIMEOUT : ERR_IO);
        assert_int_equal(h.result.tried, 3);
    }
}

static void
what_is_wrong_here_ends_it_and_is_not_held_against_them(void **state)
{
    static const int errnums[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS};
    struct dial_rig *d = *state;

    dial_rig_host(d, "a.example", "127.0.0.1");
    dial_rig_host(d, "a.example", "127.0.0.2");
    for (int i = 0; i < 4; i++) {
        dial_rig_forget_connects();
        dial_rig_system.fail_with[0] = errnums[i];
        assert_dial_fails(d, "a.example", i < 2 ? ERR_LIMIT : ERR_NOMEM);
        assert_int_equal(dial_rig_system.connects, 1);
    }
    assert_dial_connects(d, "a.example", "127.0.0.1");
}

int main(void)
{
#define T(test)                                                                \
    cmocka_unit_test_setup_teardown(test, dial_rig_set_up, dial_rig_tear_down)
    const struct CMUnitTest tests[] = {
        T(the_receiver_gets_a_socket_that_works),
        T(literals_are_dialled_too),
        T(a_name_without_port_leads_to_its_service),
        T(after_a_dead_address_comes_the_next),
        T(a_silent_address_has_its_time_and_no_more),
        T(a_silent_address_is_joined_by_the_next),
        T(many_silent_addresses_are_tried_a_few_at_a_time),
        T(ipv6_and_ipv4_are_tried_in_turn),
        T(what_is_denied_is_never_connected_to),
        T(what_is_trusted_is_connected_to_all_the_same),
        T(of_a_mix_only_what_is_permitted_is_connected_to),
        T(each_address_is_judged_each_time),
        T(a_refusal_is_told_with_its_address),
        T(a_name_that_is_not_there_is_not_found),
        T(silence_everywhere_is_a_timeout),
        T(a_call_as_a_whole_has_its_time_too),
        T(the_error_that_tells_most_counts),
        T(what_is_wrong_here_ends_it_and_is_not_held_against_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
