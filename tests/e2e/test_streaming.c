/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of any size, as one chunk or many, streamed from client to client
 * over TLS. MSRP_E2E_MIB in the environment says how large the largest is. */
#include "cmocka_all.h"
#include "flow.h"
#include "login.h"

/* Each of many chunks would be a line. */
static const struct relay_opts calm = {.level = "info"};

enum {
#ifdef MSRP_SANITIZE
    LARGE_MIB = 8,
    SMALL_MIB = 1,
#else
    LARGE_MIB = 64,
    SMALL_MIB = 16,
#endif
    LARGE_MIB_MAX = 2048,
    MEMORY_KIB = 16 * 1024, /* what the relay may need more than when idle */
    MAX_CHUNK = 65536,      /* send.max_chunk_size */
};

static uint64_t large_size(void)
{
    const char *text = getenv("MSRP_E2E_MIB");
    uint64_t mib = LARGE_MIB;

    if (text)
        assert_int_equal(span_u64(&mib, span_str(text), LARGE_MIB_MAX), 0);
    return mib << 20;
}

static void huge_message_in_one_chunk_needs_no_memory(void **state)
{
    struct scene *s = scene_start(state, &calm);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    size_t idle = relay_rss(s->relay), peak;

    flow_pass(alice, bob, large_size(), large_size(), MAX_CHUNK);
    peak = relay_peak_rss(s->relay);
    print_message("idle %zu KiB, peak %zu KiB\n", idle, peak);
#ifndef MSRP_SANITIZE
    assert_in_range(peak, idle, idle + MEMORY_KIB);
#endif
}

static void chunks_of_two_kib_arrive(void **state)
{
    struct scene *s = scene_start(state, &calm);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    flow_pass(alice, bob, SMALL_MIB << 20, 2048, 2048);
}

static void chunks_of_any_size_arrive(void **state)
{
    static const uint64_t sizes[] = {100, 2049, 16384, 65535, 65537, 200000};
    struct scene *s = scene_start(state, &calm);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        flow_pass(alice, bob, 5 * sizes[i] + 33, sizes[i], MAX_CHUNK);
}

static void chunks_go_out_as_small_as_configured(void **state)
{
    static const struct relay_opts opts = {
        .groups = "send: { max_chunk_size = 2048; };", .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    flow_pass(alice, bob, SMALL_MIB << 20, SMALL_MIB << 20, 2048);
}

static void both_directions_stream_at_once(void **state)
{
    struct scene *s = scene_start(state, &calm);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    uint64_t total = SMALL_MIB << 20;
    unsigned char sent[2][FLOW_HASH], received[2][FLOW_HASH];
    struct flow_out out[2] = {{.id = "there"}, {.id = "back"}};
    struct flow_in in[2] = {{.id = "there"}, {.id = "back"}};

    flow_in_start(&in[0], bob);
    flow_in_start(&in[1], alice);
    flow_out_start(&out[0], alice, bob, total, total);
    flow_out_start(&out[1], bob, alice, total, total);
    flow_in_wait(&in[0], total);
    flow_in_wait(&in[1], total);
    for (int i = 0; i < 2; i++) {
        scene_until(s, flow_in_is_done, &in[i], "the last end-line");
        flow_out_end(&out[i], sent[i]);
        flow_in_end(&in[i], received[i]);
        assert_memory_equal(sent[i], received[i], FLOW_HASH);
    }
}

/* The relay's own end-line in the body, as a sender who hears the receiver's
 * side could put it there: the open chunk has to be interrupted before it
 * (B4975-7.1-b). */
static void end_line_of_the_outgoing_chunk_passes_in_the_body(void **state)
{
    struct scene *s = scene_start(state, &calm);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = talk_tid(alice);
    char *first = scene_text(s, "%02500d", 1), *rest;
    struct got *g;

    talk_say(alice,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m7Kd02Lx\r\nContent-Type: text/plain\r\n\r\n%s",
             tid, talk_path(alice, bob), alice->own, first);
    scene_wait_octets(bob, 2400);
    assert_int_equal(bob->head.method, MSG_SEND);
    rest = scene_text(s, "\r\n-------%.*s$\r\nMSRP ", (int)bob->head.tid.n,
                      bob->frame.p + bob->head.tid.at);
    talk_say(alice, "%s\r\n-------%s$\r\n", rest, tid);
    talk_expect_code(alice, tid, 200);
    g = talk_expect(bob, "SEND");
    assert_int_equal(g->flag, '+');
    assert_memory_equal(g->body.p, first, g->body.n < 2500 ? g->body.n : 2500);
    assert_true(g->body.n >= 2500);
    tid = scene_text(s, "%s%s", first, rest);
    assert_memory_equal(g->body.p, tid, g->body.n);
    talk_expect_body(bob, span_str(tid + g->body.n), '$');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(huge_message_in_one_chunk_needs_no_memory),
        E2E_TEST(chunks_of_two_kib_arrive),
        E2E_TEST(chunks_of_any_size_arrive),
        E2E_TEST(chunks_go_out_as_small_as_configured),
        E2E_TEST(both_directions_stream_at_once),
        E2E_TEST(end_line_of_the_outgoing_chunk_passes_in_the_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
