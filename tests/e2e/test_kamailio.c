/* SPDX-License-Identifier: BSD-2-Clause */
/* Kamailio as the peer's relay. What it cannot do is told in docs/interop.md.
 */
#include "cmocka_all.h"
#include "kamailio.h"
#include "login.h"

enum { LONG = 200000 };

/* A text from the one to the other, which is answered on both sides. */
static void pass_text(struct client *from, struct client *to, const char *text)
{
    const struct send s = {.headers = "Success-Report: yes\r\n",
                           .body = span_str(text)};
    const char *tid = talk_send(from, to, &s);
    struct got *g = scene_frame(from);

    assert_int_equal(g->head.code, 200);
    assert_span_equal(msg_text(&g->head, g->head.tid), span_str(tid));
    g = talk_expect_body(to, span_str(text), '$');
    talk_answer(to, g, 200);
    talk_say(to,
             "MSRP %s REPORT\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
             "Message-ID: %s\r\nByte-Range: 1-%zu/%zu\r\nStatus: 000 200 OK\r\n"
             "-------report-%s$\r\n",
             scene_text(to->scene, "report-%s", tid),
             SPAN_ARG(msg_text(&g->head, g->head.from)), to->own,
             talk_header(to, g, "Message-ID"), strlen(text), strlen(text), tid);
    g = talk_expect(from, "REPORT");
    assert_string_equal(talk_header(from, g, "Status"), "000 200 OK");
}

static void text_and_reports_pass_over_tls(void **state)
{
    struct scene *s;
    struct client *alice, *bob;

    if (!kamailio_is_there())
        skip();
    s = outside_start(state, NULL);
    bob = kamailio_client(kamailio_start(s, true), "bob");
    alice = login(s, "alice");
    pass_text(alice, bob, "Hello Bob");
    pass_text(bob, alice, "Hello Alice");
    pass_text(alice, bob, "and again");
    talk_expect_nothing(alice);
}

/* A relay is not dialled over plain TCP (R4976-9.2-e): Bob speaks first, and
 * Alice answers over the connection on which that came. */
static void text_and_reports_pass_over_tcp(void **state)
{
    const struct outside_opts plain = {
        .relay.auth = "allow_tcp = true;",
        .relay.groups = "relays: { addresses = [ \"127.0.0.1/32\" ]; };"};
    struct scene *s;
    struct client *alice, *bob;

    if (!kamailio_is_there())
        skip();
    s = outside_start(state, &plain);
    bob = kamailio_client(kamailio_start(s, false), "bob");
    alice = scene_connect(s, RELAY_TCP, "alice");
    login_on(alice);
    pass_text(bob, alice, "Hello Alice");
    pass_text(alice, bob, "Hello Bob");
    talk_expect_nothing(alice);
}

/* It loses its answer to a SEND of 12 KB, and the connection to one of 16. */
static void a_long_message_passes_in_short_chunks(void **state)
{
    const struct outside_opts opts = {.relay.groups =
                                          "send: { max_chunk_size = 8192; };"};
    struct scene *s;
    struct client *alice, *bob;
    struct send m = {.body = span_of(NULL, LONG)};
    char *body;

    if (!kamailio_is_there())
        skip();
    s = outside_start(state, &opts);
    bob = kamailio_client(kamailio_start(s, true), "bob");
    alice = login(s, "alice");
    body = scene_text(s, "%0*d", LONG, 0);
    m.body.p = body;
    talk_expect_code(alice, talk_send(alice, bob, &m), 200);
    talk_expect_message(bob, m.body);
    talk_expect_nothing(alice);
}

/* Its own refusal is an answer on the last hop, and so becomes a REPORT. */
static void a_session_that_it_does_not_know_is_reported(void **state)
{
    struct scene *s;
    struct kamailio *k;
    struct client *alice;
    struct send m = {.body = SPAN("hello")};
    struct got *g;

    if (!kamailio_is_there())
        skip();
    s = outside_start(state, NULL);
    k = kamailio_start(s, true);
    alice = login(s, "alice");
    m.to =
        scene_text(s, "%s msrps://" KAMAILIO_NAME ":%u/none;tcp %s", alice->uri,
                   kamailio_port(k), "msrps://bob.invalid:9/b;tcp");
    talk_expect_code(alice, talk_send(alice, NULL, &m), 200);
    g = talk_expect(alice, "REPORT");
    assert_string_equal(talk_header(alice, g, "Status"),
                        "000 481 No Such Session");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(text_and_reports_pass_over_tls),
        E2E_TEST(text_and_reports_pass_over_tcp),
        E2E_TEST(a_long_message_passes_in_short_chunks),
        E2E_TEST(a_session_that_it_does_not_know_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
