/* SPDX-License-Identifier: BSD-2-Clause */
/* Anchoring as an operator sees it: lists, figures, records, reloads, the end;
 * and what happens when somebody asks for far too much. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "anchored_call.h"
#include "cmocka_all.h"
#include "ctl.h"
#include "http.h"

#define METRICS "metrics: { address = \"127.0.0.1\"; port = 0; };\n"

#define assert_holds(text, part)                                               \
    do {                                                                       \
        if (!strstr((text), (part)))                                           \
            fail_msg("no %s in: %s", (part), (text));                          \
    } while (0)

/* --- what is shown -------------------------------------------------------- */

static void figures_match_calls(void **state)
{
    static const struct figure open[] = {
        {"msrprelayd_anchored_sessions{state=\"offered\"}", 1},
        {"msrprelayd_anchored_sessions{state=\"paired\"}", 1},
        {"msrprelayd_anchored_calls", 2},
        {"msrprelayd_ng_commands_total{command=\"offer\"}", 2},
        {"msrprelayd_ng_commands_total{command=\"answer\"}", 2},
        {"msrprelayd_ng_errors_total{reason=\"unknown_call\"}", 1},
        {"msrprelayd_ng_faults_total{cause=\"undecodable\"}", 1},
        {"msrprelayd_ng_duplicates_total", 1},
    };
    static const struct figure over[] = {
        {"msrprelayd_anchored_sessions{state=\"paired\"}", 0},
        {"msrprelayd_anchored_sessions_begun_total", 1},
        {"msrprelayd_anchored_sessions_ended_total{reason=\"delete\"}", 1},
    };
    struct call c = call_begin(state, PROXY_ANCHOR METRICS);
    struct proxy_call other = {.call_id = "other", .from = "x"};

    call_talk(&c, "hello");
    other.sdp = call_sdp(c.s, P_A, "");
    (void)proxy_offer(c.proxy, &other);
    other.call_id = "unknown";
    other.to = "y";
    assert_holds(proxy_command(c.proxy, "answer", &other),
                 "15:Unknown call-id");
    assert_holds(proxy_ask(c.proxy, "1 x"), "22:Invalid NG data format");
    assert_holds(proxy_ask(c.proxy, "1 x"), "22:Invalid NG data format");
    ASSERT_FIGURES(http_port(c.s->relay, 0), open);
    call_end(&c);
    ASSERT_FIGURES(http_port(c.s->relay, 0), over);
}

static void sessions_are_listed_with_their_calls(void **state)
{
    struct call c = {0};
    struct proxy_call offer = {.call_id = CALL_ID, .from = "1928"};
    const struct relay_opts opts = {.groups = PROXY_ANCHOR};
    const char *list;

    c.s = ctl_scene(state, &opts);
    c.proxy = proxy_new(c.s, true);
    offer.sdp = call_sdp(c.s, P_A, "");
    (void)proxy_offer(c.proxy, &offer);
    list = ctl_ok(c.s, "anchors --json");
    assert_holds(list, "\"call_id\":\"" CALL_ID "\"");
    assert_holds(list, "\"state\":\"offered\"");
    offer.to = "314";
    offer.sdp = call_sdp(c.s, "msrp://127.0.0.1:9/b0b;tcp", "");
    (void)proxy_answer(c.proxy, &offer);
    list = ctl_ok(c.s, "anchors --json");
    assert_holds(list, "\"from_tag\":\"1928\",\"to_tag\":\"314\"");
    assert_holds(list, "\"state\":\"waiting\"");
    assert_null(strstr(list, "offered"));
    proxy_delete(c.proxy, &offer);
    assert_null(strstr(ctl_ok(c.s, "anchors --json"), CALL_ID));
}

/* --- reloads and the end -------------------------------------------------- */

/* Where the log goes on after this text, which is in it after `mark`. */
static size_t after_text(const struct scene *s, size_t mark, const char *text)
{
    const char *log = relay_log(s->relay), *at = strstr(log + mark, text);

    assert_non_null(at);
    return (size_t)(at + strlen(text) - log);
}

/* The proxy's sockets move; the call does not notice. */
static void a_reload_keeps_calls_and_moves_sockets(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR);
    struct proxy *tcp = proxy_new(c.s, true), *after;
    size_t mark;
    const struct relay_opts opts = {
        .groups = "dial: { deny = [ ]; allow = [ \"127.0.0.0/8\" ]; };\n"
                  "anchor: { listen = [ \"udp:127.0.0.2:0\" ];\n"
                  "interfaces = ( { name = \"new\"; address = \"127.0.0.3\"; "
                  "} ); };\n"};

    call_talk(&c, "before");
    assert_string_equal(proxy_ask(tcp, "1 d7:command4:pinge"),
                        "1 d6:result4:ponge");
    relay_write_config(c.s->relay, &opts);
    mark = relay_log_size(c.s->relay);
    relay_signal(c.s->relay, SIGHUP);
    scene_wait_log_since(c.s, mark, "reloaded");
    call_talk(&c, "after");
    /* A connection that is open goes on. */
    assert_string_equal(proxy_ask(tcp, "2 d7:command4:pinge"),
                        "2 d6:result4:ponge");
    mark = after_text(c.s, mark, "stopped listening transport=ng-tcp");
    after = proxy_new_at(c.s, "127.0.0.2",
                         relay_port_since(c.s->relay, mark, "ng-udp"));
    assert_holds(
        proxy_offer(after, &(struct proxy_call){.call_id = "new",
                                                .from = "a",
                                                .sdp = call_sdp(c.s, P_A, "")}),
        "c=IN IP4 127.0.0.3\r\n");
    proxy_delete(after, &(struct proxy_call){.call_id = CALL_ID});
}

static void while_draining_no_call_begins(void **state)
{
    struct proxy_call offer = {.call_id = "new", .from = "a"};
    const struct relay_opts opts = {.groups = PROXY_ANCHOR};
    struct scene *s = ctl_scene(state, &opts);
    struct proxy *proxy = proxy_new(s, false);

    offer.sdp = call_sdp(s, P_A, "");
    ctl_ok(s, "drain");
    assert_holds(proxy_command(proxy, "offer", &offer),
                 "12:error-reason30:Parallel session limit reached");
    offer.more = "8:supportsl10:load limite";
    assert_holds(proxy_command(proxy, "offer", &offer),
                 "d7:message30:Parallel session limit reached6:result10:load "
                 "limite");
    assert_holds(proxy_command(proxy, "ping", &offer), "d6:result4:ponge");
    ctl_ok(s, "drain off");
    (void)proxy_offer(proxy, &offer);
}

static void the_end_is_recorded(void **state)
{
    const struct outside_opts opts = {
        .relay = {.groups = PROXY_ANCHOR, .log = "accounting = \"stderr\";"}};
    struct call c = {.s = outside_start(state, &opts)};

    c.proxy = proxy_new(c.s, false);
    c.host =
        host_new(c.s, &(struct host_opts){.sees_probe = true, .unnamed = true});
    c.p_b = host_uri_as(c.host, "127.0.0.1");
    call_sign(&c);
    call_meet(&c);
    call_talk(&c, "hello");
    call_end(&c);
    scene_wait_log(c.s, "\"call_id\":\"" CALL_ID "\"");
    scene_wait_log(c.s, "\"from_tag\":\"1928\"");
    scene_wait_log(c.s, "\"to_tag\":\"314\"");
}

/* --- far too much --------------------------------------------------------- */

enum { HALVES = 300, DATAGRAMS = 5000, ROUNDS = 20 };

/* Connections with halves of messages. */
static void open_halves(struct scene *s, int fds[HALVES])
{
    struct sockaddr_in at = {.sin_family = AF_INET};

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)relay_port_since(s->relay, 0, "ng-tcp"));
    for (int i = 0; i < HALVES; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(fds[i] >= 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&at, sizeof at), 0);
        (void)send(fds[i], "1 d7:comm", 9, MSG_NOSIGNAL);
    }
}

/* What is well formed, and what is not, without end. */
static void flood(struct proxy *p, unsigned round)
{
    char text[128];

    for (unsigned i = 0; i < DATAGRAMS / ROUNDS; i++) {
        snprintf(text, sizeof text, "%u_%u d7:command4:pinge", round, i);
        proxy_try(p, text);
        snprintf(text, sizeof text,
                 "%u_%u d7:call-id%u:%04u7:command5:query0:ldldldldeeeeeeee",
                 round, i, 4u, i % 10000);
        proxy_try(p, text);
        proxy_try(p, "x d9999999999:a");
        proxy_try(p, "no cookie");
    }
}

static void a_flood_does_not_stop_messages(void **state)
{
    struct call c = call_begin(state, PROXY_ANCHOR METRICS);
    struct proxy *hostile = proxy_new(c.s, false);
    int halves[HALVES];

    open_halves(c.s, halves);
    for (unsigned round = 0; round < ROUNDS; round++) {
        flood(hostile, round);
        call_talk(&c, "in between");
    }
    for (int i = 0; i < HALVES; i++)
        close(halves[i]);
    assert_string_equal(
        proxy_ask_again(proxy_new(c.s, false), "last d7:command4:pinge"),
        "last d6:result4:ponge");
    call_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(figures_match_calls),
        E2E_TEST(sessions_are_listed_with_their_calls),
        E2E_TEST(a_reload_keeps_calls_and_moves_sockets),
        E2E_TEST(while_draining_no_call_begins),
        E2E_TEST(the_end_is_recorded),
        E2E_TEST(a_flood_does_not_stop_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
