/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload changes holds for what begins afterwards, and for nothing
 * else. */
#include <signal.h>

#include "cmocka_all.h"
#include "flow.h"
#include "login.h"
#include "outside.h"
#include "renew.h"

static void reload_groups(struct scene *s, const char *groups)
{
    const struct relay_opts opts = {.groups = groups};

    renew_with(s, &opts);
}

static void reload_auth(struct scene *s, const char *auth)
{
    const struct relay_opts opts = {.auth = auth};

    renew_with(s, &opts);
}

/* --- limits --------------------------------------------------------------- */

/* A SEND to the relay itself with a header of so many octets. */
static const char *say_long_head(struct client *c, int octets)
{
    const struct send s = {
        .to = talk_relay(c),
        .no_range = true,
        .headers = scene_text(c->scene, "X-Long: %0*d\r\n", octets, 7)};

    return talk_send(c, NULL, &s);
}

static void head_size_holds_for_new_connections(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob;

    reload_groups(s, "limits: { head_size = 2048; };");
    bob = login(s, "bob");
    talk_expect_code(alice, say_long_head(alice, 4000), 200);
    say_long_head(bob, 4000);
    bob->raw = true; /* whatever it is told before it is closed */
    scene_wait_closed(bob);
    talk_expect_nothing(alice);
}

static void message_size_holds_for_new_messages(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *text = scene_text(s, "%03000d", 7), *tid;
    struct send first = {.id = "begun",
                         .range = "1-1500/3000",
                         .body = span_of(text, 1500),
                         .flag = '+'};
    struct send second = {
        .id = "begun", .range = "1501-3000/3000", .body = span_of(text, 1500)};

    talk_expect_code(alice, talk_send(alice, bob, &first), 200);
    talk_answer(bob, talk_expect_body(bob, first.body, '+'), 200);
    reload_groups(s, "limits: { message_size = 2000; };");
    tid = talk_text(alice, bob, text);
    talk_expect_code(alice, tid, 413);
    talk_expect_nothing(bob);
    reload_groups(s, "limits: { message_size = 3000; };");
    talk_expect_code(alice, talk_send(alice, bob, &second), 200);
    talk_answer(bob, talk_expect_body(bob, second.body, '$'), 200);
    talk_expect_code(alice, talk_text(alice, bob, text), 200);
    talk_answer(bob, talk_expect_body(bob, span_str(text), '$'), 200);
}

static void chunk_size_holds_for_new_chunks(void **state)
{
    enum { BODY = 10000, LEAST = 2048, MOST = 4096 };
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct span body = span_str(scene_text(s, "%0*d", BODY, 7));
    const struct send message = {.body = body};
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &message), 200);
    talk_answer(bob, talk_expect_body(bob, body, '$'), 200);
    reload_groups(s, "send: { max_chunk_size = 4096; };");
    talk_expect_code(alice, talk_send(alice, bob, &message), 200);
    for (size_t at = 0; at < BODY; at += g->body.n) {
        g = talk_expect(bob, "SEND");
        assert_int_equal(g->head.range_start, at + 1);
        assert_int_equal(g->body.n, BODY - at < MOST ? BODY - at : MOST);
        talk_answer(bob, g, 200);
    }
    talk_expect_nothing(alice);
}

static void sessions_per_connection_hold_for_the_next_one(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct login l = {.alg = DIGEST_MD5};

    login_on(alice);
    reload_groups(s, "limits: { sessions_per_connection = 2; };");
    login_ask(alice, &l);
    talk_expect_code(alice, login_try(alice, &l), 403);
    talk_expect_nothing(alice);
    reload_groups(s, "limits: { sessions_per_connection = 3; };");
    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
}

static void max_failures_hold_for_the_next_one(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .password = "wrong"};

    login_ask(alice, &l);
    login_refused(alice, &l, login_try(alice, &l));
    reload_auth(s, "max_failures = 1;");
    login_try(alice, &l);
    alice->raw = true; /* with an answer or without */
    scene_wait_closed(alice);
}

/* --- timers --------------------------------------------------------------- */

/* Somebody who came before has the time that he was promised. */
static void probation_holds_for_new_connections(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *before = scene_connect(s, RELAY_TLS, "before"), *after;

    scene_wait_log(s, "c=1 open");
    reload_groups(s, "timers: { probation = 0.2; };");
    after = scene_connect(s, RELAY_TLS, "after");
    assert_int_equal(scene_wait_end(after), CLIENT_END_EOF);
    talk_expect_nothing(before);
}

static void transaction_timeout_holds_for_new_transactions(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct send before = {.id = "before", .body = SPAN("before")};
    struct send after = {.id = "after", .body = SPAN("after")};
    struct got *g;

    talk_expect_code(alice, talk_send(alice, bob, &before), 200);
    g = talk_expect_body(bob, before.body, '$');
    reload_groups(s, "timers: { transaction = 0.2; };");
    talk_expect_code(alice, talk_send(alice, bob, &after), 200);
    talk_expect_body(bob, after.body, '$');
    assert_string_equal(
        talk_header(alice, talk_expect(alice, "REPORT"), "Message-ID"),
        "after");
    talk_answer(bob, g, 200);
    talk_expect_nothing(bob);
    talk_expect_nothing(alice); /* no REPORT on the other */
}

/* --- dialling ------------------------------------------------------------- */

static const char *dial_settings(struct scene *s, const char *more)
{
    char at[ADDR_TEXT_MAX];

    return scene_text(s, "dial: { servers = [ \"%s\" ]; %s };",
                      addr_text(at, dns_stub_addr(outside_names(s))), more);
}

static const char *send_to(struct client *c, const struct host *h)
{
    const struct send s = {
        .to = scene_text(c->scene, "%s %s", c->uri, host_uri(h)),
        .body = SPAN("to a host")};

    return talk_send(c, NULL, &s);
}

static void expect_arrival(struct client *c, struct client *peer,
                           const char *tid)
{
    talk_answer(peer, talk_expect_body(peer, SPAN("to a host"), '$'), 200);
    talk_expect_code(c, tid, 200);
}

static void denied_addresses_hold_for_new_connections(void **state)
{
    static const struct outside_opts opts = {.dial = OUTSIDE_OPEN};
    static const struct host_opts one = {.name = "one.example.org"};
    static const struct host_opts other = {.name = "other.example.org"};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice"), *peer;
    struct host *first = host_new(s, &one), *second = host_new(s, &other);
    const char *tid = send_to(alice, first);

    peer = host_accept(first);
    expect_arrival(alice, peer, tid);
    reload_groups(s, dial_settings(s, "deny = [ \"127.0.0.0/8\" ];"));
    talk_expect_code(alice, send_to(alice, second), 403);
    expect_arrival(alice, peer, send_to(alice, first));
    reload_groups(s, dial_settings(s, OUTSIDE_OPEN));
    tid = send_to(alice, second);
    expect_arrival(alice, host_accept(second), tid);
}

/* --- names ---------------------------------------------------------------- */

static void name_changes_for_new_sessions(void **state)
{
    const struct relay_opts opts = {.name = "new.example.com"};
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob"), *carol;
    const char *tid;

    relay_write_config(s->relay, &opts);
    renew_certificate(s->relay);
    renew_well(s);
    carol = login(s, "carol");
    assert_non_null(strstr(alice->uri, "//" RELAY_NAME ":"));
    assert_non_null(strstr(carol->uri, "//new.example.com:"));
    tid = talk_text(alice, bob, "as ever");
    talk_answer(bob, talk_expect_body(bob, SPAN("as ever"), '$'), 200);
    talk_expect_code(alice, tid, 200);
    tid = talk_text(carol, alice, "from now to then");
    talk_answer(alice, talk_expect_body(alice, SPAN("from now to then"), '$'),
                200);
    talk_expect_code(carol, tid, 200);
    tid = talk_text(alice, carol, "from then to now");
    talk_answer(carol, talk_expect_body(carol, SPAN("from then to now"), '$'),
                200);
    talk_expect_code(alice, tid, 200);
}

/* Who knows the relay by its former name goes on as its client if that is an
 * alias now. */
static void former_name_can_be_an_alias(void **state)
{
    const struct relay_opts opts = {.name = "new.example.com",
                                    .relay =
                                        "aliases = [ \"" RELAY_NAME "\" ];"};
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct login l = {.alg = DIGEST_MD5,
                      .to = scene_text(s, "%s", talk_relay(alice))};

    renew_with(s, &opts);
    login_ask(alice, &l);
    login_granted(alice, login_try(alice, &l));
    assert_non_null(strstr(alice->uri, "//new.example.com:"));
}

/* All is valid, but nobody can log in any more: the log tells it. */
static void realm_without_users_is_told_in_the_log(void **state)
{
    const struct relay_opts opts = {.realm = "moved.example.com"};
    struct scene *s = scene_start(state, NULL);

    renew_with(s, &opts);
    assert_non_null(strstr(relay_log(s->relay),
                           "warning=\"auth.users_file: nobody can log in: "));
}

static void change_of_user_waits_for_a_restart(void **state)
{
    const struct relay_opts opts = {.user = "nobody"};
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    char before[RELAY_STATUS_MAX], after[RELAY_STATUS_MAX];
    size_t mark;

    relay_status(before, s->relay, "Uid:");
    renew_with(s, &opts);
    assert_non_null(
        strstr(relay_log(s->relay), "relay.user changes only on restart"));
    talk_expect_nothing(alice);
    relay_status(after, s->relay, "Uid:");
    assert_string_equal(before, after);
    mark = relay_log_size(s->relay);
    renew_with(s, &opts); /* still */
    assert_non_null(strstr(relay_log(s->relay) + mark, "relay.user changes"));
    mark = relay_log_size(s->relay);
    renew_with(s, &(struct relay_opts){0}); /* no more */
    assert_null(strstr(relay_log(s->relay) + mark, "relay.user changes"));
}

/* --- the log -------------------------------------------------------------- */

static void level_changes_for_the_next_line(void **state)
{
    static const struct relay_opts info = {.level = "info"};
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    size_t mark;

    renew_with(s, &info);
    mark = relay_log_size(s->relay);
    talk_expect_nothing(alice);
    renew_with(s, NULL);
    assert_null(strstr(relay_log(s->relay) + mark, " debug "));
    mark = relay_log_size(s->relay);
    talk_expect_nothing(alice);
    scene_wait_log_since(s, mark, " debug c=1 in \"SEND\"");
}

static void log_moves_to_a_file_and_back(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    const struct relay_opts opts = {
        .log = scene_text(s, "target = \"%s\";", relay_path(s->relay, "log"))};
    size_t mark;

    renew_file(s->relay, "log", "what was there before\n");
    relay_write_config(s->relay, &opts);
    relay_signal(s->relay, SIGHUP);
    free(renew_wait(alice, "log", " reloaded\n"));
    mark = relay_log_size(s->relay);
    login(s, "bob");
    free(renew_wait(alice, "log", "c=2 "));
    assert_int_equal(
        rename(relay_path(s->relay, "log"), relay_path(s->relay, "old")), 0);
    renew_file(s->relay, "log", "");
    relay_signal(s->relay, SIGUSR1);
    free(renew_wait(alice, "old", "what was there before\n"));
    login(s, "carol");
    free(renew_wait(alice, "log", "c=3 "));
    assert_null(strstr(relay_log(s->relay) + mark, "c=2 open"));
    renew_with(s, NULL);
    scene_wait_log_since(s, mark, " reloaded\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(head_size_holds_for_new_connections),
        E2E_TEST(message_size_holds_for_new_messages),
        E2E_TEST(chunk_size_holds_for_new_chunks),
        E2E_TEST(sessions_per_connection_hold_for_the_next_one),
        E2E_TEST(max_failures_hold_for_the_next_one),
        E2E_TEST(probation_holds_for_new_connections),
        E2E_TEST(transaction_timeout_holds_for_new_transactions),
        E2E_TEST(denied_addresses_hold_for_new_connections),
        E2E_TEST(name_changes_for_new_sessions),
        E2E_TEST(former_name_can_be_an_alias),
        E2E_TEST(realm_without_users_is_told_in_the_log),
        E2E_TEST(change_of_user_waits_for_a_restart),
        E2E_TEST(level_changes_for_the_next_line),
        E2E_TEST(log_moves_to_a_file_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
