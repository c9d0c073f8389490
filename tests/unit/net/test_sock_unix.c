/* SPDX-License-Identifier: BSD-2-Clause */
/* Unix sockets: made, replaced, accepted from. */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

/* The state of a test: a directory, and a path in it. */
struct place {
    char dir[32];
    char path[64];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/sock_unix_XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/s", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    (void)unlink(p->path);
    assert_int_equal(rmdir(p->dir), 0);
    free(p);
    return 0;
}

static int try_connect(const struct place *p)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", p->path);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

static void its_file_has_the_mode_that_was_asked_for(void **state)
{
    static const mode_t modes[] = {0600, 0660, 0};
    const struct place *p = *state;
    mode_t before = umask(0);

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct stat st;
        int fd;

        assert_int_equal(sock_listen_unix(&fd, p->path, modes[i]), 0);
        assert_int_equal(stat(p->path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(st.st_mode & 07777, modes[i]);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
    umask(before);
}

static void what_nobody_listens_to_any_more_is_replaced(void **state)
{
    const struct place *p = *state;
    int fd, client;

    assert_int_equal(sock_listen_unix(&fd, p->path, 0600), 0);
    close(fd);
    assert_int_equal(try_connect(p), -1);
    assert_int_equal(sock_listen_unix(&fd, p->path, 0600), 0);
    client = try_connect(p);
    assert_true(client >= 0);
    close(client);
    close(fd);
}

static void what_somebody_listens_to_is_left_alone(void **state)
{
    const struct place *p = *state;
    int fd, second = -1, client;

    assert_int_equal(sock_listen_unix(&fd, p->path, 0600), 0);
    assert_int_equal(sock_listen_unix(&second, p->path, 0600), ERR_EXISTS);
    assert_int_equal(second, -1);
    client = try_connect(p);
    assert_true(client >= 0);
    close(client);
    close(fd);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    const struct place *p = *state;
    struct stat st;
    int fd = -1, file = open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    assert_int_equal(write(file, "mine", 4), 4);
    close(file);
    assert_int_equal(sock_listen_unix(&fd, p->path, 0600), ERR_EXISTS);
    assert_int_equal(fd, -1);
    assert_int_equal(stat(p->path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_size, 4);
}

static void without_descriptors_nothing_is_replaced(void **state)
{
    const struct place *p = *state;
    struct rlimit before, one;
    struct stat old, st;
    int fd, next = -1;

    assert_int_equal(sock_listen_unix(&fd, p->path, 0600), 0);
    close(fd);
    assert_int_equal(stat(p->path, &old), 0);
    /* One is left, and asking who listens takes another one. */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    one = before;
    one.rlim_cur = (rlim_t)fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &one), 0);
    assert_int_equal(sock_listen_unix(&next, p->path, 0600), ERR_IO);
    assert_int_equal(errno, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(next, -1);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_ino, old.st_ino);
}

static void a_path_that_can_not_be_is_an_error_with_errno(void **state)
{
    char path[200];
    int fd = -1;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(sock_listen_unix(&fd, path, 0600), ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(sock_listen_unix(&fd, "/nowhere/to/be/found", 0600),
                     ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fd, -1);
}

static void who_connects_is_known_by_user_not_by_address(void **state)
{
    const struct place *p = *state;
    char text[ADDR_TEXT_MAX];
    unsigned char key[16];
    struct addr peer, local;
    int fd, client, there;
    uid_t uid;

    assert_int_equal(sock_listen_unix(&fd, p->path, 0600), 0);
    assert_int_equal(sock_accept(&there, &peer, fd), ERR_IO);
    assert_int_equal(errno, EAGAIN);
    client = try_connect(p);
    assert_int_equal(sock_accept(&there, &peer, fd), 0);
    assert_int_equal(sock_peer_uid(&uid, there), 0);
    assert_int_equal(uid, geteuid());
    assert_string_equal(addr_text(text, &peer), "unix");
    assert_string_equal(addr_host_text(text, &peer), "unix");
    assert_int_equal(addr_port(&peer), 0);
    addr_set_port(&peer, 9);
    assert_int_equal(addr_port(&peer), 0);
    assert_int_equal(addr_host_key(key, &peer), 0);
    assert_int_equal(sock_local(&local, there), 0);
    assert_string_equal(addr_text(text, &local), "unix");
    close(there);
    close(client);
    close(fd);
}

static void a_socket_of_tcp_has_no_user(void **state)
{
    struct addr at;
    uid_t uid;
    int fd;

    (void)state;
    assert_int_equal(addr_parse(&at, SPAN("127.0.0.1"), 0), 0);
    assert_int_equal(sock_listen(&fd, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_peer_uid(&uid, fd), ERR_IO);
    close(fd);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(its_file_has_the_mode_that_was_asked_for),
        T(what_nobody_listens_to_any_more_is_replaced),
        T(what_somebody_listens_to_is_left_alone),
        T(a_file_that_is_no_socket_is_left_alone),
        T(without_descriptors_nothing_is_replaced),
        T(a_path_that_can_not_be_is_an_error_with_errno),
        T(who_connects_is_known_by_user_not_by_address),
        T(a_socket_of_tcp_has_no_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
