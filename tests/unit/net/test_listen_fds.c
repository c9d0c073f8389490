/* SPDX-License-Identifier: BSD-2-Clause */
#include "listen_fds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "oom.h"

enum { FIRST_FD = 3, SOCKETS = 2 };

/* The numbers from 3 on belong to what a service manager passes. Whoever runs
 * this may have left some open: they are moved out of the way. */
struct passed {
    int saved[SOCKETS];
    struct addr at[SOCKETS];
};

static void pass(struct passed *p, const char *pid)
{
    char text[32];

    for (int i = 0; i < SOCKETS; i++) {
        struct addr any;
        struct sock_opts opts = {0};
        int fd;

        p->saved[i] = fcntl(FIRST_FD + i, F_DUPFD_CLOEXEC, 100);
        assert_int_equal(addr_parse(&any, SPAN("127.0.0.1"), 0), 0);
        assert_int_equal(sock_listen(&fd, &any, &opts), 0);
        assert_int_equal(sock_local(&p->at[i], fd), 0);
        if (fd != FIRST_FD + i) {
            assert_int_equal(dup2(fd, FIRST_FD + i), FIRST_FD + i);
            close(fd);
        }
        assert_int_equal(fcntl(FIRST_FD + i, F_SETFD, 0), 0);
    }
    if (!pid) {
        snprintf(text, sizeof text, "%d", (int)getpid());
        pid = text;
    }
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "a:b", 1);
}

static void restore(struct passed *p)
{
    for (int i = 0; i < SOCKETS; i++) {
        close(FIRST_FD + i);
        if (p->saved[i] < 0)
            continue;
        dup2(p->saved[i], FIRST_FD + i);
        close(p->saved[i]);
    }
}

static void sockets_are_found_by_their_address(void **state)
{
    struct listen_fds l;
    struct passed p;

    (void)state;
    pass(&p, NULL);
    assert_int_equal(listen_fds_init(&l), 0);
    assert_int_equal(l.n, 2);
    assert_int_equal(listen_fds_take(&l, &p.at[1]), FIRST_FD + 1);
    assert_int_equal(listen_fds_take(&l, &p.at[1]), -1);
    assert_int_equal(listen_fds_take(&l, &p.at[0]), FIRST_FD);
    listen_fds_fini(&l);
    assert_int_equal(fcntl(FIRST_FD, F_GETFD), FD_CLOEXEC);
    restore(&p);
}

static void port_zero_takes_any_of_the_host(void **state)
{
    struct listen_fds l;
    struct passed p;
    struct addr at;

    (void)state;
    pass(&p, NULL);
    assert_int_equal(listen_fds_init(&l), 0);
    assert_int_equal(addr_parse(&at, SPAN("127.0.0.2"), 0), 0);
    assert_int_equal(listen_fds_take(&l, &at), -1);
    assert_int_equal(addr_parse(&at, SPAN("127.0.0.1"), 0), 0);
    assert_int_equal(listen_fds_take(&l, &at), FIRST_FD);
    assert_int_equal(listen_fds_take(&l, &at), FIRST_FD + 1);
    listen_fds_fini(&l);
    restore(&p);
}

static void what_is_left_is_named_and_closed(void **state)
{
    char text[ADDR_TEXT_MAX], want[ADDR_TEXT_MAX];
    struct listen_fds l;
    struct passed p;

    (void)state;
    pass(&p, NULL);
    assert_int_equal(listen_fds_init(&l), 0);
    assert_int_equal(listen_fds_take(&l, &p.at[0]), FIRST_FD);
    assert_true(listen_fds_drop(&l, text));
    assert_string_equal(text, addr_text(want, &p.at[1]));
    assert_int_equal(fcntl(FIRST_FD + 1, F_GETFD), -1);
    assert_false(listen_fds_drop(&l, text));
    listen_fds_fini(&l);
    assert_true(fcntl(FIRST_FD, F_GETFD) >= 0); /* it was taken */
    restore(&p);
}

static void others_sockets_are_left_alone(void **state)
{
    struct listen_fds l;
    struct passed p;

    (void)state;
    pass(&p, "1");
    assert_int_equal(listen_fds_init(&l), 0);
    assert_int_equal(l.n, 0);
    assert_null(getenv("LISTEN_PID"));
    assert_null(getenv("LISTEN_FDS"));
    assert_null(getenv("LISTEN_FDNAMES"));
    listen_fds_fini(&l);
    assert_true(fcntl(FIRST_FD, F_GETFD) >= 0);
    restore(&p);
}

static void nonsense_means_none(void **state)
{
    static const char *const odd[] = {"", "-1", "two", "99999999999"};
    struct listen_fds l;
    char pid[32];

    (void)state;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", odd[i], 1);
        assert_int_equal(listen_fds_init(&l), 0);
        assert_int_equal(l.n, 0);
    }
    assert_int_equal(listen_fds_init(&l), 0);
    assert_int_equal(l.n, 0);
}

static int attempt(void *ctx)
{
    struct listen_fds l;
    struct passed *p = ctx;
    int err;

    pass(p, NULL);
    err = listen_fds_init(&l);
    listen_fds_fini(&l);
    restore(p);
    return err;
}

static void memory_may_fail(void **state)
{
    struct passed p;

    (void)state;
    assert_int_equal(oom_sweep(attempt, &p), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_found_by_their_address),
        cmocka_unit_test(port_zero_takes_any_of_the_host),
        cmocka_unit_test(what_is_left_is_named_and_closed),
        cmocka_unit_test(others_sockets_are_left_alone),
        cmocka_unit_test(nonsense_means_none),
        cmocka_unit_test(memory_may_fail),
    };

    return cmocka_run_group_tests_name("app.listen_fds", tests, NULL, NULL);
}
