/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages, REPORTs and other requests between two users of the relay, and a
 * peer that has no relay. */
#include "cmocka_all.h"
#include "login.h"

/* --- SEND ----------------------------------------------------------------- */

static void text_arrives_octet_by_octet(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    talk_say(alice,
             "MSRP a1b2c3d4 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m7Kd02Lx\r\nSuccess-Report: yes\r\n"
             "X-Foo: Zürich; \"a: b\"\r\nByte-Range: 1-9/9\r\n"
             "Content-Disposition: attachment; filename=\"a; b: c\"\r\n"
             "Content-Type: text/plain;charset=UTF-8\r\n\r\n"
             "Hello Bob\r\n-------a1b2c3d4$\r\n",
             talk_path(alice, bob), alice->own);
    talk_expect_text(alice,
                     "MSRP a1b2c3d4 200 OK\r\nTo-Path: %s\r\n"
                     "From-Path: %s\r\n-------a1b2c3d4$\r\n",
                     alice->own, alice->uri);
    talk_expect_text(bob,
                     "MSRP TID SEND\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n"
                     "Message-ID: m7Kd02Lx\r\nSuccess-Report: yes\r\n"
                     "X-Foo: Zürich; \"a: b\"\r\nByte-Range: 1-9/9\r\n"
                     "Content-Disposition: attachment; filename=\"a; b: c\"\r\n"
                     "Content-Type: text/plain;charset=UTF-8\r\n\r\n"
                     "Hello Bob\r\n-------TID$\r\n",
                     bob->own, bob->uri, alice->uri, alice->own);
}

static void both_ways_work_at_once(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *from_alice = talk_text(alice, bob, "hello Bob");
    const char *from_bob = talk_text(bob, alice, "hello Alice");
    struct got *at_bob, *at_alice;

    /* Each has its answer and the other's message, in whatever order. */
    at_bob = scene_frame(bob);
    if (at_bob->head.method == MSG_SEND) {
        assert_span(at_bob->body, "hello Bob");
        talk_expect_code(bob, from_bob, 200);
    } else {
        talk_expect_body(bob, SPAN("hello Bob"), '$');
    }
    at_alice = scene_frame(alice);
    if (at_alice->head.method == MSG_SEND) {
        assert_span(at_alice->body, "hello Alice");
        talk_expect_code(alice, from_alice, 200);
    } else {
        talk_expect_body(alice, SPAN("hello Alice"), '$');
    }
}

static void answers_depend_on_failure_report(void **state)
{
    static const char *const silent[] = {"Failure-Report: no\r\n",
                                         "Failure-Report: partial\r\n"};
    static const char *const loud[] = {"", "Failure-Report: yes\r\n"};
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    for (size_t i = 0; i < 2; i++) {
        const struct send m = {.body = SPAN("quiet"), .headers = silent[i]};

        talk_send(alice, bob, &m);
        talk_answer(bob, talk_expect_body(bob, m.body, '$'), 200);
        talk_expect_nothing(alice);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct send m = {.body = SPAN("loud"), .headers = loud[i]};

        talk_expect_code(alice, talk_send(alice, bob, &m), 200);
        talk_expect_body(bob, m.body, '$');
    }
}

static void message_without_byte_range_arrives_with_one(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.body = SPAN("no range"), .no_range = true};
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    g = talk_expect_body(bob, m.body, '$');
    assert_string_equal(talk_header(bob, g, "Byte-Range"), "1-8/8");
}

static void tids_of_any_sane_length_are_taken(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct send m = {.body = SPAN("hello")};

    m.tid = "1";
    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect_body(bob, m.body, '$');
    m.tid = scene_text(s, "%064d", 1);
    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect_body(bob, m.body, '$');
}

static void stray_crlf_between_frames_is_skipped(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid;

    talk_say(alice, "\r\n\r\n");
    tid = talk_text(alice, bob, "hello");
    talk_say(alice, "\r\n");
    talk_expect_code(alice, tid, 200);
    talk_expect_body(bob, SPAN("hello"), '$');
    talk_expect_nothing(alice);
}

/* --- without content ------------------------------------------------------ */

static void bodiless_send_arrives_bodiless(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    talk_say(alice,
             "MSRP keep1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: alive\r\n-------keep1$\r\n",
             talk_path(alice, bob), alice->own);
    talk_expect_code(alice, "keep1", 200);
    talk_expect_text(bob,
                     "MSRP TID SEND\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n"
                     "Message-ID: alive\r\n-------TID$\r\n",
                     bob->own, bob->uri, alice->uri, alice->own);
}

static void bodiless_send_with_a_range_keeps_it(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "alive"};

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect_text(bob,
                     "MSRP TID SEND\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n"
                     "Message-ID: alive\r\nByte-Range: 1-0/0\r\n"
                     "-------TID$\r\n",
                     bob->own, bob->uri, alice->uri, alice->own);
}

static void empty_message_stays_an_empty_message(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "empty", .is_empty = true};
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    g = talk_expect_body(bob, SPAN(""), '$');
    assert_string_equal(talk_header(bob, g, "Byte-Range"), "1-0/0");
    assert_string_equal(talk_header(bob, g, "Content-Type"), "text/plain");
}

static void keep_alive_to_the_relay_is_answered(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    const struct send m = {.to = alice->uri};

    talk_expect_code(alice, talk_send(alice, NULL, &m), 200);
}

/* --- REPORT and other methods --------------------------------------------- */

static void success_report_comes_back(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "m7Kd02Lx",
                           .headers = "Success-Report: yes\r\n",
                           .body = SPAN("Hello Bob")};
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    g = talk_expect_body(bob, m.body, '$');
    talk_answer(bob, g, 200);
    talk_say(bob,
             "MSRP report1 REPORT\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
             "Message-ID: m7Kd02Lx\r\nByte-Range: 1-9/9\r\n"
             "Status: 000 200 OK\r\n-------report1$\r\n",
             SPAN_ARG(msg_text(&g->head, g->head.from)), bob->own);
    g = talk_expect_text(
        alice,
        "MSRP TID REPORT\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n"
        "Message-ID: m7Kd02Lx\r\nByte-Range: 1-9/9\r\n"
        "Status: 000 200 OK\r\n-------TID$\r\n",
        alice->own, alice->uri, bob->uri, bob->own);
    talk_answer(alice, g, 200); /* I-19: ignored */
    talk_expect_nothing(bob);
    talk_expect_nothing(alice);
}

static void report_with_a_body_passes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    talk_say(bob,
             "MSRP report1 REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m7Kd02Lx\r\nByte-Range: 1-9/9\r\n"
             "Status: 000 413\r\nContent-Type: text/plain\r\n\r\n"
             "too much\r\n-------report1$\r\n",
             talk_path(bob, alice), bob->own);
    talk_expect_text(alice,
                     "MSRP TID REPORT\r\nTo-Path: %s\r\n"
                     "From-Path: %s %s %s\r\n"
                     "Message-ID: m7Kd02Lx\r\nByte-Range: 1-9/9\r\n"
                     "Status: 000 413\r\nContent-Type: text/plain\r\n\r\n"
                     "too much\r\n-------TID$\r\n",
                     alice->own, alice->uri, bob->uri, bob->own);
    talk_expect_nothing(bob);
}

static void nickname_and_its_answer_pass(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct got *g;

    talk_say(alice,
             "MSRP nick1 NICKNAME\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Use-Nickname: \"Alice the great\"\r\n-------nick1$\r\n",
             talk_path(alice, bob), alice->own);
    g = talk_expect_text(
        bob,
        "MSRP TID NICKNAME\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n"
        "Use-Nickname: \"Alice the great\"\r\n-------TID$\r\n",
        bob->own, bob->uri, alice->uri, alice->own);
    talk_say(bob,
             "MSRP %.*s 425 Nickname usage failed\r\nTo-Path: %.*s\r\n"
             "From-Path: %s\r\n-------%.*s$\r\n",
             SPAN_ARG(msg_text(&g->head, g->head.tid)),
             SPAN_ARG(msg_text(&g->head, g->head.from)), bob->own,
             SPAN_ARG(msg_text(&g->head, g->head.tid)));
    talk_expect_text(alice,
                     "MSRP nick1 425 Nickname usage failed\r\nTo-Path: %s\r\n"
                     "From-Path: %s %s %s\r\n-------nick1$\r\n",
                     alice->own, alice->uri, bob->uri, bob->own);
}

static void method_with_digits_and_underscores_passes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    talk_say(alice,
             "MSRP file1 FILE_OFFSET2\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------file1$\r\n",
             talk_path(alice, bob), alice->own);
    talk_expect(bob, "FILE_OFFSET2"); /* I-13 */
    talk_expect_nothing(alice);
}

/* --- peers without a relay ------------------------------------------------ */

static void peer_that_dials_in_talks_both_ways(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");
    struct got *g;

    talk_expect_code(peer, talk_text(peer, alice, "knock knock"), 200);
    g = talk_expect_body(alice, SPAN("knock knock"), '$');
    assert_span_equal(msg_text(&g->head, g->head.from),
                      span_str(scene_text(s, "%s %s", alice->uri, peer->own)));
    talk_answer(alice, g, 200);
    talk_expect_code(alice, talk_text(alice, peer, "who's there?"), 200);
    g = talk_expect_body(peer, SPAN("who's there?"), '$');
    assert_span_equal(msg_text(&g->head, g->head.from),
                      span_str(scene_text(s, "%s %s", alice->uri, alice->own)));
    talk_answer(peer, g, 200);
    talk_expect_nothing(alice);
    talk_expect_nothing(peer);
}

static void second_claim_to_a_peers_uri_gets_506(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");
    struct client *other = scene_connect(s, RELAY_TLS, "peer");

    talk_expect_code(peer, talk_text(peer, alice, "first"), 200);
    talk_expect_body(alice, SPAN("first"), '$');
    talk_expect_code(other, talk_text(other, alice, "second"), 506);
    talk_expect_nothing(alice);
    talk_expect_code(alice, talk_text(alice, peer, "hello"), 200);
    talk_expect_body(peer, SPAN("hello"), '$');
    talk_expect_nothing(other);
}

static void stranger_reaches_nobody_but_the_owner(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");
    const struct send beyond = {
        .to = scene_text(s, "%s %s", alice->uri, talk_path(alice, bob)),
        .body = SPAN("open relay?")};

    talk_expect_code(peer, talk_send(peer, NULL, &beyond), 403);
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
}

static void request_for_another_host_closes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");
    const struct send elsewhere = {.to =
                                       "msrps://other.example.net:2855/abc;tcp "
                                       "msrps://bob.example.org:7394/def;tcp",
                                   .body = SPAN("lost")};

    talk_send(peer, NULL, &elsewhere);
    assert_int_equal(scene_wait_end(peer), CLIENT_END_EOF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(text_arrives_octet_by_octet),
        E2E_TEST(both_ways_work_at_once),
        E2E_TEST(answers_depend_on_failure_report),
        E2E_TEST(message_without_byte_range_arrives_with_one),
        E2E_TEST(tids_of_any_sane_length_are_taken),
        E2E_TEST(stray_crlf_between_frames_is_skipped),
        E2E_TEST(bodiless_send_arrives_bodiless),
        E2E_TEST(bodiless_send_with_a_range_keeps_it),
        E2E_TEST(empty_message_stays_an_empty_message),
        E2E_TEST(keep_alive_to_the_relay_is_answered),
        E2E_TEST(success_report_comes_back),
        E2E_TEST(report_with_a_body_passes),
        E2E_TEST(nickname_and_its_answer_pass),
        E2E_TEST(method_with_digits_and_underscores_passes),
        E2E_TEST(peer_that_dials_in_talks_both_ways),
        E2E_TEST(second_claim_to_a_peers_uri_gets_506),
        E2E_TEST(stranger_reaches_nobody_but_the_owner),
        E2E_TEST(request_for_another_host_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
