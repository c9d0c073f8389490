/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_hello.h"

#include "cmocka_all.h"
#include "err.h"

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define MSRP "Sec-WebSocket-Protocol: msrp\r\n"
#define GET "GET /chat HTTP/1.1\r\nHost: relay.example.com\r\n"

static struct http parsed(const char *text)
{
    struct span in = span_str(text);
    struct http h;

    http_init(&h);
    assert_int_equal(http_next(&h, &in), 0);
    assert_int_equal(in.n, 0);
    return h;
}

static unsigned status(const char *text)
{
    struct http h = parsed(text);

    return ws_hello_status(&h);
}

static void assert_answer(const struct http *h, unsigned code, const char *want)
{
    char text[WS_ANSWER_MAX];
    size_t n;

    assert_int_equal(ws_hello_answer(text, &n, h, code), 0);
    assert_span_equal(span_of(text, n), span_str(want));
}

/* --- what is asked for --- */

static void what_asks_for_msrp_is_welcome(void **state)
{
    (void)state;
    assert_int_equal(status(GET UPGRADE VERSION KEY MSRP "\r\n"), 101);
}

static void names_and_lists_are_read_as_http_has_them(void **state)
{
    (void)state;
    assert_int_equal(status(GET
                            "UPGRADE: h2c, WebSocket\r\n"
                            "connection: keep-alive, upgrade\r\n" VERSION KEY
                            "sec-websocket-protocol: chat,  msrp\r\n\r\n"),
                     101);
    assert_int_equal(status(GET UPGRADE VERSION KEY
                            "Sec-WebSocket-Protocol: chat\r\n" MSRP "\r\n"),
                     101);
}

/* R7977-4.1-b */
static void what_does_not_offer_msrp_is_refused(void **state)
{
    (void)state;
    assert_int_equal(status(GET UPGRADE VERSION KEY "\r\n"), 400);
    assert_int_equal(
        status(GET UPGRADE VERSION KEY "Sec-WebSocket-Protocol: sip\r\n\r\n"),
        400);
    assert_int_equal(
        status(GET UPGRADE VERSION KEY "Sec-WebSocket-Protocol: msrps\r\n\r\n"),
        400);
}

static void other_methods_are_refused(void **state)
{
    (void)state;
    assert_int_equal(
        status("POST / HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION KEY MSRP
               "\r\n"),
        405);
    assert_int_equal(
        status("get / HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION KEY MSRP "\r\n"),
        405);
}

static void what_asks_for_no_websocket_is_told_to(void **state)
{
    (void)state;
    assert_int_equal(status(GET "\r\n"), 426);
    assert_int_equal(
        status(GET "Upgrade: websocket\r\n" VERSION KEY MSRP "\r\n"), 426);
    assert_int_equal(
        status(GET "Connection: Upgrade\r\n" VERSION KEY MSRP "\r\n"), 426);
    assert_int_equal(
        status(GET "Connection: Upgrade\r\nUpgrade: h2c\r\n" VERSION KEY MSRP
                   "\r\n"),
        426);
}

static void other_versions_are_told_ours(void **state)
{
    (void)state;
    assert_int_equal(status(GET UPGRADE KEY MSRP "\r\n"), 426);
    assert_int_equal(
        status(GET UPGRADE "Sec-WebSocket-Version: 8\r\n" KEY MSRP "\r\n"),
        426);
}

static void old_http_is_refused(void **state)
{
    (void)state;
    assert_int_equal(
        status("GET / HTTP/1.0\r\n" UPGRADE VERSION KEY MSRP "\r\n"), 400);
}

static void keys_that_are_no_16_octets_are_refused(void **state)
{
    static const char *const keys[] = {
        "",
        "Sec-WebSocket-Key: \r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ===\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQA=\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ===\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZS-ub25jZQ==\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[512];

        snprintf(text, sizeof text, GET UPGRADE VERSION "%s" MSRP "\r\n",
                 keys[i]);
        assert_int_equal(status(text), 400);
    }
}

/* --- answers --- */

/* The key and its answer are those of RFC 6455, 1.3. */
static void welcome_proves_that_the_key_was_read(void **state)
{
    struct http h = parsed(GET UPGRADE VERSION KEY MSRP "\r\n");

    (void)state;
    assert_answer(&h, 101,
                  "HTTP/1.1 101 Switching Protocols\r\n"
                  "Upgrade: websocket\r\n"
                  "Connection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                  "Sec-WebSocket-Protocol: msrp\r\n"
                  "\r\n");
}

/* R7977-7-c */
static void origin_is_repeated(void **state)
{
    struct http h = parsed(GET UPGRADE VERSION KEY MSRP
                           "Origin: https://chat.example.com:8443\r\n\r\n");

    (void)state;
    assert_answer(&h, 101,
                  "HTTP/1.1 101 Switching Protocols\r\n"
                  "Upgrade: websocket\r\n"
                  "Connection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                  "Sec-WebSocket-Protocol: msrp\r\n"
                  "Access-Control-Allow-Origin: "
                  "https://chat.example.com:8443\r\n"
                  "\r\n");
}

static void origin_of_any_length_fits(void **state)
{
    static const size_t sizes[] = {512, 513, 4000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[8192], answer[WS_ANSWER_MAX];
        struct http h;
        size_t n;

        snprintf(text, sizeof text,
                 GET UPGRADE VERSION KEY MSRP "Origin: %0*d\r\n\r\n",
                 (int)sizes[i], 1);
        h = parsed(text);
        assert_int_equal(ws_hello_answer(answer, &n, &h, 101), 0);
        assert_true(n < sizeof answer);
        assert_memory_equal(answer + n - 4, "\r\n\r\n", 4);
        assert_int_equal(memmem(answer, n, "Access-", 7) != NULL,
                         sizes[i] <= 512);
    }
}

static void refusals_say_what_would_do(void **state)
{
    (void)state;
    assert_answer(NULL, 400,
                  "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n");
    assert_answer(NULL, 405,
                  "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n"
                  "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_answer(NULL, 426,
                  "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n"
                  "Connection: Upgrade, close\r\n\r\n");
    assert_answer(NULL, 431,
                  "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                  "Content-Length: 0\r\nConnection: close\r\n\r\n");
    assert_answer(NULL, 505,
                  "HTTP/1.1 505 HTTP Version Not Supported\r\n"
                  "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

static void what_is_no_request_has_its_status(void **state)
{
    (void)state;
    assert_int_equal(ws_hello_status_of(ERR_SYNTAX), 400);
    assert_int_equal(ws_hello_status_of(ERR_LIMIT), 431);
    assert_int_equal(ws_hello_status_of(ERR_UNSUPPORTED), 505);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_asks_for_msrp_is_welcome),
        cmocka_unit_test(names_and_lists_are_read_as_http_has_them),
        cmocka_unit_test(what_does_not_offer_msrp_is_refused),
        cmocka_unit_test(other_methods_are_refused),
        cmocka_unit_test(what_asks_for_no_websocket_is_told_to),
        cmocka_unit_test(other_versions_are_told_ours),
        cmocka_unit_test(old_http_is_refused),
        cmocka_unit_test(keys_that_are_no_16_octets_are_refused),
        cmocka_unit_test(welcome_proves_that_the_key_was_read),
        cmocka_unit_test(origin_is_repeated),
        cmocka_unit_test(origin_of_any_length_fits),
        cmocka_unit_test(refusals_say_what_would_do),
        cmocka_unit_test(what_is_no_request_has_its_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
