/* SPDX-License-Identifier: BSD-2-Clause */
/* New settings while connections are open: what began before keeps what it
 * began with. Over TCP and over TLS. */
#include "net.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "rig.h"

static struct net_settings roomy(void)
{
    return (struct net_settings){.input_size = 65536,
                                 .read_per_turn = 262144,
                                 .output_max = 8 << 20,
                                 .handshake_ms = 60000,
                                 .stall_ms = 60000};
}

static bool has_input(struct rig *r)
{
    return r->got_n > 0;
}

static bool has_all(struct rig *r)
{
    return r->got_n >= 4000;
}

static void a_new_rate_is_for_new_connections(void **state)
{
    struct rig_world *w = *state;
    struct net_settings s = roomy();
    struct rig *r = rig_open(w, (struct rig_opts){0}), *late;
    uint64_t begun_ms;

    s.rate = 100;
    assert_int_equal(net_configure(r->net, &s), 0);
    begun_ms = loop_now_ms(r->loop);
    late = rig_open(w, (struct rig_opts){.beside = r});
    rig_send_all(r, w->big, 4000);
    for (int k = 0; k < 400; k++)
        assert_int_equal(rig_send(late, w->big + k, 1), 1);
    rig_until(r, has_all);
    rig_until(late, has_input);
    /* A tenth of a second at once, and ten for each tenth since. */
    assert_in_range(late->got_n, 1,
                    10 + 1 + (loop_now_ms(r->loop) - begun_ms) / 10);
    rig_free(late);
    rig_free(r);
}

static void a_new_bound_on_output_is_for_new_connections(void **state)
{
    struct rig_world *w = *state;
    struct net_settings s = roomy();
    struct rig *r = rig_open(w, (struct rig_opts){.settings.output_max = 1000});
    struct rig *late;

    assert_int_equal(net_configure(r->net, &s), 0);
    late = rig_open(w, (struct rig_opts){.beside = r});
    assert_int_equal(rig_put(r, w->big, 2000), ERR_FULL);
    assert_int_equal(rig_put(r, w->big, 1000), 0);
    assert_int_equal(rig_put(late, w->big, 2000), 0);
    rig_recv_all(r, w->back, 1000);
    rig_recv_all(late, w->back, 2000);
    rig_free(late);
    rig_free(r);
}

/* To a socket pair, all that goes goes in the turns in which it is tried. */
static void turn_until_it_stalls(struct rig *r)
{
    uint64_t sent;

    do {
        sent = r->sent;
        rig_turn(r);
    } while (r->sent > sent);
    assert_true(conn_queued(r->conn) > 0);
}

static void a_shorter_patience_is_for_stalls_that_begin_later(void **state)
{
    struct rig_world *w = *state;
    struct net_settings s = roomy();
    struct rig *r = rig_open(w, (struct rig_opts){.pair = true}), *late;

    late = rig_open(w, (struct rig_opts){.beside = r, .pair = true});
    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    turn_until_it_stalls(r);
    s.stall_ms = 20;
    assert_int_equal(net_configure(r->net, &s), 0);
    assert_int_equal(rig_put(late, w->big, RIG_BIG), 0);
    rig_until(late, rig_is_closed);
    assert_int_equal(late->why, CONN_WHY_STALL);
    assert_int_equal(r->closes, 0);
    rig_free(late);
    rig_free(r);
}

static void a_shorter_handshake_is_for_those_that_begin_later(void **state)
{
    struct rig_world *w = *state;
    struct net_settings s = roomy();
    struct rig *r, *late;

    r = rig_new(&(struct rig_opts){.tls = w->tls, .no_hello = true});
    s.handshake_ms = 20;
    assert_int_equal(net_configure(r->net, &s), 0);
    late = rig_new(
        &(struct rig_opts){.beside = r, .tls = w->tls, .no_hello = true});
    rig_until(late, rig_is_closed);
    assert_int_equal(late->why, CONN_WHY_HANDSHAKE);
    assert_int_equal(r->closes, 0);
    rig_free(late);
    rig_free(r);
}

static void without_memory_all_stays_as_it_was(void **state)
{
    struct rig_world *w = *state;
    struct net_settings s = roomy();
    struct rig *r = rig_open(w, (struct rig_opts){0}), *late;

    s.input_size = 4096;
    s.rate = 1;
    s.output_max = 10;
    oom_arm(1);
    assert_int_equal(net_configure(r->net, &s), ERR_NOMEM);
    assert_true(oom_disarm());
    late = rig_open(w, (struct rig_opts){.beside = r});
    assert_int_equal(rig_put(late, w->big, 2000), 0);
    rig_send_all(late, w->big, 4000);
    rig_until(late, has_all);
    rig_free(late);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(a_new_rate_is_for_new_connections),
        T(a_new_bound_on_output_is_for_new_connections),
        T(a_shorter_patience_is_for_stalls_that_begin_later),
        T(without_memory_all_stays_as_it_was),
    };
    const struct CMUnitTest of_tls[] = {
        T(a_shorter_handshake_is_for_those_that_begin_later),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("of tls", of_tls, rig_set_up_tls,
                                       rig_tear_down);
}
