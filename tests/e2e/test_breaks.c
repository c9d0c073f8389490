/* SPDX-License-Identifier: BSD-2-Clause */
/* What breaks in other relays: a test for each case that was seen. */
#include "cmocka_all.h"
#include "flow.h"
#include "login.h"

enum {
#ifdef MSRP_SANITIZE
    STALLED_MIB = 8,
#else
    STALLED_MIB = 40,
#endif
};

static void crosses_whole(struct scene *s, struct span body)
{
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.body = body};
    const char *there = talk_send(alice, bob, &m), *back;

    talk_expect_message(bob, body);
    talk_expect_code(alice, there, 200);
    back = talk_send(bob, alice, &m);
    talk_expect_message(alice, body);
    talk_expect_code(bob, back, 200);
}

static void binary_body(void **state)
{
    char body[512];

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(i < 256 ? i : 511 - i);
    crosses_whole(scene_start(state, NULL), span_of(body, sizeof body));
}

static void body_with_crlf_and_seven_hyphens(void **state)
{
    static const char body[] = "start\r\n-------\r\n-------a1b2c3d4\r\n"
                               "-------a1b2c3d4$\r\n\r\n-------\r\n------- $"
                               "\r\n-------alice00003\r\n-------alice00003!\r\n"
                               "-------Alice00003$\r\n--------alice00003$"
                               "\r\n-------alice00003x$\r\n\r\r\n\n";

    crosses_whole(scene_start(state, NULL), SPAN(body));
}

static void one_chunk_of(void **state, size_t n)
{
    char *body = malloc(n);

    assert_non_null(body);
    for (size_t i = 0; i < n; i++)
        body[i] = (char)(i * 31 + i / 251);
    crosses_whole(scene_start(state, NULL), span_of(body, n));
    free(body);
}

static void one_chunk_of_66_kb(void **state)
{
    one_chunk_of(state, 66000);
}

static void one_chunk_of_16_kb(void **state)
{
    one_chunk_of(state, 16384);
}

static void one_chunk_of_12_kb(void **state)
{
    one_chunk_of(state, 12288);
}

static void message_in_ten_writes(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.body = SPAN("a message that comes in ten writes")};
    const char *tid = talk_send(alice, bob, &m);
    size_t n, at = 0;
    char *frame = client_unput(alice, &n);

    for (size_t i = 0; i < 9; i++) {
        size_t piece = i < 6 ? n / 8 : 4; /* the end-line in four of them */

        if (i == 6)
            piece = n - at - 12;
        client_put(alice, span_of(frame + at, piece));
        scene_flush(alice);
        at += piece;
    }
    client_put(alice, span_of(frame + at, n - at));
    free(frame);
    talk_expect_code(alice, tid, 200);
    talk_expect_body(bob, m.body, '$');
}

static void five_pipelined_sends_in_one_write(void **state)
{
    static const char *const texts[] = {"one", "two", "three", "four", "five"};
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tids[5];

    for (size_t i = 0; i < 5; i++)
        tids[i] = talk_text(alice, bob, texts[i]);
    for (size_t i = 0; i < 5; i++) {
        talk_expect_code(alice, tids[i], 200);
        talk_answer(bob, talk_expect_body(bob, span_str(texts[i]), '$'), 200);
    }
}

static void stalled_receiver_40_mb(void **state)
{
    static const struct relay_opts opts = {
        .groups = "tcp: { receive_buffer = 65536; send_buffer = 65536; };"};
    uint64_t total = (uint64_t)STALLED_MIB << 20, chunk = 16384;
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];
    struct flow_out out = {0};
    struct flow_in in = {0};
    struct client *clock;

    flow_in_start(&in, bob);
    bob->deaf = true;
    flow_out_start(&out, alice, bob, total, chunk);
    /* As long as it takes to look another one up and down. */
    clock = login(s, "carol");
    client_close(clock);
    scene_wait_log(s, "c=3 closed");
    assert_false(flow_out_is_done(&out));
    bob->deaf = false;
    flow_in_wait(&in, total);
    scene_until(s, flow_in_is_done, &in, "the last end-line");
    for (uint64_t i = 0; i < total / chunk; i++) {
        struct got *g = scene_frame(alice);

        assert_int_equal(g->head.method, MSG_RESPONSE);
        assert_int_equal(g->head.code, 200);
    }
    flow_out_end(&out, sent);
    flow_in_end(&in, received);
    assert_memory_equal(sent, received, FLOW_HASH);
    talk_expect_nothing(alice);
}

/* A REPORT from this relay about all of a message from alice to bob. */
static void expect_report(struct client *alice, const struct client *bob,
                          const char *id, size_t n, const char *status)
{
    talk_expect_text(alice,
                     "MSRP TID REPORT\r\nTo-Path: %s\r\nFrom-Path: %s %s\r\n"
                     "Message-ID: %s\r\nByte-Range: 1-%zu/%zu\r\n"
                     "Status: 000 %s\r\n-------TID$\r\n",
                     alice->own, alice->uri, bob->uri, id, n, n, status);
}

static void receiver_answers_413(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "too-much", .body = SPAN("one too many")};

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_answer(bob, talk_expect_body(bob, m.body, '$'), 413);
    expect_report(alice, bob, "too-much", m.body.n, "413 Stop Sending");
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
}

static void receiver_silent(void **state)
{
    static const struct relay_opts opts = {
        .groups = "timers: { transaction = 0.5; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "unheard", .body = SPAN("hello?")};

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect_body(bob, m.body, '$');
    expect_report(alice, bob, "unheard", m.body.n, "408 Timeout");
    talk_expect_nothing(alice);
}

static void receiver_gone(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const struct send m = {.id = "too-late", .body = SPAN("still there?")};

    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect_body(bob, m.body, '$');
    client_close(bob);
    expect_report(alice, bob, "too-late", m.body.n, "408 Timeout");
    talk_expect_code(alice, talk_text(alice, bob, "and now?"), 481);
    talk_expect_nothing(alice);
}

static void next_hop_refused(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    const struct send m = {
        .to = scene_text(s, "%s msrps://nobody.invalid:9/x;tcp", alice->uri),
        .body = SPAN("anybody?")};

    talk_expect_code(alice, talk_send(alice, NULL, &m), 481);
    talk_expect_nothing(alice);
}

static void client_behind_nat(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid;

    bob->own = scene_text(s, "msrps://192.168.77.7:9/of-a-private-net;tcp");
    tid = talk_text(alice, bob, "through the NAT");
    talk_expect_code(alice, tid, 200);
    talk_expect_body(bob, SPAN("through the NAT"), '$');
}

static void auth_with_expires(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 600\r\n"};
    struct got *g;

    login_ask(alice, &l);
    g = login_granted(alice, login_try(alice, &l));
    assert_string_equal(talk_header(alice, g, "Expires"), "600");
}

/* Answers an AUTH that was forwarded to `far`; alice sees this under her own
 * tid, with the paths as they have to be. */
static void auth_answer_passes(struct client *alice, struct client *far,
                               const char *tid, const char *status,
                               const char *header)
{
    struct got *g = talk_expect(far, "AUTH");

    assert_span_equal(
        msg_text(&g->head, g->head.from),
        span_str(scene_text(far->scene, "%s %s", alice->uri, alice->own)));
    talk_say(far,
             "MSRP %.*s %s\r\nTo-Path: %s %s\r\nFrom-Path: %s\r\n%s\r\n"
             "-------%.*s$\r\n",
             SPAN_ARG(msg_text(&g->head, g->head.tid)), status, alice->uri,
             alice->own, far->own, header,
             SPAN_ARG(msg_text(&g->head, g->head.tid)));
    talk_expect_text(alice,
                     "MSRP %s %s\r\nTo-Path: %s\r\nFrom-Path: %s %s\r\n%s\r\n"
                     "-------%s$\r\n",
                     tid, status, alice->own, alice->uri, far->own, header,
                     tid);
}

static void auth_through_a_chain(void **state)
{
    static const char challenge[] =
        "WWW-Authenticate: Digest realm=\"far\", nonce=\"abc\", opaque=\"x\", "
        "algorithm=MD5, qop=\"auth\"";
    static const struct relay_opts opts = {
        .groups = "relays: { addresses = [ \"127.0.0.1/32\" ]; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *far = scene_connect(s, RELAY_TLS, "far");
    const char *grant;

    /* The other relay is one that has spoken to alice before. */
    talk_expect_code(far, talk_text(far, alice, "here I am"), 200);
    talk_expect_body(alice, SPAN("here I am"), '$');
    talk_say(alice,
             "MSRP auth1 AUTH\r\nTo-Path: %s %s\r\nFrom-Path: %s\r\n"
             "-------auth1$\r\n",
             alice->uri, far->own, alice->own);
    auth_answer_passes(alice, far, "auth1", "401 Unauthorized", challenge);
    talk_say(alice,
             "MSRP auth2 AUTH\r\nTo-Path: %s %s\r\nFrom-Path: %s\r\n"
             "Authorization: Digest username=\"alice\"\r\n-------auth2$\r\n",
             alice->uri, far->own, alice->own);
    grant = scene_text(s,
                       "Use-Path: %s msrps://far.example:2855/tok;tcp\r\n"
                       "Expires: 600",
                       alice->uri);
    auth_answer_passes(alice, far, "auth2", "200 OK", grant);
}

static void second_auth_on_a_connection(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    char *first = alice->uri;

    login_on(alice);
    assert_string_not_equal(first, alice->uri);
}

static void expiry(void **state)
{
    static const struct relay_opts opts = {
        .auth = "min_expires = 1;", .groups = "timers: { probation = 1.5; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice"), *clock;
    struct login l = {.alg = DIGEST_MD5, .headers = "Expires: 1\r\n"};
    struct send m = {0};

    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
    clock = scene_connect(s, RELAY_TLS, "clock");
    scene_wait_end(clock);
    m.to = alice->uri;
    talk_expect_code(alice, talk_send(alice, NULL, &m), 481);
}

enum { TOKENS = 50, TOKEN_LEN = 22 };

/* Nothing in it counts up, and nothing stays the same. */
static void session_id(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    const char *tokens[TOKENS];

    for (size_t i = 0; i < TOKENS; i++) {
        login_on(alice);
        tokens[i] = strrchr(alice->uri, '/') + 1;
        assert_int_equal(strcspn(tokens[i], ";"), TOKEN_LEN);
    }
    for (size_t i = 1; i < TOKENS; i++)
        for (size_t k = 0; k < i; k++) {
            int same = 0;

            for (size_t at = 0; at < TOKEN_LEN; at++)
                same += tokens[i][at] == tokens[k][at];
            assert_true(same < TOKEN_LEN / 2);
        }
}

static void one_to_path_uri(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct send m = {.to = alice->uri, .body = SPAN("to nobody")};

    talk_expect_code(alice, talk_send(alice, NULL, &m), 403);
    m.to = talk_relay(alice);
    talk_expect_code(alice, talk_send(alice, NULL, &m), 403);
    m.is_empty = true;
    m.body.n = 0;
    talk_expect_code(alice, talk_send(alice, NULL, &m), 403);
    talk_say(alice,
             "MSRP nick1 NICKNAME\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------nick1$\r\n",
             alice->uri, alice->own);
    talk_expect_code(alice, "nick1", 501);
    talk_say(alice,
             "MSRP report1 REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m7Kd02Lx\r\nStatus: 000 200\r\n"
             "-------report1$\r\n",
             alice->uri, alice->own);
    talk_expect_nothing(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(binary_body),
        E2E_TEST(body_with_crlf_and_seven_hyphens),
        E2E_TEST(one_chunk_of_66_kb),
        E2E_TEST(one_chunk_of_16_kb),
        E2E_TEST(one_chunk_of_12_kb),
        E2E_TEST(message_in_ten_writes),
        E2E_TEST(five_pipelined_sends_in_one_write),
        E2E_TEST(stalled_receiver_40_mb),
        E2E_TEST(receiver_answers_413),
        E2E_TEST(receiver_silent),
        E2E_TEST(receiver_gone),
        E2E_TEST(next_hop_refused),
        E2E_TEST(client_behind_nat),
        E2E_TEST(auth_with_expires),
        E2E_TEST(auth_through_a_chain),
        E2E_TEST(second_auth_on_a_connection),
        E2E_TEST(expiry),
        E2E_TEST(session_id),
        E2E_TEST(one_to_path_uri),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
