/* SPDX-License-Identifier: BSD-2-Clause */
/* Anchored sessions, as a SIP proxy makes them and clients use them: the worked
 * examples of docs/spec/anchor.md with the ports of this machine. */
#include "anchored_call.h"
#include "cmocka_all.h"

/* --- E1 and E5 ------------------------------------------------------------ */

/* The dialogue of the proxy, octet for octet but for tokens and for where this
 * machine is. */
static void the_proxys_dialogue(void **state)
{
    struct call c = call_prepare(state, PROXY_ANCHOR);
    unsigned port = relay_port(c.s->relay, RELAY_TCP);
    const char *answer, *sdp;
    char want[1024];

    assert_string_equal(proxy_ask(c.proxy, "0_811_1 d7:command4:pinge"),
                        "0_811_1 d6:result4:ponge");
    answer = proxy_ask(
        c.proxy,
        "0_811_2 d8:supportsl10:load limite3:sdp179:"
        "v=0\r\no=- 3000 1 IN IP4 198.51.100.20\r\ns=-\r\n"
        "c=IN IP4 198.51.100.20\r\nt=0 0\r\nm=message 7654 TCP/MSRP *\r\n"
        "a=accept-types:text/plain\r\n"
        "a=path:msrp://198.51.100.20:7654/aLiCe81hfnsQ;tcp\r\n"
        "7:call-id10:a84b4c76@a13:received-froml3:IP413:198.51.100.20e"
        "8:from-tag4:19287:command5:offere");
    snprintf(want, sizeof want,
             "v=0\r\no=- 3000 1 IN IP4 198.51.100.20\r\ns=-\r\n"
             "c=IN IP4 198.51.100.20\r\nt=0 0\r\n"
             "m=message %u TCP/MSRP *\r\nc=IN IP4 127.0.0.1\r\n"
             "a=accept-types:text/plain\r\n"
             "a=path:msrp://127.0.0.1:%u/TOKEN;tcp\r\na=setup:actpass\r\n",
             port, port);
    sdp = scene_text(c.s, "0_811_2 d6:result2:ok3:sdp%zu:%se",
                     strlen(want) + 17, want);
    assert_string_equal(proxy_without_tokens(c.proxy, answer), sdp);
    /* The same again: the same octets, token included. */
    assert_string_equal(
        proxy_ask(
            c.proxy,
            "0_811_2 d8:supportsl10:load limite3:sdp179:"
            "v=0\r\no=- 3000 1 IN IP4 198.51.100.20\r\ns=-\r\n"
            "c=IN IP4 198.51.100.20\r\nt=0 0\r\nm=message 7654 TCP/MSRP *\r\n"
            "a=accept-types:text/plain\r\n"
            "a=path:msrp://198.51.100.20:7654/aLiCe81hfnsQ;tcp\r\n"
            "7:call-id10:a84b4c76@a13:received-froml3:IP413:198.51.100.20e"
            "8:from-tag4:19287:command5:offere"),
        answer);
    answer = proxy_ask(
        c.proxy,
        "0_811_3 d8:supportsl10:load limite3:sdp172:"
        "v=0\r\no=bob 88 1 IN IP4 198.51.100.77\r\ns=-\r\n"
        "c=IN IP4 198.51.100.77\r\nt=0 0\r\nm=message 12763 TCP/MSRP *\r\n"
        "a=accept-types:*\r\n"
        "a=path:msrp://198.51.100.77:12763/b0bK3di92xzZ;tcp\r\n"
        "7:call-id10:a84b4c76@a13:received-froml3:IP413:198.51.100.77e"
        "8:from-tag4:19286:to-tag3:3147:command6:answere");
    snprintf(want, sizeof want,
             "v=0\r\no=bob 88 1 IN IP4 198.51.100.77\r\ns=-\r\n"
             "c=IN IP4 198.51.100.77\r\nt=0 0\r\n"
             "m=message %u TCP/MSRP *\r\nc=IN IP4 127.0.0.1\r\n"
             "a=accept-types:*\r\n"
             "a=path:msrp://127.0.0.1:%u/TOKEN;tcp\r\na=setup:passive\r\n",
             port, port);
    sdp = scene_text(c.s, "0_811_3 d6:result2:ok3:sdp%zu:%se",
                     strlen(want) + 17, want);
    assert_string_equal(proxy_without_tokens(c.proxy, answer), sdp);
    assert_string_equal(
        proxy_ask(c.proxy,
                  "0_811_4 d8:supportsl10:load limite7:call-id10:a84b4c76@a"
                  "13:received-froml3:IP413:198.51.100.20e8:from-tag4:1928"
                  "7:command6:deletee"),
        "0_811_4 d6:result2:oke");
}

static void a_message_and_its_report_go_through(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct got *got;

    talk_say(c.alice,
             "MSRP a786hjs2 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nMessage-ID: 87652491\r\nSuccess-Report: yes\r\n"
             "Byte-Range: 1-23/23\r\nContent-Type: text/plain\r\n\r\n"
             "Hey Bob, are you there?\r\n-------a786hjs2$\r\n",
             c.u_a);
    got = talk_expect_text(
        c.bob,
        "MSRP TID SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
        "Message-ID: 87652491\r\nSuccess-Report: yes\r\n"
        "Byte-Range: 1-23/23\r\nContent-Type: text/plain\r\n\r\n"
        "Hey Bob, are you there?\r\n-------TID$\r\n",
        c.p_b, c.u_b);
    talk_answer(c.bob, got, 200);
    talk_expect_text(c.alice,
                     "MSRP TID 200 OK\r\nTo-Path: " P_A
                     "\r\nFrom-Path: %s\r\n-------TID$\r\n",
                     c.u_a);
    talk_say(c.bob,
             "MSRP dkei38sd REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: 87652491\r\nByte-Range: 1-23/23\r\n"
             "Status: 000 200 OK\r\n-------dkei38sd$\r\n",
             c.u_b, c.p_b);
    talk_expect_text(c.alice,
                     "MSRP TID REPORT\r\nTo-Path: " P_A
                     "\r\nFrom-Path: %s\r\nMessage-ID: 87652491\r\n"
                     "Byte-Range: 1-23/23\r\nStatus: 000 200 OK\r\n"
                     "-------TID$\r\n",
                     c.u_a);
    call_end(&c);
}

/* --- the end -------------------------------------------------------------- */

static void after_a_delete_the_token_is_unknown(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);

    call_talk(&c, "hello");
    call_talk_back(&c);
    proxy_delete(c.proxy,
                 &(struct proxy_call){.call_id = CALL_ID, .from = "1928"});
    talk_say(c.alice,
             "MSRP t2 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nMessage-ID: m2\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------t2$\r\n",
             c.u_a);
    call_expect_code(c.alice, "t2", 481);
    assert_int_equal(scene_wait_end(c.bob), CLIENT_END_EOF);
    scene_wait_log(c.s, "end=delete");
}

static void a_delete_in_the_middle_of_a_transfer_fails_it(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct got *got;

    call_talk(&c, "hello");
    call_talk_back(&c);
    talk_say(c.alice,
             "MSRP t2 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nMessage-ID: m2\r\nByte-Range: 1-5/10\r\n"
             "Content-Type: text/plain\r\n\r\n12345\r\n-------t2+\r\n",
             c.u_a);
    got = talk_expect(c.bob, "SEND");
    assert_span(got->body, "12345");
    call_expect_code(c.alice, "t2", 200);
    proxy_delete(c.proxy, &(struct proxy_call){.call_id = CALL_ID});
    got = talk_expect(c.alice, "REPORT");
    assert_string_equal(talk_header(c.alice, got, "Status"),
                        "000 481 No Such Session");
    assert_string_equal(talk_header(c.alice, got, "Message-ID"), "m2");
    got = talk_expect(c.bob, "SEND");
    assert_int_equal(got->flag, '#');
}

/* --- renegotiation -------------------------------------------------------- */

static void a_reinvite_with_the_same_paths_loses_nothing(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    const char *got;

    call_talk(&c, "hello");
    got = proxy_offer(
        c.proxy,
        &(struct proxy_call){.call_id = CALL_ID,
                             .from = "314",
                             .to = "1928",
                             .sdp = call_sdp(c.s, c.p_b, "a=sendrecv\r\n")});
    assert_string_equal(proxy_path(c.proxy, got), c.u_a);
    call_talk(&c, "between");
    got = proxy_answer(c.proxy,
                       &(struct proxy_call){.call_id = CALL_ID,
                                            .from = "314",
                                            .to = "1928",
                                            .sdp = call_sdp(c.s, P_A, "")});
    assert_string_equal(proxy_path(c.proxy, got), c.u_b);
    call_talk(&c, "after");
    assert_int_equal(host_connections(c.host), 1);
    call_end(&c);
}

static void a_new_path_is_a_new_peer(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct host *elsewhere;
    const char *got;

    call_talk(&c, "hello");
    call_talk_back(&c);
    elsewhere =
        host_new(c.s, &(struct host_opts){.sees_probe = true, .unnamed = true});
    c.p_b = host_uri_as(elsewhere, "127.0.0.1");
    (void)proxy_offer(c.proxy,
                      &(struct proxy_call){
                          .call_id = CALL_ID,
                          .from = "314",
                          .to = "1928",
                          .sdp = call_sdp(c.s, c.p_b, "a=setup:passive\r\n")});
    got = proxy_answer(c.proxy,
                       &(struct proxy_call){.call_id = CALL_ID,
                                            .from = "314",
                                            .to = "1928",
                                            .sdp = call_sdp(c.s, P_A, "")});
    assert_string_equal(proxy_path(c.proxy, got), c.u_b);
    c.bob = host_accept(elsewhere);
    talk_answer(c.bob, talk_expect(c.bob, "SEND"), 200);
    call_talk(&c, "to the new one");
    call_end(&c);
}

static void each_fork_has_its_own_uri(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct host *other =
        host_new(c.s, &(struct host_opts){.sees_probe = true, .unnamed = true});
    const char *u_a2 = proxy_path(
        c.proxy,
        proxy_answer(
            c.proxy,
            &(struct proxy_call){
                .call_id = CALL_ID,
                .from = "1928",
                .to = "other",
                .sdp = call_sdp(c.s, host_uri_as(other, "127.0.0.1"), "")}));
    struct client *second = host_accept(other);

    assert_string_not_equal(u_a2, c.u_a);
    talk_answer(second, talk_expect(second, "SEND"), 200);
    call_talk(&c, "for the first");
    c.u_a = u_a2;
    c.bob = second;
    call_talk(&c, "for the second");
    call_end(&c);
}

/* --- who may speak -------------------------------------------------------- */

static void strangers_do_not_get_in(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct client *mallory = scene_connect(c.s, RELAY_TCP, "mallory");

    call_talk(&c, "hello");
    talk_say(mallory,
             "MSRP x1 SEND\r\nTo-Path: %s\r\n"
             "From-Path: msrp://127.0.0.1:1/mallory;tcp\r\n"
             "Message-ID: x\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------x1$\r\n",
             c.u_a);
    call_expect_code(mallory, "x1", 403);
    talk_say(mallory,
             "MSRP x2 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nMessage-ID: x\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------x2$\r\n",
             c.u_a);
    call_expect_code(mallory, "x2", 506);
    call_talk(&c, "still here");
    call_end(&c);
}

static void denied_addresses_are_not_dialled(void **state)
{
    const struct outside_opts opts = {.dial = "deny = [ \"127.0.0.0/8\" ];",
                                      .relay.groups = PROXY_ANCHOR};
    struct call c = {.s = outside_start(state, &opts)};

    c.proxy = proxy_new(c.s, false);
    c.host = host_new(c.s, &(struct host_opts){.unnamed = true});
    c.p_b = host_uri_as(c.host, "127.0.0.1");
    call_sign(&c);
    c.alice = scene_connect(c.s, RELAY_TCP, "alice");
    talk_say(c.alice,
             "MSRP t1 SEND\r\nTo-Path: %s\r\nFrom-Path: " P_A
             "\r\nMessage-ID: m1\r\nByte-Range: 1-2/2\r\n"
             "Content-Type: text/plain\r\n\r\nhi\r\n-------t1$\r\n",
             c.u_a);
    call_expect_code(c.alice, "t1", 403);
    assert_int_equal(host_connections(c.host), 0);
    call_end(&c);
}

/* --- who connects --------------------------------------------------------- */

static const char *const setups[] = {
    "", "a=setup:active\r\n", "a=setup:passive\r\n", "a=setup:actpass\r\n"};
enum { SETUPS = 4, ACTIVE = 1, PASSIVE = 2 };

/* A text with nothing owed for it, which may wait for the other side. */
static void send_text(struct client *c, const char *own, const char *uri,
                      const char *text)
{
    talk_say(c,
             "MSRP t1 SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: m1\r\nFailure-Report: no\r\n"
             "Byte-Range: 1-2/2\r\nContent-Type: text/plain\r\n\r\n"
             "%s\r\n-------t1$\r\n",
             uri, own, text);
}

/* Was connected to, and answers the empty SEND; or else connects. */
static struct client *come(struct scene *s, struct host *dialled,
                           const char *name)
{
    struct client *c;

    if (!dialled)
        return scene_connect(s, RELAY_TCP, name);
    c = host_accept(dialled);
    talk_answer(c, talk_expect(c, "SEND"), 200);
    return c;
}

/* Offer and answer say these; then texts go through, both ways. */
static void try_setups(struct scene *s, struct proxy *proxy, size_t offered,
                       size_t answered)
{
    const struct host_opts opts = {.sees_probe = true, .unnamed = true};
    struct host *a = host_new(s, &opts), *b = host_new(s, &opts);
    struct proxy_call call = {
        .call_id = scene_text(s, "%zu-%zu", offered, answered), .from = "a"};
    const char *p_a = host_uri_as(a, "127.0.0.1");
    const char *p_b = host_uri_as(b, "127.0.0.1");
    struct client *alice, *bob;
    const char *u_a, *u_b;

    call.sdp = call_sdp(s, p_a, setups[offered]);
    u_b = proxy_path(proxy, proxy_offer(proxy, &call));
    call.to = "b";
    call.sdp = call_sdp(s, p_b, setups[answered]);
    u_a = proxy_path(proxy, proxy_answer(proxy, &call));
    alice = come(s, offered == PASSIVE ? a : NULL, "alice");
    bob = come(s, answered == ACTIVE ? NULL : b, "bob");
    send_text(alice, p_a, u_a, "hi");
    send_text(bob, p_b, u_b, "yo");
    (void)talk_expect_body(bob, SPAN("hi"), '$');
    (void)talk_expect_body(alice, SPAN("yo"), '$');
    assert_int_equal(host_connections(a), offered == PASSIVE);
    assert_int_equal(host_connections(b), answered != ACTIVE);
    proxy_delete(proxy, &(struct proxy_call){.call_id = call.call_id});
}

static void whoever_is_to_connect_does(void **state)
{
    struct scene *s = call_scene(state, PROXY_ANCHOR);
    struct proxy *proxy = proxy_new(s, true);

    for (size_t i = 0; i < SETUPS; i++)
        for (size_t j = 0; j < SETUPS; j++)
            try_setups(s, proxy, i, j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(the_proxys_dialogue),
        E2E_TEST(a_message_and_its_report_go_through),
        E2E_TEST(after_a_delete_the_token_is_unknown),
        E2E_TEST(a_delete_in_the_middle_of_a_transfer_fails_it),
        E2E_TEST(a_reinvite_with_the_same_paths_loses_nothing),
        E2E_TEST(a_new_path_is_a_new_peer),
        E2E_TEST(each_fork_has_its_own_uri),
        E2E_TEST(strangers_do_not_get_in),
        E2E_TEST(denied_addresses_are_not_dialled),
        E2E_TEST(whoever_is_to_connect_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
