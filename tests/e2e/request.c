/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include "cmocka_all.h"

const char *const request_methods[] = {"SEND", "NICKNAME", "FOO", "REPORT",
                                       NULL};

bool request_has_answer(const char *method)
{
    return strcmp(method, "REPORT") != 0;
}

/* --- to say --------------------------------------------------------------- */

static void say_send(struct client *c, const struct request *r)
{
    const char *text = r->text ? r->text : "hello";

    talk_say(c, "Message-ID: %s-request-%u\r\n", c->name, ++c->ids);
    if (r->no_body)
        return;
    talk_say(c,
             "Byte-Range: 1-%zu/%zu\r\nContent-Type: text/plain\r\n\r\n%s\r\n",
             strlen(text), strlen(text), text);
    secrets_add_body(c->scene->secrets, span_str(text));
}

const char *request_say(struct client *c, const struct request *r)
{
    const char *method = r->method ? r->method : "SEND";
    const char *tid = talk_tid(c);

    talk_say(c, "MSRP %s %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n%s", tid, method,
             r->to, r->from ? r->from : c->own, r->headers ? r->headers : "");
    if (strcmp(method, "SEND") == 0)
        say_send(c, r);
    else if (strcmp(method, "REPORT") == 0)
        talk_say(c,
                 "Message-ID: %s-request-%u\r\nByte-Range: 1-5/5\r\n"
                 "Status: 000 200 OK\r\n",
                 c->name, ++c->ids);
    else if (strcmp(method, "NICKNAME") == 0)
        talk_say(c, "Use-Nickname: \"%s\"\r\n", c->name);
    talk_say(c, "-------%s$\r\n", tid);
    return tid;
}

/* --- to hear -------------------------------------------------------------- */

struct got *request_answer(struct client *c, const char *tid)
{
    struct got *g = scene_frame(c);

    if (g->head.method != MSG_RESPONSE)
        fail_msg("%s expected an answer, got: %.*s", c->name,
                 SPAN_ARG(g->text));
    assert_span_equal(msg_text(&g->head, g->head.tid), span_str(tid));
    return g;
}

struct got *request_expect_code(struct client *c, const char *tid,
                                unsigned code)
{
    struct got *g = request_answer(c, tid);

    if (g->head.code != code)
        fail_msg("%s expected %u, got: %.*s", c->name, code, SPAN_ARG(g->text));
    return g;
}

void request_gets_either(struct client *c, const struct request *r,
                         unsigned code, unsigned other)
{
    const char *tid = request_say(c, r);
    struct got *g;

    if (r->method && !request_has_answer(r->method)) {
        scene_flush(c);
        return;
    }
    g = request_answer(c, tid);
    if (g->head.code != code && g->head.code != other)
        fail_msg("%s expected %u (or %u) for %s to %s from %s; got: %.*s",
                 c->name, code, other, r->method ? r->method : "SEND", r->to,
                 r->from ? r->from : c->own, SPAN_ARG(g->text));
}

void request_gets(struct client *c, const struct request *r, unsigned code)
{
    request_gets_either(c, r, code, code);
}

size_t request_skip(struct client *c)
{
    const struct request ping = {.to = talk_relay(c), .no_body = true};
    const char *tid = request_say(c, &ping);
    size_t n = 0;

    for (;;) {
        const struct got *g = scene_frame(c);

        if (g->head.method != MSG_RESPONSE)
            n++;
        else if (span_eq(msg_text(&g->head, g->head.tid), span_str(tid)))
            return n;
    }
}

void request_expect_none(struct client *c)
{
    assert_int_equal(request_skip(c), 0);
}

void request_passes(struct client *from, const char *to, struct client *there,
                    const char *text)
{
    const struct request r = {.to = to, .text = text};
    const char *tid = request_say(from, &r);

    talk_answer(there, talk_expect_body(there, span_str(text), '$'), 200);
    request_expect_code(from, tid, 200);
}

const char *request_way_to(const struct client *c)
{
    return scene_text(c->scene, "%s %s", c->uri, c->own);
}

const char *request_first(struct scene *s, const char *path)
{
    return scene_text(s, "%.*s", (int)strcspn(path, " "), path);
}
