/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftest_ws.h"

#include "cmocka_all.h"
#include "err.h"
#include "http.h"
#include "ws.h"
#include "ws_hello.h"

/* The example of RFC 6455, 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ANSWER                                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: Upgrade\r\n"                                                  \
    "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"                   \
    "Sec-WebSocket-Protocol: msrp\r\n\r\n"

static void the_relay_takes_the_request_and_its_answer_is_taken(void **state)
{
    char request[SELFTEST_WS_REQUEST_MAX], key[SELFTEST_WS_KEY + 1];
    char answer[WS_ANSWER_MAX];
    struct span in;
    struct rnd rnd;
    struct http h;
    size_t n;

    (void)state;
    rnd_init(&rnd);
    n = selftest_ws_request(request, key, "relay.example.com", &rnd);
    assert_true(n > 0);
    http_init(&h);
    in = span_of(request, n);
    assert_int_equal(http_next(&h, &in), 0);
    assert_int_equal(in.n, 0);
    assert_int_equal(ws_hello_status(&h), 101);
    assert_int_equal(ws_hello_answer(answer, &n, &h, 101), 0);
    in = span_of(answer, n);
    assert_int_equal(selftest_ws_answer(&in, key), 0);
    assert_int_equal(in.n, 0);
    key[0] ^= 1;
    in = span_of(answer, n);
    assert_int_equal(selftest_ws_answer(&in, key), ERR_DENIED);
}

static void a_host_that_is_too_long_is_refused(void **state)
{
    char request[SELFTEST_WS_REQUEST_MAX], key[SELFTEST_WS_KEY + 1];
    char host[SELFTEST_WS_REQUEST_MAX];
    struct rnd rnd;

    (void)state;
    rnd_init(&rnd);
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_int_equal(selftest_ws_request(request, key, host, &rnd), 0);
}

static void an_answer_is_awaited_whole(void **state)
{
    struct span all = SPAN(ANSWER "more");

    (void)state;
    for (size_t n = 0; n < all.n - 4; n++) {
        struct span in = span_of(all.p, n);

        assert_int_equal(selftest_ws_answer(&in, KEY), ERR_AGAIN);
        assert_int_equal(in.n, n);
    }
    assert_int_equal(selftest_ws_answer(&all, KEY), 0);
    assert_int_equal(all.n, 4);
}

static void other_answers_are_refused(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ("HTTP/1.1 101 Switching Protocols\r\n"
         "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"),
        "MSRP abcd 400 Bad Request\r\n\r\n",
    };
    char endless[SELFTEST_WS_ANSWER_MAX + 1];
    struct span in;

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        in = span_str(answers[i]);
        assert_int_equal(selftest_ws_answer(&in, KEY), ERR_DENIED);
    }
    memset(endless, 'a', sizeof endless);
    in = span_of(endless, sizeof endless);
    assert_int_equal(selftest_ws_answer(&in, KEY), ERR_DENIED);
}

/* Reads the frame as the relay does. */
static void assert_is_read(struct span frame, struct span want)
{
    static char got[SELFTEST_WS_PAYLOAD_MAX];
    size_t n = 0;
    struct ws w;

    ws_init(&w);
    while (frame.n) {
        size_t take = frame.n < ws_wants(&w) ? frame.n : (size_t)ws_wants(&w);
        enum ws_got what = WS_GOT_NOTHING;

        assert_int_equal(ws_take(&w, (char *)(uintptr_t)frame.p, take, &what),
                         0);
        if (what == WS_GOT_DATA) {
            memcpy(got + n, frame.p, take);
            n += take;
        }
        frame = span_from(frame, take);
    }
    assert_int_equal(w.messages, 1);
    assert_false(w.in_message);
    assert_int_equal(n, want.n);
    assert_memory_equal(got, want.p, n);
}

static void frames_of_any_length_are_read(void **state)
{
    static char frame[SELFTEST_WS_HEAD + SELFTEST_WS_PAYLOAD_MAX];
    static char payload[SELFTEST_WS_PAYLOAD_MAX];
    static const size_t lengths[] = {1,   2,   125, 126,
                                     127, 128, 300, SELFTEST_WS_PAYLOAD_MAX};
    struct rnd rnd;

    (void)state;
    rnd_init(&rnd);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = lengths[i];

        rnd_bytes(&rnd, payload, n);
        memcpy(frame + SELFTEST_WS_HEAD, payload, n);
        assert_is_read(selftest_ws_frame(frame, n, &rnd), span_of(payload, n));
    }
}

/* Two frames of a message with a PING between them, the second one long. */
static size_t make_stream(char *dst)
{
    size_t n = 0;

    n += ws_head(dst + n, WS_BINARY, false, 5);
    memcpy(dst + n, "MSRP ", 5);
    n += 5;
    n += ws_head(dst + n, WS_PING, true, 2);
    memcpy(dst + n, "hi", 2);
    n += 2;
    n += ws_head(dst + n, WS_CONTINUATION, true, 300);
    memset(dst + n, 'x', 300);
    n += 300;
    return n + ws_close(dst + n, WS_CODE_NORMAL);
}

/* Takes what is whole of `in`; how it ended. */
static int take_frame(struct span *in, char *got, size_t *got_n)
{
    struct span payload;
    int err;

    while ((err = selftest_ws_next(&payload, in)) == 0) {
        if (payload.n)
            memcpy(got + *got_n, payload.p, payload.n);
        *got_n += payload.n;
    }
    return err;
}

static void frames_are_taken_whatever_the_cut(void **state)
{
    char stream[512], got[512];
    size_t n = make_stream(stream);

    (void)state;
    for (size_t cut = 0; cut <= n; cut++) {
        struct span in = span_of(stream, cut);
        size_t got_n = 0, rest;
        int err = take_frame(&in, got, &got_n);

        assert_int_equal(err, cut == n ? ERR_EOF : ERR_AGAIN);
        rest = cut == n ? 0 : in.n;
        if (cut == n)
            continue;
        in = span_of(stream + cut - rest, n - cut + rest);
        assert_int_equal(take_frame(&in, got, &got_n), ERR_EOF);
        assert_int_equal(got_n, 305);
        assert_memory_equal(got, "MSRP xxx", 8);
    }
}

static void what_no_server_sends_is_refused(void **state)
{
    static const struct {
        const char *octets;
        size_t n;
    } wrong[] = {
        {"\x82\x81zzzza", 7}, /* masked */
        {"\xc2\x01"
         "a",
         3}, /* a reserved bit */
        {"\x83\x01"
         "a",
         3},                              /* no such opcode */
        {"\x82\x7f\0\0\0\0\0\1\0\0", 10}, /* too long */
        {"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct span in = span_of(wrong[i].octets, wrong[i].n), payload;

        assert_int_equal(selftest_ws_next(&payload, &in), ERR_SYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_relay_takes_the_request_and_its_answer_is_taken),
        cmocka_unit_test(a_host_that_is_too_long_is_refused),
        cmocka_unit_test(an_answer_is_awaited_whole),
        cmocka_unit_test(other_answers_are_refused),
        cmocka_unit_test(frames_of_any_length_are_read),
        cmocka_unit_test(frames_are_taken_whatever_the_cut),
        cmocka_unit_test(what_no_server_sends_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
