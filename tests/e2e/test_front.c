/* SPDX-License-Identifier: BSD-2-Clause */
/* What others see of the relay's place in a network: the port and the name in
 * its URIs, the address that it connects from, the size of what it sends. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cmocka_all.h"
#include "login.h"
#include "outside.h"
#include "renew.h"
#include "websocket.h"

static const char *tls_at(struct scene *s, const char *more)
{
    return scene_text(s,
                      "{ transport = \"tls\"; address = \"127.0.0.1\"; "
                      "port = %u; %s }",
                      relay_port(s->relay, RELAY_TLS), more);
}

static void assert_uri(struct client *c, const char *authority)
{
    assert_true(
        span_starts(span_str(c->uri),
                    span_str(scene_text(c->scene, "msrps://%s/", authority))));
}

static void exchange(struct client *from, struct client *to)
{
    talk_expect_code(from, talk_text(from, to, "hello"), 200);
    talk_answer(to, talk_expect_body(to, SPAN("hello"), '$'), 200);
}

/* --- URIs ----------------------------------------------------------------- */

static void uris_have_the_port_and_the_name_that_are_advertised(void **state)
{
    static const struct relay_opts opts = {
        .listen = "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0;"
                  " advertise = 443; name = \"edge.example.com\"; },"
                  "{ transport = \"wss\"; address = \"127.0.0.1\";"
                  " port = 0; }"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = websocket_login(s, "bob");

    assert_uri(alice, "edge.example.com:443");
    assert_uri(bob, "edge.example.com:443");
    exchange(alice, bob);
    exchange(bob, alice);
}

/* Who renews by the old URI gets one by which he can be reached. */
static void a_reload_changes_them_under_sessions(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob, *carol;
    struct relay_opts opts = {0};
    const char *before = alice->uri, *plain;

    plain = scene_text(s, RELAY_NAME ":%u", relay_port(s->relay, RELAY_TLS));
    assert_uri(alice, plain);
    opts.listen = tls_at(s, "advertise = 443; name = \"edge.example.com\";");
    renew_with(s, &opts);
    bob = login(s, "bob");
    assert_uri(bob, "edge.example.com:443");
    exchange(alice, bob);
    exchange(bob, alice);
    opts.listen = tls_at(s, "advertise = 444; name = \"other.example.com\";");
    renew_with(s, &opts);
    exchange(alice, bob); /* by a name that is none any more */
    exchange(bob, alice);
    assert_string_equal(alice->uri, before);
    carol = login(s, "carol");
    assert_uri(carol, "other.example.com:444");
    exchange(carol, bob);
    login_on(bob);
    assert_uri(bob, "other.example.com:444");
    opts.listen = tls_at(s, "");
    renew_with(s, &opts);
    exchange(carol, alice);
    login_on(bob);
    assert_uri(bob, plain);
}

/* A request to the relay itself may use either. */
static void both_are_the_relays_in_paths(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct relay_opts opts = {0};
    struct client *alice;
    const char *to[4];

    opts.listen = tls_at(s, "advertise = 443; name = \"edge.example.com\";");
    renew_with(s, &opts);
    alice = login(s, "alice");
    to[0] = "msrps://edge.example.com:443;tcp";
    to[1] = "msrps://" RELAY_NAME ":443;tcp";
    to[2] = scene_text(s, "msrps://edge.example.com:%u;tcp",
                       relay_port(s->relay, RELAY_TLS));
    to[3] = talk_relay(alice);
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        struct login l = {.to = to[i], .alg = DIGEST_MD5};

        login_ask(alice, &l);
        login_granted(alice, login_try(alice, &l));
    }
}

/* --- chunks --------------------------------------------------------------- */

enum { BODY = 20000, SMALL = 4096 };

/* All of a message, in SENDs that are no longer than this. */
static unsigned take_message(struct client *c, size_t most)
{
    unsigned n = 0;
    size_t total = 0;

    while (total < BODY) {
        const struct got *g = talk_expect(c, "SEND");

        assert_true(g->body.n <= most);
        total += g->body.n;
        talk_answer(c, g, 200);
        n++;
    }
    assert_int_equal(total, BODY);
    return n;
}

static const char *send_large(struct client *from, const char *to)
{
    static char body[BODY];
    const struct send m = {.to = to, .body = span_of(body, BODY)};

    memset(body, 'x', sizeof body);
    return talk_send(from, NULL, &m);
}

static void who_came_to_a_listener_gets_chunks_of_its_size(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob;
    struct relay_opts opts = {0};

    opts.listen = tls_at(s, "max_chunk_size = 4096;");
    renew_with(s, &opts);
    bob = login(s, "bob");
    send_large(alice, talk_path(alice, bob));
    assert_true(take_message(bob, SMALL) >= BODY / SMALL);
    scene_frame(alice);
    /* Who was there before has what he had. */
    send_large(bob, talk_path(bob, alice));
    assert_true(take_message(alice, BODY) <= 2);
}

static void relays_get_chunks_of_their_size(void **state)
{
    static const struct outside_opts opts = {
        .relay.groups = "relays: { max_chunk_size = 4096; };"};
    struct scene *s = outside_start(state, &opts);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r3.test", .tls = true});
    struct client *alice = login(s, "alice"), *r3;

    send_large(alice, scene_text(s, "%s %s msrps://bob.test:4000/bob;tcp",
                                 alice->uri, host_uri(h)));
    r3 = host_accept(h);
    assert_true(take_message(r3, SMALL) >= BODY / SMALL);
}

/* --- connections that it opens -------------------------------------------- */

static void a_dial_comes_from_the_source_that_is_set(void **state)
{
    static const struct outside_opts opts = {.dial = OUTSIDE_OPEN
                                             "source = [ \"127.0.0.9\" ];"};
    static const struct host_opts kinds[] = {{.tls = false}, {.tls = true}};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice");

    for (int i = 0; i < 2; i++) {
        struct host *h = host_new(s, &kinds[i]);
        const struct send m = {
            .to = scene_text(s, "%s %s", alice->uri, host_uri(h)),
            .body = SPAN("hello")};
        const char *tid = talk_send(alice, NULL, &m);
        struct client *peer = host_accept(h);
        struct sockaddr_in from = {.sin_family = AF_INET};
        socklen_t n = sizeof from;

        talk_answer(peer, talk_expect_body(peer, SPAN("hello"), '$'), 200);
        talk_expect_code(alice, tid, 200);
        assert_int_equal(getpeername(peer->fd, (struct sockaddr *)&from, &n),
                         0);
        assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(uris_have_the_port_and_the_name_that_are_advertised),
        E2E_TEST(a_reload_changes_them_under_sessions),
        E2E_TEST(both_are_the_relays_in_paths),
        E2E_TEST(who_came_to_a_listener_gets_chunks_of_its_size),
        E2E_TEST(relays_get_chunks_of_their_size),
        E2E_TEST(a_dial_comes_from_the_source_that_is_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
