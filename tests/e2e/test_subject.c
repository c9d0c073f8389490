/* SPDX-License-Identifier: BSD-2-Clause */
/* Every line of the log about a connection says from where, through which
 * listener, and who (S-38). */
#include "cmocka_all.h"
#include "login.h"
#include "outside.h"

/* How lines about connections to the TLS listener go on after the peer. */
static const char *ends_of(struct scene *s)
{
    return scene_text(s, " listener=tls:%u", relay_port(s->relay, RELAY_TLS));
}

static bool holds(struct span line, const char *what)
{
    return memmem(line.p, line.n, what, strlen(what)) != NULL;
}

static void assert_key(struct span line, const char *key)
{
    if (!holds(line, key))
        fail_msg("no \"%s\" in: %.*s", key, SPAN_ARG(line));
}

static bool is_about_a_user(struct span line)
{
    return holds(line, " session ") || holds(line, " authentication failed");
}

static void assert_says_who(struct span line)
{
    bool is_dialled = holds(line, " dialled=");

    if (!is_dialled || holds(line, " open "))
        assert_key(line, " peer=127.0.0.");
    if (!is_dialled)
        assert_key(line, " listener=");
    if (is_about_a_user(line))
        assert_key(line, " user=");
}

/* Looks at all lines about connections; how many there were. */
static unsigned check_lines(const struct relay *r)
{
    struct span all = span_str(relay_log(r));
    unsigned n = 0;

    while (all.n) {
        struct span line = span_cut(&all, '\n');

        if (!holds(line, " c=") && !holds(line, " connection refused"))
            continue;
        assert_says_who(line);
        n++;
    }
    return n;
}

static void fail_to_log_in(struct client *c, const char *user)
{
    struct login l = {.alg = DIGEST_MD5, .user = user, .password = "guess"};

    login_ask(c, &l);
    login_refused(c, &l, login_try(c, &l));
}

/* No TLS at all. */
static void break_a_handshake(struct scene *s)
{
    struct client_opts plain = {.port = relay_port(s->relay, RELAY_TLS)};
    struct client *c = scene_connect_with(s, "plain", &plain);

    c->raw = true;
    client_put(c, SPAN("MSRP a SEND\r\n\r\n"));
    scene_wait_end(c);
}

static void say_nonsense(struct scene *s)
{
    struct client *c = scene_connect(s, RELAY_TLS, "nonsense");

    c->raw = true;
    client_put(c, SPAN("GET / HTTP/1.1\r\n\r\n"));
    scene_wait_end(c);
}

static void dial_in_vain(struct client *c)
{
    const struct send m = {
        .to = scene_text(c->scene, "%s msrps://nowhere.example.org:7394/x;tcp",
                         c->uri),
        .body = SPAN("hello")};

    talk_expect_code(c, talk_send(c, NULL, &m), 408);
}

static void every_line_about_a_connection_says_who(void **state)
{
    struct scene *s = outside_start(state, NULL);
    const char *ends = ends_of(s);
    struct client *alice = login(s, "alice"), *mallory;

    break_a_handshake(s);
    say_nonsense(s);
    dial_in_vain(alice);
    mallory = scene_connect(s, RELAY_TLS, "mallory");
    fail_to_log_in(mallory, "a user");
    client_close(mallory);
    client_close(alice);
    scene_wait_log(s, scene_text(s, "%s user=\"a user\"\n", ends));
    scene_wait_log(s, scene_text(s, "%s user=\"a user\" reason=\"eof\"", ends));
    scene_wait_log(s, scene_text(s, "%s user=alice reason=\"eof\"", ends));
    scene_wait_log(s, scene_text(s, "bad input peer="));
    scene_wait_log(s, scene_text(s, "%s reason=\"tls\"", ends));
    scene_wait_log(s, "dial failed dialled=nowhere.example.org:7394 error=");
    assert_in_range(check_lines(s->relay), 15, 1000);
}

static void a_refused_connection_says_where_it_came_from(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { connections_per_address = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client_opts plain = {.port = relay_port(s->relay, RELAY_TLS)};

    login(s, "alice");
    scene_wait_end(scene_connect_with(s, "second", &plain));
    scene_wait_log(s, "connection refused peer=127.0.0.1:");
    scene_wait_log(s,
                   scene_text(s, "%s reason=\"limits.connections_per_address",
                              ends_of(s)));
    check_lines(s->relay);
}

/* More than there may be of other lines at once (it used to be 10). */
static void each_failure_to_log_in_has_a_line(void **state)
{
    enum { MANY = 30 };
    static const struct relay_opts opts = {.auth = "max_failures = 1000;",
                                           .level = "info"};
    struct scene *s = scene_start(state, &opts);
    struct client *mallory = login(s, "alice"); /* past probation */
    struct login l = {.alg = DIGEST_MD5, .user = "root", .password = "guess"};
    const char *at;
    unsigned n = 0;

    login_ask(mallory, &l);
    for (int i = 0; i < MANY; i++)
        login_refused(mallory, &l, login_try(mallory, &l));
    client_close(mallory);
    scene_wait_log(s, "c=1 closed");
    for (at = relay_log(s->relay);
         (at = strstr(at, " c=1 authentication failed peer=127.0.0.1:")); at++)
        n++;
    assert_int_equal(n, MANY);
    assert_int_equal(check_lines(s->relay), MANY + 4);
}

/* "alice cannot log in" */
static void a_login_that_is_refused_says_why(void **state)
{
    static const struct relay_opts opts = {
        .level = "info", .groups = "limits: { sessions_per_user = 1; };"};
    struct scene *s = scene_start(state, &opts);
    struct client *again;
    struct login l = {.alg = DIGEST_MD5};

    login(s, "alice");
    again = scene_connect(s, RELAY_TLS, "alice");
    login_ask(again, &l);
    talk_expect_code(again, login_try(again, &l), 403);
    scene_wait_log(s, scene_text(s,
                                 "%s user=alice "
                                 "reason=\"limits.sessions_per_user\"",
                                 ends_of(s)));
    check_lines(s->relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(every_line_about_a_connection_says_who),
        E2E_TEST(a_refused_connection_says_where_it_came_from),
        E2E_TEST(each_failure_to_log_in_has_a_line),
        E2E_TEST(a_login_that_is_refused_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
