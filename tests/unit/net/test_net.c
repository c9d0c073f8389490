/* SPDX-License-Identifier: BSD-2-Clause */
/* What connections share: a loop, memory, settings. Over TCP and over TLS. */
#include "net.h"

#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "rig.h"

/* --- neighbours --- */

static void close_neighbour(struct rig *r, struct span *in)
{
    struct rig *other = r->ctx;

    rig_take(r, in, in->n);
    if (other->conn)
        conn_close(other->conn);
}

static void whoever_is_first_may_close_the_other(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig *s = rig_open(*state, (struct rig_opts){.beside = r});

    r->ctx = s;
    s->ctx = r;
    r->on_input = s->on_input = close_neighbour;
    assert_int_equal(rig_send(r, "x", 1), 1);
    assert_int_equal(rig_send(s, "x", 1), 1);
    while (r->closes + s->closes < 1)
        rig_turn(r);
    rig_turn(r);
    assert_int_equal(r->closes + s->closes, 1);
    assert_int_equal(r->inputs + s->inputs, 1);
    rig_free(s);
    rig_free(r);
}

enum { HIGH = 100000, LOW = 20000, SIP = 3000 };

/* As a relay does: what comes in here goes out there, no faster than that. */
static void relay_input(struct rig *r, struct span *in)
{
    struct rig *to = r->ctx;

    assert_int_equal(rig_put(to, in->p, in->n), 0);
    rig_take(r, in, in->n);
    if (conn_queued(to->conn) > HIGH)
        conn_pause(r->conn);
}

static void relay_sent(struct rig *r)
{
    struct rig *from = r->ctx;

    if (conn_queued(r->conn) < LOW)
        conn_resume(from->conn);
}

static void a_slow_receiver_slows_its_sender(void **state)
{
    struct rig_world *w = *state;
    struct rig *from = rig_open(w, (struct rig_opts){
                                       .settings.read_per_turn = 65536,
                                       .settings.sock.send_buffer = 4096,
                                   });
    struct rig *to =
        rig_open(w, (struct rig_opts){.beside = from, .client_receive = 4096});
    size_t n = 0, back = 0, most = 0;

    from->ctx = to;
    to->ctx = from;
    from->on_input = relay_input;
    to->on_sent = relay_sent;
    while (back < RIG_BIG) {
        if (n < RIG_BIG)
            n += rig_send(from, w->big + n, RIG_BIG - n);
        back += rig_recv(to, w->back + back,
                         RIG_BIG - back < SIP ? RIG_BIG - back : SIP);
        rig_turn(from);
        if (conn_queued(to->conn) > most)
            most = conn_queued(to->conn);
    }
    assert_true(most > HIGH && most <= HIGH + 65536);
    assert_memory_equal(w->back, w->big, RIG_BIG);
    rig_free(to);
    rig_free(from);
}

/* --- without memory --- */

static void without_memory_for_input_the_connection_ends(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    assert_int_equal(rig_send(r, "hello", 5), 5);
    oom_arm_all();
    while (!r->closes)
        loop_turn(r->loop, false);
    assert_true(oom_disarm());
    assert_int_equal(r->why, CONN_WHY_NOMEM);
    rig_free(r);
}

static void without_memory_for_output_the_write_is_refused(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    oom_arm(1);
    assert_int_equal(rig_put(r, "hello", 5), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_int_equal(conn_position(r->conn), 0);
    rig_free(r);
}

static void without_memory_for_a_connection_the_socket_is_closed(void **state)
{
    static const struct conn_ops none;
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    struct addr peer = *conn_peer(r->conn);
    struct conn_from from = {.peer = &peer, .tls = w->tls};
    struct conn *c = NULL;
    int pair[2];
    char octet;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                     0);
    from.fd = pair[0];
    oom_arm(1);
    assert_int_equal(conn_accept(&c, r->net, &from, &none, NULL), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_null(c);
    assert_int_equal(read(pair[1], &octet, 1), 0); /* EOF */
    close(pair[1]);
    rig_free(r);
}

static int make_net(void *ctx)
{
    struct net_settings s = {.input_size = 4096};
    struct rig *r = ctx;
    struct net *n = NULL;
    int err = net_new(&n, r->loop, &s);

    if (!err) {
        s.input_size = 8192;
        err = net_configure(n, &s);
    }
    net_free(n);
    return err;
}

static void without_memory_no_net_is_made(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    assert_true(oom_sweep(make_net, r) >= 4);
    rig_free(r);
}

static void pause_only(struct rig *r, struct span *in)
{
    r->offered = in->n;
    conn_pause(r->conn);
}

static void a_new_input_size_holds_for_new_connections(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_open(w, (struct rig_opts){.settings.input_size = 512});
    struct net_settings s = {.input_size = 4096,
                             .read_per_turn = 4096,
                             .output_max = 4096,
                             .handshake_ms = 60000,
                             .stall_ms = 60000};
    struct rig *late;

    assert_int_equal(net_configure(r->net, &s), 0);
    late = rig_open(w, (struct rig_opts){.beside = r});
    r->on_input = late->on_input = pause_only;
    assert_int_equal(rig_send(r, w->big, 4000), 4000);
    assert_int_equal(rig_send(late, w->big, 4000), 4000);
    while (!r->inputs || !late->inputs)
        rig_turn(r);
    assert_int_equal(r->offered, 512);
    assert_int_equal(late->offered, 4000);
    rig_free(late);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(whoever_is_first_may_close_the_other),
        T(a_slow_receiver_slows_its_sender),
        T(without_memory_for_input_the_connection_ends),
        T(without_memory_for_output_the_write_is_refused),
        T(without_memory_for_a_connection_the_socket_is_closed),
        T(without_memory_no_net_is_made),
        T(a_new_input_size_holds_for_new_connections),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down);
}
