/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom the relay does not dial: policy, which is answered 403. */
#include "cmocka_all.h"
#include "login.h"
#include "reach.h"

static const struct host_opts tcp_peer, tls_peer = {.tls = true};

/* The deny list is the default one, which has loopback. */
static void refuse_addresses(void **state, const char *host,
                             const char *const *addresses)
{
    const struct outside_opts guarded = {.dial = ""};
    const struct host_opts unnamed = {.unnamed = true};
    struct scene *s = outside_start(state, &guarded);
    struct host *h = host_new(s, &unnamed);
    struct client *alice = login(s, "alice");

    while (*addresses)
        dns_stub_host(outside_names(s), host, 60, *addresses++);
    reach_refused(alice, host_uri_as(h, host), 403);
    scene_wait_log(s, "dial failed");
    assert_int_equal(host_connections(h), 0);
}

static void a_denied_address_is_403(void **state)
{
    refuse_addresses(state, "127.0.0.1", (const char *const[]){NULL});
}

static void a_denied_mapped_address_is_403(void **state)
{
    refuse_addresses(state, "[::ffff:127.0.0.1]", (const char *const[]){NULL});
}

static void a_name_of_a_denied_address_is_403(void **state)
{
    refuse_addresses(state, "inside.example.org",
                     (const char *const[]){"127.0.0.1", NULL});
}

static void a_name_of_a_denied_mapped_address_is_403(void **state)
{
    refuse_addresses(state, "inside.example.org",
                     (const char *const[]){"::ffff:127.0.0.1", NULL});
}

static void a_name_of_several_denied_addresses_is_403(void **state)
{
    refuse_addresses(
        state, "inside.example.org",
        (const char *const[]){"::ffff:127.0.0.1", "127.0.0.1", "::1", NULL});
}

/* The allowed address is tried and has nobody; the denied one, where the host
 * waits, is not. */
static void a_denied_address_beside_an_allowed_one_is_not_tried(void **state)
{
    const struct outside_opts opts = {.dial = "allow = [ \"127.0.0.2/32\" ];"};
    const struct host_opts unnamed = {.unnamed = true};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &unnamed);
    struct client *alice = login(s, "alice");

    dns_stub_host(outside_names(s), "peer.example.org", 60, "127.0.0.1");
    dns_stub_host(outside_names(s), "peer.example.org", 60, "127.0.0.2");
    reach_refused(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 0);
}

static void what_is_allowed_is_not_denied(void **state)
{
    const struct outside_opts opts = {.dial = "allow = [ \"127.0.0.1\" ];"};
    struct scene *s = outside_start(state, &opts);

    reach_both_ways(host_new(s, &tls_peer), login(s, "alice"));
}

/* Whatever dial.deny says; a certificate that names the host shows that it is
 * no bystander (S-36). */
static void own_addresses_are_dialled_over_tls_alone(void **state)
{
    const struct outside_opts opts = {.dial = "deny = [ ];"};
    struct scene *s = outside_start(state, &opts);
    struct host *plain = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    reach_refused(alice, host_uri(plain), 403);
    assert_int_equal(host_connections(plain), 0);
    reach_both_ways(host_new(s, &tls_peer), alice);
}

static void tls_to_a_host_not_in_relays_names_is_no_exception(void **state)
{
    const struct outside_opts opts = {
        .dial = "deny = [ ];",
        .relay = {.groups = "relays: { names = [ \"r.example.net\" ]; };"}};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &tls_peer);

    reach_refused(login(s, "alice"), host_uri(h), 403);
    assert_int_equal(host_connections(h), 0);
}

static void plain_tcp_may_be_forbidden(void **state)
{
    const struct outside_opts opts = {.dial =
                                          OUTSIDE_OPEN " allow_tcp = false;"};
    struct scene *s = outside_start(state, &opts);
    struct host *plain = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    reach_refused(alice, host_uri(plain), 403);
    assert_int_equal(host_connections(plain), 0);
}

/* Between relays there is nothing but TLS (R4976-9.2-e). */
static void no_relay_is_dialled_over_plain_tcp(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    reach_refused(
        alice,
        scene_text(s, "%s msrp://behind.example.org:7394/x;tcp", host_uri(h)),
        403);
    assert_int_equal(host_connections(h), 0);
}

/* One who wants no certificate of ours may be a peer, but is no relay
 * (R4976-9.2-e): it gets no octet that is for somebody behind it. */
static void no_relay_is_dialled_that_asks_for_no_certificate(void **state)
{
    const struct host_opts opts = {.tls = true, .incurious = true};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &opts);
    struct client *alice = login(s, "alice");

    reach_refused(
        alice,
        scene_text(s, "%s msrps://behind.example.org:7394/x;tcp", host_uri(h)),
        403);
    assert_int_equal(host_connections(h), 1);
    host_refused(h);
}

static void
a_peer_that_asks_for_no_certificate_does_not_become_a_relay(void **state)
{
    const struct host_opts opts = {.tls = true, .incurious = true};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &opts);
    struct client *alice = login(s, "alice");

    reach_both_ways(h, alice);
    reach_refused(
        alice,
        scene_text(s, "%s msrps://behind.example.org:7394/x;tcp", host_uri(h)),
        403);
    /* A connection of its own is tried for that, and given up. */
    assert_int_equal(host_connections(h), 2);
}

static void no_auth_goes_over_plain_tcp(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");
    const char *tid = talk_tid(alice);

    talk_say(alice,
             "MSRP %s AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n",
             tid, host_path(alice, h), alice->own, tid);
    talk_expect_code(alice, tid, 403);
    assert_int_equal(host_connections(h), 0);
}

/* Whom the relay does not know gets it to dial nobody (R4976-3.1-a). */
static void nobody_is_dialled_for_a_stranger(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice");
    struct client *stranger = scene_connect(s, RELAY_TLS, "stranger");
    struct send m = {
        .to = scene_text(s, "%s %s", host_path(alice, h), host_uri(h)),
        .body = SPAN("hello")};

    talk_expect_code(stranger, talk_send(stranger, NULL, &m), 403);
    m.to = scene_text(s, "%s %s", talk_relay(stranger), host_uri(h));
    talk_expect_code(stranger, talk_send(stranger, NULL, &m), 481);
    assert_int_equal(host_connections(h), 0);
    assert_int_equal(
        dns_stub_asked(outside_names(s), "peer.example.org", DNS_A), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_denied_address_is_403),
        E2E_TEST(a_denied_mapped_address_is_403),
        E2E_TEST(a_name_of_a_denied_address_is_403),
        E2E_TEST(a_name_of_a_denied_mapped_address_is_403),
        E2E_TEST(a_name_of_several_denied_addresses_is_403),
        E2E_TEST(a_denied_address_beside_an_allowed_one_is_not_tried),
        E2E_TEST(what_is_allowed_is_not_denied),
        E2E_TEST(own_addresses_are_dialled_over_tls_alone),
        E2E_TEST(tls_to_a_host_not_in_relays_names_is_no_exception),
        E2E_TEST(plain_tcp_may_be_forbidden),
        E2E_TEST(no_relay_is_dialled_over_plain_tcp),
        E2E_TEST(no_relay_is_dialled_that_asks_for_no_certificate),
        E2E_TEST(a_peer_that_asks_for_no_certificate_does_not_become_a_relay),
        E2E_TEST(no_auth_goes_over_plain_tcp),
        E2E_TEST(nobody_is_dialled_for_a_stranger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
