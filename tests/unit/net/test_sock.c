/* SPDX-License-Identifier: BSD-2-Clause */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

static struct addr parsed(const char *host, uint16_t port)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(host), port), 0);
    return a;
}

static void an_address_is_read_and_written_back(void **state)
{
    static const struct {
        const char *host, *text;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1:2855"},
        {"0.0.0.0", "0.0.0.0:2855"},
        {"2001:db8::1", "[2001:db8::1]:2855"},
        {"::", "[::]:2855"},
        {"::ffff:192.0.2.1", "192.0.2.1:2855"},
        {"1111:2222:3333:4444:5555:6666:7777:8888",
         "[1111:2222:3333:4444:5555:6666:7777:8888]:2855"},
    };
    char text[ADDR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct addr a = parsed(cases[i].host, 2855);

        assert_string_equal(addr_text(text, &a), cases[i].text);
        assert_int_equal(addr_port(&a), 2855);
    }
}

static void what_is_not_an_address_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "relay.example.com",
        "192.0.2",
        "192.0.2.1.5",
        "[::1]",
        "192.0.2.01",
        "::1%lo",
        " ::1",
        "192.0.2.256",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
    };
    struct addr a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(addr_parse(&a, span_str(cases[i]), 1), ERR_SYNTAX);
    assert_int_equal(addr_parse(&a, SPAN("::1\0x"), 1), ERR_SYNTAX);
}

static void brackets_are_for_ipv6_literals_alone(void **state)
{
    static const char *const literals[] = {"[2001:db8::1]", "2001:db8::1",
                                           "192.0.2.1", "[::ffff:192.0.2.1]"};
    static const char *const none[] = {
        "", "[", "[]", "[::1", "::1]", "[[::1]]", "[192.0.2.1]", "a.example",
    };
    struct addr a = parsed("::9", 9);

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(addr_parse_literal(&a, span_str(none[i]), 1),
                         ERR_SYNTAX);
    assert_int_equal(addr_port(&a), 9);
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        assert_int_equal(addr_parse_literal(&a, span_str(literals[i]), 7), 0);
        assert_int_equal(addr_port(&a), 7);
        assert_int_equal(a.sa.sa_family, i == 2 ? AF_INET : AF_INET6);
    }
}

static void the_host_key_has_no_port_and_takes_mapped_as_ipv4(void **state)
{
    struct addr v4 = parsed("192.0.2.1", 1), mapped, v6 = parsed("::1", 3);
    unsigned char key4[16], key[16];

    (void)state;
    mapped = parsed("::ffff:192.0.2.1", 2);
    assert_int_equal(addr_host_key(key4, &v4), 4);
    assert_int_equal(addr_host_key(key, &mapped), 4);
    assert_memory_equal(key, key4, 4);
    assert_int_equal(addr_host_key(key, &v6), 16);
    assert_int_equal(key[15], 1);
}

static void addresses_are_the_same_with_host_and_port(void **state)
{
    struct addr v4 = parsed("192.0.2.1", 1),
                other_port = parsed("192.0.2.1", 2),
                mapped = parsed("::ffff:192.0.2.1", 1),
                v6 = parsed("2001:db8::1", 1),
                v6_long = parsed("2001:db8:0::1", 1),
                other_host = parsed("2001:db8::2", 1);

    (void)state;
    assert_true(addr_is_same(&v4, &v4));
    assert_true(addr_is_same(&v4, &mapped));
    assert_true(addr_is_same(&v6, &v6_long));
    assert_false(addr_is_same(&v4, &other_port));
    assert_false(addr_is_same(&v6, &other_host));
    assert_false(addr_is_same(&v4, &v6));
}

static int option_of(int fd, int level, int name)
{
    socklen_t len = sizeof(int);
    int value;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void a_listening_socket_has_port_and_flags(void **state)
{
    struct addr at = parsed("127.0.0.1", 0), bound;
    int fd;

    (void)state;
    assert_int_equal(sock_listen(&fd, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_local(&bound, fd), 0);
    assert_true(addr_port(&bound) > 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN));
    assert_true(option_of(fd, SOL_SOCKET, SO_REUSEADDR));
    close(fd);
}

static void any_ipv6_address_takes_ipv4_too(void **state)
{
    struct addr at = parsed("::", 0), bound, to;
    int fd, client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(sock_listen(&fd, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_local(&bound, fd), 0);
    to = parsed("127.0.0.1", addr_port(&bound));
    assert_int_equal(connect(client, &to.sa, to.len), 0);
    close(client);
    close(fd);
}

static void a_taken_port_is_an_error_with_errno(void **state)
{
    struct addr at = parsed("127.0.0.1", 0), bound;
    int fd, second = -1;

    (void)state;
    assert_int_equal(sock_listen(&fd, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_local(&bound, fd), 0);
    assert_int_equal(sock_listen(&second, &bound, &(struct sock_opts){0}),
                     ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(second, -1);
    close(fd);
}

static void options_reach_the_socket(void **state)
{
    struct sock_opts opts = {.receive_buffer = 20000,
                             .send_buffer = 30000,
                             .nodelay = true,
                             .keepalive_s = 60,
                             .dscp = 10};
    struct addr at = parsed("127.0.0.1", 0);
    int fd;

    (void)state;
    assert_int_equal(sock_listen(&fd, &at, &opts), 0);
    /* The kernel doubles what it is given. */
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_RCVBUF), 40000);
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_TOS), 10 << 2); /* SYN-ACK */
    sock_apply(fd, &opts);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_SNDBUF), 60000);
    assert_true(option_of(fd, IPPROTO_TCP, TCP_NODELAY));
    assert_true(option_of(fd, SOL_SOCKET, SO_KEEPALIVE));
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 20);
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_TOS), 10 << 2);
    sock_apply(fd, &(struct sock_opts){0}); /* after a reload */
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_TOS), 0);
    close(fd);
}

static void a_connecting_socket_gets_there(void **state)
{
    struct sock_opts opts = {.receive_buffer = 20000};
    struct addr at = parsed("127.0.0.1", 0);
    int fd, there, listening;
    char octet = 0;

    (void)state;
    assert_int_equal(sock_listen(&listening, &at, &opts), 0);
    assert_int_equal(sock_local(&at, listening), 0);
    assert_int_equal(sock_connect(&fd, &at, &opts), 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_RCVBUF), 40000);
    assert_int_equal(
        poll(&(struct pollfd){.fd = listening, .events = POLLIN}, 1, 10000), 1);
    there = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    assert_true(there >= 0);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    assert_int_equal(recv(there, &octet, 1, 0), 1);
    assert_int_equal(octet, 'x');
    close(there);
    close(fd);
    close(listening);
}

static void a_connecting_socket_has_the_source_of_its_family(void **state)
{
    struct sock_opts opts = {.dscp = 46};
    struct addr at = parsed("127.0.0.1", 0), from;
    char text[ADDR_TEXT_MAX];
    int fd, listening;

    (void)state;
    opts.source4 = parsed("127.0.0.5", 0);
    opts.source6 = parsed("::1", 0);
    assert_int_equal(sock_listen(&listening, &at, &(struct sock_opts){0}), 0);
    assert_int_equal(sock_local(&at, listening), 0);
    assert_int_equal(sock_connect(&fd, &at, &opts), 0);
    assert_int_equal(sock_local(&from, fd), 0);
    assert_string_equal(addr_host_text(text, &from), "127.0.0.5");
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_TOS), 46 << 2);
    close(fd);
    opts.source4 = parsed("192.0.2.1", 0); /* of another host */
    assert_int_equal(sock_connect(&fd, &at, &opts), ERR_IO);
    assert_int_equal(errno, EADDRNOTAVAIL);
    close(listening);
}

static void what_can_not_be_connected_to_is_an_error_with_errno(void **state)
{
    struct addr to = parsed("fe80::1", 2855); /* of which link? */
    int fd = -1;

    (void)state;
    assert_int_equal(sock_connect(&fd, &to, &(struct sock_opts){0}), ERR_IO);
    assert_true(errno != 0);
    assert_int_equal(fd, -1);
}

/* Gives both a free port of the first; can both be listened at? */
static bool can_share(struct addr *a, struct addr *b)
{
    static const struct sock_opts opts = {0};
    struct addr bound;
    int first, second, err;

    addr_set_port(a, 0);
    assert_int_equal(sock_listen(&first, a, &opts), 0);
    assert_int_equal(sock_local(&bound, first), 0);
    addr_set_port(a, addr_port(&bound));
    addr_set_port(b, addr_port(&bound));
    err = sock_listen(&second, b, &opts);
    if (err)
        assert_int_equal(errno, EADDRINUSE);
    else
        close(second);
    close(first);
    return !err;
}

/* Some other program may have a port by chance, but not one after the other. */
static bool can_ever_share(struct addr *a, struct addr *b)
{
    for (int i = 0; i < 20; i++)
        if (can_share(a, b))
            return true;
    return false;
}

/* Of all pairs, the kernel decides which overlap. */
static void addresses_overlap_where_the_kernel_says_so(void **state)
{
    static const char *const hosts[] = {
        "0.0.0.0", "127.0.0.1",      "127.0.0.2",       "::",
        "::1",     "::ffff:0.0.0.0", "::ffff:127.0.0.1"};
    const size_t n = sizeof hosts / sizeof *hosts;

    (void)state;
    for (size_t i = 0; i < n * n; i++) {
        struct addr a = parsed(hosts[i / n], 0), b = parsed(hosts[i % n], 0);
        bool share;

        assert_false(addr_overlaps(&a, &b));
        share = can_ever_share(&a, &b);
        if (addr_overlaps(&a, &b) == share)
            fail_msg("%s and %s", hosts[i / n], hosts[i % n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_and_written_back),
        cmocka_unit_test(what_is_not_an_address_is_refused),
        cmocka_unit_test(brackets_are_for_ipv6_literals_alone),
        cmocka_unit_test(the_host_key_has_no_port_and_takes_mapped_as_ipv4),
        cmocka_unit_test(addresses_are_the_same_with_host_and_port),
        cmocka_unit_test(addresses_overlap_where_the_kernel_says_so),
        cmocka_unit_test(a_listening_socket_has_port_and_flags),
        cmocka_unit_test(any_ipv6_address_takes_ipv4_too),
        cmocka_unit_test(a_taken_port_is_an_error_with_errno),
        cmocka_unit_test(options_reach_the_socket),
        cmocka_unit_test(a_connecting_socket_gets_there),
        cmocka_unit_test(a_connecting_socket_has_the_source_of_its_family),
        cmocka_unit_test(what_can_not_be_connected_to_is_an_error_with_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
