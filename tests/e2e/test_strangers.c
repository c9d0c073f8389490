/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection that has proved nothing may hold (S-15). */
#include "cmocka_all.h"
#include "peer_relay.h"

enum { CHALLENGES_MAX = 10 };

static void ask_often(struct client *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct login l = {0};

        login_ask(c, &l);
    }
}

static void say_auth(struct client *c)
{
    talk_say(c, "MSRP %s AUTH\r\nTo-Path: %s\r\nFrom-Path: %s\r\n", "again0001",
             talk_relay(c), c->own);
    talk_say(c, "-------again0001$\r\n");
}

static void the_eleventh_challenge_ends_a_connection(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *c = scene_connect(s, RELAY_TLS, "alice");

    ask_often(c, CHALLENGES_MAX);
    say_auth(c);
    scene_wait_end(c);
    scene_wait_log(s, "reason=\"too many challenges\"");
}

static void who_logs_in_may_be_challenged_again(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *c = scene_connect(s, RELAY_TLS, "alice");

    ask_often(c, CHALLENGES_MAX - 1);
    login_on(c);
    ask_often(c, 2 * CHALLENGES_MAX);
    talk_expect_nothing(c);
}

static void
another_relays_users_are_challenged_as_often_as_they_ask(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *r3 = peer_relay_connect(s, NULL);

    for (unsigned i = 0; i < 2 * CHALLENGES_MAX; i++) {
        struct login l = {0};

        peer_relay_ask(r3, &l, "alice");
    }
    request_expect_none(r3);
}

/* Requests of a method that is not known are neither failures nor successes. */
static void one_that_reads_nothing_is_closed_at_16_kib(void **state)
{
    static const struct relay_opts opts = {
        .groups = "tcp: { send_buffer = 4096; };", .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client_opts small = {.port = relay_port(s->relay, RELAY_TLS),
                                .tls = s->tls,
                                .receive_buffer = 4096};
    struct client *c = scene_connect_with(s, "deaf", &small);

    scene_wait_open(c);
    c->deaf = true;
    for (unsigned i = 0; i < 1000; i++)
        talk_say(c,
                 "MSRP foo%05u FOO\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                 "-------foo%05u$\r\n",
                 i, talk_relay(c), c->own, i);
    scene_wait_log(s, " reason=\"output");
}

/* Bindings would be 32 times 15 kB for each session (case 3.7). */
static void long_names_are_not_remembered(void **state)
{
    enum { NAMES = 32, LONG = 12000 };
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct client *c = scene_connect(s, RELAY_TLS, "stranger");
    struct send back = {.body = SPAN("and back")};
    char *name = calloc(1, LONG + 1);

    assert_non_null(name);
    memset(name, 'n', LONG);
    for (unsigned i = 0; i < NAMES; i++) {
        const struct request r = {
            .to = request_way_to(alice),
            .from = scene_text(s, "msrps://peer.invalid:9/%s%u;tcp", name, i),
            .headers = "Failure-Report: no\r\n"};

        request_say(c, &r);
        talk_expect_body(alice, SPAN("hello"), '$');
    }
    back.to = scene_text(s, "%s msrps://peer.invalid:9/%s%u;tcp", alice->uri,
                         name, NAMES - 1);
    free(name);
    talk_expect_code(alice, talk_send(alice, NULL, &back), 481);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(the_eleventh_challenge_ends_a_connection),
        E2E_TEST(who_logs_in_may_be_challenged_again),
        E2E_TEST(another_relays_users_are_challenged_as_often_as_they_ask),
        E2E_TEST(one_that_reads_nothing_is_closed_at_16_kib),
        E2E_TEST(long_names_are_not_remembered),
    };

    return cmocka_run_group_tests_name("strangers", tests, NULL, NULL);
}
