/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: geteuid getpwnam getgrnam gethostname */
/* What is valid, but keeps clients out or lets too many in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checked.h"
#include "cmocka_all.h"
#include "config_warnings.h"

static void logins_in_the_clear_at_public_addresses_are_a_warning(void **state)
{
    static const char listen[] =
        "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; },\n"
        "{ transport = \"tcp\"; address = \"::\"; port = 1; },\n"
        "{ transport = \"ws\"; address = \"10.1.2.3\"; },\n"
        "{ transport = \"ws\"; address = \"192.0.2.1\"; },\n"
        "{ transport = \"ws\"; address = \"fd00::1\"; } );\n";
    struct checked *x = *state;
    char text[1024];
    const char *second;

    snprintf(text, sizeof text,
             "\nauth: { users_file = \"%s\"; allow_tcp = true; };\n%s",
             scratch_path(&x->scratch, "users"), listen);
    checked_whole(x, text);
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 2);
    assert_memory_equal(x->warnings.text,
                        "test.conf:4: listen: with auth.allow_tcp ", 41);
    second = strchr(x->warnings.text, '\n') + 1;
    assert_memory_equal(second, "test.conf:6: listen: with auth.allow_tcp ",
                        41);
}

static void listeners_at_which_nobody_can_log_in_are_a_warning(void **state)
{
    struct checked *x = *state;
    char text[512];

    scratch_write(&x->scratch, "users", SPAN("# none, which is no matter\n"));
    snprintf(text, sizeof text, "auth: { users_file = \"%s\"; };\n" TCP,
             scratch_path(&x->scratch, "users"));
    checked_whole(x, text);
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text,
                        "test.conf:2: listen: nobody can log in: no listener "
                        "has transport tls or wss, and auth.allow_tcp is "
                        "false\n");
}

static void tls_in_front_has_its_place(void **state)
{
    static const char listen[] =
        "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\";"
        " tls_in_front = true; },\n"
        "{ transport = \"ws\"; address = \"10.1.2.3\"; port = 1;"
        " tls_in_front = true; },\n"
        "{ transport = \"tcp\"; address = \"::\"; port = 2;"
        " tls_in_front = true; } );\n";
    struct checked *x = *state;
    char text[1024];

    snprintf(text, sizeof text, "auth: { users_file = \"%s\"; };\n%s",
             scratch_path(&x->scratch, "users"), listen);
    checked_whole(x, text);
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 1);
    assert_memory_equal(x->warnings.text,
                        "test.conf:4: listen: with tls_in_front whoever ", 47);
    checked_rest(x, "listen = ( { transport = \"tls\";"
                    " tls_in_front = true; } );");
    assert_non_null(strstr(x->warnings.text,
                           "listen: tls_in_front has no effect with tls\n"));
}

static void users_of_another_realm_are_a_warning(void **state)
{
    struct checked *x = *state;

    scratch_write(&x->scratch, "users", SPAN(ALICE("other.example")));
    checked_tls(x, "relay.pem", "relay.key", "");
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 1);
    assert_memory_equal(
        x->warnings.text,
        "test.conf:1: auth.users_file: nobody can log in: ", 49);
    assert_non_null(strstr(
        x->warnings.text, "users has no user of relay.realm relay.example; add "
                          "one with msrprelayctl passwd\n"));
    scratch_write(&x->scratch, "users", SPAN("# nobody yet\n"));
    checked_tls(x, "relay.pem", "relay.key", "");
    assert_int_equal(x->warnings.count, 1);
}

static void users_of_any_realm_that_is_served_are_enough(void **state)
{
    struct checked *x = *state;
    char text[512];

    scratch_write(&x->scratch, "users", SPAN(ALICE("other.example")));
    snprintf(text, sizeof text,
             "relay: { realms = [ \"two.example\", \"other.example\" ]; };\n"
             "auth: { users_file = \"%s\"; allow_tcp = true; };\n"
             "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; } "
             ");\n",
             scratch_path(&x->scratch, "users"));
    checked_whole(x, text);
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text, "");
    scratch_write(&x->scratch, "users", SPAN(ALICE("six.example")));
    checked_whole(x, text);
    assert_non_null(strstr(x->warnings.text,
                           "users has no user of relay.realm relay.example or "
                           "relay.realms; add one with msrprelayctl passwd\n"));
}

/* A configuration with these two files, in which clients may log in. */
static void check_secrets(struct checked *x, const char *secrets)
{
    char text[1024], users[256];

    scratch_write(&x->scratch, "secrets", span_str(secrets));
    snprintf(users, sizeof users, "%s", scratch_path(&x->scratch, "users"));
    snprintf(text, sizeof text,
             "auth: { users_file = \"%s\"; allow_tcp = true;\n"
             "secret_file = \"%s\"; };\n"
             "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; } "
             ");\n",
             users, scratch_path(&x->scratch, "secrets"));
    checked_whole(x, text);
}

static void a_secret_is_as_good_as_users(void **state)
{
    struct checked *x = *state;

    scratch_write(&x->scratch, "users", SPAN("# nobody\n"));
    check_secrets(x, "a secret\n");
    assert_string_equal(x->faults.text, "");
    assert_string_equal(x->warnings.text, "");
    check_secrets(x, "# none\n");
    assert_string_equal(x->faults.text, "");
    assert_int_equal(x->warnings.count, 2);
    assert_non_null(strstr(x->warnings.text, "secrets has no secret\n"));
    assert_non_null(strstr(x->warnings.text, "nobody can log in"));
}

static void a_secret_that_cannot_be_read_is_a_fault(void **state)
{
    struct checked *x = *state;

    check_secrets(x, "a\nb\002\n");
    assert_int_equal(x->faults.count, 1);
    assert_non_null(strstr(x->faults.text, "secrets:2: control character\n"));
    checked_whole(x, "auth: { secret_file = \"/none\"; };\n" TCP);
    assert_non_null(
        strstr(x->faults.text, "auth.secret_file: cannot read /none: No such"));
}

static void users_of_other_algorithms_are_a_warning(void **state)
{
    struct checked *x = *state;
    char text[512];

    snprintf(text, sizeof text,
             "auth: { users_file = \"%s\"; allow_tcp = true;\n"
             "algorithms = [ \"SHA-256\" ]; };\n"
             "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; } "
             ");\n",
             scratch_path(&x->scratch, "users"));
    checked_whole(x, text);
    assert_string_equal(x->faults.text, "");
    assert_non_null(strstr(x->warnings.text,
                           "users has no user of relay.realm relay.example for "
                           "any of auth.algorithms; add one with"));
}

/* The directory of the test is closed to others, as /etc/msrprelayd is. */
static void secrets_that_everybody_can_read_are_a_warning(void **state)
{
    struct checked *x = *state;
    char users[256], text[512];

    snprintf(users, sizeof users, "%s", scratch_path(&x->scratch, "users"));
    assert_int_equal(chmod(users, 0644), 0);
    checked_rest(x, TCP);
    assert_string_equal(x->warnings.text, "");
    assert_int_equal(chmod(x->scratch.dir, 0755), 0);
    checked_rest(x, TCP);
    snprintf(text, sizeof text,
             "test.conf:1: auth.users_file: everybody on this host can read "
             "%s: chmod o-r\n",
             users);
    assert_string_equal(x->warnings.text, text);
    checked_whole(x, "auth: { users_file = \"/dev/null\"; };\n" TCP);
    assert_null(strstr(x->warnings.text, "can read"));
    assert_int_equal(chmod(users, 0640), 0);
    checked_rest(x, TCP);
    assert_string_equal(x->warnings.text, "");
}

static void files_closed_to_the_relays_user_are_a_warning(void **state)
{
    struct checked *x = *state;
    char text[512];

    if (getuid() != 0)
        skip(); /* nobody else can become that user */
    checked_uid = 0;
    assert_int_equal(chmod(x->scratch.dir, 0755), 0);
    snprintf(text, sizeof text, "%s", scratch_path(&x->scratch, "users"));
    assert_int_equal(chmod(text, 0600), 0);
    checked_rest(x, "relay: { user = \"known\"; group = \"known\"; };\n" TCP);
    assert_string_equal(x->faults.text, "");
    snprintf(text, sizeof text,
             "test.conf:1: auth.users_file: relay.user known cannot read %s: "
             "Permission denied\n",
             scratch_path(&x->scratch, "users"));
    assert_string_equal(x->warnings.text, text);
    assert_int_equal(chown(scratch_path(&x->scratch, "users"), 0, 65534), 0);
    assert_int_equal(chmod(scratch_path(&x->scratch, "users"), 0640), 0);
    checked_rest(x, "relay: { user = \"known\"; group = \"known\"; };\n" TCP);
    assert_string_equal(x->warnings.text, "");
    assert_int_equal(access("/root", W_OK), 0); /* root again */
    snprintf(text, sizeof text,
             "relay: { user = \"known\"; group = \"known\"; };\n"
             "tls: { ca_file = \"%s/ca.pem\"; };\n" TCP,
             tls_files_dir(x->tls)); /* is closed to others */
    checked_rest(x, text);
    assert_non_null(strstr(x->warnings.text,
                           "test.conf:3: tls.ca_file: relay.user known cannot "
                           "read "));
}

/* Root can do what relay.user cannot. */
static void a_helper_closed_to_the_relays_user_is_a_fault(void **state)
{
    struct checked *x = *state;
    char helper[PATH_MAX], users[PATH_MAX], text[3 * PATH_MAX];

    if (getuid() != 0)
        skip(); /* nobody else can become that user */
    checked_uid = 0;
    assert_int_equal(chmod(x->scratch.dir, 0755), 0);
    snprintf(helper, sizeof helper, "%s",
             scratch_write(&x->scratch, "helper", SPAN("#!/bin/sh\n")));
    assert_int_equal(chmod(helper, 0700), 0);
    snprintf(users, sizeof users, "%s", scratch_path(&x->scratch, "users"));
    assert_int_equal(chown(users, 65534, 65534), 0);
    snprintf(text, sizeof text,
             "relay: { user = \"known\"; group = \"known\"; };\n"
             "auth: { users_file = \"%s\"; allow_tcp = true;\n"
             "lookup: { command = \"%s -x\"; }; };\n" TCP,
             users, helper);
    checked_whole(x, text);
    checked_fault(x, 1,
                  "test.conf:3: auth.lookup.command: relay.user known cannot "
                  "run ",
                  "helper: Permission denied\n");
    assert_int_equal(access("/root", W_OK), 0); /* root again */
    assert_int_equal(chmod(helper, 0711), 0);
    checked_whole(x, text);
    assert_string_equal(x->faults.text, "");
}

static void those_that_are_kept_are_bounded(void **state)
{
    struct config_warnings *w = calloc(1, sizeof *w);
    struct config_place at = {.file = "test.conf", .line = 7};
    char text[2000];

    (void)state;
    assert_non_null(w);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < CONFIG_WARNINGS_MAX + 3; i++)
        config_warnings_add(w, at, i ? text : "first");
    assert_int_equal(w->n, CONFIG_WARNINGS_MAX);
    assert_string_equal(w->items[0].what, "first");
    assert_string_equal(w->items[0].file, "test.conf");
    assert_int_equal(w->items[0].line, 7);
    assert_int_equal(strlen(w->items[1].what), CONFIG_WARNING_MAX - 1);
    at.file = text;
    w->n = 0;
    config_warnings_add(w, at, "long");
    assert_int_equal(strlen(w->items[0].file), CONFIG_WARNING_FILE_MAX - 1);
    free(w);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, checked_setup, checked_teardown)
    const struct CMUnitTest tests[] = {
        TEST(logins_in_the_clear_at_public_addresses_are_a_warning),
        TEST(listeners_at_which_nobody_can_log_in_are_a_warning),
        TEST(tls_in_front_has_its_place),
        TEST(users_of_another_realm_are_a_warning),
        TEST(users_of_any_realm_that_is_served_are_enough),
        TEST(a_secret_is_as_good_as_users),
        TEST(a_secret_that_cannot_be_read_is_a_fault),
        TEST(users_of_other_algorithms_are_a_warning),
        TEST(secrets_that_everybody_can_read_are_a_warning),
        TEST(files_closed_to_the_relays_user_are_a_warning),
        TEST(a_helper_closed_to_the_relays_user_is_a_fault),
        cmocka_unit_test(those_that_are_kept_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
