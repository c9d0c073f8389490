/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers that are dialled in clear: no body leaves before they have shown that
 * they speak MSRP (S-36, case 3.9). */
#include <signal.h>

#include "cmocka_all.h"
#include "flow.h"
#include "login.h"
#include "outside.h"

/* What a memcached behind the relay must never see. */
#define COMMAND "\r\nset pwned 0 0 5\r\nhello\r\n"

static const struct host_opts stranger = {.sees_probe = true};

/* alice has sent a message to a host that the relay has dialled for her. */
struct pair {
    struct scene *s;
    struct host *h;
    struct client *alice, *peer;
    const char *tid; /* of the message */
    struct got *probe;
};

static const char *pair_send(struct pair *p, const struct send *message)
{
    struct send s = *message;

    s.to = host_path(p->alice, p->h);
    return talk_send(p->alice, NULL, &s);
}

static const char *pair_text(struct pair *p, const char *text)
{
    return pair_send(p, &(struct send){.body = span_str(text)});
}

/* Nothing more has come than the probe. */
static void expect_no_more(const struct pair *p)
{
    talk_expect_nothing(p->alice);
    assert_null(client_take(p->peer));
    assert_int_equal(p->peer->octets_in, p->probe->text.n);
}

/* The next frame at the peer is the probe, which has the paths of what waits
 * and otherwise nothing that a sender has chosen. */
static void expect_probe(struct pair *p)
{
    const char *id;

    p->probe = talk_expect(p->peer, "SEND");
    id = talk_header(p->peer, p->probe, "Message-ID");
    assert_non_null(id);
    assert_null(strstr(id, "alice"));
    assert_string_equal(
        scene_text(p->s, "%.*s", SPAN_ARG(p->probe->text)),
        talk_with_tid(p->s,
                      scene_text(p->s,
                                 "MSRP TID SEND\r\nTo-Path: %s\r\n"
                                 "From-Path: %s %s\r\nMessage-ID: %s\r\n"
                                 "Byte-Range: 1-0/0\r\n-------TID$\r\n",
                                 host_uri(p->h), p->alice->uri, p->alice->own,
                                 id),
                      msg_text(&p->probe->head, p->probe->head.tid)));
}

static struct pair prepare(void **state, const char *groups)
{
    const struct outside_opts opts = {.relay.groups = groups};
    struct pair p = {.s = outside_start(state, &opts)};

    p.h = host_new(p.s, &stranger);
    p.alice = login(p.s, "alice");
    return p;
}

static struct pair meet(void **state, const char *groups)
{
    struct pair p = prepare(state, groups);

    p.tid = pair_text(&p, COMMAND);
    p.peer = host_accept(p.h);
    expect_probe(&p);
    expect_no_more(&p);
    return p;
}

static void expect_message(struct pair *p)
{
    talk_answer(p->peer, talk_expect_body(p->peer, SPAN(COMMAND), '$'), 200);
}

/* The message has failed, the connection ends, and nothing but the probe has
 * ever come over it. */
static void expect_failure(struct pair *p, const char *why)
{
    talk_expect_code(p->alice, p->tid, 408);
    talk_expect_nothing(p->alice);
    if (p->peer->state == CLIENT_OPEN)
        scene_wait_end(p->peer);
    assert_int_equal(p->peer->octets_in, p->probe->text.n);
    scene_wait_log(p->s, scene_text(p->s,
                                    " dialled=peer.example.org:%u "
                                    "error=\"%s\"",
                                    host_port(p->h), why));
}

/* As for others that failed (S-21). */
static void expect_backing_off(struct pair *p)
{
    talk_expect_code(p->alice, pair_text(p, "again"), 408);
    assert_int_equal(host_connections(p->h), 1);
}

/* --- who speaks MSRP ------------------------------------------------------ */

static void any_response_lets_the_message_go(void **state)
{
    static const unsigned codes[] = {200, 400, 403, 413, 481, 501, 999};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct pair p = meet(state, NULL);

        talk_answer(p.peer, p.probe, codes[i]);
        expect_message(&p);
        talk_expect_code(p.alice, p.tid, 200);
        talk_expect_nothing(p.alice);
        assert_int_equal(scene_end(state), 0);
    }
}

static void a_peer_is_asked_once(void **state)
{
    struct pair p = meet(state, NULL);

    talk_answer(p.peer, p.probe, 200);
    expect_message(&p);
    talk_expect_code(p.alice, p.tid, 200);
    p.tid = pair_text(&p, COMMAND);
    expect_message(&p);
    talk_expect_code(p.alice, p.tid, 200);
}

/* Whose own refusal it then gets. */
static void a_message_gets_its_own_answer(void **state)
{
    struct pair p = meet(state, NULL);
    struct got *report;

    talk_answer(p.peer, p.probe, 200);
    talk_answer(p.peer, talk_expect_body(p.peer, SPAN(COMMAND), '$'), 415);
    talk_expect_code(p.alice, p.tid, 200);
    report = talk_expect(p.alice, "REPORT");
    assert_string_equal(talk_header(p.alice, report, "Status"),
                        "000 415 Media Type Not Understood");
}

static void what_waits_goes_in_order(void **state)
{
    struct pair p = meet(state, NULL);
    const char *second = pair_text(&p, "second"), *third;

    third = pair_send(&p, &(struct send){.headers = "Failure-Report: no\r\n",
                                         .body = SPAN("third")});
    assert_non_null(third);
    expect_no_more(&p);
    talk_answer(p.peer, p.probe, 200);
    expect_message(&p);
    talk_answer(p.peer, talk_expect_body(p.peer, SPAN("second"), '$'), 200);
    talk_expect_body(p.peer, SPAN("third"), '$');
    talk_expect_code(p.alice, p.tid, 200);
    talk_expect_code(p.alice, second, 200);
    talk_expect_nothing(p.alice);
}

static void a_long_message_waits_as_well(void **state)
{
    enum { TOTAL = 48 * 1024 * 1024 };
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct pair p = prepare(state, NULL);
    struct flow_out out = {.to = host_path(p.alice, p.h)};
    struct flow_in in = {.is_mute = false};

    flow_out_start(&out, p.alice, NULL, TOTAL, TOTAL);
    p.peer = host_accept(p.h);
    expect_probe(&p);
    scene_wait_blocked(p.alice);
    assert_int_equal(p.peer->octets_in, p.probe->text.n);
    flow_in_start(&in, p.peer);
    talk_answer(p.peer, p.probe, 200);
    scene_until(p.s, flow_in_is_done, &in, "a long message");
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_int_equal(in.at, TOTAL);
    assert_memory_equal(sent, received, FLOW_HASH);
}

/* An answer and a request of the peer's come in one piece. */
static void a_peer_may_speak_right_after_its_answer(void **state)
{
    struct pair p = meet(state, NULL);
    const struct send back = {
        .to = scene_text(p.s, "%s %s", p.alice->uri, p.alice->own),
        .body = SPAN("and back")};
    const char *tid;

    talk_answer(p.peer, p.probe, 200);
    tid = talk_send(p.peer, NULL, &back);
    talk_expect_code(p.alice, p.tid, 200);
    talk_answer(p.alice, talk_expect_body(p.alice, back.body, '$'), 200);
    expect_message(&p);
    talk_expect_code(p.peer, tid, 200);
}

static void nothing_is_sent_before_something_waits(void **state)
{
    struct pair p = prepare(state, NULL);

    talk_say(p.alice,
             "MSRP abcd SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: "
             "slow\r\nByte-Range: 1-6/6\r\nContent-Type: text/plain\r\n\r\nsl",
             host_path(p.alice, p.h), p.alice->own);
    p.peer = host_accept(p.h);
    scene_wait_log(p.s, "c=2 open peer=");
    assert_int_equal(p.peer->octets_in, 0);
    talk_say(p.alice, "owly\r\n-------abcd$\r\n");
    expect_probe(&p);
    talk_answer(p.peer, p.probe, 200);
    talk_answer(p.peer, talk_expect_body(p.peer, SPAN("slowly"), '$'), 200);
    talk_expect_code(p.alice, "abcd", 200);
}

/* --- a SEND without a body ------------------------------------------------ */

static void a_bodiless_send_is_the_probe(void **state)
{
    static const struct send bodiless = {.id = "binding", .no_range = true};
    struct pair p = prepare(state, NULL);
    const char *tid = pair_send(&p, &bodiless);

    p.tid = pair_text(&p, COMMAND);
    p.peer = host_accept(p.h);
    p.probe = talk_expect(p.peer, "SEND");
    assert_string_equal(talk_header(p.peer, p.probe, "Message-ID"), "binding");
    assert_false(p.probe->head.has_range);
    expect_no_more(&p);
    talk_answer(p.peer, p.probe, 200);
    expect_message(&p);
    talk_expect_code(p.alice, tid, 200);
    talk_expect_code(p.alice, p.tid, 200);
    talk_expect_nothing(p.alice);
}

static void its_refusal_is_reported(void **state)
{
    struct pair p = prepare(state, NULL);
    struct got *report;

    p.tid = pair_send(&p, &(struct send){.id = "binding"});
    p.peer = host_accept(p.h);
    p.probe = talk_expect(p.peer, "SEND");
    talk_answer(p.peer, p.probe, 481);
    talk_expect_code(p.alice, p.tid, 200);
    report = talk_expect(p.alice, "REPORT");
    assert_string_equal(talk_header(p.alice, report, "Message-ID"), "binding");
    assert_string_equal(talk_header(p.alice, report, "Status"),
                        "000 481 No Such Session");
}

static void one_that_wants_no_answer_waits(void **state)
{
    struct pair p = prepare(state, NULL);
    struct got *g;

    pair_send(
        &p, &(struct send){.id = "quiet", .headers = "Failure-Report: no\r\n"});
    p.peer = host_accept(p.h);
    expect_probe(&p);
    expect_no_more(&p);
    talk_answer(p.peer, p.probe, 200);
    g = talk_expect(p.peer, "SEND");
    assert_string_equal(talk_header(p.peer, g, "Message-ID"), "quiet");
}

static void one_with_a_line_of_the_senders_choice_waits(void **state)
{
    struct pair p = prepare(state, NULL);
    struct got *g;

    p.tid = pair_send(
        &p, &(struct send){.id = "odd", .headers = "Slaveof: 192.0.2.1 1\r\n"});
    p.peer = host_accept(p.h);
    expect_probe(&p);
    expect_no_more(&p);
    talk_answer(p.peer, p.probe, 200);
    g = talk_expect(p.peer, "SEND");
    assert_string_equal(talk_header(p.peer, g, "Slaveof"), "192.0.2.1 1");
    talk_answer(p.peer, g, 200);
    talk_expect_code(p.alice, p.tid, 200);
}

/* --- who does not --------------------------------------------------------- */

static void a_memcached_gets_no_line_of_the_senders_choice(void **state)
{
    struct pair p = meet(state, NULL);

    for (int line = 0; line < 6; line++)
        talk_say(p.peer, "ERROR\r\n");
    expect_failure(&p, "bad input");
    expect_backing_off(&p);
}

static void an_echo_is_no_answer(void **state)
{
    struct pair p = meet(state, NULL);

    client_put(p.peer, p.probe->text);
    expect_failure(&p, "request before the answer to the probe");
    expect_backing_off(&p);
}

static void a_request_before_the_answer_ends_the_connection(void **state)
{
    struct pair p = meet(state, NULL);
    const struct send m = {
        .to = scene_text(p.s, "%s %s", p.alice->uri, p.alice->own),
        .body = SPAN("hello")};

    talk_send(p.peer, NULL, &m);
    expect_failure(&p, "request before the answer to the probe");
}

static void a_mute_peer_is_408(void **state)
{
    struct pair p = meet(state, "timers: { transaction = 0.5; };");

    expect_failure(&p, "no answer to the probe");
    expect_backing_off(&p);
}

static void a_message_without_reports_is_lost_on_a_mute_peer(void **state)
{
    struct pair p = prepare(state, "timers: { transaction = 0.5; };");
    const struct send m = {.headers = "Failure-Report: no\r\n",
                           .body = SPAN(COMMAND)};

    pair_send(&p, &m);
    p.peer = host_accept(p.h);
    expect_probe(&p);
    scene_wait_end(p.peer);
    assert_int_equal(p.peer->octets_in, p.probe->text.n);
    talk_expect_nothing(p.alice);
}

/* Once, although its own transaction times out as well. */
static void nor_does_a_bodiless_send_reach_it(void **state)
{
    struct pair p = prepare(state, "timers: { transaction = 0.5; };");

    p.tid = pair_send(&p, &(struct send){.no_range = true});
    p.peer = host_accept(p.h);
    p.probe = talk_expect(p.peer, "SEND");
    expect_failure(&p, "no answer to the probe");
}

/* The teardown wants an orderly end. */
static void a_relay_may_end_while_it_waits(void **state)
{
    struct pair p = meet(state, "timers: { drain = 0.2; };");

    relay_signal(p.s->relay, SIGTERM);
    talk_expect_code(p.alice, p.tid, 408);
    scene_wait_end(p.peer);
}

static void one_that_closes_is_408(void **state)
{
    struct pair p = meet(state, NULL);

    client_close(p.peer);
    expect_failure(&p, "eof");
    expect_backing_off(&p);
}

static void other_responses_are_no_answer(void **state)
{
    struct pair p = meet(state, NULL);
    struct got other = *p.probe;

    talk_say(p.peer,
             "MSRP abcd 200 OK\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------abcd$\r\n",
             p.alice->uri, p.peer->own);
    other.head.code = 20;
    talk_answer(p.peer, &other, 20);
    scene_flush(p.peer);
    expect_no_more(&p);
    talk_answer(p.peer, p.probe, 200);
    expect_message(&p);
    talk_expect_code(p.alice, p.tid, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(any_response_lets_the_message_go),
        E2E_TEST(a_peer_is_asked_once),
        E2E_TEST(a_message_gets_its_own_answer),
        E2E_TEST(what_waits_goes_in_order),
        E2E_TEST(a_long_message_waits_as_well),
        E2E_TEST(a_peer_may_speak_right_after_its_answer),
        E2E_TEST(nothing_is_sent_before_something_waits),
        E2E_TEST(a_bodiless_send_is_the_probe),
        E2E_TEST(its_refusal_is_reported),
        E2E_TEST(one_that_wants_no_answer_waits),
        E2E_TEST(one_with_a_line_of_the_senders_choice_waits),
        E2E_TEST(a_memcached_gets_no_line_of_the_senders_choice),
        E2E_TEST(an_echo_is_no_answer),
        E2E_TEST(a_request_before_the_answer_ends_the_connection),
        E2E_TEST(a_mute_peer_is_408),
        E2E_TEST(a_message_without_reports_is_lost_on_a_mute_peer),
        E2E_TEST(nor_does_a_bodiless_send_reach_it),
        E2E_TEST(a_relay_may_end_while_it_waits),
        E2E_TEST(one_that_closes_is_408),
        E2E_TEST(other_responses_are_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
