/* SPDX-License-Identifier: BSD-2-Clause */
/* `msrprelayctl selftest`: what keeps a client out is found, and named (S-39).
 */
#include "cmocka_all.h"
#include "ctl.h"
#include "json_check.h"
#include "websocket.h"

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in: %s", part, text);
}

/* Runs it, as an operator whose authority is the test's. */
static struct ctl_said selftest(struct scene *s, const char *arguments)
{
    return ctl_run(s,
                   scene_text(s, "selftest --ca-file %s%s",
                              tls_files_path(relay_files(s->relay), "ca.pem"),
                              arguments));
}

/* It ends with 1, and says this of each listener with TLS. */
static void assert_fails(struct ctl_said said, const char *why)
{
    assert_int_equal(said.code, 1);
    assert_holds(said.out, "failed");
    assert_holds(said.out, why);
    assert_holds(said.err, "clients do not get in");
}

/* Another certificate is in the relay's file, and it has read it. */
static void use_certificate(struct scene *s, const struct tls_files_cert *cert)
{
    struct tls_files *files = relay_files(s->relay);

    assert_true(tls_files_issue(files, "other", cert));
    assert_int_equal(
        rename(tls_files_path(files, "other.pem"), relay_path(s->relay, "pem")),
        0);
    assert_int_equal(
        rename(tls_files_path(files, "other.key"), relay_path(s->relay, "key")),
        0);
    ctl_ok(s, "reload");
}

static void each_listener_is_tried(void **state)
{
    const struct relay_opts opts = {.listen = WEBSOCKET_AND_OTHERS};
    struct scene *s = ctl_scene(state, &opts);
    struct ctl_said said = selftest(s, "");

    assert_string_equal(said.err, "");
    assert_int_equal(said.code, 0);
    said = selftest(s, " --json");
    assert_true(json_check(span_of(said.out, strlen(said.out) - 1)));
    for (int t = 0; t < 4; t++) {
        static const char *const names[] = {"tls", "tcp", "wss", "ws"};
        static const enum relay_port ports[] = {RELAY_TLS, RELAY_TCP, RELAY_WSS,
                                                RELAY_WS};
        bool in = t % 2 == 0;

        assert_holds(said.out,
                     scene_text(s,
                                "{\"transport\":\"%s\",\"address\":"
                                "\"127.0.0.1\",\"port\":%u,\"outcome\":\"%s\"",
                                names[t], relay_port(s->relay, ports[t]),
                                in ? "ok" : "skipped"));
    }
}

static void plain_listeners_are_tried_where_clients_may_log_in(void **state)
{
    const struct relay_opts opts = {.listen = WEBSOCKET_AND_OTHERS,
                                    .auth = "allow_tcp = true;"};
    struct scene *s = ctl_scene(state, &opts);
    struct ctl_said said = selftest(s, "");

    assert_string_equal(said.err, "");
    assert_int_equal(said.code, 0);
    assert_null(strstr(said.out, "skipped"));
}

/* This host counts as the proxy, or as nobody special. */
static void listeners_behind_a_proxy_are_tried(void **state)
{
    const struct relay_opts opts = {
        .listen = "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; "
                  "proxy = [ \"127.0.0.0/8\" ]; },"
                  "{ transport = \"wss\"; address = \"0.0.0.0\"; port = 0; "
                  "proxy = [ \"127.0.0.1\" ]; },"
                  "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; "
                  "proxy = [ \"192.0.2.0/24\" ]; },"
                  "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; "
                  "proxy = [ \"127.0.0.1\" ]; tls_in_front = true; },"
                  "{ transport = \"ws\"; address = \"127.0.0.1\"; port = 0; "
                  "tls_in_front = true; }"};
    struct scene *s = ctl_scene(state, &opts);
    struct ctl_said said = selftest(s, "");

    assert_string_equal(said.err, "");
    assert_int_equal(said.code, 0);
    assert_null(strstr(said.out, "skipped"));
}

static void a_message_has_gone_through_each(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    assert_int_equal(selftest(s, "").code, 0);
    scene_wait_log(s, "c=1 in \"SEND\"");
    scene_wait_log(s, "c=1 out \"SEND\"");
    scene_wait_log(s, "user=selftest-");
    scene_wait_log(s, "reason=connection");
    assert_string_equal(ctl_ok(s, "sessions"), "");
}

static void an_authority_that_nobody_trusts_is_told(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    assert_fails(ctl_run(s, "selftest"), "--ca-file");
}

static void another_name_in_the_certificate_is_told(void **state)
{
    const struct tls_files_cert cert = {.common_name = RELAY_NAME,
                                        .san = "DNS:other.example.com"};
    struct scene *s = ctl_scene(state, NULL);

    assert_fails(selftest(s, " --name other.example.com"),
                 "not for other.example.com");
    use_certificate(s, &cert);
    assert_fails(selftest(s, ""), "the certificate is not for " RELAY_NAME
                                  ": get one with this name");
    assert_int_equal(selftest(s, " --name other.example.com").code, 0);
}

static void an_expired_certificate_is_told(void **state)
{
    const struct tls_files_cert cert = {
        .common_name = RELAY_NAME, .san = "DNS:" RELAY_NAME, .expired = true};
    struct scene *s = ctl_scene(state, NULL);

    use_certificate(s, &cert);
    assert_fails(selftest(s, ""), "has expired: renew it");
}

static void a_certificate_of_tomorrow_is_told(void **state)
{
    const struct tls_files_cert cert = {
        .common_name = RELAY_NAME, .san = "DNS:" RELAY_NAME, .future = true};
    struct scene *s = ctl_scene(state, NULL);

    use_certificate(s, &cert);
    assert_fails(selftest(s, ""), "is the clock");
}

static void a_drained_relay_lets_nobody_in(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    ctl_ok(s, "drain");
    assert_fails(selftest(s, ""), "draining");
}

static void a_relay_without_a_way_in_fails(void **state)
{
    const struct relay_opts opts = {
        .listen =
            "{ transport = \"tcp\"; address = \"127.0.0.1\"; port = 0; }"};
    struct scene *s = ctl_scene(state, &opts);
    struct ctl_said said = selftest(s, "");

    assert_int_equal(said.code, 1);
    assert_holds(said.out, "skipped");
    assert_holds(said.err, "no listener lets clients log in");
}

static void an_unusable_authority_file_is_told(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    assert_fails(ctl_run(s, "selftest --ca-file /nonexistent"),
                 "/nonexistent: it must be a readable file");
}

/* Nine at once: the ninth has to wait. */
static void there_is_an_end_to_temporary_users(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    for (int i = 0; i < 8; i++)
        assert_int_equal(selftest(s, "").code, 0);
    ctl_fails(s, "selftest", 1, "try again in a minute");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(each_listener_is_tried),
        E2E_TEST(plain_listeners_are_tried_where_clients_may_log_in),
        E2E_TEST(listeners_behind_a_proxy_are_tried),
        E2E_TEST(a_message_has_gone_through_each),
        E2E_TEST(an_authority_that_nobody_trusts_is_told),
        E2E_TEST(another_name_in_the_certificate_is_told),
        E2E_TEST(an_expired_certificate_is_told),
        E2E_TEST(a_certificate_of_tomorrow_is_told),
        E2E_TEST(a_drained_relay_lets_nobody_in),
        E2E_TEST(a_relay_without_a_way_in_fails),
        E2E_TEST(an_unusable_authority_file_is_told),
        E2E_TEST(there_is_an_end_to_temporary_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
