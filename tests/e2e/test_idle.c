/* SPDX-License-Identifier: BSD-2-Clause */
/* timers.idle: nothing in, nothing out, nothing in flight (S-22). */
#include "cmocka_all.h"
#include "login.h"
#include "outside.h"

static const struct host_opts tcp_peer;

#define IDLE "timers: { idle = 0.5; transaction = 30; };"
enum { IDLE_MS = 500 };

/* alice and a peer that the relay has dialled for her. */
struct pair {
    struct client *alice, *peer;
    const char *to; /* from alice to the peer */
};

static struct pair meet(void **state)
{
    static const struct outside_opts opts = {.relay = {.groups = IDLE}};
    struct scene *s = outside_start(state, &opts);
    struct host *h = host_new(s, &tcp_peer);
    struct pair p = {.alice = login(s, "alice")};
    const struct send hello = {.to = host_path(p.alice, h),
                               .body = SPAN("hello")};
    const char *tid = talk_send(p.alice, NULL, &hello);

    p.peer = host_accept(h);
    p.to = hello.to;
    talk_answer(p.peer, talk_expect_body(p.peer, hello.body, '$'), 200);
    talk_expect_code(p.alice, tid, 200);
    return p;
}

static void send_with(const struct pair *p, const char *headers)
{
    const struct send s = {
        .to = p->to, .headers = headers, .body = SPAN("one more")};

    talk_send(p->alice, NULL, &s);
}

/* Several times the idle time, in which the connections turn. */
static uint64_t a_while(void)
{
    return now_ms() + UINT64_C(3) * IDLE_MS;
}

static void one_that_is_written_to_is_not_idle(void **state)
{
    struct pair p = meet(state);
    uint64_t end_ms = a_while();

    while (now_ms() < end_ms) {
        send_with(&p, "Failure-Report: no\r\n");
        talk_expect_body(p.peer, SPAN("one more"), '$');
        scene_turn(p.alice->scene, now_ms() + IDLE_MS / 4);
    }
    talk_expect_nothing(p.alice);
    assert_int_equal(p.peer->state, CLIENT_OPEN);
    scene_wait_end(p.peer); /* now it is */
}

/* Turns for a while, in which the peer is not closed. */
static void stays(struct pair *p)
{
    uint64_t end_ms = a_while();

    while (now_ms() < end_ms)
        scene_turn(p->alice->scene, end_ms);
    assert_int_equal(p->peer->state, CLIENT_OPEN);
}

static void one_that_owes_an_answer_is_not_idle(void **state)
{
    struct pair p = meet(state);
    struct got *g;

    send_with(&p, "");
    g = talk_expect_body(p.peer, SPAN("one more"), '$');
    stays(&p);
    talk_answer(p.peer, g, 200);
    scene_wait_end(p.peer);
}

static void one_that_awaits_an_answer_is_not_idle(void **state)
{
    struct pair p = meet(state);
    const struct send s = {
        .to = scene_text(p.alice->scene, "%s %s", p.alice->uri, p.alice->own),
        .body = SPAN("from the peer")};
    const char *tid = talk_send(p.peer, NULL, &s);
    struct got *g = talk_expect_body(p.alice, s.body, '$');

    talk_expect_code(p.peer, tid, 200);
    stays(&p);
    talk_answer(p.alice, g, 200);
    scene_wait_end(p.peer);
}

/* Nobody has to answer what came with `partial`. */
static void partial_is_not_in_flight(void **state)
{
    struct pair p = meet(state);

    send_with(&p, "Failure-Report: partial\r\n");
    talk_expect_body(p.peer, SPAN("one more"), '$');
    scene_wait_end(p.peer);
}

/* What has stopped on its way is no use of a connection. */
static void half_a_chunk_is_not_in_flight(void **state)
{
    struct pair p = meet(state);

    talk_say(p.peer,
             "MSRP half0001 SEND\r\nTo-Path: %s %s\r\nFrom-Path: %s\r\n"
             "Message-ID: half\r\nByte-Range: 1-*/*\r\n"
             "Content-Type: text/plain\r\n\r\nhalf a",
             p.alice->uri, p.alice->own, p.peer->own);
    assert_int_not_equal(scene_wait_end(p.peer), CLIENT_END_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(one_that_is_written_to_is_not_idle),
        E2E_TEST(one_that_owes_an_answer_is_not_idle),
        E2E_TEST(one_that_awaits_an_answer_is_not_idle),
        E2E_TEST(partial_is_not_in_flight),
        E2E_TEST(half_a_chunk_is_not_in_flight),
    };

    return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
