/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the control socket is, who may ask there, and how much. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "ctl.h"
#include "login.h"

enum { UNREACHABLE = 2, NOBODY = 65534 };

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in: %s", part, text);
}

/* --- where it is ---------------------------------------------------------- */

static void a_reload_moves_the_socket(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const struct relay_opts moved = {.groups = ctl_group(s, "moved")};
    const struct relay_opts off = {.groups = ""};
    int fd = ctl_connect(s);
    char got[16];

    relay_write_config(s->relay, &moved);
    assert_string_equal(ctl_ok(s, "reload"), "");
    assert_int_equal(access(ctl_path(s, "s"), F_OK), -1);
    ctl_ok(s, scene_text(s, "-s %s ping", ctl_path(s, "moved")));
    /* Who came through the old one is still served. */
    assert_int_equal(send(fd, "ping\n", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(recv(fd, got, 12, MSG_WAITALL), 12);
    assert_memory_equal(got, "{\"ok\":true}\n", 12);
    close(fd);
    relay_write_config(s->relay, &off);
    ctl_ok(s, scene_text(s, "-s %s reload", ctl_path(s, "moved")));
    assert_int_equal(access(ctl_path(s, "moved"), F_OK), -1);
    ctl_fails(s, "ping", UNREACHABLE, "No such file");
}

static void a_place_that_cannot_be_is_a_fault(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const struct relay_opts nowhere = {.groups = ctl_group(s, "gone/s")};
    struct ctl_said said;

    relay_write_config(s->relay, &nowhere);
    said = ctl_run(s, "reload");
    assert_int_equal(said.code, 1);
    assert_holds(said.out, "cannot listen at ");
    ctl_ok(s, "ping");
}

/* --- who may -------------------------------------------------------------- */

enum verdict { NOT_RUN = 1, KERNEL_REFUSED, RELAY_REFUSED, ANSWERED };

static enum verdict knock(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char got[64] = "";
    ssize_t n;

    span_copy(to.sun_path, sizeof to.sun_path, span_str(path));
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return errno == EACCES ? KERNEL_REFUSED : NOT_RUN;
    (void)send(fd, "ping\n", 5, MSG_NOSIGNAL);
    n = recv(fd, got, sizeof got - 1, 0);
    close(fd);
    if (n > 0 && strcmp(got, "{\"ok\":true}\n") == 0)
        return ANSWERED;
    return n > 0 && strstr(got, "not allowed") ? RELAY_REFUSED : NOT_RUN;
}

/* What becomes of another user who asks. */
static enum verdict as_nobody(struct scene *s)
{
    const char *path = ctl_path(s, "s");
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 ||
            setuid(NOBODY) != 0)
            _exit(NOT_RUN);
        _exit((int)knock(path));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (enum verdict)WEXITSTATUS(status);
}

static void other_users_are_refused(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const char *path = ctl_path(s, "s");
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    if (geteuid() != 0)
        skip();
    assert_int_equal(
        chmod(scene_text(s, "%.*s", (int)strlen(path) - 2, path), 0755), 0);
    assert_int_equal(as_nobody(s), KERNEL_REFUSED);
    /* Nor when somebody has opened it for all. */
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(as_nobody(s), RELAY_REFUSED);
}

/* Where the relay's files are, its user may read. */
static void open_files(void *ctx, struct tls_files *files)
{
    (void)ctx;
    if (chmod(tls_files_dir(files), 0755) != 0)
        _exit(127);
}

static void the_relays_own_user_may_ask(void **state)
{
    const struct relay_opts as_user = {.user = "nobody",
                                       .in_child = open_files};
    struct relay_opts moved = as_user;
    struct scene *s;

    if (geteuid() != 0)
        skip();
    s = ctl_scene(state, &as_user);
    assert_int_equal(as_nobody(s), ANSWERED);
    ctl_ok(s, "ping"); /* so may root */
    moved.groups = ctl_group(s, "moved");
    assert_int_equal(chmod(relay_path(s->relay, "key"), 0644), 0);
    relay_write_config(s->relay, &moved);
    ctl_ok(s, "reload");
    assert_int_equal(access(ctl_path(s, "s"), F_OK), -1);
    ctl_ok(s, scene_text(s, "-s %s ping", ctl_path(s, "moved")));
}

static void a_living_socket_is_not_taken_over(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const struct relay_opts same = {.groups = ctl_group(s, "s")};
    struct tls_files *files = relay_files_new();
    char *text = relay_config_text(files, &same), said[65536];
    const char *arguments[] = {"-c", relay_write(files, "second.conf", text),
                               NULL};

    assert_int_equal(relay_command(said, sizeof said, arguments), 1);
    assert_holds(said, "another process listens there");
    ctl_ok(s, "ping");
    free(text);
    tls_files_free(files);
}

static void a_socket_that_was_left_behind_is_replaced(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    const struct relay_opts second = {.name = "second.example.com",
                                      .groups = ctl_group(s, "s")};

    relay_signal(s->relay, SIGKILL);
    assert_int_equal(scene_wait_exit(s), 128 + SIGKILL);
    assert_int_equal(access(ctl_path(s, "s"), F_OK), 0);
    scene_add_relay(s, &second);
    assert_holds(ctl_ok(s, "status"), "second.example.com");
}

static void the_socket_goes_with_the_relay(void **state)
{
    struct scene *s = ctl_scene(state, NULL);

    relay_signal(s->relay, SIGTERM);
    assert_int_equal(scene_wait_exit(s), 0);
    assert_int_equal(access(ctl_path(s, "s"), F_OK), -1);
    ctl_fails(s, "ping", UNREACHABLE, "No such file");
}

/* --- bounds --------------------------------------------------------------- */

enum { SESSIONS = 2000 };

static struct scene *scene_of_many_sessions(void **state)
{
    static const struct relay_opts opts = {
        .groups = "limits: { sessions_per_connection = 0; };"};
    struct scene *s = ctl_scene(state, &opts);
    struct client *carol = login(s, "carol");

    for (int i = 1; i < SESSIONS; i++)
        login_on(carol);
    return s;
}

static size_t count_rows(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void many_sessions_are_listed_while_traffic_goes_on(void **state)
{
    enum { ROUNDS = 20 };
    struct scene *s = scene_of_many_sessions(state);
    struct client *alice = login(s, "alice"), *bob = login(s, "bob");

    for (int i = 0; i < ROUNDS; i++) {
        struct ctl *list = ctl_begin(s, "sessions", "");
        const char *tid = talk_text(alice, bob, "in between");
        struct ctl_said said;

        talk_answer(bob, talk_expect(bob, "SEND"), 200);
        talk_expect_code(alice, tid, 200);
        said = ctl_wait(list);
        assert_int_equal(said.code, 0);
        assert_int_equal(count_rows(said.out), SESSIONS + 3);
    }
    assert_int_equal(count_rows(ctl_ok(s, "sessions --json")), SESSIONS + 4);
    assert_string_equal(ctl_ok(s, "kick user=carol --json"),
                        scene_text(s, "{\"sessions\":%d}\n", SESSIONS));
    assert_int_equal(count_rows(ctl_ok(s, "sessions")), 3);
}

static void who_does_not_read_costs_little(void **state)
{
    enum { READERS = 7, REQUESTS = 100, BOUND_KIB = 8192 };
    struct scene *s = scene_of_many_sessions(state);
    size_t before = relay_rss(s->relay);
    int fds[READERS];

    for (int i = 0; i < READERS; i++) {
        fds[i] = ctl_connect(s);
        for (int n = 0; n < REQUESTS; n++) /* some 100 MB of answers */
            assert_int_equal(send(fds[i], "sessions\n", 9, MSG_NOSIGNAL), 9);
    }
    for (int i = 0; i < 5; i++)
        ctl_ok(s, "status");
    login(s, "alice");
    assert_true(relay_rss(s->relay) < before + BOUND_KIB);
    ctl_ok(s, "ping");
    for (int i = 0; i < READERS; i++)
        close(fds[i]);
}

static void one_connection_too_many_is_turned_away(void **state)
{
    enum { MOST = 8 };
    struct scene *s = ctl_scene(state, NULL);
    int fds[MOST];
    char got[16];

    for (int i = 0; i < MOST; i++) {
        fds[i] = ctl_connect(s);
        assert_int_equal(send(fds[i], "ping\n", 5, MSG_NOSIGNAL), 5);
        assert_int_equal(recv(fds[i], got, sizeof got, 0), 12);
    }
    ctl_fails(s, "ping", 1, "too many connections");
    for (int i = 0; i < MOST; i++)
        close(fds[i]);
    scene_wait_log(
        s, "control connection refused reason=\"too many connections\"");
    ctl_ok(s, "ping");
}

static void junk_ends_its_connection_alone(void **state)
{
    struct scene *s = ctl_scene(state, NULL);
    char junk[5000], got[256];
    ssize_t n;

    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)(i * 37 % 256);
    for (int round = 0; round < 20; round++) {
        int fd = ctl_connect(s);

        (void)send(fd, junk + round, sizeof junk - 100, MSG_NOSIGNAL);
        do
            n = recv(fd, got, sizeof got, 0);
        while (n > 0);
        assert_true(n == 0 || errno == ECONNRESET);
        close(fd);
    }
    ctl_ok(s, "ping");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_reload_moves_the_socket),
        E2E_TEST(a_place_that_cannot_be_is_a_fault),
        E2E_TEST(other_users_are_refused),
        E2E_TEST(the_relays_own_user_may_ask),
        E2E_TEST(a_living_socket_is_not_taken_over),
        E2E_TEST(a_socket_that_was_left_behind_is_replaced),
        E2E_TEST(the_socket_goes_with_the_relay),
        E2E_TEST(many_sessions_are_listed_while_traffic_goes_on),
        E2E_TEST(who_does_not_read_costs_little),
        E2E_TEST(one_connection_too_many_is_turned_away),
        E2E_TEST(junk_ends_its_connection_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
