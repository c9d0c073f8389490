/* SPDX-License-Identifier: BSD-2-Clause */
/* A channel over TCP, with the test as the relay. TLS is tested
 * against the relay itself, in tests/tools/msrpload.sh. */
#include "channel.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

#define FRAME                                                                  \
    "MSRP abcd 200 OK\r\nTo-Path: msrp://a.invalid:9/s;tcp\r\n"                \
    "From-Path: msrp://b.invalid:9/r;tcp\r\n-------abcd$\r\n"

enum { TURNS_MAX = 10000, CHUNK = 64 * 1024 };

struct rig {
    struct loop *loop;
    struct channels all;
    struct addr to;
    struct channel channel;
    int listener;
    int peer; /* -1 until it is accepted */
    unsigned opened, frames, fills, ends;
    size_t to_put; /* octets that `fill` has */
    size_t came;   /* octets at the peer */
    int event_err; /* what `event` answers */
    int err;
    char why[64];
};

static struct rig *rig_of(struct channel *c)
{
    return CONTAINER(c, struct rig, channel);
}

static void on_open(struct channel *c)
{
    rig_of(c)->opened++;
}

static int on_event(struct channel *c, const struct parse_event *ev)
{
    struct rig *r = rig_of(c);

    r->frames += ev->type == PARSE_END;
    return r->event_err;
}

static int on_fill(struct channel *c)
{
    static char octets[CHUNK];
    struct rig *r = rig_of(c);
    struct span part = span_of(octets, CHUNK);
    int err = 0;

    r->fills++;
    while (!err && r->to_put >= CHUNK && channel_room(c) > 0) {
        r->to_put -= CHUNK;
        err = channel_put(c, &part, 1);
    }
    return err;
}

static void on_closed(struct channel *c, int err, const char *why)
{
    struct rig *r = rig_of(c);

    r->ends++;
    r->err = err;
    span_copy(r->why, sizeof r->why, span_str(why));
}

static const struct channel_ops ops = {on_open, on_event, on_fill, on_closed};

static void listen_on_loopback(struct rig *r)
{
    const struct sock_opts none = {0};

    assert_int_equal(addr_parse(&r->to, SPAN("127.0.0.1"), 0), 0);
    assert_int_equal(sock_listen(&r->listener, &r->to, &none), 0);
    assert_int_equal(sock_local(&r->to, r->listener), 0);
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->peer = -1;
    assert_int_equal(loop_new(&r->loop), 0);
    assert_int_equal(channels_init(&r->all, r->loop, 1000), 0);
    listen_on_loopback(r);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    channel_fini(&r->channel);
    channels_fini(&r->all);
    loop_free(r->loop);
    if (r->peer >= 0)
        close(r->peer);
    if (r->listener >= 0)
        close(r->listener);
    free(r);
    return 0;
}

/* Opens the channel, and its other end. */
static void open_both(struct rig *r)
{
    struct addr from;

    assert_int_equal(channel_open(&r->channel, &r->all, &r->to, &ops), 0);
    for (int i = 0; i < TURNS_MAX && !r->opened; i++)
        loop_turn(r->loop, true);
    assert_int_equal(r->opened, 1);
    assert_int_equal(sock_accept(&r->peer, &from, r->listener), 0);
}

static void say(const struct rig *r, const char *text)
{
    assert_int_equal(write(r->peer, text, strlen(text)), strlen(text));
}

/* Reads what has come to the peer. */
static void take(struct rig *r)
{
    static char octets[CHUNK];
    ssize_t n;

    while ((n = read(r->peer, octets, sizeof octets)) > 0)
        r->came += (size_t)n;
    assert_true(n < 0 && errno == EAGAIN);
}

static void frames_come_in(void **state)
{
    struct rig *r = *state;

    open_both(r);
    say(r, FRAME FRAME);
    for (int i = 0; i < TURNS_MAX && r->frames < 2; i++)
        loop_turn(r->loop, true);
    assert_int_equal(r->frames, 2);
    assert_int_equal(r->ends, 0);
}

static void what_is_put_in_is_written_in_the_same_turn(void **state)
{
    struct rig *r = *state;
    const struct span hello = SPAN("hello");

    open_both(r);
    assert_int_equal(channel_put(&r->channel, &hello, 1), 0);
    loop_turn(r->loop, false);
    take(r);
    assert_int_equal(r->came, 5);
    r->to_put = CHUNK;
    channel_poke(&r->channel);
    loop_turn(r->loop, false);
    take(r);
    assert_int_equal(r->came, 5 + CHUNK);
}

static void fill_is_called_while_there_is_more(void **state)
{
    struct rig *r = *state;
    const size_t all = 200 * CHUNK;

    open_both(r);
    r->to_put = all;
    channel_poke(&r->channel);
    for (int i = 0; i < TURNS_MAX && r->came < all; i++) {
        loop_turn(r->loop, false);
        assert_true(conn_queued(r->channel.conn) < CHANNEL_BULK + CHUNK);
        take(r);
    }
    assert_int_equal(r->came, all);
    assert_int_equal(channel_room(&r->channel), CHANNEL_BULK);
}

static void after_stop_reading_no_frame_comes(void **state)
{
    struct rig *r = *state;

    open_both(r);
    channel_stop_reading(&r->channel);
    say(r, FRAME);
    for (int i = 0; i < 10; i++)
        loop_turn(r->loop, false);
    assert_int_equal(r->frames, 0);
}

static void the_end_is_reported_with_its_reason(void **state)
{
    struct rig *r = *state;
    const struct span late = SPAN("late");

    open_both(r);
    close(r->peer);
    r->peer = -1;
    for (int i = 0; i < TURNS_MAX && !r->ends; i++)
        loop_turn(r->loop, true);
    assert_int_equal(r->ends, 1);
    assert_int_equal(r->err, 0);
    assert_string_equal(r->why, "the relay closed the connection");
    assert_int_equal(channel_put(&r->channel, &late, 1), 0);
    channel_fail(&r->channel, ERR_LIMIT);
    assert_int_equal(r->ends, 1);
}

static void an_error_of_the_owner_ends_it(void **state)
{
    struct rig *r = *state;

    open_both(r);
    r->event_err = ERR_LIMIT;
    say(r, FRAME);
    for (int i = 0; i < TURNS_MAX && !r->ends; i++)
        loop_turn(r->loop, true);
    assert_int_equal(r->ends, 1);
    assert_int_equal(r->err, ERR_LIMIT);
}

static void a_refused_connection_is_reported(void **state)
{
    struct rig *r = *state;

    close(r->listener);
    r->listener = -1;
    assert_int_equal(channel_open(&r->channel, &r->all, &r->to, &ops), 0);
    for (int i = 0; i < TURNS_MAX && !r->ends; i++)
        loop_turn(r->loop, true);
    assert_int_equal(r->opened, 0);
    assert_int_equal(r->ends, 1);
    assert_string_equal(r->why, strerror(ECONNREFUSED));
}

static void a_missing_ca_file_is_reported(void **state)
{
    struct rig *r = *state;
    char why[TLS_WHY_MAX];

    assert_int_equal(channels_use_tls(&r->all, "/nonexistent", false, why),
                     ERR_TLS);
    assert_string_equal(why,
                        "cannot open /nonexistent: No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_come_in),
        TEST(what_is_put_in_is_written_in_the_same_turn),
        TEST(fill_is_called_while_there_is_more),
        TEST(after_stop_reading_no_frame_comes),
        TEST(the_end_is_reported_with_its_reason),
        TEST(an_error_of_the_owner_ends_it),
        TEST(a_refused_connection_is_reported),
        TEST(a_missing_ca_file_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
