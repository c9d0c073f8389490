/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer without a relay, dialled by the relay (RFC 4976, 8 and 9.2). */
#include <openssl/x509v3.h>

#include "cmocka_all.h"
#include "login.h"
#include "outside.h"

static const struct host_opts tcp_peer, tls_peer = {.tls = true};

static const char *send_to_uri(struct client *c, const char *uri,
                               const char *text)
{
    const struct send s = {.to = scene_text(c->scene, "%s %s", c->uri, uri),
                           .body = span_str(text)};

    return talk_send(c, NULL, &s);
}

static const char *send_to(struct client *c, const struct host *h,
                           const char *text)
{
    return send_to_uri(c, host_uri(h), text);
}

/* A SEND to the host is refused at once. */
static void expect_refusal(struct client *c, const char *uri, unsigned code)
{
    talk_expect_code(c, send_to_uri(c, uri, "hello"), code);
    talk_expect_nothing(c);
}

static struct client *expect_arrival(struct host *h, const char *text)
{
    struct client *peer = host_accept(h);

    talk_answer(peer, talk_expect_body(peer, span_str(text), '$'), 200);
    return peer;
}

static void a_dial_makes_room_at_the_limit(void **state)
{
    static const struct outside_opts opts = {
        .relay = {.groups = "limits: { connections = 2; };"}};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &tcp_peer), *other = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice");
    struct client *stranger = scene_connect(s, RELAY_TLS, "stranger");
    const char *tid = send_to(alice, h, "hello");

    scene_wait_end(stranger);
    expect_arrival(h, "hello");
    talk_expect_code(alice, tid, 200);
    expect_refusal(alice, host_uri(other), 408); /* both are in use */
}

/* --- who is reached ------------------------------------------------------- */

/* Text there and back over one connection, each answered. */
static void talk_both_ways(struct host *h, struct client *c)
{
    const struct send back = {.to =
                                  scene_text(c->scene, "%s %s", c->uri, c->own),
                              .body = SPAN("and back")};
    const char *tid = send_to(c, h, "there");
    struct client *peer = expect_arrival(h, "there");

    talk_expect_code(c, tid, 200);
    tid = talk_send(peer, NULL, &back);
    talk_expect_code(peer, tid, 200);
    talk_answer(c, talk_expect_body(c, SPAN("and back"), '$'), 200);
    talk_expect_nothing(c);
    talk_expect_nothing(peer);
    assert_int_equal(host_connections(h), 1);
}

static void a_peer_is_dialled_over_tcp(void **state)
{
    struct scene *s = outside_start(state, NULL);

    talk_both_ways(host_new(s, &tcp_peer), login(s, "alice"));
}

static void a_peer_is_dialled_over_tls(void **state)
{
    struct scene *s = outside_start(state, NULL);

    talk_both_ways(host_new(s, &tls_peer), login(s, "alice"));
}

/* The certificate then has to have the address (R4976-9.2-g). */
static void a_numeric_host_is_dialled_over_tls(void **state)
{
    const struct host_opts numeric = {
        .name = "127.0.0.1", .tls = true, .san = "IP:127.0.0.1"};
    struct scene *s = outside_start(state, NULL);

    talk_both_ways(host_new(s, &numeric), login(s, "alice"));
}

static void the_host_is_asked_for_by_its_name(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *peer;

    send_to(alice, h, "hello");
    peer = expect_arrival(h, "hello");
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
    talk_both_ways(h, alice);
}

static void sessions_may_share_a_dialled_connection(void **state)
{
    static const struct outside_opts shared = {.dial = OUTSIDE_OPEN
                                               " share_peers = true;"};
    struct scene *s = outside_start(state, &shared);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *carol = login(s, "carol");
    struct client *peer;

    send_to(alice, h, "from alice");
    peer = expect_arrival(h, "from alice");
    send_to(carol, h, "from carol");
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

    send_to(alice, h, "from alice");
    peer = expect_arrival(h, "from alice");
    send_to(alice, h, "again");
    talk_answer(peer, talk_expect_body(peer, SPAN("again"), '$'), 200);
    send_to(carol, h, "from carol");
    expect_arrival(h, "from carol");
    assert_int_equal(host_connections(h), 2);
}

static void who_waits_for_the_same_host_waits_for_one_connection(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice");
    struct client *peer;

    send_to(alice, h, "same");
    send_to(alice, h, "same");
    send_to(alice, h, "same");
    peer = expect_arrival(h, "same");
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
        talk_expect_code(alice, send_to(alice, h, "again"), 200);
        peer = expect_arrival(h, "again");
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
    expect_refusal(alice, host_uri(h), 408);
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
    first = send_to(alice, h, "hello");
    second = send_to(alice, h, "hello");
    third = send_to(carol, h, "hello");
    talk_expect_code(alice, first, 408);
    talk_expect_code(alice, second, 408);
    talk_expect_code(carol, third, 408);
}

static void an_unknown_name_is_408(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");

    expect_refusal(alice, "msrps://nowhere.example.org:7394/x;tcp", 408);
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
    expect_refusal(alice, host_uri(h), 408);
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

    expect_refusal(
        alice, scene_text(s, "msrps://peer.example.org:%u/x;tcp", host_port(h)),
        408);
    assert_int_equal(host_connections(h), 1);
}

static void those_who_can_only_come_to_us_are_not_dialled(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");

    expect_refusal(alice, "msrps://browser.invalid:2855/x;tcp", 481);
    expect_refusal(alice, "msrps://peer.example.org:9/x;tcp", 481);
    expect_refusal(alice, "msrps://peer.example.org:2855/x;ws", 481);
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
    expect_refusal(alice, host_uri(h), 408);
}

/* S-21: as if it refused our certificate after the handshake (case 5.4). */
static void who_leaves_without_a_word_has_failed(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tls_peer);
    struct client *alice = login(s, "alice"), *peer;

    talk_expect_code(alice, send_to(alice, h, "lost"), 200);
    peer = host_accept(h);
    talk_expect_body(peer, SPAN("lost"), '$');
    client_close(peer);
    talk_expect(alice, "REPORT");
    expect_refusal(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 1);
}

static void who_failed_is_not_dialled_again_at_once(void **state)
{
    const struct host_opts wrong = {.tls = true, .san = "DNS:other.example"};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &wrong);
    struct client *alice = login(s, "alice");

    for (int i = 0; i < 5; i++)
        expect_refusal(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 1);
}

/* --- certificates: not one octet leaves (R4976-9.2-g) --------------------- */

static void refuse_host(void **state, const struct host_opts *opts,
                        const char *why)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, opts);
    struct client *alice = login(s, "alice");

    expect_refusal(alice, host_uri(h), 408);
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

    send_to(alice, h, "hello");
    expect_arrival(h, "hello");
}

/* --- policy: 403 ---------------------------------------------------------- */

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
    expect_refusal(alice, host_uri_as(h, host), 403);
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
    expect_refusal(alice, host_uri(h), 408);
    assert_int_equal(host_connections(h), 0);
}

static void what_is_allowed_is_not_denied(void **state)
{
    const struct outside_opts opts = {.dial = "allow = [ \"127.0.0.1\" ];"};
    struct scene *s = outside_start(state, &opts);

    talk_both_ways(host_new(s, &tls_peer), login(s, "alice"));
}

/* Whatever dial.deny says; a certificate that names the host shows that it is
 * no bystander (S-36). */
static void own_addresses_are_dialled_over_tls_alone(void **state)
{
    const struct outside_opts opts = {.dial = "deny = [ ];"};
    struct scene *s = outside_start(state, &opts);
    struct host *plain = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    expect_refusal(alice, host_uri(plain), 403);
    assert_int_equal(host_connections(plain), 0);
    talk_both_ways(host_new(s, &tls_peer), alice);
}

static void tls_to_a_host_not_in_relays_names_is_no_exception(void **state)
{
    const struct outside_opts opts = {
        .dial = "deny = [ ];",
        .relay = {.groups = "relays: { names = [ \"r.example.net\" ]; };"}};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &tls_peer);

    expect_refusal(login(s, "alice"), host_uri(h), 403);
    assert_int_equal(host_connections(h), 0);
}

static void plain_tcp_may_be_forbidden(void **state)
{
    const struct outside_opts opts = {.dial =
                                          OUTSIDE_OPEN " allow_tcp = false;"};
    struct scene *s = outside_start(state, &opts);
    struct host *plain = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    expect_refusal(alice, host_uri(plain), 403);
    assert_int_equal(host_connections(plain), 0);
}

/* Between relays there is nothing but TLS (R4976-9.2-e). */
static void no_relay_is_dialled_over_plain_tcp(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &tcp_peer);
    struct client *alice = login(s, "alice");

    expect_refusal(
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

    expect_refusal(
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

    talk_both_ways(h, alice);
    expect_refusal(
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
        E2E_TEST(a_dial_makes_room_at_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
