/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of paths and transports: what cannot be dialled, who may speak over a
 * WebSocket, the final dot of a name, and URIs that are not whole (S-9, S-34,
 * S-35). */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"
#include "websocket.h"

static const struct outside_opts everywhere = {
    .relay = {.listen = WEBSOCKET_AND_OTHERS, .auth = "allow_tcp = true;"}};
static struct client *login_over(struct scene *s, enum relay_port port,
                                 const char *name)
{
    struct client *c = websocket_or_not(s, port, name);

    login_on(c);
    return c;
}

/* --- what cannot be dialled (4.8) ----------------------------------------- */

static void what_cannot_be_dialled_is_481_at_once(void **state)
{
    struct scene *s = outside_start(state, &everywhere);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "b.test", .tls = true});
    unsigned port = host_port(h);
    const char *const nexts[] = {
        scene_text(s, "msrps://b.test:%u/b;ws", port),
        scene_text(s, "msrp://b.test:%u/b;ws", port),
        scene_text(s, "msrps://b.test:%u/b;wss", port),
        scene_text(s, "msrps://b.invalid:%u/b;tcp", port),
        scene_text(s, "msrps://df7jal23ls0d.INVALID:%u/b;ws", port),
        "msrps://b.test:9/b;tcp",
        "msrp://b.test:9/b;tcp",
        "msrp://127.0.0.1:9/b;tcp",
        scene_text(s, "msrps://b.invalid:%u/b;tcp msrps://c.test:4000/c;tcp",
                   port),
    };
    static const char *const answered[] = {"SEND", "NICKNAME", "FOO"};

    for (enum relay_port t = 0; t < RELAY_PORTS; t++) {
        struct client *alice = login_over(s, t, "alice");

        for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++)
            for (size_t j = 0; j < 3; j++) {
                const struct request r = {
                    .method = answered[j],
                    .to = scene_text(s, "%s %s", alice->uri, nexts[i])};

                request_gets(alice, &r, 481);
            }
        request_expect_none(alice);
    }
    assert_int_equal(host_connections(h), 0);
    assert_int_equal(dns_stub_asked(outside_names(s), "b.test", DNS_A), 0);
    assert_int_equal(dns_stub_asked(outside_names(s), "b.invalid", DNS_A), 0);
}

static void a_relay_that_cannot_be_dialled_is_481(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");
    const struct request r = {
        .method = "AUTH",
        .to = scene_text(s, "%s msrps://relay.invalid:2855;tcp", alice->uri)};

    request_gets(alice, &r, 481);
    request_expect_none(alice);
}

/* With a binding they are reached like any other. */
static void whoever_spoke_first_is_reached_though(void **state)
{
    struct scene *s = outside_start(state, &everywhere);
    struct client *alice = login(s, "alice");
    struct client *bob = login_over(s, RELAY_WSS, "bob");
    struct client *peer = scene_connect(s, RELAY_TLS, "peer");

    request_passes(bob, request_way_to(alice), alice, "from a browser");
    request_passes(alice, talk_path(alice, bob), bob, "by its own relay URI");
    bob->uri = NULL;
    request_passes(alice, talk_path(alice, bob), bob, "by its own alone");
    request_passes(peer, request_way_to(alice), alice, "from .invalid:9");
    request_passes(alice, talk_path(alice, peer), peer, "to .invalid:9");
}

/* --- WebSockets (4.9) ----------------------------------------------------- */

static void a_websocket_stranger_says_nothing_but_auth(void **state,
                                                       enum relay_port port)
{
    struct scene *s = outside_start(state, &everywhere);
    struct client *bob = login(s, "bob");
    struct client *mallory = websocket_or_not(s, port, "mallory");
    struct request r = {.to = request_way_to(bob)};
    struct request to_her = {
        .to = scene_text(s, "%s %s", bob->uri, mallory->own)};

    for (size_t j = 0; (r.method = request_methods[j]); j++)
        request_gets(mallory, &r, 403);
    r = (struct request){.to = talk_relay(mallory), .no_body = true};
    request_gets(mallory, &r, 403); /* a keep-alive as well */
    request_expect_none(bob);
    request_gets(bob, &to_her, 481); /* it is the way to no URI */
    request_expect_none(mallory);
    mallory->name = "alice"; /* but may still become somebody */
    login_on(mallory);
    request_passes(mallory, talk_path(mallory, bob), bob, "now");
    request_passes(bob, talk_path(bob, mallory), mallory, "hello");
}

static void a_stranger_over_wss_says_nothing_but_auth(void **state)
{
    a_websocket_stranger_says_nothing_but_auth(state, RELAY_WSS);
}

static void a_stranger_over_ws_says_nothing_but_auth(void **state)
{
    a_websocket_stranger_says_nothing_but_auth(state, RELAY_WS);
}

/* Wrong credentials make no session. */
static void a_wrong_password_opens_no_websocket(void **state)
{
    struct scene *s = outside_start(state, &everywhere);
    struct client *bob = login(s, "bob");
    struct client *alice = websocket_or_not(s, RELAY_WSS, "alice");
    struct login l = {.alg = DIGEST_MD5, .password = "guess"};
    const struct request r = {.to = request_way_to(bob)};

    login_ask(alice, &l);
    request_gets(alice, &r, 403);
    login_refused(alice, &l, login_try(alice, &l));
    request_gets(alice, &r, 403);
    request_expect_none(bob);
}

static void two_who_logged_in_over_websockets_talk(void **state)
{
    struct scene *s = outside_start(state, &everywhere);

    for (enum relay_port i = RELAY_WSS; i < RELAY_PORTS; i++)
        for (enum relay_port j = RELAY_WSS; j < RELAY_PORTS; j++) {
            struct client *alice = login_over(s, i, "alice");
            struct client *bob = login_over(s, j, "bob");

            request_passes(alice, talk_path(alice, bob), bob, "there");
            request_passes(bob, talk_path(bob, alice), alice, "and back");
        }
}

/* --- the final dot (5.8) -------------------------------------------------- */

static void auth_may_go_to_a_name_with_its_final_dot(void **state)
{
    struct scene *s = scene_start(state, NULL);
    unsigned port = relay_port(s->relay, RELAY_TLS);
    const char *const targets[] = {
        "msrps://" RELAY_NAME ".;tcp",
        scene_text(s, "msrps://" RELAY_NAME ".:%u;tcp", port),
        scene_text(s, "msrps://Relay.Example.COM.:%u;tcp", port),
        "msrps://" RELAY_REALM ".;tcp",
    };

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct client *alice = scene_connect(s, RELAY_TLS, "alice");
        struct login l = {.alg = DIGEST_MD5, .to = targets[i]};

        login_ask(alice, &l);
        login_granted(alice, login_try(alice, &l));
    }
}

static const char *with_dot(struct scene *s, const char *uri, const char *host)
{
    const char *at = strstr(uri, host);

    assert_non_null(at);
    at += strlen(host);
    return scene_text(s, "%.*s.%s", (int)(at - uri), uri, at);
}

static void a_session_is_found_by_its_name_with_the_dot(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *to =
        scene_text(s, "%s %s %s", with_dot(s, alice->uri, RELAY_NAME),
                   with_dot(s, bob->uri, RELAY_NAME), bob->own);

    request_passes(alice, to, bob, "dotted");
}

/* SNI, the certificate and the name server see the name without it. */
static void a_peer_with_the_dot_is_dialled(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "bob.test", .tls = true});
    struct host *clear = host_new(s, &(struct host_opts){.name = "carol.test"});
    struct client *alice = login(s, "alice"), *bob, *carol;
    struct request r = {.text = "dotted"};
    const char *tid;

    r.to = scene_text(s, "%s %s", alice->uri,
                      with_dot(s, host_uri(h), "bob.test"));
    tid = request_say(alice, &r);
    bob = host_accept(h);
    talk_answer(bob, talk_expect_body(bob, SPAN("dotted"), '$'), 200);
    request_expect_code(alice, tid, 200);
    r.to = scene_text(s, "%s %s", alice->uri,
                      with_dot(s, host_uri(clear), "carol.test"));
    tid = request_say(alice, &r);
    carol = host_accept(clear);
    talk_answer(carol, talk_expect_body(carol, SPAN("dotted"), '$'), 200);
    request_expect_code(alice, tid, 200);
}

static void a_relay_with_the_dot_is_one_without(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = login(s, "alice");
    struct login l = {
        .to = scene_text(s, "%s msrps://" CHAIN_EXTRA ".;tcp", alice->uri)};
    const char *tid = chain_try(alice, extra, &l);

    chain_expect_code(alice, tid, 200, l.to);
    chain_login(alice, extra); /* over the same link */
    assert_int_equal(chain_links(extra), 1);
}

static void a_host_may_speak_with_the_dot(void **state)
{
    static const struct peer_relay_opts dotted = {.name = "r3.test.",
                                                  .san = "DNS:r3.test"};
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *r3 = peer_relay_connect(s, &dotted);

    for (int i = 0; i < 2; i++) {
        const struct request r = {.to = request_way_to(alice),
                                  .from = peer_relay_from(r3, "bob")};
        const char *back =
            scene_text(s, "%s %s", alice->uri, peer_relay_from(r3, "bob"));

        request_expect_code(r3, request_say(r3, &r), 200);
        talk_answer(alice, talk_expect(alice, "SEND"), 200);
        request_passes(alice, back, r3, "back");
        r3->own = scene_text(s, "msrps://r3.test:7003/t;tcp");
    }
}

/* --- URIs that are not whole (S-9) ---------------------------------------- */

static const char *const broken[] = {
    "msrps://bob.test/b;tcp",  /* no port */
    "msrps://bob.test;tcp",    /* ... nor session-id */
    "msrps://bob.test:4000/b", /* no transport */
    "msrps://bob.test:4000/b;",
    "msrps://bob.test/b",
    "msrps://bob.test:/b;tcp",
    "msrps://bob.test:0/b;tcp",
    "msrps://bob.test:65536/b;tcp",
    "msrps://:4000/b;tcp",
    "sip:bob@bob.test",
    "http://bob.test:4000/b;tcp",
    "msrpss://bob.test:4000/b;tcp",
    "bob",
};

enum { N_BROKEN = sizeof broken / sizeof *broken };

/* 400, which repeats the paths as they came. */
static void gets_400(struct client *c, const struct request *r)
{
    const char *from = r->from ? r->from : c->own;
    const char *tid = request_say(c, r);
    bool first = !r->method || strcmp(r->method, "SEND") == 0;
    struct got *g;

    if (r->method && !request_has_answer(r->method))
        return;
    g = request_answer(c, tid);
    if (g->head.code != 400)
        fail_msg("%s to %s from %s: %.*s", r->method, r->to, from,
                 SPAN_ARG(g->text));
    assert_span_equal(msg_text(&g->head, g->head.from),
                      span_str(request_first(c->scene, r->to)));
    assert_span_equal(msg_text(&g->head, g->head.to),
                      span_str(first ? request_first(c->scene, from) : from));
}

static void each_method_gets_400(struct client *c, struct request r)
{
    for (size_t j = 0; (r.method = request_methods[j]); j++)
        gets_400(c, &r);
    r.method = "AUTH";
    gets_400(c, &r);
}

static void broken_uris_to_go_to_are_400(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "bob.test", .tls = true});
    struct client *alice = login(s, "alice"), *carol = login(s, "carol");

    for (size_t i = 0; i < N_BROKEN; i++) {
        const char *const paths[] = {
            scene_text(s, "%s %s %s", alice->uri, broken[i], host_uri(h)),
            scene_text(s, "%s %s %s", alice->uri, host_uri(h), broken[i]),
            scene_text(s, "%s %s %s %s", alice->uri, carol->uri, broken[i],
                       carol->own),
            scene_text(s, "%s %s", carol->uri, broken[i]),
        };

        for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
            struct request r = {.to = paths[k]};

            /* What AUTH goes to may have no port, and is the last. */
            for (size_t j = 0; (r.method = request_methods[j]); j++)
                gets_400(alice, &r);
        }
    }
    request_expect_none(alice);
    request_expect_none(carol);
    assert_int_equal(host_connections(h), 0);
}

/* The port may be missing in the URI that an AUTH goes to, and nothing else. */
static void broken_uris_to_authenticate_at_are_400(void **state)
{
    static const char *const targets[] = {"msrps://bob.test",
                                          "msrps://bob.test/b", "sip:bob.test",
                                          "msrps://bob.test:65536;tcp"};
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const struct request r = {
            .method = "AUTH",
            .to = scene_text(s, "%s %s", alice->uri, targets[i])};

        gets_400(alice, &r);
    }
    request_expect_none(alice);
}

static void broken_uris_to_come_from_are_400(void **state)
{
    struct scene *s = outside_start(state, &everywhere);
    struct client *alice = login(s, "alice");

    for (enum relay_port t = 0; t < RELAY_PORTS; t++) {
        struct client *bob = login_over(s, t, "bob");

        for (size_t i = 0; i < N_BROKEN; i++) {
            struct request r = {.to = request_way_to(alice), .from = broken[i]};

            for (size_t j = 0; (r.method = request_methods[j]); j++)
                gets_400(bob, &r);
            r.to = talk_relay(bob);
            r.method = "AUTH";
            gets_400(bob, &r);
        }
        request_expect_none(bob);
    }
    request_expect_none(alice);
}

/* The same in the second place, where only a relay may have one. */
static void broken_uris_behind_a_relay_are_400(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *r3 = peer_relay_connect(s, NULL);
    const struct request good = {.to = request_way_to(alice),
                                 .from = peer_relay_from(r3, "bob")};

    request_expect_code(r3, request_say(r3, &good), 200);
    talk_answer(alice, talk_expect(alice, "SEND"), 200);
    for (size_t i = 0; i < N_BROKEN; i++) {
        struct request r = {.to = request_way_to(alice),
                            .from = scene_text(s, "%s %s", r3->own, broken[i])};

        each_method_gets_400(r3, r);
        r.from = scene_text(s, "%s %s", broken[i], peer_relay_user(r3, "bob"));
        each_method_gets_400(r3, r);
    }
    request_expect_none(alice);
    request_expect_none(r3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(what_cannot_be_dialled_is_481_at_once),
        E2E_TEST(a_relay_that_cannot_be_dialled_is_481),
        E2E_TEST(whoever_spoke_first_is_reached_though),
        E2E_TEST(a_stranger_over_wss_says_nothing_but_auth),
        E2E_TEST(a_stranger_over_ws_says_nothing_but_auth),
        E2E_TEST(a_wrong_password_opens_no_websocket),
        E2E_TEST(two_who_logged_in_over_websockets_talk),
        E2E_TEST(auth_may_go_to_a_name_with_its_final_dot),
        E2E_TEST(a_session_is_found_by_its_name_with_the_dot),
        E2E_TEST(a_peer_with_the_dot_is_dialled),
        E2E_TEST(a_relay_with_the_dot_is_one_without),
        E2E_TEST(a_host_may_speak_with_the_dot),
        E2E_TEST(broken_uris_to_go_to_are_400),
        E2E_TEST(broken_uris_to_authenticate_at_are_400),
        E2E_TEST(broken_uris_to_come_from_are_400),
        E2E_TEST(broken_uris_behind_a_relay_are_400),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
