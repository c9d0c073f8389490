/* SPDX-License-Identifier: BSD-2-Clause */
/* A balancer in front tells who its clients are (PROXY protocol). It is at
 * 127.0.0.2; who comes from 127.0.0.1 comes directly. */
#include <signal.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "http.h"
#include "websocket.h"

#define PROXY "127.0.0.2"
#define LISTENER(transport, more)                                              \
    "{ transport = \"" transport "\"; address = \"127.0.0.1\"; port = 0; "     \
    "proxy = [ \"" PROXY "/32\" ]; " more " }"
#define LISTEN                                                                 \
    LISTENER("tls", "")                                                        \
    "," LISTENER("tcp", "") "," LISTENER("wss", "") "," LISTENER("ws", "")

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4_ENDS "\xc0\x00\x02\x07\xc6\x33\x64\x01\x9d\x78\x0b\x27"
#define V1 "PROXY TCP4 192.0.2.7 198.51.100.1 40312 2855\r\n"
#define V2 SIGNATURE "\x21\x11\x00\x0c" IPV4_ENDS
#define V2_TLS SIGNATURE "\x21\x11\x00\x14" IPV4_ENDS "\x20\x00\x05\x01\0\0\0\0"
#define V2_BAD_SUM                                                             \
    SIGNATURE "\x21\x11\x00\x13" IPV4_ENDS "\x03\x00\x04\x01\x02\x03\x04"
#define V2_LOCAL SIGNATURE "\x20\x00\x00\x00"
#define CLIENT "peer=192.0.2.7:40312"

static const struct relay_opts behind_a_proxy = {.listen = LISTEN};
static const enum relay_port all_ports[] = {RELAY_TLS, RELAY_TCP, RELAY_WSS,
                                            RELAY_WS};
enum { ALL = sizeof all_ports / sizeof *all_ports };

static bool has_tls(enum relay_port port)
{
    return port == RELAY_TLS || port == RELAY_WSS;
}

/* Comes from `from` with these octets first; its handshake is not waited for.
 */
static struct client *begin(struct scene *s, enum relay_port port,
                            const char *name, const char *from,
                            struct span ahead)
{
    const struct client_opts opts = {.port = relay_port(s->relay, port),
                                     .tls = has_tls(port) ? s->tls : NULL,
                                     .from = from,
                                     .ahead = ahead};

    return scene_connect_with(s, name, &opts);
}

/* Connects to see whether somebody is there, and goes. */
static void check_health(struct scene *s, enum relay_port port,
                         struct span header)
{
    const struct client_opts opts = {
        .port = relay_port(s->relay, port), .from = PROXY, .ahead = header};

    client_vanish(scene_connect_with(s, "check", &opts));
}

/* Through the proxy, up to where MSRP begins. */
static struct client *come(struct scene *s, enum relay_port port,
                           const char *name, struct span ahead)
{
    struct client *c = begin(s, port, name, PROXY, ahead);

    if (c->ssl)
        scene_wait_open(c);
    if (port == RELAY_WSS || port == RELAY_WS)
        websocket_open(c);
    return c;
}

/* Says something that is answered, whatever the listener allows. */
static void speak(struct client *c)
{
    talk_say(c,
             "MSRP first AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------first$\r\n",
             talk_relay(c), c->own);
    scene_frame(c);
}

static void the_address_in_the_header_is_the_clients(void **state)
{
    static const struct span headers[] = {SPAN(V1), SPAN(V2)};
    struct scene *s = scene_start(state, &behind_a_proxy);

    for (size_t i = 0; i < ALL; i++)
        for (size_t k = 0; k < 2; k++) {
            size_t mark = relay_log_size(s->relay);

            speak(come(s, all_ports[i], "alice", headers[k]));
            scene_wait_log_since(s, mark, " open " CLIENT " listener=");
            scene_wait_log_since(s, mark, " in \"AUTH\" ");
        }
}

static void a_header_that_comes_octet_by_octet_is_read(void **state)
{
    struct scene *s = scene_start(state, &behind_a_proxy);
    const struct client_opts opts = {.port = relay_port(s->relay, RELAY_TLS),
                                     .tls = s->tls,
                                     .from = PROXY,
                                     .ahead = SPAN(V2),
                                     .slowly = true};
    struct client *c = scene_connect_with(s, "alice", &opts);

    scene_wait_open(c);
    login_on(c);
    scene_wait_log(s, " session granted " CLIENT);
}

/* What an operator's tools go by: accounting, and the ban of who guesses. */
static void accounting_and_failures_have_the_clients_address(void **state)
{
    static const struct relay_opts opts = {.listen = LISTEN,
                                           .log = "accounting = \"stderr\";"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = come(s, RELAY_TLS, "alice", SPAN(V1)), *mallory;
    struct login l = {.alg = DIGEST_MD5, .user = "bob", .password = "guess"};

    login_on(alice);
    mallory = come(s, RELAY_WSS, "mallory", SPAN(V2));
    login_ask(mallory, &l);
    login_refused(mallory, &l, login_try(mallory, &l));
    scene_wait_log(s, " authentication failed " CLIENT " listener=wss:");
    client_close(alice);
    scene_wait_log(s, "\"peer\":{\"address\":\"192.0.2.7\",\"port\":40312}");
}

static void without_an_address_it_is_the_proxys(void **state)
{
    static const struct span headers[] = {SPAN("PROXY UNKNOWN\r\n"),
                                          SPAN(V2_LOCAL),
                                          SPAN(SIGNATURE "\x21\x00\x00\x00")};
    struct scene *s = scene_start(state, &behind_a_proxy);

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        size_t mark = relay_log_size(s->relay);

        login_on(come(s, RELAY_TLS, "alice", headers[i]));
        scene_wait_log_since(s, mark, " session granted peer=" PROXY ":");
    }
}

static void assert_unwanted(struct scene *s, enum relay_port port,
                            struct span header)
{
    size_t mark = relay_log_size(s->relay);
    struct client *c = begin(s, port, "stranger", NULL, header);

    c->raw = true;
    scene_wait_end(c);
    scene_wait_log_since(s, mark, " closed peer=127.0.0.1:");
    scene_wait_log_since(
        s, mark,
        "PROXY header from an address that listen.proxy does not have");
}

static void a_header_without_leave_is_told_and_closed(void **state)
{
    static const struct relay_opts opts = {.listen = LISTEN, .level = "info"};
    struct scene *s = scene_start(state, &opts);

    for (size_t i = 0; i < ALL; i++) {
        assert_unwanted(s, all_ports[i], SPAN(V1));
        assert_unwanted(s, all_ports[i], SPAN(V2));
    }
}

static void assert_missing(struct scene *s, enum relay_port port,
                           struct span ahead, const char *fault)
{
    size_t mark = relay_log_size(s->relay);
    struct client *c = begin(s, port, "bare", PROXY, ahead);

    c->raw = true;
    if (!ahead.n && !c->ssl)
        client_put(c, SPAN("MSRP a1b2 SEND\r\n"));
    scene_wait_end(c);
    scene_wait_log_since(s, mark, " closed peer=" PROXY ":");
    scene_wait_log_since(s, mark, scene_text(s, "reason=\"proxy\""));
    scene_wait_log_since(s, mark, scene_text(s, "cause=\"%s\"", fault));
}

static void a_header_that_is_due_and_missing_is_told_and_closed(void **state)
{
    static const struct relay_opts opts = {.listen = LISTEN, .level = "info"};
    struct scene *s = scene_start(state, &opts);

    for (size_t i = 0; i < ALL; i++)
        assert_missing(s, all_ports[i], SPAN(""), "no PROXY header");
    assert_missing(s, RELAY_TLS, SPAN("PROXY TCP4 here there 1 2\r\n"),
                   "malformed PROXY header");
    assert_missing(s, RELAY_TLS, SPAN(V2_BAD_SUM),
                   "wrong checksum in PROXY header");
}

static void a_header_has_the_time_of_a_handshake(void **state)
{
    static const struct relay_opts opts = {.listen = LISTEN,
                                           .level = "info",
                                           .groups =
                                               "timers: { handshake = 0.2; };"};
    struct scene *s = scene_start(state, &opts);

    scene_wait_end(begin(s, RELAY_TCP, "slow", PROXY, SPAN("PROXY TCP4 ")));
    scene_wait_log(s, "reason=\"handshake\"");
    scene_wait_log(s, "cause=\"no complete PROXY header\"");
}

static double sample(struct scene *s, const char *series)
{
    struct prom *p = http_scrape(http_port(s->relay, 0));
    double n = http_sample(p, series);

    prom_free(p);
    return n;
}

static void wait_for_sample(struct scene *s, const char *series, double n)
{
    uint64_t until_ms = now_ms() + DEADLINE_MS;

    while (sample(s, series) < n)
        assert_true(now_ms() < until_ms);
    assert_true(sample(s, series) <= n);
}

/* The proxy looks whether we are there: with a header of its own, or none. */
static void checks_of_the_proxy_are_silent(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN,
        .level = "info",
        .groups = "metrics: { address = \"127.0.0.1\"; port = 0; };"};
    static const struct span headers[] = {SPAN(""), SPAN(V2_LOCAL),
                                          SPAN("PROXY UNKNOWN\r\n"), SPAN(V1)};
    enum { HEADERS = sizeof headers / sizeof *headers };
    struct scene *s = scene_start(state, &opts);

    for (size_t i = 0; i < ALL; i++)
        for (size_t k = 0; k < HEADERS; k++)
            check_health(s, all_ports[i], headers[k]);
    wait_for_sample(s, "msrprelayd_health_checks_total", ALL * HEADERS);
    assert_null(strstr(relay_log(s->relay), " c="));
    /* Half a header is none. */
    client_close(begin(s, RELAY_TCP, "half", PROXY, SPAN("PROXY TC")));
    scene_wait_log(s, "c=17 closed peer=" PROXY ":");
}

static void limits_count_by_the_clients_address(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN,
        .groups = "limits: { connections_per_address = 2; };\n"
                  "metrics: { address = \"127.0.0.1\"; port = 0; };"};
    static const char other[] =
        "PROXY TCP4 192.0.2.8 198.51.100.1 40312 2855\r\n";
    static const char refused[] = "msrprelayd_connections_refused_total{"
                                  "reason=\"connections_per_address\"}";
    struct scene *s = scene_start(state, &opts);
    struct client *first = come(s, RELAY_TLS, "alice", SPAN(V1));

    login_on(first);
    speak(come(s, RELAY_TCP, "second", SPAN(V2)));
    scene_wait_end(begin(s, RELAY_TLS, "third", PROXY, SPAN(V1)));
    scene_wait_log(s, " connection refused " CLIENT " listener=tls:");
    wait_for_sample(s, refused, 1);
    /* Nobody else is concerned, and who goes makes room. */
    login_on(come(s, RELAY_TLS, "bob", span_str(other)));
    client_close(first);
    scene_wait_log(s, "c=1 closed");
    login_on(come(s, RELAY_TLS, "carol", SPAN(V1)));
    wait_for_sample(s, refused, 1);
}

/* Not the oldest of all that the proxy has brought, but of the client who has
 * most of them (S-17). */
static void who_makes_room_is_found_by_the_clients_address(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN, .groups = "limits: { connections = 4; };"};
    static const char other[] =
        "PROXY TCP4 192.0.2.8 198.51.100.1 40312 2855\r\n";
    struct scene *s = scene_start(state, &opts);
    struct client *first, *newcomer;

    first = come(s, RELAY_TLS, "first", span_str(other));
    for (int i = 0; i < 3; i++)
        come(s, RELAY_TLS, "one of many", SPAN(V1));
    newcomer = begin(s, RELAY_TLS, "alice", NULL, SPAN(""));
    scene_wait_log(s, "c=2 closed " CLIENT " listener=tls:");
    scene_wait_log(s, "reason=\"made room\"");
    scene_wait_open(newcomer);
    login_on(newcomer);
    speak(first);
}

/* TLS ends at the proxy, which says so. */
static void tls_in_the_header_counts_as_tls(void **state)
{
    static const enum relay_port ports[] = {RELAY_TCP, RELAY_WS};
    struct scene *s = scene_start(state, &behind_a_proxy);
    struct client *c;

    for (size_t i = 0; i < 2; i++) {
        c = come(s, ports[i], "alice", SPAN(V2_TLS));
        login_on(c);
        assert_true(span_starts(span_str(c->uri), SPAN("msrps://")));
    }
    scene_wait_log(s, " transport=tcp tls=proxy ");
    scene_wait_log(s, " transport=ws tls=proxy ");
    /* One that does not say so may not log in. */
    c = come(s, RELAY_TCP, "bob", SPAN(V2));
    talk_say(c,
             "MSRP bare AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------bare$\r\n",
             talk_relay(c), c->own);
    talk_expect_code(c, "bare", 403);
}

static void a_listener_may_have_tls_in_front(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTENER("tcp", "tls_in_front = true;") "," LISTENER(
            "ws", "tls_in_front = true;")};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = come(s, RELAY_TCP, "alice", SPAN(V1));
    struct client *bob = come(s, RELAY_WS, "bob", SPAN(V1));
    const char *start = scene_text(s, "msrps://" RELAY_NAME ":%u/",
                                   relay_port(s->relay, RELAY_TCP));

    login_on(alice);
    login_on(bob);
    assert_true(span_starts(span_str(alice->uri), span_str(start)));
    assert_true(span_starts(span_str(bob->uri), span_str(start)));
    talk_expect_code(alice, talk_text(alice, bob, "hello"), 200);
    talk_expect_body(bob, SPAN("hello"), '$');
}

static void a_reload_changes_who_is_a_proxy(void **state)
{
    struct scene *s = scene_start(state, &behind_a_proxy);
    struct relay_opts opts = {0};
    struct client *alice = come(s, RELAY_TLS, "alice", SPAN(V1)), *bob;
    unsigned port = relay_port(s->relay, RELAY_TLS);

    login_on(alice);
    opts.listen = scene_text(s,
                             "{ transport = \"tls\"; address = \"127.0.0.1\";"
                             " port = %u; proxy = [ \"127.0.0.3\" ]; }",
                             port);
    relay_write_config(s->relay, &opts);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log(s, "reloaded");
    assert_unwanted(s, RELAY_TLS, SPAN(V1));
    bob = begin(s, RELAY_TLS, "bob", PROXY, SPAN(""));
    scene_wait_open(bob);
    login_on(bob);
    scene_wait_log(s, " session granted peer=" PROXY ":");
    talk_expect_code(alice, talk_text(alice, bob, "still here"), 200);
    talk_expect_body(bob, SPAN("still here"), '$');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(the_address_in_the_header_is_the_clients),
        E2E_TEST(a_header_that_comes_octet_by_octet_is_read),
        E2E_TEST(accounting_and_failures_have_the_clients_address),
        E2E_TEST(without_an_address_it_is_the_proxys),
        E2E_TEST(a_header_without_leave_is_told_and_closed),
        E2E_TEST(a_header_that_is_due_and_missing_is_told_and_closed),
        E2E_TEST(a_header_has_the_time_of_a_handshake),
        E2E_TEST(checks_of_the_proxy_are_silent),
        E2E_TEST(limits_count_by_the_clients_address),
        E2E_TEST(who_makes_room_is_found_by_the_clients_address),
        E2E_TEST(tls_in_the_header_counts_as_tls),
        E2E_TEST(a_listener_may_have_tls_in_front),
        E2E_TEST(a_reload_changes_who_is_a_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
