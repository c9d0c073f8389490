/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk.h"

#include <assert.h>
#include <stdarg.h>

#include "cmocka_all.h"
#include "writer.h"

const char *talk_relay(const struct client *c)
{
    bool secure = c->ssl;

    if (c->ws)
        return scene_text(c->scene, "%s://%s:%u;ws", secure ? "msrps" : "msrp",
                          relay_name(c->relay),
                          relay_port(c->relay, secure ? RELAY_WSS : RELAY_WS));
    return scene_text(c->scene, "%s://%s:%u;tcp", secure ? "msrps" : "msrp",
                      relay_name(c->relay),
                      relay_port(c->relay, secure ? RELAY_TLS : RELAY_TCP));
}

const char *talk_tid(struct client *c)
{
    return scene_text(c->scene, "%s%05u", c->name, ++c->tids);
}

/* --- to say --------------------------------------------------------------- */

void talk_say(struct client *c, const char *fmt, ...)
{
    char *text;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vasprintf(&text, fmt, args);
    va_end(args);
    assert_true(n >= 0);
    client_put(c, span_of(text, (size_t)n));
    free(text);
}

/* The relays of `peer` as others come to them, the farthest first; with a blank
 * behind each. */
static const char *way_in(const struct client *peer)
{
    struct span uri, path = span_str(peer->uri ? peer->uri : "");
    const char *way = "";

    while (msg_path_next(&uri, &path))
        way = scene_text(peer->scene, "%.*s %s", SPAN_ARG(uri), way);
    return way;
}

const char *talk_path(const struct client *c, const struct client *peer)
{
    return scene_text(c->scene, "%s%s%s%s", c->uri ? c->uri : "",
                      c->uri ? " " : "", way_in(peer), peer->own);
}

const char *talk_send(struct client *c, const struct client *peer,
                      const struct send *s)
{
    const char *tid = s->tid ? s->tid : talk_tid(c);
    bool has_body = s->body.n || s->is_empty;

    assert(s->to || peer);
    talk_say(c, "MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n", tid,
             s->to ? s->to : talk_path(c, peer), c->own);
    if (s->id)
        talk_say(c, "Message-ID: %s\r\n", s->id);
    else
        talk_say(c, "Message-ID: %s-message-%u\r\n", c->name, ++c->ids);
    if (s->headers)
        talk_say(c, "%s", s->headers);
    if (s->range)
        talk_say(c, "Byte-Range: %s\r\n", s->range);
    else if (!s->no_range)
        talk_say(c, "Byte-Range: 1-%zu/%zu\r\n", s->body.n, s->body.n);
    if (has_body) {
        talk_say(c, "Content-Type: text/plain\r\n\r\n");
        secrets_add_body(c->scene->secrets, s->body);
        client_put(c, s->body);
        client_put(c, SPAN("\r\n"));
    }
    talk_say(c, "-------%s%c\r\n", tid, s->flag ? s->flag : '$');
    return tid;
}

const char *talk_text(struct client *c, const struct client *peer,
                      const char *text)
{
    const struct send s = {.body = span_str(text)};

    return talk_send(c, peer, &s);
}

void talk_answer(struct client *c, const struct got *g, unsigned code)
{
    struct span tid = msg_text(&g->head, g->head.tid);
    struct slice to =
        g->head.method == MSG_SEND ? g->head.from_first : g->head.from;

    talk_say(c,
             "MSRP %.*s %u\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n-------%.*s$"
             "\r\n",
             SPAN_ARG(tid), code, SPAN_ARG(msg_text(&g->head, to)), c->own,
             SPAN_ARG(tid));
}

/* --- to hear -------------------------------------------------------------- */

struct got *talk_expect_code(struct client *c, const char *tid, unsigned code)
{
    struct got *g = scene_frame(c);

    if (g->head.method != MSG_RESPONSE || g->head.code != code)
        fail_msg("%s expected %u, got: %.*s", c->name, code, SPAN_ARG(g->text));
    assert_span_equal(msg_text(&g->head, g->head.tid), span_str(tid));
    assert_span_equal(msg_text(&g->head, g->head.to), span_str(c->own));
    assert_int_equal(g->head.n_from, 1);
    assert_int_equal(g->flag, '$');
    assert_false(g->head.has_body);
    return g;
}

struct got *talk_expect(struct client *c, const char *method)
{
    struct got *g = scene_frame(c);

    if (g->head.method == MSG_RESPONSE ||
        !span_eq(msg_text(&g->head, g->head.method_name), span_str(method)))
        fail_msg("%s expected a %s, got: %.*s", c->name, method,
                 SPAN_ARG(g->text));
    return g;
}

struct got *talk_expect_body(struct client *c, struct span body, char flag)
{
    struct got *g = talk_expect(c, "SEND");

    assert_true(g->head.has_body);
    assert_span_equal(g->body, body);
    assert_int_equal(g->flag, flag);
    return g;
}

void talk_expect_message(struct client *c, struct span body)
{
    size_t at = 0;
    struct got *g;

    do {
        g = talk_expect(c, "SEND");
        assert_int_equal(g->head.range_start, at + 1);
        assert_true(at + g->body.n <= body.n);
        assert_memory_equal(g->body.p, body.p + at, g->body.n);
        at += g->body.n;
        assert_int_equal(g->flag, at == body.n ? '$' : '+');
        if (g->body.n > 2048) /* R4975-5.1-a */
            assert_true(g->head.range_end == MSG_STAR);
        else if (g->head.range_end != MSG_STAR)
            assert_int_equal(g->head.range_end, at);
        talk_answer(c, g, 200);
    } while (at < body.n);
}

/* The next place for a tid: behind "MSRP " or the hyphens of an end-line. The
 * letters may stand in a random name of a session too. */
static const char *find_tid(const char *text)
{
    const char *first = strstr(text, "MSRP TID");
    const char *end = strstr(text, "-------TID");

    if (!first || (end && end < first))
        return end ? end + 7 : NULL;
    return first + 5;
}

char *talk_with_tid(struct scene *s, const char *text, struct span tid)
{
    char *whole = scene_text(s, "%s", "");
    const char *at;

    while ((at = find_tid(text))) {
        whole = scene_text(s, "%s%.*s%.*s", whole, (int)(at - text), text,
                           SPAN_ARG(tid));
        text = at + 3;
    }
    return scene_text(s, "%s%s", whole, text);
}

struct got *talk_expect_text(struct client *c, const char *fmt, ...)
{
    struct got *g = scene_frame(c);
    char *text;
    va_list args;

    va_start(args, fmt);
    assert_true(vasprintf(&text, fmt, args) > 0);
    va_end(args);
    assert_string_equal(
        scene_text(c->scene, "%.*s", SPAN_ARG(g->text)),
        talk_with_tid(c->scene, text, msg_text(&g->head, g->head.tid)));
    free(text);
    return g;
}

void talk_expect_nothing(struct client *c)
{
    const struct send s = {.to = talk_relay(c), .no_range = true};

    talk_expect_code(c, talk_send(c, NULL, &s), 200);
}

const char *talk_header(struct client *c, const struct got *g, const char *name)
{
    struct span value;

    if (!msg_header(&value, &g->head, span_str(name)))
        return NULL;
    return scene_text(c->scene, "%.*s", SPAN_ARG(value));
}
