/* SPDX-License-Identifier: BSD-2-Clause */
#include "notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "scratch.h"

static int setup(void **state)
{
    static struct scratch scratch;

    scratch_init(&scratch);
    *state = &scratch;
    return 0;
}

static int teardown(void **state)
{
    scratch_fini(*state);
    return 0;
}

/* The service manager's end. */
static int listen_at(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    size_t n = strlen(name);

    assert_true(fd >= 0 && n < sizeof at.sun_path);
    memcpy(at.sun_path, name, n);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at, (socklen_t)(sizeof at.sun_family + n)),
        0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void expect(int fd, const char *want)
{
    char got[1024];
    ssize_t n = recv(fd, got, sizeof got - 1, 0);

    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, want);
}

static void states_arrive_in_order(void **state)
{
    int fd = listen_at(scratch_path(*state, "notify"));
    char got[256];
    struct notify n;
    unsigned long long usec;
    ssize_t k;

    notify_init(&n);
    notify_ready(&n, "running");
    notify_reloading(&n);
    notify_alive(&n);
    notify_status(&n, "draining");
    notify_stopping(&n, 30000);
    expect(fd, "READY=1\nSTATUS=running");
    k = recv(fd, got, sizeof got - 1, 0);
    assert_true(k > 0);
    got[k] = '\0';
    assert_int_equal(sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
    assert_true(usec > 0);
    expect(fd, "WATCHDOG=1");
    expect(fd, "STATUS=draining");
    expect(fd,
           "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=shutting down");
    notify_fini(&n);
    close(fd);
}

static void abstract_address_is_understood(void **state)
{
    char name[64];
    struct notify n;
    int fd;

    (void)state;
    snprintf(name, sizeof name, "@msrprelayd-test-%d", (int)getpid());
    fd = listen_at(name);
    notify_init(&n);
    notify_ready(&n, "up");
    expect(fd, "READY=1\nSTATUS=up");
    notify_fini(&n);
    close(fd);
}

static void without_a_manager_nothing_is_said(void **state)
{
    struct notify n;

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000000", 1);
    notify_init(&n);
    assert_int_equal(n.fd, -1);
    assert_int_equal(n.watchdog_ms, 0);
    notify_ready(&n, "up");
    notify_fini(&n);
}

static void odd_addresses_are_left_alone(void **state)
{
    static const char *const odd[] = {"", "@", "relative", "vsock:2:1234"};
    char longest[200];
    struct notify n;

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        setenv("NOTIFY_SOCKET", odd[i], 1);
        notify_init(&n);
        assert_int_equal(n.fd, -1);
    }
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    notify_init(&n);
    assert_int_equal(n.fd, -1);
}

static void a_manager_that_is_gone_is_no_trouble(void **state)
{
    struct notify n;

    setenv("NOTIFY_SOCKET", scratch_path(*state, "nobody"), 1);
    notify_init(&n);
    notify_ready(&n, "up");
    notify_stopping(&n, 1);
    notify_fini(&n);
}

static uint64_t watchdog_with(const char *usec, const char *pid)
{
    struct notify n;
    uint64_t ms;

    setenv("NOTIFY_SOCKET", "/nobody", 1);
    setenv("WATCHDOG_USEC", usec, 1);
    if (pid)
        setenv("WATCHDOG_PID", pid, 1);
    notify_init(&n);
    ms = n.watchdog_ms;
    notify_fini(&n);
    return ms;
}

static void watchdog_is_for_this_process_alone(void **state)
{
    char pid[32];

    (void)state;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(watchdog_with("30000000", NULL), 30000);
    assert_int_equal(watchdog_with("30000000", pid), 30000);
    assert_int_equal(watchdog_with("30000000", "1"), 0);
    assert_int_equal(watchdog_with("30000000", "x"), 0);
    assert_int_equal(watchdog_with("soon", NULL), 0);
}

static void environment_is_taken(void **state)
{
    struct notify n;

    (void)state;
    setenv("NOTIFY_SOCKET", "/nobody", 1);
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_init(&n);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    notify_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_arrive_in_order),
        cmocka_unit_test(abstract_address_is_understood),
        cmocka_unit_test(without_a_manager_nothing_is_said),
        cmocka_unit_test(odd_addresses_are_left_alone),
        cmocka_unit_test(a_manager_that_is_gone_is_no_trouble),
        cmocka_unit_test(watchdog_is_for_this_process_alone),
        cmocka_unit_test(environment_is_taken),
    };

    return cmocka_run_group_tests_name("app.notify", tests, setup, teardown);
}
