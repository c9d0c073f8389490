/* SPDX-License-Identifier: BSD-2-Clause */
/* Relays behind each other: AUTH, SEND and REPORT through two and three of them
 * (RFC 4976, 5, 6 and 8). */
#include "chain.h"
#include "cmocka_all.h"
#include "flow.h"

enum { MIB = 1 << 20 };

static const struct outside_opts soon = {.relay.groups =
                                             "timers: { transaction = 0.5; };"};
static const struct host_opts bobs = {.name = "bob.example.org", .tls = true};

static const char *send_to(struct client *c, const struct host *h,
                           const char *text)
{
    const struct send s = {.to = host_path(c, h), .body = span_str(text)};

    return talk_send(c, NULL, &s);
}

/* The peer, which was dialled, speaks to the client. */
static const char *send_back(struct client *peer, const struct client *c,
                             const char *text)
{
    const struct send s = {.to = talk_path(peer, c), .body = span_str(text)};

    return talk_send(peer, NULL, &s);
}

/* Its URI at intra. */
static const char *first_uri(const struct client *c)
{
    return scene_text(c->scene, "%.*s", (int)strcspn(c->uri, " "), c->uri);
}

/* A text from the one to the other, answered on both sides. */
static void pass_text(struct client *from, struct client *to, const char *text)
{
    talk_expect_code(from, talk_text(from, to, text), 200);
    talk_answer(to, talk_expect_body(to, span_str(text), '$'), 200);
}

static void talk_with_bob(struct client *alice, struct host *h)
{
    const char *tid = send_to(alice, h, "Hello Bob");
    struct client *bob = host_accept(h);

    talk_expect_code(alice, tid, 200);
    talk_answer(bob, talk_expect_body(bob, SPAN("Hello Bob"), '$'), 200);
    tid = send_back(bob, alice, "Hello Alice");
    talk_expect_code(bob, tid, 200);
    talk_answer(alice, talk_expect_body(alice, SPAN("Hello Alice"), '$'), 200);
    talk_expect_nothing(alice);
}

/* --- the way there and back ----------------------------------------------- */

static void a_client_gets_a_way_through_two_relays(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);

    talk_with_bob(chain_client(s, extra, "alice"), h);
    assert_int_equal(chain_links(extra), 2);    /* intra and Bob */
    assert_int_equal(chain_links(s->relay), 1); /* extra */
}

static void a_client_gets_a_way_through_three_relays(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct relay *third = chain_add(s, CHAIN_THIRD, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");

    chain_login(alice, third);
    talk_with_bob(alice, h);
}

static void each_user_has_a_relay(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = login(s, "alice");
    struct client *bob = scene_connect_to(s, extra, "bob");

    login_on(bob);
    pass_text(alice, bob, "there");
    pass_text(bob, alice, "and back");
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
    /* The link is the one that intra has made (B4975-5.4-a). */
    assert_int_equal(chain_links(s->relay), 1);
    assert_int_equal(chain_links(extra), 1);
}

static void links_need_certificates_for_servers_only(void **state)
{
    const struct outside_opts server = {.relay.usage = "serverAuth"};
    struct scene *s = chain_start(state, &server);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, &server);
    struct host *h = host_new(s, &bobs);

    talk_with_bob(chain_client(s, extra, "alice"), h);
}

static void sessions_share_a_link(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = chain_client(s, extra, "alice");
    struct client *carol = chain_client(s, extra, "carol");
    struct client *bob = scene_connect_to(s, extra, "bob");
    struct client *dave = scene_connect_to(s, extra, "dave");

    login_on(bob);
    login_on(dave);
    pass_text(alice, bob, "one");
    pass_text(dave, carol, "two");
    pass_text(carol, bob, "three");
    pass_text(bob, alice, "four");
    assert_int_equal(chain_links(extra), 1);
    assert_int_equal(chain_links(s->relay), 1);
}

static void a_large_message_passes_two_relays(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = login(s, "alice");
    struct client *bob = scene_connect_to(s, extra, "bob");

    login_on(bob);
    flow_pass(alice, bob, 64 * MIB, 64 * MIB, 65536);
}

/* --- SRV ------------------------------------------------------------------ */

static void a_dead_target_is_passed_over(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct host *dead =
        host_new(s, &(struct host_opts){.name = "dead.example.net"});
    struct relay *extra;

    host_close(dead);
    outside_srv(s, CHAIN_EXTRA, 0, host_port(dead), "dead.example.net");
    extra = outside_add_relay(
        s, &(struct outside_opts){
               .relay = {.name = CHAIN_EXTRA, .realm = CHAIN_EXTRA}});
    outside_srv(s, CHAIN_EXTRA, 1, relay_port(extra, RELAY_TLS),
                "alive.example.net");
    dns_stub_host(outside_names(s), "alive.example.net", 60, "127.0.0.1");
    chain_client(s, extra, "alice");
}

/* --- failures ------------------------------------------------------------- */

static void expect_report(struct client *c, const char *range,
                          const char *status, const char *from)
{
    struct got *g = talk_expect(c, "REPORT");

    assert_string_equal(talk_header(c, g, "Byte-Range"), range);
    assert_string_equal(talk_header(c, g, "Status"), status);
    assert_span_equal(msg_text(&g->head, g->head.to), span_str(c->own));
    assert_span_equal(msg_text(&g->head, g->head.from), span_str(from));
}

static void silence_at_the_far_end_is_reported(void **state)
{
    struct scene *s = chain_start(state, &soon);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, &soon);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");

    talk_expect_code(alice, send_to(alice, h, "anyone?"), 200);
    talk_expect_body(host_accept(h), SPAN("anyone?"), '$');
    expect_report(alice, "1-7/7", "000 408 Timeout", alice->uri);
    talk_expect_nothing(alice);
}

static void a_refusal_at_the_far_end_is_reported(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice"), *bob;

    talk_expect_code(alice, send_to(alice, h, "too much"), 200);
    bob = host_accept(h);
    talk_answer(bob, talk_expect_body(bob, SPAN("too much"), '$'), 413);
    expect_report(alice, "1-8/8", "000 413 Stop Sending", alice->uri);
    talk_expect_nothing(alice);
}

/* Extra cannot dial him: it answers, and intra reports. */
static void who_the_far_relay_cannot_reach_is_reported(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");

    host_close(h);
    talk_expect_code(alice, send_to(alice, h, "anyone?"), 200);
    expect_report(alice, "1-7/7", "000 408 Timeout", first_uri(alice));
    talk_expect_nothing(alice);
}

static void a_relay_that_cannot_be_reached_is_408(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct host *dead = host_new(
        s, &(struct host_opts){.name = CHAIN_EXTRA, .tls = true, .srv = true});
    const char *tid = talk_tid(alice),
               *to =
                   scene_text(s, "%s msrps://" CHAIN_EXTRA ";tcp", alice->uri);

    host_close(dead);
    talk_say(alice,
             "MSRP %s AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n",
             tid, to, alice->own, tid);
    talk_expect_code(alice, tid, 408);
    talk_expect_nothing(alice);
}

static void a_relay_that_policy_denies_is_403(void **state)
{
    const struct outside_opts guarded = {.dial = ""};
    struct scene *s = chain_start(state, &guarded);
    struct client *alice = login(s, "alice");
    const char *tid = talk_tid(alice);

    outside_srv(s, CHAIN_EXTRA, 0, relay_port(s->relay, RELAY_TLS),
                CHAIN_INTRA);
    talk_say(alice,
             "MSRP %s AUTH\r\nTo-Path: %s msrps://" CHAIN_EXTRA ";tcp\r\n"
             "From-Path: %s\r\n-------%s$\r\n",
             tid, alice->uri, alice->own, tid);
    talk_expect_code(alice, tid, 403);
    talk_expect_nothing(alice);
}

/* R4976-6.3-o and -p. */
static void guessing_through_a_relay_ends_the_client_alone(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *alice = chain_client(s, extra, "alice");
    struct client *mallory = login(s, "carol");

    for (int i = 0; i < 3; i++) {
        struct login l = {.password = "guess"};
        const char *tid = chain_try(mallory, extra, &l);

        chain_expect_code(mallory, tid, 401, l.to);
    }
    scene_wait_end(mallory);
    chain_login(login(s, "dave"), extra);
    assert_int_equal(chain_links(extra), 1); /* the same as before */
    talk_expect_nothing(alice);
}

/* --- a link is lost ------------------------------------------------------- */

struct answers {
    const struct relay *relay;
    unsigned n;
};

static bool have_come(void *ctx)
{
    const struct answers *a = ctx;
    const char *at = relay_log(a->relay);
    unsigned seen = 0;

    for (; (at = strstr(at, "c=2 in \"200")); at++)
        seen++;
    return seen >= a->n;
}

/* Waits until intra has heard that n requests over the link were good: nothing
 * that went that way is on the way any more. */
static void wait_good(struct scene *s, unsigned n)
{
    struct answers a = {s->relay, n};

    scene_until(s, have_come, &a, "answers over the link");
}

/* Breaks the link that intra has made first, and waits until both know. */
static void cut(struct scene *s, const struct relay *extra,
                struct host *between)
{
    host_cut(between);
    scene_wait_log(s, "c=2 closed");
    scene_wait_log_of(s, extra, "c=1 closed");
}

/* The client speaks first: intra dials again (R4976-6.3-g). */
static void uris_outlive_the_link_they_were_given_over(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra;
    struct host *between = chain_add_behind(&extra, s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");

    assert_int_equal(host_connections(between), 1);
    cut(s, extra, between);
    talk_with_bob(alice, h);
}

/* The peer speaks first: extra dials intra by the name to which the URI is
 * bound, and from then on that is the link of both. */
static void the_far_relay_dials_the_near_one(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra;
    struct host *between = chain_add_behind(&extra, s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice"), *bob;
    const char *tid;

    tid = send_to(alice, h, "Hello Bob");
    bob = host_accept(h);
    talk_answer(bob, talk_expect_body(bob, SPAN("Hello Bob"), '$'), 200);
    talk_expect_code(alice, tid, 200);
    wait_good(s, 2);
    cut(s, extra, between);
    tid = send_back(bob, alice, "Hello Alice");
    talk_expect_code(bob, tid, 200);
    talk_answer(alice, talk_expect_body(alice, SPAN("Hello Alice"), '$'), 200);
    tid = send_to(alice, h, "Hello again");
    talk_expect_code(alice, tid, 200);
    talk_answer(bob, talk_expect_body(bob, SPAN("Hello again"), '$'), 200);
    talk_expect_nothing(alice);
    assert_int_equal(chain_links(s->relay), 2);
    assert_int_equal(host_connections(between), 1);
}

/* The link over which the SEND came is gone when its failure comes to light. */
static void a_report_finds_another_link(void **state)
{
    struct scene *s = chain_start(state, &soon);
    struct relay *extra;
    struct host *between = chain_add_behind(&extra, s, CHAIN_EXTRA, &soon);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");

    talk_expect_code(alice, send_to(alice, h, "anyone?"), 200);
    talk_expect_body(host_accept(h), SPAN("anyone?"), '$');
    wait_good(s, 2);
    cut(s, extra, between);
    expect_report(alice, "1-7/7", "000 408 Timeout", alice->uri);
    talk_expect_nothing(alice);
}

/* The test is the far relay. */
static void what_a_lost_link_carried_is_reported_in_one(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct host *far =
        host_new(s, &(struct host_opts){.name = CHAIN_EXTRA, .tls = true});
    struct client *alice = login(s, "alice"), *extra;
    const char *to = scene_text(s, "%s %s msrps://bob.example.org:7394/b;tcp",
                                alice->uri, host_uri(far));
    struct send m = {.to = to, .id = "five", .flag = '+'};

    for (int i = 0; i < 5; i++) {
        m.range = scene_text(s, "%d-%d/30", 5 * i + 1, 5 * i + 5);
        m.body = SPAN("piece");
        talk_expect_code(alice, talk_send(alice, NULL, &m), 200);
    }
    extra = host_accept(far);
    for (int i = 0; i < 5; i++)
        talk_expect_body(extra, SPAN("piece"), '+');
    host_cut(far);
    expect_report(alice, "1-25/30", "000 408 Timeout", alice->uri);
    talk_expect_nothing(alice);
}

/* --- who may not ---------------------------------------------------------- */

static void a_leaked_uri_leads_a_stranger_nowhere_else(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");
    struct client *stranger = scene_connect_to(s, extra, "stranger");
    const char *leaked = strchr(alice->uri, ' ') + 1;
    struct send m = {.to = scene_text(s, "%s %s", leaked, host_uri(h)),
                     .body = SPAN("hello")};

    talk_expect_code(stranger, talk_send(stranger, NULL, &m), 403);
    m.to = scene_text(s, "%s msrps://" CHAIN_THIRD ":2855/x;tcp %s", leaked,
                      host_uri(h));
    talk_expect_code(stranger, talk_send(stranger, NULL, &m), 403);
    pass_text(stranger, alice, "to its owner"); /* R4976-9.4-c */
    assert_int_equal(host_connections(h), 0);
}

static void an_unknown_uri_is_481(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct host *h = host_new(s, &bobs);
    struct client *alice = chain_client(s, extra, "alice");
    const char *near = first_uri(alice);
    const struct send m = {
        .to = scene_text(s, "%s msrps://" CHAIN_EXTRA ":%u/never-issued;tcp %s",
                         near, relay_port(extra, RELAY_TLS), host_uri(h)),
        .body = SPAN("hello")};

    talk_expect_code(alice, talk_send(alice, NULL, &m), 200);
    expect_report(alice, "1-5/5", "000 481 No Such Session", near);
    talk_expect_nothing(alice);
    assert_int_equal(chain_links(extra), 1);
}

static void an_expired_uri_is_481(void **state)
{
    const struct outside_opts brief = {
        .relay = {.auth = "min_expires = 1;",
                  .groups = "timers: { probation = 1.5; };"}};
    struct scene *s = chain_start(state, &brief);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, &brief);
    struct host *h = host_new(s, &bobs);
    struct client *alice = login(s, "alice"), *clock;
    struct login l = {.headers = "Expires: 1\r\n"};
    const char *near = alice->uri, *tid = chain_try(alice, extra, &l);
    struct got *g = chain_expect_code(alice, tid, 200, l.to);

    alice->uri = scene_text(s, "%s", talk_header(alice, g, "Use-Path"));
    clock = scene_connect_to(s, extra, "clock");
    scene_wait_end(clock); /* by now it is over */
    talk_expect_code(alice, send_to(alice, h, "hello"), 200);
    expect_report(alice, "1-5/5", "000 481 No Such Session", near);
    talk_expect_nothing(alice);
    assert_int_equal(host_connections(h), 0);
}

/* --- a link itself -------------------------------------------------------- */

static struct client *link_as_intra(struct scene *s, struct relay *to)
{
    SSL_CTX *tls = chain_tls_of(s, s->relay);
    const struct client_opts opts = {
        .tls = tls, .port = relay_port(to, RELAY_TLS), .relay = to};
    struct client *c = scene_connect_with(s, "intra", &opts);

    SSL_CTX_free(tls);
    c->own = "msrps://" CHAIN_INTRA ":2855/intra;tcp";
    scene_wait_open(c);
    return c;
}

/* Many sessions share it (P-2). */
static void a_link_survives_what_is_not_addressed_to_the_relay(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *intra = link_as_intra(s, extra);
    const struct send m = {.to = "msrps://other.example.org:2855/x;tcp "
                                 "msrps://bob.example.org:7394/b;tcp",
                           .body = SPAN("hello")};

    talk_expect_code(intra, talk_send(intra, NULL, &m), 481);
    talk_expect_nothing(intra);
}

/* R4976-6.3-b. */
static void a_relay_speaks_for_itself_alone(void **state)
{
    struct scene *s = chain_start(state, NULL);
    struct relay *extra = chain_add(s, CHAIN_EXTRA, NULL);
    struct client *intra = link_as_intra(s, extra);
    const char *tid = talk_tid(intra);

    talk_say(intra,
             "MSRP %s AUTH\r\nTo-Path: msrps://" CHAIN_EXTRA ";tcp\r\n"
             "From-Path: msrps://" CHAIN_THIRD ":2855/x;tcp %s\r\n"
             "-------%s$\r\n",
             tid, intra->own, tid);
    assert_int_equal(scene_frame(intra)->head.code, 403);
    talk_expect_nothing(intra);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_client_gets_a_way_through_two_relays),
        E2E_TEST(a_client_gets_a_way_through_three_relays),
        E2E_TEST(each_user_has_a_relay),
        E2E_TEST(links_need_certificates_for_servers_only),
        E2E_TEST(sessions_share_a_link),
        E2E_TEST(a_large_message_passes_two_relays),
        E2E_TEST(a_dead_target_is_passed_over),
        E2E_TEST(silence_at_the_far_end_is_reported),
        E2E_TEST(a_refusal_at_the_far_end_is_reported),
        E2E_TEST(who_the_far_relay_cannot_reach_is_reported),
        E2E_TEST(a_relay_that_cannot_be_reached_is_408),
        E2E_TEST(a_relay_that_policy_denies_is_403),
        E2E_TEST(guessing_through_a_relay_ends_the_client_alone),
        E2E_TEST(uris_outlive_the_link_they_were_given_over),
        E2E_TEST(the_far_relay_dials_the_near_one),
        E2E_TEST(a_report_finds_another_link),
        E2E_TEST(what_a_lost_link_carried_is_reported_in_one),
        E2E_TEST(a_leaked_uri_leads_a_stranger_nowhere_else),
        E2E_TEST(an_unknown_uri_is_481),
        E2E_TEST(an_expired_uri_is_481),
        E2E_TEST(a_link_survives_what_is_not_addressed_to_the_relay),
        E2E_TEST(a_relay_speaks_for_itself_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
