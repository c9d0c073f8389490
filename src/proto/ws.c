/* SPDX-License-Identifier: BSD-2-Clause */
#include "ws.h"

#include <assert.h>

#include "err.h"

enum {
    FINAL = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LENGTH = 0x7f,
    LENGTH_16 = 126, /* the length is in the next 16 bits */
    LENGTH_64 = 127,
    FIRST = 2, /* octets of every head */
    MASK = 4,
};

static bool is_control(uint8_t opcode)
{
    return opcode >= WS_CLOSE;
}

static int refuse(struct ws *w, enum ws_code code)
{
    w->is_dead = true;
    w->code = (uint16_t)code;
    return ERR_SYNTAX;
}

/* --- heads --- */

/* Begins with the head of the next frame. */
static void next_frame(struct ws *w)
{
    w->in_payload = false;
    w->head_n = 0;
    w->head_wants = FIRST;
}

void ws_init(struct ws *w)
{
    *w = (struct ws){0};
    next_frame(w);
}

static uint64_t number(const unsigned char *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* May this frame follow the ones before (RFC 6455, 5.4, 5.5)? */
static bool is_in_order(const struct ws *w, uint8_t length)
{
    switch (w->opcode) {
    case WS_CONTINUATION:
        return w->in_message;
    case WS_TEXT:
    case WS_BINARY:
        return !w->in_message;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return w->final && length <= WS_CONTROL_MAX;
    default:
        return false;
    }
}

/* The first two octets tell how long the head is. */
static int take_first(struct ws *w)
{
    uint8_t length = w->head[1] & LENGTH;

    w->final = w->head[0] & FINAL;
    w->opcode = w->head[0] & OPCODE;
    if (w->head[0] & RESERVED || !(w->head[1] & MASKED) ||
        !is_in_order(w, length))
        return refuse(w, WS_CODE_PROTOCOL);
    w->head_wants += MASK;
    w->head_wants += length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
    return 0;
}

/* In no more octets than needed (RFC 6455, 5.2). */
static int take_length(struct ws *w)
{
    uint8_t length = w->head[1] & LENGTH;
    uint64_t least = 0, most = length;

    w->left = length;
    if (length == LENGTH_16) {
        w->left = number(w->head + FIRST, 2);
        least = LENGTH_16;
        most = UINT16_MAX;
    } else if (length == LENGTH_64) {
        w->left = number(w->head + FIRST, 8);
        least = UINT16_MAX + 1;
        most = INT64_MAX;
    }
    if (w->left < least || w->left > most)
        return refuse(w, WS_CODE_PROTOCOL);
    return 0;
}

static void begin_payload(struct ws *w)
{
    w->in_payload = true;
    w->at = 0;
    if (is_control(w->opcode)) {
        w->control_n = 0;
        return;
    }
    if (w->opcode != WS_CONTINUATION) {
        w->messages++;
        w->is_text = w->opcode == WS_TEXT;
        w->utf8 = (struct utf8){0};
    }
    w->in_message = !w->final;
    if (w->left == 0)
        w->empty++;
}

static int take_head(struct ws *w, const char *p, size_t n)
{
    int err;

    memcpy(w->head + w->head_n, p, n);
    w->head_n += (uint8_t)n;
    if (w->head_n < w->head_wants)
        return 0;
    if (w->head_n == FIRST)
        return take_first(w);
    err = take_length(w);
    if (!err)
        begin_payload(w);
    return err;
}

/* --- payload --- */

/* The mask's octets repeat every four; most of the work is done on eight at
 * once. */
static void unmask(struct ws *w, char *p, size_t n)
{
    const unsigned char *mask = w->head + w->head_n - MASK;
    unsigned char wide[8];
    uint64_t key, word;

    for (size_t i = 0; i < sizeof wide; i++)
        wide[i] = mask[(w->at + i) % MASK];
    memcpy(&key, wide, sizeof key);
    w->at += n;
    for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
        memcpy(&word, p, sizeof word);
        word ^= key;
        memcpy(p, &word, sizeof word);
    }
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(p[i] ^ wide[i]);
}

/* Those that may be sent (RFC 6455, 7.4). */
static bool is_code(uint64_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static int end_close(struct ws *w)
{
    struct span payload = span_of(w->control, w->control_n);
    struct utf8 reason = {0};
    uint64_t code;

    w->code = WS_CODE_NONE;
    if (payload.n == 0)
        return 0;
    code = number((const unsigned char *)payload.p, payload.n < 2 ? 0 : 2);
    if (!is_code(code))
        return refuse(w, WS_CODE_PROTOCOL);
    if (!utf8_take(&reason, span_from(payload, 2)) || !utf8_is_whole(&reason))
        return refuse(w, WS_CODE_NOT_TEXT);
    w->code = (uint16_t)code;
    return 0;
}

/* The frame is complete. */
static int end_frame(struct ws *w, enum ws_got *got)
{
    next_frame(w);
    switch (w->opcode) {
    case WS_PING:
        *got = WS_GOT_PING;
        return 0;
    case WS_PONG:
        *got = WS_GOT_PONG;
        return 0;
    case WS_CLOSE:
        *got = WS_GOT_CLOSE;
        return end_close(w);
    default:
        if (w->is_text && w->final && !utf8_is_whole(&w->utf8))
            return refuse(w, WS_CODE_NOT_TEXT);
        return 0;
    }
}

static int take_payload(struct ws *w, char *p, size_t n, enum ws_got *got)
{
    unmask(w, p, n);
    w->left -= n;
    if (is_control(w->opcode)) {
        memcpy(w->control + w->control_n, p, n);
        w->control_n += (uint8_t)n;
        return 0;
    }
    *got = WS_GOT_DATA;
    if (w->is_text && !utf8_take(&w->utf8, span_of(p, n)))
        return refuse(w, WS_CODE_NOT_TEXT);
    return 0;
}

uint64_t ws_wants(const struct ws *w)
{
    return w->in_payload ? w->left : (uint64_t)(w->head_wants - w->head_n);
}

bool ws_wants_data(const struct ws *w)
{
    return w->in_payload && !is_control(w->opcode);
}

int ws_take(struct ws *w, char *p, size_t n, enum ws_got *got)
{
    int err;

    if (w->is_dead)
        return ERR_SYNTAX;
    assert(n > 0 && n <= ws_wants(w));
    *got = WS_GOT_NOTHING;
    err = w->in_payload ? take_payload(w, p, n, got) : take_head(w, p, n);
    if (!err && w->in_payload && w->left == 0)
        err = end_frame(w, got);
    return err;
}

/* --- what a server sends --- */

size_t ws_head(char *dst, enum ws_opcode opcode, bool final, uint64_t n)
{
    size_t more = n < LENGTH_16 ? 0 : n <= UINT16_MAX ? 2 : 8;

    dst[0] = (char)(opcode | (final ? FINAL : 0));
    dst[1] = (char)(more == 0 ? n : more == 2 ? LENGTH_16 : LENGTH_64);
    for (size_t i = 0; i < more; i++)
        dst[FIRST + i] = (char)(n >> 8 * (more - 1 - i) & 0xff);
    return FIRST + more;
}

size_t ws_close(char *dst, uint16_t code)
{
    if (code == WS_CODE_NONE)
        return ws_head(dst, WS_CLOSE, true, 0);
    (void)ws_head(dst, WS_CLOSE, true, 2);
    dst[FIRST] = (char)(code >> 8);
    dst[FIRST + 1] = (char)(code & 0xff);
    return FIRST + 2;
}
