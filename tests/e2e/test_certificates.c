/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection with a host's certificate speaks for that host and no other, and
 * so does the way back (S-3, S-7); and who counts as a host (S-4). What each
 * kind of certificate is worth is in test_certificate_matrix.c. */
#include "chain.h"
#include "cmocka_all.h"
#include "peer_relay.h"

static const struct outside_opts soon = {.relay.groups =
                                             "timers: { transaction = 0.5; };"};

/* May it speak for a user? */
static void assert_is_host(struct client *c, struct client *alice, bool is)
{
    const struct request r = {.to = request_way_to(alice),
                              .from = peer_relay_from(c, "bob")};

    request_expect_code(c, request_say(c, &r), is ? 200 : 403);
    if (is)
        talk_answer(alice, talk_expect(alice, "SEND"), 200);
    request_expect_none(alice);
}

/* What it says is the word of r1, or of a lone peer: never its own. */
static void assert_speaks_for_itself_alone(struct client *r3,
                                           struct client *alice)
{
    const char *const others[] = {
        "msrps://r1.test:7001/t;tcp msrps://bob.test:4000/bob;tcp",
        "msrps://bob.test:4000/bob;tcp",
        "msrp://127.0.0.1:7003/x;tcp",
        "msrps://r3.test.example:7003/t;tcp msrps://bob.test:4000/bob;tcp",
        "msrps://sub.r3.test:7003/t;tcp msrps://bob.test:4000/bob;tcp",
    };
    struct request r = {.to = request_way_to(alice)};

    assert_is_host(r3, alice, true);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        r.from = others[i];
        for (size_t j = 0; (r.method = request_methods[j]); j++)
            request_gets(r3, &r, 403);
        request_expect_none(r3); /* which stays */
    }
    request_expect_none(alice);
    assert_is_host(r3, alice, true);
}

static void a_host_that_came_speaks_for_itself_alone(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct client *alice = login(s, "alice");

    assert_speaks_for_itself_alone(peer_relay_connect(s, NULL), alice);
}

static void a_host_that_was_dialled_speaks_for_itself_alone(void **state)
{
    struct scene *s = outside_start(state, NULL);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r3.test", .tls = true});
    struct client *alice = login(s, "alice"), *r3;
    const struct request r = {
        .to = scene_text(s, "%s %s msrps://bob.test:4000/bob;tcp", alice->uri,
                         host_uri(h))};

    request_expect_code(alice, request_say(alice, &r), 200);
    r3 = host_accept(h);
    talk_answer(r3, talk_expect(r3, "SEND"), 200);
    assert_speaks_for_itself_alone(r3, alice);
}

/* Waits until what was said to the mute client before has failed. */
static void wait_failures(struct client *clock, const struct client *mute)
{
    const struct request r = {.to = talk_path(clock, mute)};

    request_expect_code(clock, request_say(clock, &r), 200);
    talk_expect(clock, "REPORT");
    request_skip(clock);
}

/* 1.5: the failure of what it said does not make the relay dial that URI. */
static void an_unproven_from_path_is_not_dialled(void **state)
{
    struct scene *s = outside_start(state, &soon);
    struct host *clear =
        host_new(s, &(struct host_opts){.name = "victim.example.org"});
    struct host *secure = host_new(
        s, &(struct host_opts){.name = "secure.example.org", .tls = true});
    const char *const uris[] = {
        scene_text(s, "msrp://127.0.0.1:%u/x;tcp", host_port(clear)),
        host_uri(clear),
        host_uri(secure),
        scene_text(s, "%s msrps://bob.test:4000/b;tcp", host_uri(secure)),
    };
    struct client *bob = login(s, "bob"), *carol = login(s, "carol");

    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        const struct request r = {.to = request_way_to(bob), .from = uris[i]};
        struct client *from[] = {peer_relay_connect(s, NULL),
                                 scene_connect(s, RELAY_TLS, "mallory"),
                                 scene_connect(s, RELAY_TCP, "mallory")};

        for (size_t j = 0; j < sizeof from / sizeof *from; j++) {
            request_answer(from[j], request_say(from[j], &r));
            client_vanish(from[j]);
        }
    }
    wait_failures(carol, bob);
    assert_int_equal(host_connections(clear), 0);
    assert_int_equal(host_connections(secure), 0);
}

/* Still right: a host that had proved itself is dialled back. */
static void a_report_finds_the_host_that_proved_itself(void **state)
{
    struct scene *s = outside_start(state, &soon);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r1.test", .tls = true});
    const struct peer_relay_opts opts = {.name = "r1.test",
                                         .port = host_port(h)};
    struct client *bob = login(s, "bob"), *back;
    struct client *came = peer_relay_connect(s, &opts);
    const struct request r = {.to = request_way_to(bob),
                              .from = peer_relay_from(came, "alice")};

    request_expect_code(came, request_say(came, &r), 200);
    client_close(came);
    back = host_accept(h);
    assert_string_equal(
        talk_header(back, talk_expect(back, "REPORT"), "Status"),
        "000 408 Timeout");
}

/* --- who counts as a host (S-4) ------------------------------------------- */

static const struct peer_relay_opts r1 = {.name = "r1.test", .port = 7001};

static void only_named_relays_are_hosts(void **state)
{
    static const struct outside_opts opts = {
        .relay.groups =
            "relays: { names = [ \"r1.test\", \"*.wild.test\" ]; };"};
    static const struct peer_relay_opts wild = {.name = "a.wild.test"};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice");

    assert_is_host(peer_relay_connect(s, &r1), alice, true);
    assert_is_host(peer_relay_connect(s, &wild), alice, true);
    assert_is_host(peer_relay_connect(s, NULL), alice, false);
}

/* Who is not admitted is nobody's relay when it was dialled, either: its
 * certificate is still what makes it the last of a path. */
static void a_host_that_is_not_named_serves_as_a_lone_peer(void **state)
{
    static const struct outside_opts opts = {
        .relay.groups = "relays: { names = [ \"r1.test\" ]; };"};
    struct scene *s = outside_start(state, &opts);
    struct host *h =
        host_new(s, &(struct host_opts){.name = "r3.test", .tls = true});
    struct client *alice = login(s, "alice"), *r3;
    struct request r = {.to = host_path(alice, h), .text = "to you"};
    const char *tid = request_say(alice, &r);

    r3 = host_accept(h);
    talk_answer(r3, talk_expect_body(r3, SPAN("to you"), '$'), 200);
    request_expect_code(alice, tid, 200);
    r.to =
        scene_text(s, "%s msrps://bob.test:4000/bob;tcp", host_path(alice, h));
    assert_int_not_equal(
        request_answer(alice, request_say(alice, &r))->head.code, 200);
    request_expect_none(r3);
}

/* Connects with a certificate of another authority: either the handshake fails,
 * or it counts for nothing. */
static void assert_no_host(struct scene *s, const struct peer_relay_opts *opts,
                           struct client *alice)
{
    struct client *c = peer_relay_try(s, opts);
    const struct request r = {.to = request_way_to(alice),
                              .from = peer_relay_from(c, "bob")};
    const char *tid = request_say(c, &r);

    while (c->state != CLIENT_ENDED && list_is_empty(&c->got))
        scene_turn(s, now_ms() + DEADLINE_MS);
    if (c->state != CLIENT_ENDED)
        request_expect_code(c, tid, 403);
    request_expect_none(alice);
}

static void relays_may_have_an_authority_of_their_own(void **state)
{
    struct tls_files *theirs = tls_files_new();
    char *groups;
    struct outside_opts opts = {.relay.groups = NULL};
    const struct peer_relay_opts member = {.files = theirs};
    struct client *alice;
    struct scene *s;

    assert_true(asprintf(&groups, "relays: { ca_file = \"%s\"; };",
                         tls_files_path(theirs, "ca.pem")) > 0);
    opts.relay.groups = groups;
    s = outside_start(state, &opts);
    free(groups);
    alice = login(s, "alice");
    assert_is_host(peer_relay_connect(s, &member), alice, true);
    assert_no_host(s, NULL, alice); /* of tls.ca_file */
    tls_files_free(theirs);
}

/* Closed laboratories: relays without certificates (S-3, 5.4). */
static void addresses_make_relays_where_they_are_listed(void **state)
{
    static const struct outside_opts opts = {
        .relay.groups = "relays: { addresses = [ \"127.0.0.0/8\" ]; };"};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *clear = scene_connect(s, RELAY_TCP, "clear");
    struct client *secure = scene_connect(s, RELAY_TLS, "secure");
    struct client *host = peer_relay_connect(s, &r1);
    struct request r = {.to = request_way_to(alice)};

    clear->own = scene_text(s, "msrp://old.test:7001/x;tcp");
    secure->own = scene_text(s, "msrps://older.test:7002/x;tcp");
    assert_is_host(clear, alice, true);
    assert_is_host(secure, alice, true);
    assert_is_host(host, alice, true);
    r.from = peer_relay_from(host, "bob"); /* which has a certificate */
    request_gets(secure, &r, 403);
    r.from = "msrps://old.test:7001/x;tcp msrps://bob.test:4000/b;tcp";
    request_gets(clear, &r, 403);
    request_expect_none(alice);
    r = (struct request){.to = scene_text(s, "%s %s", alice->uri,
                                          peer_relay_from(clear, "bob"))};
    request_expect_code(alice, request_say(alice, &r), 200);
    talk_expect(clear, "SEND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_host_that_came_speaks_for_itself_alone),
        E2E_TEST(a_host_that_was_dialled_speaks_for_itself_alone),
        E2E_TEST(an_unproven_from_path_is_not_dialled),
        E2E_TEST(a_report_finds_the_host_that_proved_itself),
        E2E_TEST(only_named_relays_are_hosts),
        E2E_TEST(a_host_that_is_not_named_serves_as_a_lone_peer),
        E2E_TEST(relays_may_have_an_authority_of_their_own),
        E2E_TEST(addresses_make_relays_where_they_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
