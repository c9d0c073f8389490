/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames in any cut over real sockets: many in one write, one in many. */
#include "cmocka_all.h"
#include "login.h"

enum { PIPELINED = 1000 };

static void thousand_messages_in_one_write_arrive_in_order(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tids[PIPELINED];

    for (int i = 0; i < PIPELINED; i++)
        tids[i] = talk_text(alice, bob, scene_text(s, "message %d", i));
    for (int i = 0; i < PIPELINED; i++) {
        char *body = scene_text(s, "message %d", i);

        talk_answer(bob, talk_expect_body(bob, span_str(body), '$'), 200);
    }
    for (int i = 0; i < PIPELINED; i++)
        talk_expect_code(alice, tids[i], 200);
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
}

/* A frame from alice, and how it arrives at bob; TID stands for the tid, which
 * is abcd on the way in. */
struct sample {
    const char *method;
    const char *rest; /* behind From-Path */
    bool is_answered; /* by the relay */
};

static void put_cut(struct client *c, const char *frame, size_t n, size_t at)
{
    client_put(c, span_of(frame, at));
    scene_flush(c); /* one TLS record, which the relay reads by itself */
    client_put(c, span_of(frame + at, n - at));
}

static void expect_sample(struct client *alice, struct client *bob,
                          const struct sample *m)
{
    talk_expect_text(
        bob, "MSRP TID %s\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n%s",
        m->method, bob->own, bob->uri, alice->uri, alice->own, m->rest);
    if (m->is_answered)
        talk_expect_code(alice, "abcd", 200);
}

static char *frame_of(struct client *alice, struct client *bob,
                      const struct sample *m)
{
    char *text = scene_text(
        alice->scene, "MSRP TID %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n%s",
        m->method, talk_path(alice, bob), alice->own, m->rest);

    return talk_with_tid(alice->scene, text, SPAN("abcd"));
}

static void cut_at_every_offset(void **state, const struct sample *m)
{
    /* Nobody answers the requests. */
    static const struct relay_opts opts = {
        .groups = "limits: { requests_per_connection = 0; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    char *frame = frame_of(alice, bob, m);
    size_t n = strlen(frame);

    for (size_t at = 1; at < n; at++) {
        put_cut(alice, frame, n, at);
        expect_sample(alice, bob, m);
    }
    for (size_t at = 0; at < n; at++) { /* and all at once */
        client_put(alice, span_of(frame + at, 1));
        scene_flush(alice);
    }
    expect_sample(alice, bob, m);
    talk_expect_nothing(alice);
}

static void text_cut_anywhere_arrives(void **state)
{
    static const struct sample m = {
        "SEND",
        "Message-ID: m7Kd02Lx\r\nByte-Range: 1-11/11\r\n"
        "Content-Type: text/plain\r\n\r\nlunch at 1?\r\n-------TID$\r\n",
        true};

    cut_at_every_offset(state, &m);
}

/* E10: hyphens without end, and nearly the end-line. */
static void near_end_lines_cut_anywhere_arrive(void **state)
{
    static const struct sample m = {
        "SEND",
        "Message-ID: m7Kd02Lx\r\nFailure-Report: no\r\nByte-Range: 1-52/52\r\n"
        "Content-Type: text/plain\r\n\r\n"
        "-------\r\n-------abc\r\n-------abcd$\r\r\n-------ABCD+\r\n\r\n"
        "\r\n-------TID$\r\n",
        false};

    cut_at_every_offset(state, &m);
}

static void bodiless_send_cut_anywhere_arrives(void **state)
{
    static const struct sample m = {
        "SEND", "Message-ID: m7Kd02Lx\r\n-------TID$\r\n", true};

    cut_at_every_offset(state, &m);
}

static void report_cut_anywhere_arrives(void **state)
{
    static const struct sample m = {
        "REPORT",
        "Message-ID: m7Kd02Lx\r\nByte-Range: 1-9/9\r\nStatus: 000 200 OK\r\n"
        "-------TID$\r\n",
        false};

    cut_at_every_offset(state, &m);
}

static void nickname_with_a_body_cut_anywhere_arrives(void **state)
{
    static const struct sample m = {
        "NICKNAME",
        "Use-Nickname: \"x\"\r\nContent-Type: text/plain\r\n\r\nbody\r\n"
        "-------TID$\r\n",
        false};

    cut_at_every_offset(state, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(thousand_messages_in_one_write_arrive_in_order),
        E2E_TEST(text_cut_anywhere_arrives),
        E2E_TEST(near_end_lines_cut_anywhere_arrive),
        E2E_TEST(bodiless_send_cut_anywhere_arrives),
        E2E_TEST(report_cut_anywhere_arrives),
        E2E_TEST(nickname_with_a_body_cut_anywhere_arrives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
