/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers that behave badly or not at all, and the limits of the relay's
 * patience. */
#include <openssl/err.h>

#include "cmocka_all.h"
#include "login.h"

static struct client *connect_raw(struct scene *s, const char *name)
{
    struct client_opts opts = {.port = relay_port(s->relay, RELAY_TLS)};
    struct client *c = scene_connect_with(s, name, &opts);

    c->raw = true;
    return c;
}

/* The relay has closed the connection, and serves others. */
static void assert_refused(struct scene *s, struct client *c)
{
    struct client *alice;

    scene_wait_end(c);
    alice = login(s, "alice");
    talk_expect_nothing(alice);
}

/* --- not TLS -------------------------------------------------------------- */

static void tls_garbage_is_refused(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *c = connect_raw(s, "noise");
    char noise[1000];

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(0x80 | i * 37);
    client_put(c, span_of(noise, sizeof noise));
    assert_refused(s, c);
}

static void plain_msrp_on_the_tls_port_gets_no_answer(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *c = connect_raw(s, "plain");

    talk_text(c, c, "hello?");
    assert_refused(s, c);
    assert_null(memmem(c->in.p, c->in.n, "MSRP", 4));
}

static void handshake_has_to_begin_in_time(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { handshake = 1; };"};
    struct scene *s = scene_start(state, &opts);

    assert_refused(s, connect_raw(s, "mute"));
}

/* The beginning of a ClientHello of 512 octets. */
static void handshake_has_to_end_in_time(void **state)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    static const struct relay_opts opts = {.groups =
                                               "timers: { handshake = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *c = connect_raw(s, "slow");

    client_put(c, SPAN(hello));
    assert_refused(s, c);
    assert_int_equal(c->in.n, 0);
}

/* --- not MSRP ------------------------------------------------------------- */

static void closes_after(void **state, struct span octets)
{
    struct scene *s = scene_start(state, NULL);
    struct client *c = scene_connect(s, RELAY_TLS, "noise");

    client_put(c, octets);
    assert_refused(s, c);
}

static void other_protocols_are_refused(void **state)
{
    closes_after(state, SPAN("GET / HTTP/1.1\r\nHost: relay\r\n\r\n"));
}

/* More than the relay reads at once. */
static void noise_without_end_is_refused(void **state, enum relay_port port)
{
    struct scene *s = scene_start(state, NULL);
    struct client *c = scene_connect(s, port, "noise");

    talk_say(c, "%01000000d", 0);
    assert_refused(s, c);
}

static void noise_without_end_on_tls_is_refused(void **state)
{
    noise_without_end_is_refused(state, RELAY_TLS);
}

static void noise_without_end_on_tcp_is_refused(void **state)
{
    noise_without_end_is_refused(state, RELAY_TCP);
}

/* 2.12: as many as it likes, computed by whoever has the time for it. */
static void key_updates_without_end_are_the_end(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    for (int logged_in = 0; logged_in < 2; logged_in++) {
        struct client *c = scene_connect(s, RELAY_TLS, "carol");

        if (logged_in)
            login_on(c);
        for (int i = 0; i < 1000; i++) {
            ERR_clear_error();
            if (SSL_key_update(c->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
                SSL_do_handshake(c->ssl) != 1)
                break; /* the end is there already */
        }
        scene_wait_end(c);
        scene_wait_line(s, scene_text(s, " c=%u closed ", c->number),
                        " reason=\"tls\"");
    }
    talk_text(alice, bob, "hello");
    talk_answer(bob, talk_expect_body(bob, SPAN("hello"), '$'), 200);
}

static void foreign_end_line_among_headers_closes(void **state)
{
    closes_after(state,
                 SPAN("MSRP abcd SEND\r\nTo-Path: x\r\n-------dcba$\r\n"));
}

static void head_over_the_limit_closes(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { head_size = 1024; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *c = scene_connect(s, RELAY_TLS, "noise");

    talk_say(c, "MSRP abcd SEND\r\nX: %01024d", 0);
    assert_refused(s, c);
}

static void faulty_request_gets_400_and_may_stay(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send no_range = {.range = "1-0/x", .body = SPAN("hello")};
    const struct send long_path = {
        .to = scene_text(
            s, "%s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s", alice->uri,
            bob->own, bob->own, bob->own, bob->own, bob->own, bob->own,
            bob->own, bob->own, bob->own, bob->own, bob->own, bob->own,
            bob->own, bob->own, bob->own, bob->own),
        .body = SPAN("hello")};

    talk_expect_code(alice, talk_send(alice, bob, &no_range), 400);
    talk_send(alice, NULL, &long_path);
    assert_int_equal(scene_frame(alice)->head.code, 400);
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
}

/* --- half of a connection ------------------------------------------------- */

static void half_closed_peer_gets_its_answer(void **state, enum relay_port port)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, port, "peer");
    const char *tid = talk_text(peer, alice, "last words");

    scene_flush(peer);
    client_half_close(peer);
    talk_expect_code(peer, tid, 200);
    assert_int_equal(scene_wait_end(peer), CLIENT_END_EOF);
    talk_expect_body(alice, SPAN("last words"), '$');
}

static void half_closed_tls_gets_its_answer(void **state)
{
    half_closed_peer_gets_its_answer(state, RELAY_TLS);
}

static void half_closed_tcp_gets_its_answer(void **state)
{
    half_closed_peer_gets_its_answer(state, RELAY_TCP);
}

static void peer_that_vanishes_in_a_frame_leaves_nothing_behind(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");

    talk_say(alice, "MSRP abcd SEND\r\nTo-Path: ");
    scene_flush(alice);
    client_vanish(alice);
    scene_wait_log(s, "c=1 closed");
    talk_expect_nothing(login(s, "bob"));
}

/* --- probation (R4976-6.1-c..e) ------------------------------------------- */

static void silent_peer_is_closed_after_its_probation(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { probation = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *silent = scene_connect(s, RELAY_TLS, "silent");
    struct client *plain = scene_connect(s, RELAY_TCP, "plain");

    assert_int_equal(scene_wait_end(silent), CLIENT_END_EOF);
    assert_int_equal(scene_wait_end(plain), CLIENT_END_EOF);
    talk_expect_nothing(alice); /* older, but authenticated */
}

static void challenges_alone_do_not_pass_probation(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { probation = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *c = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5};

    login_ask(c, &l);
    assert_int_equal(scene_wait_end(c), CLIENT_END_EOF);
}

static void nothing_but_failures_end_probation_early(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *c = scene_connect(s, RELAY_TLS, "prober");
    const struct send guess = {.to = scene_text(s, "%s guess", alice->uri),
                               .body = SPAN("x")};
    int answers = 0;

    for (int i = 0; i < 100; i++)
        talk_send(c, NULL, &guess);
    while (c->state != CLIENT_ENDED) {
        scene_turn(s, now_ms() + DEADLINE_MS);
        while (client_take(c))
            answers++;
    }
    assert_in_range(answers, 2, 50);
    talk_expect_nothing(alice);
}

static void peer_of_a_session_passes_probation(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { probation = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer"), *clock;

    talk_expect_code(peer, talk_text(peer, alice, "hello"), 200);
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock);
    talk_expect_nothing(peer);
    talk_expect_body(alice, SPAN("hello"), '$');
}

/* --- limits --------------------------------------------------------------- */

/* 6 users have 6 of 8 places; what the others do with the rest is theirs. */
static void users_keep_their_places_in_a_crowd(void **state)
{
    static const char *const names[] = {"alice", "bob",   "carol",
                                        "dave",  "alice", "bob"};
    static const struct relay_opts opts = {.groups =
                                               "limits: { connections = 8; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *users[6], *crowd[12], *more;

    for (size_t i = 0; i < 6; i++)
        users[i] = login(s, names[i]);
    for (unsigned i = 0; i < 12; i++) {
        crowd[i] = i % 3 == 2 ? scene_connect(s, RELAY_TCP, "crowd")
                              : connect_raw(s, "crowd");
        if (i % 3 == 1)
            client_put(crowd[i], SPAN("\x16\x03\x01\x02\x00\x01"));
        if (i % 3 == 2)
            talk_say(crowd[i], "MSRP half0001 SEND\r\nTo-Path: msrp://no");
        if (i >= 2)
            scene_wait_end(crowd[i - 2]);
    }
    more = login(s, "carol");
    for (size_t i = 0; i < 6; i++)
        talk_expect_nothing(users[i]);
    talk_expect_nothing(more);
}

static void the_newcomer_is_refused_when_all_others_have_sessions(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "limits: { connections = 2; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    scene_wait_end(connect_raw(s, "third"));
    scene_wait_line(
        s, " connection refused peer=", " reason=\"limits.connections\"");
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
    client_close(bob);
    scene_wait_log(s, "c=2 closed");
    talk_expect_nothing(login(s, "carol"));
}

static struct client *connect_from(struct scene *s, const char *name,
                                   const char *from)
{
    const struct client_opts opts = {
        .port = relay_port(s->relay, RELAY_TLS), .from = from, .tls = s->tls};
    struct client *c = scene_connect_with(s, name, &opts);

    scene_wait_open(c);
    return c;
}

/* alice is the oldest, but others come from where most are. */
static void the_address_that_has_most_makes_room(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "limits: { connections = 4; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = connect_from(s, "alice", "127.0.0.1"), *first;

    first = connect_from(s, "crowd", "127.0.0.2");
    for (unsigned i = 0; i < 6; i++)
        connect_from(s, "crowd", "127.0.0.2");
    scene_wait_end(first);
    login_on(alice);
    talk_expect_nothing(alice);
}

/* A peer that has been bound stays; once the session has ended, it goes. */
static void what_nobody_uses_makes_room(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "limits: { connections = 3; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");

    talk_expect_code(peer, talk_text(peer, alice, "hello"), 200);
    talk_answer(alice, talk_expect_body(alice, SPAN("hello"), '$'), 200);
    scene_wait_end(connect_raw(s, "fourth"));
    talk_expect_nothing(peer);
    client_close(alice);
    scene_wait_log(s, "c=1 closed");
    talk_expect_nothing(login(s, "carol"));
    talk_expect_nothing(peer);
    login(s, "dave");
    scene_wait_end(peer);
    talk_expect_nothing(bob);
}

static void busy_connections_are_not_closed_for_room(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "limits: { connections = 2; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob"), *more;
    const char *tid = talk_text(alice, bob, "unanswered");
    struct got *g;

    talk_expect_code(alice, tid, 200);
    g = talk_expect_body(bob, SPAN("unanswered"), '$');
    more = connect_raw(s, "more");
    scene_wait_end(more);
    talk_answer(bob, g, 200);
    talk_expect_nothing(bob);
    talk_expect_nothing(alice);
}

static void connections_from_one_address_are_limited(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { connections_per_address = 2; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client_opts elsewhere = {.port = relay_port(s->relay, RELAY_TLS),
                                    .from = "127.0.0.2",
                                    .tls = s->tls};
    struct client *carol;

    scene_wait_end(connect_raw(s, "third"));
    carol = scene_connect_with(s, "carol", &elsewhere);
    login_on(carol);
    client_close(bob);
    scene_wait_log(s, "c=2 closed");
    talk_expect_nothing(login(s, "dave"));
    talk_expect_nothing(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(tls_garbage_is_refused),
        E2E_TEST(plain_msrp_on_the_tls_port_gets_no_answer),
        E2E_TEST(handshake_has_to_begin_in_time),
        E2E_TEST(handshake_has_to_end_in_time),
        E2E_TEST(other_protocols_are_refused),
        E2E_TEST(noise_without_end_on_tls_is_refused),
        E2E_TEST(noise_without_end_on_tcp_is_refused),
        E2E_TEST(key_updates_without_end_are_the_end),
        E2E_TEST(foreign_end_line_among_headers_closes),
        E2E_TEST(head_over_the_limit_closes),
        E2E_TEST(faulty_request_gets_400_and_may_stay),
        E2E_TEST(half_closed_tls_gets_its_answer),
        E2E_TEST(half_closed_tcp_gets_its_answer),
        E2E_TEST(peer_that_vanishes_in_a_frame_leaves_nothing_behind),
        E2E_TEST(silent_peer_is_closed_after_its_probation),
        E2E_TEST(challenges_alone_do_not_pass_probation),
        E2E_TEST(nothing_but_failures_end_probation_early),
        E2E_TEST(peer_of_a_session_passes_probation),
        E2E_TEST(users_keep_their_places_in_a_crowd),
        E2E_TEST(the_newcomer_is_refused_when_all_others_have_sessions),
        E2E_TEST(the_address_that_has_most_makes_room),
        E2E_TEST(what_nobody_uses_makes_room),
        E2E_TEST(busy_connections_are_not_closed_for_room),
        E2E_TEST(connections_from_one_address_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
