/* SPDX-License-Identifier: BSD-2-Clause */
/* What a WebSocket client may cost: frames that bring nothing (S-18), and long
 * handshakes. */
#include "cmocka_all.h"
#include "login.h"
#include "talk.h"
#include "websocket.h"
#include "ws_side.h"

enum {
    EMPTY = 0x82,
    EMPTY_PART = 0x02,
    EMPTY_REST = 0x00,
    PING = 0x89,
    PONG = 0x8a
};
enum { IDLE_MAX = 32, POLICY = 1008 };

static const struct relay_opts usual = {.listen = WEBSOCKET_AND_OTHERS};

static void put_many(struct client *c, unsigned first, int n)
{
    for (int i = 0; i < n; i++)
        ws_side_put(c->ws, first, SPAN(""));
}

static void assert_too_many(void **state, unsigned first, unsigned next)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = websocket_login(s, "alice");

    put_many(c, first, 1);
    put_many(c, next, IDLE_MAX - 1);
    websocket_ping(c, "still there");
    put_many(c, next, 1);
    assert_int_equal(websocket_wait_close(c), POLICY);
    scene_wait_log(s, "cause=\"websocket: too many frames without data\"");
}

static void empty_messages_are_the_end(void **state)
{
    assert_too_many(state, EMPTY, EMPTY);
}

static void empty_parts_are_the_end(void **state)
{
    assert_too_many(state, EMPTY_PART, EMPTY_REST);
}

static void unasked_pongs_are_the_end(void **state)
{
    assert_too_many(state, PONG, PONG);
}

/* The first one is what keeps a connection alive. */
static void a_burst_of_empty_pings_is_the_end(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *c = websocket_login(s, "alice");

    put_many(c, PING, 2 * IDLE_MAX);
    assert_int_equal(websocket_wait_close(c), POLICY);
    scene_wait_log(s, "cause=\"websocket: too many frames without data\"");
}

static void pings_and_data_in_between_are_welcome(void **state)
{
    struct scene *s = scene_start(state, &usual);
    struct client *alice = websocket_login(s, "alice");
    struct client *bob = login(s, "bob");

    for (int i = 0; i < 2 * IDLE_MAX; i++)
        websocket_ping(alice, "keep alive");
    for (int i = 0; i < 3; i++) {
        const char *tid;

        put_many(alice, PONG, IDLE_MAX);
        tid = talk_text(alice, bob, "data");
        talk_answer(bob, talk_expect_body(bob, SPAN("data"), '$'), 200);
        talk_expect_code(alice, tid, 200);
    }
}

static void assert_asked(struct scene *s, const char *settings, unsigned octets,
                         const char *start)
{
    struct client *c = scene_connect(s, RELAY_WSS, "alice");
    const char *answer = websocket_ask(
        c, scene_text(s, WEBSOCKET_REQUEST "Cookie: %0*d\r\n\r\n", octets, 1));

    if (!span_starts(span_str(answer), span_str(start)))
        fail_msg("%s%u octets: %s", settings, octets, answer);
}

static void cookies_of_a_browser_are_taken(void **state)
{
    struct scene *s = scene_start(state, &usual);

    assert_asked(s, "", 8718, "HTTP/1.1 101 ");
    assert_asked(s, "", 16000, "HTTP/1.1 101 ");
    assert_asked(s, "", 16384, "HTTP/1.1 431 ");
}

static void handshake_may_be_as_long_as_heads_may_be(void **state)
{
    static const struct relay_opts long_heads = {
        .listen = WEBSOCKET_AND_OTHERS,
        .groups = "limits: { head_size = \"128k\"; };"};
    struct scene *s = scene_start(state, &long_heads);

    assert_asked(s, "head_size: ", 100000, "HTTP/1.1 101 ");
    assert_asked(s, "head_size: ", 140000, "HTTP/1.1 431 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(empty_messages_are_the_end),
        E2E_TEST(empty_parts_are_the_end),
        E2E_TEST(unasked_pongs_are_the_end),
        E2E_TEST(a_burst_of_empty_pings_is_the_end),
        E2E_TEST(pings_and_data_in_between_are_welcome),
        E2E_TEST(cookies_of_a_browser_are_taken),
        E2E_TEST(handshake_may_be_as_long_as_heads_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
