/* SPDX-License-Identifier: BSD-2-Clause */
/* Anchored calls that change while they last, and what comes at the wrong time
 * (A-24, A-31 to A-39, A-45, A-55). */
#include "anchored_call.h"
#include "cmocka_all.h"

#define P_MOVED "msrp://127.0.0.1:7655/m0ved;tcp"
#define P_TLS "msrps://127.0.0.1:7656/s3cure;tcp"

/* alice offers, bob answers, as they did in the beginning. */
static const struct proxy_call from_alice = {
    .call_id = CALL_ID, .from = "1928", .to = "314"};
static const struct proxy_call from_bob = {
    .call_id = CALL_ID, .from = "314", .to = "1928"};

/* The SDP that comes back. */
static const char *offer(struct call *c, struct proxy_call call,
                         const char *sdp)
{
    call.sdp = sdp;
    return proxy_offer(c->proxy, &call);
}

static const char *answer(struct call *c, struct proxy_call call,
                          const char *sdp)
{
    call.sdp = sdp;
    return proxy_answer(c->proxy, &call);
}

/* A SEND of alice's with this path, over `w`. */
static void say(struct client *w, const char *tid, const char *to,
                const char *from)
{
    talk_say(w,
             "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: %s\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------%s$\r\n",
             tid, to, from, tid, tid);
}

/* bob gets it, with this From-Path, on the connection that he has. */
static void bob_hears(struct call *c, const char *from)
{
    struct got *got = talk_expect_body(c->bob, SPAN("hi"), '$');

    assert_span_equal(msg_text(&got->head, got->head.from), span_str(from));
    talk_answer(c->bob, got, 200);
}

/* --- answers -------------------------------------------------------------- */

/* bob renegotiates, and alice has moved by then; the answer of the beginning
 * comes once more. */
static void a_late_answer_moves_nobody(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct client *moved;

    call_talk(&c, "hello");
    (void)offer(&c, from_bob, call_sdp(c.s, c.p_b, "a=x\r\n"));
    (void)answer(&c, from_bob, call_sdp(c.s, P_MOVED, ""));
    moved = scene_connect(c.s, RELAY_TCP, "moved");
    say(moved, "t1", c.u_a, P_MOVED);
    bob_hears(&c, c.u_b);
    call_expect_code(moved, "t1", 200);
    assert_string_equal(
        proxy_path(c.proxy, answer(&c, from_alice, call_sdp(c.s, c.p_b, ""))),
        c.u_a);
    say(moved, "t2", c.u_a, P_MOVED);
    bob_hears(&c, c.u_b);
    call_expect_code(moved, "t2", 200);
    call_end(&c);
}

/* --- legs ----------------------------------------------------------------- */

/* alice goes over to TLS, and back; bob sees nothing of it. */
static void one_leg_changes_its_protocol(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    const char *tls =
                   scene_text(c.s, "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n"
                                   "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                                   "m=message 7656 TCP/TLS/MSRP *\r\n"
                                   "a=path:" P_TLS "\r\n"),
               *sdp, *u_tls;
    struct client *secure;

    call_talk(&c, "hello");
    sdp = offer(&c, from_alice, tls);
    assert_non_null(strstr(sdp, " TCP/MSRP *\r\n"));
    assert_string_equal(proxy_path(c.proxy, sdp), c.u_b);
    call_talk(&c, "not agreed yet");
    sdp = answer(&c, from_alice, call_sdp(c.s, c.p_b, ""));
    assert_non_null(strstr(sdp, " TCP/TLS/MSRP *\r\n"));
    assert_non_null(strstr(sdp, "a=fingerprint:SHA-256 "));
    u_tls = proxy_path(c.proxy, sdp);
    assert_int_equal(strncmp(u_tls, "msrps://" RELAY_NAME, 20), 0);
    assert_string_equal(strrchr(u_tls, '/'), strrchr(c.u_a, '/'));
    (void)scene_wait_end(c.alice);
    secure = scene_connect(c.s, RELAY_TLS, "secure");
    say(secure, "t1", u_tls, P_TLS);
    bob_hears(&c, c.u_b);
    call_expect_code(secure, "t1", 200);
    (void)offer(&c, from_alice, call_sdp(c.s, P_A, ""));
    sdp = answer(&c, from_alice, call_sdp(c.s, c.p_b, "a=x\r\n"));
    assert_string_equal(proxy_path(c.proxy, sdp), c.u_a);
    c.alice = scene_connect(c.s, RELAY_TCP, "alice again");
    call_talk(&c, "as before");
    assert_int_equal(host_connections(c.host), 1);
    call_end(&c);
}

/* --- sections ------------------------------------------------------------- */

/* A file's section was offered twice, and ended by bob. */
static void the_token_of_an_ended_section_is_unknown(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    const char *file = "m=message 7654 TCP/MSRP *\r\na=path:" P_A "\r\n";
    const char *both_a = call_sdp(c.s, P_A, file);
    const char *both_b = call_sdp(
        c.s, c.p_b,
        scene_text(c.s, "m=message 7654 TCP/MSRP *\r\na=path:%s\r\n", c.p_b));
    const char *none = "m=message 0 TCP/MSRP *\r\n", *u_b = NULL;
    struct client *w;

    call_talk(&c, "hello");
    for (unsigned i = 0; i < 2; i++) {
        u_b = proxy_path(c.proxy,
                         strstr(offer(&c, from_alice, both_a), "a=path:") + 1);
        (void)answer(&c, from_alice, both_b);
    }
    assert_string_not_equal(u_b, c.u_b);
    (void)offer(&c, from_bob, call_sdp(c.s, c.p_b, none));
    (void)answer(&c, from_bob, call_sdp(c.s, P_A, none));
    w = scene_connect(c.s, RELAY_TCP, "late");
    say(w, "t1", u_b, c.p_b);
    call_expect_code(w, "t1", 481);
    call_talk(&c, "the other one is there");
    call_end(&c);
}

/* --- connections ---------------------------------------------------------- */

/* A request whose answer comes from bob himself: all that he said before has
 * been read then. */
static void ask_bob(struct call *c)
{
    const char *tid = talk_tid(c->alice);

    talk_say(c->alice,
             "MSRP %s NICKNAME\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nUse-Nickname: \"alice\"\r\n-------%s$\r\n",
             tid, c->u_a, tid);
    talk_answer(c->bob, talk_expect(c->bob, "NICKNAME"), 200);
    call_expect_code(c->alice, tid, 200);
}

/* bob only listens, and answers: he cannot come back by himself. */
static void a_passive_peer_is_dialled_each_time(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);

    for (unsigned i = 0; i < 3; i++) {
        ask_bob(&c);
        host_cut(c.host);
        c.bob = host_accept(c.host);
        talk_answer(c.bob, talk_expect(c.bob, "SEND"), 200);
    }
    call_talk(&c, "still here");
    assert_int_equal(host_connections(c.host), 4);
    call_end(&c);
}

/* --- bounds --------------------------------------------------------------- */

/* The answer is longer than the question, by the fingerprint and more, and than
 * a datagram. */
static void an_offer_with_too_large_a_reply_is_not_kept(void **state)
{
    enum { LARGE = 65507, WITHOUT = 330 };
    static char filler[LARGE - WITHOUT + 1];
    struct call c = call_prepare(state, PROXY_ANCHOR);
    struct proxy_call call = {.call_id = CALL_ID, .from = "1928"};

    call.more = "18:transport-protocol12:TCP/TLS/MSRP";
    memset(filler, 'x', sizeof filler - 1);
    call.sdp = call_sdp(c.s, P_A, scene_text(c.s, "a=x:%s\r\n", filler));
    assert_non_null(
        strstr(proxy_command(c.proxy, "offer", &call), "15:Reply too large"));
    call.to = "314";
    call.sdp = call_sdp(c.s, c.p_b, "");
    assert_non_null(
        strstr(proxy_command(c.proxy, "answer", &call), "15:Unknown call-id"));
}

static void members_that_nobody_knows_cost_nothing(void **state)
{
    struct call c = call_prepare(state, PROXY_ANCHOR);

    assert_string_equal(
        proxy_ask(c.proxy,
                  "1 {\"big\":99999999999999999999,\"inf\":[1e999],"
                  "\"command\\u0000\":\"delete\",\"command\":\"ping\"}"),
        "1 {\"result\":\"pong\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_late_answer_moves_nobody),
        E2E_TEST(one_leg_changes_its_protocol),
        E2E_TEST(the_token_of_an_ended_section_is_unknown),
        E2E_TEST(a_passive_peer_is_dialled_each_time),
        E2E_TEST(an_offer_with_too_large_a_reply_is_not_kept),
        E2E_TEST(members_that_nobody_knows_cost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
