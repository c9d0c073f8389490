/* SPDX-License-Identifier: BSD-2-Clause */
/* How the daemon ends: signals, what is in flight, the drain. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "login.h"

static void ends_at_once(void **state, int signo)
{
    struct scene *s = scene_start(state, NULL);

    relay_signal(s->relay, signo);
    assert_int_equal(scene_wait_exit(s), 0);
}

static void term_ends_it(void **state)
{
    ends_at_once(state, SIGTERM);
}

static void int_ends_it(void **state)
{
    ends_at_once(state, SIGINT);
}

static void idle_connections_are_closed_in_order(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *stranger = scene_connect(s, RELAY_TLS, "stranger");
    struct client *plain = scene_connect(s, RELAY_TCP, "plain");

    scene_wait_log(s, "c=3 open");
    relay_signal(s->relay, SIGTERM);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    assert_int_equal(scene_wait_end(stranger), CLIENT_END_EOF);
    assert_int_equal(scene_wait_end(plain), CLIENT_END_EOF);
    assert_int_equal(scene_wait_exit(s), 0);
}

/* The beginning of a SEND from alice to bob of 3,000 octets, which has arrived
 * at bob in part. Returns its tid. */
static const char *begin_transfer(struct client *alice, struct client *bob)
{
    const char *tid = talk_tid(alice);

    talk_say(alice,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: in-flight\r\nByte-Range: 1-*/3000\r\n"
             "Content-Type: text/plain\r\n\r\n%02500d",
             tid, talk_path(alice, bob), alice->own, 7);
    scene_wait_octets(bob, 2400);
    return tid;
}

static void assert_refuses_connections(const struct scene *s)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)relay_port(s->relay, RELAY_TLS)),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_not_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    close(fd);
}

static void transfer_in_flight_finishes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");
    const char *tid = begin_transfer(alice, bob);
    struct got *g;

    relay_signal(s->relay, SIGTERM);
    scene_wait_end(carol);
    assert_refuses_connections(s);
    talk_say(alice, "%0500d\r\n-------%s$\r\n", 7, tid);
    talk_expect_code(alice, tid, 200);
    g = talk_expect(bob, "SEND");
    assert_int_equal(g->body.n, 3000);
    assert_int_equal(g->flag, '$');
    talk_answer(bob, g, 200);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    assert_int_equal(scene_wait_end(bob), CLIENT_END_EOF);
    assert_int_equal(scene_wait_exit(s), 0);
}

static void message_between_two_chunks_finishes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");
    struct send first = {.id = "in-flight",
                         .range = "1-5/10",
                         .body = SPAN("12345"),
                         .flag = '+'};
    struct send second = {
        .id = "in-flight", .range = "6-10/10", .body = SPAN("67890")};

    talk_expect_code(alice, talk_send(alice, bob, &first), 200);
    talk_answer(bob, talk_expect_body(bob, first.body, '+'), 200);
    talk_expect_nothing(bob);
    relay_signal(s->relay, SIGTERM);
    scene_wait_end(carol);
    talk_expect_code(alice, talk_send(alice, bob, &second), 200);
    talk_answer(bob, talk_expect_body(bob, second.body, '$'), 200);
    scene_wait_end(alice);
    scene_wait_end(bob);
    assert_int_equal(scene_wait_exit(s), 0);
}

static void unanswered_message_fails_with_report_after_the_drain(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { drain = 0.3; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct send message = {.id = "unanswered", .body = SPAN("anybody?")};

    talk_expect_code(alice, talk_send(alice, bob, &message), 200);
    talk_expect_body(bob, message.body, '$');
    relay_signal(s->relay, SIGTERM);
    talk_expect_text(alice,
                     "MSRP TID REPORT\r\nTo-Path: %s\r\n"
                     "From-Path: %s %s\r\nMessage-ID: unanswered\r\n"
                     "Byte-Range: 1-8/8\r\nStatus: 000 408 Timeout\r\n"
                     "-------TID$\r\n",
                     alice->own, alice->uri, bob->uri);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    assert_int_equal(scene_wait_end(bob), CLIENT_END_EOF);
    assert_int_equal(scene_wait_exit(s), 0);
}

static void unfinished_chunk_fails_after_the_drain(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { drain = 0.3; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = begin_transfer(alice, bob);

    relay_signal(s->relay, SIGTERM);
    talk_expect_code(alice, tid, 408);
    assert_int_equal(talk_expect(bob, "SEND")->flag, '#');
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    assert_int_equal(scene_wait_end(bob), CLIENT_END_EOF);
    assert_int_equal(scene_wait_exit(s), 0);
}

static void second_term_leaves_at_once(void **state)
{
    static const struct relay_opts opts = {.groups =
                                               "timers: { drain = 3600; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    begin_transfer(alice, bob);
    relay_signal(s->relay, SIGTERM);
    scene_wait_log(s, " shutting down connections=");
    relay_signal(s->relay, SIGTERM);
    assert_int_equal(scene_wait_exit(s), 0);
}

/* There are no tables any more, and nothing to reload. */
static void signals_that_come_with_the_end_do_no_harm(void **state)
{
    static const int others[] = {SIGUSR2, SIGHUP, SIGUSR1, SIGTERM};

    for (int i = 0; i < 20; i++) {
        struct scene *s = scene_start(state, NULL);

        relay_signal(s->relay, SIGTERM);
        for (int k = 0; k <= i % 4; k++)
            relay_signal(s->relay, others[k]);
        assert_int_equal(scene_wait_exit(s), 0);
        assert_int_equal(scene_end(state), 0);
    }
}

/* Somebody in the middle of a handshake, or who never closes, holds up
 * nothing. */
static void silent_peers_do_not_hold_it_up(void **state)
{
    enum { SOON_MS = 5000 }; /* before timers.stall or timers.drain are over */
    struct scene *s = scene_start(state, NULL);
    struct client_opts plain = {.port = relay_port(s->relay, RELAY_TLS)};
    struct client *alice = login(s, "alice");
    uint64_t since_ms = now_ms();

    scene_connect_with(s, "mute", &plain);
    alice->deaf = true;
    relay_signal(s->relay, SIGTERM);
    assert_int_equal(scene_wait_exit(s), 0);
    assert_true(now_ms() - since_ms < SOON_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(term_ends_it),
        E2E_TEST(int_ends_it),
        E2E_TEST(idle_connections_are_closed_in_order),
        E2E_TEST(transfer_in_flight_finishes),
        E2E_TEST(message_between_two_chunks_finishes),
        E2E_TEST(unanswered_message_fails_with_report_after_the_drain),
        E2E_TEST(unfinished_chunk_fails_after_the_drain),
        E2E_TEST(second_term_leaves_at_once),
        E2E_TEST(signals_that_come_with_the_end_do_no_harm),
        E2E_TEST(silent_peers_do_not_hold_it_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
