/* SPDX-License-Identifier: BSD-2-Clause */
#include "datagram.h"

#include <poll.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

static int open_at(const char *host, struct addr *at)
{
    int fd;

    assert_int_equal(addr_parse(at, span_str(host), 0), 0);
    assert_int_equal(datagram_open(&fd, at), 0);
    assert_int_equal(sock_local(at, fd), 0);
    return fd;
}

/* A socket that hears from nobody but `host`, with the port of `at`. */
static int connect_to(const char *host, const struct addr *at)
{
    struct addr to;
    int fd;

    assert_int_equal(addr_parse(&to, span_str(host), addr_port(at)), 0);
    fd = socket(to.sa.sa_family, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &to.sa, to.len), 0);
    return fd;
}

static void wait_for(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 10000), 1);
}

/* Asks, and gets the answer from the address that was asked. */
static void check_echo(const char *bound, const char *asked)
{
    static char data[DATAGRAM_MAX + 1], got[DATAGRAM_MAX + 1];
    struct datagram_ends ends;
    struct addr at;
    int fd = open_at(bound, &at), client = connect_to(asked, &at);
    size_t n;

    assert_int_equal(datagram_receive(fd, data, sizeof data, &n, &ends),
                     ERR_AGAIN);
    memset(got, 'x', sizeof got);
    assert_int_equal(send(client, got, DATAGRAM_MAX, 0), DATAGRAM_MAX);
    wait_for(fd);
    assert_int_equal(datagram_receive(fd, data, sizeof data, &n, &ends), 0);
    assert_int_equal(n, DATAGRAM_MAX);
    assert_int_equal(datagram_send(fd, &ends, span_of(data, n)), 0);
    wait_for(client);
    assert_int_equal(recv(client, got, sizeof got, 0), DATAGRAM_MAX);
    close(client);
    close(fd);
}

static void answers_come_from_the_address_that_was_asked(void **state)
{
    (void)state;
    check_echo("127.0.0.1", "127.0.0.1");
    check_echo("0.0.0.0", "127.0.0.1");
    check_echo("0.0.0.0", "127.0.0.99");
    check_echo("::1", "::1");
    check_echo("::", "::1");
    check_echo("::", "127.0.0.1");
    check_echo("::", "127.0.0.99");
}

static void what_does_not_fit_is_lost(void **state)
{
    struct datagram_ends ends;
    struct addr at;
    int fd = open_at("127.0.0.1", &at), client = connect_to("127.0.0.1", &at);
    char data[4];
    size_t n;

    (void)state;
    assert_int_equal(send(client, "12345", 5, 0), 5);
    assert_int_equal(send(client, "1234", 4, 0), 4);
    wait_for(fd);
    assert_int_equal(datagram_receive(fd, data, sizeof data, &n, &ends),
                     ERR_LIMIT);
    wait_for(fd);
    assert_int_equal(datagram_receive(fd, data, sizeof data, &n, &ends), 0);
    assert_int_equal(n, 4);
    close(client);
    close(fd);
}

static void a_port_in_use_is_refused(void **state)
{
    struct addr at;
    int fd = open_at("127.0.0.1", &at), second;

    (void)state;
    assert_int_equal(datagram_open(&second, &at), ERR_IO);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_from_the_address_that_was_asked),
        cmocka_unit_test(what_does_not_fit_is_lost),
        cmocka_unit_test(a_port_in_use_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
