/* SPDX-License-Identifier: BSD-2-Clause */
/* Slowness and silence: what is one and what the other, and when the relay's
 * patience ends. */
#include <poll.h>

#include "cmocka_all.h"
#include "flow.h"
#include "websocket.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    GIB = 1024 * MIB,
    CHUNK = 16 * KIB,
};

/* A client with little room in its socket. */
static struct client *login_small(struct scene *s, const char *name)
{
    struct client_opts opts = {.tls = s->tls,
                               .port = relay_port(s->relay, RELAY_TLS),
                               .receive_buffer = CHUNK};
    struct client *c = scene_connect_with(s, name, &opts);

    login_on(c);
    return c;
}

/* The SEND that goes out is answered so. */
static void expect_refused(const struct flow_out *out, unsigned code)
{
    struct got *g = scene_frame(out->client);

    assert_int_equal(g->head.method, MSG_RESPONSE);
    assert_int_equal(g->head.code, code);
    assert_span_equal(msg_text(&g->head, g->head.tid), span_str(out->tid));
}

/* --- slow is not silent --------------------------------------------------- */

/* Reads so many octets at every tick, whatever there is. */
static void read_slowly(struct flow_in *in, uint64_t octets, size_t most)
{
    enum { TICK_MS = 10 };
    struct client *c = in->client;
    uint64_t tick_ms = now_ms(), deadline_ms = tick_ms + 3 * DEADLINE_MS;

    c->most = most;
    while (in->at < octets) {
        c->deaf = true;
        if (now_ms() >= deadline_ms)
            fail_msg("%s got only %llu octets", c->name,
                     (unsigned long long)in->at);
        if (now_ms() < tick_ms) {
            scene_turn(c->scene, tick_ms);
            continue;
        }
        c->deaf = false;
        client_turn(c, POLLIN);
        tick_ms += TICK_MS;
    }
    c->deaf = false;
    c->most = 0;
}

/* For five times as long as a transaction, or a stall, may take; what is queued
 * in the relay alone is more than is read in that time. */
static void slow_reader_is_neither_silent_nor_stalled(void **state)
{
    static const struct relay_opts opts = {
        .groups = "tcp: { send_buffer = 16384; receive_buffer = 16384; };\n"
                  "send: { high_water = 2097152; low_water = 1048576; };\n"
                  "timers: { transaction = 2; stall = 2; };",
        .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};

    flow_in_start(&in, bob);
    flow_out_start(&out, alice, bob, 4 * MIB, CHUNK);
    read_slowly(&in, 4 * MIB, 4 * KIB);
    scene_until(s, flow_in_is_done, &in, "the last end-line");
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    for (int i = 0; i < 4 * MIB / CHUNK; i++)
        assert_int_equal(scene_frame(alice)->head.code, 200);
    talk_expect_nothing(alice);
}

/* 2.10: what the kernel has taken goes on to arrive, in small steps, while it
 * takes nothing more for longer than a stall. */
static void trickle(void **state, enum relay_port port)
{
    static const struct relay_opts opts = {
        .listen = WEBSOCKET_AND_OTHERS,
        .auth = "allow_tcp = true;",
        .groups = "tcp: { send_buffer = 1048576; };\n"
                  "timers: { stall = 0.5; };",
        .level = "info"};
    enum { SEGMENT = 536, RATE = 64, SECONDS = 4 }; /* 6,400 octets/s */
    struct scene *s = scene_start(state, &opts);
    bool is_tls = port == RELAY_TLS || port == RELAY_WSS;
    struct client_opts small = {.tls = is_tls ? s->tls : NULL,
                                .port = relay_port(s->relay, port),
                                .receive_buffer = 4 * KIB,
                                .segment = SEGMENT};
    struct client *alice = login(s, "alice"),
                  *bob = scene_connect_with(s, "bob", &small);
    unsigned char sent[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};

    scene_wait_open(bob);
    if (port == RELAY_WS || port == RELAY_WSS)
        websocket_open(bob);
    login_on(bob);
    flow_in_start(&in, bob);
    flow_out_start(&out, alice, bob, GIB, GIB);
    read_slowly(&in, RATE * 100 * SECONDS, RATE);
    assert_int_equal(bob->end, CLIENT_END_NONE);
    flow_out_abort(&out);
    flow_out_end(&out, sent);
    flow_in_end(&in, sent);
}

static void a_trickle_is_no_stall(void **state)
{
    trickle(state, RELAY_TLS);
}

static void nor_is_one_without_tls(void **state)
{
    trickle(state, RELAY_TCP);
}

static void nor_is_one_over_a_websocket(void **state)
{
    trickle(state, RELAY_WSS);
}

/* Bob answers alice at once, but the relay does not read it: it has paused him,
 * because dave takes nothing (P-23). */
static void answers_behind_a_pause_of_ours_are_not_late(void **state)
{
    static const struct relay_opts opts = {
        .groups = "tcp: { send_buffer = 16384; receive_buffer = 16384; };\n"
                  "timers: { transaction = 1; probation = 3; };",
        .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    struct client *dave = login_small(s, "dave"), *clock;
    struct flow_out out = {.headers = "Failure-Report: no\r\n"};
    unsigned char hash[FLOW_HASH];

    dave->deaf = true;
    flow_out_start(&out, bob, dave, GIB, CHUNK);
    scene_wait_blocked(bob);
    talk_expect_code(alice, talk_text(alice, bob, "hear me?"), 200);
    flow_out_abort(&out);
    flow_out_end(&out, hash);
    talk_answer(bob, talk_expect_body(bob, SPAN("hear me?"), '$'), 200);
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock);
    talk_expect_nothing(alice);
    dave->raw = true;
    dave->deaf = false;
    scene_flush(bob);
    talk_expect_nothing(bob); /* now the answer has been read */
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock);
    talk_expect_nothing(alice);
}

/* ... but who is not paused and says nothing is silent, whatever he takes. */
static void reader_who_never_answers_is_silent(void **state)
{
    static const struct relay_opts opts = {
        .groups = "timers: { transaction = 0.4; };", .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    unsigned char hash[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {.is_mute = true};

    flow_in_start(&in, bob);
    flow_out_start(&out, alice, bob, GIB, GIB);
    expect_refused(&out, 408);
    scene_until(s, flow_in_is_done, &in, "the end of the message");
    assert_int_equal(in.flag, '#');
    flow_out_abort(&out);
    flow_out_end(&out, hash);
    flow_in_end(&in, hash);
}

/* --- stall (P-22) --------------------------------------------------------- */

static const struct relay_opts impatient = {
    .groups = "tcp: { send_buffer = 16384; receive_buffer = 16384; };\n"
              "timers: { stall = 0.4; };",
    .level = "info"};

/* Bob was closed, and alice goes on with others. */
static void goes_on(struct client *alice, struct client *bob)
{
    struct client *carol;

    scene_wait_closed(bob);
    carol = login(alice->scene, "carol");
    talk_expect_code(alice, talk_text(alice, carol, "to you then"), 200);
    talk_expect_body(carol, SPAN("to you then"), '$');
    talk_expect_nothing(alice);
}

static void stalled_receiver_fails_the_chunk_at_hand(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    struct flow_out out = {0};
    unsigned char hash[FLOW_HASH];

    bob->deaf = true;
    flow_out_start(&out, alice, bob, GIB, GIB);
    expect_refused(&out, 408);
    flow_out_abort(&out);
    flow_out_end(&out, hash);
    goes_on(alice, bob);
}

static void stalled_receiver_fails_what_was_accepted(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    enum { MESSAGES = 100 };
    struct send m = {.body = span_str(scene_text(s, "%010000d", 1))};
    unsigned reports = 0, accepted = 0;

    bob->deaf = true;
    for (int i = 0; i < MESSAGES; i++)
        talk_send(alice, bob, &m);
    scene_wait_closed(bob);
    while (accepted < MESSAGES || reports < MESSAGES) {
        struct got *g = scene_frame(alice);

        if (g->head.method == MSG_RESPONSE && g->head.code == 200) {
            accepted++;
        } else if (g->head.method == MSG_RESPONSE) { /* not passed on */
            assert_true(g->head.code == 408 || g->head.code == 481);
            accepted++;
            reports++;
        } else {
            assert_string_equal(talk_header(alice, g, "Status"),
                                "000 408 Timeout");
            reports++;
        }
    }
    goes_on(alice, bob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(slow_reader_is_neither_silent_nor_stalled),
        E2E_TEST(a_trickle_is_no_stall),
        E2E_TEST(nor_is_one_without_tls),
        E2E_TEST(nor_is_one_over_a_websocket),
        E2E_TEST(answers_behind_a_pause_of_ours_are_not_late),
        E2E_TEST(reader_who_never_answers_is_silent),
        E2E_TEST(stalled_receiver_fails_the_chunk_at_hand),
        E2E_TEST(stalled_receiver_fails_what_was_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
