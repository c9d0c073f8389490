/* test-wraps: geteuid getpwnam getgrnam */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "config.h"
#include "err.h"
#include "faults.h"
#include "parsed.h"
#include "scratch.h"
#include "tls_files.h"

#define TCP "listen = ( { transport = \"tcp\"; port = 0; } );\n"
#define TLS "listen = (\n { transport = \"tls\"; port = 0; } );\n"

/* --- the system, as the tests want it --- */

uid_t __wrap_geteuid(void);
struct passwd *__wrap_getpwnam(const char *name);
struct group *__wrap_getgrnam(const char *name);

uid_t __wrap_geteuid(void)
{
    return mock_type(uid_t);
}

struct passwd *__wrap_getpwnam(const char *name)
{
    static struct passwd known;

    return strcmp(name, "known") == 0 ? &known : NULL;
}

struct group *__wrap_getgrnam(const char *name)
{
    static struct group known;

    return strcmp(name, "known") == 0 ? &known : NULL;
}

/* --- what is checked --- */

struct fixture {
    struct scratch scratch;
    struct tls_files *tls;
    struct faults faults;
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    scratch_init(&x->scratch);
    scratch_write(&x->scratch, "users", SPAN("# nobody yet\n"));
    x->tls = tls_files_new();
    assert_non_null(x->tls);
    assert_true(
        tls_files_issue(x->tls, "relay",
                        &(struct tls_files_cert){.common_name = "relay.example",
                                                 .san = "DNS:relay.example"}));
    assert_true(tls_files_issue(
        x->tls, "other",
        &(struct tls_files_cert){.common_name = "other.example"}));
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    tls_files_free(x->tls);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

/* Checks a file whose line 1 names a good users file. */
static void check_as(struct fixture *x, uid_t uid, const char *rest)
{
    char text[2048];
    struct config *c;
    int err;

    snprintf(text, sizeof text, "auth: { users_file = \"%s\"; };\n%s",
             scratch_path(&x->scratch, "users"), rest);
    c = parsed_good(text);
    memset(&x->faults, 0, sizeof x->faults);
    will_return(__wrap_geteuid, uid);
    err = config_check(c, faults_add, &x->faults);
    assert_int_equal(err, x->faults.count ? ERR_CONFIG : 0);
    config_free(c);
}

static void check(struct fixture *x, const char *rest)
{
    check_as(x, 1000, rest);
}

/* The same, with a `tls` group in line 2 of these files in the directory of
 * certificates, and `more` in it. */
static void check_tls(struct fixture *x, const char *certificate,
                      const char *key, const char *more)
{
    char text[1024];

    snprintf(text, sizeof text,
             "tls: { certificate = \"%s/%s\";\nprivate_key = \"%s/%s\";\n%s "
             "};\n" TLS,
             tls_files_dir(x->tls), certificate, tls_files_dir(x->tls), key,
             more);
    check(x, text);
}

/* There are so many faults, and one of them begins and goes on like this. */
static void assert_fault(struct fixture *x, size_t count, const char *start,
                         const char *what)
{
    const char *at = strstr(x->faults.text, start);

    assert_int_equal(x->faults.count, count);
    assert_non_null(at);
    assert_true(at == x->faults.text || at[-1] == '\n');
    assert_non_null(strstr(at, what));
}

static void what_is_whole_passes(void **state)
{
    struct fixture *x = *state;

    check(x, TCP);
    assert_string_equal(x->faults.text, "");
    check_tls(x, "relay.pem", "relay.key", "");
    assert_string_equal(x->faults.text, "");
}

static void a_tls_listener_needs_a_certificate_and_its_key(void **state)
{
    struct fixture *x = *state;

    check(x, TLS);
    assert_fault(x, 2, "test.conf:3: tls.certificate: ",
                 "cannot read /etc/msrprelayd/relay.pem");
    assert_fault(x, 2, "test.conf:3: tls.private_key: ",
                 "cannot read /etc/msrprelayd/relay.key");
}

static void files_that_are_named_must_be_there(void **state)
{
    struct fixture *x = *state;

    check_tls(x, "gone.pem", "gone.key", "ca_file = \"/gone/ca.pem\";");
    assert_fault(x, 3, "test.conf:2: tls.certificate: cannot read ",
                 "No such file or directory");
    assert_fault(x, 3, "test.conf:3: tls.private_key: cannot read ",
                 "gone.key");
    assert_fault(x, 3, "test.conf:4: tls.ca_file: cannot read ",
                 "/gone/ca.pem");
}

static void named_files_are_checked_without_a_tls_listener_too(void **state)
{
    struct fixture *x = *state;

    check(x, "tls: { certificate = \"/gone\"; };\n" TCP);
    assert_fault(x, 2, "test.conf:2: tls.certificate: ", "/gone");
    assert_fault(x, 2, "test.conf:2: tls.private_key: ", "relay.key");
    check(x, "tls: { ca_file = \"/gone\"; };\n" TCP);
    assert_fault(x, 1, "test.conf:2: tls.ca_file: ", "/gone");
}

static void a_key_of_another_certificate_is_a_fault(void **state)
{
    struct fixture *x = *state;

    check_tls(x, "relay.pem", "other.key", "");
    assert_fault(x, 1, "test.conf:3: tls.private_key: ",
                 "does not belong to the certificate");
}

static void files_that_are_not_pem_are_faults(void **state)
{
    struct fixture *x = *state;

    check_tls(x, "relay.key", "relay.key", "");
    assert_fault(x, 1, "test.conf:2: tls.certificate: ", "relay.key");
    check_tls(x, "relay.pem", "relay.pem", "");
    assert_fault(x, 1, "test.conf:3: tls.private_key: ", "relay.pem");
}

static void all_that_is_wrong_with_tls_is_told(void **state)
{
    struct fixture *x = *state;
    char more[512];

    snprintf(more, sizeof more,
             "ca_file = \"%s/relay.key\";\nciphers = \"NONSENSE\";\n"
             "ciphersuites = \"TLS_NONSENSE\";",
             tls_files_dir(x->tls));
    check_tls(x, "relay.pem", "relay.key", more);
    assert_fault(x, 3, "test.conf:4: tls.ca_file: ", "relay.key");
    assert_fault(x, 3, "test.conf:5: tls.ciphers: ", "NONSENSE");
    assert_fault(x, 3, "test.conf:6: tls.ciphersuites: ", "TLS_NONSENSE");
}

static void good_lists_of_ciphers_pass(void **state)
{
    struct fixture *x = *state;

    check_tls(x, "relay.pem", "relay.key",
              "ciphers = \"ECDHE+AESGCM\"; min_version = \"1.3\"; "
              "ciphersuites = \"TLS_AES_128_GCM_SHA256\";");
    assert_string_equal(x->faults.text, "");
}

static void each_malformed_line_of_the_users_is_told(void **state)
{
    struct fixture *x = *state;

    scratch_write(&x->scratch, "users",
                  SPAN("bad\nalice:r:0123456789abcdef0123456789abcdef\n"
                       "bob:r:short\n"));
    check(x, TCP);
    assert_fault(x, 2, "users:1: ", "");
    assert_fault(x, 2, "users:3: ", "");
}

static void the_users_file_must_be_there(void **state)
{
    struct fixture *x = *state;
    struct config *c =
        parsed_good("\nauth: { users_file = \"/gone/users\"; };\n" TCP);

    will_return(__wrap_geteuid, 1000);
    assert_int_equal(config_check(c, faults_add, &x->faults), ERR_CONFIG);
    assert_fault(x, 1, "test.conf:2: auth.users_file: cannot read /gone/users",
                 "No such file or directory");
    config_free(c);
}

static void accounts_that_are_named_must_be_there_for_root(void **state)
{
    struct fixture *x = *state;

    check_as(x, 0,
             "relay: { user = \"nobody-here\";\ngroup = \"none\"; };" TCP);
    assert_fault(x, 2, "test.conf:2: relay.user: ", "nobody-here");
    assert_fault(x, 2, "test.conf:3: relay.group: ", "none");
    check_as(x, 0, "relay: { user = \"known\"; group = \"known\"; };" TCP);
    assert_string_equal(x->faults.text, "");
}

static void accounts_may_be_missing_for_others(void **state)
{
    struct fixture *x = *state;

    check(x, "relay: { user = \"nobody-here\"; group = \"none\"; };" TCP);
    assert_string_equal(x->faults.text, "");
}

static void default_accounts_and_none_may_be_missing(void **state)
{
    struct fixture *x = *state;

    check_as(x, 0, TCP);
    assert_string_equal(x->faults.text, "");
    check_as(x, 0, "relay: { user = \"\"; group = \"\"; };" TCP);
    assert_string_equal(x->faults.text, "");
}

static void what_is_not_there_yet_is_told(void **state)
{
    struct fixture *x = *state;

    check(x, "metrics: { address = \"::1\"; };\n"
             "control: { socket = \"/run/s\"; };\n"
             "listen = ( { transport = \"tcp\"; },\n"
             "{ transport = \"ws\"; port = 0; } );\n");
    assert_fault(x, 3, "test.conf:2: metrics.address ",
                 "is not supported by this version");
    assert_fault(x, 3, "test.conf:3: control.socket ", "is not supported");
    assert_fault(x, 3, "test.conf:5: listen.transport \"ws\" ",
                 "is not supported");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_whole_passes),
        TEST(a_tls_listener_needs_a_certificate_and_its_key),
        TEST(files_that_are_named_must_be_there),
        TEST(named_files_are_checked_without_a_tls_listener_too),
        TEST(a_key_of_another_certificate_is_a_fault),
        TEST(files_that_are_not_pem_are_faults),
        TEST(all_that_is_wrong_with_tls_is_told),
        TEST(good_lists_of_ciphers_pass),
        TEST(each_malformed_line_of_the_users_is_told),
        TEST(the_users_file_must_be_there),
        TEST(accounts_that_are_named_must_be_there_for_root),
        TEST(accounts_may_be_missing_for_others),
        TEST(default_accounts_and_none_may_be_missing),
        TEST(what_is_not_there_yet_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
