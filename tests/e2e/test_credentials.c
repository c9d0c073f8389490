/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials beyond one realm's users: several realms, shared
 * secrets (decisions, 7). */
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "cmocka_all.h"
#include "ctl.h"
#include "login.h"

#define TWO "two.example"

/* --- realms --------------------------------------------------------------- */

static const struct relay_opts two_realms = {.relay = "realms = [ \"" TWO
                                                      "\", \"six.example\" ];"};

/* A relay of two realms, in both of which there is an alice. */
static struct scene *realms_start(void **state)
{
    struct scene *s = scene_start(state, &two_realms);
    size_t mark = relay_log_size(s->relay);
    FILE *f = fopen(relay_path(s->relay, "users"), "a");

    assert_non_null(f);
    relay_add_user(f, "alice", TWO, "another", DIGEST_MD5);
    relay_add_user(f, "erin", TWO, "erin" RELAY_PASSWORD, DIGEST_MD5);
    assert_int_equal(fclose(f), 0);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, "reloaded");
    return s;
}

static const char *at_realm(const struct client *c, const char *realm)
{
    return scene_text(c->scene, "msrps://%s:%u;tcp", realm,
                      relay_port(c->relay, RELAY_TLS));
}

static void users_of_two_realms_talk_to_each_other(void **state)
{
    struct scene *s = realms_start(state);
    struct client *bob = login(s, "bob");
    struct client *erin = scene_connect(s, RELAY_TLS, "erin");
    struct login l = {.realm = TWO, .to = at_realm(erin, TWO)};
    const char *tid;

    login_ask(erin, &l);
    login_granted(erin, login_try(erin, &l));
    scene_wait_log(s, " user=erin realm=" TWO " expires=");
    tid = talk_text(bob, erin, "hello over there");
    talk_answer(erin, talk_expect_body(erin, SPAN("hello over there"), '$'),
                200);
    talk_expect_code(bob, tid, 200);
    tid = talk_text(erin, bob, "and back");
    talk_answer(bob, talk_expect_body(bob, SPAN("and back"), '$'), 200);
    talk_expect_code(erin, tid, 200);
}

static void a_realm_needs_no_port(void **state)
{
    struct scene *s = realms_start(state);
    struct client *erin = scene_connect(s, RELAY_TLS, "erin");
    struct login l = {.realm = TWO, .to = "msrps://" TWO ";tcp"};

    login_ask(erin, &l);
    login_granted(erin, login_try(erin, &l));
}

static void a_password_of_one_realm_is_wrong_in_the_other(void **state)
{
    struct scene *s = realms_start(state);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {.realm = TWO, .to = at_realm(alice, TWO)};
    const char *tid;

    login_ask(alice, &l);
    tid = login_try(alice, &l); /* her password of the first realm */
    login_refused(alice, &l, tid);
    l.password = "another";
    login_granted(alice, login_try(alice, &l));
    login_on(alice);
    l = (struct login){.realm = "six.example",
                       .to = at_realm(alice, "six.example")};
    login_ask(alice, &l); /* where there is nobody */
    login_refused(alice, &l, login_try(alice, &l));
}

static void a_host_that_is_no_realm_is_not_ours(void **state)
{
    struct scene *s = realms_start(state);
    struct client *alice = scene_connect(s, RELAY_TLS, "alice");

    talk_say(alice,
             "MSRP ask1 AUTH\r\nTo-Path: msrps://three.example;tcp\r\n"
             "From-Path: %s\r\n-------ask1$\r\n",
             alice->own);
    assert_int_equal(scene_wait_end(alice), CLIENT_END_EOF);
}

/* --- shared secrets ------------------------------------------------------- */

/* A relay with these secrets, one a line. */
static struct scene *secrets_start(void **state, const char *more,
                                   const char *secrets)
{
    struct tls_files *files = relay_files_new();
    const char *path = relay_write(files, "secrets", secrets);
    char *auth;
    struct relay_opts opts = {.files = files};
    struct scene *s;

    assert_true(asprintf(&auth, "secret_file = \"%s\"; %s", path, more) > 0);
    opts.auth = auth;
    s = scene_start(state, &opts);
    scene_keep_files(s, files);
    free(auth);
    return s;
}

/* As a web tier would make it: with openssl, from a secret and a name that
 * holds for `for_s` seconds from now. */
static struct login made_elsewhere(struct scene *s, const char *hash,
                                   const char *secret, const char *name,
                                   long for_s)
{
    const char *user =
        scene_text(s, "%lld:%s", (long long)time(NULL) + for_s, name);
    const char *command = scene_text(
        s, "printf %%s '%s' | openssl dgst -binary -%s -hmac '%s' | base64",
        user, hash, secret);
    char password[128] = "";
    FILE *f = popen(command, "r");

    assert_non_null(f);
    assert_non_null(fgets(password, sizeof password, f));
    assert_int_equal(pclose(f), 0);
    password[strcspn(password, "\n")] = '\0';
    return (struct login){.user = user,
                          .password = scene_text(s, "%s", password)};
}

static void credentials_that_openssl_made_are_accepted(void **state)
{
    struct scene *s = secrets_start(state, "", "first-secret\n");
    struct login l = made_elsewhere(s, "sha1", "first-secret", "dora", 600);
    struct client *dora = scene_connect(s, RELAY_TLS, "dora");
    struct client *alice = login(s, "alice"); /* of the file */
    const char *tid;

    login_ask(dora, &l);
    login_granted(dora, login_try(dora, &l));
    scene_wait_log(s, "session granted");
    scene_wait_log(s, " user=dora expires=");
    tid = talk_text(alice, dora, "hello");
    talk_answer(dora, talk_expect(dora, "SEND"), 200);
    talk_expect_code(alice, tid, 200);
}

/* The block of docs/credentials.md in this language, into a file. */
static const char *write_example(struct scene *s, const char *language)
{
    static char text[65536];
    const char *fence = scene_text(s, "```%s\n", language);
    FILE *f = fopen(SOURCE_DIR "/docs/credentials.md", "r");
    char *start, *end;

    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    start = strstr(text, fence);
    assert_non_null(start);
    start += strlen(fence);
    end = strstr(start, "```");
    assert_non_null(end);
    *end = '\0';
    return relay_write(relay_files(s->relay), language, start);
}

/* What the documentation tells a web site to do, in that language. */
static void example_logs_in(void **state, const char *language,
                            const char *interpreter)
{
    struct scene *s = secrets_start(state, "", "first-secret\n");
    struct client *dora = scene_connect(s, RELAY_TLS, "dora");
    const char *path = write_example(s, language);
    char user[128] = "", password[128] = "";
    struct login l = {.user = user, .password = password};
    FILE *f;

    if (system(scene_text(s, "command -v %s >/dev/null", interpreter)) != 0)
        skip();
    f = popen(
        scene_text(s, "NAME=dora SECRET=first-secret %s %s", interpreter, path),
        "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%127s %127s", user, password), 2);
    assert_int_equal(pclose(f), 0);
    login_ask(dora, &l);
    login_granted(dora, login_try(dora, &l));
}

static void the_example_in_python_logs_in(void **state)
{
    example_logs_in(state, "python", "python3");
}

static void the_example_in_php_logs_in(void **state)
{
    example_logs_in(state, "php", "php");
}

static void the_example_in_javascript_logs_in(void **state)
{
    example_logs_in(state, "javascript", "node");
}

static void sha256_is_a_setting(void **state)
{
    struct scene *s =
        secrets_start(state, "secret_hash = \"SHA256\";", "first-secret\n");
    struct login l = made_elsewhere(s, "sha256", "first-secret", "dora", 600);
    struct client *dora = scene_connect(s, RELAY_TLS, "dora");

    login_ask(dora, &l);
    login_granted(dora, login_try(dora, &l));
    l = made_elsewhere(s, "sha1", "first-secret", "dora", 600);
    login_ask(dora, &l);
    login_refused(dora, &l, login_try(dora, &l));
}

static void a_session_ends_when_its_credentials_do(void **state)
{
    struct scene *s =
        secrets_start(state, "min_expires = 1;", "first-secret\n");
    struct login l = made_elsewhere(s, "sha1", "first-secret", "dora", 3);
    struct client *dora = scene_connect(s, RELAY_TLS, "dora");

    login_ask(dora, &l);
    login_granted(dora, login_try(dora, &l));
    scene_wait_log(s, " user=dora reason=expired");
}

static void expired_credentials_are_told_in_the_log(void **state)
{
    struct scene *s = secrets_start(state, "", "first-secret\n");
    struct login l = made_elsewhere(s, "sha1", "first-secret", "dora", 30);
    struct client *dora = scene_connect(s, RELAY_TLS, "dora");

    login_ask(dora, &l); /* fewer than auth.min_expires are left */
    login_refused(dora, &l, login_try(dora, &l));
    scene_wait_log(s, " authentication failed");
    scene_wait_log(s, " user=dora reason=expired");
    l.password = "a guess";
    login_refused(dora, &l, login_try(dora, &l));
    scene_wait_log(s, "reason=unknown");
}

static void secrets_change_with_a_reload(void **state)
{
    struct scene *s = secrets_start(state, "", "first-secret\n");
    struct login old = made_elsewhere(s, "sha1", "first-secret", "dora", 600);
    struct login new = made_elsewhere(s, "sha1", "next-secret", "erin", 600);
    struct client *dora = scene_connect(s, RELAY_TLS, "dora");
    struct client *erin = scene_connect(s, RELAY_TLS, "erin");
    size_t mark;
    const char *tid;

    login_ask(dora, &old);
    login_granted(dora, login_try(dora, &old));
    login_ask(erin, &new);
    login_refused(erin, &new, login_try(erin, &new));
    relay_write(relay_files(s->relay), "secrets",
                "next-secret\nfirst-secret\n");
    mark = relay_log_size(s->relay);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, "reloaded");
    login_granted(erin, login_try(erin, &new));
    login_ask(dora, &old);
    login_granted(dora, login_try(dora, &old));
    relay_write(relay_files(s->relay), "secrets", "next-secret\n");
    mark = relay_log_size(s->relay);
    relay_signal(s->relay, SIGHUP);
    scene_wait_log_since(s, mark, "reloaded");
    tid = talk_text(dora, erin, "still here"); /* sessions stay */
    talk_answer(erin, talk_expect(erin, "SEND"), 200);
    talk_expect_code(dora, tid, 200);
    login_ask(dora, &old);
    login_refused(dora, &old, login_try(dora, &old));
}

/* --- what one user may use ------------------------------------------------ */

static void one_more_session_of_a_user_is_refused(void **state)
{
    static const struct relay_opts opts = {
        .relay = "realms = [ \"" TWO "\" ];",
        .groups = "limits: { sessions_per_user = 2; };"};
    struct scene *s = ctl_scene(state, &opts);
    struct client *first = login(s, "alice"), *second = login(s, "alice");
    struct client *third = scene_connect(s, RELAY_TLS, "alice");
    struct login l = {0};
    const char *tid;

    login_ask(third, &l);
    talk_expect_code(third, login_try(third, &l), 403);
    scene_wait_log(s, " user=alice reason=\"limits.sessions_per_user\"");
    assert_non_null(strstr(ctl_ok(s, "stats --json"),
                           "\"name\":\"msrprelayd_limits_reached_total"
                           "{limit=\\\"sessions_per_user\\\"}\",\"value\":1}"));
    tid = talk_text(first, second, "we go on");
    talk_answer(second, talk_expect(second, "SEND"), 200);
    talk_expect_code(first, tid, 200);
    login(s, "bob");
}

enum { RATE = 100000 };

/* What the relay reads of both together keeps to the rate, after a burst of a
 * second: it takes at least so long, on whatever machine. */
static void connections_of_a_user_share_a_rate(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { rate_per_user = 100000; };"};
    static char body[3 * RATE / 2];
    struct scene *s = scene_start(state, &opts);
    struct client *first = login(s, "alice"), *second = login(s, "alice");
    struct client *bob = login(s, "bob"), *carol = login(s, "carol");
    struct send message = {.body = span_of(body, sizeof body), .flag = '$'};
    uint64_t since_ms = now_ms();

    memset(body, 'x', sizeof body);
    talk_send(first, bob, &message);
    talk_send(second, carol, &message);
    talk_expect_message(bob, message.body);
    talk_expect_message(carol, message.body);
    assert_true(now_ms() - since_ms >= 1900);
    scene_wait_log(s, " slowed peer=");
    scene_wait_log(s, " user=alice reason=\"limits.rate_per_user\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(users_of_two_realms_talk_to_each_other),
        E2E_TEST(a_realm_needs_no_port),
        E2E_TEST(a_password_of_one_realm_is_wrong_in_the_other),
        E2E_TEST(a_host_that_is_no_realm_is_not_ours),
        E2E_TEST(credentials_that_openssl_made_are_accepted),
        E2E_TEST(the_example_in_python_logs_in),
        E2E_TEST(the_example_in_php_logs_in),
        E2E_TEST(the_example_in_javascript_logs_in),
        E2E_TEST(sha256_is_a_setting),
        E2E_TEST(a_session_ends_when_its_credentials_do),
        E2E_TEST(expired_credentials_are_told_in_the_log),
        E2E_TEST(secrets_change_with_a_reload),
        E2E_TEST(one_more_session_of_a_user_is_refused),
        E2E_TEST(connections_of_a_user_share_a_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
