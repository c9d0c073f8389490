/* SPDX-License-Identifier: BSD-2-Clause */
/* A message that was passed on and then fails: who is told what, for each value
 * of Failure-Report and each cause (RFC 4976, 6.4.1). */
#include "cmocka_all.h"
#include "login.h"

/* What the sender hears of a message. */
struct heard {
    unsigned answer;    /* 0: none */
    const char *report; /* its Status without the namespace; NULL: none */
};

enum { VALUES = 4 };

static const char *const failure_reports[VALUES] = {
    "", "Failure-Report: yes\r\n", "Failure-Report: partial\r\n",
    "Failure-Report: no\r\n"};

static const struct relay_opts impatient = {
    .groups = "timers: { transaction = 0.5; };"};

static struct send message(const char *failure_report)
{
    return (struct send){
        .id = "m7Kd02Lx", .headers = failure_report, .body = SPAN("Hello Bob")};
}

static void expect_report(struct client *from, const struct client *to,
                          const char *status)
{
    char *own = from->uri ? scene_text(from->scene, "%s %s", from->uri, to->uri)
                          : to->uri;

    talk_expect_text(from,
                     "MSRP TID REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                     "Message-ID: m7Kd02Lx\r\nByte-Range: 1-9/9\r\n"
                     "Status: 000 %s\r\n-------TID$\r\n",
                     from->own, own, status);
}

typedef void (*befall_fn)(struct client *bob, const struct got *g);

/* Each message goes from a new alice to a new bob, where `befall` happens to
 * it.
 */
static void each_is_heard(struct scene *s, befall_fn befall,
                          const struct heard heard[VALUES])
{
    for (int i = 0; i < VALUES; i++) {
        struct client *alice = login(s, "alice"), *bob = login(s, "bob");
        const struct send m = message(failure_reports[i]);
        const char *tid = talk_send(alice, bob, &m);

        if (heard[i].answer)
            talk_expect_code(alice, tid, heard[i].answer);
        befall(bob, talk_expect_body(bob, m.body, '$'));
        if (heard[i].report)
            expect_report(alice, bob, heard[i].report);
        talk_expect_nothing(alice);
        client_close(alice);
        client_close(bob);
    }
}

static void refuse(struct client *bob, const struct got *g)
{
    talk_answer(bob, g, 415);
    talk_expect_nothing(bob); /* and now the relay has read it */
}

static void refused_by_the_receiver(void **state)
{
    static const struct heard heard[VALUES] = {
        {200, "415 Media Type Not Understood"},
        {200, "415 Media Type Not Understood"},
        {0, "415 Media Type Not Understood"},
        {0, NULL}};

    each_is_heard(scene_start(state, NULL), refuse, heard);
}

static void leave(struct client *bob, const struct got *g)
{
    (void)g;
    client_vanish(bob);
    scene_wait_closed(bob);
}

/* All octets were written: only `yes` is told of the missing answer (P-5). */
static void receiver_gone_before_its_answer(void **state)
{
    static const struct heard heard[VALUES] = {
        {200, "408 Timeout"}, {200, "408 Timeout"}, {0, NULL}, {0, NULL}};

    each_is_heard(scene_start(state, NULL), leave, heard);
}

static void receiver_never_answers(void **state)
{
    static const char *const ids[VALUES] = {"id-3", "id-4", "id-1", "id-2"};
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    for (int i = VALUES; i-- > 0;) {
        struct send m = message(failure_reports[i]);
        const char *tid;

        m.id = ids[i];
        tid = talk_send(alice, bob, &m);
        if (i < 2)
            talk_expect_code(alice, tid, 200);
        talk_expect_body(bob, m.body, '$');
    }
    for (int i = 0; i < 2; i++) {
        struct got *g = talk_expect(alice, "REPORT");

        assert_string_equal(talk_header(alice, g, "Status"), "000 408 Timeout");
        assert_string_not_equal(talk_header(alice, g, "Message-ID"), ids[2]);
        assert_string_not_equal(talk_header(alice, g, "Message-ID"), ids[3]);
    }
    talk_expect_nothing(alice);
}

static void late_answer_after_the_report_means_nothing(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = message("");
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    g = talk_expect_body(bob, m.body, '$');
    expect_report(alice, bob, "408 Timeout");
    talk_answer(bob, g, 413);
    talk_expect_nothing(bob);
    talk_expect_nothing(alice);
}

/* S-30: as often as the sender likes; each failure is told. */
static void what_was_refused_may_be_sent_again(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct send m = message("");
    struct got *g;

    for (int i = 0; i < 2; i++) {
        talk_expect_code(alice, talk_send(alice, bob, &m), 200);
        g = talk_expect_body(bob, m.body, '$');
        talk_answer(bob, g, 415);
        talk_expect_nothing(bob);
        expect_report(alice, bob, "415 Media Type Not Understood");
    }
    m.range = "10-19/19"; /* but what is left of it */
    m.body = SPAN("Hello Bill");
    talk_expect_code(alice, talk_send(alice, bob, &m), 415);
    talk_expect_nothing(bob);
}

/* --- what fails before it goes on ----------------------------------------- */

/* Sends the message to `to` with each value; the codes are the answers. */
static void each_is_answered(struct client *alice, const char *to,
                             unsigned code)
{
    for (int i = 0; i < VALUES; i++) {
        struct send m = message(failure_reports[i]);
        const char *tid;

        m.to = to;
        m.id = NULL;
        tid = talk_send(alice, NULL, &m);
        if (i < 3)
            talk_expect_code(alice, tid, code);
        talk_expect_nothing(alice);
    }
}

static void session_unknown(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    char *to = scene_text(s, "%s", talk_path(alice, bob));

    client_vanish(bob);
    scene_wait_closed(bob);
    each_is_answered(alice, to, 481);
}

static void next_hop_unreachable(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");

    each_is_answered(
        alice, scene_text(s, "%s msrps://nobody.invalid:9/x;tcp", alice->uri),
        481);
}

static void message_over_the_limit(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { message_size = 8; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send whole = {.body = SPAN("12345678")};

    each_is_answered(alice, talk_path(alice, bob), 413);
    talk_expect_code(alice, talk_send(alice, bob, &whole), 200);
    talk_expect_body(bob, whole.body, '$');
    talk_expect_nothing(bob);
}

/* --- the way of the REPORT ------------------------------------------------ */

static void report_goes_to_a_peer_without_relay(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");
    const struct send m = message("");

    talk_expect_code(peer, talk_send(peer, alice, &m), 200);
    talk_expect_body(alice, m.body, '$');
    expect_report(peer, alice, "408 Timeout");
    talk_expect_nothing(peer);
}

static void report_names_the_session_it_is_about(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = message("");

    for (int i = 0; i < 2; i++) { /* two sessions on the same connections */
        talk_expect_code(alice, talk_send(alice, bob, &m), 200);
        talk_expect_body(bob, m.body, '$');
        expect_report(alice, bob, "408 Timeout");
        login_on(alice);
        login_on(bob);
    }
}

static void report_about_a_bodiless_send_has_no_range(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "m7Kd02Lx", .no_range = true};

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect(bob, "SEND");
    talk_expect_text(alice,
                     "MSRP TID REPORT\r\nTo-Path: %s\r\nFrom-Path: %s %s\r\n"
                     "Message-ID: m7Kd02Lx\r\nStatus: 000 408 Timeout\r\n"
                     "-------TID$\r\n",
                     alice->own, alice->uri, bob->uri);
}

static void nothing_is_reported_about_reports(void **state)
{
    struct scene *s = scene_start(state, &impatient);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = message("");

    talk_say(bob,
             "MSRP report1 REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: another\r\nByte-Range: 1-9/9\r\n"
             "Status: 000 200 OK\r\n-------report1$\r\n",
             talk_path(bob, alice), bob->own);
    talk_expect(alice, "REPORT");
    talk_expect_code(bob, talk_send(bob, alice, &m), 200);
    talk_expect_body(alice, m.body, '$');
    expect_report(bob, alice, "408 Timeout");
    talk_expect_nothing(bob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(refused_by_the_receiver),
        E2E_TEST(receiver_gone_before_its_answer),
        E2E_TEST(receiver_never_answers),
        E2E_TEST(late_answer_after_the_report_means_nothing),
        E2E_TEST(what_was_refused_may_be_sent_again),
        E2E_TEST(session_unknown),
        E2E_TEST(next_hop_unreachable),
        E2E_TEST(message_over_the_limit),
        E2E_TEST(report_goes_to_a_peer_without_relay),
        E2E_TEST(report_names_the_session_it_is_about),
        E2E_TEST(report_about_a_bodiless_send_has_no_range),
        E2E_TEST(nothing_is_reported_about_reports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
