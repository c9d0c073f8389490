/* SPDX-License-Identifier: BSD-2-Clause */
#include "route.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "texts.h"

enum { NOW_MS = 1000000 };

#define BOB "msrps://bob.example:9/b;tcp"

/* Alice and Bob are clients, a relay has a session too; the stranger is nobody.
 * In paths A, B, R stand for their URIs. */
struct bench {
    struct relay_links links;
    struct rnd rnd;
    struct sessions all;
    struct policy policy;
    struct fake_link alice, bob, relay, stranger;
    struct session *of_alice, *of_bob, *of_relay;
    char text[1024];
    struct route route;
};

static struct session *session_for(struct bench *b, struct fake_link *f,
                                   uint64_t number, struct span home)
{
    struct session *ss;

    fake_link_init(f, number);
    ss = session_new(&b->all, &(struct session_grant){
                                  .link = &f->link,
                                  .home = home,
                                  .home_port = 2855,
                                  .host = b->policy.name,
                                  .port = 2855,
                                  .secure = true,
                                  .expires_ms = NOW_MS + 60000,
                              });
    assert_non_null(ss);
    return ss;
}

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};
    static const struct span aliases[] = {{"alias.example", 13}};
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    b->policy = (struct policy){.name = SPAN("r.example"),
                                .aliases = aliases,
                                .n_aliases = 1,
                                .realm = SPAN("example"),
                                .ports = {2855, 8443},
                                .n_ports = 2};
    rnd_init(&b->rnd);
    assert_int_equal(sessions_init(&b->all, &b->rnd, NOW_MS), 0);
    assert_int_equal(relay_links_init(&b->links, &b->policy, seed), 0);
    b->of_alice = session_for(b, &b->alice, 1, SPAN(""));
    b->of_bob = session_for(b, &b->bob, 2, SPAN(""));
    b->of_relay = session_for(b, &b->relay, 3, SPAN("home.example"));
    b->relay.link.is_relay = true;
    fake_link_certify(&b->relay, "home.example");
    fake_link_init(&b->stranger, 4);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    sessions_link_closed(&b->all, &b->alice.link, SESSION_CONNECTION, NOW_MS);
    sessions_link_closed(&b->all, &b->bob.link, SESSION_CONNECTION, NOW_MS);
    sessions_link_closed(&b->all, &b->stranger.link, SESSION_CONNECTION,
                         NOW_MS);
    sessions_fini(&b->all, NOW_MS);
    relay_links_link_closed(&b->links, &b->relay.link);
    relay_links_link_closed(&b->links, &b->stranger.link);
    relay_links_fini(&b->links);
    fake_link_fini(&b->relay);
    fake_link_fini(&b->stranger);
    free(b);
    return 0;
}

/* A, B and R as words of a path become URIs. */
static struct span meant(const struct bench *b, struct span word)
{
    if (span_eq(word, SPAN("A")))
        return b->of_alice->uri.text;
    if (span_eq(word, SPAN("B")))
        return b->of_bob->uri.text;
    if (span_eq(word, SPAN("R")))
        return b->of_relay->uri.text;
    return word;
}

/* The way of such a request from that link. */
static const struct route *way(struct bench *b, struct fake_link *from,
                               const char *method, const char *to,
                               const char *from_path)
{
    struct span path = span_str(to), word;
    struct msg m;
    size_t n = (size_t)snprintf(b->text, sizeof b->text,
                                "MSRP abcd %s\r\nTo-Path:", method);

    while (msg_path_next(&word, &path)) {
        word = meant(b, word);
        n += (size_t)snprintf(b->text + n, sizeof b->text - n, " %.*s",
                              SPAN_ARG(word));
    }
    (void)snprintf(b->text + n, sizeof b->text - n,
                   "\r\nFrom-Path: %s\r\nMessage-ID: 1234\r\n%s", from_path,
                   strcmp(method, "REPORT") == 0 ? "Status: 000 200 OK\r\n"
                                                 : "");
    m = msg_of(b->text);
    route_find(&b->route, &b->policy, &b->all, &b->links,
               from ? &from->link : NULL, &m, NOW_MS);
    return &b->route;
}

static const struct route *sends(struct bench *b, struct fake_link *from,
                                 const char *to)
{
    return way(b, from, "SEND", to, "msrps://from.example:1/f;tcp");
}

#define HOME "msrps://home.example:2855/h;tcp msrps://c.example:1/c;tcp"

static void assert_refused(const struct route *r, unsigned code)
{
    assert_int_equal(r->kind, ROUTE_REFUSE);
    assert_int_equal(r->code, code);
}

static void assert_leads_to(const struct route *r, struct fake_link *f)
{
    assert_int_equal(r->kind, ROUTE_LINK);
    assert_ptr_equal(r->out, &f->link);
}

/* --- whose authority (R4976-6.2-b, I-9; RFC 4976, trap 22) --- */

static void ours_is_a_name_of_ours_with_a_port_of_ours(void **state)
{
    static const struct {
        const char *uri;
        bool ours, for_auth;
    } table[] = {
        {"msrps://r.example:2855;tcp", true, true},
        {"msrp://R.EXAMPLE:8443/x;ws", true, true},
        {"msrps://alias.example:2855;tcp", true, true},
        {"msrps://r.example:2856;tcp", false, false},
        {"msrps://r.example;tcp", false, true},
        {"msrps://alias.example;tcp", false, true},
        {"msrps://example:2855;tcp", false, true},
        {"msrps://example;tcp", false, true},
        {"msrps://other.example:2855;tcp", false, false},
        {"msrps://192.0.2.1:2855;tcp", false, false},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct uri u = uri_of(table[i].uri);

        assert_int_equal(route_is_ours(&b->policy, &b->all, &u, false, NOW_MS),
                         table[i].ours);
        assert_int_equal(route_is_ours(&b->policy, &b->all, &u, true, NOW_MS),
                         table[i].for_auth);
    }
}

/* After a reload has closed the listener. */
static void port_that_a_link_came_through_is_ours_for_it_alone(void **state)
{
    static const char former[] = "msrps://r.example:2854;tcp";
    struct bench *b = *state;

    b->alice.link.port = 2854;
    assert_int_equal(sends(b, &b->alice, former)->kind, ROUTE_LOCAL);
    assert_int_equal(way(b, &b->alice, "AUTH", former, BOB)->kind, ROUTE_LOCAL);
    assert_int_equal(sends(b, &b->bob, former)->kind, ROUTE_FOREIGN);
    assert_int_equal(
        sends(b, &b->alice, "msrps://other.example:2854;tcp")->kind,
        ROUTE_FOREIGN);
}

static void what_is_not_ours_is_foreign(void **state)
{
    struct bench *b = *state;

    assert_int_equal(sends(b, &b->alice, BOB)->kind, ROUTE_FOREIGN);
    assert_int_equal(sends(b, &b->alice, BOB " A")->kind, ROUTE_FOREIGN);
    assert_int_equal(
        way(b, &b->alice, "AUTH", "msrps://example;tcp " BOB, BOB)->kind,
        ROUTE_FOREIGN);
}

/* --- the relay itself (P-7) --- */

static void with_nothing_behind_it_is_for_the_relay(void **state)
{
    struct bench *b = *state;

    assert_int_equal(sends(b, &b->alice, "A")->kind, ROUTE_LOCAL);
    assert_ptr_equal(b->route.session, b->of_alice);
    assert_int_equal(sends(b, &b->stranger, "A")->kind, ROUTE_LOCAL);
    assert_int_equal(sends(b, &b->stranger, "msrps://r.example:2855;tcp")->kind,
                     ROUTE_LOCAL);
    assert_null(b->route.session);
    assert_refused(sends(b, &b->stranger, "msrps://r.example:2855/none;tcp"),
                   481);
    assert_int_equal(
        way(b, &b->stranger, "AUTH", "msrps://example;tcp", BOB)->kind,
        ROUTE_LOCAL);
}

/* --- out (R4976-6.4-b) --- */

static void a_client_is_led_out_through_its_own_uri(void **state)
{
    struct bench *b = *state;
    const struct route *r = sends(b, &b->alice, "A " BOB " msrps://c:1/c;tcp");

    assert_int_equal(r->kind, ROUTE_DIAL);
    assert_span_equal(r->next.text, SPAN(BOB));
    assert_span(r->to, BOB " msrps://c:1/c;tcp");
    assert_int_equal(r->n_own, 1);
    assert_span_equal(r->own[0], b->of_alice->uri.text);
    assert_ptr_equal(r->session, b->of_alice);
}

static void who_spoke_to_it_is_reached_over_his_connection(void **state)
{
    struct bench *b = *state;

    assert_leads_to(way(b, &b->stranger, "SEND", "A msrps://a:1/a;tcp",
                        "msrps://s.invalid:9/s;ws"),
                    &b->alice);
    assert_leads_to(sends(b, &b->alice, "A msrps://S.invalid:9/s;ws"),
                    &b->stranger);
    /* For that session only. */
    assert_int_equal(sends(b, &b->bob, "B msrps://s.invalid:9/s;ws")->kind,
                     ROUTE_DIAL);
}

static void another_connection_may_not_use_it(void **state)
{
    struct bench *b = *state;

    assert_refused(sends(b, &b->bob, "A " BOB " " BOB), 403);
    assert_refused(sends(b, &b->stranger, "A " BOB " " BOB), 403);
    assert_refused(sends(b, &b->stranger, "A B " BOB), 403);
}

static void a_relays_client_is_led_out_over_any_link_of_that_name(void **state)
{
    struct bench *b = *state;
    struct fake_link second;

    fake_link_init(&second, 9);
    second.link.is_relay = true;
    fake_link_certify(&second, "home.example");
    assert_int_equal(way(b, &b->relay, "SEND", "R " BOB, HOME)->kind,
                     ROUTE_DIAL);
    assert_int_equal(way(b, &second, "SEND", "R " BOB, HOME)->kind, ROUTE_DIAL);
    relay_links_link_closed(&b->links, &second.link);
    fake_link_fini(&second);
    fake_link_init(&second, 9);
    second.link.is_relay = true;
    fake_link_certify(&second, "other.example");
    assert_refused(way(b, &second, "SEND", "R " BOB, HOME), 403);
    assert_refused(
        way(b, &second, "SEND", "R " BOB, "msrps://other.example:2855/x;tcp"),
        403);
    relay_links_link_closed(&b->links, &second.link);
    fake_link_fini(&second);
}

/* --- in (R4976-9.3-a, P-9, P-10) --- */

static void anybody_is_led_to_the_client_and_no_further(void **state)
{
    struct bench *b = *state;

    assert_leads_to(sends(b, &b->stranger, "A msrps://a:1/a;tcp"), &b->alice);
    assert_leads_to(way(b, &b->bob, "SEND", "A msrps://a:1/a;tcp", BOB),
                    &b->alice);
    assert_refused(sends(b, &b->bob, "A msrps://a:1/a;tcp " BOB), 403);
}

static void anybody_is_led_to_a_relay_by_its_name(void **state)
{
    struct bench *b = *state;
    const struct route *r = sends(
        b, &b->stranger, "R msrps://HOME.example:2855/h;tcp msrps://a:1/a;tcp");

    assert_int_equal(r->kind, ROUTE_DIAL);
    assert_span(r->next.text, "msrps://HOME.example:2855/h;tcp");
    assert_true(r->as_relay);
    assert_refused(sends(b, &b->stranger, "R msrps://other:2855/h;tcp"), 403);
    assert_refused(sends(b, &b->stranger, "R msrps://home.example:1/h;tcp"),
                   403);
}

static void a_second_speaker_of_the_same_name_is_refused(void **state)
{
    struct bench *b = *state;

    assert_leads_to(sends(b, &b->stranger, "A msrps://a:1/a;tcp"), &b->alice);
    assert_refused(sends(b, &b->bob, "A msrps://a:1/a;tcp"), 506);
    b->stranger.link.closing = true;
    assert_leads_to(sends(b, &b->bob, "A msrps://a:1/a;tcp"), &b->alice);
    b->stranger.link.closing = false;
}

/* Success REPORTs, which clients make by themselves, hold nobody's place. */
static void a_report_does_not_make_a_peer_stay(void **state)
{
    struct bench *b = *state;
    char from[64], to[80];

    for (unsigned i = 0; i < SESSION_PEERS_MAX; i++) {
        (void)snprintf(from, sizeof from, "msrps://m%u.example:9/x;tcp", i);
        (void)snprintf(to, sizeof to, "A %s", from);
        (void)way(b, &b->stranger, "SEND", "A msrps://a:1/a;tcp", from);
        assert_leads_to(way(b, &b->alice, "REPORT", to, "msrps://a:1/a;tcp"),
                        &b->stranger);
    }
    assert_int_equal(b->of_alice->n_peers, SESSION_UNWRITTEN_MAX);
    (void)way(b, &b->alice, "SEND", to, "msrps://a:1/a;tcp");
    (void)way(b, &b->stranger, "SEND", "A msrps://a:1/a;tcp",
              "msrps://more.example:9/x;tcp");
    assert_int_equal(b->of_alice->n_peers, SESSION_UNWRITTEN_MAX + 1);
}

/* S-35: AUTH is for this relay, and leads no WebSocket further. */
static void a_websocket_without_session_only_logs_in(void **state)
{
    struct bench *b = *state;

    b->stranger.link.needs_session = true;
    assert_refused(sends(b, &b->stranger, "A msrps://a:1/a;tcp"), 403);
    assert_refused(way(b, &b->stranger, "AUTH", "A msrps://a:1/a;tcp",
                       "msrps://from.example:1/f;tcp"),
                   403);
    assert_int_equal(b->of_alice->n_peers, 0);
    assert_int_equal(way(b, &b->stranger, "AUTH", "msrps://r.example;tcp",
                         "msrps://from.example:1/f;tcp")
                         ->kind,
                     ROUTE_LOCAL);
}

/* Many speak over a relay's link, so it is not bound. */
static void a_relay_binds_nobody(void **state)
{
    struct bench *b = *state;

    assert_leads_to(way(b, &b->relay, "SEND", "A msrps://a:1/a;tcp", HOME),
                    &b->alice);
    assert_leads_to(sends(b, &b->stranger, "A msrps://a:1/a;tcp"), &b->alice);
    assert_int_equal(b->of_alice->n_peers, 1);
}

/* --- both here (RFC 4976, trap 19) --- */

static void uris_of_ours_in_a_row_are_each_authorised(void **state)
{
    struct bench *b = *state;
    const struct route *r = sends(b, &b->alice, "A B " BOB);

    assert_leads_to(r, &b->bob);
    assert_int_equal(r->n_own, 2);
    assert_span_equal(r->own[0], b->of_alice->uri.text);
    assert_span_equal(r->own[1], b->of_bob->uri.text);
    assert_ptr_equal(r->session, b->of_bob);
    assert_span(r->to, BOB);
    assert_int_equal(b->of_bob->n_peers, 0);

    /* Not on from there, and not from Bob's side. */
    assert_refused(sends(b, &b->alice, "A B " BOB " " BOB), 403);
    assert_refused(sends(b, &b->alice, "B A " BOB), 403);
    assert_refused(
        sends(b, &b->alice, "A msrps://r.example:2855/none;tcp " BOB), 481);
    assert_refused(sends(b, &b->alice, "A msrps://r.example:2855;tcp " BOB),
                   481);
}

static void more_of_ours_than_two_lead_nowhere(void **state)
{
    struct bench *b = *state;

    assert_refused(sends(b, &b->alice, "A A A " BOB), 403);
    assert_refused(sends(b, &b->alice, "A B A " BOB), 403);
}

/* A session's own URI behind itself leads home. */
static void a_client_reaches_itself(void **state)
{
    struct bench *b = *state;

    assert_leads_to(sends(b, &b->alice, "A A msrps://a:1/a;tcp"), &b->alice);
}

/* --- what is no session any more (R4976-6.3-i, -j, P-3) --- */

static void what_is_over_is_refused(void **state)
{
    struct bench *b = *state;

    b->of_bob->expires_ms = NOW_MS;
    assert_refused(sends(b, &b->alice, "A B " BOB), 481);
    assert_refused(sends(b, &b->bob, "B " BOB), 481);
    assert_refused(sends(b, &b->bob, "B"), 481);
    b->alice.link.closing = true;
    assert_refused(sends(b, &b->stranger, "A msrps://a:1/a;tcp"), 481);
    b->alice.link.closing = false;
}

/* --- malformed (R4976-8-a, -b, P-13) --- */

static void every_uri_must_be_one_and_have_a_port(void **state)
{
    static const char *const bad[] = {"A msrps://b.example/b;tcp",
                                      "A nonsense",
                                      "A " BOB " nonsense",
                                      "A " BOB " msrps://b.example/b;tcp",
                                      "nonsense",
                                      "A msrps://192.0.2.1/b;tcp"};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(sends(b, &b->alice, bad[i]), 400);
    assert_refused(way(b, &b->alice, "SEND", "A " BOB, "msrps://a;tcp"), 400);
    assert_refused(way(b, &b->alice, "SEND", "A " BOB, BOB " nonsense"), 400);
    /* An AUTH may go to a name without port (R4976-8-d). */
    assert_int_equal(
        way(b, &b->alice, "AUTH", "A msrps://b.example;tcp", BOB)->kind,
        ROUTE_DIAL);
}

/* --- answers on their way back (R4976-6.4.3-a, -e) --- */

static void an_answer_loses_our_uris_in_front(void **state)
{
    static const struct {
        const char *to, *rest;
        size_t n_own;
        bool goes_on;
    } table[] = {
        {"msrps://r.example:2855/x;tcp msrps://a:1/a;tcp", "msrps://a:1/a;tcp",
         1, true},
        {"msrps://r.example:2855/x;tcp msrps://r.example:8443/y;tcp " BOB
         " msrps://a:1/a;tcp",
         BOB " msrps://a:1/a;tcp", 2, true},
        {"msrps://r.example:2855/x;tcp", "", 1, false},
        {BOB " msrps://r.example:2855/x;tcp", "", 0, false},
        {"nonsense", "", 0, false},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct span to, own[PENDING_SEND_OWN_MAX];
        struct msg m;
        size_t n_own;

        (void)snprintf(b->text, sizeof b->text,
                       "MSRP abcd 200 OK\r\nTo-Path: %s\r\nFrom-Path: " BOB
                       "\r\n",
                       table[i].to);
        m = msg_of(b->text);
        assert_int_equal(
            route_answer(&b->policy, &b->all, &m, &to, own, &n_own, NOW_MS),
            table[i].goes_on);
        if (!table[i].goes_on)
            continue;
        assert_int_equal(n_own, table[i].n_own);
        assert_span_equal(to, span_str(table[i].rest));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Listeners of one port may differ by address and name. */
static void a_port_has_the_name_that_its_listeners_agree_on(void **state)
{
    struct policy p = {.name = SPAN("r.example"),
                       .ports = {443, 2855, 2855, 8443, 8443},
                       .n_ports = 5,
                       .port_names = {SPAN("edge.example"), SPAN("a.example"),
                                      SPAN("b.example"), SPAN("c.example"),
                                      SPAN("C.example")},
                       .n_port_names = 5};

    (void)state;
    assert_span_equal(route_port_name(&p, 443), SPAN("edge.example"));
    assert_span_equal(route_port_name(&p, 2855), SPAN("r.example"));
    assert_span_equal(route_port_name(&p, 8443), SPAN("C.example"));
    assert_span_equal(route_port_name(&p, 1), SPAN("r.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ours_is_a_name_of_ours_with_a_port_of_ours),
        TEST(port_that_a_link_came_through_is_ours_for_it_alone),
        TEST(what_is_not_ours_is_foreign),
        TEST(with_nothing_behind_it_is_for_the_relay),
        TEST(a_client_is_led_out_through_its_own_uri),
        TEST(who_spoke_to_it_is_reached_over_his_connection),
        TEST(another_connection_may_not_use_it),
        TEST(a_relays_client_is_led_out_over_any_link_of_that_name),
        TEST(anybody_is_led_to_the_client_and_no_further),
        TEST(anybody_is_led_to_a_relay_by_its_name),
        TEST(a_second_speaker_of_the_same_name_is_refused),
        TEST(a_report_does_not_make_a_peer_stay),
        TEST(a_websocket_without_session_only_logs_in),
        TEST(a_relay_binds_nobody),
        TEST(uris_of_ours_in_a_row_are_each_authorised),
        TEST(more_of_ours_than_two_lead_nowhere),
        TEST(a_client_reaches_itself),
        TEST(what_is_over_is_refused),
        TEST(every_uri_must_be_one_and_have_a_port),
        TEST(an_answer_loses_our_uris_in_front),
        cmocka_unit_test(a_port_has_the_name_that_its_listeners_agree_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
