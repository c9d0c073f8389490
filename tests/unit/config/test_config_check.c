/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: geteuid getpwnam getgrnam gethostname */
#include "config_check.h"

#include <stdio.h>
#include <sys/stat.h>

#include "checked.h"
#include "cmocka_all.h"
#include "config_load.h"
#include "err.h"
#include "oom.h"
#include "settings.h"

static void what_is_whole_passes(void **state)
{
    struct checked *x = *state;

    checked_rest(x, TCP);
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text, "");
    checked_tls(x, "relay.pem", "relay.key", "");
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text, "");
}

/* --- TLS --- */

static void a_tls_listener_needs_a_certificate_and_its_key(void **state)
{
    struct checked *x = *state;

    checked_rest(x, TLS);
    checked_fault(x, 2, "test.conf:3: tls.certificate: ",
                  "cannot open /etc/msrprelayd/relay.pem");
    checked_fault(x, 2, "test.conf:3: tls.private_key: ",
                  "cannot open /etc/msrprelayd/relay.key");
}

static void files_that_are_named_must_be_there(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "gone.pem", "gone.key", "ca_file = \"/gone/ca.pem\";");
    checked_fault(x, 3, "test.conf:2: tls.certificate: cannot open ",
                  "gone.pem: No such file or directory\n");
    checked_fault(x, 3, "test.conf:3: tls.private_key: cannot open ",
                  "gone.key: No such file or directory\n");
    checked_fault(x, 3, "test.conf:4: tls.ca_file: cannot open ",
                  "/gone/ca.pem: No such file or directory\n");
}

static void named_files_are_checked_without_a_tls_listener_too(void **state)
{
    struct checked *x = *state;

    checked_rest(x, "tls: { certificate = \"/gone\"; };\n" TCP);
    checked_fault(x, 1, "test.conf:2: tls.certificate: ", "/gone");
    checked_rest(x, "tls: { ca_file = \"/gone\"; };\n" TCP);
    checked_fault(x, 1, "test.conf:2: tls.ca_file: ", "/gone");
}

static void a_key_of_another_certificate_is_a_fault(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "relay.pem", "other.key", "");
    checked_fault(x, 1, "test.conf:3: tls.private_key: ",
                  "does not match the certificate");
}

static void files_that_are_not_pem_are_faults(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "relay.key", "relay.key", "");
    checked_fault(x, 1, "test.conf:2: tls.certificate: ", "relay.key");
    checked_tls(x, "relay.pem", "relay.pem", "");
    checked_fault(x, 1, "test.conf:3: tls.private_key: ", "relay.pem");
}

static void all_that_is_wrong_with_tls_is_told(void **state)
{
    struct checked *x = *state;
    char more[512];

    snprintf(more, sizeof more,
             "ca_file = \"%s/relay.key\";\nciphers = \"NONSENSE\";\n"
             "ciphersuites = \"TLS_NONSENSE\";",
             tls_files_dir(x->tls));
    checked_tls(x, "relay.key", "relay.pem", more);
    checked_fault(x, 5, "test.conf:2: tls.certificate: ", "relay.key");
    checked_fault(x, 5, "test.conf:3: tls.private_key: ", "relay.pem");
    checked_fault(x, 5, "test.conf:4: tls.ca_file: ", "relay.key");
    checked_fault(x, 5, "test.conf:5: tls.ciphers: ", "NONSENSE");
    checked_fault(x, 5, "test.conf:6: tls.ciphersuites: ", "TLS_NONSENSE");
}

static void good_lists_of_ciphers_pass(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "relay.pem", "relay.key",
                "ciphers = \"ECDHE+AESGCM\"; min_version = \"1.3\"; "
                "ciphersuites = \"TLS_AES_128_GCM_SHA256\";");
    assert_string_equal(x->faults.text, "");
}

/* R4976-9.2-d */
static void a_certificate_without_the_relays_name_is_a_warning(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "other.pem", "other.key", "");
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 1);
    assert_memory_equal(x->warnings.text, "test.conf:2: tls.certificate: ", 30);
    assert_non_null(strstr(x->warnings.text,
                           "other.pem has no dNSName for relay.name "
                           "relay.example\n"));
    checked_tls(x, "other.pem", "relay.key", "");
    assert_int_equal(x->faults.count, 1);
    assert_int_equal(x->warnings.count, 1);
}

/* A certificate of the test's own is looked at: one warning, in the line of
 * its file, or none. */
static void check_issued(struct checked *x, struct tls_files_cert what,
                         const char *ca, const char *warning)
{
    what.common_name = "relay.example";
    what.san = "DNS:relay.example";
    assert_true(tls_files_issue(x->tls, "odd", &what));
    checked_tls(x, "odd.pem", "odd.key", ca);
    assert_string_equal(x->faults.text, "");
    if (!warning) {
        assert_string_equal(x->warnings.text, "");
        return;
    }
    assert_int_equal(x->warnings.count, 1);
    assert_memory_equal(x->warnings.text, "test.conf:2: tls.certificate: ", 30);
    if (!strstr(x->warnings.text, warning))
        fail_msg("expected \"%s\" in: %s", warning, x->warnings.text);
}

static void a_certificate_out_of_its_time_is_a_warning(void **state)
{
    struct checked *x = *state;

    check_issued(x, (struct tls_files_cert){.expired = true}, "",
                 "odd.pem expired on 20");
    check_issued(x, (struct tls_files_cert){.future = true}, "",
                 "odd.pem is not valid before 20");
}

static void a_certificate_that_ends_soon_is_a_warning(void **state)
{
    struct checked *x = *state;

    check_issued(x, (struct tls_files_cert){.days = 13}, "",
                 "odd.pem expires within 14 days, on 20");
    check_issued(x, (struct tls_files_cert){.days = 1}, "",
                 "odd.pem expires within 14 days, on 20");
    check_issued(x, (struct tls_files_cert){.days = 15}, "", NULL);
}

/* Peers that trust the root need no copy of it. */
static void a_certificate_without_its_issuers_is_a_warning(void **state)
{
    struct checked *x = *state;
    char ca[256];

    check_issued(x, (struct tls_files_cert){.alone = true}, "",
                 "odd.pem does not contain the certificate of its issuer, "
                 "CN=tls-files-");
    snprintf(ca, sizeof ca, "ca_file = \"%s/ca.pem\";", tls_files_dir(x->tls));
    check_issued(x, (struct tls_files_cert){.alone = true}, ca, NULL);
}

/* --- users and accounts --- */

static void each_malformed_line_of_the_users_is_told(void **state)
{
    struct checked *x = *state;

    scratch_write(&x->scratch, "users",
                  SPAN("bad\nalice:r:0123456789abcdef0123456789abcdef\n"
                       "bob:r:short\n"));
    checked_rest(x, TCP);
    checked_fault(x, 2, "users:1: ", "");
    checked_fault(x, 2, "users:3: ", "");
}

static void the_users_file_must_be_there(void **state)
{
    struct checked *x = *state;

    checked_whole(x, "\nauth: { users_file = \"/gone/users\"; };\n" TCP);
    checked_fault(x, 1, "test.conf:2: auth.users_file: cannot read /gone/users",
                  "No such file or directory");
    checked_whole(x, "\n" TCP);
    checked_fault(x, 1, "test.conf:1: auth.users_file: cannot read ",
                  "/etc/msrprelayd/users: No such file or directory");
}

static void accounts_that_are_named_must_be_there_for_root(void **state)
{
    struct checked *x = *state;

    checked_uid = 0;
    checked_rest(x,
                 "relay: { user = \"nobody-here\";\ngroup = \"none\"; };" TCP);
    checked_fault(x, 2, "test.conf:2: relay.user: ", "nobody-here");
    checked_fault(x, 2, "test.conf:3: relay.group: ", "none");
    checked_rest(x, "relay: { user = \"known\"; group = \"known\"; };" TCP);
    assert_string_equal(x->faults.text, "");
}

static void accounts_may_be_missing_for_others(void **state)
{
    struct checked *x = *state;

    checked_rest(x,
                 "relay: { user = \"nobody-here\"; group = \"none\"; };" TCP);
    assert_string_equal(x->faults.text, "");
}

static void default_user_must_be_there_for_root(void **state)
{
    struct checked *x = *state;

    checked_uid = 0;
    checked_rest(x, TCP);
    assert_string_equal(x->faults.text,
                        "test.conf:1: relay.user: no such user msrprelay\n");
}

static void default_group_and_none_may_be_missing(void **state)
{
    struct checked *x = *state;

    checked_uid = 0;
    checked_rest(x, "relay: { user = \"known\"; };" TCP);
    assert_string_equal(x->faults.text, "");
    checked_rest(x, "relay: { user = \"\"; group = \"\"; };" TCP);
    assert_string_equal(x->faults.text, "");
}

/* --- what is asked for --- */

static void websockets_that_nobody_can_reach_are_a_warning(void **state)
{
    struct checked *x = *state;

    checked_rest(x,
                 "listen = ( { transport = \"tcp\"; address = \"::1\"; },\n"
                 "{ transport = \"ws\"; address = \"::1\"; port = 0; } );\n");
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text, "");
    checked_rest(x,
                 "listen = ( { transport = \"tls\"; port = 1; },\n"
                 "{ transport = \"wss\"; port = 0; },\n"
                 "{ transport = \"ws\"; address = \"::1\"; port = 0; } );\n");
    assert_string_equal(x->warnings.text,
                        "test.conf:4: listen: clients on ws cannot be "
                        "reached without a listener with transport tcp\n");
    checked_rest(x, "listen = ( { transport = \"tcp\"; address = \"::1\"; },\n"
                    "{ transport = \"wss\"; port = 0; } );\n");
    assert_string_equal(x->warnings.text,
                        "test.conf:3: listen: clients on wss cannot be "
                        "reached without a listener with transport tls\n");
}

static void a_missing_directory_of_the_socket_is_a_warning(void **state)
{
    struct checked *x = *state;

    checked_rest(x, "control: { socket = \"/nonexistent/s\"; };\n" TCP);
    assert_int_equal(x->faults.count, 0);
    assert_string_equal(x->warnings.text,
                        "test.conf:2: control.socket: no such directory "
                        "/nonexistent\n");
    checked_rest(x, "control: { socket = \"/tmp/s\"; };\n" TCP);
    assert_string_equal(x->warnings.text, "");
}

static void logs_must_be_where_they_can_be_written(void **state)
{
    struct checked *x = *state;
    char text[512];

    checked_rest(
        x, "log: { target = \"/gone/log\";\naccounting = \"/tmp\"; };\n" TCP);
    assert_string_equal(
        x->faults.text,
        "test.conf:2: log.target: cannot write /gone/log: No such file or "
        "directory\n"
        "test.conf:3: log.accounting: cannot write /tmp: Is a directory\n");
    checked_rest(x, "log: { target = \"journal\"; accounting = \"\"; };\n" TCP);
    assert_string_equal(x->faults.text, "");
    snprintf(text, sizeof text, "log: { target = \"%s\"; };\n" TCP,
             scratch_path(&x->scratch, "users/log"));
    checked_rest(x, text);
    checked_fault(x, 1, "test.conf:2: log.target: cannot write ",
                  "users/log: Not a directory");
    for (int i = 0; i < 2; i++) { /* a new file, and one that is there */
        snprintf(text, sizeof text, "log: { target = \"%s\"; };\n" TCP,
                 scratch_path(&x->scratch, "log"));
        checked_rest(x, text);
        assert_string_equal(x->faults.text, "");
        scratch_write(&x->scratch, "log", SPAN("line\n"));
    }
}

static void chunks_as_long_as_the_window_are_a_warning(void **state)
{
    static const char sentence[] = "send.max_chunk_size should be much "
                                   "smaller than tcp.receive_buffer\n";
    struct checked *x = *state;
    char text[128];

    snprintf(text, sizeof text, "test.conf:3: %s", sentence);
    checked_rest(x, "tcp: { receive_buffer = \"64k\"; };\n"
                    "send: { max_chunk_size = 32769; };\n" TCP);
    assert_string_equal(x->warnings.text, text);
    snprintf(text, sizeof text, "test.conf:2: %s", sentence);
    checked_rest(x, "tcp: { receive_buffer = \"64k\"; };\n" TCP);
    assert_string_equal(x->warnings.text, text);
    assert_string_equal(x->faults.text, "");
}

static void chunks_of_half_the_window_and_any_without_one_pass(void **state)
{
    struct checked *x = *state;

    checked_rest(x, "tcp: { receive_buffer = \"64k\"; };\n"
                    "send: { max_chunk_size = \"32k\"; };\n" TCP);
    assert_string_equal(x->warnings.text, "");
    checked_rest(x, "send: { max_chunk_size = \"1G\"; };\n" TCP);
    assert_string_equal(x->warnings.text, "");
}

/* --- beside faulty values --- */

static void what_stands_beside_a_faulty_value_is_looked_at(void **state)
{
    struct checked *x = *state;

    checked_uid = 0;
    checked_whole(x, "relay: { user = \"nobody-here\"; };\n"
                     "tls: { private_key = \"/gone/key\";\n"
                     "ca_file = \"/gone/ca\"; };\n"
                     "auth: { users_file = \"/gone/users\"; };\n"
                     "control: { socket = \"/run/s\"; };\n"
                     "tcp: { receive_buffer = 4096; };\n"
                     "send: { max_chunk_size = 4096; };\n"
                     "timers: { idle = -1; };\n"
                     "listen = ( { port = 70000; },\n"
                     "{ transport = \"wss\"; port = 1; } );\n");
    assert_string_equal(
        x->faults.text,
        "test.conf:8: timers.idle must be from 0.010 to 31536000\n"
        "test.conf:9: listen.port must be from 0 to 65535\n"
        "test.conf:1: relay.user: no such user nobody-here\n"
        "test.conf:2: tls.private_key: cannot open /gone/key: No such file or "
        "directory\n"
        "test.conf:3: tls.ca_file: cannot open /gone/ca: No such file or "
        "directory\n"
        "test.conf:4: auth.users_file: cannot read /gone/users: No such file "
        "or directory\n");
    assert_string_equal(x->warnings.text,
                        "test.conf:7: send.max_chunk_size should be much "
                        "smaller than tcp.receive_buffer\n");
}

static void silence_in_a_faulty_file_may_be_a_slip(void **state)
{
    struct checked *x = *state;

    checked_whole(x, "auth: { user_file = \"/gone\"; };\n"
                     "tls: { certificat = \"/gone\"; };\n"
                     "tcp: { receive_buffer = 4096; };\n"
                     "listen = ( { transport = \"tls\"; } );\n");
    assert_string_equal(x->faults.text,
                        "test.conf:1: unknown key auth.user_file: did you mean "
                        "auth.users_file?\n"
                        "test.conf:2: unknown key tls.certificat: did you mean "
                        "tls.certificate?\n");
    assert_string_equal(x->warnings.text, "");
}

static void a_certificate_beside_a_faulty_key_is_looked_at(void **state)
{
    struct checked *x = *state;
    char text[512];

    snprintf(text, sizeof text,
             "relay: { name = 1; };\n"
             "tls: { certificate = \"%s/relay.key\"; private_key = 5; };\n" TLS,
             tls_files_dir(x->tls));
    checked_rest(x, text);
    checked_fault(
        x, 3, "test.conf:3: tls.certificate: ", "contains no PEM certificate");
    snprintf(text, sizeof text,
             "relay: { name = 1; };\n"
             "tls: { certificate = \"%s/relay.pem\"; private_key = 5; };\n" TLS,
             tls_files_dir(x->tls));
    checked_rest(x, text);
    assert_int_equal(x->faults.count, 2);
    assert_string_equal(x->warnings.text, "");
}

/* Every key of the table set to a group, which none can be. */
static void whatever_is_faulty_nothing_else_is_told(void **state)
{
    struct checked *x = *state;
    char text[4096] = "";
    size_t n = 0;

    checked_uid = 0;
    for (size_t i = 0; i < settings_n; i++) {
        const char *key = settings[i].key;
        const char *before = i > 0 ? settings[i - 1].key : "";
        const char *after = i + 1 < settings_n ? settings[i + 1].key : "";
        const char *part = key;

        for (const char *dot = strchr(key, '.'); dot;
             part = dot + 1, dot = strchr(part, '.'))
            if (strncmp(before, key, (size_t)(dot + 1 - key)) != 0)
                n += (size_t)snprintf(text + n, sizeof text - n, "%.*s: { ",
                                      (int)(dot - part), part);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s = { };", part);
        for (const char *dot = strchr(key, '.'); dot;
             dot = strchr(dot + 1, '.'))
            if (strncmp(after, key, (size_t)(dot + 1 - key)) != 0)
                n += (size_t)snprintf(text + n, sizeof text - n, " };");
        n += (size_t)snprintf(text + n, sizeof text - n, "\n");
    }
    checked_whole(x, text);
    assert_int_equal(x->faults.count, settings_n);
    assert_string_equal(x->warnings.text, "");
}

static void a_text_that_cannot_be_read_is_not_looked_into(void **state)
{
    struct checked *x = *state;

    checked_whole(x, "auth: { users_file = \"/gone\"; };\nlisten = = 5;\n");
    assert_string_equal(
        x->faults.text,
        "test.conf:2: syntax error: expected a value, not \"=\"\n");
    checked_whole(x, "auth: { users_file = \"/gone\"; };\n"
                     "@include \"gone.conf\"\n" TCP);
    checked_fault(x, 1, "test.conf:2: cannot read ", "gone.conf");
}

/* --- memory --- */

static int attempt(void *ctx)
{
    struct checked *x = ctx;
    struct config_loaded l = {0};
    int err = config_load_checked(&l, x->scratch.name, NULL, checked_add_fault,
                                  checked_add_warning, x);

    config_loaded_free(&l, NULL);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    struct checked *x = *state;

    checked_tls(x, "relay.pem", "relay.key", "");
    scratch_path(&x->scratch, "test.conf");
    assert_true(oom_sweep(attempt, x) > 20);
    assert_string_equal(x->faults.text, "");
}

/* What line 4 and 5 of a file say of more certificates. */
static void checked_more(struct checked *x, const char *first,
                         const char *second)
{
    const char *dir = tls_files_dir(x->tls);
    char more[512];

    snprintf(more, sizeof more,
             "certificates = ( { certificate = \"%s/%s.pem\";"
             " private_key = \"%s/%s.key\"; },\n"
             "{ certificate = \"%s/%s.pem\"; private_key = \"%s/%s.key\"; } );",
             dir, first, dir, first, dir, second, dir, second);
    checked_tls(x, "other.pem", "other.key", more);
}

/* relay.name is judged over all of them, all else for each (S-39). */
static void each_of_more_certificates_is_judged(void **state)
{
    static const struct tls_files_cert soon = {
        .common_name = "soon", .san = "DNS:soon.example", .days = 10};
    struct checked *x = *state;

    assert_true(tls_files_issue(x->tls, "soon", &soon));
    checked_more(x, "soon", "relay");
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 1);
    assert_memory_equal(x->warnings.text,
                        "test.conf:4: tls.certificates: ", 31);
    assert_non_null(
        strstr(x->warnings.text, "soon.pem expires within 14 days, on 20"));
    checked_more(x, "other", "soon");
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 2);
    assert_non_null(strstr(x->warnings.text,
                           "other.pem nor any of tls.certificates has a "
                           "dNSName for relay.name relay.example\n"));
}

static void names_in_uris_are_to_be_certified(void **state)
{
    struct checked *x = *state;
    const char *dir = tls_files_dir(x->tls);
    char text[1024];

    snprintf(text, sizeof text,
             "tls: { certificate = \"%s/relay.pem\";"
             " private_key = \"%s/relay.key\"; };\n"
             "relay: { name = \"relay.example\"; };\n"
             "listen = ( { port = 1; name = \"relay.example\"; },\n"
             "{ port = 2; name = \"edge.example\"; } );\n",
             dir, dir);
    checked_rest(x, text);
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text,
                        "test.conf:5: listen.name: no certificate has a "
                        "dNSName for edge.example\n");
}

static void faults_of_more_certificates_have_their_line(void **state)
{
    struct checked *x = *state;

    checked_more(x, "relay", "nothing");
    checked_fault(x, 1, "test.conf:5: ", "tls.certificates: cannot open ");
    checked_tls(x, "relay.pem", "relay.key",
                "certificates = ( { certificate = \"x\"; } );");
    checked_fault(x, 1,
                  "test.conf:4: ", "tls.certificates: private_key is missing");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, checked_setup, checked_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_of_more_certificates_is_judged),
        TEST(names_in_uris_are_to_be_certified),
        TEST(faults_of_more_certificates_have_their_line),
        TEST(what_is_whole_passes),
        TEST(a_tls_listener_needs_a_certificate_and_its_key),
        TEST(files_that_are_named_must_be_there),
        TEST(named_files_are_checked_without_a_tls_listener_too),
        TEST(a_key_of_another_certificate_is_a_fault),
        TEST(files_that_are_not_pem_are_faults),
        TEST(all_that_is_wrong_with_tls_is_told),
        TEST(good_lists_of_ciphers_pass),
        TEST(a_certificate_without_the_relays_name_is_a_warning),
        TEST(a_certificate_out_of_its_time_is_a_warning),
        TEST(a_certificate_that_ends_soon_is_a_warning),
        TEST(a_certificate_without_its_issuers_is_a_warning),
        TEST(each_malformed_line_of_the_users_is_told),
        TEST(the_users_file_must_be_there),
        TEST(accounts_that_are_named_must_be_there_for_root),
        TEST(accounts_may_be_missing_for_others),
        TEST(default_user_must_be_there_for_root),
        TEST(default_group_and_none_may_be_missing),
        TEST(websockets_that_nobody_can_reach_are_a_warning),
        TEST(a_missing_directory_of_the_socket_is_a_warning),
        TEST(logs_must_be_where_they_can_be_written),
        TEST(chunks_as_long_as_the_window_are_a_warning),
        TEST(chunks_of_half_the_window_and_any_without_one_pass),
        TEST(what_stands_beside_a_faulty_value_is_looked_at),
        TEST(silence_in_a_faulty_file_may_be_a_slip),
        TEST(a_certificate_beside_a_faulty_key_is_looked_at),
        TEST(whatever_is_faulty_nothing_else_is_told),
        TEST(a_text_that_cannot_be_read_is_not_looked_into),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
