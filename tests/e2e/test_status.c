/* SPDX-License-Identifier: BSD-2-Clause */
/* What /status.json and the status page say: what there is, how it moves, and
 * nothing that only the relay and its clients should know. */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "http.h"
#include "json_check.h"
#include "outside.h"
#include "peer_relay.h"
#include "renew.h"

#define METRICS "metrics: { address = \"127.0.0.1\"; port = 0; };"

static const struct relay_opts with_metrics = {.groups = METRICS};

/* --- asking --------------------------------------------------------------- */

/* The JSON as it is now, which has to be JSON; valid as long as the scene. */
static const char *json_of(struct scene *s)
{
    char *answer = http_get(http_port(s->relay, 0), "/status.json");
    const char *body;

    assert_int_equal(http_code(answer), 200);
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
    if (!json_check(span_str(http_body(answer))))
        fail_msg("no JSON: %s", http_body(answer));
    body = scene_text(s, "%s", http_body(answer));
    free(answer);
    return body;
}

static void assert_says(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("no %s in %s", what, text);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

static void talk_once(struct client *from, struct client *to)
{
    const struct send m = {.body = SPAN("a text between the two of them")};

    talk_send(from, to, &m);
    talk_answer(to, talk_expect_body(to, m.body, '$'), 200);
    assert_int_equal(scene_frame(from)->head.code, 200);
}

/* --- what it says --------------------------------------------------------- */

static void it_says_what_there_is(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    const char *json;

    login(s, "alice");
    login(s, "bob");
    scene_connect(s, RELAY_TCP, "nobody");
    login(s, "carol"); /* the connection before has been accepted */
    json = json_of(s);
    assert_says(json, "{\"name\":\"" RELAY_NAME "\",\"version\":\"");
    assert_says(json, "\"uptime_s\":");
    assert_says(json, "\"state\":\"running\"");
    assert_says(json, "\"sessions\":{\"now\":3,");
    assert_says(json, "\"connections\":{\"now\":4,");
    assert_says(json, "\"by_transport\":{\"tcp\":1,\"tls\":3,\"ws\":0,");
    assert_says(json, "\"limits\":[{\"name\":\"limits.connections\","
                      "\"used\":4,\"limit\":");
    assert_says(json, scene_text(s,
                                 "\"listeners\":[{\"transport\":\"tls\","
                                 "\"address\":\"127.0.0.1\",\"port\":%u}",
                                 relay_port(s->relay, RELAY_TLS)));
    assert_says(json, "\"certificates\":[{\"names\":\"" RELAY_NAME "\","
                      "\"ends_at\":");
    assert_says(json, "\"relay_links\":[]");
    assert_says(json, "\"history\":{\"step_s\":5,\"messages\":[");
}

static void figures_move_under_load(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    uint64_t until_ms = now_ms() + DEADLINE_MS;
    const char *json;

    do {
        for (int i = 0; i < 20; i++)
            talk_once(alice, bob);
        json = json_of(s);
        assert_true(now_ms() < until_ms);
    } while (!strstr(json, "\"rates\":{\"messages\":") ||
             strstr(json, "\"rates\":{\"messages\":0,") ||
             strstr(json, "\"octets_in\":0,"));
    assert_null(strstr(json, "\"messages\":[]"));
}

static void only_names_of_relays_are_told_of_links(void **state)
{
    static const struct outside_opts opts = {.relay = {.groups = METRICS}};
    struct scene *s = outside_start(state, &opts);
    struct client *alice = login(s, "alice");
    struct client *r3 = peer_relay_connect(s, NULL);
    const struct request r = {.to = request_way_to(alice),
                              .from = peer_relay_from(r3, "erin")};
    const char *json;

    request_expect_code(r3, request_say(r3, &r), 200);
    talk_answer(alice, talk_expect(alice, "SEND"), 200);
    json = json_of(s);
    assert_says(json, "\"relay_links\":[{\"host\":\"r3.test\",\"port\":7003,"
                      "\"scheme\":\"msrps\",\"state\":\"accepted\",");
    assert_null(strstr(json, "erin"));
}

/* --- what it does not say ------------------------------------------------- */

static void assert_harmless(struct scene *s, const char *text)
{
    static const char *const users[] = {"alice", "bob", "mallory", "Digest"};
    const char *what;
    struct span line;

    if (secrets_find(&line, &what, s->secrets, span_str(text)))
        fail_msg("it tells %s", what);
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        assert_null(strstr(text, users[i]));
    /* Those of the two listeners, and none of a peer. */
    assert_int_equal(count(text, "127.0.0.1"), 2);
}

static void nothing_secret_is_told(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct client *c = scene_connect(s, RELAY_TLS, "mallory");
    struct login wrong = {.alg = DIGEST_MD5, .user = "mallory"};

    talk_once(alice, bob);
    login_ask(c, &wrong);
    login_refused(c, &wrong, login_try(c, &wrong));
    assert_true(secrets_count(s->secrets) > 5);
    assert_harmless(s, json_of(s));
}

/* --- the page ------------------------------------------------------------- */

/* Filled in by the server, for those who run no script. */
static void the_page_shows_the_same_figures(void **state)
{
    static const char *const headers[] = {
        "\r\nContent-Type: text/html; charset=utf-8\r\n",
        "\r\nContent-Security-Policy: default-src 'none'; connect-src 'self';",
        "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nCache-Control: no-store\r\n",
        "\r\nReferrer-Policy: no-referrer\r\n",
        "frame-ancestors 'none'"};
    static const char *const figures[] = {
        "<p id=\"state\" role=\"status\">running</p>",
        "data-at=\"sessions.now\" data-as=\"count\">2</dd>",
        "data-at=\"connections.by_transport.tls\" data-as=\"count\">2</dd>",
        "limits.connections</td><td data-as=\"amount\">2</td>"};
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    char *answer;

    talk_once(alice, bob);
    answer = http_get(http_port(s->relay, 0), "/");
    assert_int_equal(http_code(answer), 200);
    assert_says(answer, "<h1>" RELAY_NAME "</h1>");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_says(answer, headers[i]);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        assert_says(http_body(answer), figures[i]);
    assert_harmless(s, http_body(answer));
    free(answer);
    answer = http_get(http_port(s->relay, 0), "/icon.svg");
    assert_says(answer, "\r\nContent-Type: image/svg+xml\r\n");
    free(answer);
}

static void the_page_says_that_the_relay_drains(void **state)
{
    struct scene *s = scene_start(state, &with_metrics);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    char *answer;

    talk_text(alice, bob, "a text that nobody answers");
    talk_expect(bob, "SEND");
    relay_signal(s->relay, SIGTERM);
    scene_wait_log(s, "shutting down");
    answer = http_get(http_port(s->relay, 0), "/");
    assert_says(answer, "<body data-state=\"ending\">");
    free(answer);
}

/* --- how it changes ------------------------------------------------------- */

static void warnings_are_those_of_the_configuration_in_use(void **state)
{
    static const struct relay_opts moved = {.realm = "moved.example.com",
                                            .groups = METRICS};
    static const struct relay_opts bad = {.groups = "nonsense = 1;"};
    struct scene *s = scene_start(state, &with_metrics);

    assert_says(json_of(s), "\"warnings\":[]");
    renew_with(s, &moved);
    assert_says(json_of(s), "\"text\":\"auth.users_file: nobody can log in: ");
    relay_write_config(s->relay, &bad);
    assert_false(renew(s));
    assert_says(json_of(s), "\"text\":\"auth.users_file: nobody can log in: ");
    renew_with(s, &with_metrics);
    assert_says(json_of(s), "\"warnings\":[]");
}

/* With a transfer that does not end, until the drain is over. */
static void an_ending_relay_says_so(void **state)
{
    static const struct relay_opts opts = {.groups = METRICS
                                           " timers: { drain = 20; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    talk_text(alice, bob, "a text that nobody answers");
    talk_expect(bob, "SEND");
    relay_signal(s->relay, SIGTERM);
    scene_wait_log(s, "shutting down");
    assert_says(json_of(s), "\"state\":\"ending\"");
    assert_says(json_of(s), "\"listeners\":[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(it_says_what_there_is),
        E2E_TEST(figures_move_under_load),
        E2E_TEST(only_names_of_relays_are_told_of_links),
        E2E_TEST(nothing_secret_is_told),
        E2E_TEST(the_page_shows_the_same_figures),
        E2E_TEST(the_page_says_that_the_relay_drains),
        E2E_TEST(warnings_are_those_of_the_configuration_in_use),
        E2E_TEST(an_ending_relay_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
