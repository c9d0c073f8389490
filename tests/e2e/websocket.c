/* SPDX-License-Identifier: BSD-2-Clause */
#include "websocket.h"

#include "cmocka_all.h"

static bool has_head(void *ctx)
{
    const struct client *c = ctx;
    struct span in = bytes_peek(&c->in);

    return c->state == CLIENT_ENDED ||
           (in.n > 0 && memmem(in.p, in.n, "\r\n\r\n", 4));
}

const char *websocket_ask(struct client *c, const char *request)
{
    struct span in;

    c->raw = true;
    client_put(c, span_str(request));
    scene_until(c->scene, has_head, c, "an answer to the handshake");
    in = bytes_peek(&c->in);
    c->in.at = c->in.n;
    return scene_text(c->scene, "%.*s", SPAN_ARG(in));
}

void websocket_open(struct client *c)
{
    c->own = scene_text(c->scene, "%s://%s.invalid:2855/%s-of-its-own;ws",
                        c->ssl ? "msrps" : "msrp", c->name, c->name);
    assert_string_equal(websocket_ask(c, WEBSOCKET_REQUEST "\r\n"),
                        "HTTP/1.1 101 Switching Protocols\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                        "Sec-WebSocket-Protocol: msrp\r\n"
                        "\r\n");
    c->raw = false;
    ws_side_new(c);
}

struct client *websocket_connect(struct scene *s, enum relay_port port,
                                 const char *name)
{
    struct client *c = scene_connect(s, port, name);

    websocket_open(c);
    return c;
}

struct client *websocket_or_not(struct scene *s, enum relay_port port,
                                const char *name)
{
    return port == RELAY_WSS || port == RELAY_WS
               ? websocket_connect(s, port, name)
               : scene_connect(s, port, name);
}

struct client *websocket_login(struct scene *s, const char *user)
{
    struct client *c = websocket_connect(s, RELAY_WSS, user);

    login_on(c);
    return c;
}

unsigned websocket_wait_close(struct client *c)
{
    assert_int_equal(scene_wait_end(c), CLIENT_END_EOF);
    return c->ws->code;
}

struct awaited {
    const struct ws_side *side;
    unsigned before;
    const char *payload;
};

static bool has_pong(void *ctx)
{
    const struct awaited *a = ctx;

    return a->side->pongs > a->before && strcmp(a->side->pong, a->payload) == 0;
}

void websocket_ping(struct client *c, const char *payload)
{
    struct awaited a = {c->ws, c->ws->pongs, payload};

    ws_side_put(c->ws, 0x89, span_str(payload));
    scene_until(c->scene, has_pong, &a, "a PONG");
}
