/* SPDX-License-Identifier: BSD-2-Clause */
/* No impersonation: what a connection may say in From-Path, and what
 * that leads to (S-1, S-2, S-3, S-7). */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"
#include "websocket.h"

enum { CLAIMS = 40 };

static const struct outside_opts everywhere = {
    .relay = {.listen = WEBSOCKET_AND_OTHERS, .auth = "allow_tcp = true;"}};
/* --- strangers and relays (1.1) ------------------------------------------- */

static void a_stranger_does_not_become_a_relay(void **state)
{
    struct scene *s = outside_start(state, &everywhere);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r2.test", .tls = true});
    const char *theirs =
        scene_text(s, "%s msrps://bob.test:4000/b;tcp", host_uri(h));
    struct client *alice = login(s, "alice"), *r2 = NULL;
    const struct request m = {.to = scene_text(s, "%s %s", alice->uri, theirs),
                              .text = "for bob"};

    for (enum relay_port i = 0; i < RELAY_PORTS; i++) {
        struct client *mallory = websocket_or_not(s, i, "mallory");
        struct request claim = {.to = request_way_to(alice), .from = theirs};
        const char *tid;

        for (size_t j = 0; (claim.method = request_methods[j]); j++)
            request_gets(mallory, &claim, 403);
        request_expect_none(mallory);
        request_expect_none(alice);
        tid = request_say(alice, &m);
        if (!r2)
            r2 = host_accept(h);
        talk_answer(r2, talk_expect_body(r2, SPAN("for bob"), '$'), 200);
        request_expect_code(alice, tid, 200);
        request_expect_none(mallory);
    }
    assert_int_equal(host_connections(h), 1);
}

/* The same on a connection that has a user. */
static void a_client_does_not_become_a_relay(void **state)
{
    struct scene *s = outside_start(state, &everywhere);
    struct client *alice = login(s, "alice");

    for (enum relay_port i = 0; i < RELAY_PORTS; i++) {
        struct client *bob = websocket_or_not(s, i, "mallory");
        struct request claim = {.to = request_way_to(alice)};

        bob->name = "bob";
        login_on(bob);
        claim.from = scene_text(s, "msrps://r2.test:7002/x;tcp %s", bob->own);
        for (size_t j = 0; (claim.method = request_methods[j]); j++)
            request_gets(bob, &claim, 403);
        request_expect_none(bob);
        request_expect_none(alice);
        request_passes(bob, talk_path(bob, alice), alice, "himself");
    }
}

static void an_auth_of_two_from_an_unproven_connection_is_403(void **state)
{
    struct scene *s = outside_start(state, &everywhere);

    for (enum relay_port i = 0; i < RELAY_PORTS; i++) {
        struct client *mallory = websocket_or_not(s, i, "mallory");
        const struct request r = {
            .method = "AUTH",
            .to = talk_relay(mallory),
            .from =
                scene_text(s, "msrps://r2.test:7002/x;tcp %s", mallory->own)};

        request_gets(mallory, &r, 403);
    }
}

/* A URI that is known leads to its owner and nowhere else (R4976-9.4-c). */
static void a_stranger_may_speak_to_a_client_for_himself(void **state)
{
    static const enum relay_port ports[] = {RELAY_TLS, RELAY_TCP};
    struct scene *s = outside_start(state, &everywhere);
    struct client *alice = login(s, "alice");

    for (size_t i = 0; i < 2; i++) {
        struct client *peer = scene_connect(s, ports[i], "peer");

        peer->own = scene_text(s, "%s%zu", peer->own, i);
        request_passes(peer, request_way_to(alice), alice, "hello");
        request_passes(alice, talk_path(alice, peer), peer, "hello yourself");
    }
}

/* --- conversations (1.2) -------------------------------------------------- */

/* Claims many URIs at a client's, so that it cannot remember them all. */
static void claim_many(struct client *mallory, struct client *c,
                       const char *scheme)
{
    for (int i = 0; i < CLAIMS; i++) {
        const struct request claim = {
            .to = request_way_to(c),
            .from = scene_text(c->scene, "%s://m%d.invalid:9/x%d;tcp", scheme,
                               i, i)};

        request_answer(mallory, request_say(mallory, &claim));
        request_skip(c);
    }
}

static void a_conversation_is_not_taken_over(void **state, enum relay_port port)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = login(s, "alice"), *mallory;
    struct client *bob = scene_connect_to(s, extra, "bob");
    struct request claim = {.to = request_way_to(alice)};

    login_on(bob);
    request_passes(alice, talk_path(alice, bob), bob, "there");
    request_passes(bob, talk_path(bob, alice), alice, "and back");
    mallory = scene_connect(s, port, "mallory");
    claim_many(mallory, alice, port == RELAY_TCP ? "msrp" : "msrps");
    claim.from = scene_text(s, "%s %s", bob->uri, bob->own);
    for (size_t j = 0; (claim.method = request_methods[j]); j++)
        request_gets(mallory, &claim, 403);
    request_expect_none(mallory);
    request_expect_none(alice);
    claim.method = NULL; /* as if bob's relay were a peer itself */
    claim.from = bob->uri;
    request_answer(mallory, request_say(mallory, &claim));
    request_skip(alice);
    request_passes(alice, talk_path(alice, bob), bob, "still there");
    request_passes(bob, talk_path(bob, alice), alice, "and still back");
    request_expect_none(mallory);
}

static void a_conversation_is_not_taken_over_by_tcp(void **state)
{
    a_conversation_is_not_taken_over(state, RELAY_TCP);
}

static void a_conversation_is_not_taken_over_by_tls(void **state)
{
    a_conversation_is_not_taken_over(state, RELAY_TLS);
}

/* Nor one in which the far relay has dialled us, and bob spoke first. */
static void a_conversation_begun_by_the_peer_is_not_taken_over(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = login(s, "alice"), *mallory;
    struct client *bob = scene_connect_to(s, extra, "bob");
    struct request claim = {.to = request_way_to(alice)};

    mallory = scene_connect(s, RELAY_TLS, "mallory");
    login_on(bob);
    claim.from = scene_text(s, "%s %s", bob->uri, bob->own);
    request_gets(mallory, &claim, 403);
    request_passes(bob, talk_path(bob, alice), alice, "first");
    request_gets(mallory, &claim, 403);
    request_passes(alice, talk_path(alice, bob), bob, "second");
    request_expect_none(mallory);
}

/* --- peers (1.3) ---------------------------------------------------------- */

struct pair {
    struct client *alice, *peer;
};

static struct pair pair_over(struct scene *s, enum relay_port port)
{
    struct pair p = {login(s, "alice"), scene_connect(s, port, "peer")};

    request_passes(p.peer, request_way_to(p.alice), p.alice, "may I?");
    request_passes(p.alice, talk_path(p.alice, p.peer), p.peer, "you may");
    return p;
}

static void assert_holds(struct pair p, struct client *mallory)
{
    request_passes(p.alice, talk_path(p.alice, p.peer), p.peer, "to you");
    request_passes(p.peer, request_way_to(p.alice), p.alice, "to me");
    request_expect_none(mallory);
}

static void a_peer_is_not_pushed_out(void **state, enum relay_port port)
{
    struct scene *s = scene_start(state, NULL);
    struct pair p = pair_over(s, port);
    struct client *mallory = scene_connect(s, port, "mallory");
    struct request claim = {.to = request_way_to(p.alice), .from = p.peer->own};

    for (size_t j = 0; (claim.method = request_methods[j]); j++)
        request_gets(mallory, &claim, 506);
    assert_holds(p, mallory);
    claim_many(mallory, p.alice, port == RELAY_TCP ? "msrp" : "msrps");
    for (size_t j = 0; (claim.method = request_methods[j]); j++)
        request_gets(mallory, &claim, 506);
    request_expect_none(p.alice);
    assert_holds(p, mallory);
}

static void a_peer_is_not_pushed_out_over_tls(void **state)
{
    a_peer_is_not_pushed_out(state, RELAY_TLS);
}

static void a_peer_is_not_pushed_out_over_tcp(void **state)
{
    a_peer_is_not_pushed_out(state, RELAY_TCP);
}

static void a_peer_is_not_pushed_out_by_many_connections(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct pair p = pair_over(s, RELAY_TLS);
    struct request claim = {.to = request_way_to(p.alice), .from = p.peer->own};
    struct client *mallory = NULL;

    for (int i = 0; i < CLAIMS; i++) {
        const struct request other = {
            .to = request_way_to(p.alice),
            .from = scene_text(s, "msrps://m%d.invalid:9/x;tcp", i)};

        mallory = scene_connect(s, RELAY_TLS, "mallory");
        request_answer(mallory, request_say(mallory, &other));
        request_skip(p.alice);
    }
    request_gets(mallory, &claim, 506);
    assert_holds(p, mallory);
}

/* Those to whom the client has written keep their places (5.4). */
static void a_full_memory_refuses_the_newcomer(void **state)
{
    enum { MANY = 300 };
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");
    struct request r = {.to = request_way_to(alice)}, back = {.text = "back"};
    unsigned code = 200;
    int n;

    for (n = 0; n < MANY && code == 200; n++) {
        r.from = scene_text(s, "msrps://p%d.invalid:9/x;tcp", n);
        code = request_answer(peer, request_say(peer, &r))->head.code;
        if (code != 200)
            break;
        talk_expect(alice, "SEND");
        back.to = scene_text(s, "%s %s", alice->uri, r.from);
        request_expect_code(alice, request_say(alice, &back), 200);
        talk_expect(peer, "SEND");
    }
    if (code != 200)
        assert_int_equal(code, 403);
    assert_true(n >= 16);
    for (int i = 0; i < n; i++) {
        back.to =
            scene_text(s, "%s msrps://p%d.invalid:9/x;tcp", alice->uri, i);
        request_expect_code(alice, request_say(alice, &back), 200);
        talk_expect(peer, "SEND");
    }
    request_expect_none(alice);
}

/* A peer that has gone gives its URI free at once. */
static void a_peer_that_left_may_come_back(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct pair p = pair_over(s, RELAY_TLS);
    char *own = p.peer->own;

    request_expect_none(p.peer); /* its answer is there */
    client_close(p.peer);
    scene_wait_closed(p.peer);
    p.peer = scene_connect(s, RELAY_TLS, "peer");
    p.peer->own = own;
    request_passes(p.peer, request_way_to(p.alice), p.alice, "here again");
    request_passes(p.alice, talk_path(p.alice, p.peer), p.peer, "good");
}

/* --- msrps in clear (1.4) ------------------------------------------------- */

static void msrps_never_goes_in_clear(void **state)
{
    static const char ours[] = "msrps://peer.example.net:7000/x;tcp";
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *mallory = scene_connect(s, RELAY_TCP, "mallory");
    struct request claim = {.to = request_way_to(alice), .from = ours};
    struct request r = {.to = scene_text(s, "%s %s", alice->uri, ours),
                        .text = "in confidence"};

    for (size_t j = 0; (claim.method = request_methods[j]); j++) {
        const char *tid = request_say(mallory, &claim);

        if (strcmp(claim.method, "SEND") == 0)
            request_answer(mallory, tid);
    }
    request_skip(mallory);
    request_skip(alice);
    for (size_t j = 0; (r.method = request_methods[j]); j++) {
        const char *tid = request_say(alice, &r);

        if (request_has_answer(r.method))
            assert_int_not_equal(request_answer(alice, tid)->head.code, 200);
    }
    request_expect_none(alice);
    request_expect_none(mallory);
}

/* The same for a user of a WebSocket without TLS. */
static void msrps_never_goes_over_a_clear_websocket(void **state)
{
    static const struct relay_opts opts = {.listen = WEBSOCKET_AND_OTHERS,
                                           .auth = "allow_tcp = true;"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *bob = websocket_connect(s, RELAY_WS, "bob");
    struct request r = {.text = "in confidence"};

    login_on(bob);
    bob->own = scene_text(s, "msrps://bob.invalid:9/b;ws");
    r.to = request_way_to(alice);
    request_answer(bob, request_say(bob, &r));
    request_skip(alice);
    r.to = scene_text(s, "%s %s", alice->uri, bob->own);
    request_expect_code(alice, request_say(alice, &r), 481);
    request_expect_none(alice);
    request_expect_none(bob);
}

static void a_lone_peer_without_tls_is_answered_there(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *peer = scene_connect(s, RELAY_TCP, "peer");

    peer->own = scene_text(s, "msrp://peer.example.net:7000/x;tcp");
    request_passes(peer, request_way_to(alice), alice, "in clear");
    request_passes(alice, talk_path(alice, peer), peer, "so be it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_stranger_does_not_become_a_relay),
        E2E_TEST(a_client_does_not_become_a_relay),
        E2E_TEST(an_auth_of_two_from_an_unproven_connection_is_403),
        E2E_TEST(a_stranger_may_speak_to_a_client_for_himself),
        E2E_TEST(a_conversation_is_not_taken_over_by_tcp),
        E2E_TEST(a_conversation_is_not_taken_over_by_tls),
        E2E_TEST(a_conversation_begun_by_the_peer_is_not_taken_over),
        E2E_TEST(a_peer_is_not_pushed_out_over_tls),
        E2E_TEST(a_peer_is_not_pushed_out_over_tcp),
        E2E_TEST(a_peer_is_not_pushed_out_by_many_connections),
        E2E_TEST(a_full_memory_refuses_the_newcomer),
        E2E_TEST(a_peer_that_left_may_come_back),
        E2E_TEST(msrps_never_goes_in_clear),
        E2E_TEST(msrps_never_goes_over_a_clear_websocket),
        E2E_TEST(a_lone_peer_without_tls_is_answered_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
