/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of several links to relays a message takes: that of the host and port
 * in the path (S-6); and paths that go round in circles (S-8). */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"

/* The way from a client over a relay's URI to a user behind it. */
static const char *way_over(const struct client *c, const char *relay,
                            const char *user)
{
    return scene_text(c->scene, "%s %s msrps://%s.test:4000/%s;tcp", c->uri,
                      relay, user, user);
}

/* The first message to a host that has to be dialled for it. */
static struct client *dials(struct client *c, const char *to, struct host *h)
{
    const struct request r = {.to = to, .text = "knock"};
    const char *tid = request_say(c, &r);
    struct client *there = host_accept(h);

    talk_answer(there, talk_expect_body(there, SPAN("knock"), '$'), 200);
    request_expect_code(c, tid, 200);
    return there;
}

/* --- names (1.7 a) -------------------------------------------------------- */

static const char *speaks_as(struct client *link, const char *name,
                             unsigned port, struct client *alice)
{
    const char *own =
        scene_text(link->scene, "msrps://%s:%u/t;tcp", name, port);
    const struct request r = {
        .to = request_way_to(alice),
        .from =
            scene_text(link->scene, "%s msrps://bob.test:4000/bob;tcp", own)};

    request_expect_code(link, request_say(link, &r), 200);
    talk_answer(alice, talk_expect(alice, "SEND"), 200);
    return own;
}

static void a_wildcard_permits_and_does_not_address(void **state)
{
    static const struct peer_relay_opts opts = {
        .name = "r1.wild.test", .san = "DNS:*.wild.test", .port = 7001};
    struct scene *s = outside_start(state, NULL);
    struct host *h2 =
        host_new(s, &(struct host_opts){.name = "r2.wild.test", .tls = true});
    struct client *alice = login(s, "alice");
    struct client *r1 = peer_relay_connect(s, &opts);
    const char *as1 = speaks_as(r1, "r1.wild.test", 7001, alice);
    struct client *r2;

    request_passes(alice, way_over(alice, as1, "bob"), r1, "by the first");
    r2 = dials(alice, way_over(alice, host_uri(h2), "bob"), h2);
    request_expect_none(r1);
    request_passes(alice, way_over(alice, host_uri(h2), "bob"), r2, "second");
    request_passes(alice, way_over(alice, as1, "bob"), r1, "first");
    request_expect_none(r1);
}

/* It may be several of them at once, each with its port. */
static void a_link_is_every_authority_that_it_has_spoken_as(void **state)
{
    static const struct peer_relay_opts opts = {
        .name = "r1.wild.test", .san = "DNS:*.wild.test", .port = 7001};
    struct scene *s = outside_start(state, NULL);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r3.wild.test", .tls = true});
    struct client *alice = login(s, "alice");
    struct client *r1 = peer_relay_connect(s, &opts);
    const char *as1 = speaks_as(r1, "r1.wild.test", 7001, alice);
    const char *as3 = speaks_as(r1, "r3.wild.test", 7003, alice);

    request_passes(alice, way_over(alice, as1, "bob"), r1, "as the first");
    request_passes(alice, way_over(alice, as3, "bob"), r1, "as the third");
    dials(alice, way_over(alice, host_uri(h), "bob"), h); /* another port */
    request_expect_none(r1);
}

/* What it has not spoken as, it is not: names of the same certificate. */
static void other_names_of_a_certificate_are_dialled(void **state)
{
    static const struct peer_relay_opts opts = {
        .name = "one.test", .san = "DNS:one.test,DNS:two.test", .port = 7001};
    struct scene *s = outside_start(state, NULL);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "two.test", .tls = true});
    struct client *alice = login(s, "alice");
    struct client *one = peer_relay_connect(s, &opts);

    speaks_as(one, "one.test", 7001, alice);
    dials(alice, way_over(alice, host_uri(h), "bob"), h);
    request_expect_none(one);
}

/* A name that a dialled link has verified goes before one that is claimed. */
static void a_dialled_link_goes_before_one_that_claims(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r1.test", .tls = true});
    const struct peer_relay_opts opts = {.name = "r1.test",
                                         .port = host_port(h)};
    struct client *alice = login(s, "alice"), *dialled, *came;

    dialled = dials(alice, way_over(alice, host_uri(h), "bob"), h);
    came = peer_relay_connect(s, &opts);
    speaks_as(came, "r1.test", host_port(h), alice);
    request_passes(alice, way_over(alice, host_uri(h), "bob"), dialled, "on");
    request_expect_none(came);
}

/* --- ports (1.7 b) -------------------------------------------------------- */

/* AUTH through the relay to a host that is found by name alone; the test
 * answers for it. */
static struct client *auth_by_name(struct client *c, struct host *h,
                                   const char *use)
{
    const struct request r = {
        .method = "AUTH",
        .to = scene_text(c->scene, "%s msrps://r2.test;tcp", c->uri)};
    const char *tid = request_say(c, &r);
    struct client *r2 = host_accept(h);
    struct got *g = talk_expect(r2, "AUTH");

    talk_say(r2,
             "MSRP %.*s 200 OK\r\nTo-Path: %.*s\r\nFrom-Path: %.*s\r\n"
             "Use-Path: %s %s\r\nExpires: 1800\r\n-------%.*s$\r\n",
             SPAN_ARG(msg_text(&g->head, g->head.tid)),
             SPAN_ARG(msg_text(&g->head, g->head.from)),
             SPAN_ARG(msg_text(&g->head, g->head.to)), c->uri, use,
             SPAN_ARG(msg_text(&g->head, g->head.tid)));
    request_expect_code(c, tid, 200);
    return r2;
}

static void a_relay_found_by_name_alone_is_that_port_alone(void **state)
{
    const struct host_opts by_name = {
        .name = "r2.test", .tls = true, .srv = true};
    const struct host_opts by_port = {.name = "r2.test", .tls = true};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &by_name), *other = host_new(s, &by_port);
    struct client *alice = login(s, "alice"), *r2, *r2_too;

    r2 = auth_by_name(alice, h, host_uri(h));
    r2_too = dials(alice, way_over(alice, host_uri(other), "bob"), other);
    request_expect_none(r2);
    request_passes(alice, way_over(alice, host_uri(h), "bob"), r2, "first");
    request_passes(alice, way_over(alice, host_uri(other), "bob"), r2_too,
                   "second");
    assert_int_equal(host_connections(h), 1);
    assert_int_equal(host_connections(other), 1);
}

/* The port of its URIs need not be the one it was dialled at. */
static void the_use_path_says_what_a_relay_is(void **state)
{
    const struct host_opts by_name = {
        .name = "r2.test", .tls = true, .srv = true};
    struct scene *s = outside_start(state, NULL);
    struct host *h = host_new(s, &by_name);
    struct client *alice = login(s, "alice"), *r2;
    static const char use[] = "msrps://r2.test:7777/given;tcp";

    r2 = auth_by_name(alice, h, use);
    request_passes(alice, way_over(alice, use, "bob"), r2, "to its own port");
    assert_int_equal(host_connections(h), 1);
}

/* --- farms (1.7 c) -------------------------------------------------------- */

#define FARM "farm.test"
static const char *const users[] = {"bob", "carol", "dave"};

enum { FARM_SIZE = 3 };

/* Three relays of one name, each with a user who has a URI here as well. */
static void each_user_of_a_farm_is_reached_where_he_is(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct client *alice = login(s, "alice"), *c[FARM_SIZE];

    outside_srv(s, CHAIN_INTRA, 0, relay_port(s->relay, RELAY_TLS),
                CHAIN_INTRA);
    for (int i = 0; i < FARM_SIZE; i++) {
        struct relay *r = chain_add(s, FARM, NULL);

        c[i] = scene_connect_to(s, r, users[i]);
        login_on(c[i]);
        chain_login(c[i], s->relay);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < FARM_SIZE; i++) {
            request_passes(alice, talk_path(alice, c[i]), c[i], "there");
            request_passes(c[i], talk_path(c[i], alice), alice, "back");
        }
    assert_int_equal(chain_links(s->relay), FARM_SIZE);
}

/* The same when their links are gone: the relay dials the port that a user is
 * behind (R4976-6.3-g). */
static void a_user_of_a_farm_is_dialled_where_he_is(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");
    const char *to[FARM_SIZE];
    struct host *h[FARM_SIZE];

    for (int i = 0; i < FARM_SIZE; i++) {
        struct client *link;

        h[i] = host_new(s, &(struct host_opts){.name = FARM, .tls = true});
        link = peer_relay_connect(
            s,
            &(struct peer_relay_opts){.name = FARM, .port = host_port(h[i])});
        link->own = scene_text(s, "%s", host_uri(h[i]));
        to[i] = scene_text(s, "%s %s %s", alice->uri,
                           peer_relay_grant(link, users[i]),
                           peer_relay_from(link, users[i]));
        request_passes(alice, to[i], link, "over the link");
        request_expect_none(link);
        client_close(link);
        scene_wait_closed(link);
    }
    for (int i = FARM_SIZE - 1; i >= 0; i--)
        dials(alice, to[i], h[i]);
    for (int i = 0; i < FARM_SIZE; i++)
        assert_int_equal(host_connections(h[i]), 1);
}

/* Still right: this relay as the inner one of two that share a name. */
static void two_outer_relays_may_share_a_name(void **state)
{
    static const struct host_opts peer = {.name = "peer.example.org",
                                          .tls = true};
    struct scene *s = chain_start(state, NULL);
    struct client *c[2];
    struct host *h;

    for (int i = 0; i < 2; i++) {
        struct relay *r = chain_add(s, CHAIN_EXTRA, NULL);

        c[i] = login(s, users[i]);
        chain_login_at(c[i], r);
    }
    h = host_new(s, &peer);
    for (int i = 0; i < 2; i++) {
        struct client *there = dials(c[i], host_path(c[i], h), h);

        request_passes(there, talk_path(there, c[i]), c[i], "back");
        request_passes(c[i], host_path(c[i], h), there, "and there");
    }
    request_passes(c[0], talk_path(c[0], c[1]), c[1], "to each other");
    request_passes(c[1], talk_path(c[1], c[0]), c[0], "and back");
    assert_int_equal(chain_links(s->relay), 2);
}

/* --- circles (3.8) -------------------------------------------------------- */

/* A path that leaves this relay and comes back to it `times` times. */
static const char *circle(const struct client *c, const struct host *h,
                          const char *self, int times)
{
    const char *path = scene_text(c->scene, "%s %s", c->uri, host_uri(h));

    for (int i = 0; i < times; i++)
        path = scene_text(c->scene, "%s %s/t%d;tcp %s", path, self, i,
                          host_uri(h));
    return path;
}

static void a_path_that_returns_twice_is_403(void **state)
{
    static const struct outside_opts opts = {
        .relay.relay = "aliases = [ \"alias.test\" ];"};
    struct scene *s = outside_start(state, &opts);
    unsigned tls = relay_port(s->relay, RELAY_TLS);
    const char *const selves[] = {
        scene_text(s, "msrps://" RELAY_NAME ":%u", tls),
        scene_text(s, "msrps://ALIAS.test:%u", tls),
        scene_text(s, "msrp://" RELAY_NAME ":%u",
                   relay_port(s->relay, RELAY_TCP)),
    };
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r2.test", .tls = true});
    struct client *alice = login(s, "alice");

    for (size_t i = 0; i < sizeof selves / sizeof *selves; i++) {
        struct request r = {.from = NULL};

        for (int times = 2; times < 5; times++)
            for (size_t j = 0; (r.method = request_methods[j]); j++) {
                r.to = circle(alice, h, selves[i], times);
                request_gets(alice, &r, 403);
            }
        r.method = "AUTH";
        r.to = scene_text(s, "%s msrps://" RELAY_NAME ":%u;tcp",
                          circle(alice, h, selves[i], 1), tls);
        request_gets(alice, &r, 403);
    }
    request_expect_none(alice);
    assert_int_equal(host_connections(h), 0);
}

static void a_path_that_returns_once_is_taken(void **state)
{
    struct scene *s = outside_start(state, NULL);
    const char *self = scene_text(s, "msrps://" RELAY_NAME ":%u",
                                  relay_port(s->relay, RELAY_TLS));
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r2.test", .tls = true});
    struct client *alice = login(s, "alice");

    dials(alice, circle(alice, h, self, 1), h);
}

/* Two users of one inner relay, each with a URI of the same outer one. */
static void two_users_of_one_inner_relay_talk(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = chain_client(s, extra, "alice");
    struct client *carol = chain_client(s, extra, "carol");

    request_passes(alice, talk_path(alice, carol), carol, "round");
    request_passes(carol, talk_path(carol, alice), alice, "and round");
}

/* Logins that go back and forth end before they multiply anything. */
static void logins_do_not_go_round_in_circles(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *mallory = chain_client(s, extra, "dave");
    struct request r = {.method = "AUTH"};
    unsigned code;

    outside_srv(s, CHAIN_INTRA, 0, relay_port(s->relay, RELAY_TLS),
                CHAIN_INTRA);
    chain_login(mallory, s->relay);
    chain_login(mallory, extra);
    r.to = scene_text(s, "%s msrps://" CHAIN_INTRA ";tcp", mallory->uri);
    code = request_answer(mallory, request_say(mallory, &r))->head.code;
    assert_int_equal(code, 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_wildcard_permits_and_does_not_address),
        E2E_TEST(a_link_is_every_authority_that_it_has_spoken_as),
        E2E_TEST(other_names_of_a_certificate_are_dialled),
        E2E_TEST(a_dialled_link_goes_before_one_that_claims),
        E2E_TEST(a_relay_found_by_name_alone_is_that_port_alone),
        E2E_TEST(the_use_path_says_what_a_relay_is),
        E2E_TEST(each_user_of_a_farm_is_reached_where_he_is),
        E2E_TEST(a_user_of_a_farm_is_dialled_where_he_is),
        E2E_TEST(two_outer_relays_may_share_a_name),
        E2E_TEST(a_path_that_returns_twice_is_403),
        E2E_TEST(a_path_that_returns_once_is_taken),
        E2E_TEST(two_users_of_one_inner_relay_talk),
        E2E_TEST(logins_do_not_go_round_in_circles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
