/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer that lost its network without a word comes back from elsewhere, and a
 * relay that did is elsewhere now (S-2, S-19). Skipped where no network may be
 * made. */
#include "cmocka_all.h"
#include "login.h"
#include "network.h"
#include "outside.h"
#include "request.h"

enum {
    SKIPPED = 77,
    DEAD_AFTER_MS = 4000, /* tcp.dead_after */
    MARGIN_MS = 5000,     /* within which more he is let in */
    AGAIN_MS = 1500,      /* fewer than a stranger may be refused */
};

static const struct relay_opts opts = {
    .listen = "{ transport = \"tls\"; address = \"0.0.0.0\"; port = 0; },"
              "{ transport = \"tcp\"; address = \"0.0.0.0\"; port = 0; }",
    .groups = "tcp: { dead_after = 4; };"};

struct pair {
    struct client *alice, *peer;
};

/* A peer on the far side, to whom alice has written. */
static struct pair meet(struct scene *s)
{
    struct pair p = {.alice = scene_connect(s, RELAY_TLS, "alice")};
    const struct client_opts far = {.tls = s->tls,
                                    .port = relay_port(s->relay, RELAY_TLS),
                                    .to = NETWORK_NEAR};

    login_on(p.alice);
    network_go_far();
    p.peer = scene_connect_with(s, "peer", &far);
    network_go_near();
    scene_wait_open(p.peer);
    request_passes(p.peer, talk_path(p.peer, p.alice), p.alice, "may I?");
    request_passes(p.alice, talk_path(p.alice, p.peer), p.peer, "you may");
    assert_int_equal(request_skip(p.peer), 0);
    return p;
}

/* The peer's claim from another address: its code. */
static unsigned claim(struct client *c, struct pair p)
{
    const struct request r = {.to = talk_path(p.peer, p.alice),
                              .from = p.peer->own};

    return request_answer(c, request_say(c, &r))->head.code;
}

static void wait_ms(struct scene *s, uint64_t ms)
{
    uint64_t until_ms = now_ms() + ms;

    while (now_ms() < until_ms)
        scene_turn(s, until_ms);
}

/* Claims again and again; how long it took to be let in, at most `most_ms`. */
static uint64_t until_let_in(struct scene *s, struct client *c, struct pair p,
                             uint64_t most_ms)
{
    uint64_t began_ms = now_ms(), took_ms = 0;
    unsigned code = claim(c, p);

    assert_int_equal(code, 506);
    assert_in_range(now_ms() - began_ms, 0, 1000); /* at once */
    while (code == 506 && took_ms < most_ms) {
        wait_ms(s, AGAIN_MS);
        code = claim(c, p);
        took_ms = now_ms() - began_ms;
    }
    if (code == 506)
        return most_ms;
    assert_int_equal(code, 200);
    return took_ms;
}

static void comes_back(void **state, bool has_octets_under_way)
{
    struct scene *s = scene_start(state, &opts);
    struct pair p = meet(s);
    struct client *again = scene_connect(s, RELAY_TLS, "again");
    const struct request lost = {.to = talk_path(p.alice, p.peer),
                                 .headers = "Failure-Report: no\r\n"};

    again->own = p.peer->own;
    network_cut();
    if (has_octets_under_way)
        request_say(p.alice, &lost);
    assert_in_range(until_let_in(s, again, p, DEAD_AFTER_MS + MARGIN_MS + 1), 0,
                    DEAD_AFTER_MS + MARGIN_MS);
    network_mend();
    request_skip(p.alice);
    request_passes(p.alice, talk_path(p.alice, again), again, "welcome");
}

static void an_idle_peer_comes_back(void **state)
{
    comes_back(state, false);
}

static void a_peer_with_octets_under_way_comes_back(void **state)
{
    comes_back(state, true);
}

/* Nobody needs its place: it is found all the same (S-19). */
static void a_peer_that_nobody_misses_is_found_dead(void **state)
{
    static const struct relay_opts swift = {
        .listen = "{ transport = \"tls\"; address = \"0.0.0.0\"; port = 0; }",
        .groups = "tcp: { dead_after = 0.5; };",
        .level = "info"};
    struct scene *s = scene_start(state, &swift);
    struct pair p = meet(s);
    const struct request lost = {.to = talk_path(p.alice, p.peer),
                                 .headers = "Failure-Report: no\r\n"};

    network_cut();
    request_say(p.alice, &lost);
    scene_wait_log(s, "reason=\"dead\"");
    network_mend();
}

/* Still right: one that answers keeps its place, though it says nothing. */
static void a_peer_that_lives_stays(void **state)
{
    struct scene *s = scene_start(state, &opts);
    struct pair p = meet(s);
    struct client *mallory = scene_connect(s, RELAY_TLS, "mallory");
    uint64_t most_ms = DEAD_AFTER_MS + MARGIN_MS;

    assert_int_equal(until_let_in(s, mallory, p, most_ms), most_ms);
    request_passes(p.alice, talk_path(p.alice, p.peer), p.peer, "still you");
    request_passes(p.peer, talk_path(p.peer, p.alice), p.alice, "still me");
}

/* Somebody behind the relay that has this URI. */
static const char *say_behind(struct client *c, const char *relay)
{
    const struct send s = {
        .to = scene_text(c->scene, "%s %s msrps://user.invalid:9/u;tcp", c->uri,
                         relay),
        .body = SPAN("anybody there?")};

    return talk_send(c, NULL, &s);
}

/* With the same port; each on its side of the network. */
static void listen_on_both_sides(struct scene *s, struct host *hosts[2])
{
    const struct host_opts far = {
        .tls = true, .unnamed = true, .at = NETWORK_FAR};
    struct host_opts near = {.tls = true, .unnamed = true};

    network_go_far();
    hosts[0] = host_new(s, &far);
    network_go_near();
    near.port = host_port(hosts[0]);
    hosts[1] = host_new(s, &near);
}

static void a_dead_relay_is_looked_for_where_its_name_leads_now(void **state)
{
    static const struct outside_opts with_outside = {
        .relay.groups = "tcp: { dead_after = 4; };\n"
                        "timers: { transaction = 1.0; };"};
    struct scene *s = outside_start(state, &with_outside);
    struct client *alice = login(s, "alice"), *there;
    /* It is seen at the next message only. */
    uint64_t cut_ms, most_ms = DEAD_AFTER_MS + MARGIN_MS + AGAIN_MS;
    struct host *hosts[2];
    const char *name = "peer.example.org", *tid;

    listen_on_both_sides(s, hosts);
    dns_stub_host(outside_names(s), name, 1, NETWORK_FAR);
    tid = say_behind(alice, host_uri(hosts[0]));
    there = host_accept(hosts[0]);
    talk_answer(there, talk_expect(there, "SEND"), 200);
    talk_expect_code(alice, tid, 200);

    network_cut();
    cut_ms = now_ms();
    dns_stub_forget(outside_names(s), name);
    dns_stub_host(outside_names(s), name, 1, "127.0.0.1");
    while (host_connections(hosts[1]) == 0 && now_ms() - cut_ms < most_ms) {
        (void)say_behind(alice, host_uri(hosts[0]));
        wait_ms(s, AGAIN_MS);
    }
    assert_in_range(now_ms() - cut_ms, 0, most_ms);
    network_mend();
    there = host_accept(hosts[1]);
    (void)talk_expect(there, "SEND");
    request_skip(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(an_idle_peer_comes_back),
        E2E_TEST(a_peer_with_octets_under_way_comes_back),
        E2E_TEST(a_peer_that_nobody_misses_is_found_dead),
        E2E_TEST(a_peer_that_lives_stays),
        E2E_TEST(a_dead_relay_is_looked_for_where_its_name_leads_now),
    };

    if (!network_make()) {
        fprintf(stderr, "no network of its own is permitted: skipped\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
