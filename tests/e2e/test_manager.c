/* SPDX-License-Identifier: BSD-2-Clause */
/* What a service manager sees and gives: readiness, watchdog, reloads and the
 * end in sd_notify(3)'s protocol, sockets in sd_listen_fds(3)'s. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "cmocka_all.h"
#include "login.h"
#include "manager.h"
#include "renew.h"

/* --- notifications -------------------------------------------------------- */

static struct scene *start_managed(void **state, struct manager *m)
{
    const struct relay_opts opts = manager_opts(m);
    struct scene *s = scene_start(state, &opts);

    manager_join(m, s);
    return s;
}

static void is_ready_when_it_listens(void **state)
{
    struct manager *m = manager_new(false);
    struct scene *s = start_managed(state, m);

    manager_expect(m, s, "READY=1\nSTATUS=running");
    talk_expect_nothing(login(s, "alice"));
}

static void abstract_socket_is_told_too(void **state)
{
    struct manager *m = manager_new(true);
    struct scene *s = start_managed(state, m);

    manager_expect(m, s, "READY=1\n");
    relay_signal(s->relay, SIGTERM);
    manager_expect(m, s, "STOPPING=1\n");
}

static void manager_that_died_is_no_matter(void **state)
{
    struct manager *m = manager_new(false);
    struct scene *s;

    m->has_died = true;
    m->watchdog_usec = 100000;
    s = start_managed(state, m);
    renew_well(s);
    talk_expect_nothing(login(s, "alice"));
}

static uint64_t monotonic_usec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A reload in all that the manager sees of it; when it began. */
static uint64_t watch_reload(struct manager *m, struct scene *s,
                             const char *outcome)
{
    uint64_t from = monotonic_usec(), at;

    (void)renew(s);
    at = manager_number(manager_expect(m, s, "RELOADING=1\n"),
                        "\nMONOTONIC_USEC=");
    assert_true(from <= at && at <= monotonic_usec());
    assert_non_null(strstr(manager_expect(m, s, "READY=1\n"), outcome));
    return at;
}

static void reloads_are_told_good_or_bad(void **state)
{
    struct manager *m = manager_new(false);
    struct scene *s = start_managed(state, m);
    uint64_t first, second;

    manager_expect(m, s, "READY=1\n");
    first = watch_reload(m, s, "STATUS=running; reloaded");
    renew_file(s->relay, "users", "nonsense\n");
    second = watch_reload(m, s, "STATUS=running; the last reload failed");
    assert_true(second > first);
}

static void drain_is_told_as_status(void **state)
{
    struct manager *m = manager_new(false);
    struct scene *s = start_managed(state, m);

    manager_expect(m, s, "READY=1\n");
    ask_open(s, NULL);
    manager_expect(m, s, "RELOADING=1\n");
    manager_expect(m, s, "READY=1\n");
    ask_well(s, "drain on");
    manager_expect(m, s, "STATUS=draining");
    renew_well(s);
    manager_expect(m, s, "RELOADING=1\n");
    assert_non_null(strstr(manager_expect(m, s, "READY=1\n"), "draining"));
    ask_well(s, "drain off");
    manager_expect(m, s, "STATUS=running");
}

/* --- the watchdog --------------------------------------------------------- */

static void watchdog_gets_signs_in_time(void **state)
{
    enum { PERIOD_MS = 200, SIGNS = 10 };
    struct manager *m = manager_new(false);
    struct scene *s;
    uint64_t since_ms;

    m->watchdog_usec = PERIOD_MS * 1000;
    s = start_managed(state, m);
    manager_expect_signs(m, s, 1);
    since_ms = now_ms();
    manager_expect_signs(m, s, SIGNS);
    assert_in_range(now_ms() - since_ms, PERIOD_MS, SIGNS * PERIOD_MS);
}

static void watchdog_of_another_process_gets_none(void **state)
{
    struct manager *m = manager_new(false);
    struct scene *s;

    m->watchdog_usec = 1000;
    m->watches_another = true;
    s = start_managed(state, m);
    manager_expect(m, s, "READY=1\n");
    for (int i = 0; i < 100; i++)
        renew_well(s);
    assert_int_equal(m->signs, 0);
}

/* With a transfer in flight the end takes its time, and the manager must not
 * take it for a relay that hangs. */
static void everything_is_told_in_order_with_signs_until_the_end(void **state)
{
    struct manager *m = manager_new(false);
    struct client *alice, *bob;
    struct scene *s;
    struct got *g;
    const char *stopping;

    m->watchdog_usec = 50000;
    s = start_managed(state, m);
    manager_expect(m, s, "READY=1\n");
    manager_expect_signs(m, s, 2);
    alice = login(s, "alice");
    bob = login(s, "bob");
    talk_expect_code(alice, talk_text(alice, bob, "wait for me"), 200);
    g = talk_expect_body(bob, SPAN("wait for me"), '$');
    relay_signal(s->relay, SIGHUP);
    manager_expect(m, s, "RELOADING=1\n");
    manager_expect(m, s, "READY=1\n");
    manager_expect_signs(m, s, 2);
    relay_signal(s->relay, SIGTERM);
    stopping = manager_expect(m, s, "STOPPING=1\n");
    assert_true(manager_number(stopping, "EXTEND_TIMEOUT_USEC=") > 30000000);
    manager_expect_signs(m, s, 2);
    talk_answer(bob, g, 200);
    assert_int_equal(scene_wait_exit(s), 0);
    assert_true(list_is_empty(&m->messages));
}

/* --- sockets -------------------------------------------------------------- */

/* Listens there, at a port of the kernel's choice. */
static int listening(const char *address, unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t n = sizeof at;

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static int connected(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

struct lists {
    char one[128], both[2 * 128 + 2];
};

/* Lists of listeners: TLS at one port, and with plain TCP at another. */
static struct lists lists_of(unsigned tls, unsigned tcp)
{
    static const char item[] =
        "{ transport = \"%s\"; address = \"127.0.0.1\"; port = %u; }";
    struct lists l;
    char second[sizeof l.one];

    snprintf(l.one, sizeof l.one, item, "tls", tls);
    snprintf(second, sizeof second, item, "tcp", tcp);
    snprintf(l.both, sizeof l.both, "%s, %s", l.one, second);
    return l;
}

/* The manager has them open all the while: had the relay tried to open its own,
 * it would have failed. */
static void inherited_sockets_are_served(void **state)
{
    struct manager *m = manager_new(false);
    struct relay_opts opts = manager_opts(m);
    unsigned tls, tcp;
    struct lists lists;
    struct client *early;
    struct scene *s;
    int waiting;

    manager_add_fd(m, listening("127.0.0.1", &tcp));
    manager_add_fd(m, listening("127.0.0.1", &tls));
    waiting = connected(tcp); /* before there is a relay */
    lists = lists_of(tls, tcp);
    opts.listen = lists.both;
    s = scene_start(state, &opts);
    manager_join(m, s);
    early = scene_accepted(s, "early", waiting, NULL,
                           "msrp://early.invalid:9/its-own;tcp");
    talk_expect_nothing(early);
    talk_expect_nothing(login(s, "alice"));
    assert_true(manager_is_held(s->relay, m->fds[0]));
    assert_true(manager_is_held(s->relay, m->fds[1]));
}

static void inherited_socket_survives_reloads(void **state)
{
    struct manager *m = manager_new(false);
    struct relay_opts opts = manager_opts(m);
    unsigned tls, tcp;
    struct lists lists;
    struct client *alice;
    struct scene *s;

    manager_add_fd(m, listening("127.0.0.1", &tls));
    manager_add_fd(m, listening("127.0.0.1", &tcp));
    lists = lists_of(tls, tcp);
    opts.listen = lists.both;
    s = scene_start(state, &opts);
    manager_join(m, s);
    alice = login(s, "alice");
    for (int i = 0; i < 3; i++)
        renew_well(s);
    opts.listen = lists.one;
    renew_with(s, &opts);
    assert_true(manager_is_held(s->relay, m->fds[0]));
    assert_false(manager_is_held(s->relay, m->fds[1]));
    talk_expect_nothing(alice);
    talk_expect_nothing(login(s, "bob"));
}

static void socket_in_no_listen_is_closed_with_a_warning(void **state)
{
    struct manager *m = manager_new(false);
    unsigned port;
    int ends[2];
    struct scene *s;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    manager_add_fd(m, listening("127.0.0.2", &port));
    manager_add_fd(m, ends[0]);
    s = start_managed(state, m);
    assert_non_null(strstr(relay_log(s->relay),
                           scene_text(s,
                                      "inherited socket closed: not in listen "
                                      "address=127.0.0.2:%u\n",
                                      port)));
    assert_non_null(
        strstr(relay_log(s->relay), "not in listen address=fd 4\n"));
    assert_false(manager_is_held(s->relay, m->fds[0]));
    assert_false(manager_is_held(s->relay, m->fds[1]));
    talk_expect_nothing(login(s, "alice"));
    close(ends[1]);
}

static void sockets_of_another_process_are_left_alone(void **state)
{
    struct manager *m = manager_new(false);
    unsigned port;
    struct scene *s;

    m->fds_are_anothers = true;
    manager_add_fd(m, listening("127.0.0.1", &port));
    s = start_managed(state, m);
    assert_null(strstr(relay_log(s->relay), "inherited"));
    assert_true(manager_is_held(s->relay, m->fds[0]));
    talk_expect_nothing(login(s, "alice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(is_ready_when_it_listens),
        E2E_TEST(abstract_socket_is_told_too),
        E2E_TEST(manager_that_died_is_no_matter),
        E2E_TEST(reloads_are_told_good_or_bad),
        E2E_TEST(drain_is_told_as_status),
        E2E_TEST(watchdog_gets_signs_in_time),
        E2E_TEST(watchdog_of_another_process_gets_none),
        E2E_TEST(everything_is_told_in_order_with_signs_until_the_end),
        E2E_TEST(inherited_sockets_are_served),
        E2E_TEST(inherited_socket_survives_reloads),
        E2E_TEST(socket_in_no_listen_is_closed_with_a_warning),
        E2E_TEST(sockets_of_another_process_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
