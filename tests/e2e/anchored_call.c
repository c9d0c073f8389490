/* SPDX-License-Identifier: BSD-2-Clause */
#include "anchored_call.h"

#include "cmocka_all.h"

struct scene *call_scene(void **state, const char *groups)
{
    const struct outside_opts opts = {.relay.groups = groups};

    return outside_start(state, &opts);
}

const char *call_sdp(struct scene *s, const char *path, const char *more)
{
    return scene_text(s,
                      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                      "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                      "m=message 7654 TCP/MSRP *\r\na=path:%s\r\n%s",
                      path, more);
}

struct call call_prepare(void **state, const char *groups)
{
    struct call c = {.s = call_scene(state, groups)};

    c.proxy = proxy_new(c.s, false);
    c.host =
        host_new(c.s, &(struct host_opts){.sees_probe = true, .unnamed = true});
    c.p_b = host_uri_as(c.host, "127.0.0.1");
    return c;
}

void call_sign(struct call *c)
{
    struct proxy_call call = {.call_id = CALL_ID, .from = "1928"};

    call.sdp = call_sdp(c->s, P_A, "");
    c->u_b = proxy_path(c->proxy, proxy_offer(c->proxy, &call));
    call.to = "314";
    call.sdp = call_sdp(c->s, c->p_b, "");
    c->u_a = proxy_path(c->proxy, proxy_answer(c->proxy, &call));
}

void call_meet(struct call *c)
{
    c->bob = host_accept(c->host);
    talk_answer(c->bob, talk_expect(c->bob, "SEND"), 200);
    c->alice = scene_connect(c->s, RELAY_TCP, "alice");
}

struct call call_begin(void **state, const char *groups)
{
    struct call c = call_prepare(state, groups);

    call_sign(&c);
    call_meet(&c);
    return c;
}

void call_end(struct call *c)
{
    proxy_delete(c->proxy, &(struct proxy_call){.call_id = CALL_ID});
}

void call_expect_code(struct client *c, const char *tid, unsigned code)
{
    const struct got *got = scene_frame(c);

    if (got->head.method != MSG_RESPONSE || got->head.code != code)
        fail_msg("%s expected %u, got: %.*s", c->name, code,
                 SPAN_ARG(got->text));
    assert_span_equal(msg_text(&got->head, got->head.tid), span_str(tid));
}

void call_talk(struct call *c, const char *text)
{
    talk_say(c->alice,
             "MSRP t1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m1\r\nByte-Range: 1-%zu/%zu\r\n"
             "Content-Type: text/plain\r\n\r\n%s\r\n-------t1$\r\n",
             c->u_a, P_A, strlen(text), strlen(text), text);
    talk_answer(c->bob, talk_expect_body(c->bob, span_str(text), '$'), 200);
    call_expect_code(c->alice, "t1", 200);
}

void call_talk_back(struct call *c)
{
    talk_say(c->bob,
             "MSRP u1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: n1\r\nFailure-Report: no\r\n"
             "Byte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nyo\r\n-------u1$\r\n",
             c->u_b, c->p_b);
    (void)talk_expect_body(c->alice, SPAN("yo"), '$');
}
