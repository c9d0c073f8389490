/* SPDX-License-Identifier: BSD-2-Clause */
/* What msrprelayctl shows of the real daemon, and has it do. */
#include "cmocka_all.h"
#include "ctl.h"
#include "json_check.h"
#include "login.h"

enum { UNREACHABLE = 2, USAGE = 64 };

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in: %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("did not expect \"%s\" in: %s", part, text);
}

/* The line of a JSON list that has this in it, to the end of the text. */
static const char *row_with(struct scene *s, const char *list, const char *part)
{
    const char *at = strstr(list, part), *begin = at;

    if (!at) {
        fail_msg("no row with %s in: %s", part, list);
        return NULL;
    }
    while (begin > list && begin[-1] != '\n')
        begin--;
    return scene_text(s, "%.*s", (int)strcspn(begin, "\n"), begin);
}

/* The text behind `key` in a row. */
static const char *member(struct scene *s, const char *row, const char *key)
{
    const char *name = scene_text(s, "\"%s\":", key);
    const char *at = strstr(row, name);

    if (!at) {
        fail_msg("no %s in: %s", key, row);
        return NULL;
    }
    at += strlen(name);
    at += *at == '"';
    return scene_text(s, "%.*s", (int)strcspn(at, "\",}"), at);
}

/* --- what is shown -------------------------------------------------------- */

static void every_command_that_shows_is_one_json_document(void **state)
{
    static const char *const commands[] = {
        "status", "sessions", "connections", "users", "listeners",
        "trace",  "stats",    "loglevel",    "ping",  "help",
        "reload", "drain",    "anchors"};
    struct scene *s = ctl_scene(state, NULL);

    login(s, "alice");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const char *out = ctl_ok(s, scene_text(s, "%s --json", commands[i]));

        if (!json_check(span_of(out, strlen(out) - 1)))
            fail_msg("%s: %s", commands[i], out);
    }
}

static void status_tells_what_the_relay_is(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *out;

    login(s, "alice");
    scene_connect(s, RELAY_TCP, "stranger");
    scene_wait_log(s, "c=2 open");
    out = ctl_ok(s, "status");
    assert_holds(out, "name                " RELAY_NAME "\n");
    assert_holds(out, "version             " MSRP_VERSION "\n");
    assert_holds(out, "state               running\n");
    assert_holds(out, "connections         2\n");
    assert_holds(out, "sessions            1\n");
}

static void sessions_tell_whose_they_are_and_what_they_did(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *list, *row, *tid;

    tid = talk_text(alice, bob, "hello");
    talk_answer(bob, talk_expect(bob, "SEND"), 200);
    talk_expect_code(alice, tid, 200);
    list = ctl_ok(s, "sessions --json");
    row = row_with(s, list, "\"user\":\"alice\"");
    assert_string_equal(member(s, row, "sent_messages"), "1");
    assert_string_equal(member(s, row, "sent_octets"), "5");
    assert_string_equal(member(s, row, "connection"), "1");
    assert_string_equal(member(s, row, "home_relay"), "");
    row = row_with(s, list, "\"user\":\"bob\"");
    assert_string_equal(member(s, row, "received_octets"), "5");
    list = ctl_ok(s, "sessions --user bob");
    assert_holds(list, "SESSION");
    assert_holds(list, "bob");
    assert_lacks(list, "alice");
    assert_string_equal(ctl_ok(s, "sessions user=nobody"), "");
}

static void users_are_told_with_their_sums(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *list, *tid;

    login(s, "alice");
    tid = talk_text(alice, bob, "hello");
    talk_answer(bob, talk_expect(bob, "SEND"), 200);
    talk_expect_code(alice, tid, 200);
    list = ctl_ok(s, "users --json");
    assert_holds(list, "{\"user\":\"alice\",\"realm\":\"example.com\","
                       "\"sessions\":2,\"connections\":2,"
                       "\"sent_octets\":5,\"received_octets\":0}");
    assert_holds(list, "{\"user\":\"bob\",\"realm\":\"example.com\","
                       "\"sessions\":1,\"connections\":1,"
                       "\"sent_octets\":0,\"received_octets\":5}");
    assert_lacks(ctl_ok(s, "users user=bob"), "alice");
    assert_holds(ctl_ok(s, "users peer=127.0.0.0/8"), "alice");
    assert_string_equal(ctl_ok(s, "users peer=192.0.2.1"), "");
}

static void lists_are_filtered_by_peer_user_and_idleness(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *list;

    login(s, "alice");
    scene_connect(s, RELAY_TCP, "stranger");
    scene_wait_log(s, "c=2 open");
    list = ctl_ok(s, "connections user=alice --json");
    assert_holds(list, "\"connection\":1,");
    assert_holds(list, "\"user\":\"alice\"");
    assert_lacks(list, "\"connection\":2,");
    assert_holds(ctl_ok(s, "sessions --json"), "\"peer\":\"127.0.0.1:");
    assert_holds(ctl_ok(s, "sessions peer=127.0.0.1 user=alice"), "alice");
    assert_string_equal(ctl_ok(s, "sessions peer=127.0.0.1 user=bob"), "");
    assert_string_equal(ctl_ok(s, "sessions peer=::1"), "");
    assert_string_equal(ctl_ok(s, "connections idle=1h"), "");
    assert_holds(ctl_ok(s, "connections idle=0 peer=127.0.0.1"), "tcp");
    ctl_fails(s, "connections idle=soon", USAGE, "idle must be");
}

static void listeners_tell_where_clients_get_in(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *list, *row;

    login(s, "alice");
    list = ctl_ok(s, "listeners --json");
    row = row_with(s, list, "\"transport\":\"tls\"");
    assert_string_equal(member(s, row, "port"),
                        scene_text(s, "%u", relay_port(s->relay, RELAY_TLS)));
    assert_string_equal(member(s, row, "auth"), "true");
    assert_string_equal(member(s, row, "accepted"), "1");
    row = row_with(s, list, "\"transport\":\"tcp\"");
    assert_string_equal(member(s, row, "auth"), "false");
    assert_string_equal(member(s, row, "accepted"), "0");
}

static void no_whole_token_is_shown(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice");
    const char *row = row_with(s, ctl_ok(s, "sessions --json"), "alice");
    const char *mark = member(s, row, "session");
    const char *token = strchr(strstr(alice->uri, "//") + 2, '/') + 1;

    assert_int_equal(strlen(mark), 6);
    assert_memory_equal(token, mark, 6);
    assert_lacks(row, scene_text(s, "%.7s", token));
}

static void no_whole_token_that_is_asked_for_is_logged(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice");
    const char *token = strchr(strstr(alice->uri, "//") + 2, '/') + 1;

    token = scene_text(s, "%.*s", (int)strcspn(token, ";"), token);
    ctl_fails(s, scene_text(s, "kick session=%s", token), 1, "no such session");
    scene_wait_log(
        s, scene_text(s, "command=kick word=\"\" value=\"%.6s\"", token));
    assert_lacks(relay_log(s->relay), token);
}

static void connections_tell_where_they_come_from(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *list, *row;

    login(s, "alice");
    scene_connect(s, RELAY_TCP, "stranger");
    scene_wait_log(s, "c=2 open");
    list = ctl_ok(s, "connections --json");
    row = row_with(s, list, "\"connection\":1,");
    assert_string_equal(member(s, row, "transport"), "tls");
    assert_holds(row, "\"tls\":\"TLSv1.3\"");
    assert_holds(row, "\"peer\":\"127.0.0.1:");
    assert_string_equal(member(s, row, "sessions"), "1");
    assert_string_equal(member(s, row, "is_relay"), "false");
    assert_string_equal(member(s, row, "dialled"), "");
    row = row_with(s, list, "\"connection\":2,");
    assert_string_equal(member(s, row, "transport"), "tcp");
    assert_string_equal(member(s, row, "state"), "open");
}

static void stats_are_the_metrics(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    login(s, "alice");
    assert_holds(ctl_ok(s, "stats --json"),
                 "{\"name\":\"msrprelayd_sessions\",\"value\":1}");
}

/* --- what is done --------------------------------------------------------- */

static void a_kicked_user_is_out_and_may_come_again(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid;

    assert_string_equal(ctl_ok(s, "kick user=alice --json"),
                        "{\"sessions\":1}\n");
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    tid = talk_text(bob, alice, "are you there?");
    talk_expect_code(bob, tid, 481);
    alice = login(s, "alice");
    tid = talk_text(bob, alice, "ah");
    talk_answer(alice, talk_expect(alice, "SEND"), 200);
    talk_expect_code(bob, tid, 200);
    ctl_fails(s, "kick user=carol", 1, "no such session");
}

static void a_session_is_kicked_by_its_mark(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice");
    const char *row;

    login(s, "bob");
    row = row_with(s, ctl_ok(s, "sessions --json"), "alice");
    ctl_ok(s, scene_text(s, "kick session=%s", member(s, row, "session")));
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    assert_lacks(ctl_ok(s, "sessions"), "alice");
    assert_holds(ctl_ok(s, "sessions"), "bob");
}

static void a_connection_is_kicked_by_its_number(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice");

    login(s, "bob");
    assert_string_equal(ctl_ok(s, "kick --connection 1 --json"),
                        "{\"connections\":1}\n");
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
    scene_wait_line(s, "c=1 closed peer=", " user=alice reason=\"kicked\" in=");
    scene_wait_line(s, " session ended ", " user=alice reason=kicked");
    ctl_fails(s, "kick connection=77", 1, "no such connection");
}

static void what_is_in_flight_to_a_kicked_user_is_reported(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *tid = talk_text(alice, bob, "hello");
    struct got *g;

    talk_expect(bob, "SEND"); /* and never answers */
    talk_expect_code(alice, tid, 200);
    ctl_ok(s, "kick user=bob");
    g = talk_expect(alice, "REPORT");
    assert_holds(scene_text(s, "%.*s", SPAN_ARG(g->text)), "Status: 000 481");
}

static void a_traced_user_is_logged_at_any_level(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    struct client *alice, *bob;

    ctl_ok(s, "loglevel error");
    assert_holds(ctl_ok(s, "trace on user=alice"), "user    alice\n");
    alice = login(s, "alice");
    bob = login(s, "bob");
    talk_text(alice, bob, "hello");
    talk_expect(bob, "SEND");
    scene_wait_log(s, " c=1 trace in \"AUTH\"");
    scene_wait_log(s, "in \"SEND\"");
    assert_holds(relay_log(s->relay), " user=alice\n");
    assert_lacks(relay_log(s->relay), "user=bob");
    ctl_fails(s, "trace on user=alice", 1, "traced already");
    assert_string_equal(ctl_ok(s, "trace off user=alice --json"), "[]\n");
    ctl_fails(s, "trace off user=alice", 1, "not traced");
}

static void the_loglevel_changes_until_the_next_reload(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    size_t mark;

    assert_string_equal(ctl_ok(s, "loglevel --json"),
                        "{\"log_level\":\"debug\"}\n");
    ctl_ok(s, "loglevel warn");
    mark = relay_log_size(s->relay);
    login(s, "alice");
    ctl_ok(s, "reload");
    assert_lacks(relay_log(s->relay) + mark, "c=1 ");
    assert_holds(ctl_ok(s, "loglevel"), "debug");
    login(s, "bob");
    scene_wait_log(s, "debug c=2 in \"AUTH\"");
}

static void a_drained_relay_says_so(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    login(s, "alice");
    assert_string_equal(ctl_ok(s, "drain --json"),
                        "{\"state\":\"draining\",\"sessions\":1}\n");
    assert_holds(ctl_ok(s, "status --json"), "\"state\":\"draining\"");
    assert_holds(ctl_ok(s, "drain off"), "running");
    login(s, "bob");
}

/* --- reload --------------------------------------------------------------- */

static void a_faulty_configuration_is_told_with_its_places(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *path = relay_path(s->relay, "conf");
    struct ctl_said said;
    char *text = relay_config_text(relay_files(s->relay), NULL);

    relay_write(relay_files(s->relay), strrchr(path, '/') + 1,
                scene_text(s,
                           "timers: { drain = -1; };\n%s\n"
                           "limits: { connektions = 7; };\n",
                           text));
    free(text);
    said = ctl_run(s, "reload");
    assert_int_equal(said.code, 1);
    assert_holds(said.out, ".conf:1: timers.drain ");
    assert_holds(said.out, "limits.connektions");
    assert_holds(said.err, "nothing changed");
    said = ctl_run(s, "reload --json");
    assert_int_equal(said.code, 1);
    assert_true(json_check(span_of(said.out, strlen(said.out) - 1)));
    assert_holds(said.out, "\"line\":1,");
    login(s, "alice");
}

/* --- check ---------------------------------------------------------------- */

/* Both say the same of the file, and end the same. */
static struct ctl_said check_both(struct scene *s, const char *arguments)
{
    const char *const daemon[] = {"-t", "-c", relay_path(s->relay, "conf"),
                                  NULL};
    struct ctl_said said = ctl_run(s, arguments);
    char want[8192];

    assert_int_equal(said.code, relay_command(want, sizeof want, daemon));
    assert_string_equal(scene_text(s, "%s%s", said.err, said.out), want);
    return said;
}

static void a_check_says_what_the_daemon_says(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *path = relay_path(s->relay, "conf");
    struct ctl_said said = check_both(s, "check");
    char *text = relay_config_text(relay_files(s->relay), NULL);

    assert_int_equal(said.code, 0);
    assert_string_equal(said.out, "ok\n");
    assert_string_equal(ctl_ok(s, "check --json"), "[]\n");
    relay_write(relay_files(s->relay), strrchr(path, '/') + 1,
                scene_text(s, "%s\nlimits: { connektions = 7; };\n", text));
    free(text);
    said = check_both(s, "check");
    assert_int_equal(said.code, 78);
    assert_holds(said.err, "limits.connektions");
    check_both(s, scene_text(s, "-c %s check", path));
    said = ctl_run(s, "check --json");
    assert_int_equal(said.code, 78);
    assert_true(json_check(span_of(said.out, strlen(said.out) - 1)));
    assert_holds(said.out, "\"is_warning\":false,\"what\":\"");
    assert_holds(said.out, "limits.connektions");
    assert_string_equal(said.err, "");
    assert_holds(ctl_ok(s, "status"), "running"); /* nothing has changed */
}

/* --- passwords ------------------------------------------------------------ */

static void a_new_password_counts_after_a_reload(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *conf = relay_path(s->relay, "conf");
    struct client *alice = login(s, "alice"), *erin;
    struct login l = {.user = "erin", .password = "a new one"};
    struct ctl_said said = ctl_run_with(
        s, scene_text(s, "-c %s passwd --stdin erin", conf), "a new one\n");
    const char *tid;

    assert_int_equal(said.code, 0);
    assert_holds(said.err, "msrprelayctl reload");
    erin = scene_connect(s, RELAY_TLS, "erin");
    login_ask(erin, &l);
    tid = login_try(erin, &l);
    login_refused(erin, &l, tid);
    assert_string_equal(ctl_ok(s, scene_text(s, "-c %s reload", conf)), "");
    tid = login_try(erin, &l);
    login_granted(erin, tid);
    tid = talk_text(alice, erin, "welcome");
    talk_answer(erin, talk_expect(erin, "SEND"), 200);
    talk_expect_code(alice, tid, 200);
}

static void a_user_who_is_gone_gets_no_more_sessions(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *users = relay_path(s->relay, "users");
    struct client *bob;
    struct login l = {0};
    const char *tid;

    assert_int_equal(ctl_run(s, scene_text(s, "-c %s passwd -d -f %s bob",
                                           relay_path(s->relay, "conf"), users))
                         .code,
                     0);
    ctl_ok(s, "reload");
    bob = scene_connect(s, RELAY_TLS, "bob");
    login_ask(bob, &l);
    tid = login_try(bob, &l);
    login_refused(bob, &l, tid);
    login(s, "alice");
}

/* --- the command line ----------------------------------------------------- */

static void exit_codes_tell_what_went_wrong(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    ctl_fails(s, "foo", USAGE, "unknown command foo");
    ctl_fails(s, "kick", USAGE, "missing argument");
    ctl_fails(s, "-s /nonexistent/s ping", UNREACHABLE, "/nonexistent/s");
    ctl_fails(s, "-c /nonexistent/c ping", UNREACHABLE, "/nonexistent/c");
    ctl_fails(s, "kick connection=99", 1, "no such connection");
    assert_holds(ctl_ok(s, "-h"), "usage: msrprelayctl");
    assert_string_equal(ctl_ok(s, "-V"), "msrprelayctl " MSRP_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(every_command_that_shows_is_one_json_document),
        E2E_TEST(status_tells_what_the_relay_is),
        E2E_TEST(sessions_tell_whose_they_are_and_what_they_did),
        E2E_TEST(users_are_told_with_their_sums),
        E2E_TEST(lists_are_filtered_by_peer_user_and_idleness),
        E2E_TEST(listeners_tell_where_clients_get_in),
        E2E_TEST(a_check_says_what_the_daemon_says),
        E2E_TEST(no_whole_token_is_shown),
        E2E_TEST(no_whole_token_that_is_asked_for_is_logged),
        E2E_TEST(connections_tell_where_they_come_from),
        E2E_TEST(stats_are_the_metrics),
        E2E_TEST(a_kicked_user_is_out_and_may_come_again),
        E2E_TEST(a_session_is_kicked_by_its_mark),
        E2E_TEST(a_connection_is_kicked_by_its_number),
        E2E_TEST(what_is_in_flight_to_a_kicked_user_is_reported),
        E2E_TEST(a_traced_user_is_logged_at_any_level),
        E2E_TEST(the_loglevel_changes_until_the_next_reload),
        E2E_TEST(a_drained_relay_says_so),
        E2E_TEST(a_faulty_configuration_is_told_with_its_places),
        E2E_TEST(a_new_password_counts_after_a_reload),
        E2E_TEST(a_user_who_is_gone_gets_no_more_sessions),
        E2E_TEST(exit_codes_tell_what_went_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
