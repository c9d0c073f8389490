/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer without a relay, dialled by the relay (RFC 4976, 8 and 9.2). */
#include <openssl/x509v3.h>

#include "cmocka_all.h"
#include "login.h"
#include "reach.h"

static const struct host_opts tcp_peer, tls_peer = {.tls = true};

static void a_dial_makes_room_at_the_limit(void **state)
{
    static const struct outside_opts opts = {
        .relay = {.groups = "limits: { connections = 2; };"}};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &tcp_peer), *other = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice");
    struct client *stranger = scene_connect(s, RELAY_TLS, "stranger");
    const char *tid = reach_host(alice, h, "hello");

    scene_wait_end(stranger);
    reach_arrives(h, "hello");
    talk_expect_code(alice, tid, 200);
    reach_refused(alice, host_uri(other), 408); /* both are in use */
}

/* --- who is reached ------------------------------------------------------- */

static void a_peer_is_dialled_over_tcp(void **state)
{
    struct scene *s = outside_start(state, NULL);

    reach_both_ways(host_new(s, &tcp_peer), login(s, "alice"));
}

static void a_peer_is_dialled_over_tls(void **state)
{
    struct scene *s = outside_start(state, NULL);

    reach_both_ways(host_new(s, &tls_peer), login(s, "alice"));
}

/* The certificate then has to have the address (R4976-9.2-g). */
static void a_numeric_host_is_dialled_over_tls(void **state)
{
    const struct host_opts numeric = {
        .name = "127.0.0.1", .tls = true, .san = "IP:127.0.0.1"};
    struct scene *s = outside_start(state, NULL);

    reach_both_ways(host_new(s, &numeric), login(s, "alice"));
}

static void the_host_is_asked_for_by_its_name(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *peer;

    reach_host(alice, h, "hello");
    peer = reach_arrives(h, "hello");
    assert_string_equal(
        SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name),
        "peer.example.org");
    assert_int_equal(X509_check_host(SSL_get0_peer_certificate(peer->ssl),
                                     RELAY_NAME, 0, 0, NULL),
                     1);
}

static void the_next_address_is_tried(void **state)
{
    const struct host_opts unnamed = {.tls = true, .unnamed = true};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &unnamed);
    struct client *alice = login(s, "alice");

    dns_stub_host(outside_names(s), "peer.example.org", 60, "127.0.0.2");
    dns_stub_host(outside_names(s), "peer.example.org", 60, "127.0.0.1");
    reach_both_ways(h, alice);
}

static void sessions_may_share_a_dialled_connection(void **state)
{
    static const struct outside_opts shared = {.dial = OUTSIDE_OPEN
                                               " share_peers = true;"};
    struct scene *s = outside_start(state, &shared);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *carol = login(s, "carol");
    struct client *peer;

    reach_host(alice, h, "from alice");
    peer = reach_arrives(h, "from alice");
    reach_host(carol, h, "from carol");
    talk_answer(peer, talk_expect_body(peer, SPAN("from carol"), '$'), 200);
    assert_int_equal(host_connections(h), 1);
}

/* Endpoints deliver all of a connection into the session that came first. */
static void a_session_has_a_dialled_connection_of_its_own(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *carol = login(s, "carol");
    struct client *peer;

    reach_host(alice, h, "from alice");
    peer = reach_arrives(h, "from alice");
    reach_host(alice, h, "again");
    talk_answer(peer, talk_expect_body(peer, SPAN("again"), '$'), 200);
    reach_host(carol, h, "from carol");
    reach_arrives(h, "from carol");
    assert_int_equal(host_connections(h), 2);
}

static void who_waits_for_the_same_host_waits_for_one_connection(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice");
    struct client *peer;

    reach_host(alice, h, "same");
    reach_host(alice, h, "same");
    reach_host(alice, h, "same");
    peer = reach_arrives(h, "same");
    talk_expect_body(peer, SPAN("same"), '$');
    talk_expect_body(peer, SPAN("same"), '$');
    assert_int_equal(host_connections(h), 1);
}

static void a_peer_that_left_is_dialled_again(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *peer;

    for (unsigned i = 1; i <= 3; i++) {
        talk_expect_code(alice, reach_host(alice, h, "again"), 200);
        peer = reach_arrives(h, "again");
        scene_flush(peer);
        client_close(peer);
        scene_wait_log(s, scene_text(s, "c=%u closed", i + 1));
        assert_int_equal(host_connections(h), i);
    }
    talk_expect_nothing(alice);
}

/* --- who cannot be reached: 408 (P-20) ------------------------------------ */

static void a_refused_connection_is_408(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    host_close(h);
    reach_refused(alice, host_uri(h), 408);
    scene_wait_log(s, scene_text(s,
                                 "dial failed peer=127.0.0.1:%u "
                                 "dialled=peer.example.org:%u error=",
                                 host_port(h), host_port(h)));
    assert_non_null(strstr(relay_log(s->relay), "Connection refused"));
}

static void all_who_wait_hear_of_a_refused_connection(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice"), *carol = login(s, "carol");
    const char *first, *second, *third;

    host_close(h);
    first = reach_host(alice, h, "hello");
    second = reach_host(alice, h, "hello");
    third = reach_host(carol, h, "hello");
    talk_expect_code(alice, first, 408);
    talk_expect_code(alice, second, 408);
    talk_expect_code(carol, third, 408);
}

static void an_unknown_name_is_408(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");

    reach_refused(alice, "msrps://nowhere.example.org:7394/x;tcp", 408);
    scene_wait_log(s, "dial failed dialled=nowhere.example.org:7394 ");
}

static void a_silent_name_server_is_408(void **state)
{
    const struct outside_opts opts = {.relay.groups =
                                          "timers: { connect = 0.5; };"};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    dns_stub_set_mood(outside_names(s), "peer.example.org", 0, DNS_STUB_SILENT);
    reach_refused(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 0);
}

static void a_handshake_that_never_ends_is_408(void **state)
{
    const struct host_opts deaf = {.deaf = true};
    const struct outside_opts opts = {.relay.groups =
                                          "timers: { handshake = 0.5; };"};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &deaf);
    struct client *alice = login(s, "alice");

    reach_refused(
        alice, scene_text(s, "msrps://peer.example.org:%u/x;tcp", host_port(h)),
        408);
    assert_int_equal(host_connections(h), 1);
}

static void those_who_can_only_come_to_us_are_not_dialled(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");

    reach_refused(alice, "msrps://browser.invalid:2855/x;tcp", 481);
    reach_refused(alice, "msrps://peer.example.org:9/x;tcp", 481);
    reach_refused(alice, "msrps://peer.example.org:2855/x;ws", 481);
    assert_null(strstr(relay_log(s->relay), "dial failed"));
    assert_int_equal(dns_stub_asked(outside_names(s), "browser.invalid", DNS_A),
                     0);
}

static void who_wants_no_reports_hears_nothing(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");
    const struct send m = {.to = host_path(alice, h),
                           .headers = "Failure-Report: no\r\n",
                           .body = SPAN("hello")};

    host_close(h);
    talk_send(alice, NULL, &m);
    scene_wait_log(s, "dial failed");
    talk_expect_nothing(alice);
}

static void partial_hears_of_failure_alone(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");
    const struct send m = {.to = host_path(alice, h),
                           .headers = "Failure-Report: partial\r\n",
                           .body = SPAN("hello")};

    host_close(h);
    talk_expect_code(alice, talk_send(alice, NULL, &m), 408);
    talk_expect_nothing(alice);
}

/* What the relay has taken over is reported, once; the rest of the message is
 * refused, and the next one finds nobody. */
static void a_peer_that_is_lost_for_good_is_reported(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *peer;
    struct send m = {.to = host_path(alice, h),
                     .id = "cut",
                     .range = "1-5/10",
                     .body = SPAN("hello"),
                     .flag = '+'};
    struct got *report;

    talk_expect_code(alice, talk_send(alice, NULL, &m), 200);
    peer = host_accept(h);
    talk_expect_body(peer, SPAN("hello"), '+');
    host_close(h);
    client_close(peer);
    report = talk_expect(alice, "REPORT");
    assert_string_equal(talk_header(alice, report, "Message-ID"), "cut");
    assert_string_equal(talk_header(alice, report, "Byte-Range"), "1-5/10");
    assert_string_equal(talk_header(alice, report, "Status"),
                        "000 408 Timeout");
    m.range = "6-10/10";
    m.flag = '$';
    talk_expect_code(alice, talk_send(alice, NULL, &m), 408);
    reach_refused(alice, host_uri(h), 408);
}

/* S-21: as if it refused our certificate after the handshake (case 5.4). */
static void who_leaves_without_a_word_has_failed(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *peer;

    talk_expect_code(alice, reach_host(alice, h, "lost"), 200);
    peer = host_accept(h);
    talk_expect_body(peer, SPAN("lost"), '$');
    client_close(peer);
    talk_expect(alice, "REPORT");
    reach_refused(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 1);
}

static void who_failed_is_not_dialled_again_at_once(void **state)
{
    const struct host_opts wrong = {.tls = true, .san = "DNS:other.example"};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &wrong);
    struct client *alice = login(s, "alice");

    for (int i = 0; i < 5; i++)
        reach_refused(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 1);
}

/* --- certificates: not one octet leaves (R4976-9.2-g) --------------------- */

static void refuse_host(void **state, const struct host_opts *opts,
                        const char *why)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, opts);
    struct client *alice = login(s, "alice");

    reach_refused(alice, host_uri(h), 408);
    host_refused(h);
    scene_wait_line(s, " dialled=peer.example.org:", why);
}

static void a_certificate_for_another_name_is_408(void **state)
{
    const struct host_opts opts = {.tls = true, .san = "DNS:other.example.org"};

    refuse_host(state, &opts, "hostname mismatch");
}

static void a_certificate_of_an_unknown_authority_is_408(void **state)
{
    struct tls_files *files = tls_files_new();
    const struct host_opts opts = {.tls = true, .files = files};

    assert_non_null(files);
    refuse_host(state, &opts, "self-signed certificate");
    tls_files_free(files);
}

static void an_expired_certificate_is_408(void **state)
{
    const struct host_opts opts = {.tls = true, .expired = true};

    refuse_host(state, &opts, "certificate has expired");
}

static void a_certificate_may_go_unverified_in_tests(void **state)
{
    const struct host_opts wrong = {.tls = true, .san = "DNS:other.example"};
    const struct outside_opts opts = {.dial = OUTSIDE_OPEN " verify = false;"};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &wrong);
    struct client *alice = login(s, "alice");

    reach_host(alice, h, "hello");
    reach_arrives(h, "hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_peer_is_dialled_over_tcp),
        E2E_TEST(a_peer_is_dialled_over_tls),
        E2E_TEST(a_numeric_host_is_dialled_over_tls),
        E2E_TEST(the_host_is_asked_for_by_its_name),
        E2E_TEST(the_next_address_is_tried),
        E2E_TEST(sessions_may_share_a_dialled_connection),
        E2E_TEST(a_session_has_a_dialled_connection_of_its_own),
        E2E_TEST(who_waits_for_the_same_host_waits_for_one_connection),
        E2E_TEST(a_peer_that_left_is_dialled_again),
        E2E_TEST(a_refused_connection_is_408),
        E2E_TEST(all_who_wait_hear_of_a_refused_connection),
        E2E_TEST(an_unknown_name_is_408),
        E2E_TEST(a_silent_name_server_is_408),
        E2E_TEST(a_handshake_that_never_ends_is_408),
        E2E_TEST(those_who_can_only_come_to_us_are_not_dialled),
        E2E_TEST(who_wants_no_reports_hears_nothing),
        E2E_TEST(partial_hears_of_failure_alone),
        E2E_TEST(a_peer_that_is_lost_for_good_is_reported),
        E2E_TEST(who_leaves_without_a_word_has_failed),
        E2E_TEST(who_failed_is_not_dialled_again_at_once),
        E2E_TEST(a_certificate_for_another_name_is_408),
        E2E_TEST(a_certificate_of_an_unknown_authority_is_408),
        E2E_TEST(an_expired_certificate_is_408),
        E2E_TEST(a_certificate_may_go_unverified_in_tests),
        E2E_TEST(a_dial_makes_room_at_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
