/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftest_ws.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "err.h"
#include "ws.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum {
    FINAL = 0x80,
    OPCODE = 0x0f,
    RESERVED = 0x70,
    MASKED = 0x80,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    ACCEPT = 28, /* characters: 20 octets in base64 */
};

size_t selftest_ws_request(char *dst, char key[SELFTEST_WS_KEY + 1],
                           const char *host, struct rnd *rnd)
{
    unsigned char octets[16];
    int n;

    rnd_bytes(rnd, octets, sizeof octets);
    (void)EVP_EncodeBlock((unsigned char *)key, octets, sizeof octets);
    n = snprintf(dst, SELFTEST_WS_REQUEST_MAX,
                 "GET / HTTP/1.1\r\n"
                 "Host: %s\r\n"
                 "Upgrade: websocket\r\n"
                 "Connection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: %s\r\n"
                 "Sec-WebSocket-Protocol: msrp\r\n\r\n",
                 host, key);
    return n > 0 && n < SELFTEST_WS_REQUEST_MAX ? (size_t)n : 0;
}

/* What proves that the server has read the key (RFC 6455, 4.2.2). */
static bool find_accept(char accept[ACCEPT + 1], const char *key)
{
    char text[SELFTEST_WS_KEY + sizeof GUID];
    unsigned char hash[EVP_MAX_MD_SIZE];
    int n = snprintf(text, sizeof text, "%s" GUID, key);

    if (EVP_Digest(text, (size_t)n, hash, NULL, EVP_sha1(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)accept, hash, 20);
    return true;
}

static bool is_accepted(struct span head, const char *key)
{
    char accept[ACCEPT + 1];
    bool accepted = false;

    if (!span_starts(head, SPAN("HTTP/1.1 101 ")) || !find_accept(accept, key))
        return false;
    while (head.n) {
        struct span value = span_cut(&head, '\n');
        struct span name = span_cut(&value, ':');

        value = span_trim(value);
        if (value.n && value.p[value.n - 1] == '\r')
            value.n--;
        if (span_ieq(name, SPAN("Sec-WebSocket-Accept")))
            accepted = span_eq(value, span_str(accept));
    }
    return accepted;
}

int selftest_ws_answer(struct span *in, const char *key)
{
    const char *end = in->n ? memmem(in->p, in->n, "\r\n\r\n", 4) : NULL;
    struct span head;

    if (!end)
        return in->n > SELFTEST_WS_ANSWER_MAX ? ERR_DENIED : ERR_AGAIN;
    head = span_of(in->p, (size_t)(end - in->p) + 4);
    *in = span_from(*in, head.n);
    return is_accepted(head, key) ? 0 : ERR_DENIED;
}

struct span selftest_ws_frame(char *dst, size_t n, struct rnd *rnd)
{
    char *mask = dst + 4, *payload = dst + SELFTEST_WS_HEAD;

    /* The two octets of length are used for any length that needs them, and
     * not for others (RFC 6455, 5.2): the head moves up to the payload. */
    rnd_bytes(rnd, mask, 4);
    for (size_t i = 0; i < n; i++)
        payload[i] = (char)(payload[i] ^ mask[i % 4]);
    if (n < LENGTH_16) {
        dst[2] = (char)(FINAL | WS_BINARY);
        dst[3] = (char)(MASKED | n);
        return span_of(dst + 2, 6 + n);
    }
    dst[0] = (char)(FINAL | WS_BINARY);
    dst[1] = (char)(MASKED | LENGTH_16);
    dst[2] = (char)(n >> 8);
    dst[3] = (char)(n & 0xff);
    return span_of(dst, SELFTEST_WS_HEAD + n);
}

/* How long the head of a server's frame is, and its payload. */
static int read_head(size_t *head, uint64_t *length, struct span in)
{
    const unsigned char *p = (const unsigned char *)in.p;
    size_t extra;

    if (in.n < 2)
        return ERR_AGAIN;
    if ((p[0] & RESERVED) || (p[1] & MASKED))
        return ERR_SYNTAX;
    *length = p[1];
    extra = p[1] == LENGTH_16 ? 2 : p[1] == LENGTH_64 ? 8 : 0;
    if (in.n < 2 + extra)
        return ERR_AGAIN;
    if (extra)
        *length = 0;
    for (size_t i = 0; i < extra; i++)
        *length = *length << 8 | p[2 + i];
    *head = 2 + extra;
    return *length > SELFTEST_WS_PAYLOAD_MAX ? ERR_SYNTAX : 0;
}

int selftest_ws_next(struct span *payload, struct span *in)
{
    uint64_t length;
    size_t head;
    int err = read_head(&head, &length, *in);
    unsigned opcode;

    if (err)
        return err;
    if (in->n < head + length)
        return ERR_AGAIN;
    opcode = (unsigned char)in->p[0] & OPCODE;
    *payload = span_of(in->p + head, (size_t)length);
    *in = span_from(*in, head + (size_t)length);
    if (opcode == WS_PING || opcode == WS_PONG)
        *payload = SPAN("");
    else if (opcode > WS_BINARY)
        return opcode == WS_CLOSE ? ERR_EOF : ERR_SYNTAX;
    return 0;
}
