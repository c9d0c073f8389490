/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon does on the command line, without running. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "relay.h"

enum { USAGE = 64, UNAVAILABLE = 69, CONFIG = 78, SAID = 65536 };

struct fixture {
    struct tls_files *files;
    char *text; /* a configuration with nothing wrong */
    char said[SAID];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    *state = f;
    f->files = relay_files_new();
    f->text = relay_config_text(f->files, NULL);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    tls_files_free(f->files);
    free(f->text);
    free(f);
    return 0;
}

/* Runs `msrprelayd option` with this text for a configuration. */
static int run(struct fixture *f, const char *option, const char *text)
{
    const char *path = relay_write(f->files, "test.conf", text);
    const char *const arguments[] = {"-c", path, option, NULL};

    return relay_command(f->said, sizeof f->said, arguments);
}

static void assert_said(const struct fixture *f, const char *text)
{
    if (!strstr(f->said, text))
        fail_msg("expected \"%s\" in: %s", text, f->said);
}

static void test_of_a_good_configuration_says_ok(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, "-t", f->text), 0);
    assert_string_equal(f->said, "ok\n");
}

static void test_warns_of_what_keeps_clients_out(void **state)
{
    static const struct tls_files_cert old = {
        .common_name = "relay", .san = "DNS:" RELAY_NAME, .expired = true};
    struct fixture *f = *state;

    assert_true(tls_files_issue(f->files, "relay", &old));
    relay_write(f->files, "relay.users", "# nobody\n");
    assert_int_equal(run(f, "-t", f->text), 0);
    assert_said(f, "/test.conf:4: warning: tls.certificate: ");
    assert_said(f, "/relay.pem expired on ");
    assert_said(f, "/test.conf:6: warning: auth.users_file: nobody can log in");
    assert_said(f, "ok\n");
}

static void test_lists_every_fault_with_its_place(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, "-t",
                         "relay: { nmae = \"a.example\"; };\n"
                         "listen = ( { transport = \"carrier\"; } );\n"
                         "timers: { drain = -1; };\n"),
                     CONFIG);
    assert_said(f, "/test.conf:1: ");
    assert_said(f, "/test.conf:2: ");
    assert_said(f, "/test.conf:3: ");
}

static void missing_configuration_ends_with_78(void **state)
{
    struct fixture *f = *state;
    const char *const arguments[] = {"-c", "/nonexistent/msrprelayd.conf",
                                     NULL};

    assert_int_equal(relay_command(f->said, sizeof f->said, arguments), CONFIG);
    assert_said(f, "/nonexistent/msrprelayd.conf");
}

static void bad_configuration_does_not_run(void **state)
{
    struct fixture *f = *state;
    const char *path = relay_write(f->files, "test.conf", "relay: {\n");
    const char *const arguments[] = {"-c", path, NULL};

    assert_int_equal(relay_command(f->said, sizeof f->said, arguments), CONFIG);
    assert_said(f, "/test.conf:");
}

static void foreign_key_ends_with_78(void **state)
{
    static const struct tls_files_cert other = {.common_name = "other"};
    struct fixture *f = *state;

    assert_true(tls_files_issue(f->files, "other", &other));
    assert_int_equal(rename(tls_files_path(f->files, "other.key"),
                            tls_files_path(f->files, "relay.key")),
                     0);
    assert_int_equal(run(f, "-t", f->text), CONFIG);
    assert_said(f, "tls.private_key");
}

static void malformed_users_are_told_with_their_line(void **state)
{
    struct fixture *f = *state;

    relay_write(f->files, "relay.users", "# nobody\nalice:example.com\n");
    assert_int_equal(run(f, "-t", f->text), CONFIG);
    assert_said(f, "/relay.users:2: ");
}

/* Runs the relay itself, with one listener, at which it cannot listen. */
static int run_at(struct fixture *f, const char *address, unsigned port)
{
    char listen[128];
    struct relay_opts opts = {.listen = listen};
    const char *path;
    char *text;

    snprintf(listen, sizeof listen,
             "{ transport = \"tcp\"; address = \"%s\"; port = %u; }", address,
             port);
    text = relay_config_text(f->files, &opts);
    path = relay_write(f->files, "test.conf", text);
    free(text);
    return relay_command(f->said, sizeof f->said,
                         (const char *const[]){"-c", path, NULL});
}

/* The service manager need not try again (RestartPreventExitStatus). */
static void start_that_cannot_heal_ends_with_69(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct fixture *f = *state;
    socklen_t len = sizeof at;

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(run_at(f, "127.0.0.1", ntohs(at.sin_port)), UNAVAILABLE);
    assert_said(f, "cannot start error=\"address cannot be used\" 127.0.0.1:");
    assert_said(f, ": stop the program that listens there (ss -ltnp shows it), "
                   "or change the port in listen\n");
    close(fd);
    assert_int_equal(run_at(f, "192.0.2.1", 0), UNAVAILABLE);
    assert_said(f, ": give this host the address (ip address shows those it "
                   "has), or change listen\n");
}

static void dump_is_a_configuration_again(void **state)
{
    struct fixture *f = *state;
    char *dump;

    assert_int_equal(run(f, "-T", f->text), 0);
    assert_said(f, "max_chunk_size");
    dump = strdup(f->said);
    assert_non_null(dump);
    assert_int_equal(run(f, "-T", dump), 0);
    assert_string_equal(f->said, dump);
    free(dump);
}

/* Files that are there by default only, and missing, do not matter without TLS:
 * nor do they where a dump has written them down. */
static void dump_of_a_good_configuration_is_good(void **state)
{
    struct fixture *f = *state;
    const char *users = strstr(f->text, "users_file");
    char *dump, *text;

    assert_non_null(users);
    assert_true(asprintf(&text,
                         "listen = ( { transport = \"tcp\"; address = "
                         "\"127.0.0.1\"; } );\nrelay: { user = \"\"; };\n"
                         "auth: { allow_tcp = true; %.*s };\n",
                         (int)strcspn(users, ";") + 1, users) > 0);
    assert_int_equal(run(f, "-t", text), 0);
    assert_int_equal(run(f, "-T", text), 0);
    dump = strdup(f->said);
    assert_non_null(dump);
    assert_int_equal(run(f, "-t", dump), 0);
    free(dump);
    free(text);
}

static void version_names_the_libraries(void **state)
{
    struct fixture *f = *state;
    const char *const arguments[] = {"-V", NULL};

    assert_int_equal(relay_command(f->said, sizeof f->said, arguments), 0);
    assert_said(f, "msrprelayd " MSRP_VERSION "\n");
    assert_said(f, "OpenSSL 3.");
    assert_said(f, "libev ");
    assert_said(f, "libconfig ");
    assert_said(f, "jansson ");
}

static void help_ends_with_0(void **state)
{
    struct fixture *f = *state;
    const char *const arguments[] = {"--help", NULL};

    assert_int_equal(relay_command(f->said, sizeof f->said, arguments), 0);
    assert_said(f, "--config");
}

static void bad_command_line_ends_with_64(void **state)
{
    static const char *const wrong[] = {"-x", "--no-such-option", "-c",
                                        "argument"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const arguments[] = {wrong[i], NULL};

        assert_int_equal(relay_command(f->said, sizeof f->said, arguments),
                         USAGE);
        assert_said(f, "usage: ");
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_of_a_good_configuration_says_ok),
        TEST(test_warns_of_what_keeps_clients_out),
        TEST(test_lists_every_fault_with_its_place),
        TEST(missing_configuration_ends_with_78),
        TEST(bad_configuration_does_not_run),
        TEST(foreign_key_ends_with_78),
        TEST(malformed_users_are_told_with_their_line),
        TEST(start_that_cannot_heal_ends_with_69),
        TEST(dump_is_a_configuration_again),
        TEST(dump_of_a_good_configuration_is_good),
        TEST(version_names_the_libraries),
        TEST(help_ends_with_0),
        TEST(bad_command_line_ends_with_64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
