/* SPDX-License-Identifier: BSD-2-Clause */
/* What the pages say: figures that match known traffic, and how the relay is.
 */
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "http.h"
#include "login.h"
#include "renew.h"

#define METRICS "metrics: { address = \"127.0.0.1\"; port = 0; };"

static const struct relay_opts with_metrics = {.groups = METRICS};

/* --- figures -------------------------------------------------------------- */

static void auth_results_match(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct login l = {.alg = DIGEST_MD5, .password = "not hers"};
    struct login soon = {.alg = DIGEST_MD5, .headers = "Expires: 1\r\n"};
    struct client *carol;
    static const struct figure figures[] = {
        {"msrprelayd_auth_total{result=\"challenged\"}", 4},
        {"msrprelayd_auth_total{result=\"ok\"}", 2},
        {"msrprelayd_auth_total{result=\"wrong\"}", 2},
        {"msrprelayd_auth_total{result=\"interval\"}", 1},
        {"msrprelayd_auth_total{result=\"stale\"}", 0},
        {"msrprelayd_auth_total{result=\"faulty\"}", 0},
        {"msrprelayd_sessions", 2},
        {"msrprelayd_sessions_granted_total", 2},
        {"msrprelayd_responses_made_total{code=\"200\"}", 2},
        {"msrprelayd_responses_made_total{code=\"401\"}", 6},
        {"msrprelayd_responses_made_total{code=\"423\"}", 1},
        {"msrprelayd_connections{transport=\"tls\",state=\"open\"}", 3},
        {"msrprelayd_connections_accepted_total{transport=\"tls\"}", 3},
        {"msrprelayd_tls_handshakes_total{version=\"TLSv1.3\"}", 3},
        {"msrprelayd_tls_handshakes_total{version=\"TLSv1.2\"}", 0},
    };

    login(s, "alice");
    login(s, "bob");
    carol = scene_connect(s, RELAY_TLS, "carol");
    login_ask(carol, &l);
    login_refused(carol, &l, login_try(carol, &l));
    login_refused(carol, &l, login_try(carol, &l));
    login_ask(carol, &soon);
    talk_expect_code(carol, login_try(carol, &soon), 423);
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

static void pass(struct client *from, struct client *to, int n, size_t octets)
{
    char *body = calloc(1, octets);

    assert_non_null(body);
    memset(body, 'x', octets);
    for (int i = 0; i < n; i++) {
        const struct send m = {.body = span_of(body, octets)};

        talk_expect_code(from, talk_send(from, to, &m), 200);
        talk_answer(to, talk_expect_body(to, m.body, '$'), 200);
        talk_expect_nothing(to);
    }
    free(body);
}

/* alice sends 5 messages of 100 octets, bob 3 of 5000; each answer is followed
 * by a SEND to the relay itself, which is answered when all before it is done.
 */
/* With what TLS adds. */
static double wire_out(const struct client *c)
{
    return c->ssl ? (double)BIO_number_written(SSL_get_wbio(c->ssl))
                  : (double)c->octets_out;
}

static double wire_in(const struct client *c)
{
    return c->ssl ? (double)BIO_number_read(SSL_get_rbio(c->ssl))
                  : (double)c->octets_in;
}

static void traffic_matches(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct figure figures[] = {
        {"msrprelayd_messages_forwarded_total", 8},
        {"msrprelayd_messages_received_total", 16},
        {"msrprelayd_messages_aborted_total", 0},
        {"msrprelayd_chunks_received_total", 16},
        {"msrprelayd_chunks_forwarded_total", 8},
        {"msrprelayd_chunks_sent_total", 8},
        {"msrprelayd_body_received_bytes_total", 5 * 100 + 3 * 5000},
        {"msrprelayd_body_sent_bytes_total", 5 * 100 + 3 * 5000},
        {"msrprelayd_responses_made_total{code=\"200\"}", 2 + 16},
        {"msrprelayd_responses_received_total{code=\"200\"}", 8},
        {"msrprelayd_transactions", 0},
        {"msrprelayd_transactions_total", 8},
        {"msrprelayd_queued_bytes", 0},
        {"msrprelayd_frames_dropped_total", 0},
    };
    struct figure octets[] = {
        {"msrprelayd_received_bytes_total", 0},
        {"msrprelayd_sent_bytes_total", 0},
    };

    pass(alice, bob, 5, 100);
    pass(bob, alice, 3, 5000);
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
    octets[0].value = wire_out(alice) + wire_out(bob);
    octets[1].value = wire_in(alice) + wire_in(bob);
    ASSERT_FIGURES(http_port(s->relay, 0), octets);
}

static void report(struct client *c, const struct got *g)
{
    const char *tid = talk_tid(c);

    talk_say(c,
             "MSRP %s REPORT\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
             "Message-ID: %.*s\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n"
             "-------%s$\r\n",
             tid, SPAN_ARG(msg_text(&g->head, g->head.from)), c->own,
             SPAN_ARG(msg_text(&g->head, g->head.message_id)), tid);
}

static void reports_and_errors_match(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    static const struct figure figures[] = {
        {"msrprelayd_requests_forwarded_total{method=\"report\"}", 1},
        {"msrprelayd_reports_made_total{code=\"415\"}", 1},
        {"msrprelayd_reports_made_total{code=\"408\"}", 0},
        {"msrprelayd_responses_received_total{code=\"200\"}", 1},
        {"msrprelayd_responses_received_total{code=\"415\"}", 1},
        {"msrprelayd_responses_made_total{code=\"481\"}", 1},
        {"msrprelayd_responses_made_total{code=\"400\"}", 1},
        {"msrprelayd_responses_made_total{code=\"200\"}", 2 + 2 + 2},
        {"msrprelayd_messages_forwarded_total", 2},
    };
    const struct send odd = {.body = SPAN("hello"), .range = "x"};
    const struct send lost = {
        .to = scene_text(s, "%.*sgone;tcp %s",
                         (int)(strrchr(alice->uri, '/') + 1 - alice->uri),
                         alice->uri, bob->own),
        .body = SPAN("hello")};
    struct got *g;

    talk_expect_code(alice, talk_text(alice, bob, "hello"), 200);
    g = talk_expect_body(bob, SPAN("hello"), '$');
    talk_answer(bob, g, 200);
    report(bob, g);
    talk_expect(alice, "REPORT");
    talk_expect_code(alice, talk_text(alice, bob, "hello"), 200);
    talk_answer(bob, talk_expect_body(bob, SPAN("hello"), '$'), 415);
    talk_expect(alice, "REPORT");
    talk_expect_code(alice, talk_send(alice, NULL, &lost), 481);
    talk_expect_code(alice, talk_send(alice, bob, &odd), 400);
    talk_expect_nothing(bob);
    talk_expect_nothing(alice);
    ASSERT_FIGURES(http_port(s->relay, 0), figures);
}

static void ends_match(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);
    struct client *alice = login(s, "alice");
    struct client *plain = scene_connect(s, RELAY_TCP, "plain");
    struct client *junk = scene_connect(s, RELAY_TCP, "junk");
    static const struct figure figures[] = {
        {"msrprelayd_sessions", 0},
        {"msrprelayd_sessions_ended_total{reason=\"connection\"}", 1},
        {"msrprelayd_sessions_ended_total{reason=\"expired\"}", 0},
        {"msrprelayd_connections_accepted_total{transport=\"tls\"}", 1},
        {"msrprelayd_connections_accepted_total{transport=\"tcp\"}", 2},
        {"msrprelayd_connections_closed_total{reason=\"eof\"}", 2},
        {"msrprelayd_connections_closed_total{reason=\"local\"}", 1},
        {"msrprelayd_connections_closed_by_relay_total{reason=\"bad_input\"}",
         1},
        {"msrprelayd_connections{transport=\"tcp\",state=\"open\"}", 0},
        {"msrprelayd_connections{transport=\"tls\",state=\"open\"}", 0},
    };

    client_close(alice);
    scene_wait_closed(alice);
    client_close(plain);
    scene_wait_closed(plain);
    talk_say(junk, "GET / HTTP/1.0\r\n\r\n");
    scene_wait_end(junk);
    client_close(junk);
    scene_wait_closed(junk);
    ASSERT_FIGURES(port, figures);
}

static void counters_only_rise(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);
    struct prom *before = http_scrape(port), *after;
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    char why[PROM_WHY_MAX];

    pass(alice, bob, 3, 3000);
    client_close(alice);
    scene_wait_closed(alice);
    after = http_scrape(port);
    if (!prom_follows(why, before, after))
        fail_msg("%s", why);
    prom_free(before);
    prom_free(after);
}

static void process_and_certificate_are_told(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct prom *p = http_scrape(http_port(s->relay, 0));
    double now = (double)time(NULL);
    double ends =
        http_sample(p, "msrprelayd_certificate_expiry_timestamp_seconds");
    double resident = http_sample(p, "process_resident_memory_bytes");
    double began = http_sample(p, "process_start_time_seconds");

    assert_true(ends > now && ends < now + 100 * 365.0 * 86400);
    assert_true(resident / 1024 <= (double)relay_peak_rss(s->relay));
    assert_true(resident / 1024 > (double)relay_rss(s->relay) / 2);
    assert_true(began <= now + 1 && began > now - 60);
    assert_true(http_sample(p, "process_open_fds") > 4);
    assert_true(http_sample(p, "msrprelayd_loop_turn_seconds_count") > 0);
    prom_free(p);
}

/* --- health --------------------------------------------------------------- */

static void assert_page(unsigned port, const char *path, unsigned code,
                        const char *body)
{
    char *answer = http_get(port, path);

    assert_int_equal(http_code(answer), code);
    assert_string_equal(http_body(answer), body);
    free(answer);
}

static void pages_are_off_unless_asked_for(void **state)
{
    struct scene *s = scene_start(state, NULL);

    assert_int_equal(relay_port_since(s->relay, 0, "http"), 0);
}

static void running_relay_is_alive_and_ready(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);

    assert_page(port, "/healthz", 200, "alive\n");
    assert_page(port, "/readyz", 200, "ready\n");
    assert_page(port, "/nothing", 404, "Not Found\n");
}

static void ending_relay_is_alive_and_not_ready(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = talk_tid(alice);
    static const struct figure figures[] = {
        {"msrprelayd_ready", 0},
        {"msrprelayd_draining", 1},
        {"msrprelayd_sessions", 2},
    };

    talk_say(alice,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: in-flight\r\nByte-Range: 1-*/3000\r\n"
             "Content-Type: text/plain\r\n\r\n%02500d",
             tid, talk_path(alice, bob), alice->own, 7);
    scene_wait_octets(bob, 2400);
    relay_signal(s->relay, SIGTERM);
    scene_wait_log(s, " shutting down ");
    assert_page(port, "/healthz", 200, "alive\n");
    assert_page(port, "/readyz", 503, "draining\n");
    ASSERT_FIGURES(port, figures);
    client_vanish(alice);
    client_vanish(bob);
    assert_int_equal(scene_wait_exit(s), 0);
}

/* --- reload --------------------------------------------------------------- */

static void reloads_are_told(void **state)
{
    static const struct relay_opts bad = {.groups = METRICS
                                          "limits: { nothing = 1; };"};
    static const struct figure failed[] = {
        {"msrprelayd_reloads_total{result=\"failed\"}", 1},
        {"msrprelayd_reloads_total{result=\"ok\"}", 0},
        {"msrprelayd_last_reload_successful", 0},
    };
    static const struct figure done[] = {
        {"msrprelayd_reloads_total{result=\"failed\"}", 1},
        {"msrprelayd_reloads_total{result=\"ok\"}", 1},
        {"msrprelayd_last_reload_successful", 1},
    };
    static const char loaded[] =
        "msrprelayd_last_reload_success_timestamp_seconds";
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);
    struct prom *p = http_scrape(port), *later;

    relay_write_config(s->relay, &bad);
    renew_in_vain(s, "limits.nothing");
    ASSERT_FIGURES(port, failed);
    renew_with(s, &with_metrics);
    ASSERT_FIGURES(port, done);
    later = http_scrape(port);
    assert_true(http_sample(later, loaded) > http_sample(p, loaded));
    prom_free(p);
    prom_free(later);
}

static void reload_moves_the_pages(void **state)
{
    static const struct relay_opts off = {.groups = ""};
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0), moved;
    struct relay_opts wide = {
        .groups = scene_text(
            s, "metrics: { address = \"0.0.0.0\"; port = %u; };", port)};
    struct relay_opts taken = {
        .groups =
            scene_text(s, "metrics: { address = \"127.0.0.1\"; port = %u; };",
                       relay_port(s->relay, RELAY_TCP))};
    size_t mark;

    renew_with(s, &wide);
    assert_page(port, "/healthz", 200, "alive\n");
    relay_write_config(s->relay, &taken);
    renew_in_vain(s, "cannot listen at 127.0.0.1 port");
    assert_page(port, "/healthz", 200, "alive\n");
    mark = relay_log_size(s->relay);
    renew_with(s, &with_metrics);
    moved = http_port(s->relay, mark);
    assert_int_not_equal(moved, port);
    assert_page(moved, "/healthz", 200, "alive\n");
    renew_with(s, &off);
    mark = relay_log_size(s->relay);
    renew_with(s, &with_metrics);
    assert_page(http_port(s->relay, mark), "/healthz", 200, "alive\n");
}

static void pages_and_a_listener_may_change_places(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    unsigned pages = http_port(s->relay, 0),
             tcp = relay_port(s->relay, RELAY_TCP);
    const struct relay_opts turned = {
        .listen = scene_text(
            s,
            "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; }, "
            "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = %u; }",
            pages),
        .groups = scene_text(
            s, "metrics: { address = \"127.0.0.1\"; port = %u; };", tcp)};
    const struct client_opts plain = {.port = pages, .relay = s->relay};

    renew_with(s, &turned);
    assert_page(tcp, "/healthz", 200, "alive\n");
    scene_connect_with(s, "plain", &plain);
    scene_wait_log(s, "c=1 open");
}

/* --- those who misbehave -------------------------------------------------- */

static void pages_are_bounded_and_disturb_nobody(void **state)
{
    enum { MANY = 100, PLACES = 64 };
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    int fds[MANY], answered = 0;

    for (int i = 0; i < MANY; i++)
        fds[i] = http_connect(port);
    pass(alice, bob, 3, 3000);
    for (int i = 0; i < MANY; i++) {
        char *answer;

        /* Who found no place may learn of it while he writes. */
        (void)send(fds[i], "GET /healthz HTTP/1.0\r\n\r\n", 25, MSG_NOSIGNAL);
        answer = http_hear(fds[i]);
        answered += http_code(answer) == 200;
        free(answer);
    }
    assert_int_equal(answered, PLACES);
    assert_page(port, "/healthz", 200, "alive\n");
}

/* S-24, for every page there is. */
static void idle_clients_keep_no_page_from_answering(void **state)
{
    enum { MANY = 50 };
    static const char *const paths[] = {"/", "/status.json", "/metrics",
                                        "/healthz", "/readyz"};
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);
    int fds[2 * MANY];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            int fd = fds[round * MANY + i] = http_connect(port);

            if (i % 2)
                http_say(fd, "GET /status.json HTTP/1.1\r\nHo");
        }
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            char *answer = http_get(port, paths[i]);

            assert_int_equal(http_code(answer), 200);
            free(answer);
        }
    }
    for (int i = 0; i < 2 * MANY; i++)
        close(fds[i]);
}

/* --- those who say nothing ------------------------------------------------ */

static double health_checks(const struct scene *s)
{
    struct prom *p = http_scrape(http_port(s->relay, 0));
    double n = http_sample(p, "msrprelayd_health_checks_total");

    prom_free(p);
    return n;
}

/* Over TCP and TLS, with a handshake and without. One that says an octet is no
 * health check. */
static void health_checks_are_counted_and_silent(void **state)
{
    enum { MANY = 30, PATIENCE_S = 10 };
    struct relay_opts opts = with_metrics;
    time_t begun = time(NULL);
    struct scene *s;
    const char *line;
    int fd;

    opts.level = "info";
    s = scene_start(state, &opts);
    for (int i = 0; i < MANY; i++) {
        close(http_connect(relay_port(s->relay, RELAY_TCP)));
        close(http_connect(relay_port(s->relay, RELAY_TLS)));
        client_close(scene_connect(s, RELAY_TLS, "check"));
    }
    fd = http_connect(relay_port(s->relay, RELAY_TCP));
    http_say(fd, "M");
    close(fd);
    scene_wait_log(s, " closed peer=");
    while (health_checks(s) < 3 * MANY)
        assert_true(time(NULL) < begun + PATIENCE_S);
    assert_true(health_checks(s) <= 3 * MANY);
    line = strstr(relay_log(s->relay), " c=");
    assert_non_null(line);
    line = strstr(line + 1, " c=");
    assert_non_null(line);
    assert_null(strstr(line + 1, " c="));
}

static void junk_is_refused(void **state)
{
    static const struct {
        const char *request;
        unsigned code;
    } cases[] = {
        {"MSRP a1b2 SEND\r\n\r\n", 400},
        {"GET /metrics HTTP/1.1\r\n\r\n", 400},
        {"POST /metrics HTTP/1.0\r\n\r\n", 405},
        {"GET /metrics/ HTTP/1.0\r\n\r\n", 404},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"\x16\x03\x01\x02\n", 400},
    };
    struct scene *s = scene_start(state, &with_metrics);
    unsigned port = http_port(s->relay, 0);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = http_connect(port);
        char *answer;

        http_say(fd, cases[i].request);
        answer = http_hear(fd);
        assert_int_equal(http_code(answer), cases[i].code);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(auth_results_match),
        E2E_TEST(traffic_matches),
        E2E_TEST(reports_and_errors_match),
        E2E_TEST(ends_match),
        E2E_TEST(counters_only_rise),
        E2E_TEST(process_and_certificate_are_told),
        E2E_TEST(pages_are_off_unless_asked_for),
        E2E_TEST(running_relay_is_alive_and_ready),
        E2E_TEST(ending_relay_is_alive_and_not_ready),
        E2E_TEST(reloads_are_told),
        E2E_TEST(reload_moves_the_pages),
        E2E_TEST(pages_and_a_listener_may_change_places),
        E2E_TEST(pages_are_bounded_and_disturb_nobody),
        E2E_TEST(idle_clients_keep_no_page_from_answering),
        E2E_TEST(health_checks_are_counted_and_silent),
        E2E_TEST(junk_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
