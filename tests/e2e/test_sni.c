/* SPDX-License-Identifier: BSD-2-Clause */
/* Several certificates on one listener: each client gets the one for the name
 * that it asks for, and a reload changes one of them under sessions. */
#include "cmocka_all.h"
#include "login.h"
#include "renew.h"
#include "s_client.h"

enum { SESSIONS = 100 };

static void issue(struct scene *s, const char *stem, const char *san, bool rsa)
{
    const struct tls_files_cert cert = {
        .common_name = stem, .san = san, .rsa = rsa};

    assert_true(tls_files_issue(relay_files(s->relay), stem, &cert));
}

static const char *group(struct scene *s, const char *stem)
{
    struct tls_files *files = relay_files(s->relay);
    const char *dir = tls_files_dir(files);

    return scene_text(s,
                      "{ certificate = \"%s/%s.pem\";"
                      " private_key = \"%s/%s.key\"; }",
                      dir, stem, dir, stem);
}

/* A relay with three: its own, the same with RSA, another name's. */
static struct scene *begin(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct relay_opts opts = {0};

    issue(s, "old", "DNS:" RELAY_NAME, true);
    issue(s, "chat", "DNS:chat.example.org,DNS:*.chat.example.org", false);
    opts.listen = scene_text(
        s, "{ transport = \"tls\"; address = \"127.0.0.1\"; port = %u; }",
        relay_port(s->relay, RELAY_TLS));
    opts.tls = scene_text(s, "certificates = ( %s, %s );", group(s, "old"),
                          group(s, "chat"));
    renew_with(s, &opts);
    return s;
}

static void assert_shown(struct scene *s, const char *arguments,
                         const char *name)
{
    const char *said =
        s_client_run(s, relay_port(s->relay, RELAY_TLS), arguments);

    assert_string_equal(s_client_value(s, said, "subject=CN = "), name);
}

static void openssl_gets_the_right_one_of_three(void **state)
{
    struct scene *s = begin(state);

    assert_shown(s, "-servername chat.example.org", "chat");
    assert_shown(s, "-servername a.chat.example.org -tls1_2", "chat");
    assert_shown(s, "-servername " RELAY_NAME, RELAY_NAME);
    assert_shown(s, "-servername " RELAY_NAME " -sigalgs rsa_pss_rsae_sha256",
                 "old");
    assert_shown(s, "-servername " RELAY_NAME " -tls1_2 -cipher aRSA", "old");
    assert_shown(s, "-servername other.example.com", RELAY_NAME);
    assert_shown(s, "-noservername", RELAY_NAME);
}

static const char *serial_of(struct scene *s, const char *name)
{
    const char *said = s_client_run(
        s, relay_port(s->relay, RELAY_TLS),
        scene_text(s, "-servername %s | openssl x509 -serial", name));

    return s_client_value(s, said, "serial=");
}

static void a_reload_changes_one_under_sessions(void **state)
{
    struct scene *s = begin(state);
    struct client *clients[SESSIONS];
    const char *chat, *relay;
    size_t mark;

    for (int i = 0; i < SESSIONS; i++)
        clients[i] = login(s, "alice");
    chat = serial_of(s, "chat.example.org");
    relay = serial_of(s, RELAY_NAME);
    mark = relay_log_size(s->relay);
    issue(s, "chat", "DNS:chat.example.org", false);
    renew_well(s);
    assert_string_not_equal(serial_of(s, "chat.example.org"), chat);
    assert_string_equal(serial_of(s, RELAY_NAME), relay);
    for (int i = 0; i < SESSIONS; i++) {
        struct client *to = clients[(i + 1) % SESSIONS];

        talk_expect_code(clients[i], talk_text(clients[i], to, "still here"),
                         200);
        talk_answer(to, talk_expect_body(to, SPAN("still here"), '$'), 200);
    }
    assert_null(strstr(relay_log(s->relay) + mark, " session ended "));
}

/* All or nothing. */
static void a_key_of_another_certificate_is_refused(void **state)
{
    struct scene *s = begin(state);
    const char *before = serial_of(s, "chat.example.org");
    const char *from = tls_files_path(relay_files(s->relay), "old.key");
    const char *to = tls_files_path(relay_files(s->relay), "chat.key");

    assert_int_equal(rename(from, to), 0);
    renew_in_vain(s, "tls.certificates: the key in ");
    assert_string_equal(serial_of(s, "chat.example.org"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(openssl_gets_the_right_one_of_three),
        E2E_TEST(a_reload_changes_one_under_sessions),
        E2E_TEST(a_key_of_another_certificate_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
