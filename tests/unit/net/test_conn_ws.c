/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection with a WebSocket on it, over plain TCP and over TLS alike. */
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "conn.h"
#include "err.h"
#include "net_stats.h"
#include "oom.h"
#include "ws_client.h"

static struct net_stats stats_of(const struct rig *r)
{
    struct net_stats s;

    net_stats(r->net, &s);
    return s;
}

static enum net_transport transport_of(const struct rig_world *w)
{
    return w->tls ? NET_WSS : NET_WS;
}

/* --- the handshake -------------------------------------------------------- */

static void a_websocket_is_opened(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = ws_client_opened(w, (struct rig_opts){0});
    struct net_stats s = stats_of(r);

    assert_int_equal(r->opens, 1);
    assert_int_equal(net_transport_of(r->conn), transport_of(w));
    assert_int_equal(s.accepted[transport_of(w)], 1);
    assert_int_equal(s.now[transport_of(w)][CONN_OPEN], 1);
    assert_int_equal(conn_message(r->conn), 0);
    rig_free(r);
}

static void a_request_may_come_octet_by_octet(void **state)
{
    struct rig *r = ws_client_new(*state, (struct rig_opts){0});

    for (size_t i = 0; i < sizeof WS_REQUEST - 1; i++) {
        assert_int_equal(r->opens, 0);
        rig_send_all(r, &WS_REQUEST[i], 1);
    }
    rig_until(r, rig_is_open);
    ws_client_expect(r, SPAN(WS_ANSWER));
    rig_free(r);
}

static void a_request_that_is_refused_is_answered(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = ws_client_new(w, (struct rig_opts){0});
    struct net_stats s;

    ws_client_send(r, SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    ws_client_expect_last(
        r, SPAN("HTTP/1.1 426 Upgrade Required\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Content-Length: 0\r\n"
                "Connection: Upgrade, close\r\n\r\n"));
    assert_int_equal(r->why, CONN_WHY_WEBSOCKET);
    assert_int_equal(r->opens, 0);
    s = stats_of(r);
    assert_int_equal(s.closed[CONN_WHY_WEBSOCKET], 1);
    /* TLS was not to blame. */
    for (int f = 0; f < TLS_FAILURES; f++)
        assert_int_equal(s.tls_failed[f], 0);
    assert_int_equal(s.tls_up[TLS_1_3], w->tls ? 1 : 0);
    rig_free(r);
}

static void a_request_too_large_is_refused(void **state)
{
    struct rig *r = ws_client_new(*state, (struct rig_opts){0});
    char crlf[8192];

    for (size_t i = 0; i < sizeof crlf; i++)
        crlf[i] = i % 2 ? '\n' : '\r';
    rig_send_all(r, crlf, sizeof crlf);
    ws_client_expect_last(
        r, SPAN("HTTP/1.1 431 Request Header Fields Too Large\r\n"
                "Content-Length: 0\r\nConnection: close\r\n\r\n"));
    rig_free(r);
}

/* RFC 6455, 4.1 */
static void who_does_not_wait_for_the_answer_is_refused(void **state)
{
    struct rig *r = ws_client_new(*state, (struct rig_opts){0});

    ws_client_send(r, SPAN(WS_REQUEST "\x82"));
    ws_client_expect_last(
        r, SPAN("HTTP/1.1 400 Bad Request\r\n"
                "Content-Length: 0\r\nConnection: close\r\n\r\n"));
    assert_int_equal(r->why, CONN_WHY_WEBSOCKET);
    rig_free(r);
}

static void who_says_nothing_has_the_time_of_a_handshake(void **state)
{
    struct rig_world *w = *state;
    struct rig *r =
        ws_client_new(w, (struct rig_opts){.settings.handshake_ms = 50});

    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_HANDSHAKE);
    assert_int_equal(stats_of(r).tls_failed[TLS_FAILURE_TIMEOUT], 0);
    rig_free(r);
}

static void who_goes_before_it_is_open_is_gone(void **state)
{
    struct rig *r = ws_client_new(*state, (struct rig_opts){0});

    ws_client_send(r, SPAN("GET / HT"));
    ws_client_settle(r);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

/* --- messages in ---------------------------------------------------------- */

static void octets_of_a_message_are_offered(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});
    uint64_t before = conn_octets_in(r->conn);

    ws_client_frame(r, 0x02, SPAN("hel"));
    ws_client_frame(r, 0x80, SPAN("lo"));
    while (r->got_n < 5)
        rig_turn(r);
    assert_memory_equal(r->got, "hello", 5);
    assert_int_equal(conn_message(r->conn), 1);
    assert_in_range(conn_octets_in(r->conn) - before, 2 * 6 + 5,
                    r->ssl ? 100 : 2 * 6 + 5);
    assert_int_equal(stats_of(r).octets_in, conn_octets_in(r->conn));
    rig_free(r);
}

/* Notes which message each octet is of. */
static void take_numbered(struct rig *r, struct span *in)
{
    char *log = r->ctx;

    for (size_t i = 0; i < in->n; i++) {
        size_t n = strlen(log);

        log[n] = in->p[i];
        log[n + 1] = (char)('0' + conn_message(r->conn));
    }
    *in = span_from(*in, in->n);
}

static void octets_of_two_messages_are_never_offered_together(void **state)
{
    char log[64] = {0};
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    r->ctx = log;
    r->on_input = take_numbered;
    ws_client_send(r, SPAN("\x82\x82\0\0\0\0ab"
                           "\x82\x80\0\0\0\0"
                           "\x02\x81\0\0\0\0c\x89\x80\0\0\0\0\x80\x81\0\0\0\0d"
                           "\x82\x81\0\0\0\0e"));
    while (strlen(log) < 10)
        rig_turn(r);
    assert_string_equal(log, "a1b1c3d3e4");
    rig_free(r);
}

static void take_one(struct rig *r, struct span *in)
{
    rig_take(r, in, 1);
    conn_pause(r->conn);
}

static void a_rest_keeps_its_message_while_paused(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    r->on_input = take_one;
    ws_client_send(r, SPAN("\x82\x82\0\0\0\0ab\x82\x81\0\0\0\0c"));
    while (r->got_n < 1)
        rig_turn(r);
    ws_client_settle(r);
    assert_int_equal(r->got_n, 1);
    conn_resume(r->conn);
    while (r->got_n < 2)
        rig_turn(r);
    assert_int_equal(conn_message(r->conn), 1);
    conn_resume(r->conn);
    while (r->got_n < 3)
        rig_turn(r);
    assert_int_equal(conn_message(r->conn), 2);
    assert_memory_equal(r->got, "abc", 3);
    rig_free(r);
}

static void bulk_comes_whole(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = ws_client_opened(w, (struct rig_opts){0});

    ws_client_send(r, SPAN("\x82\xff\0\0\0\0\0\x10\0\0\0\0\0\0"));
    ws_client_send(r, span_of(w->big, RIG_BIG));
    while (r->got_n < RIG_BIG)
        rig_turn(r);
    assert_memory_equal(r->got, w->big, RIG_BIG);
    rig_free(r);
}

/* --- messages out --------------------------------------------------------- */

static int put_part(struct rig *r, struct span part, bool ends)
{
    const struct span parts[] = {span_of(part.p, 1), span_from(part, 1)};

    return conn_write_part(r->conn, parts, 2, ends);
}

static void writes_are_frames_of_a_message(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    assert_int_equal(put_part(r, SPAN("MSRP"), false), 0);
    assert_int_equal(put_part(r, SPAN("more"), false), 0);
    assert_int_equal(put_part(r, SPAN("end"), true), 0);
    assert_int_equal(conn_write(r->conn, &SPAN("whole"), 1), 0);
    assert_int_equal(conn_position(r->conn), 6 + 6 + 5 + 7);
    ws_client_expect(r, SPAN("\x02\x04MSRP\x00\x04more\x80\x03"
                             "end\x82\x05whole"));
    assert_int_equal(r->sent, 6 + 6 + 5 + 7);
    rig_free(r);
}

static void bulk_goes_whole(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = ws_client_opened(w, (struct rig_opts){0});

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    ws_client_expect(r, SPAN("\x82\x7f\0\0\0\0\0\x10\0\0"));
    ws_client_expect(r, span_of(w->big, RIG_BIG));
    rig_free(r);
}

static void past_the_bound_nothing_of_a_frame_is_taken(void **state)
{
    struct rig_world *w = *state;
    struct rig *r =
        ws_client_opened(w, (struct rig_opts){.settings.output_max = 1000});

    assert_int_equal(rig_put(r, w->big, 997), ERR_FULL);
    assert_int_equal(conn_queued(r->conn), 0);
    assert_int_equal(rig_put(r, w->big, 996), 0);
    assert_int_equal(conn_queued(r->conn), 1000);
    rig_free(r);
}

/* --- what the transport says itself --------------------------------------- */

static bool has_put(struct rig *r)
{
    return conn_position(r->conn) >= *(const uint64_t *)r->ctx;
}

static void until_put(struct rig *r, uint64_t position)
{
    r->ctx = &position;
    rig_until(r, has_put);
    r->ctx = NULL;
}

static void a_ping_is_answered_between_two_writes(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});
    uint64_t before = conn_octets_out(r->conn);

    assert_int_equal(put_part(r, SPAN("one"), false), 0);
    ws_client_expect(r, SPAN("\x02\x03one"));
    ws_client_frame(r, 0x89, SPAN("there?"));
    until_put(r, 5 + 8);
    assert_int_equal(put_part(r, SPAN("two"), true), 0);
    ws_client_expect(r, SPAN("\x8a\x06there?\x80\x03two"));
    assert_int_equal(conn_position(r->conn), 5 + 8 + 5);
    assert_in_range(conn_octets_out(r->conn) - before, 5 + 8 + 5,
                    r->ssl ? 100 : 5 + 8 + 5);
    assert_int_equal(conn_message(r->conn), 0);
    assert_int_equal(r->inputs, 0);
    rig_free(r);
}

static bool has_read(struct rig *r)
{
    return conn_octets_in(r->conn) >= *(const uint64_t *)r->ctx;
}

static void a_pong_without_room_is_left_out(void **state)
{
    struct rig_world *w = *state;
    struct rig *r =
        ws_client_opened(w, (struct rig_opts){.settings.output_max = 100});
    uint64_t wanted = conn_octets_in(r->conn) + 6 + 120;

    ws_client_frame(r, 0x89, span_of(w->big, 120));
    r->ctx = &wanted;
    rig_until(r, has_read);
    ws_client_settle(r);
    assert_int_equal(conn_position(r->conn), 0);
    assert_int_equal(r->closes, 0);
    rig_free(r);
}

/* However many pings there are before: their time is not the test's. */
static void expect_behind_pings(struct rig *r, struct span want)
{
    static const char ping[2] = "\x89";
    char got[64];

    assert_in_range(want.n, sizeof ping, sizeof got);
    do
        rig_recv_all(r, got, sizeof ping);
    while (memcmp(got, ping, sizeof ping) == 0);
    rig_recv_all(r, got + sizeof ping, want.n - sizeof ping);
    assert_span_equal(span_of(got, want.n), want);
}

static void the_peer_is_pinged_when_nothing_else_is_said(void **state)
{
    struct rig *r =
        ws_client_opened(*state, (struct rig_opts){.settings.ping_ms = 20});

    ws_client_expect(r, SPAN("\x89\x00\x89\x00"));
    assert_int_equal(conn_write(r->conn, &SPAN("said"), 1), 0);
    expect_behind_pings(r, SPAN("\x82\x04said\x89\x00"));
    rig_free(r);
}

static bool is_time(struct rig *r)
{
    return r->ctx && loop_now_ms(r->loop) >= *(uint64_t *)r->ctx;
}

static void the_peer_is_not_pinged_while_output_waits(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = ws_client_opened(
        w, (struct rig_opts){.settings.ping_ms = 20, .client_receive = 4096});
    uint64_t position, until_ms;

    for (int i = 0; i < 7; i++)
        assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    position = conn_position(r->conn);
    until_ms = loop_now_ms(r->loop) + 100;
    r->ctx = &until_ms;
    rig_until(r, is_time);
    assert_true(conn_queued(r->conn) > 0);
    assert_int_equal(conn_position(r->conn), position);
    rig_free(r);
}

static void pings_are_read_no_faster_than_the_rate(void **state)
{
    struct rig *r =
        ws_client_opened(*state, (struct rig_opts){.settings.rate = 1000});
    uint64_t before = conn_octets_in(r->conn), begun_ms = loop_now_ms(r->loop);
    uint64_t wanted = before + 1, pauses = stats_of(r).rate_pauses;
    char pongs[200 * 6];

    for (size_t i = 0; i < sizeof pongs; i += 6)
        memcpy(pongs + i, "\x8a\x80\0\0\0", 6);
    ws_client_send(r, span_of(pongs, sizeof pongs));
    r->ctx = &wanted;
    rig_until(r, has_read);
    while (stats_of(r).rate_pauses == pauses)
        rig_turn(r);
    /* A tenth of a second at once, and an octet for each millisecond since. */
    assert_in_range(conn_octets_in(r->conn) - before, 1,
                    100 + 1 + loop_now_ms(r->loop) - begun_ms);
    rig_free(r);
}

/* --- the end -------------------------------------------------------------- */

static void a_close_is_answered(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    ws_client_frame(r, 0x88, SPAN("\x03\xe8 bye"));
    ws_client_expect_last(r, SPAN("\x88\x02\x03\xe8"));
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

static void what_is_queued_goes_before_the_answer_to_a_close(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    assert_int_equal(conn_write(r->conn, &SPAN("last"), 1), 0);
    ws_client_frame(r, 0x88, SPAN(""));
    ws_client_expect_last(r, SPAN("\x82\x04last\x88\x00"));
    rig_free(r);
}

static void a_frame_against_the_rules_is_the_end(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    ws_client_send(r, SPAN("\x82\x04MSRP"));
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_WEBSOCKET);
    assert_int_equal(stats_of(r).closed[CONN_WHY_WEBSOCKET], 1);
    assert_int_equal(r->got_n, 0);
    rig_free(r);
}

static void note_fault(struct rig *r)
{
    r->ctx = (void *)(uintptr_t)conn_fault(r->ctx);
}

static void assert_fault(struct rig_world *w, struct span frame,
                         struct span goodbye, const char *fault)
{
    struct rig *r = ws_client_opened(w, (struct rig_opts){0});

    r->ctx = r->conn; /* which is there still when its end is told */
    r->on_closed = note_fault;
    ws_client_send(r, frame);
    ws_client_expect_last(r, goodbye);
    assert_string_equal(r->ctx, fault);
    rig_free(r);
}

static void the_fault_of_a_frame_is_told(void **state)
{
    assert_fault(*state, SPAN("\x83\x80"), SPAN("\x88\x02\x03\xea"),
                 "websocket: bad frame");
    assert_fault(*state, SPAN("\x81\x81\0\0\0\0\xff"), SPAN("\x88\x02\x03\xef"),
                 "websocket: not UTF-8");
}

static void finishing_says_goodbye_behind_what_is_queued(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    assert_int_equal(conn_write(r->conn, &SPAN("last"), 1), 0);
    conn_finish(r->conn);
    ws_client_expect(r, SPAN("\x82\x04last\x88\x02\x03\xe9"));
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void rejecting_says_why(void **state)
{
    struct rig *r = ws_client_opened(*state, (struct rig_opts){0});

    conn_reject(r->conn);
    ws_client_expect(r, SPAN("\x88\x02\x03\xea"));
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    rig_free(r);
}

/* --- memory --------------------------------------------------------------- */

static void on_nothing(void *ctx)
{
    (void)ctx;
}

static void on_the_end(void *ctx, enum conn_why why)
{
    (void)ctx;
    (void)why;
}

static const struct conn_ops silent = {.open = on_nothing,
                                       .closed = on_the_end};

struct attempt {
    struct rig_world *w;
    struct rig *beside;
};

static int accept_one(void *ctx)
{
    static const struct addr nowhere;
    const struct attempt *a = ctx;
    struct conn_from from = {
        .peer = &nowhere, .tls = a->w->tls, .ws = true, .proxied = true};
    struct conn *c;
    int pair[2], err;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                     0);
    from.fd = pair[0];
    err = conn_accept(&c, a->beside->net, &from, &silent, NULL);
    if (err)
        assert_int_equal(read(pair[1], &(char){0}, 1), 0); /* closed */
    else
        conn_close(c);
    close(pair[1]);
    ws_client_settle(a->beside);
    return err;
}

static void without_memory_the_socket_is_closed(void **state)
{
    struct attempt a = {*state, ws_client_opened(*state, (struct rig_opts){0})};

    assert_true(oom_sweep(accept_one, &a) >= 3);
    rig_free(a.beside);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(a_websocket_is_opened),
        T(a_request_may_come_octet_by_octet),
        T(a_request_that_is_refused_is_answered),
        T(a_request_too_large_is_refused),
        T(who_does_not_wait_for_the_answer_is_refused),
        T(who_says_nothing_has_the_time_of_a_handshake),
        T(who_goes_before_it_is_open_is_gone),
        T(octets_of_a_message_are_offered),
        T(octets_of_two_messages_are_never_offered_together),
        T(a_rest_keeps_its_message_while_paused),
        T(bulk_comes_whole),
        T(writes_are_frames_of_a_message),
        T(bulk_goes_whole),
        T(past_the_bound_nothing_of_a_frame_is_taken),
        T(a_ping_is_answered_between_two_writes),
        T(a_pong_without_room_is_left_out),
        T(the_peer_is_pinged_when_nothing_else_is_said),
        T(the_peer_is_not_pinged_while_output_waits),
        T(pings_are_read_no_faster_than_the_rate),
        T(a_close_is_answered),
        T(what_is_queued_goes_before_the_answer_to_a_close),
        T(a_frame_against_the_rules_is_the_end),
        T(the_fault_of_a_frame_is_told),
        T(finishing_says_goodbye_behind_what_is_queued),
        T(rejecting_says_why),
        T(without_memory_the_socket_is_closed),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down);
}
