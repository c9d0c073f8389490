/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways through anchored pairs: forks, several of them in a row, peers that come
 * and go.
 *
 * test-wraps: route_memo_find */
#include <stdio.h>

#include "cmocka_all.h"
#include "kept_routes.h"
#include "pair_bench.h"

#define P_B2 "msrp://carol.example:12763/car0l;tcp"
#define KEEP_ALIVE "Message-ID: 0\r\n-------hi$\r\n"

static const char *uri_of(const struct anchored_pair *p,
                          enum anchored_side side)
{
    static char text[2][128];

    (void)span_copy(text[side], sizeof text[side], anchored_pair_uri(p, side));
    return text[side];
}

/* who speaks to U_B is known by his path. */
static void test_forks(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob, *carol;
    struct anchored_pair *second;

    pair_bench_connect(b, &a, &bob);
    second = pair_bench_pair(b, b->token);
    pair_bench_say(b, second, ANCHORED_A, P_A, false);
    pair_bench_say(b, second, ANCHORED_B, P_B2, false);
    carol = pair_bench_come(b, "carol");
    pair_bench_ask(b, carol, "hi SEND", b->u_b, P_B2, KEEP_ALIVE);
    pair_bench_assert_in(carol, "MSRP hi 200");
    pair_bench_ask(b, a, "m1 SEND", uri_of(second, ANCHORED_A), P_A, HELLO);
    pair_bench_assert_in(carol, "\r\nhello\r\n");
    pair_bench_assert(bob, "%s", "");
    /* The loser of a fork still knows U_B. */
    anchored_pair_end(b->rig.relay, second, ANCHORED_DELETE);
    rig_settle(&b->rig);
    pair_bench_ask(b, carol, "m1 SEND", b->u_b, P_B2, HELLO);
    pair_bench_assert_in(carol, "MSRP m1 403");
}

/* The way is looked for once, as long as nothing about the pair has changed. */
static void test_kept_way(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    (void)kept_routes_take();
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    assert_int_equal(kept_routes_take(), 2);
    pair_bench_assert_in(a, "MSRP m1 200");
    pair_bench_say(b, b->pair, ANCHORED_B, P_B2, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    assert_int_equal(kept_routes_take(), 0);
}

/* Nothing is known of the way to a side that has not come. */
static void test_no_way_yet(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    pair_bench_answer(b, false);
    (void)kept_routes_take();
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    assert_int_equal(kept_routes_take(), 0);
}

/* A second pair of the same call: P_A of the one is U_B of the other, as when
 * two proxies use this relay. */
struct chain {
    struct anchored_token *token;
    struct anchored_pair *far;
    char u_a[128], u_b[128];
    struct wire *a, *bob;
};

static void connect_chain(struct pair_bench *b, struct chain *c)
{
    const struct anchored_grant g = pair_bench_grant();

    assert_int_equal(anchored_token_new(&c->token, b->rig.relay, &g), 0);
    c->far = pair_bench_pair(b, c->token);
    (void)span_copy(c->u_a, sizeof c->u_a,
                    anchored_pair_uri(c->far, ANCHORED_A));
    (void)span_copy(c->u_b, sizeof c->u_b, anchored_token_uri(c->token));
    pair_bench_say(b, c->far, ANCHORED_A, b->u_b, false);
    pair_bench_say(b, c->far, ANCHORED_B, P_B, false);
    b->pair = pair_bench_pair(b, b->token);
    (void)span_copy(b->u_a, sizeof b->u_a,
                    anchored_pair_uri(b->pair, ANCHORED_A));
    pair_bench_say(b, b->pair, ANCHORED_A, P_A, false);
    pair_bench_say(b, b->pair, ANCHORED_B, c->u_a, true);
    assert_int_equal(b->n_dialled, 0); /* it is here */
    c->a = pair_bench_come(b, "a");
    c->bob = pair_bench_come(b, "b");
    pair_bench_ask(b, c->bob, "hi SEND", c->u_b, P_B, KEEP_ALIVE);
    pair_bench_assert_in(c->bob, "MSRP hi 200");
}

static void test_two_in_a_row(void **state)
{
    struct pair_bench *b = *state;
    struct anchored_facts near, far;
    struct chain c;

    connect_chain(b, &c);
    pair_bench_ask(b, c.a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert(c.a,
                      "MSRP m1 200 OK\r\nTo-Path: " P_A
                      "\r\nFrom-Path: %s\r\n-------m1$\r\n",
                      b->u_a);
    pair_bench_assert(c.bob,
                      "MSRP @ SEND\r\nTo-Path: " P_B
                      "\r\nFrom-Path: %s\r\nMessage-ID: 87652491\r\n"
                      "Success-Report: yes\r\nByte-Range: 1-5/5\r\n"
                      "Content-Type: text/plain\r\n\r\nhello\r\n-------@$\r\n",
                      c.u_b);
    pair_bench_ask(b, c.bob, "r1 REPORT", c.u_b, P_B,
                   "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
                   "Status: 000 200 OK\r\n-------r1$\r\n");
    pair_bench_assert(c.a,
                      "MSRP @ REPORT\r\nTo-Path: " P_A
                      "\r\nFrom-Path: %s\r\nMessage-ID: 87652491\r\n"
                      "Byte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n"
                      "-------@$\r\n",
                      b->u_a);
    anchored_pair_facts(b->pair, &near);
    anchored_pair_facts(c.far, &far);
    assert_int_equal(near.side[ANCHORED_A].sent.octets, 5);
    assert_int_equal(far.side[ANCHORED_A].sent.octets, 5);
    assert_int_equal(near.side[ANCHORED_A].sent.messages, 1);
    assert_int_equal(far.side[ANCHORED_A].sent.messages, 1);
    assert_int_equal(near.side[ANCHORED_B].sent.octets, 0);
    assert_int_equal(far.side[ANCHORED_B].sent.reports, 1);
    assert_int_equal(near.side[ANCHORED_B].sent.reports, 1);
    /* The end of the far one ends what goes through both. */
    anchored_token_end(b->rig.relay, c.token, ANCHORED_DELETE);
    rig_settle(&b->rig);
    pair_bench_assert_in(c.a, "Status: 000 481");
    pair_bench_ask(b, c.a, "m2 SEND", b->u_a, P_A, KEEP_ALIVE);
}

/* Nobody from outside speaks for a side that is inside. */
static void test_inside_is_inside(void **state)
{
    struct pair_bench *b = *state;
    struct wire *eve;
    struct chain c;

    connect_chain(b, &c);
    eve = pair_bench_come(b, "eve");
    pair_bench_ask(b, eve, "m1 SEND", c.u_a, b->u_b, HELLO);
    pair_bench_assert_in(eve, "MSRP m1 403");
    pair_bench_assert(c.bob, "%s", "");
    anchored_token_end(b->rig.relay, c.token, ANCHORED_DELETE);
}

/* A pair that leads back to itself: 403, and no turn spins on it. */
static void test_loop(void **state)
{
    struct pair_bench *b = *state;
    struct wire *eve;

    pair_bench_answer(b, false);
    pair_bench_say(b, b->pair, ANCHORED_A, b->u_b, false);
    pair_bench_say(b, b->pair, ANCHORED_B, b->u_a, false);
    eve = pair_bench_come(b, "eve");
    pair_bench_ask(b, eve, "m1 SEND", b->u_a, b->u_b, HELLO);
    pair_bench_assert_in(eve, "MSRP m1 403");
}

/* What a side behind this relay announces: its own URI here, and its own. */
static void say_own(struct pair_bench *b, enum anchored_side side,
                    const struct wire *w, const char *own)
{
    const struct span path[] = {span_str(w->uri), span_str(own)};
    const struct anchored_said said = {.path = path, .n_path = 2};

    assert_int_equal(anchored_say(b->rig.relay, b->pair, side, &said), 0);
}

/* From one client that has logged in here to another, through a pair: A's path
 * is [his own URI here, his], B's likewise. */
static void test_between_owners(void **state)
{
    struct pair_bench *b = *state;
    struct wire *alice = rig_connect(&b->rig, "alice");
    struct wire *bob = rig_connect(&b->rig, "bob");
    char to[256], a_own[] = "msrps://alice.example:9/alice;tcp";
    char b_own[] = "msrps://bob.example:9/bob;tcp";
    struct anchored_facts facts;

    rig_auth(&b->rig, alice, "alice");
    rig_auth(&b->rig, bob, "bob");
    b->pair = pair_bench_pair(b, b->token);
    (void)span_copy(b->u_a, sizeof b->u_a,
                    anchored_pair_uri(b->pair, ANCHORED_A));
    say_own(b, ANCHORED_A, alice, a_own);
    say_own(b, ANCHORED_B, bob, b_own);
    (void)snprintf(to, sizeof to, "%s %s", alice->uri, b->u_a);
    pair_bench_ask(b, alice, "m1 SEND", to, a_own, HELLO);
    pair_bench_assert(alice,
                      "MSRP m1 200 OK\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                      "-------m1$\r\n",
                      a_own, alice->uri);
    pair_bench_assert(bob,
                      "MSRP @ SEND\r\nTo-Path: %s\r\nFrom-Path: %s %s\r\n"
                      "Message-ID: 87652491\r\nSuccess-Report: yes\r\n"
                      "Byte-Range: 1-5/5\r\nContent-Type: text/plain\r\n\r\n"
                      "hello\r\n-------@$\r\n",
                      b_own, bob->uri, b->u_b);
    anchored_pair_facts(b->pair, &facts);
    assert_int_equal(facts.side[ANCHORED_A].sent.octets, 5);
    assert_int_equal(facts.side[ANCHORED_A].sent.messages, 1);
    /* Bob's connection ends: the REPORT shows nothing of the other side. */
    rig_close(&b->rig, bob, false);
    pair_bench_assert(alice,
                      "MSRP @ REPORT\r\nTo-Path: %s\r\nFrom-Path: %s %s\r\n"
                      "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
                      "Status: 000 408 Timeout\r\n-------@$\r\n",
                      a_own, alice->uri, b->u_a);
}

/* 408 for what is unanswered, then it is dialled again, once at once. */
static void test_lost_and_dialled_again(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob;

    b->dials = true;
    pair_bench_answer(b, true);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    rig_up(&b->rig, bob);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    (void)pair_bench_got(a);
    rig_close(&b->rig, bob, false);
    pair_bench_assert_in(a, "Status: 000 408");
    assert_int_equal(b->n_dialled, 2);
    assert_false(b->dialled.is_fresh);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    rig_up(&b->rig, bob);
    rig_close(&b->rig, bob, false);
    assert_int_equal(b->n_dialled, 2); /* now by need */
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    assert_int_equal(b->n_dialled, 3);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    rig_up(&b->rig, bob);
    pair_bench_assert_in(bob, "\r\nhello\r\n");
}

/* A dial by need counts as one of those of who sends, until it is over. */
static void test_dial_is_charged(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob;

    b->dials = true;
    pair_bench_answer(b, true);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    assert_null(bob->fake.link.dialled_for); /* the answer's */
    rig_down(&b->rig, bob, 408);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    assert_non_null(bob->fake.link.dialled_for);
    rig_up(&b->rig, bob);
    assert_null(bob->fake.link.dialled_for);
    pair_bench_assert_in(a, "MSRP m1 200");
}

/* Answers the SEND with which the relay opens a connection. */
static void answer_opening(struct pair_bench *b, struct wire *bob)
{
    struct span out = fake_link_new_output(&bob->fake);
    struct span tid = span_from(out, sizeof "MSRP " - 1);
    char text[PAIR_TEXT_MAX];

    tid.n = TID_LEN;
    (void)snprintf(text, sizeof text,
                   "MSRP %.*s 200 OK\r\nTo-Path: %s\r\nFrom-Path: " P_B
                   "\r\n-------%.*s$\r\n",
                   SPAN_ARG(tid), b->u_b, SPAN_ARG(tid));
    rig_send(&b->rig, bob, text);
}

/* ... each time, if the peer answers: one that only listens cannot come back.
 * But not without end. */
static void test_lost_again_and_again(void **state)
{
    struct pair_bench *b = *state;
    struct wire *bob;

    b->dials = true;
    pair_bench_answer(b, true);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(b->n_dialled, i);
        bob = rig_wire(&b->rig, SPAN("dialled"));
        rig_up(&b->rig, bob);
        answer_opening(b, bob);
        rig_close(&b->rig, bob, false);
    }
    assert_int_equal(b->n_dialled, 5); /* too often */
    pair_bench_say(b, b->pair, ANCHORED_B, P_B, true);
    assert_int_equal(b->n_dialled, 6); /* an answer names it */
    bob = rig_wire(&b->rig, SPAN("dialled"));
    rig_up(&b->rig, bob);
    rig_close(&b->rig, bob, false);
    assert_int_equal(b->n_dialled, 7);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    rig_up(&b->rig, bob);
    rig_wait(&b->rig, 10000); /* it has held for a while */
    rig_close(&b->rig, bob, false);
    assert_int_equal(b->n_dialled, 8);
}

/* The SEND that opens a connection is the relay's own: nobody awaits its
 * answer, and it keeps nobody from exiting. */
static void test_opening_is_not_in_flight(void **state)
{
    struct pair_bench *b = *state;
    struct wire *bob;

    b->dials = true;
    pair_bench_answer(b, true);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    rig_up(&b->rig, bob);
    assert_int_equal(bob->fake.link.txns.n, 1);
    assert_true(relay_link_is_idle(&bob->fake.link));
    assert_false(relay_link_in_flight(&bob->fake.link));
}

/* ... one that connects by itself is waited for: 408 until it is back. */
static void test_lost_and_back(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a, *bob;

    pair_bench_connect(b, &a, &bob);
    rig_close(&b->rig, bob, false);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    pair_bench_assert_in(a, "MSRP m1 408");
    bob = pair_bench_come(b, "b");
    pair_bench_ask(b, bob, "hi SEND", b->u_b, P_B, KEEP_ALIVE);
    pair_bench_assert_in(a, "SEND\r\nTo-Path: " P_A);
    pair_bench_ask(b, a, "m2 SEND", b->u_a, P_A,
                   "Message-ID: 2\r\n-------m2$\r\n");
    pair_bench_assert_in(bob, "SEND\r\nTo-Path: " P_B);
}

/* who is dialled and comes by himself is taken, with all that waited. */
static void test_comes_while_dialled(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob, *dialled;

    b->dials = true;
    pair_bench_answer(b, true);
    dialled = rig_wire(&b->rig, SPAN("dialled"));
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    bob = pair_bench_come(b, "b");
    pair_bench_ask(b, bob, "hi SEND", b->u_b, P_B,
                   "Message-ID: 0\r\nFailure-Report: no\r\n-------hi$\r\n");
    pair_bench_assert_in(bob, "\r\nhello\r\n");
    pair_bench_assert_in(a, "MSRP m1 200");
    assert_int_equal(dialled->fake.closes, 1);
}

/* P-20: a dial that fails is the answer to what waits for it. */
static void test_dial_fails(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a");

    b->dials = true;
    pair_bench_answer(b, true);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A, HELLO);
    rig_down(&b->rig, rig_wire(&b->rig, SPAN("dialled")), 403);
    pair_bench_assert_in(a, "MSRP m1 403");
}

/* P-21, S-30: nothing of a message whose first chunk was refused goes on to a
 * side that can be reached by then, unless it begins again. */
static void test_rest_of_what_was_refused(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob;
    struct anchored_facts facts;

    pair_bench_answer(b, true);
    pair_bench_ask(b, a, "m1 SEND", b->u_a, P_A,
                   "Message-ID: 1\r\nByte-Range: 1-3/6\r\n"
                   "Content-Type: a/b\r\n\r\nabc\r\n-------m1+\r\n");
    pair_bench_assert_in(a, "MSRP m1 408");
    bob = pair_bench_come(b, "b");
    pair_bench_ask(b, bob, "hi SEND", b->u_b, P_B,
                   "Message-ID: 0\r\nFailure-Report: no\r\n-------hi$\r\n");
    (void)pair_bench_got(a);
    pair_bench_ask(b, a, "m2 SEND", b->u_a, P_A,
                   "Message-ID: 1\r\nByte-Range: 4-6/6\r\n"
                   "Content-Type: a/b\r\n\r\ndef\r\n-------m2$\r\n");
    pair_bench_assert_in(a, "MSRP m2 408");
    pair_bench_assert(bob, "%s", "");
    anchored_pair_facts(b->pair, &facts);
    assert_int_equal(facts.side[ANCHORED_A].errors, 1);
    pair_bench_ask(b, a, "m3 SEND", b->u_a, P_A,
                   "Message-ID: 1\r\nByte-Range: 1-6/6\r\n"
                   "Content-Type: a/b\r\n\r\nabcdef\r\n-------m3$\r\n");
    pair_bench_assert_in(a, "MSRP m3 200");
    pair_bench_assert_in(bob, "\r\nabcdef\r\n");
}

/* A long message through the place where it waits, cut in the middle: the
 * receiver gets one message. */
static void test_moves_in_mid_chunk(void **state)
{
    struct pair_bench *b = *state;
    struct wire *a = pair_bench_come(b, "a"), *bob = pair_bench_come(b, "b");
    char body[10001], text[PAIR_TEXT_MAX];
    struct span out;

    rig_pattern(body, 1, 10000);
    pair_bench_answer(b, false);
    (void)snprintf(text, sizeof text,
                   "MSRP m1 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
                   "\r\nMessage-ID: 1\r\nByte-Range: 1-10000/10000\r\n"
                   "Content-Type: text/plain\r\n\r\n",
                   b->u_a);
    rig_send(&b->rig, a, text);
    rig_feed(&b->rig, a, span_of(body, 6000));
    pair_bench_ask(b, bob, "hi SEND", b->u_b, P_B, KEEP_ALIVE);
    rig_feed(&b->rig, a, span_of(body + 6000, 4000));
    rig_send(&b->rig, a, "\r\n-------m1$\r\n");
    out = fake_link_new_output(&bob->fake);
    assert_non_null(memmem(out.p, out.n, "Byte-Range: 1-*/10000\r\n", 23));
    assert_non_null(memmem(out.p, out.n, body, 5000));
    assert_non_null(memmem(out.p, out.n, body + 9000, 1000));
    pair_bench_assert_in(a, "MSRP m1 200");
}

/* the end in the middle of a chunk: `#` to the receiver, the rest is
 * thrown away, 481 to the sender. */
static void test_end_in_mid_chunk(void **state)
{
    struct pair_bench *b = *state;
    char body[6001], text[PAIR_TEXT_MAX];
    struct wire *a, *bob;
    struct span out;

    rig_pattern(body, 1, 6000);
    pair_bench_connect(b, &a, &bob);
    (void)snprintf(text, sizeof text,
                   "MSRP m1 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
                   "\r\nMessage-ID: 1\r\nByte-Range: 1-*/*\r\n"
                   "Content-Type: text/plain\r\n\r\n",
                   b->u_a);
    rig_send(&b->rig, a, text);
    rig_feed(&b->rig, a, span_of(body, 6000));
    anchored_pair_end(b->rig.relay, b->pair, ANCHORED_DELETE);
    rig_settle(&b->rig);
    out = fake_link_new_output(&bob->fake);
    assert_true(out.n > 3);
    assert_memory_equal(out.p + out.n - 3, "#\r\n", 3);
    pair_bench_assert_in(a, "MSRP m1 481");
    rig_send(&b->rig, a, "the rest\r\n-------m1$\r\n");
    pair_bench_assert(a, "%s", "");
    assert_int_equal(b->record.why, ANCHORED_DELETE);
}

int main(void)
{
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, pair_bench_set_up, pair_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_forks),
        TEST(test_kept_way),
        TEST(test_no_way_yet),
        TEST(test_two_in_a_row),
        TEST(test_inside_is_inside),
        TEST(test_loop),
        TEST(test_between_owners),
        TEST(test_lost_and_dialled_again),
        TEST(test_dial_is_charged),
        TEST(test_lost_again_and_again),
        TEST(test_opening_is_not_in_flight),
        TEST(test_lost_and_back),
        TEST(test_comes_while_dialled),
        TEST(test_dial_fails),
        TEST(test_rest_of_what_was_refused),
        TEST(test_moves_in_mid_chunk),
        TEST(test_end_in_mid_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
