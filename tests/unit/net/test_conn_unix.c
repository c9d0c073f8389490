/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection over a Unix socket, from its listener to its end. */
#include "conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "listener.h"
#include "loop.h"

struct host {
    struct loop *loop;
    struct net *net;
    struct listener *listener;
    char path[64];
    struct conn *conn; /* NULL once closed */
    char peer[ADDR_TEXT_MAX];
    char heard[64];
    enum conn_why why;
    int client;
};

static void on_open(void *ctx)
{
    (void)ctx;
}

/* Says what it hears, and goodbye at the end of the line. */
static void on_input(void *ctx, struct span *in)
{
    struct host *h = ctx;

    assert_true(in->n < sizeof h->heard);
    if (in->p[in->n - 1] != '\n')
        return;
    span_copy(h->heard, sizeof h->heard, *in);
    assert_int_equal(conn_write(h->conn, in, 1), 0);
    *in = span_from(*in, in->n);
    conn_finish(h->conn);
}

static void on_sent(void *ctx, uint64_t position)
{
    (void)ctx;
    assert_true(position > 0);
}

static void on_closed(void *ctx, enum conn_why why)
{
    struct host *h = ctx;

    h->conn = NULL;
    h->why = why;
}

static const struct conn_ops ops = {
    .open = on_open, .input = on_input, .sent = on_sent, .closed = on_closed};

static void on_accept(void *ctx, struct listener *l, int fd,
                      const struct addr *peer)
{
    const struct conn_from from = {.fd = fd, .peer = peer};
    struct host *h = ctx;

    (void)l;
    (void)addr_text(h->peer, peer);
    assert_int_equal(conn_accept(&h->conn, h->net, &from, &ops, h), 0);
}

static void on_pause(void *ctx, struct listener *l, int errnum)
{
    (void)ctx;
    (void)l;
    fail_msg("rests: %s", strerror(errnum));
}

static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static int set_up(void **state)
{
    const struct net_settings settings = {
        .input_size = 4096,
        .read_per_turn = 4096,
        .output_max = 4096,
        .handshake_ms = 60000,
        .stall_ms = 60000,
        .sock = {.receive_buffer = 8192, .nodelay = true, .keepalive_s = 60}};
    struct host *h = calloc(1, sizeof *h);
    char dir[] = "/tmp/conn_unix_XXXXXX";
    int fd;

    assert_non_null(h);
    assert_non_null(mkdtemp(dir));
    snprintf(h->path, sizeof h->path, "%s/s", dir);
    assert_int_equal(loop_new(&h->loop), 0);
    assert_int_equal(net_new(&h->net, h->loop, &settings), 0);
    assert_int_equal(sock_listen_unix(&fd, h->path, 0600), 0);
    assert_int_equal(
        listener_adopt(&h->listener, h->loop, fd, on_accept, on_pause, h), 0);
    h->client = connect_to(h->path);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct host *h = *state;

    close(h->client);
    if (h->conn)
        conn_close(h->conn);
    listener_free(h->listener);
    net_free(h->net);
    loop_free(h->loop);
    assert_int_equal(unlink(h->path), 0);
    *strrchr(h->path, '/') = '\0';
    assert_int_equal(rmdir(h->path), 0);
    free(h);
    return 0;
}

static void until_closed(struct host *h)
{
    while (h->conn)
        loop_turn(h->loop, true);
}

static void it_talks_and_ends_as_any_other(void **state)
{
    struct host *h = *state;
    char answer[16] = "";

    assert_int_equal(send(h->client, "hello\n", 6, 0), 6);
    while (!*h->heard)
        loop_turn(h->loop, true);
    assert_string_equal(h->heard, "hello\n");
    assert_string_equal(h->peer, "unix");
    loop_turn(h->loop, false);
    assert_int_equal(recv(h->client, answer, sizeof answer, 0), 6);
    assert_string_equal(answer, "hello\n");
    assert_int_equal(recv(h->client, answer, 1, 0), 0);
    assert_int_equal(shutdown(h->client, SHUT_WR), 0);
    until_closed(h);
    assert_int_equal(h->why, CONN_WHY_LOCAL);
}

static void a_peer_that_leaves_ends_it(void **state)
{
    struct host *h = *state;

    while (!h->conn)
        loop_turn(h->loop, true);
    assert_int_equal(shutdown(h->client, SHUT_RDWR), 0);
    until_closed(h);
    assert_int_equal(h->why, CONN_WHY_EOF);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(it_talks_and_ends_as_any_other),
        T(a_peer_that_leaves_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
