/* SPDX-License-Identifier: BSD-2-Clause */
/* What /metrics says of long messages, of loss, of patience that ended, and of
 * what the relay dials. */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "flow.h"
#include "http.h"
#include "login.h"
#include "outside.h"
#include "renew.h"

#define METRICS "metrics: { address = \"127.0.0.1\"; port = 0; };"

static const struct relay_opts with_metrics = {.groups = METRICS};

/* --- long messages -------------------------------------------------------- */

static void chunks_and_octets_of_a_long_message_match(void **state)
{
    enum { TOTAL = 1000000, CHUNK = 300000 };
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};
    struct figure figures[] = {
        {"msrprelayd_messages_received_total", 2},
        {"msrprelayd_messages_forwarded_total", 1},
        {"msrprelayd_chunks_received_total", 5},
        {"msrprelayd_chunks_forwarded_total", 4},
        {"msrprelayd_chunks_sent_total", 0},
        {"msrprelayd_body_received_bytes_total", TOTAL},
        {"msrprelayd_body_sent_bytes_total", TOTAL},
        {"msrprelayd_transactions", 0},
        {"msrprelayd_transactions_total", 0},
        {"msrprelayd_responses_received_total{code=\"200\"}", 0},
        {"msrprelayd_responses_made_total{code=\"200\"}", 2 + 4 + 1},
    };

    flow_in_start(&in, bob);
    flow_out_start(&out, alice, bob, TOTAL, CHUNK);
    scene_until(s, flow_in_is_done, &in, "the end of the message");
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    talk_expect_nothing(bob);
    figures[4].value = figures[8].value = figures[9].value = (double)in.chunks;
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

static void messages_that_are_given_up_are_told_apart(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    static const struct figure figures[] = {
        {"msrprelayd_messages_aborted_total", 1},
        {"msrprelayd_messages_forwarded_total", 0},
        {"msrprelayd_chunks_forwarded_total", 1},
    };
    const struct send m = {
        .body = SPAN("hello"), .range = "1-*/10", .flag = '#'};

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_answer(bob, talk_expect_body(bob, m.body, '#'), 200);
    talk_expect_nothing(bob);
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

static void waiting_is_told_while_it_lasts(void **state)
{
    enum { LARGE = 8 << 20, LOW_WATER = 65536 };
    static const char waiting[] = "msrprelayd_backpressure_connections";
    const struct relay_opts opts = {
        .groups =
            METRICS "tcp: { receive_buffer = 65536; send_buffer = 65536; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    unsigned port = http_port(s->relay, 0);
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};
    struct prom *p;

    flow_in_start(&in, bob);
    bob->deaf = true;
    flow_out_start(&out, alice, bob, LARGE, LARGE);
    scene_wait_blocked(alice);
    p = http_scrape(port);
    assert_int_equal(http_sample(p, waiting), 1);
    assert_true(http_sample(p, "msrprelayd_backpressure_waits_total") >= 1);
    assert_true(http_sample(p, "msrprelayd_backpressure_wait_seconds_total") >
                0.1);
    assert_true(http_sample(p, "msrprelayd_backpressure_longest_wait_seconds") >
                0.1);
    assert_in_range(http_sample(p, "msrprelayd_queued_bytes"), LOW_WATER,
                    1 << 20);
    prom_free(p);
    bob->deaf = false;
    scene_until(s, flow_in_is_done, &in, "the end of the message");
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    talk_expect_nothing(bob);
    p = http_scrape(port);
    assert_int_equal(http_sample(p, waiting), 0);
    assert_true(
        http_sample(p, "msrprelayd_backpressure_longest_wait_seconds") == 0);
    assert_int_equal(http_sample(p, "msrprelayd_queued_bytes"), 0);
    prom_free(p);
}

/* --- loss and patience ---------------------------------------------------- */

static void lost_receivers_match(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    static const struct figure figures[] = {
        {"msrprelayd_reports_made_total{code=\"408\"}", 3},
        {"msrprelayd_reports_made_total{code=\"481\"}", 0},
        {"msrprelayd_responses_made_total{code=\"481\"}", 1},
        {"msrprelayd_transactions", 0},
        {"msrprelayd_sessions", 1},
        {"msrprelayd_sessions_ended_total{reason=\"connection\"}", 1},
        {"msrprelayd_timeouts_total{timer=\"transaction\"}", 0},
    };

    for (int i = 0; i < 3; i++) {
        talk_expect_code(alice, talk_text(alice, bob, "hello"), 200);
        talk_expect_body(bob, SPAN("hello"), '$');
    }
    client_vanish(bob);
    for (int i = 0; i < 3; i++)
        talk_expect(alice, "REPORT");
    talk_expect_code(alice, talk_text(alice, bob, "hello"), 481);
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

static void timers_that_ran_out_match(void **state)
{
    const struct relay_opts opts = {
        .groups = METRICS
        "timers: { transaction = 0.2; probation = 0.2; handshake = 0.2; };"};
    static const struct figure figures[] = {
        {"msrprelayd_timeouts_total{timer=\"transaction\"}", 1},
        {"msrprelayd_timeouts_total{timer=\"probation\"}", 1},
        {"msrprelayd_timeouts_total{timer=\"handshake\"}", 1},
        {"msrprelayd_timeouts_total{timer=\"stall\"}", 0},
        {"msrprelayd_timeouts_total{timer=\"idle\"}", 0},
        {"msrprelayd_timeouts_total{timer=\"connect\"}", 0},
        {"msrprelayd_reports_made_total{code=\"408\"}", 1},
        {"msrprelayd_connections_closed_by_relay_total{reason=\"probation\"}",
         1},
        {"msrprelayd_connections_closed_total{reason=\"handshake\"}", 1},
        {"msrprelayd_tls_handshake_failures_total{cause=\"timeout\"}", 1},
        {"msrprelayd_tls_handshake_failures_total{cause=\"other\"}", 0},
    };
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct client_opts mute = {.port = relay_port(s->relay, RELAY_TLS)};

    talk_expect_code(alice, talk_text(alice, bob, "hello"), 200);
    talk_expect(alice, "REPORT");
    scene_wait_end(scene_connect(s, RELAY_TCP, "nobody"));
    scene_wait_end(scene_connect_with(s, "mute", &mute));
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

static void limits_that_were_met_match(void **state)
{
    const struct relay_opts opts = {
        .groups = METRICS
        "limits: { message_size = 1000; connections_per_address = 2; };"};
    static const struct figure figures[] = {
        {"msrprelayd_limits_reached_total{limit=\"message_size\"}", 2},
        {"msrprelayd_limits_reached_total{limit=\"sessions_per_connection\"}",
         0},
        {"msrprelayd_responses_made_total{code=\"413\"}", 2},
        {"msrprelayd_connections_refused_total{reason=\"connections_per_"
         "address\"}",
         1},
        {"msrprelayd_connections_refused_total{reason=\"connections\"}", 0},
        {"msrprelayd_connections_accepted_total{transport=\"tcp\"}", 0},
    };
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send large = {.body = SPAN("hello"), .range = "1-5/1001"};

    talk_expect_code(alice, talk_send(alice, bob, &large), 413);
    talk_expect_code(bob, talk_send(bob, alice, &large), 413);
    scene_wait_end(scene_connect(s, RELAY_TCP, "one more"));
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

/* --- what is dialled ------------------------------------------------------ */

static void send_to(struct client *c, const struct host *h, unsigned code)
{
    const struct send m = {.to = host_path(c, h), .body = SPAN("hello")};

    talk_expect_code(c, talk_send(c, NULL, &m), code);
}

static void dialled_hosts_match(void **state)
{
    const struct outside_opts opts = {.relay.groups = METRICS};
    const struct host_opts peer = {.tls = true, .name = "peer.example.org"};
    const struct host_opts gone = {.tls = true, .name = "gone.example.org"};
    const struct host_opts odd = {
        .tls = true, .name = "odd.example.org", .san = "DNS:other.example.org"};
    const struct host_opts none = {
        .tls = true, .name = "none.example.org", .unnamed = true};
    static const struct figure figures[] = {
        {"msrprelayd_dials", 0},
        {"msrprelayd_dials_total{result=\"ok\"}", 2},
        {"msrprelayd_dials_total{result=\"io\"}", 1},
        {"msrprelayd_dials_total{result=\"not_found\"}", 1},
        {"msrprelayd_dials_total{result=\"backoff\"}", 1},
        {"msrprelayd_dials_total{result=\"denied\"}", 0},
        {"msrprelayd_connections_dialled_total{transport=\"tls\"}", 2},
        {"msrprelayd_connections_dialled_total{transport=\"tcp\"}", 0},
        {"msrprelayd_tls_handshakes_total{version=\"TLSv1.3\"}", 2},
        {"msrprelayd_tls_handshake_failures_total{cause=\"certificate\"}", 1},
        {"msrprelayd_connections_closed_total{reason=\"certificate\"}", 1},
        {"msrprelayd_responses_made_total{code=\"408\"}", 4},
        {"msrprelayd_dns_queries", 0},
        {"msrprelayd_dns_queries_total{result=\"timeout\"}", 0},
    };
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct host *h = host_new(s, &peer);
    struct client *c;

    send_to(alice, h, 200);
    c = host_accept(h);
    talk_answer(c, talk_expect_body(c, SPAN("hello"), '$'), 200);
    h = host_new(s, &gone);
    host_close(h);
    send_to(alice, h, 408);
    send_to(alice, h, 408);
    send_to(alice, host_new(s, &odd), 408);
    send_to(alice, host_new(s, &none), 408);
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

/* --- drained softly ------------------------------------------------------- */

static void order(const char *path, const char *line)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[1024];
    ssize_t n;

    span_copy(to.sun_path, sizeof to.sun_path, span_str(path));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    http_say(fd, line);
    n = recv(fd, answer, sizeof answer - 1, 0);
    assert_true(n > 0);
    close(fd);
}

static void assert_ready(unsigned port, unsigned code)
{
    char *answer = http_get(port, "/readyz");

    assert_int_equal(http_code(answer), code);
    free(answer);
    answer = http_get(port, "/healthz");
    assert_int_equal(http_code(answer), 200);
    free(answer);
}

static void drained_relay_is_not_ready_and_may_be_again(void **state)
{
    static const struct figure draining[] = {
        {"msrprelayd_ready", 0},
        {"msrprelayd_draining", 1},
        {"msrprelayd_sessions", 1},
        {"msrprelayd_auth_total{result=\"draining\"}", 1},
    };
    static const struct figure running[] = {
        {"msrprelayd_ready", 1},
        {"msrprelayd_draining", 0},
    };
    struct scene *s = scene_start(state, &with_metrics);
    const char *path = tls_files_path(relay_files(s->relay), "control");
    const struct relay_opts controlled = {
        .groups =
            scene_text(s, METRICS "control: { socket = \"%s\"; };", path)};
    unsigned port = http_port(s->relay, 0);
    struct login l = {.alg = DIGEST_MD5, .nonce = "none", .opaque = "none"};
    struct client *bob;

    renew_with(s, &controlled);
    login(s, "alice");
    bob = scene_connect(s, RELAY_TLS, "bob");
    assert_ready(port, 200);
    order(path, "drain\n");
    assert_ready(port, 503);
    login_try(bob, &l);
    scene_wait_end(bob);
    ASSERT_FIGURES(port, draining);
    order(path, "drain off\n");
    assert_ready(port, 200);
    ASSERT_FIGURES(port, running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(chunks_and_octets_of_a_long_message_match),
        E2E_TEST(messages_that_are_given_up_are_told_apart),
        E2E_TEST(waiting_is_told_while_it_lasts),
        E2E_TEST(lost_receivers_match),
        E2E_TEST(timers_that_ran_out_match),
        E2E_TEST(limits_that_were_met_match),
        E2E_TEST(dialled_hosts_match),
        E2E_TEST(drained_relay_is_not_ready_and_may_be_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
