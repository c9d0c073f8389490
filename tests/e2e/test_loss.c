/* SPDX-License-Identifier: BSD-2-Clause */
/* What is lost in the middle of a transfer, and what its sender hears. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "flow.h"
#include "login.h"

enum {
    GIB = 1 << 30,
    MIB = 1 << 20,
    CHUNK = 65536,
    AT_ONCE_MS = 1000,
    CHUNKS = 5000,
    CHUNK_SMALL = 10,
};

static bool has_sent_mib(void *ctx)
{
    const struct flow_out *f = ctx;

    return f->client->octets_out >= 4 * MIB;
}

/* Which SEND of the flow this answers, counted from 0. */
static unsigned chunk_of(const struct flow_out *f, const struct got *g)
{
    struct span tid = msg_text(&g->head, g->head.tid);
    const char *text = scene_text(f->client->scene, "%.*s", SPAN_ARG(tid));

    return (unsigned)strtoul(text + strlen(f->client->name), NULL, 10) -
           f->first_tid;
}

/* --- the receiver dies ---------------------------------------------------- */

/* Hands the connection over to a process of its own, that reads and says
 * nothing. */
static pid_t hand_over(struct client *c)
{
    char octets[65536];
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fcntl(c->fd, F_SETFL, 0);
        while (SSL_read(c->ssl, octets, sizeof octets) > 0)
            continue;
        _exit(0);
    }
    client_vanish(c); /* here only */
    return pid;
}

static void kill_now(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void assert_at_once(uint64_t since_ms)
{
#ifndef MSRP_SANITIZE
    assert_in_range(now_ms() - since_ms, 0, AT_ONCE_MS);
#else
    (void)since_ms;
#endif
}

/* What still came of the message was refused with this code, chunk by chunk,
 * and the connection is as good as ever. */
static void goes_on_after(struct flow_out *out, unsigned code)
{
    struct client *alice = out->client, *carol = login(alice->scene, "carol");
    unsigned char hash[FLOW_HASH];
    const char *tid;
    struct got *g;

    flow_out_abort(out);
    flow_out_end(out, hash);
    tid = talk_text(alice, carol, "never mind");
    for (;;) {
        g = scene_frame(alice);
        assert_int_equal(g->head.method, MSG_RESPONSE);
        if (span_eq(msg_text(&g->head, g->head.tid), span_str(tid)))
            break;
        assert_int_equal(g->head.code, code);
    }
    assert_int_equal(g->head.code, 200);
    talk_expect_body(carol, SPAN("never mind"), '$');
    talk_expect_nothing(alice);
}

static void receiver_killed_in_one_huge_chunk(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct flow_out out = {0};
    pid_t pid = hand_over(bob);
    uint64_t since_ms;

    flow_out_start(&out, alice, bob, GIB, GIB);
    scene_until(s, has_sent_mib, &out, "octets to go out");
    kill_now(pid);
    since_ms = now_ms();
    talk_expect_code(alice, out.tid, 481);
    assert_at_once(since_ms);
    goes_on_after(&out, 481);
}

/* Chunks are answered in their order: as many as were accepted, then the first
 * one that was not. Returns how many; *report is the one REPORT that came
 * meanwhile. */
static unsigned count_accepted(const struct flow_out *f, struct got **report)
{
    unsigned n = 0;
    struct got *g;

    *report = NULL;
    for (;; n++) {
        g = scene_frame(f->client);
        if (g->head.method == MSG_REPORT) {
            assert_null(*report);
            *report = g;
            g = scene_frame(f->client);
        }
        assert_int_equal(g->head.method, MSG_RESPONSE);
        assert_int_equal(chunk_of(f, g), n);
        if (g->head.code != 200)
            break;
    }
    assert_non_null(*report);
    assert_true(g->head.code == 408 || g->head.code == 481);
    return n;
}

static void receiver_killed_between_chunks(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct flow_out out = {0};
    pid_t pid = hand_over(bob);
    struct got *report;
    uint64_t since_ms;
    unsigned n;

    flow_out_start(&out, alice, bob, GIB, CHUNK);
    scene_until(s, has_sent_mib, &out, "octets to go out");
    kill_now(pid);
    since_ms = now_ms();
    n = count_accepted(&out, &report);
    assert_at_once(since_ms);
    assert_string_equal(talk_header(alice, report, "Status"),
                        "000 408 Timeout");
    assert_string_equal(
        talk_header(alice, report, "Byte-Range"),
        scene_text(s, "1-%llu/%d", (unsigned long long)n * CHUNK, GIB));
    goes_on_after(&out, 481);
}

/* Bob with little room in his socket, and deaf. */
static struct client *login_deaf(struct scene *s)
{
    struct client_opts opts = {.tls = s->tls,
                               .port = relay_port(s->relay, RELAY_TLS),
                               .receive_buffer = CHUNK};
    struct client *bob = scene_connect_with(s, "bob", &opts);

    login_on(bob);
    bob->deaf = true;
    return bob;
}

static bool has_got_chunks(void *ctx)
{
    const struct client *bob = ctx;
    int n = 0;

    return ioctl(bob->fd, FIONREAD, &n) == 0 && n > CHUNK / 4;
}

/* For `partial`, what was written whole and not answered is nobody's business;
 * what was not written is (P-5). */
static void receiver_reset_before_it_took_all(void **state)
{
    enum { SMALL = 2048 };
    static const struct relay_opts opts = {
        .groups = "tcp: { send_buffer = 65536; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login_deaf(s);
    struct flow_out out = {.headers = "Failure-Report: partial\r\n"};
    struct got *report, *refused;

    flow_out_start(&out, alice, bob, GIB, SMALL);
    scene_wait_blocked(alice);
    scene_until(s, has_got_chunks, bob, "octets that bob does not read");
    client_reset(bob);
    report = talk_expect(alice, "REPORT");
    assert_string_equal(talk_header(alice, report, "Status"),
                        "000 481 No Such Session");
    refused = scene_frame(alice);
    assert_int_equal(refused->head.code, 481);
    assert_in_range(report->head.range_start, SMALL + 1, out.at);
    assert_int_equal(report->head.range_start % SMALL, 1);
    assert_int_equal(report->head.range_end,
                     (uint64_t)chunk_of(&out, refused) * SMALL);
    assert_int_equal(report->head.range_total, GIB);
    goes_on_after(&out, 481);
}

static void nobody_hears_of_what_wants_no_report(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct flow_out out = {.headers = "Failure-Report: no\r\n"};
    pid_t pid = hand_over(bob);

    flow_out_start(&out, alice, bob, GIB, CHUNK);
    scene_until(s, has_sent_mib, &out, "octets to go out");
    kill_now(pid);
    scene_wait_closed(bob);
    goes_on_after(&out, 0);
}

/* --- ranges --------------------------------------------------------------- */

static void expect_range(struct client *alice, unsigned from, unsigned to)
{
    struct got *g = talk_expect(alice, "REPORT");

    assert_string_equal(talk_header(alice, g, "Status"), "000 408 Timeout");
    assert_string_equal(
        talk_header(alice, g, "Byte-Range"),
        scene_text(alice->scene, "%u-%u/%u", from, to, CHUNKS * CHUNK_SMALL));
}

static void five_thousand_chunks_give_one_report_for_each_range(void **state)
{
    enum { ANSWERED = 2500 };
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct flow_out out = {0};
    unsigned char hash[FLOW_HASH];

    flow_out_start(&out, alice, bob, CHUNKS * CHUNK_SMALL, CHUNK_SMALL);
    for (unsigned i = 0; i < CHUNKS; i++) {
        struct got *g = talk_expect(bob, "SEND");

        assert_int_equal(g->head.range_start, i * CHUNK_SMALL + 1);
        if (i == ANSWERED)
            talk_answer(bob, g, 200);
    }
    talk_expect_nothing(bob);
    for (unsigned i = 0; i < CHUNKS; i++)
        assert_int_equal(scene_frame(alice)->head.code, 200);
    client_reset(bob);
    expect_range(alice, 1, ANSWERED * CHUNK_SMALL);
    expect_range(alice, (ANSWERED + 1) * CHUNK_SMALL + 1, CHUNKS * CHUNK_SMALL);
    talk_expect_nothing(alice);
    flow_out_end(&out, hash);
}

/* --- refused in mid-chunk ------------------------------------------------- */

/* The beginning of a SEND to bob, which has arrived there. Returns its tid. */
static const char *begin(struct client *alice, struct client *bob,
                         const char *headers)
{
    const char *tid = talk_tid(alice);

    talk_say(alice,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m7Kd02Lx\r\n%sByte-Range: 1-*/9000\r\n"
             "Content-Type: text/plain\r\n\r\n%03000d",
             tid, talk_path(alice, bob), alice->own, headers, 1);
    scene_wait_octets(bob, 2900);
    return tid;
}

/* Bob refuses the SEND that he is still getting. */
static void refuse_open(struct client *bob, unsigned code)
{
    const char *head = bob->frame.p;
    const struct msg *m = &bob->head;

    talk_say(bob,
             "MSRP %.*s %u\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
             "-------%.*s$\r\n",
             (int)m->tid.n, head + m->tid.at, code, (int)m->from_first.n,
             head + m->from_first.at, bob->own, (int)m->tid.n,
             head + m->tid.at);
}

static void receiver_stops_the_message(void **state, const char *headers)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = begin(alice, bob, headers);
    const struct send next = {.id = "m7Kd02Lx",
                              .headers = headers,
                              .range = "3009-3011/9000",
                              .body = SPAN("end")};

    refuse_open(bob, 413);
    talk_expect_code(alice, tid, 413);
    assert_int_equal(talk_expect(bob, "SEND")->flag, '#');
    talk_say(alice, "nobody wants this\r\n-------%s+\r\n", tid);
    talk_expect_code(alice, talk_send(alice, bob, &next), 413); /* P-21 */
    talk_expect_nothing(bob);
    talk_expect_code(alice, talk_text(alice, bob, "another"), 200);
    talk_expect_body(bob, SPAN("another"), '$');
}

static void receiver_answers_413_in_mid_chunk(void **state)
{
    receiver_stops_the_message(state, "");
}

static void receiver_answers_413_in_mid_chunk_of_partial(void **state)
{
    receiver_stops_the_message(state, "Failure-Report: partial\r\n");
}

static void receivers_413_is_not_heard_by_who_wants_none(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = begin(alice, bob, "Failure-Report: no\r\n");

    refuse_open(bob, 413);
    talk_say(alice, "to the end\r\n-------%s$\r\n", tid);
    assert_int_equal(talk_expect(bob, "SEND")->flag, '$');
    talk_expect_nothing(alice);
}

/* --- the sender goes ------------------------------------------------------ */

static void sender_lost_in_mid_chunk(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct got *g;

    begin(alice, bob, "");
    client_reset(alice);
    g = talk_expect(bob, "SEND");
    assert_int_equal(g->flag, '#'); /* P-18 */
    talk_answer(bob, g, 413);
    talk_expect_nothing(bob);
}

/* The empty last chunk of what `begin` began, or of a message like it. */
static struct got *expect_end(struct client *alice, struct client *bob,
                              const char *range)
{
    return talk_expect_text(
        bob,
        "MSRP TID SEND\r\nTo-Path: %s\r\nFrom-Path: %s %s %s\r\n"
        "Message-ID: m7Kd02Lx\r\nByte-Range: %s\r\n"
        "Content-Type: text/plain\r\n\r\n\r\n-------TID#\r\n",
        bob->own, bob->uri, alice->uri, alice->own, range);
}

static const struct send first_chunk = {
    .id = "m7Kd02Lx", .range = "1-3/9", .body = SPAN("one"), .flag = '+'};

static void sender_lost_between_two_chunks(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &first_chunk), 200);
    talk_answer(bob, talk_expect_body(bob, first_chunk.body, '+'), 200);
    client_reset(alice);
    g = expect_end(alice, bob, "4-3/9"); /* S-31 */
    talk_answer(bob, g, 200);
    talk_expect_nothing(bob);
}

static void sender_lost_while_another_interrupts(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");
    struct got *g;

    begin(alice, bob, "");
    talk_expect_code(carol, talk_text(carol, bob, "by the way"), 200);
    g = talk_expect(bob, "SEND");
    assert_int_equal(g->flag, '+');
    assert_int_equal(g->body.n, 2999);
    talk_expect_body(bob, SPAN("by the way"), '$');
    client_reset(alice);
    expect_end(alice, bob, "3000-2999/9000"); /* S-31 */
    talk_expect_nothing(bob);
}

static void receiver_refuses_between_two_chunks(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    talk_expect_code(alice, talk_send(alice, bob, &first_chunk), 200);
    talk_answer(bob, talk_expect_body(bob, first_chunk.body, '+'), 413);
    expect_end(alice, bob, "4-3/9"); /* B4975-7.3.2-a */
    talk_expect(alice, "REPORT");
    client_reset(alice);
    scene_wait_closed(alice);
    talk_expect_nothing(bob);
}

static void sender_gives_up_in_mid_chunk(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = begin(alice, bob, "");

    talk_say(alice, "\r\n-------%s#\r\n", tid);
    talk_expect_code(alice, tid, 200);
    assert_int_equal(talk_expect(bob, "SEND")->flag, '#');
}

static void report_for_a_sender_who_is_gone_goes_nowhere(void **state)
{
    static const struct relay_opts opts = {
        .groups = "timers: { transaction = 0.3; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");

    talk_expect_code(alice, talk_text(alice, bob, "last words"), 200);
    talk_expect_body(bob, SPAN("last words"), '$');
    client_vanish(alice);
    talk_expect_code(carol, talk_text(carol, bob, "and later"), 200);
    talk_expect_body(bob, SPAN("and later"), '$');
    talk_expect(carol, "REPORT"); /* by now alice's is due too */
    talk_expect_nothing(bob);
    talk_expect_nothing(carol);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(receiver_killed_in_one_huge_chunk),
        E2E_TEST(receiver_killed_between_chunks),
        E2E_TEST(receiver_reset_before_it_took_all),
        E2E_TEST(nobody_hears_of_what_wants_no_report),
        E2E_TEST(five_thousand_chunks_give_one_report_for_each_range),
        E2E_TEST(receiver_answers_413_in_mid_chunk),
        E2E_TEST(receiver_answers_413_in_mid_chunk_of_partial),
        E2E_TEST(receivers_413_is_not_heard_by_who_wants_none),
        E2E_TEST(sender_lost_in_mid_chunk),
        E2E_TEST(sender_lost_between_two_chunks),
        E2E_TEST(sender_lost_while_another_interrupts),
        E2E_TEST(receiver_refuses_between_two_chunks),
        E2E_TEST(sender_gives_up_in_mid_chunk),
        E2E_TEST(report_for_a_sender_who_is_gone_goes_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
