/* SPDX-License-Identifier: BSD-2-Clause */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

enum { MANY = 70 }; /* more than one turn accepts */

struct guest {
    struct loop *loop;
    struct listener *listener;
    int accepted[MANY];
    int n_accepted;
    int rests, rest_errnum;
    bool leaves; /* frees the listener in the first callback */
    struct addr last_peer;
};

static void on_accept(void *ctx, struct listener *l, int fd,
                      const struct addr *peer)
{
    struct guest *g = ctx;

    assert_true(g->n_accepted < MANY);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    g->accepted[g->n_accepted++] = fd;
    g->last_peer = *peer;
    if (g->leaves) {
        listener_free(l);
        g->listener = NULL;
    }
}

static void on_pause(void *ctx, struct listener *l, int errnum)
{
    struct guest *g = ctx;

    (void)l;
    g->rests++;
    g->rest_errnum = errnum;
}

static int open_listener(struct guest *g)
{
    struct addr at;

    assert_int_equal(addr_parse(&at, SPAN("127.0.0.1"), 0), 0);
    return listener_new(&g->listener, g->loop, &at, &(struct sock_opts){0},
                        on_accept, on_pause, g);
}

static int set_up(void **state)
{
    struct guest *g = calloc(1, sizeof *g);

    assert_non_null(g);
    assert_int_equal(loop_new(&g->loop), 0);
    assert_int_equal(open_listener(g), 0);
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct guest *g = *state;

    for (int i = 0; i < g->n_accepted; i++)
        close(g->accepted[i]);
    listener_free(g->listener);
    loop_free(g->loop);
    free(g);
    return 0;
}

static int knock(const struct guest *g)
{
    const struct addr *to = listener_addr(g->listener);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &to->sa, to->len), 0);
    return fd;
}

static void a_connection_is_handed_over_with_its_address(void **state)
{
    struct guest *g = *state;
    int client = knock(g);
    struct addr mine;

    loop_turn(g->loop, true);
    assert_int_equal(g->n_accepted, 1);
    assert_int_equal(sock_local(&mine, client), 0);
    assert_int_equal(addr_port(&g->last_peer), addr_port(&mine));
    close(client);
}

static void a_turn_accepts_no_more_than_its_share(void **state)
{
    struct guest *g = *state;
    int clients[MANY];

    for (int i = 0; i < MANY; i++)
        clients[i] = knock(g);
    loop_turn(g->loop, true);
    assert_int_equal(g->n_accepted, 64);
    loop_turn(g->loop, true);
    assert_int_equal(g->n_accepted, MANY);
    for (int i = 0; i < MANY; i++)
        close(clients[i]);
}

static void a_listener_may_be_freed_in_its_callback(void **state)
{
    struct guest *g = *state;
    int first = knock(g), second = knock(g);

    g->leaves = true;
    loop_turn(g->loop, true);
    assert_int_equal(g->n_accepted, 1);
    close(first);
    close(second);
}

static void out_of_descriptors_it_rests_and_goes_on(void **state)
{
    struct guest *g = *state;
    int client = knock(g);
    struct rlimit before, none;
    uint64_t rested_ms;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    loop_turn(g->loop, true);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(g->rests, 1);
    assert_int_equal(g->rest_errnum, EMFILE);
    assert_int_equal(g->n_accepted, 0);
    rested_ms = loop_now_ms(g->loop);

    while (g->n_accepted == 0)
        loop_turn(g->loop, true);
    assert_true(loop_now_ms(g->loop) - rested_ms >= 990);
    assert_int_equal(g->rests, 1);
    close(client);
}

static void a_taken_port_is_an_error(void **state)
{
    struct guest *g = *state;
    struct listener *second = NULL;

    assert_int_equal(listener_new(&second, g->loop, listener_addr(g->listener),
                                  &(struct sock_opts){0}, on_accept, on_pause,
                                  g),
                     ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    assert_null(second);
}

static int make(void *ctx)
{
    struct guest *g = ctx;
    int err = open_listener(g);

    if (!err) {
        listener_free(g->listener);
        g->listener = NULL;
    }
    return err;
}

static void without_memory_no_listener_is_made(void **state)
{
    struct guest *g = *state;

    listener_free(g->listener);
    g->listener = NULL;
    assert_int_equal(oom_sweep(make, g), 2);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_connection_is_handed_over_with_its_address),
        T(a_turn_accepts_no_more_than_its_share),
        T(a_listener_may_be_freed_in_its_callback),
        T(out_of_descriptors_it_rests_and_goes_on),
        T(a_taken_port_is_an_error),
        T(without_memory_no_listener_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
