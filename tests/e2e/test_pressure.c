/* SPDX-License-Identifier: BSD-2-Clause */
/* A receiver that stops reading holds up its sender and nobody else; the
 * relay's memory is what its configuration says. */
#include <sys/socket.h>

#include "cmocka_all.h"
#include "flow.h"
#include "login.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    GIB = 1024 * MIB,
    CHUNK = 64 * KIB,
    HIGH_WATER = 256 * KIB,
    BUFFER = 64 * KIB, /* of every socket but the senders' own */
#ifdef MSRP_SANITIZE
    LARGE = 8 * MIB,
    PAIRS = 10,
#else
    LARGE = 32 * MIB,
    PAIRS = 50,
#endif
};

#define SMALL_BUFFERS "tcp: { receive_buffer = 65536; send_buffer = 65536; };\n"

static const struct relay_opts small = {.groups = SMALL_BUFFERS,
                                        .level = "info"};

/* A client with as little room in its socket as the relay's. */
static struct client *login_small(struct scene *s, const char *name)
{
    struct client_opts opts = {.tls = s->tls,
                               .port = relay_port(s->relay, RELAY_TLS),
                               .receive_buffer = BUFFER};
    struct client *c = scene_connect_with(s, name, &opts);

    login_on(c);
    return c;
}

/* Octets that sockets on the way from the client to a receiver may hold. */
static uint64_t socket_room(const struct client *c)
{
    int own;
    socklen_t n = sizeof own;

    assert_int_equal(getsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &own, &n), 0);
    return (uint64_t)own + 6 * BUFFER; /* the kernel doubles what it is told */
}

static void assert_memory(const struct scene *s, size_t idle, size_t more_kib)
{
    size_t peak = relay_peak_rss(s->relay);

    print_message("idle %zu KiB, peak %zu KiB\n", idle, peak);
#ifdef MSRP_SANITIZE
    (void)idle;
    (void)more_kib;
#else
    assert_in_range(peak, idle, idle + more_kib);
#endif
}

/* --- one receiver --------------------------------------------------------- */

static void stalled_receiver_holds_up_its_sender_only(void **state)
{
    struct scene *s = scene_start(state, &small);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    struct client *carol = login(s, "carol"), *dave = login(s, "dave");
    size_t idle = relay_rss(s->relay);
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};

    flow_in_start(&in, bob);
    bob->deaf = true;
    flow_out_start(&out, alice, bob, LARGE, LARGE);
    scene_wait_blocked(alice);
    assert_in_range(alice->octets_out, HIGH_WATER,
                    HIGH_WATER + MIB + socket_room(alice));
    flow_pass(carol, dave, LARGE, CHUNK, CHUNK);
    assert_memory(s, idle, 2 * MIB / KIB);
    bob->deaf = false;
    flow_in_wait(&in, LARGE);
    scene_until(s, flow_in_is_done, &in, "the last end-line");
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    talk_expect_code(alice, scene_text(s, "alice%05u", out.first_tid), 200);
    talk_expect_nothing(alice); /* and no REPORT */
}

static void unanswered_messages_hold_up_their_sender(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { transactions_per_connection = 16; };"};
    enum { LIMIT = 16, MESSAGES = 100 };
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct got *frames[LIMIT];
    const char *tids[MESSAGES];
    int n = 0;

    for (int i = 0; i < MESSAGES; i++)
        tids[i] = talk_text(alice, bob, scene_text(s, "message %d", i));
    for (; n < LIMIT; n++)
        frames[n] = talk_expect(bob, "SEND");
    talk_expect_nothing(bob);
    for (int i = 0; i < LIMIT; i++)
        talk_answer(bob, frames[i], 200);
    for (; n < MESSAGES; n++) {
        char *text = scene_text(s, "message %d", n);

        talk_answer(bob, talk_expect_body(bob, span_str(text), '$'), 200);
    }
    for (int i = 0; i < MESSAGES; i++)
        talk_expect_code(alice, tids[i], 200);
    talk_expect_nothing(alice);
}

/* Answers have their own room, but not without end: the relay, which goes on to
 * read from him whatever he does not read, closes him. */
static void who_never_reads_his_answers_is_closed(void **state)
{
    enum { UNHEARD_MS = 1000 };
    struct scene *s = scene_start(state, &small);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    size_t idle = relay_rss(s->relay);
    uint64_t since_ms = now_ms(), written = 0;
    struct got *g;

    bob->deaf = true;
    while (now_ms() - since_ms < UNHEARD_MS) {
        for (int i = 0; i < 100 && client_queued(bob) < BUFFER; i++)
            talk_text(bob, alice, "answer me");
        scene_turn(s, since_ms + UNHEARD_MS);
        while ((g = client_take(alice)))
            talk_answer(alice, g, 200);
        if (bob->octets_out != written)
            since_ms = now_ms();
        written = bob->octets_out;
    }
    assert_memory(s, idle, 8 * MIB / KIB);
    bob->raw = true;
    bob->deaf = false;
    scene_wait_closed(bob);
    assert_non_null(strstr(relay_log(s->relay), "reason=\"output full\""));
    talk_expect_nothing(login(s, "carol"));
}

/* --- many ----------------------------------------------------------------- */

static void many_stalled_receivers_cost_what_is_configured(void **state)
{
    enum { QUEUE = 64 * KIB, EACH_KIB = 300 };
    static const struct relay_opts opts = {
        .groups =
            SMALL_BUFFERS "send: { high_water = 65536; low_water = 16384; };",
        .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *carol = login(s, "carol"), *dave = login(s, "dave");
    struct client *from[PAIRS], *to[PAIRS];
    struct flow_out out[PAIRS] = {0};
    unsigned char hash[FLOW_HASH];
    size_t idle;

    for (int i = 0; i < PAIRS; i++) {
        from[i] = login(s, "alice");
        to[i] = login_small(s, "bob");
    }
    idle = relay_rss(s->relay);
    for (int i = 0; i < PAIRS; i++) {
        to[i]->deaf = true;
        flow_out_start(&out[i], from[i], to[i], GIB, CHUNK);
    }
    scene_wait_blocked(from[PAIRS - 1]);
    for (int i = 0; i < PAIRS; i++)
        assert_in_range(from[i]->octets_out, QUEUE,
                        QUEUE + MIB + socket_room(from[i]));
    flow_pass(carol, dave, LARGE, CHUNK, CHUNK);
    assert_memory(s, idle, PAIRS * EACH_KIB);
    for (int i = 0; i < PAIRS; i++)
        flow_out_end(&out[i], hash);
}

/* --- taking turns --------------------------------------------------------- */

static void small_messages_pass_a_huge_one(void **state)
{
    enum { MESSAGES = 100, SLOW_MS = 3000 };
    struct scene *s = scene_start(state, &small);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");
    struct flow_out out = {0};
    struct flow_in in = {0};
    unsigned char hash[FLOW_HASH];
    uint64_t slowest_ms = 0;

    flow_in_start(&in, bob);
    flow_out_start(&out, alice, bob, GIB, GIB);
    flow_in_wait(&in, MIB);
    for (int i = 0; i < MESSAGES; i++) {
        uint64_t since_ms = now_ms(), took_ms;
        const char *tid = talk_text(carol, bob, "and this");
        struct got *g = talk_expect_body(bob, SPAN("and this"), '$');

        took_ms = now_ms() - since_ms;
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
        talk_answer(bob, g, 200);
        talk_expect_code(carol, tid, 200);
    }
    print_message("slowest of %d: %llu ms\n", MESSAGES,
                  (unsigned long long)slowest_ms);
    assert_in_range(slowest_ms, 0, SLOW_MS);
    assert_false(flow_in_is_done(&in));
    flow_out_abort(&out);
    scene_until(s, flow_in_is_done, &in, "the end of the message");
    assert_int_equal(in.flag, '#');
    flow_out_end(&out, hash);
    flow_in_end(&in, hash);
}

static void sender_of_a_huge_message_may_interrupt_it(void **state)
{
    struct scene *s = scene_start(state, &small);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = talk_tid(alice), *alive;

    talk_say(alice,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: huge\r\nByte-Range: 1-*/9000\r\n"
             "Content-Type: text/plain\r\n\r\n%04000d\r\n-------%s+\r\n",
             tid, talk_path(alice, bob), alice->own, 1, tid);
    alive = talk_text(alice, bob, "still there?");
    talk_say(alice,
             "MSRP rest1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: huge\r\nByte-Range: 4001-*/9000\r\n"
             "Content-Type: text/plain\r\n\r\n%05000d\r\n-------rest1$\r\n",
             talk_path(alice, bob), alice->own, 2);
    assert_int_equal(talk_expect(bob, "SEND")->flag, '+');
    talk_expect_body(bob, SPAN("still there?"), '$');
    assert_int_equal(talk_expect(bob, "SEND")->head.range_start, 4001);
    talk_expect_code(alice, tid, 200);
    talk_expect_code(alice, alive, 200);
    talk_expect_code(alice, "rest1", 200);
}

/* Two senders to one receiver, who is the narrow place. */
static void senders_share_by_octets_whatever_their_chunks(void **state)
{
    struct scene *s = scene_start(state, &small);
    struct client *alice = login(s, "alice"), *bob = login_small(s, "bob");
    struct client *carol = login(s, "carol");
    struct flow_out out[2] = {{.id = "in-64k"}, {.id = "in-2k"}};
    struct flow_in in[2] = {{.id = "in-64k"}, {.id = "in-2k"}};
    unsigned char hash[FLOW_HASH];
    uint64_t total;

    flow_in_start(&in[0], bob);
    flow_in_start(&in[1], bob);
    bob->most = 16 * KIB;
    flow_out_start(&out[0], alice, bob, GIB, 64 * KIB);
    flow_out_start(&out[1], carol, bob, GIB, 2 * KIB);
    while (in[0].at + in[1].at < LARGE)
        flow_in_wait(&in[0], in[0].at + MIB);
    total = in[0].at + in[1].at;
    print_message("%llu and %llu octets\n", (unsigned long long)in[0].at,
                  (unsigned long long)in[1].at);
    assert_in_range(in[0].at, total * 45 / 100, total * 55 / 100);
    for (int i = 0; i < 2; i++) {
        flow_out_end(&out[i], hash);
        flow_in_end(&in[i], hash);
    }
}

static void many_senders_to_one_receiver_all_get_through(void **state)
{
    enum { SENDERS = 12, TOTAL = LARGE / SENDERS };
    static const uint64_t chunks[] = {TOTAL, 2 * KIB, CHUNK, 100 * KIB};
    struct scene *s = scene_start(state, &small);
    struct client *bob = login(s, "bob");
    struct flow_out out[SENDERS] = {0};
    struct flow_in in[SENDERS] = {0};
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];

    for (int i = 0; i < SENDERS; i++) {
        struct client *c = login(s, "alice");

        out[i].id = in[i].id = scene_text(s, "flow-%d", i);
        c->own = scene_text(s, "msrps://alice.invalid:9/number%d;tcp", i);
        flow_in_start(&in[i], bob);
        flow_out_start(&out[i], c, bob, TOTAL, chunks[i % 4]);
    }
    for (int i = 0; i < SENDERS; i++) {
        flow_in_wait(&in[i], TOTAL);
        scene_until(s, flow_in_is_done, &in[i], "the last end-line");
        flow_out_end(&out[i], sent);
        assert_int_equal(in[i].flag, '$');
    }
    for (int i = 0; i < SENDERS; i++) {
        flow_in_end(&in[i], received);
        assert_memory_equal(sent, received, FLOW_HASH); /* all are alike */
    }
}

static void rate_of_a_connection_is_limited(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { rate = 524288; };", .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    uint64_t since_ms = now_ms();

    flow_pass(alice, bob, MIB, MIB, CHUNK);
    assert_in_range(now_ms() - since_ms, 1500, DEADLINE_MS);
}

/* bob's answer stands behind 60 kB of his own, of which the relay reads 20 kB a
 * second (P-23). */
static void rate_of_a_connection_is_not_its_silence(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { rate = 20000; }; timers: { transaction = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *carol = login(s, "carol");
    struct send big = {.headers = "Failure-Report: no\r\n",
                       .body = {calloc(1, 60000), 60000}};
    const char *tid;

    assert_non_null(big.body.p);
    talk_send(bob, carol, &big);
    tid = talk_text(alice, bob, "hello");
    talk_expect_code(alice, tid, 200);
    talk_answer(bob, talk_expect_body(bob, SPAN("hello"), '$'), 200);
    talk_text(bob, alice, "done");
    talk_expect_body(alice, SPAN("done"), '$'); /* no REPORT before it */
    talk_expect_nothing(alice);
    free((char *)(uintptr_t)big.body.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(stalled_receiver_holds_up_its_sender_only),
        E2E_TEST(unanswered_messages_hold_up_their_sender),
        E2E_TEST(who_never_reads_his_answers_is_closed),
        E2E_TEST(many_stalled_receivers_cost_what_is_configured),
        E2E_TEST(small_messages_pass_a_huge_one),
        E2E_TEST(sender_of_a_huge_message_may_interrupt_it),
        E2E_TEST(senders_share_by_octets_whatever_their_chunks),
        E2E_TEST(many_senders_to_one_receiver_all_get_through),
        E2E_TEST(rate_of_a_connection_is_limited),
        E2E_TEST(rate_of_a_connection_is_not_its_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
