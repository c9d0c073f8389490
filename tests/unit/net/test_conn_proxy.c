/* SPDX-License-Identifier: BSD-2-Clause */
/* A PROXY header ahead of a connection: who the peer is, and what follows. */
#include "conn.h"

#include <unistd.h>

#include "cmocka_all.h"
#include "net_stats.h"
#include "rig.h"

#define HEADER "PROXY TCP4 192.0.2.7 198.51.100.1 40312 2855\r\n"

static struct rig *begin(uint64_t handshake_ms)
{
    const struct rig_opts opts = {.proxied = true,
                                  .settings = {.handshake_ms = handshake_ms}};

    return rig_new(&opts);
}

static void say(struct rig *r, struct span text)
{
    assert_int_equal(write(r->fd, text.p, text.n), text.n);
}

static const char *peer_of(struct rig *r)
{
    static char text[ADDR_TEXT_MAX];

    return addr_text(text, conn_peer(r->conn));
}

static struct net_stats stats_of(struct rig *r)
{
    struct net_stats s;

    net_stats(r->net, &s);
    return s;
}

/* Before anything else. */
static void look_at_the_peer(struct rig *r)
{
    assert_int_equal(r->opens, 0);
    assert_string_equal(peer_of(r), "192.0.2.7:40312");
    assert_true(conn_is_silent(r->conn));
}

static void the_header_tells_the_peer_and_is_no_input(void **state)
{
    struct rig *r = begin(0);

    (void)state;
    r->on_proxied = look_at_the_peer;
    assert_int_equal(stats_of(r).now[NET_TCP][CONN_PROXY], 1);
    say(r, SPAN(HEADER "hello"));
    rig_until(r, rig_is_open);
    while (r->got_n < 5)
        rig_turn(r);
    assert_memory_equal(r->got, "hello", 5);
    assert_int_equal(r->proxied, 1);
    assert_int_equal(conn_octets_in(r->conn), sizeof HEADER - 1 + 5);
    rig_free(r);
}

static void octets_of_the_header_may_come_one_by_one(void **state)
{
    struct span left = SPAN(HEADER);
    struct rig *r = begin(0);

    (void)state;
    for (; left.n; left = span_from(left, 1)) {
        assert_int_equal(r->proxied, 0);
        say(r, span_of(left.p, 1));
        while (conn_octets_in(r->conn) < sizeof HEADER - left.n)
            rig_turn(r);
    }
    rig_until(r, rig_is_open);
    assert_int_equal(r->source.port, 40312);
    rig_free(r);
}

static void ipv6_is_an_address_too(void **state)
{
    struct rig *r = begin(0);

    (void)state;
    say(r, SPAN("PROXY TCP6 2001:db8::7 2001:db8::1 40312 2855\r\n"));
    rig_until(r, rig_is_open);
    assert_string_equal(peer_of(r), "[2001:db8::7]:40312");
    rig_free(r);
}

static void without_an_address_the_peer_is_the_proxy(void **state)
{
    struct rig *r = begin(0);

    (void)state;
    say(r, SPAN("PROXY UNKNOWN\r\n"));
    rig_until(r, rig_is_open);
    assert_true(span_starts(span_str(peer_of(r)), SPAN("127.0.0.1:")));
    rig_free(r);
}

static void assert_refused(struct span text)
{
    struct rig *r = begin(0);

    say(r, text);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->proxied, 0);
    assert_int_equal(r->why, CONN_WHY_PROXY);
    assert_string_equal(conn_why_text(r->why), "proxy");
    assert_int_equal(stats_of(r).closed[CONN_WHY_PROXY], 1);
    rig_free(r);
}

static void what_is_no_header_ends_the_connection(void **state)
{
    (void)state;
    assert_refused(SPAN("MSRP a1b2 SEND\r\n"));
    assert_refused(SPAN("\x16\x03\x01\x02\x00\x01"));
    assert_refused(SPAN("PROXY TCP4 x\r\n"));
}

static void the_peer_may_go_before_it_is_there(void **state)
{
    struct rig *r = begin(0);

    (void)state;
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

static void it_has_the_time_of_a_handshake(void **state)
{
    struct rig *r = begin(50);

    (void)state;
    say(r, SPAN("PROXY "));
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_HANDSHAKE);
    rig_free(r);
}

static void close_it(struct rig *r)
{
    conn_close(r->conn);
}

static void the_owner_may_close_when_he_knows_the_peer(void **state)
{
    struct rig *r = begin(0);

    (void)state;
    r->on_proxied = close_it;
    say(r, SPAN(HEADER));
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    assert_int_equal(r->opens, 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_tells_the_peer_and_is_no_input),
        cmocka_unit_test(octets_of_the_header_may_come_one_by_one),
        cmocka_unit_test(ipv6_is_an_address_too),
        cmocka_unit_test(without_an_address_the_peer_is_the_proxy),
        cmocka_unit_test(what_is_no_header_ends_the_connection),
        cmocka_unit_test(the_peer_may_go_before_it_is_there),
        cmocka_unit_test(it_has_the_time_of_a_handshake),
        cmocka_unit_test(the_owner_may_close_when_he_knows_the_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
