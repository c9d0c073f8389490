/* SPDX-License-Identifier: BSD-2-Clause */
/* Anchored pairs under the rules that hold for all: relays, WebSockets, limits,
 * the operator, memory that runs out. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "operator.h"
#include "oom.h"
#include "pair_bench.h"

#define R_URI "msrps://r.example:2855/Tc9w2q;tcp"
#define PC_URI "msrps://pc.example:9/bob7;tcp"
#define KEEP_ALIVE "Message-ID: 0\r\n-------hi$\r\n"

/* B is behind a relay of his own: P_B has two URIs (E4). */
static void say_behind_relay(struct pair_bench *b, bool we_dial)
{
    const struct span path[] = {SPAN(R_URI), SPAN(PC_URI)};
    const struct anchored_said said = {
        .path = path, .n_path = 2, .we_dial = we_dial};

    relay_clock(b->rig.relay, b->rig.now_ms);
    assert_int_equal(anchored_say(b->rig.relay, b->pair, ANCHORED_B, &said), 0);
    rig_settle(&b->rig);
}

/* A pair whose leg to B is over TLS. */
static void answer_over_tls(struct pair_bench *b)
{
    struct anchored_grant g = pair_bench_grant();

    g.secure = true;
    anchored_token_end(b->rig.relay, b->token, ANCHORED_DELETE);
    assert_int_equal(anchored_token_new(&b->token, b->rig.relay, &g), 0);
    (void)span_copy(b->u_b, sizeof b->u_b, anchored_token_uri(b->token));
    b->pair = pair_bench_pair(b, b->token);
    (void)span_copy(b->u_a, sizeof b->u_a,
                    anchored_pair_uri(b->pair, ANCHORED_A));
    pair_bench_say(b, b->pair, ANCHORED_A, P_A, false);
}

static void test_behind_a_relay(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *relay, *other;

    rig_dials(&b->rig, "r", "r.example");
    answer_over_tls(b);
    say_behind_relay(b, true);
    relay = rig_wire(&b->rig, SPAN("r"));
    rig_up(&b->rig, relay);
    pair_bench_assert_in(relay, "To-Path: " R_URI " " PC_URI "\r\n");
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert_in(a, "MSRP m1 200");
    pair_bench_assert(relay,
                      "MSRP @ SEND\r\nTo-Path: " R_URI " " PC_URI
                      "\r\nFrom-Path: %s\r\nMessage-ID: 87652491\r\n"
                      "Success-Report: yes\r\nByte-Range: 1-5/5\r\n"
                      "Content-Type: text/plain\r\n\r\nhello\r\n-------@$\r\n",
                      b->u_b);
    /* Any link that proves the relay speaks for its clients. */
    other = rig_connect(&b->rig, "other");
    fake_link_certify(&other->fake, "r.example");
    relay_link_known(b->rig.relay, &other->fake.link);
    pair_bench_ask(b, other, "m1 SEND", b->u_b, R_URI " " PC_URI, HELLO);
    pair_bench_assert_in(other, "MSRP m1 200");
    pair_bench_assert_in(a, "\r\nhello\r\n");
}

/* Whoever has not proved to be that relay does not speak for its client. */
static void test_relay_has_to_prove_itself(void **state)
{
    struct pair_bench *b = *state;
    struct wire *eve = rig_connect(&b->rig, "eve");
    struct wire *far = rig_connect(&b->rig, "far");

    answer_over_tls(b);
    say_behind_relay(b, false);
    pair_bench_ask(b, eve, "m1 SEND", b->u_b, R_URI " " PC_URI, HELLO);
    pair_bench_assert_in(eve, "MSRP m1 403");
    fake_link_certify(&far->fake, "far.example");
    relay_link_known(b->rig.relay, &far->fake.link);
    pair_bench_ask(b, far, "m1 SEND", b->u_b, R_URI " " PC_URI, HELLO);
    pair_bench_assert_in(far, "MSRP m1 403");
}

/* where c= and m= lead to counts, not what the URI says. */
static void test_dialled_elsewhere(void **state)
{
    const struct span path = SPAN("msrp://pc.invalid:9/b0b;tcp");
    struct pair_bench *b = *state;
    struct anchored_said said = {.path = &path,
                                 .n_path = 1,
                                 .we_dial = true,
                                 .dial_host = SPAN("198.51.100.77"),
                                 .dial_port = 9};

    b->dials = true;
    pair_bench_answer(b, false);
    relay_clock(b->rig.relay, b->rig.now_ms);
    assert_int_equal(anchored_say(b->rig.relay, b->pair, ANCHORED_B, &said), 0);
    assert_int_equal(b->n_dialled, 0);
    said.dial_port = 12763;
    assert_int_equal(anchored_say(b->rig.relay, b->pair, ANCHORED_B, &said), 0);
    assert_int_equal(b->n_dialled, 1);
    assert_int_equal(b->dialled.port, 12763);
}

/* a token is a WebSocket's authentication. */
static void test_websocket(void **state)
{
    struct pair_bench *b = *state;
    struct wire *ws = pair_bench_come(b, "ws");

    ws->fake.link.needs_session = true;
    pair_bench_answer(b, false);
    pair_bench_ask(b, ws, "m1 SEND", "msrp://192.0.2.10:2856/unknown;tcp", P_B,
                   HELLO);
    pair_bench_assert_in(ws, "MSRP m1 403");
    pair_bench_ask(b, ws, "hi SEND", b->u_b, P_B, KEEP_ALIVE);
    pair_bench_assert_in(ws, "MSRP hi 200");
    pair_bench_ask(b, ws, "m1 SEND", "msrp://192.0.2.10:2856/unknown;tcp", P_B,
                   HELLO);
    pair_bench_assert_in(ws, "MSRP m1 481");
}

static void test_limit_of_a_connection(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");
    struct anchored_pair *second;
    char u[128];

    b->rig.policy.sessions_per_link = 1;
    rig_reload(&b->rig, NULL);
    pair_bench_answer(b, false);
    second = pair_bench_pair(b, b->token);
    pair_bench_say(b, second, ANCHORED_A, P_A, false);
    pair_bench_say(b, second, ANCHORED_B, "msrp://c.example:1/c;tcp", false);
    (void)span_copy(u, sizeof u, anchored_pair_uri(second, ANCHORED_A));
    pair_bench_ask(b, a, "hi SEND", b->u_a, P_A, KEEP_ALIVE);
    pair_bench_assert_in(a, "MSRP hi 200");
    pair_bench_ask(b, a, "hi SEND", u, P_A, KEEP_ALIVE);
    pair_bench_assert_in(a, "MSRP hi 403");
}

/* No other method than those that endpoints have, and nothing behind a token.
 */
static void test_nothing_behind_a_token(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;
    char to[512];

    pair_bench_connect(b, &a, &bob);
    (void)snprintf(to, sizeof to, "%s %s", b->u_a, P_B);
    pair_bench_ask(b, a, "m1 SEND", to, P_A, HELLO);
    pair_bench_assert_in(a, "MSRP m1 403");
    pair_bench_ask(b, a, "a1 AUTH", b->u_a, P_A, "-------a1$\r\n");
    pair_bench_assert_in(a, "MSRP a1 403");
    pair_bench_assert(bob, "%s", "");
}

/* The operator sees pairs, and can end one. */
static void test_operator(void **state)
{
    struct pair_bench *b = *state;
    struct relay_walk sessions = {0}, pairs = {0};
    struct anchored_facts facts;
    struct session_view v;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    (void)pair_bench_got(a);
    relay_walk_begin(b->rig.relay, &sessions);
    assert_false(relay_walk_next(&sessions, &v));
    relay_walk_begin_pairs(b->rig.relay, &pairs);
    assert_true(relay_walk_next_pair(&pairs, &facts));
    assert_true(span_eq(facts.call_id, SPAN("call-1")));
    assert_true(facts.side[ANCHORED_A].is_bound);
    assert_true(facts.side[ANCHORED_B].is_bound);
    assert_int_equal(facts.side[ANCHORED_A].connection, a->fake.link.number);
    assert_int_equal(facts.side[ANCHORED_A].local_port, 2856);
    relay_walk_kick_pair(b->rig.relay, &pairs);
    assert_false(relay_walk_next_pair(&pairs, &facts));
    rig_settle(&b->rig);
    pair_bench_assert_in(a, "Status: 000 481");
    assert_int_equal(b->n_ended, 1);
    assert_int_equal(b->ended, ANCHORED_KICKED);
    assert_int_equal(b->record.why, ANCHORED_KICKED);
}

/* What fails is counted for the side that sent it, once for each message. */
static void test_errors_are_counted(void **state)
{
    struct pair_bench *b = *state;
    struct anchored_facts facts;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    pair_bench_ask(b, bob, "m1 SEND", b->u_b, P_B, HELLO);
    rig_close(&b->rig, a, false);
    pair_bench_assert_in(bob, "Status: 000 408");
    anchored_pair_facts(b->pair, &facts);
    assert_int_equal(facts.side[ANCHORED_A].errors, 0);
    assert_int_equal(facts.side[ANCHORED_B].errors, 1);
    assert_int_equal(facts.side[ANCHORED_B].sent.octets, 5);
    assert_int_equal(facts.side[ANCHORED_A].sent.octets, 0);
}

/* What waits fails when the process is about to exit. */
static void test_waiting_is_given_up(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    pair_bench_answer(b, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    relay_waiting_give_up(b->rig.relay);
    rig_settle(&b->rig);
    pair_bench_assert_in(a, "MSRP m1 408");
}

/* At the end of the process pairs without a connection end. */
static void test_shut_down(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    relay_shut_down(b->rig.relay);
    rig_wait(&b->rig, 200);
    assert_int_equal(b->n_ended, 0);
    rig_close(&b->rig, a, false);
    rig_close(&b->rig, bob, false);
    rig_wait(&b->rig, 200);
    assert_int_equal(b->n_ended, 1);
    assert_int_equal(b->ended, ANCHORED_SHUTDOWN);
}

/* Other shapes of paths are refused, and change nothing. */
static void test_bad_paths(void **state)
{
    static const char *const bad[] = {"msrp://a.example/x;tcp", "http://a/b",
                                      "", "msrp://a.example:1/x"};
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct span uri = span_str(bad[i]);
        struct anchored_said said = {.path = &uri, .n_path = 1};

        assert_int_not_equal(
            anchored_say(b->rig.relay, b->pair, ANCHORED_B, &said), 0);
        said.n_path = 0;
        assert_int_not_equal(
            anchored_say(b->rig.relay, b->pair, ANCHORED_B, &said), 0);
    }
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert_in(bob, "\r\nhello\r\n");
}

/* An offer, its answer, and a message. */
static void make_call(struct pair_bench *b, struct wire *a,
                      struct anchored_token **t)
{
    const struct anchored_grant g = pair_bench_grant();
    const struct span path_a = SPAN(P_A), path_b = SPAN(P_B);
    const struct anchored_said said_a = {.path = &path_a, .n_path = 1};
    const struct anchored_said said_b = {.path = &path_b, .n_path = 1};
    struct anchored_terms terms = {.for_a = g,
                                   .call_id = SPAN("call-1"),
                                   .from_tag = SPAN("1928"),
                                   .to_tag = SPAN("314")};
    struct anchored_pair *p;
    char u[128];

    if (anchored_token_new(t, b->rig.relay, &g) != 0)
        return;
    terms.token = *t;
    if (anchored_pair_new(&p, b->rig.relay, &terms) != 0)
        return;
    (void)span_copy(u, sizeof u, anchored_pair_uri(p, ANCHORED_A));
    (void)anchored_say(b->rig.relay, p, ANCHORED_A, &said_a);
    (void)anchored_say(b->rig.relay, p, ANCHORED_B, &said_b);
    pair_bench_ask(b, a, "m1 SEND", u, P_A, HELLO);
}

/* Whichever allocation fails, the relay goes on and nothing leaks. */
static void test_out_of_memory(void **state)
{
    struct pair_bench *b = *state;
    unsigned n = 0;
    bool failed;

    do {
        struct wire *a = pair_bench_come(b, "a");
        struct anchored_token *t = NULL;

        fake_link_reserve(&a->fake, 2 * PAIR_TEXT_MAX);
        a->in = malloc(PAIR_TEXT_MAX);
        a->in_room = PAIR_TEXT_MAX;
        oom_arm(++n);
        make_call(b, a, &t);
        failed = oom_disarm();
        anchored_token_end(b->rig.relay, t, ANCHORED_DELETE);
        rig_settle(&b->rig);
        if (!a->gone)
            rig_close(&b->rig, a, false);
        fake_link_fini(&a->fake);
        free(a->in);
        *a = (struct wire){0};
        b->rig.n_wires = 0;
    } while (failed);
    assert_true(n > 6);
}

int main(void)
{
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, pair_bench_set_up, pair_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_behind_a_relay),
        TEST(test_relay_has_to_prove_itself),
        TEST(test_dialled_elsewhere),
        TEST(test_websocket),
        TEST(test_limit_of_a_connection),
        TEST(test_nothing_behind_a_token),
        TEST(test_operator),
        TEST(test_errors_are_counted),
        TEST(test_waiting_is_given_up),
        TEST(test_shut_down),
        TEST(test_bad_paths),
        TEST(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
