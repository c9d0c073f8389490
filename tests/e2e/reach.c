/* SPDX-License-Identifier: BSD-2-Clause */
#include "reach.h"

#include "cmocka_all.h"
#include "talk.h"

const char *reach_uri(struct client *c, const char *uri, const char *text)
{
    const struct send s = {.to = scene_text(c->scene, "%s %s", c->uri, uri),
                           .body = span_str(text)};

    return talk_send(c, NULL, &s);
}

const char *reach_host(struct client *c, const struct host *h, const char *text)
{
    return reach_uri(c, host_uri(h), text);
}

void reach_refused(struct client *c, const char *uri, unsigned code)
{
    talk_expect_code(c, reach_uri(c, uri, "hello"), code);
    talk_expect_nothing(c);
}

struct client *reach_arrives(struct host *h, const char *text)
{
    struct client *peer = host_accept(h);

    talk_answer(peer, talk_expect_body(peer, span_str(text), '$'), 200);
    return peer;
}

void reach_both_ways(struct host *h, struct client *c)
{
    const struct send back = {.to =
                                  scene_text(c->scene, "%s %s", c->uri, c->own),
                              .body = SPAN("and back")};
    const char *tid = reach_host(c, h, "there");
    struct client *peer = reach_arrives(h, "there");

    talk_expect_code(c, tid, 200);
    tid = talk_send(peer, NULL, &back);
    talk_expect_code(peer, tid, 200);
    talk_answer(c, talk_expect_body(c, SPAN("and back"), '$'), 200);
    talk_expect_nothing(c);
    talk_expect_nothing(peer);
    assert_int_equal(host_connections(h), 1);
}
