/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload does with listeners: it adopts sockets, empties the queue of
 * those that it closes, and moves a port between addresses. */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

enum { MANY = 200 }; /* more than three turns accept */

static const uid_t nobody = 65534;

struct guest {
    struct loop *loop;
    int accepted[MANY];
    int n_accepted;
    int pauses;
};

static void on_accept(void *ctx, struct listener *l, int fd,
                      const struct addr *peer)
{
    struct guest *g = ctx;

    (void)l;
    (void)peer;
    assert_true(g->n_accepted < MANY);
    g->accepted[g->n_accepted++] = fd;
}

static void on_pause(void *ctx, struct listener *l, int errnum)
{
    struct guest *g = ctx;

    (void)l;
    (void)errnum;
    g->pauses++;
}

static int set_up(void **state)
{
    struct guest *g = calloc(1, sizeof *g);

    assert_non_null(g);
    assert_int_equal(loop_new(&g->loop), 0);
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct guest *g = *state;

    for (int i = 0; i < g->n_accepted; i++)
        close(g->accepted[i]);
    loop_free(g->loop);
    free(g);
    return 0;
}

static struct addr at_port(const char *host, uint16_t port)
{
    struct addr at;

    assert_int_equal(addr_parse(&at, span_str(host), port), 0);
    return at;
}

static int open_at(struct listener **out, struct guest *g,
                   const struct addr *at, bool share)
{
    return listener_new(out, g->loop, at, &(struct sock_opts){.share = share},
                        on_accept, on_pause, g);
}

static int adopt(struct listener **out, struct guest *g, int fd)
{
    return listener_adopt(out, g->loop, fd, on_accept, on_pause, g);
}

static int knock(const struct addr *to)
{
    int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &to->sa, to->len), 0);
    return fd;
}

/* Neither closed nor reset. */
static void assert_not_reset(int fd)
{
    char octet;

    assert_true(recv(fd, &octet, 1, MSG_DONTWAIT) < 0);
    assert_int_equal(errno, EAGAIN);
}

/* --- adopting --- */

/* A blocking socket, as a service manager hands it over. */
static int foreign_listener(struct addr *at)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *at = at_port("127.0.0.1", 0);
    assert_int_equal(bind(fd, &at->sa, at->len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(sock_local(at, fd), 0);
    return fd;
}

static void an_adopted_socket_accepts_and_never_blocks(void **state)
{
    struct guest *g = *state;
    struct listener *l;
    struct addr at;
    int fd = foreign_listener(&at), client;

    assert_int_equal(adopt(&l, g, fd), 0);
    assert_int_equal(addr_port(listener_addr(l)), addr_port(&at));
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    client = knock(&at);
    loop_turn(g->loop, true);
    assert_int_equal(g->n_accepted, 1);
    close(client);
    listener_free(l);
}

static void assert_closed(int fd)
{
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
}

static void what_does_not_listen_is_not_adopted(void **state)
{
    struct guest *g = *state;
    struct listener *l = NULL;
    int fds[] = {
        socket(AF_INET, SOCK_STREAM, 0),
        socket(AF_INET, SOCK_DGRAM, 0),
        socket(AF_UNIX, SOCK_STREAM, 0),
        open("/dev/null", O_RDONLY | O_CLOEXEC),
    };

    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        assert_true(fds[i] >= 0);
        assert_int_equal(adopt(&l, g, fds[i]), ERR_UNSUPPORTED);
        assert_closed(fds[i]);
    }
    assert_int_equal(adopt(&l, g, 12345), ERR_UNSUPPORTED);
    assert_null(l);
}

static void a_seqpacket_socket_is_not_adopted(void **state)
{
    const struct sockaddr any = {.sa_family = AF_UNIX};
    struct guest *g = *state;
    struct listener *l = NULL;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    /* An abstract name of the kernel's choice. */
    assert_int_equal(bind(fd, &any, sizeof any.sa_family), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(adopt(&l, g, fd), ERR_UNSUPPORTED);
    assert_closed(fd);
}

static int adopt_once(void *ctx)
{
    struct guest *g = ctx;
    struct listener *l;
    struct addr at;
    int fd = foreign_listener(&at), err = adopt(&l, g, fd);

    if (!err)
        listener_free(l);
    assert_closed(fd);
    return err;
}

static void without_memory_the_socket_is_closed(void **state)
{
    assert_int_equal(oom_sweep(adopt_once, *state), 2);
}

/* --- draining --- */

static void what_waits_in_the_queue_is_accepted_before_the_end(void **state)
{
    struct guest *g = *state;
    int clients[MANY];
    struct addr at = at_port("127.0.0.1", 0);
    struct listener *l;

    assert_int_equal(open_at(&l, g, &at, false), 0);
    for (int i = 0; i < MANY; i++)
        clients[i] = knock(listener_addr(l));
    listener_drain(l);
    listener_free(l);
    assert_int_equal(g->n_accepted, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_not_reset(clients[i]);
        close(clients[i]);
    }
}

static void draining_without_descriptors_gives_up(void **state)
{
    struct guest *g = *state;
    struct addr at = at_port("127.0.0.1", 0);
    struct rlimit before, none;
    struct listener *l;
    int client;

    assert_int_equal(open_at(&l, g, &at, false), 0);
    client = knock(listener_addr(l));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    listener_drain(l);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(g->pauses, 1);
    /* Who is asked once more when there are some again, does it all the same.
     */
    listener_drain(l);
    assert_int_equal(g->n_accepted, 1);
    listener_free(l);
    close(client);
}

/* --- moving a port between addresses --- */

static const struct {
    const char *from, *to;
} moves[] = {
    {"127.0.0.1", "0.0.0.0"}, {"0.0.0.0", "127.0.0.1"}, {"127.0.0.1", "::"},
    {"::", "127.0.0.1"},      {"0.0.0.0", "::"},        {"::1", "::"},
};
enum { MOVES = sizeof moves / sizeof *moves };

static void without_sharing_the_port_can_not_be_moved(void **state)
{
    struct guest *g = *state;

    for (int i = 0; i < MOVES; i++) {
        struct addr at = at_port(moves[i].from, 0);
        struct listener *old, *fresh;

        assert_int_equal(open_at(&old, g, &at, false), 0);
        at = at_port(moves[i].to, addr_port(listener_addr(old)));
        assert_int_equal(open_at(&fresh, g, &at, false), ERR_IO);
        assert_int_equal(errno, EADDRINUSE);
        /* Both have to agree. */
        assert_int_equal(open_at(&fresh, g, &at, true), ERR_IO);
        listener_share(old, true);
        assert_int_equal(open_at(&fresh, g, &at, false), ERR_IO);
        listener_free(old);
    }
}

static void a_port_moves_while_the_old_socket_is_open(void **state)
{
    struct guest *g = *state;

    for (int i = 0; i < MOVES; i++) {
        struct addr at = at_port(moves[i].from, 0), to;
        struct listener *old, *fresh;
        int client;

        assert_int_equal(open_at(&old, g, &at, false), 0);
        listener_share(old, true);
        at = at_port(moves[i].to, addr_port(listener_addr(old)));
        assert_int_equal(open_at(&fresh, g, &at, true), 0);
        listener_share(fresh, false);
        listener_drain(old);
        listener_free(old);

        to = at_port(at.sa.sa_family == AF_INET ? "127.0.0.1" : "::1",
                     addr_port(&at));
        client = knock(&to);
        g->n_accepted = 0;
        listener_drain(fresh);
        assert_int_equal(g->n_accepted, 1);
        close(g->accepted[--g->n_accepted]);
        close(client);
        listener_free(fresh);
    }
}

static void after_a_move_a_second_daemon_does_not_get_the_port(void **state)
{
    struct guest *g = *state;
    struct addr at = at_port("127.0.0.1", 0);
    struct listener *old, *fresh, *third;

    assert_int_equal(open_at(&old, g, &at, false), 0);
    listener_share(old, true);
    at = at_port("0.0.0.0", addr_port(listener_addr(old)));
    assert_int_equal(open_at(&fresh, g, &at, true), 0);
    listener_share(fresh, false);
    listener_share(old, false);
    assert_int_equal(open_at(&third, g, &at, false), ERR_IO);
    listener_free(old);
    assert_int_equal(open_at(&third, g, &at, false), ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    listener_free(fresh);
}

static void a_move_that_is_called_off_leaves_the_old_one_as_it_was(void **state)
{
    struct guest *g = *state;
    struct addr at = at_port("127.0.0.1", 0);
    struct listener *old, *fresh;
    int client;

    assert_int_equal(open_at(&old, g, &at, false), 0);
    listener_share(old, true);
    at = at_port("0.0.0.0", addr_port(listener_addr(old)));
    assert_int_equal(open_at(&fresh, g, &at, true), 0);
    listener_free(fresh);
    listener_share(old, false);
    client = knock(listener_addr(old));
    loop_turn(g->loop, true);
    assert_int_equal(g->n_accepted, 1);
    close(client);
    listener_free(old);
}

/* What a daemon can do that has given up root: 0 when it gets the port. */
static int moved_by_nobody(struct guest *g, const struct addr *at)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct listener *fresh;

        if (setuid(nobody) != 0)
            _exit(2);
        _exit(open_at(&fresh, g, at, true) ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_socket_that_root_opened_must_be_given_away_first(void **state)
{
    struct guest *g = *state;
    struct addr at = at_port("127.0.0.1", 0);
    struct listener *old;

    if (geteuid() != 0)
        skip();
    assert_int_equal(open_at(&old, g, &at, false), 0);
    listener_share(old, true);
    at = at_port("0.0.0.0", addr_port(listener_addr(old)));
    assert_int_equal(moved_by_nobody(g, &at), 1);
    assert_int_equal(listener_set_owner(old, nobody, nobody), 0);
    assert_int_equal(moved_by_nobody(g, &at), 0);
    listener_free(old);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(an_adopted_socket_accepts_and_never_blocks),
        T(what_does_not_listen_is_not_adopted),
        T(a_seqpacket_socket_is_not_adopted),
        T(without_memory_the_socket_is_closed),
        T(what_waits_in_the_queue_is_accepted_before_the_end),
        T(draining_without_descriptors_gives_up),
        T(without_sharing_the_port_can_not_be_moved),
        T(a_port_moves_while_the_old_socket_is_open),
        T(after_a_move_a_second_daemon_does_not_get_the_port),
        T(a_move_that_is_called_off_leaves_the_old_one_as_it_was),
        T(a_socket_that_root_opened_must_be_given_away_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
