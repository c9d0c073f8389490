/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws_hello.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "err.h"

enum {
    KEY_N = 24,       /* 16 octets in base64 */
    ACCEPT_N = 28,    /* 20 octets in base64 */
    ORIGIN_MAX = 512, /* longer ones are not repeated */
};

/* RFC 6455, 1.3 */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static bool is_base64(char c)
{
    return char_is_alpha(c) || char_is_digit(c) || c == '+' || c == '/';
}

/* 16 octets in base64 (RFC 6455, 4.1). */
static bool is_key(struct span key)
{
    for (size_t i = 0; i < key.n; i++)
        if (i < KEY_N - 2 ? !is_base64(key.p[i]) : key.p[i] != '=')
            return false;
    return key.n == KEY_N;
}

static bool has(const struct http *h, struct span name, struct span wanted)
{
    struct span value;

    return http_header(&value, h, name) && span_eq(value, wanted);
}

unsigned ws_hello_status(const struct http *h)
{
    struct span key;

    if (!span_eq(http_method(h), SPAN("GET")))
        return 405;
    if (h->minor < 1)
        return 400;
    if (!http_has_token(h, SPAN("Connection"), SPAN("upgrade")) ||
        !http_has_token(h, SPAN("Upgrade"), SPAN("websocket")) ||
        !has(h, SPAN("Sec-WebSocket-Version"), SPAN("13")))
        return 426;
    if (!http_header(&key, h, SPAN("Sec-WebSocket-Key")) || !is_key(key))
        return 400;
    /* R7977-4.1-b: nothing else is spoken here. */
    if (!http_has_token(h, SPAN("Sec-WebSocket-Protocol"), SPAN("msrp")))
        return 400;
    return 101;
}

unsigned ws_hello_status_of(int err)
{
    return err == ERR_LIMIT ? 431 : err == ERR_UNSUPPORTED ? 505 : 400;
}

/* What proves that the request was understood (RFC 6455, 4.2.2). */
static int accept_of(char *dst, struct span key)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    char text[KEY_N + sizeof guid];

    memcpy(text, key.p, KEY_N);
    memcpy(text + KEY_N, guid, sizeof guid);
    if (EVP_Digest(text, sizeof text - 1, hash, NULL, EVP_sha1(), NULL) != 1)
        return ERR_NOMEM;
    (void)EVP_EncodeBlock((unsigned char *)dst, hash, 20);
    return 0;
}

/* R7977-7-c */
static size_t add_origin(char *dst, size_t room, const struct http *h)
{
    struct span origin;

    if (!http_header(&origin, h, SPAN("Origin")) || origin.n > ORIGIN_MAX)
        return 0;
    return (size_t)snprintf(dst, room, "Access-Control-Allow-Origin: %.*s\r\n",
                            SPAN_ARG(origin));
}

static int welcome(char *dst, size_t *n, const struct http *h)
{
    char accept[ACCEPT_N + 1];
    struct span key;
    size_t at;
    int err;

    (void)http_header(&key, h, SPAN("Sec-WebSocket-Key"));
    err = accept_of(accept, key);
    if (err)
        return err;
    at = (size_t)snprintf(dst, WS_ANSWER_MAX,
                          "HTTP/1.1 101 Switching Protocols\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n"
                          "Sec-WebSocket-Protocol: msrp\r\n",
                          accept);
    at += add_origin(dst + at, WS_ANSWER_MAX - at, h);
    *n = at + span_copy(dst + at, WS_ANSWER_MAX - at, SPAN("\r\n"));
    return 0;
}

/* The status line's rest, and what else belongs to it. */
static const char *refusal_of(unsigned status)
{
    switch (status) {
    case 405:
        return "405 Method Not Allowed\r\nAllow: GET";
    case 426:
        return "426 Upgrade Required\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13";
    case 431:
        return "431 Request Header Fields Too Large";
    case 505:
        return "505 HTTP Version Not Supported";
    default:
        return "400 Bad Request";
    }
}

int ws_hello_answer(char *dst, size_t *n, const struct http *h, unsigned status)
{
    if (status == 101)
        return welcome(dst, n, h);
    *n = (size_t)snprintf(dst, WS_ANSWER_MAX,
                          "HTTP/1.1 %s\r\n"
                          "Content-Length: 0\r\n"
                          "Connection: %sclose\r\n\r\n",
                          refusal_of(status), status == 426 ? "Upgrade, " : "");
    return 0;
}
