/* SPDX-License-Identifier: BSD-2-Clause */
/* MSRP over WebSockets (RFC 7977): clients of both kinds on one relay. */
#include <signal.h>

#include "cmocka_all.h"
#include "flow.h"
#include "websocket.h"

enum {
#ifdef MSRP_SANITIZE
    LARGE_MIB = 4,
#else
    LARGE_MIB = 32,
#endif
    MAX_CHUNK = 65536,      /* send.max_chunk_size */
    MEMORY_KIB = 16 * 1024, /* what the relay may need more than when idle */
    PIPELINED = 500,
};

#define LISTEN                                                                 \
    "{ transport = \"wss\"; address = \"127.0.0.1\"; port = 0; },"             \
    "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; },"             \
    "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; },"             \
    "{ transport = \"ws\"; address = \"127.0.0.1\"; port = 0; }"

static const struct relay_opts usual = {.listen = LISTEN};
static const struct relay_opts quiet = {.listen = LISTEN, .level = "info"};

/* --- what others see ------------------------------------------------------ */

/* RFC 7977, 8.1: the URI is one that others can dial. */
static void uri_given_out_leads_to_the_tls_listener(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");
    const char *start = scene_text(s, "msrps://" RELAY_NAME ":%u/",
                                   relay_port(s->relay, RELAY_TLS));

    assert_true(span_starts(span_str(alice->uri), span_str(start)));
    assert_non_null(strstr(alice->uri, ";tcp"));
}

/* RFC 7977, 8.2 */
static void message_to_a_tls_client_has_both_paths(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.body = SPAN("Hi, I'm Alice!"),
                           .id = "first",
                           .headers = "Success-Report: no\r\n"};
    const char *tid = talk_send(alice, bob, &m);

    talk_expect_text(bob,
                     "MSRP TID SEND\r\nTo-Path: %s\r\n"
                     "From-Path: %s %s %s\r\nMessage-ID: first\r\n"
                     "Success-Report: no\r\nByte-Range: 1-14/14\r\n"
                     "Content-Type: text/plain\r\n\r\n"
                     "Hi, I'm Alice!\r\n-------TID$\r\n",
                     bob->own, bob->uri, alice->uri, alice->own);
    talk_expect_code(alice, tid, 200);
    talk_expect_nothing(alice);
}

static void message_from_a_tls_client_comes_over_the_websocket(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    const char *tid = talk_text(bob, alice, "Hi, Alice");

    talk_answer(alice, talk_expect_body(alice, SPAN("Hi, Alice"), '$'), 200);
    talk_expect_code(bob, tid, 200);
    talk_expect_nothing(bob);
    talk_expect_nothing(alice);
}

/* RFC 7977, 8.3 */
static void two_websocket_clients_talk(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");
    struct client *carol = websocket_login(s, "carol");
    const char *tid = talk_text(alice, carol, "over there");
    struct got *g = talk_expect_body(carol, SPAN("over there"), '$');

    assert_span_equal(msg_text(&g->head, g->head.from),
                      span_str(scene_text(s, "%s %s %s", carol->uri, alice->uri,
                                          alice->own)));
    talk_expect_code(alice, tid, 200);
    talk_answer(carol, g, 200);
    talk_expect_code(carol, talk_text(carol, alice, "and back"), 200);
    talk_expect_body(alice, SPAN("and back"), '$');
}

static void expect_report(struct client *c, const char *status)
{
    struct got *g = talk_expect(c, "REPORT");

    assert_string_equal(talk_header(c, g, "Status"), status);
}

static void success_report_comes_back_over_the_websocket(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.body = SPAN("read me"),
                           .id = "to-report",
                           .headers = "Success-Report: yes\r\n"};
    const char *tid = talk_send(alice, bob, &m);
    struct got *g = talk_expect_body(bob, SPAN("read me"), '$');

    talk_answer(bob, g, 200);
    talk_say(bob,
             "MSRP r3p0rt REPORT\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
             "Message-ID: to-report\r\nByte-Range: 1-7/7\r\n"
             "Status: 000 200 OK\r\n-------r3p0rt$\r\n",
             SPAN_ARG(msg_text(&g->head, g->head.from)), bob->own);
    talk_expect_code(alice, tid, 200);
    expect_report(alice, "000 200 OK");
}

static void loss_of_a_websocket_client_is_reported(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");

    talk_expect_code(bob, talk_text(bob, alice, "are you there?"), 200);
    talk_expect(alice, "SEND");
    client_vanish(alice);
    expect_report(bob, "000 408 Timeout");
    talk_expect_code(bob, talk_text(bob, alice, "and now?"), 481);
}

/* --- messages of any size ------------------------------------------------- */

static void large_message_comes_in_messages_of_bounded_size(void **state)
{
    struct scene *s = scene_start(state, &quiet);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    uint64_t total = (uint64_t)LARGE_MIB << 20;
    size_t idle = relay_rss(s->relay);

    flow_pass(bob, alice, total, total, MAX_CHUNK);
    assert_true(alice->ws->messages > total / MAX_CHUNK);
#ifndef MSRP_SANITIZE
    assert_in_range(relay_peak_rss(s->relay), idle, idle + MEMORY_KIB);
#else
    (void)idle;
#endif
}

/* One message of many frames is one chunk of any length, and streamed on. */
static void large_message_in_one_websocket_message_needs_no_memory(void **state)
{
    struct scene *s = scene_start(state, &quiet);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    uint64_t total = (uint64_t)LARGE_MIB << 20;
    size_t idle = relay_rss(s->relay);

    flow_pass(alice, bob, total, total, MAX_CHUNK);
#ifndef MSRP_SANITIZE
    assert_in_range(relay_peak_rss(s->relay), idle, idle + MEMORY_KIB);
#else
    (void)idle;
#endif
}

static void chunks_of_any_size_pass_both_ways(void **state)
{
    static const uint64_t sizes[] = {60,    100,   2049,  16384,
                                     65535, 65537, 200000};
    struct scene *s = scene_start(state, &quiet);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        flow_pass(alice, bob, 5 * sizes[i] + 33, sizes[i], MAX_CHUNK);
        flow_pass(bob, alice, 5 * sizes[i] + 33, sizes[i], MAX_CHUNK);
    }
}

static void many_messages_in_one_write_arrive_in_order(void **state)
{
    struct scene *s = scene_start(state, &quiet);
    struct client *alice = websocket_login(s, "alice");
    struct client *carol = websocket_login(s, "carol");
    const char *tids[PIPELINED];

    for (int i = 0; i < PIPELINED; i++)
        tids[i] = talk_text(alice, carol, scene_text(s, "message %d", i));
    for (int i = 0; i < PIPELINED; i++) {
        char *body = scene_text(s, "message %d", i);

        talk_answer(carol, talk_expect_body(carol, span_str(body), '$'), 200);
    }
    for (int i = 0; i < PIPELINED; i++)
        talk_expect_code(alice, tids[i], 200);
    talk_expect_nothing(alice);
}

/* R7977-4.2-a, -b */
static void text_messages_are_taken_as_octets(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");

    alice->ws->in_text = true;
    talk_expect_code(alice, talk_text(alice, bob, "na\xc3\xafve \xe2\x82\xac"),
                     200);
    talk_expect_body(bob, SPAN("na\xc3\xafve \xe2\x82\xac"), '$');
}

/* --- frames around messages ----------------------------------------------- */

static void ping_is_answered_with_its_payload(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");

    websocket_ping(alice, "");
    websocket_ping(alice, "are you there?");
    ws_side_put(alice->ws, 0x8a, SPAN("nobody asked"));
    talk_expect_nothing(alice);
}

static bool was_pinged_twice(void *ctx)
{
    const struct client *c = ctx;

    return c->ws->pings >= 2;
}

static void silent_clients_are_pinged(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN, .groups = "timers: { ping = 0.1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = websocket_login(s, "alice");
    struct client *bob = login(s, "bob");

    scene_until(s, was_pinged_twice, alice, "two PINGs");
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
}

static void ping_inside_a_message_is_answered(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");
    const char *tid = talk_tid(alice);
    char *frame = scene_text(s,
                             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                             "Message-ID: kept\r\n-------%s$\r\n",
                             tid, talk_relay(alice), alice->own, tid);

    ws_side_put(alice->ws, 0x02, span_of(frame, 20));
    websocket_ping(alice, "in between");
    ws_side_put(alice->ws, 0x00, span_str(frame + 20));
    ws_side_put(alice->ws, 0x80, SPAN(""));
    talk_expect_code(alice, tid, 200);
    talk_expect_nothing(alice);
}

/* Nothing of a message is lost or doubled when its frames come octet by octet.
 */
static void frames_cut_anywhere_are_understood(void **state)
{
    struct scene *s = scene_start(state, &quiet);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    const char *tid;
    size_t n;
    char *frame;

    tid = talk_text(alice, bob, "in little pieces");
    ws_side_pack(alice->ws);
    frame = client_unput(alice, &n);
    for (size_t i = 0; i < n; i++) {
        bytes_add(&alice->out, span_of(frame + i, 1));
        scene_flush(alice);
    }
    free(frame);
    talk_expect_code(alice, tid, 200);
    talk_expect_body(bob, SPAN("in little pieces"), '$');
}

static void close_is_answered_with_its_code(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");

    ws_side_put(alice->ws, 0x88, SPAN("\x0b\xb9 enough"));
    assert_int_equal(websocket_wait_close(alice), 3001);
    scene_wait_line(s, " closed peer=", " reason=\"eof\"");
}

static void close_without_a_code_is_answered_without(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");

    ws_side_put(alice->ws, 0x88, SPAN(""));
    assert_int_equal(websocket_wait_close(alice), 1005);
}

static void relay_says_that_it_goes(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");

    relay_signal(s->relay, SIGTERM);
    assert_int_equal(websocket_wait_close(alice), 1001);
    assert_int_equal(scene_wait_exit(s), 0);
}

/* --- rules that are broken ------------------------------------------------ */

/* These octets, as they are, are the end, with this code. */
static void expect_refused(struct scene *s, struct span octets, unsigned code)
{
    struct client *c = websocket_connect(s, RELAY_WSS, "alice");

    bytes_add(&c->out, octets);
    assert_int_equal(websocket_wait_close(c), code);
}

static void bad_frames_are_the_end(void **state)
{
    struct scene *s = scene_start(state, &usual);

    expect_refused(s, SPAN("\x82\x05MSRP "), 1002);        /* not masked */
    expect_refused(s, SPAN("\xc2\x80mask"), 1002);         /* reserved bit */
    expect_refused(s, SPAN("\x83\x80mask"), 1002);         /* opcode 3 */
    expect_refused(s, SPAN("\x80\x80mask"), 1002);         /* continues what? */
    expect_refused(s, SPAN("\x09\x80mask"), 1002);         /* PING in parts */
    expect_refused(s, SPAN("\x89\xfe\x00\x7emask"), 1002); /* PING of 126 */
    expect_refused(s, SPAN("\x82\xfe\x00\x05mask"), 1002); /* long for short */
    expect_refused(s, SPAN("\x88\x81mask\x03"), 1002);     /* half a code */
    expect_refused(s, SPAN("\x81\x81mask\x92"), 1007);     /* not UTF-8 */
    expect_refused(s, SPAN("\x02\x80mask\x82\x80mask"),
                   1002); /* in a message */
    scene_wait_log(s, "reason=\"websocket\"");
    scene_wait_log(s, "cause=\"websocket: bad frame\"");
    scene_wait_log(s, "cause=\"websocket: not UTF-8\"");
}

static void other_protocols_are_the_end(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = websocket_connect(s, RELAY_WSS, "alice");

    ws_side_put(c->ws, 0x82, SPAN("{ \"type\": \"hello\" }\r\n"));
    assert_int_equal(websocket_wait_close(c), 1002);
    scene_wait_log(s, "reason=\"bad input\"");
}

static char *keep_alive(struct client *c, const char *tid)
{
    return scene_text(c->scene,
                      "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                      "Message-ID: alive\r\n-------%s$\r\n",
                      tid, talk_relay(c), c->own, tid);
}

/* R7977-5.1-d */
static void two_chunks_in_a_message_are_the_end(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = websocket_login(s, "alice");
    char *both =
        scene_text(s, "%s%s", keep_alive(c, "tid1"), keep_alive(c, "tid2"));

    ws_side_put(c->ws, 0x82, span_str(both));
    talk_expect_code(c, "tid1", 200);
    assert_int_equal(websocket_wait_close(c), 1002);
}

/* R7977-5.1-c */
static void half_a_chunk_in_a_message_is_the_end(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = websocket_login(s, "alice");
    struct span whole = span_str(keep_alive(c, "tid1"));

    ws_side_put(c->ws, 0x82, span_of(whole.p, 30));
    ws_side_put(c->ws, 0x82, span_from(whole, 30));
    assert_int_equal(websocket_wait_close(c), 1002);
}

/* --- the handshake -------------------------------------------------------- */

static void expect_answer(struct scene *s, const char *request,
                          const char *start)
{
    struct client *c = scene_connect(s, RELAY_WSS, "alice");
    const char *answer = websocket_ask(c, request);

    if (!span_starts(span_str(answer), span_str(start)))
        fail_msg("%s, not: %s", start, answer);
    assert_int_equal(scene_wait_end(c), CLIENT_END_EOF);
}

static void bad_handshakes_are_told_why(void **state)
{
    struct scene *s = scene_start(state, &usual);

    expect_answer(s, "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                  "HTTP/1.1 426 Upgrade Required\r\n");
    expect_answer(s, "POST / HTTP/1.1\r\nHost: h\r\n\r\n",
                  "HTTP/1.1 405 Method Not Allowed\r\n");
    expect_answer(s, "MSRP abcd AUTH\r\n\r\n", "HTTP/1.1 400 ");
    expect_answer(s, WEBSOCKET_REQUEST "\r\nMSRP", "HTTP/1.1 400 ");
    expect_answer(s, scene_text(s, WEBSOCKET_REQUEST "X: %017000d\r\n\r\n", 1),
                  "HTTP/1.1 431 ");
    scene_wait_log(s, "reason=\"websocket\"");
}

static void origin_is_let_in(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = scene_connect(s, RELAY_WSS, "alice");
    const char *answer = websocket_ask(
        c, WEBSOCKET_REQUEST "Origin: https://chat.example.com\r\n\r\n");

    assert_non_null(strstr(
        answer, "Access-Control-Allow-Origin: https://chat.example.com\r\n"));
}

static void handshake_takes_its_time_limit(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN, .groups = "timers: { handshake = 0.2; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *c = scene_connect(s, RELAY_WSS, "alice");

    c->raw = true;
    client_put(c, SPAN("GET / HTTP/1.1\r\n"));
    assert_int_equal(scene_wait_end(c), CLIENT_END_EOF);
    scene_wait_log(s, "reason=\"handshake\"");
}

/* R7977-5.3.1-a, and pings are no proof. */
static void pings_do_not_end_the_probation(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN, .groups = "timers: { probation = 0.3; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *c = websocket_connect(s, RELAY_WSS, "alice");

    websocket_ping(c, "me");
    assert_int_equal(websocket_wait_close(c), 1001);
    scene_wait_log(s, "reason=\"probation\"");
}

/* --- without TLS ---------------------------------------------------------- */

static void plain_websocket_may_not_auth(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = websocket_connect(s, RELAY_WS, "alice");

    talk_say(c,
             "MSRP tid1 AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------tid1$\r\n",
             talk_relay(c), c->own);
    talk_expect_code(c, "tid1", 403);
}

static void plain_websocket_may_auth_where_it_is_allowed(void **state)
{
    static const struct relay_opts opts = {.listen = LISTEN,
                                           .auth = "allow_tcp = true;"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = websocket_connect(s, RELAY_WS, "alice");
    struct client *carol = websocket_connect(s, RELAY_WS, "carol");
    const char *start;

    login_on(alice);
    login_on(carol);
    start = scene_text(s, "msrp://" RELAY_NAME ":%u/",
                       relay_port(s->relay, RELAY_TCP));
    assert_true(span_starts(span_str(alice->uri), span_str(start)));
    talk_expect_code(alice, talk_text(alice, carol, "in the open"), 200);
    talk_expect_body(carol, SPAN("in the open"), '$');
    flow_pass(alice, carol, 300000, 100000, MAX_CHUNK);
}

/* --- pressure ------------------------------------------------------------- */

static void reader_that_stalls_fails_and_harms_nobody(void **state)
{
    static const struct relay_opts opts = {
        .listen = LISTEN,
        .groups = "tcp: { send_buffer = 16384; receive_buffer = 16384; };\n"
                  "timers: { stall = 1; };",
        .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = websocket_login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = websocket_login(s, "carol");
    struct flow_out out = {.headers = "Failure-Report: no\r\n"};
    unsigned char hash[FLOW_HASH];

    alice->deaf = true;
    flow_out_start(&out, bob, alice, (uint64_t)1 << 30, MAX_CHUNK);
    scene_wait_blocked(bob);
    talk_expect_nothing(carol);
    scene_wait_line(s, " closed peer=", " reason=\"stall\"");
    flow_out_abort(&out);
    flow_out_end(&out, hash);
    talk_expect_nothing(carol);
}

/* RFC 6455, 5.5.3: of many at once, the last one is answered. */
static void flood_of_pings_needs_no_memory(void **state)
{
    enum { PINGS = 60000 };
    struct scene *s = scene_start(state, &quiet);
    struct client *alice = websocket_login(s, "alice");
    size_t idle = relay_rss(s->relay);
    char payload[125] = {0};

    alice->deaf = true;
    for (int i = 0; i < PINGS; i++)
        ws_side_put(alice->ws, 0x89, span_of(payload, sizeof payload));
    scene_flush(alice);
    alice->deaf = false;
    websocket_ping(alice, "the last one");
    talk_expect_nothing(alice);
    assert_in_range(alice->ws->pongs, 1, PINGS / 2);
#ifndef MSRP_SANITIZE
    assert_in_range(relay_peak_rss(s->relay), idle, idle + MEMORY_KIB);
#else
    (void)idle;
#endif
}

/* --- reload --------------------------------------------------------------- */

static void listener_becomes_one_for_websockets(void **state)
{
    static const struct relay_opts before = {
        .listen =
            "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; }"};
    static const struct relay_opts after = {
        .listen =
            "{ transport = \"wss\"; address = \"127.0.0.1\"; port = 0; }"};
    struct scene *s = scene_start(state, &before);
    struct client *bob = login(s, "bob"), *alice;
    unsigned port = relay_port(s->relay, RELAY_TLS);
    const char *tid;

    relay_write_config(s->relay, &after);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log(s, " reloaded");
    relay_use_port(s->relay, RELAY_WSS, port);
    alice = websocket_login(s, "alice");
    tid = talk_text(alice, bob, "on another transport");
    talk_expect_code(alice, tid, 200);
    talk_expect_body(bob, SPAN("on another transport"), '$');
    assert_non_null(strstr(relay_log(s->relay), "transport=wss tls=TLSv1.3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(uri_given_out_leads_to_the_tls_listener),
        E2E_TEST(message_to_a_tls_client_has_both_paths),
        E2E_TEST(message_from_a_tls_client_comes_over_the_websocket),
        E2E_TEST(two_websocket_clients_talk),
        E2E_TEST(success_report_comes_back_over_the_websocket),
        E2E_TEST(loss_of_a_websocket_client_is_reported),
        E2E_TEST(large_message_comes_in_messages_of_bounded_size),
        E2E_TEST(large_message_in_one_websocket_message_needs_no_memory),
        E2E_TEST(chunks_of_any_size_pass_both_ways),
        E2E_TEST(many_messages_in_one_write_arrive_in_order),
        E2E_TEST(text_messages_are_taken_as_octets),
        E2E_TEST(ping_is_answered_with_its_payload),
        E2E_TEST(silent_clients_are_pinged),
        E2E_TEST(ping_inside_a_message_is_answered),
        E2E_TEST(frames_cut_anywhere_are_understood),
        E2E_TEST(close_is_answered_with_its_code),
        E2E_TEST(close_without_a_code_is_answered_without),
        E2E_TEST(relay_says_that_it_goes),
        E2E_TEST(bad_frames_are_the_end),
        E2E_TEST(other_protocols_are_the_end),
        E2E_TEST(two_chunks_in_a_message_are_the_end),
        E2E_TEST(half_a_chunk_in_a_message_is_the_end),
        E2E_TEST(bad_handshakes_are_told_why),
        E2E_TEST(origin_is_let_in),
        E2E_TEST(handshake_takes_its_time_limit),
        E2E_TEST(pings_do_not_end_the_probation),
        E2E_TEST(plain_websocket_may_not_auth),
        E2E_TEST(plain_websocket_may_auth_where_it_is_allowed),
        E2E_TEST(reader_that_stalls_fails_and_harms_nobody),
        E2E_TEST(flood_of_pings_needs_no_memory),
        E2E_TEST(listener_becomes_one_for_websockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
