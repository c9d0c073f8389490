/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon writes down: never a secret, where it is told to, no more
 * than peers may cause; and the account of each session. */
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "http.h"
#include "json_check.h"
#include "login.h"
#include "renew.h"

/* --- secrets -------------------------------------------------------------- */

static void assert_shown(const struct secrets *s, const char *log,
                         const char *want, const char *want_line)
{
    struct span line;
    const char *what;

    assert_true(secrets_find(&line, &what, s, span_str(log)));
    assert_string_equal(what, want);
    assert_span_equal(line, span_str(want_line));
}

/* The tests below, and those of every other file, lean on this. */
static void a_secret_is_found_wherever_it_stands(void **state)
{
    struct secrets *s = secrets_new();
    struct span line;
    const char *what;

    (void)state;
    secrets_add(s, "short", SPAN("seven77"));
    assert_int_equal(secrets_count(s), 0);
    secrets_add(s, "a key", SPAN("eight888"));
    secrets_add(s, "a key", SPAN("eight888"));
    secrets_add(s, "a longer key", SPAN("seven777-and-more"));
    assert_int_equal(secrets_count(s), 2);
    assert_false(secrets_find(&line, &what, s, SPAN("")));
    assert_false(secrets_find(&line, &what, s,
                              SPAN("eight88 8\neight8\n88 seven777-and-mor")));
    assert_shown(s, "eight888", "a key", "eight888");
    assert_shown(s, "x\nxeight888\n", "a key", "xeight888");
    assert_shown(s, "x\na=seven777-and-more.\n", "a longer key",
                 "a=seven777-and-more.");
    secrets_free(s);
}

static void secrets_of_a_frame_are_gathered(void **state)
{
    static const struct span frame =
        SPAN("MSRP abcd SEND\r\nTo-Path: msrps://a.example:2855/token-one;tcp "
             "msrp://b.example/token-two;tcp msrps://c.example;tcp\r\n"
             "Authorization: Digest nonce=\"of-the-relay\", nc=00000001, "
             "cnonce=\"of-a-client\", response=\"0123456789abcdef\"\r\n"
             "Content-Type: text/plain\r\n\r\n"
             "top\tsecret\r\n-------abcd$\r\n");
    struct secrets *s = secrets_new();

    (void)state;
    secrets_add_frame(s, frame);
    assert_int_equal(secrets_count(s), 7); /* two forms of the body */
    assert_shown(s, "to=token-one", "a token", "to=token-one");
    assert_shown(s, "to=token-two", "a token", "to=token-two");
    assert_shown(s, "of-the-relay", "nonce", "of-the-relay");
    assert_shown(s, "of-a-client", "cnonce", "of-a-client");
    assert_shown(s, "0123456789abcdef", "response", "0123456789abcdef");
    assert_shown(s, "top?secret", "a body", "top?secret");
    assert_shown(s, "top\\x09secret", "a body", "top\\x09secret");
    secrets_free(s);
}

static void log_in_rightly(struct scene *s, const char *user,
                           enum digest_alg alg, bool quoted)
{
    struct client *c = scene_connect(s, RELAY_TLS, user);
    struct login l = {.alg = alg, .quoted = quoted};

    login_ask(c, &l);
    login_granted(c, login_try(c, &l));
    talk_expect_nothing(c);
}

/* Wrong, malformed, made up, unknown. */
static void log_in_wrongly(struct scene *s)
{
    struct client *c = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.alg = DIGEST_MD5, .password = "wrong-password"};

    login_ask(c, &l);
    login_refused(c, &l, login_try(c, &l));
    l.response = "0123456789abcdef-is-no-response";
    talk_expect_code(c, login_try(c, &l), 400);
    l = (struct login){
        .alg = DIGEST_MD5, .nonce = "made-up-nonce", .opaque = ""};
    login_refused(c, &l, login_try(c, &l));
    l.user = "mallory-is-unknown";
    login_refused(c, &l, login_try(c, &l));
    assert_int_equal(scene_wait_end(c), CLIENT_END_EOF);
}

static void talk_over(struct scene *s)
{
    static char large[100000];
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    struct send m = {.body = SPAN("the body of a message\r\nwith two lines"),
                     .headers = "Success-Report: yes\r\n"};
    struct got *g;

    talk_send(alice, bob, &m);
    g = talk_expect_body(bob, m.body, '$');
    talk_answer(bob, g, 200);
    talk_say(bob,
             "MSRP done REPORT\r\nTo-Path: %.*s\r\nFrom-Path: %s\r\n"
             "Message-ID: alice-message-1\r\nByte-Range: 1-37/37\r\n"
             "Status: 000 200 OK\r\n-------done$\r\n",
             SPAN_ARG(msg_text(&g->head, g->head.from)), bob->own);
    scene_frame(alice);
    talk_expect(alice, "REPORT");
    memset(large, 'L', sizeof large);
    m.body = span_of(large, sizeof large);
    talk_send(alice, bob, &m);
    talk_expect_message(bob, m.body);
    scene_frame(alice);
    talk_say(alice,
             "MSRP nick NICKNAME\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Use-Nickname: \"Alice\"\r\n-------nick$\r\n",
             talk_path(alice, bob), alice->own);
    talk_answer(bob, talk_expect(bob, "NICKNAME"), 425);
    scene_frame(alice);
    talk_text(alice, bob, "a text that bob refuses");
    talk_answer(bob, talk_expect(bob, "SEND"), 413);
    scene_frame(alice);
    talk_expect(alice, "REPORT");
}

/* A peer without a session here: what it may, and what it may not. */
static void meet_a_stranger(struct scene *s)
{
    struct client *alice = login(s, "alice");
    struct client *erin = scene_connect(s, RELAY_TLS, "erin");
    const char *tid = talk_text(erin, alice, "a stranger's words");
    struct send m = {.body = SPAN("to a session that is not there")};

    talk_answer(alice, talk_expect(alice, "SEND"), 200);
    talk_expect_code(erin, tid, 200);
    m.to = scene_text(s,
                      "msrps://" RELAY_NAME ":%u/0123456789-not-issued;tcp "
                      "msrps://x.invalid:1/abcdefghij;tcp",
                      relay_port(s->relay, RELAY_TLS));
    talk_expect_code(erin, talk_send(erin, NULL, &m), 481);
    m.flag = '#';
    talk_send(erin, alice, &m);
    client_close(erin);
}

/* Each costs its connection, or is answered. */
static void say_nonsense(struct scene *s)
{
    const char *const nonsense[] = {
        "GET /a-path-to-a-secret HTTP/1.1\r\nHost: x\r\n\r\n",
        "MSRP abcd SEND\r\nTo-Path: msrps://x/some-token;tcp;;\r\n\r\n",
        "MSRP abcd SEND\r\nFrom-Path: msrps://x:1/some-token;tcp\r\n"
        "To-Path: none of these is a URI\r\n-------abcd$\r\n",
        "MSRP abcd AUTH\r\nTo-Path: msrps://x:1;tcp\r\nFrom-Path: "
        "msrps://x:1/some-token;tcp\r\nAuthorization: Digest "
        "nonce=\"half-of-a-nonce\r\n-------abcd$\r\n",
        "MSRP abcd AUTH\r\nAuthorization: Basic c2VjcmV0LXNlY3JldA==\r\n",
    };

    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        struct client *c = scene_connect(s, RELAY_TLS, "noise");

        c->raw = true;
        secrets_add(s->secrets, "credentials", SPAN("c2VjcmV0LXNlY3JldA=="));
        secrets_add(s->secrets, "a path", SPAN("a-path-to-a-secret"));
        client_put(c, span_str(nonsense[i]));
        scene_flush(c);
        client_half_close(c);
        scene_wait_end(c);
    }
}

static void nothing_secret_is_written_down_at_any_level(void **state)
{
    static const struct relay_opts opts = {
        .auth = "algorithms = [ \"MD5\", \"SHA-256\" ]; max_failures = 2;"};
    struct scene *s = scene_start(state, &opts);
    const char *what = "";
    struct span line;

    log_in_rightly(s, "alice", DIGEST_MD5, false);
    log_in_rightly(s, "bob", DIGEST_SHA256, false);
    log_in_rightly(s, "carol", DIGEST_MD5, true);
    log_in_wrongly(s);
    talk_over(s);
    meet_a_stranger(s);
    say_nonsense(s);
    relay_signal(s->relay, SIGUSR2);
    scene_wait_log(s, "table=end");
    assert_non_null(strstr(relay_log(s->relay), " debug c=1 in \"AUTH\""));
    assert_in_range(secrets_count(s->secrets), 50, 1000);
    assert_false(
        secrets_find(&line, &what, s->secrets, span_str(relay_log(s->relay))));
}

/* Decisions 2.1: USR2 prints every table. */
static void every_table_is_printed(void **state)
{
    enum { MANY = 250 }; /* rows, for more than one turn */
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    unsigned rows = 0;

    for (int i = 1; i < MANY; i++)
        login_on(alice);
    relay_signal(s->relay, SIGUSR2);
    scene_wait_log(s, "table=end");
    assert_non_null(strstr(relay_log(s->relay), " table=relay "));
    assert_non_null(strstr(relay_log(s->relay), " table=limits "));
    assert_non_null(strstr(relay_log(s->relay), " table=connection c=1 "));
    for (const char *at = relay_log(s->relay);
         (at = strstr(at, " table=session c=1 s=")); at++)
        rows++;
    assert_int_equal(rows, MANY);
}

/* --- where to ------------------------------------------------------------- */

/* What looks like a file that may be written, until it is opened. */
static const char *make_socket(struct scene *s)
{
    const char *path = relay_path(s->relay, "socket");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    return path;
}

static void one_that_cannot_be_opened_changes_nothing(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    struct relay_opts opts = {.log = "target = \"/nonexistent/log\";"};

    relay_write_config(s->relay, &opts);
    renew_in_vain(s, "relay.conf line=7 fault=\"log.target: cannot write "
                     "/nonexistent/log: No such file or directory");
    opts.log = scene_text(s, "target = \"%s\"; accounting = \"%s\";",
                          relay_path(s->relay, "log"), make_socket(s));
    relay_write_config(s->relay, &opts);
    renew_in_vain(s, "relay.conf line=7 fault=\"log.accounting: cannot open ");
    talk_expect_nothing(alice);
    scene_wait_log(s, " debug c=1 in \"SEND\"");
}

/* --- as JSON --- */

/* How many lines from `mark` on are objects that have `event`; any that is no
 * object at all fails. */
static size_t count_objects(const char *lines, const char *event)
{
    size_t n = 0;

    for (size_t k; *lines; lines += k + (lines[k] == '\n')) {
        struct span line;

        k = strcspn(lines, "\n");
        line = span_of(lines, k);
        if (!json_check(line) || !span_starts(line, SPAN("{\"time\":\"20")))
            fail_msg("no object: %.*s", SPAN_ARG(line));
        n += memmem(line.p, line.n, event, strlen(event)) != NULL;
    }
    return n;
}

/* From a reload on until another; a peer says anything it likes. */
static void lines_may_be_objects_of_json(void **state)
{
    static const struct relay_opts json = {.log = "format = \"json\";"};
    struct scene *s = scene_start(state, NULL);
    struct login wrong = {.alg = DIGEST_MD5, .user = "m\xc3\xa9 a=b {x}"};
    struct client *c;
    size_t mark = relay_log_size(s->relay);

    relay_write_config(s->relay, &json);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, "\"event\":\"reloaded\"}\n");
    mark = (size_t)(strchr(strstr(relay_log(s->relay), "\"reloaded\""), '\n') +
                    1 - relay_log(s->relay));
    login(s, "alice");
    c = scene_connect(s, RELAY_TLS, "mallory");
    login_ask(c, &wrong);
    login_refused(c, &wrong, login_try(c, &wrong));
    say_nonsense(s);
    relay_signal(s->relay, SIGUSR2);
    scene_wait_log_since(s, mark, "\"table\":\"end\"}\n");
    assert_int_equal(
        count_objects(relay_log(s->relay) + mark,
                      "\"level\":\"info\",\"event\":\"session granted\","
                      "\"c\":1,\"s\":\""),
        1);
    assert_int_equal(count_objects(relay_log(s->relay) + mark,
                                   "\"user\":\"m\xc3\xa9 a=b {x}\""),
                     count_objects(relay_log(s->relay) + mark, "\"user\":\"m"));
    assert_true(count_objects(relay_log(s->relay) + mark,
                              "\"event\":\"authentication failed\",\"c\":2,"
                              "\"peer\":\"127.0.0.1:") > 0);
    mark = relay_log_size(s->relay);
    relay_write_config(s->relay, NULL);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, " info reloaded\n");
}

/* --- how much ------------------------------------------------------------- */

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    while ((text = strstr(text, what))) {
        n++;
        text += strlen(what);
    }
    return n;
}

static void peers_cannot_fill_the_log(void **state)
{
    enum { BURST = 5, PEERS = 100 };
    static const struct relay_opts opts = {.log = "rate = 1;"};
    struct scene *s = scene_start(state, &opts);
    uint64_t began_ms = now_ms();
    size_t lines;

    for (int i = 0; i < PEERS; i++) {
        int fd = http_connect(relay_port(s->relay, RELAY_TCP));

        http_say(fd, "M");
        close(fd);
    }
    scene_wait_log(s, " warn log lost lines=");
    talk_expect_nothing(login(s, "alice"));
    lines = count(relay_log(s->relay), " info c=");
    assert_in_range(lines, BURST, BURST + 1 + (now_ms() - began_ms) / 1000);
}

/* --- accounts ------------------------------------------------------------- */

static void assert_account(const char *line, const char *const *parts)
{
    struct span text = span_of(line, strcspn(line, "\n"));

    if (!json_check(text))
        fail_msg("no JSON: %.*s", SPAN_ARG(text));
    for (; *parts; parts++)
        if (!memmem(text.p, text.n, *parts, strlen(*parts)))
            fail_msg("no %s in %.*s", *parts, SPAN_ARG(text));
}

static void each_session_leaves_a_line_of_json(void **state)
{
    static const char *const of_bob[] = {
        "\"user\":\"bob\",\"realm\":\"" RELAY_REALM "\",\"relay\":\"" RELAY_NAME
        "\","
        "\"peer\":{\"address\":\"127.0.0.1\",\"port\":",
        "\"transport\":\"tls\",\"tls\":\"TLSv1.3\"",
        "\"reason\":\"connection\"",
        "\"received\":{\"messages\":2,\"octets\":9,",
        "\"parties\":[{\"host\":\"" RELAY_NAME "\",\"session\":\"",
        NULL};
    static const char *const of_alice[] = {
        "\"user\":\"alice\"", "\"reason\":\"shutdown\"",
        "\"sent\":{\"messages\":2,\"octets\":9,", NULL};
    struct scene *s = scene_start(state, NULL);
    const struct relay_opts opts = {
        .log = scene_text(s, "accounting = \"%s\";",
                          relay_path(s->relay, "accounts"))};
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");
    const char *second, *what;
    struct span line;
    char *all;

    renew_with(s, &opts);
    for (int i = 0; i < 2; i++) {
        talk_text(alice, bob, i ? "five." : "four");
        talk_answer(bob, talk_expect(bob, "SEND"), 200);
        assert_int_equal(scene_frame(alice)->head.code, 200);
    }
    scene_flush(bob);
    client_close(bob);
    free(renew_wait(alice, "accounts", "\n"));
    relay_signal(s->relay, SIGTERM);
    assert_int_equal(scene_wait_exit(s), 0);
    all = renew_read(s->relay, "accounts");
    assert_int_equal(count(all, "\n"), 2);
    second = strchr(all, '\n') + 1;
    assert_account(all, of_bob);
    assert_account(second, of_alice);
    assert_false(secrets_find(&line, &what, s->secrets, span_str(all)));
    free(all);
}

/* --- the start ------------------------------------------------------------ */

static void warnings_of_the_start_are_in_the_log(void **state)
{
    static const struct relay_opts opts = {
        .groups = "tcp: { receive_buffer = 4096; };"};
    struct scene *s = scene_start(state, &opts);
    const char *line;

    scene_wait_log(s, " started version=");
    line = strstr(relay_log(s->relay), " warn start file=");
    assert_non_null(line);
    assert_non_null(strstr(line, "relay.conf line="));
    assert_non_null(strstr(line, " warning=\"send.max_chunk_size "));
    assert_null(strstr(relay_log(s->relay), ": warning: ")); /* said once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(warnings_of_the_start_are_in_the_log),
        cmocka_unit_test(a_secret_is_found_wherever_it_stands),
        cmocka_unit_test(secrets_of_a_frame_are_gathered),
        E2E_TEST(nothing_secret_is_written_down_at_any_level),
        E2E_TEST(every_table_is_printed),
        E2E_TEST(one_that_cannot_be_opened_changes_nothing),
        E2E_TEST(lines_may_be_objects_of_json),
        E2E_TEST(peers_cannot_fill_the_log),
        E2E_TEST(each_session_leaves_a_line_of_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
