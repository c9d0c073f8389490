/* SPDX-License-Identifier: BSD-2-Clause */
/* Started as root, the relay becomes relay.user when it has opened what needs
 * root, and can do everything afterwards that it has to. Without root these
 * tests are skipped. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "login.h"
#include "renew.h"

#define USER "nobody"

/* The user may read and write where the relay's files are, and root has groups
 * to lose. */
static void prepare(void *ctx, struct tls_files *files)
{
    static const gid_t groups[] = {0, 1, 2};
    const struct passwd *user = getpwnam(USER);

    (void)ctx;
    if (!user || chown(tls_files_dir(files), user->pw_uid, user->pw_gid) != 0 ||
        setgroups(sizeof groups / sizeof *groups, groups) != 0)
        _exit(127);
}

static const struct relay_opts as_user = {.user = USER, .in_child = prepare};

static struct scene *start_as_user(void **state, const struct relay_opts *opts)
{
    if (geteuid() != 0)
        skip();
    return scene_start(state, opts);
}

static void assert_status(const struct scene *s, const char *key,
                          const char *want)
{
    char is[RELAY_STATUS_MAX];

    relay_status(is, s->relay, key);
    assert_string_equal(is, want);
}

static void nothing_of_root_is_left(void **state)
{
    struct scene *s = start_as_user(state, &as_user);
    const struct passwd *user = getpwnam(USER);
    unsigned uid = user->pw_uid, gid = user->pw_gid;

    assert_status(s, "Uid:", scene_text(s, "%u %u %u %u", uid, uid, uid, uid));
    assert_status(s, "Gid:", scene_text(s, "%u %u %u %u", gid, gid, gid, gid));
    assert_status(s, "Groups:", scene_text(s, "%u", gid));
    assert_status(s, "CapPrm:", "0000000000000000");
    assert_status(s, "CapEff:", "0000000000000000");
    assert_status(s, "CapInh:", "0000000000000000");
    assert_status(s, "CapAmb:", "0000000000000000");
    assert_status(s, "CapBnd:", "0000000000000000");
    assert_status(s, "NoNewPrivs:", "1");
    talk_expect_nothing(login(s, "alice"));
}

static void group_is_taken_if_it_is_given(void **state)
{
    static const struct relay_opts other = {
        .user = USER, .group = "daemon", .in_child = prepare};
    struct scene *s = start_as_user(state, &other);
    unsigned gid = getgrnam("daemon")->gr_gid;

    assert_status(s, "Gid:", scene_text(s, "%u %u %u %u", gid, gid, gid, gid));
    assert_status(s, "Groups:", scene_text(s, "%u", gid));
}

static void reloads_as_that_user(void **state)
{
    struct scene *s = start_as_user(state, &as_user);
    struct client *alice = login(s, "alice"), *bob;
    unsigned port = renew_free_port(s);
    struct relay_opts opts = as_user;
    uint64_t serial;

    renew_certificate(s->relay);
    serial = renew_serial(s->relay);
    opts.listen = scene_text(
        s, "{ transport = \"tls\"; address = \"127.0.0.1\"; port = %u; }",
        port);
    renew_with(s, &opts);
    relay_use_port(s->relay, RELAY_TLS, port);
    bob = login(s, "bob");
    assert_true(renew_serial_seen(bob) == serial);
    talk_expect_code(bob, talk_text(bob, alice, "still there?"), 200);
    talk_answer(alice, talk_expect_body(alice, SPAN("still there?"), '$'), 200);
}

/* What only root can read was no fault at the start, and is one now. */
static void key_that_the_user_cannot_read_refuses_a_reload(void **state)
{
    struct scene *s = start_as_user(state, &as_user);

    assert_int_equal(chmod(relay_path(s->relay, "key"), 0600), 0);
    renew_in_vain(s, "relay.conf line=4 fault=");
    talk_expect_nothing(login(s, "alice"));
}

/* --- what root opened ----------------------------------------------------- */

/* Files whose paths are known before the relay starts; they go after it. */
struct own_files {
    struct scene_part part; /* with nothing to be polled */
    struct tls_files *files;
};

static void own_files_free(struct scene_part *p)
{
    struct own_files *o = (struct own_files *)(void *)p;

    tls_files_free(o->files);
    free(o);
}

static struct own_files *own_files_new(void)
{
    struct own_files *o = calloc(1, sizeof *o);

    assert_non_null(o);
    o->part = (struct scene_part){.fd = -1, .free = own_files_free};
    o->files = tls_files_new();
    assert_non_null(o->files);
    return o;
}

/* As it is, with root for its author, and as logrotate does it without
 * `create`. */
static void file_that_root_opened_can_be_reopened(void **state)
{
    static const char *const names[] = {"carol", "dave"};
    struct own_files *own;
    struct relay_opts opts = as_user;
    struct client *alice;
    struct scene *s;
    char *accounts;

    if (geteuid() != 0)
        skip();
    own = own_files_new();
    opts.files = own->files;
    assert_true(asprintf(&accounts, "accounting = \"%s\";",
                         tls_files_path(own->files, "relay.accounts")) > 0);
    opts.log = accounts;
    s = scene_start(state, &opts);
    scene_add_part(s, &own->part);
    alice = login(s, "alice");
    client_close(login(s, "bob"));
    free(renew_wait(alice, "accounts", "\"bob\""));
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            assert_int_equal(rename(relay_path(s->relay, "accounts"),
                                    relay_path(s->relay, "old")),
                             0);
        relay_signal(s->relay, SIGUSR1);
        client_close(login(s, names[i]));
        free(renew_wait(alice, "accounts", scene_text(s, "\"%s\"", names[i])));
    }
    assert_null(strstr(relay_log(s->relay), "cannot reopen"));
    free(accounts);
}

/* Asserts that a relay that is to log to this member of `own`, a directory of
 * USER's, does not start, and says so. */
static void start_in_vain(struct tls_files *own, const char *log,
                          const char *says)
{
    const struct passwd *user = getpwnam(USER);
    struct relay_opts opts = {.user = USER, .group = ""};
    const char *arguments[] = {"-c", NULL, NULL};
    char *target, *text, said[65536];
    struct tls_files *files = relay_files_new();

    assert_true(
        asprintf(&target, "target = \"%s\";", tls_files_path(own, log)) > 0);
    opts.log = target;
    text = relay_config_text(files, &opts);
    arguments[1] = relay_write(files, "test.conf", text);
    assert_int_equal(chown(tls_files_dir(own), user->pw_uid, user->pw_gid), 0);
    assert_int_not_equal(relay_command(said, sizeof said, arguments), 0);
    if (!strstr(said, says))
        fail_msg("%s", said);
    tls_files_free(files);
    free(target);
    free(text);
}

/* What was there, and leads to a file of root's, gets neither another owner nor
 * a line (S-37). */
static void no_link_gives_a_file_of_roots_away(void **state)
{
    struct tls_files *own, *roots;
    char *victim;
    struct stat st;

    (void)state;
    if (geteuid() != 0)
        skip();
    own = tls_files_new();
    roots = tls_files_new();
    assert_true(own && roots);
    victim = strdup(tls_files_path(roots, "victim"));
    close(open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(symlink(victim, tls_files_path(own, "symbolic")), 0);
    start_in_vain(own, "symbolic",
                  "log.target: relay.user " USER " cannot write ");
    assert_int_equal(link(victim, tls_files_path(own, "hard")), 0);
    start_in_vain(own, "hard", "log.target: relay.user " USER " cannot write ");
    assert_int_equal(stat(victim, &st), 0);
    assert_int_equal(st.st_uid, 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(symlink(tls_files_dir(roots), tls_files_path(own, "dir")),
                     0);
    start_in_vain(own, "dir/new", "log.target: cannot open ");
    assert_int_not_equal(stat(tls_files_path(roots, "new"), &st), 0);
    free(victim);
    tls_files_free(own);
    tls_files_free(roots);
}

/* As root left it when he tried the relay: the check knows before the start. */
static void log_of_roots_is_a_fault_of_the_configuration(void **state)
{
    struct relay_opts opts = {.user = USER, .group = ""};
    struct tls_files *files;
    char *log, *text, said[65536];
    const char *arguments[] = {"-t", "-c", NULL, NULL};

    (void)state;
    if (geteuid() != 0)
        skip();
    files = relay_files_new();
    assert_true(asprintf(&log, "accounting = \"%s\";",
                         relay_write(files, "accounts", "")) > 0);
    opts.log = log;
    text = relay_config_text(files, &opts);
    arguments[2] = relay_write(files, "test.conf", text);
    assert_int_equal(relay_command(said, sizeof said, arguments), 78);
    if (!strstr(said, "log.accounting: relay.user " USER " cannot write "))
        fail_msg("%s", said);
    tls_files_free(files);
    free(log);
    free(text);
}

/* In a directory where the user may make none. */
static void log_in_a_directory_of_roots_is_made_for_the_user(void **state)
{
    struct own_files *own;
    struct relay_opts opts = as_user;
    struct scene *s;
    struct stat st;
    char *target;

    if (geteuid() != 0)
        skip();
    own = own_files_new();
    assert_true(asprintf(&target, "accounting = \"%s\";",
                         tls_files_path(own->files, "made")) > 0);
    opts.log = target;
    s = scene_start(state, &opts);
    scene_add_part(s, &own->part);
    assert_int_equal(stat(tls_files_path(own->files, "made"), &st), 0);
    assert_int_equal(st.st_uid, getpwnam(USER)->pw_uid);
    free(target);
}

/* Bound, and not listening: the relay may listen there, and nobody else gets
 * the port. */
static int reserve(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    socklen_t n = sizeof at;

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void write_item(char *out, size_t size, const char *address,
                       unsigned port)
{
    snprintf(out, size, "{ transport = \"tls\"; address = \"%s\"; port = %u; }",
             address, port);
}

/* From one address to all and back, on the same port. */
static void listener_that_root_opened_can_be_moved(void **state)
{
    struct relay_opts opts = as_user;
    struct client *alice, *bob;
    struct scene *s;
    unsigned port;
    char item[128];
    int fd;

    if (geteuid() != 0)
        skip();
    fd = reserve(&port);
    write_item(item, sizeof item, "127.0.0.1", port);
    opts.listen = item;
    s = scene_start(state, &opts);
    alice = login(s, "alice");
    write_item(item, sizeof item, "0.0.0.0", port);
    renew_with(s, &opts);
    bob = login(s, "bob");
    write_item(item, sizeof item, "127.0.0.1", port);
    renew_with(s, &opts);
    talk_expect_nothing(login(s, "carol"));
    talk_expect_nothing(alice);
    talk_expect_nothing(bob);
    close(fd);
}

/* --- descriptors ---------------------------------------------------------- */

enum { SOFT = 128, HARD = 1024 };

static void limit_descriptors(void *ctx, struct tls_files *files)
{
    const struct rlimit lim = {SOFT, HARD};

    prepare(ctx, files);
    if (setrlimit(RLIMIT_NOFILE, &lim) != 0)
        _exit(127);
}

/* The relay's soft limit: of another user's process the kernel tells it in a
 * file alone. */
static size_t descriptors_of(const struct scene *s)
{
    static const char key[] = "Max open files";
    char path[64], line[256];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/limits", (int)relay_pid(s->relay));
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            n = strtoul(line + strlen(key), NULL, 10);
    fclose(f);
    return n;
}

static void descriptors_are_raised_for_the_connections_asked_for(void **state)
{
    struct relay_opts opts = {.user = USER,
                              .in_child = limit_descriptors,
                              .groups = "limits: { connections = 300; };"};
    struct scene *s = start_as_user(state, &opts);

    assert_in_range(descriptors_of(s), 300, HARD);
    assert_null(strstr(relay_log(s->relay), "too low"));
    opts.groups = "limits: { connections = 600; };";
    renew_with(s, &opts);
    assert_in_range(descriptors_of(s), 600, HARD);
    assert_null(strstr(relay_log(s->relay), "too low"));
    opts.groups = "limits: { connections = 5000; };";
    renew_with(s, &opts);
    assert_int_equal(descriptors_of(s), HARD);
    scene_wait_log(s, "descriptors=1024 too low for "
                      "limits.connections=5000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(nothing_of_root_is_left),
        E2E_TEST(group_is_taken_if_it_is_given),
        E2E_TEST(reloads_as_that_user),
        E2E_TEST(key_that_the_user_cannot_read_refuses_a_reload),
        E2E_TEST(file_that_root_opened_can_be_reopened),
        cmocka_unit_test(no_link_gives_a_file_of_roots_away),
        cmocka_unit_test(log_of_roots_is_a_fault_of_the_configuration),
        E2E_TEST(log_in_a_directory_of_roots_is_made_for_the_user),
        E2E_TEST(listener_that_root_opened_can_be_moved),
        E2E_TEST(descriptors_are_raised_for_the_connections_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
