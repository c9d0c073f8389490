/* SPDX-License-Identifier: BSD-2-Clause */
/* A WebSocket (RFC 6455, RFC 7977) upon plain TCP or TLS: the functions below
 * work on the same struct transport. */
#include "transport.h"

#include <assert.h>
#include <stdlib.h>

#include "err.h"
#include "loop.h"
#include "proxy.h"
#include "ws.h"
#include "ws_hello.h"

_Static_assert((int)TRANSPORT_HEAD_MAX >= (int)WS_HEAD_MAX,
               "room for a frame's head");

enum {
    HELLO_SIZE = 2048, /* of its input, at first */
    IDLE_MAX = 32,     /* S-18 */
    PING_LEAST_MS = 1000,
};

/* The opening handshake. */
struct hello {
    struct http http;
    char *in; /* owned; grows up to `in_max` octets */
    size_t in_size, in_max;
    size_t in_at, in_end; /* what http_next() has not taken is in between */
    size_t out_at, out_end;
    unsigned status; /* of the answer; 0: the request is not complete */
    char out[WS_ANSWER_MAX];
};

struct ws_layer {
    const struct transport_ops *below;
    struct hello *hello; /* NULL: it is up */
    bool in_message;     /* of the output: its last frame is still to come */
    bool said_goodbye;
    bool awaits_pong;   /* to a PING of ours */
    unsigned idle;      /* frames in a row that brought nothing */
    uint64_t now_ms;    /* of the turn that reads */
    uint64_t pinged_ms; /* when the last PING without data came */
    uint64_t empty;     /* in.empty that is in `idle` */
    struct ws in;
    size_t own_n; /* in `own`: output of its own that nobody has taken */
    char own[WS_HEAD_MAX + WS_CONTROL_MAX];
};

/* --- the opening handshake --- */

static void hello_free(struct hello *hello)
{
    if (hello)
        free(hello->in);
    free(hello);
}

/* The request has come, or failed with `err`. A peer that sends more before it
 * is answered does not speak WebSocket (RFC 6455, 4.1). */
static int transport_ws_judge(struct hello *hello, int err, struct span rest)
{
    unsigned status = err          ? ws_hello_status_of(err)
                      : rest.n > 0 ? 400
                                   : ws_hello_status(&hello->http);

    err = ws_hello_answer(hello->out, &hello->out_end, &hello->http, status);
    if (!err)
        hello->status = status;
    return err;
}

/* Most requests are small, and a silent peer costs no memory. */
static int grow(struct hello *hello)
{
    size_t size = hello->in_size ? 2 * hello->in_size : HELLO_SIZE;
    char *in;

    if (hello->in_end < hello->in_size)
        return 0;
    if (hello->in_size == hello->in_max)
        return ERR_LIMIT;
    if (size > hello->in_max)
        size = hello->in_max;
    in = realloc(hello->in, size);
    if (!in)
        return ERR_NOMEM;
    hello->in = in;
    hello->in_size = size;
    return 0;
}

static int read_piece(struct transport *t)
{
    struct hello *hello = t->ws->hello;
    struct span rest;
    size_t got;
    int err = grow(hello);

    if (err == ERR_LIMIT)
        return transport_ws_judge(hello, err, SPAN(""));
    if (err)
        return err;
    err = t->ws->below->read(t, hello->in + hello->in_end,
                             hello->in_size - hello->in_end, &got);
    if (err)
        return err;
    hello->in_end += got;
    rest = span_of(hello->in + hello->in_at, hello->in_end - hello->in_at);
    err = http_next(&hello->http, &rest);
    hello->in_at = hello->in_end - rest.n;
    return err == ERR_AGAIN ? 0 : transport_ws_judge(hello, err, rest);
}

static int read_request(struct transport *t)
{
    int err = 0;

    while (!err && t->ws->hello->status == 0)
        err = read_piece(t);
    return err;
}

static int write_answer(struct transport *t)
{
    struct hello *hello = t->ws->hello;

    while (hello->out_at < hello->out_end) {
        struct span run =
            span_of(hello->out + hello->out_at, hello->out_end - hello->out_at);
        size_t taken = 0;
        int err = t->ws->below->write(t, &run, 1, &taken);

        if (err)
            return err;
        hello->out_at += taken;
    }
    t->held = 0; /* it is no output of the owner's */
    return 0;
}

static const char *fault_of(const struct hello *hello)
{
    if (proxy_begins(span_of(hello->in, hello->in_end)))
        return proxy_unwanted;
    switch (hello->status) {
    case 405:
        return "websocket: not a GET request";
    case 426:
        return "websocket: no upgrade requested";
    case 431:
        return "websocket: request too large";
    default:
        return "websocket: bad request";
    }
}

static int ws_handshake(struct transport *t)
{
    struct ws_layer *ws = t->ws;
    int err = t->up ? 0 : ws->below->handshake(t);

    if (!err)
        err = read_request(t);
    if (!err)
        err = write_answer(t);
    if (err)
        return err;
    if (ws->hello->status != 101) {
        t->fault = fault_of(ws->hello);
        return ERR_SYNTAX;
    }
    hello_free(ws->hello);
    ws->hello = NULL;
    return 0;
}

static int ws_wants_events(const struct transport *t, int intent)
{
    const struct hello *hello = t->ws->hello;

    if (t->up && hello)
        intent = hello->status ? LOOP_WRITE : LOOP_READ;
    return t->ws->below->wants(t, intent);
}

/* --- output --- */

static int ws_write(struct transport *t, const struct span *runs, size_t n,
                    size_t *taken)
{
    return t->ws->below->write(t, runs, n, taken);
}

/* Binary always: it need not be UTF-8. What the relay writes is a frame, and
 * MSRP's chunk a message of as many frames as there were writes (R7977-5.1-c).
 */
static size_t head_of(struct transport *t, char *dst, size_t n, bool ends)
{
    struct ws_layer *ws = t->ws;
    enum ws_opcode opcode = ws->in_message ? WS_CONTINUATION : WS_BINARY;

    ws->in_message = !ends;
    return ws_head(dst, opcode, ends, n);
}

/* RFC 6455, 5.5.3: if one waits still, the last is what counts. */
static void say_pong(struct transport *t)
{
    struct ws_layer *ws = t->ws;
    size_t n = ws_head(ws->own, WS_PONG, true, ws->in.control_n);

    memcpy(ws->own + n, ws->in.control, ws->in.control_n);
    ws->own_n = n + ws->in.control_n;
}

static void say_ping(struct transport *t)
{
    struct ws_layer *ws = t->ws;

    ws->awaits_pong = true;
    ws->own_n = ws_head(ws->own, WS_PING, true, 0);
}

static void say_goodbye(struct transport *t, uint16_t code)
{
    struct ws_layer *ws = t->ws;

    if (ws->said_goodbye || ws->hello)
        return;
    ws->said_goodbye = true;
    ws->own_n = ws_close(ws->own, code);
}

struct span transport_ws_take_own(struct transport *t)
{
    size_t n = t->ws->own_n;

    t->ws->own_n = 0;
    return span_of(t->ws->own, n);
}

static void goodbye(struct transport *t, enum transport_end why)
{
    say_goodbye(t, why == TRANSPORT_END_BAD_INPUT ? WS_CODE_PROTOCOL
                                                  : WS_CODE_GOING_AWAY);
}

/* --- input --- */

static int transport_ws_fail(struct transport *t, const char *fault,
                             uint16_t code)
{
    t->fault = fault;
    say_goodbye(t, code);
    return ERR_SYNTAX;
}

/* Does the frame bring nothing and cost something? A PONG is due after a PING
 * of ours. A PING that is empty keeps an idle connection alive; more than one a
 * second do not. */
static bool is_for_nothing(struct ws_layer *ws, enum ws_got what)
{
    bool is_early;

    if (what == WS_GOT_PONG) {
        is_early = !ws->awaits_pong;
        ws->awaits_pong = false;
        return is_early;
    }
    if (what != WS_GOT_PING || ws->in.control_n)
        return false;
    is_early = ws->now_ms < ws->pinged_ms + PING_LEAST_MS;
    ws->pinged_ms = ws->now_ms;
    return is_early;
}

/* Frames that bring nothing cost as much as others (S-18). */
static bool is_too_idle(struct ws_layer *ws, enum ws_got what)
{
    ws->idle += (unsigned)(ws->in.empty - ws->empty);
    ws->empty = ws->in.empty;
    ws->idle += is_for_nothing(ws, what);
    if (what == WS_GOT_DATA)
        ws->idle = 0;
    return ws->idle > IDLE_MAX;
}

static int transport_ws_take(struct transport *t, char *p, size_t n,
                             size_t *got)
{
    struct ws_layer *ws = t->ws;
    enum ws_got what;
    int err = ws_take(&ws->in, p, n, &what);

    if (err)
        return transport_ws_fail(t,
                                 ws->in.code == WS_CODE_NOT_TEXT
                                     ? "websocket: not UTF-8"
                                     : "websocket: bad frame",
                                 ws->in.code);
    if (is_too_idle(ws, what))
        return transport_ws_fail(t, "websocket: too many frames without data",
                                 WS_CODE_POLICY);
    switch (what) {
    case WS_GOT_DATA:
        *got = n;
        return 0;
    case WS_GOT_PING:
        say_pong(t);
        return 0;
    case WS_GOT_CLOSE:
        say_goodbye(t, ws->in.code);
        return ERR_EOF;
    case WS_GOT_NOTHING:
    case WS_GOT_PONG:
        return 0;
    }
    return 0;
}

/* As many octets as the reader wants, or `room`; those of a message to dst.
 * Others are a step of the turn. */
static int transport_ws_read_once(struct transport *t, void *dst, size_t room,
                                  size_t *got)
{
    struct ws_layer *ws = t->ws;
    uint64_t wants = ws_wants(&ws->in);
    size_t n = wants < room ? (size_t)wants : room;
    bool is_data = ws_wants_data(&ws->in);
    char other[WS_CONTROL_MAX];
    char *to = is_data ? dst : other;
    int err;

    assert(is_data || n <= sizeof other);
    if (!is_data && !t->steps)
        return ERR_AGAIN;
    err = ws->below->read(t, to, n, &n);
    if (err)
        return err;
    if (!is_data && t->steps)
        t->steps--;
    return transport_ws_take(t, to, n, got);
}

static int ws_read(struct transport *t, void *dst, size_t room, size_t *got)
{
    int err = 0;

    *got = 0;
    while (!err && *got == 0)
        err = transport_ws_read_once(t, dst, room, got);
    return err;
}

uint64_t transport_ws_message(const struct transport *t)
{
    return t->ws->in.messages;
}

static bool ws_has_input(const struct transport *t)
{
    return t->ws->below->has_input(t);
}

static void ws_settle(struct transport *t)
{
    t->ws->below->settle(t);
}

/* --- the end --- */

static void ws_shutdown(struct transport *t)
{
    t->ws->below->shutdown(t);
}

static void ws_fini(struct transport *t)
{
    t->ws->below->fini(t);
    hello_free(t->ws->hello);
    free(t->ws);
}

static const struct transport_ops ws_ops = {
    .handshake = ws_handshake,
    .read = ws_read,
    .write = ws_write,
    .wants = ws_wants_events,
    .has_input = ws_has_input,
    .settle = ws_settle,
    .shutdown = ws_shutdown,
    .head = head_of,
    .ping = say_ping,
    .goodbye = goodbye,
    .fini = ws_fini,
};

int transport_ws_init(struct transport *t, size_t head_max)
{
    struct ws_layer *ws = calloc(1, sizeof *ws);
    struct hello *hello = calloc(1, sizeof *hello);

    if (!ws || !hello) {
        free(ws);
        free(hello);
        return ERR_NOMEM;
    }
    http_init_max(&hello->http, (uint32_t)head_max);
    hello->in_max = head_max;
    ws_init(&ws->in);
    ws->hello = hello;
    ws->below = t->ops;
    t->ws = ws;
    t->ops = &ws_ops;
    return 0;
}

void transport_ws_clock(struct transport *t, uint64_t now_ms)
{
    t->ws->now_ms = now_ms;
}

bool transport_ws_is_silent(const struct transport *t)
{
    return t->ws->hello && t->ws->hello->in_end == 0;
}
