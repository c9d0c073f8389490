/* SPDX-License-Identifier: BSD-2-Clause */
/* How a connection ends, over TCP and over TLS alike. */
#include "conn.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

/* What the client still gets; returns when its end is reached. */
static size_t recv_to_end(struct rig *r, char *dst, size_t room)
{
    size_t n = 0;

    while (!r->client_eof && !r->client_reset) {
        assert_true(n <= room);
        n += rig_recv(r, dst + n, room - n);
        rig_turn(r);
    }
    return n;
}

/* A peer that takes next to nothing: much of RIG_BIG stays queued. */
static struct rig *open_narrow_rig(struct rig_world *w, uint64_t stall_ms)
{
    return rig_open(
        w, (struct rig_opts){
               .client_receive = 4096,
               .settings = {.stall_ms = stall_ms, .sock.send_buffer = 4096},
           });
}

/* --- by the owner --- */

static void closing_tells_owner_and_peer(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct conn *c = r->conn;
    char octet;

    conn_close(c);
    assert_int_equal(r->closes, 1);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    conn_close(c);
    assert_int_equal(r->closes, 1);
    assert_int_equal(recv_to_end(r, &octet, 1), 0);
    assert_true(r->client_eof); /* on TLS: close_notify */
    rig_free(r);
}

static void the_owners_reason_is_given_back(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    conn_fail(r->conn, CONN_WHY_FULL);
    assert_int_equal(r->why, CONN_WHY_FULL);
    assert_string_equal(conn_why_text(r->why), "full");
    rig_free(r);
}

static void close_it(struct rig *r)
{
    conn_close(r->conn);
}

static void closing_while_opening_is_the_end(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_new(&(struct rig_opts){.tls = w->tls});

    r->on_open = close_it;
    assert_int_equal(rig_put(r, "never", 5), 0);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->opens, 1);
    assert_int_equal(r->sent, 0);
    rig_free(r);
}

static void close_and_look(struct rig *r, struct span *in)
{
    conn_close(r->conn);
    rig_take(r, in, in->n); /* still there */
}

static void closing_while_input_is_offered_is_the_end(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    r->on_input = close_and_look;
    rig_send_all(r, "hello", 5);
    rig_until(r, rig_is_closed);
    assert_memory_equal(r->got, "hello", 5);
    rig_turn(r);
    rig_free(r);
}

static void pause_only(struct rig *r, struct span *in)
{
    (void)in;
    conn_pause(r->conn);
}

static void closing_while_a_leftover_is_offered_is_the_end(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    r->on_input = pause_only;
    rig_send_all(r, "hello", 5);
    while (r->inputs < 1)
        rig_turn(r);
    r->on_input = close_and_look;
    conn_resume(r->conn);
    rig_until(r, rig_is_closed);
    assert_memory_equal(r->got, "hello", 5);
    rig_free(r);
}

static void closing_when_some_was_sent_is_the_end(void **state)
{
    struct rig *r = open_narrow_rig(*state, 0);
    struct rig_world *w = *state;

    r->on_sent = close_it;
    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    while (!r->closes) {
        rig_recv(r, w->back, RIG_BIG);
        rig_turn(r);
    }
    assert_true(r->sent > 0 && r->sent < RIG_BIG);
    rig_free(r);
}

/* `conn` is NULL in the rig by then: ctx has it. */
static void meddle(struct rig *r)
{
    struct conn *c = r->ctx;

    assert_int_equal(conn_write(c, &SPAN("late"), 1), ERR_EOF);
    conn_pause(c);
    conn_resume(c);
    conn_finish(c);
    conn_close(c);
}

static void in_its_closed_callback_a_connection_does_nothing(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    r->ctx = r->conn;
    r->on_closed = meddle;
    conn_close(r->conn);
    rig_turn(r);
    assert_int_equal(r->closes, 1);
    rig_free(r);
}

/* --- by the peer --- */

static void the_peers_end_comes_behind_its_last_octets(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    assert_int_equal(rig_send(r, "bye", 3), 3);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_memory_equal(r->got, "bye", 3);
    assert_int_equal(r->got_n, 3);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

static void an_end_without_goodbye_is_an_end_too(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    close(r->fd);
    r->fd = -1;
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

static void paused_the_end_waits_for_the_leftover(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    r->on_input = pause_only;
    assert_int_equal(rig_send(r, "bye", 3), 3);
    rig_hang_up(r);
    while (r->inputs < 1)
        rig_turn(r);
    for (int i = 0; i < 20; i++)
        rig_turn(r);
    assert_int_equal(r->closes, 0);
    r->on_input = NULL;
    conn_resume(r->conn);
    rig_until(r, rig_is_closed);
    assert_memory_equal(r->got, "bye", 3);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

static void queued_output_is_tried_once_at_the_peers_end(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    char text[8];

    if (r->ssl)
        SSL_shutdown(r->ssl);
    shutdown(r->fd, SHUT_WR);
    assert_int_equal(rig_put(r, "parting", 7), 0);
    assert_int_equal(recv_to_end(r, text, 8), 7);
    assert_memory_equal(text, "parting", 7);
    assert_int_equal(r->why, CONN_WHY_EOF);
    assert_int_equal(r->sent, 7);
    rig_free(r);
}

static void reset_by_client(struct rig *r)
{
    struct linger none = {.l_onoff = 1};

    assert_int_equal(
        setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
    close(r->fd);
    r->fd = -1;
}

static void a_reset_is_reported_as_such(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    reset_by_client(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_RESET);
    rig_free(r);
}

static void a_paused_connection_learns_of_a_reset_by_writing(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    conn_pause(r->conn);
    rig_turn(r);
    reset_by_client(r);
    assert_int_equal(rig_put(r, "x", 1), 0);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_RESET);
    rig_free(r);
}

/* --- in time --- */

static void a_peer_that_takes_nothing_is_closed(void **state)
{
    struct rig *r = open_narrow_rig(*state, 30);
    struct rig_world *w = *state;

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_STALL);
    assert_true(r->sent < RIG_BIG);
    rig_free(r);
}

static void a_peer_that_takes_a_little_is_kept(void **state)
{
    struct rig *r = open_narrow_rig(*state, 200);
    struct rig_world *w = *state;
    uint64_t begun_ms = loop_now_ms(r->loop), sent = 0;

    while (loop_now_ms(r->loop) - begun_ms < 600) {
        if (conn_queued(r->conn) < RIG_BIG / 2)
            assert_int_equal(rig_put(r, w->big, RIG_BIG / 2), 0);
        if (r->sent == sent) /* only when the last sip has got through */
            rig_recv(r, w->back, 1000);
        sent = r->sent;
        rig_turn(r);
        assert_int_equal(r->closes, 0);
    }
    rig_free(r);
}

static void an_idle_connection_does_not_stall(void **state)
{
    struct rig *r =
        rig_open(*state, (struct rig_opts){.settings = {.stall_ms = 5}});
    uint64_t begun_ms;
    char text[5];

    assert_int_equal(rig_put(r, "hello", 5), 0);
    rig_recv_all(r, text, 5);
    begun_ms = loop_now_ms(r->loop);
    while (loop_now_ms(r->loop) - begun_ms < 30)
        rig_turn(r);
    assert_int_equal(r->closes, 0);
    rig_free(r);
}

/* --- politely --- */

static void finishing_writes_everything_and_waits_for_the_peer(void **state)
{
    struct rig *r = open_narrow_rig(*state, 0);
    struct rig_world *w = *state;

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    conn_finish(r->conn);
    conn_finish(r->conn);
    assert_int_equal(rig_put(r, "late", 4), ERR_EOF);
    assert_int_equal(recv_to_end(r, w->back, RIG_BIG), RIG_BIG);
    assert_true(r->client_eof);
    assert_memory_equal(w->back, w->big, RIG_BIG);
    assert_int_equal(r->closes, 0);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void finishing_with_nothing_queued_says_goodbye(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    char octet;

    conn_finish(r->conn);
    assert_int_equal(recv_to_end(r, &octet, 1), 0);
    assert_true(r->client_eof);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void answer_and_finish(struct rig *r, struct span *in)
{
    rig_take(r, in, 1);
    assert_int_equal(rig_put(r, "no", 2), 0);
    conn_finish(r->conn);
}

static void input_behind_the_finish_neither_counts_nor_harms(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    size_t n = 0;
    char text[2];

    r->on_input = answer_and_finish;
    while (n < 200000) { /* a reset would make this fail */
        n += rig_send(r, w->big + n, 200000 - n);
        assert_false(r->client_reset);
        rig_turn(r);
    }
    assert_int_equal(recv_to_end(r, text, 2), 2);
    assert_memory_equal(text, "no", 2);
    assert_int_equal(r->inputs, 1);
    assert_int_equal(r->got_n, 1);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void finishing_ends_though_the_peer_never_closes(void **state)
{
    struct rig *r =
        rig_open(*state, (struct rig_opts){.settings = {.stall_ms = 20}});

    assert_int_equal(rig_put(r, "bye", 3), 0);
    conn_finish(r->conn);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->sent, 3);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void finishing_ends_though_the_peer_never_reads(void **state)
{
    struct rig *r = open_narrow_rig(*state, 20);
    struct rig_world *w = *state;

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    conn_finish(r->conn);
    rig_until(r, rig_is_closed);
    assert_true(r->sent < RIG_BIG);
    assert_int_equal(r->why, CONN_WHY_STALL);
    rig_free(r);
}

static void a_finishing_connection_can_be_closed(void **state)
{
    struct rig *r = open_narrow_rig(*state, 0);
    struct rig_world *w = *state;

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    conn_finish(r->conn);
    rig_turn(r);
    conn_close(r->conn);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void finish_it(struct rig *r)
{
    if (conn_queued(r->conn) == 0) {
        conn_finish(r->conn);
        conn_pause(r->conn);
        conn_resume(r->conn);
    }
}

static void finishing_when_all_was_sent_says_goodbye(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    char text[3];

    r->on_sent = finish_it;
    assert_int_equal(rig_put(r, "end", 3), 0);
    assert_int_equal(recv_to_end(r, text, 3), 3);
    assert_true(r->client_eof);
    rig_free(r);
}

/* In a drain all connections do so at once. Sanitizers do not count. */
static void while_it_waits_for_the_peer_it_holds_no_buffer(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    size_t before = mallinfo2().uordblks;

    conn_finish(r->conn);
    for (int i = 0; i < 5; i++)
        rig_turn(r);
    assert_int_equal(r->closes, 0);
    assert_true(mallinfo2().uordblks < before + 4096);
    rig_free(r);
}

static void finishing_before_it_is_open_closes(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_new(&(struct rig_opts){.tls = w->tls});

    conn_finish(r->conn);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    assert_int_equal(r->opens, 0);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(closing_tells_owner_and_peer),
        T(the_owners_reason_is_given_back),
        T(closing_while_opening_is_the_end),
        T(closing_while_input_is_offered_is_the_end),
        T(closing_while_a_leftover_is_offered_is_the_end),
        T(closing_when_some_was_sent_is_the_end),
        T(in_its_closed_callback_a_connection_does_nothing),
        T(the_peers_end_comes_behind_its_last_octets),
        T(an_end_without_goodbye_is_an_end_too),
        T(paused_the_end_waits_for_the_leftover),
        T(queued_output_is_tried_once_at_the_peers_end),
        T(a_reset_is_reported_as_such),
        T(a_paused_connection_learns_of_a_reset_by_writing),
        T(a_peer_that_takes_nothing_is_closed),
        T(a_peer_that_takes_a_little_is_kept),
        T(an_idle_connection_does_not_stall),
        T(finishing_writes_everything_and_waits_for_the_peer),
        T(finishing_with_nothing_queued_says_goodbye),
        T(input_behind_the_finish_neither_counts_nor_harms),
        T(finishing_ends_though_the_peer_never_closes),
        T(finishing_ends_though_the_peer_never_reads),
        T(a_finishing_connection_can_be_closed),
        T(finishing_when_all_was_sent_says_goodbye),
        T(while_it_waits_for_the_peer_it_holds_no_buffer),
        T(finishing_before_it_is_open_closes),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down);
}
