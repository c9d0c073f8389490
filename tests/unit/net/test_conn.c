/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes through a connection, over TCP and over TLS alike. How one ends is
 * in test_conn_end.c. */
/* test-wraps: writev SSL_write_ex read SSL_read_ex */
#include "conn.h"

#include <sys/uio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

enum { INPUT = 65536 };

/* The linker's --wrap leaves no room for a context. */
static unsigned writes, reads;
static size_t most_written; /* in one call, of TLS */

ssize_t __real_writev(int fd, const struct iovec *iov, int n);
ssize_t __wrap_writev(int fd, const struct iovec *iov, int n);
int __real_SSL_write_ex(SSL *ssl, const void *p, size_t n, size_t *done);
int __wrap_SSL_write_ex(SSL *ssl, const void *p, size_t n, size_t *done);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n);
int __real_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done);
int __wrap_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done);

ssize_t __wrap_writev(int fd, const struct iovec *iov, int n)
{
    writes++;
    return __real_writev(fd, iov, n);
}

int __wrap_SSL_write_ex(SSL *ssl, const void *p, size_t n, size_t *done)
{
    writes += SSL_is_server(ssl);
    if (SSL_is_server(ssl) && n > most_written)
        most_written = n;
    return __real_SSL_write_ex(ssl, p, n, done);
}

ssize_t __wrap_read(int fd, void *p, size_t n)
{
    reads++;
    return __real_read(fd, p, n);
}

int __wrap_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done)
{
    reads += SSL_is_server(ssl);
    return __real_SSL_read_ex(ssl, p, n, done);
}

/* Turns until the loop has seen everything that is on its way. */
static void settle(struct rig *r)
{
    for (int i = 0; i < 50; i++)
        rig_turn(r);
}

/* --- both ways --- */

static void what_the_peer_sends_is_offered(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    rig_send_all(r, "hello", 5);
    while (r->got_n < 5)
        rig_turn(r);
    assert_memory_equal(r->got, "hello", 5);
    assert_int_equal(conn_octets_in(r->conn), r->ssl ? rig_wire_sent(r) : 5);
    rig_free(r);
}

static void what_is_written_arrives_and_is_reported_sent(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    const struct span parts[] = {SPAN("one "), SPAN(""), SPAN("two")};
    char text[7];

    assert_int_equal(conn_write(r->conn, parts, 3), 0);
    assert_int_equal(conn_queued(r->conn), 7);
    assert_int_equal(conn_position(r->conn), 7);
    assert_int_equal(r->sent, 0);
    rig_recv_all(r, text, 7);
    assert_memory_equal(text, "one two", 7);
    assert_int_equal(r->sent, 7);
    assert_int_equal(conn_queued(r->conn), 0);
    rig_free(r);
}

static void many_small_writes_go_out_as_one(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    char text[600];

    settle(r);
    writes = 0;
    for (int i = 0; i < 200; i++)
        assert_int_equal(rig_put(r, "abc", 3), 0);
    rig_recv_all(r, text, sizeof text);
    settle(r);
    assert_int_equal(writes, 1);
    rig_free(r);
}

static void bulk_goes_out_in_full_records(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    enum { BULK = 7 * 16384 }; /* less than the kernel may hold unsent */

    settle(r);
    writes = 0;
    most_written = 0;
    assert_int_equal(rig_put(r, w->big, BULK), 0);
    rig_recv_all(r, w->back, BULK);
    assert_memory_equal(w->back, w->big, BULK);
    if (w->tls) {
        assert_int_equal(most_written, 16384);
        assert_int_equal(writes, 7);
    } else {
        assert_int_equal(writes, 1);
    }
    rig_free(r);
}

static void megabytes_cross_in_both_directions(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    enum { TIMES = 4 };
    size_t out = 0, back = 0;

    for (int i = 0; i < TIMES; i++)
        assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    while (r->got_n < TIMES * RIG_BIG || back < TIMES * RIG_BIG) {
        size_t at = out % RIG_BIG, back_at = back % RIG_BIG;

        assert_false(r->client_eof || r->client_reset);
        if (out < TIMES * RIG_BIG)
            out += rig_send(r, w->big + at, RIG_BIG - at);
        if (back < TIMES * RIG_BIG)
            back += rig_recv(r, w->back + back_at, RIG_BIG - back_at);
        if (back && back % RIG_BIG == 0)
            assert_memory_equal(w->back, w->big, RIG_BIG);
        rig_turn(r);
    }
    for (int i = 0; i < TIMES; i++)
        assert_memory_equal(r->got + i * RIG_BIG, w->big, RIG_BIG);
    assert_int_equal(r->sent, TIMES * RIG_BIG);
    assert_int_equal(conn_octets_in(r->conn),
                     r->ssl ? rig_wire_sent(r) : TIMES * RIG_BIG);
    rig_free(r);
}

static void octets_cross_one_by_one(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;

    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(rig_send(r, w->big + i, 1), 1);
        while (r->got_n <= i)
            rig_turn(r);
    }
    assert_memory_equal(r->got, w->big, 200);
    rig_free(r);
}

static void write_early(struct rig *r)
{
    assert_int_equal(rig_put(r, "early", 5), 0);
}

static void what_is_written_before_and_while_opening_goes_out(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_new(&(struct rig_opts){.tls = w->tls});
    char text[10];

    r->on_open = write_early;
    assert_int_equal(rig_put(r, "first", 5), 0);
    rig_until(r, rig_is_open);
    rig_recv_all(r, text, 10);
    assert_memory_equal(text, "firstearly", 10);
    rig_free(r);
}

static void
input_that_comes_with_the_end_of_the_handshake_is_offered(void **state)
{
    struct rig_world *w = *state;
    struct rig *r = rig_new(&(struct rig_opts){.tls = w->tls});

    /* The client is done before the server has seen its last flight. */
    while (r->ssl && !SSL_is_init_finished(r->ssl))
        rig_turn(r);
    assert_int_equal(r->opens, 0);
    assert_int_equal(rig_send(r, "hello", 5), 5);
    while (r->got_n < 5)
        rig_turn(r);
    assert_int_equal(r->opens, 1);
    rig_free(r);
}

/* --- bounds --- */

static void past_the_bound_a_write_is_refused_whole(void **state)
{
    struct rig *r =
        rig_open(*state, (struct rig_opts){.settings = {.output_max = 1000}});
    char text[1000];

    assert_int_equal(rig_put(r, text, 999), 0);
    assert_int_equal(rig_put(r, text, 2), ERR_FULL);
    assert_int_equal(conn_position(r->conn), 999);
    assert_int_equal(rig_put(r, text, 1), 0);
    rig_recv_all(r, text, 1000);
    assert_int_equal(rig_put(r, text, 1000), 0);
    rig_free(r);
}

static void a_peer_that_does_not_read_holds_only_the_queue(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){
                                         .client_receive = 4096,
                                         .settings.sock.send_buffer = 4096,
                                     });
    struct rig_world *w = *state;
    uint64_t sent;

    assert_int_equal(rig_put(r, w->big, RIG_BIG), 0);
    settle(r);
    sent = r->sent;
    assert_true(sent < RIG_BIG);
    writes = 0;
    settle(r);
    assert_int_equal(writes, 0); /* waits for the socket, does not try */
    assert_int_equal(rig_put(r, w->big, 1), 0);
    settle(r);
    assert_int_equal(writes, 0);
    assert_int_equal(r->sent, sent);
    rig_recv_all(r, w->back, RIG_BIG);
    assert_memory_equal(w->back, w->big, RIG_BIG);
    rig_free(r);
}

static void a_turn_reads_no_more_than_its_share(void **state)
{
    struct rig *r = rig_open(
        *state, (struct rig_opts){
                    .settings = {.input_size = 4096, .read_per_turn = 10000}});
    struct rig_world *w = *state;
    size_t n = 0, most = 0;

    conn_pause(r->conn);
    while (n < 60000)
        n += rig_send(r, w->big + n, 60000 - n);
    settle(r);
    conn_resume(r->conn);
    while (r->got_n < n) {
        size_t before = r->got_n;

        loop_turn(r->loop, false);
        if (r->got_n - before > most)
            most = r->got_n - before;
    }
    /* A record that came in two turns is offered in the second one. */
    assert_true(most <= (w->tls ? 10000 + 16384 : 10000));
    assert_memory_equal(r->got, w->big, n);
    rig_free(r);
}

/* --- leftovers and pauses --- */

/* Consumes as long as there are 1000 octets, which is then one message. */
static void take_thousands(struct rig *r, struct span *in)
{
    while (in->n >= 1000)
        rig_take(r, in, 1000);
}

static void a_leftover_is_offered_with_what_follows(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;

    r->on_input = take_thousands;
    rig_send_all(r, w->big, 1900);
    while (r->got_n < 1000)
        rig_turn(r);
    settle(r);
    assert_int_equal(r->got_n, 1000);
    rig_send_all(r, w->big + 1900, 100);
    while (r->got_n < 2000)
        rig_turn(r);
    assert_memory_equal(r->got, w->big, 2000);
    rig_free(r);
}

/* Wants all of a block but one octet at once. */
static void take_nearly_a_block(struct rig *r, struct span *in)
{
    if (in->n >= INPUT - 1)
        rig_take(r, in, INPUT - 1);
}

static void a_leftover_may_grow_to_a_block(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    size_t n = 3 * (INPUT - 1), at = 0;

    r->on_input = take_nearly_a_block;
    while (at < n) {
        at += rig_send(r, w->big + at, n - at < 5000 ? n - at : 5000);
        rig_turn(r);
    }
    while (r->got_n < n)
        rig_turn(r);
    assert_memory_equal(r->got, w->big, n);
    rig_free(r);
}

static void paused_nothing_is_read_or_offered(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    conn_pause(r->conn);
    conn_pause(r->conn);
    settle(r);
    reads = 0;
    assert_int_equal(rig_send(r, "hello", 5), 5);
    settle(r);
    assert_int_equal(r->inputs, 0);
    assert_int_equal(reads, 0);
    conn_resume(r->conn);
    conn_resume(r->conn);
    while (r->got_n < 5)
        rig_turn(r);
    rig_free(r);
}

static void take_one_and_pause(struct rig *r, struct span *in)
{
    rig_take(r, in, 1);
    conn_pause(r->conn);
}

/* The loop can put off what is ready, but not what is deferred. */
static void
a_resumed_one_reads_a_block_before_others_have_their_turn(void **state)
{
    struct rig *r = rig_open(
        *state, (struct rig_opts){
                    .settings = {.input_size = 4096, .read_per_turn = 60000}});
    struct rig_world *w = *state;
    uint64_t before;
    size_t n = 0;

    r->on_input = take_one_and_pause;
    while (n < 60000)
        n += rig_send(r, w->big + n, 60000 - n);
    while (r->got_n == 0)
        rig_turn(r);
    r->on_input = NULL;
    before = conn_octets_in(r->conn);
    conn_resume(r->conn);
    loop_turn(r->loop, false);
    assert_true(r->got_n > 1); /* what was left over */
    assert_true(conn_octets_in(r->conn) - before <= 4096);
    while (r->got_n < n)
        rig_turn(r);
    assert_memory_equal(r->got, w->big, n);
    rig_free(r);
}

static void a_leftover_is_offered_again_after_resuming(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    r->on_input = take_one_and_pause;
    rig_send_all(r, "abc", 3);
    while (r->got_n < 1)
        rig_turn(r);
    settle(r);
    assert_int_equal(r->inputs, 1);
    for (unsigned i = 2; i <= 3; i++) {
        conn_resume(r->conn);
        assert_int_equal(r->got_n, i - 1); /* not inside the call */
        loop_turn(r->loop, false);
        assert_int_equal(r->got_n, i);
    }
    conn_resume(r->conn);
    settle(r);
    assert_int_equal(r->inputs, 3); /* nothing left to offer */
    assert_memory_equal(r->got, "abc", 3);
    rig_free(r);
}

static void
paused_again_before_the_end_of_the_turn_nothing_is_offered(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    r->on_input = take_one_and_pause;
    rig_send_all(r, "abc", 3);
    while (r->got_n < 1)
        rig_turn(r);
    conn_resume(r->conn);
    conn_pause(r->conn);
    settle(r);
    assert_int_equal(r->got_n, 1);
    conn_resume(r->conn);
    loop_turn(r->loop, false);
    assert_int_equal(r->got_n, 2);
    rig_free(r);
}

static void take_some_and_pause(struct rig *r, struct span *in)
{
    rig_take(r, in, in->n < 777 ? in->n : 777);
    conn_pause(r->conn);
    conn_resume(r->conn);
    conn_pause(r->conn);
}

static void pauses_at_every_offer_lose_nothing(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    enum { SOME = 300000 };
    size_t n = 0;

    r->on_input = take_some_and_pause;
    while (r->got_n < SOME) {
        if (n < SOME)
            n += rig_send(r, w->big + n, SOME - n);
        rig_turn(r);
        conn_resume(r->conn);
    }
    assert_memory_equal(r->got, w->big, SOME);
    rig_free(r);
}

/* Its turn comes while it queues for one: nothing is taken until the same block
 * is offered again. */
static void take_a_block_at_its_second_offer(struct rig *r, struct span *in)
{
    static uint64_t shown;

    if (in->n < INPUT)
        return;
    if (shown == conn_octets_in(r->conn)) {
        rig_take(r, in, in->n);
        return;
    }
    shown = conn_octets_in(r->conn);
    conn_pause(r->conn);
    conn_resume(r->conn);
}

static void a_full_block_is_offered_again_before_more_is_read(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    enum { LEFT = 1000, MORE = 2 * INPUT };

    r->on_input = take_a_block_at_its_second_offer;
    rig_send_all(r, w->big, LEFT); /* so that the block is full in mid-turn */
    settle(r);
    rig_send_all(r, w->big + LEFT, MORE - LEFT);
    while (r->got_n < MORE)
        rig_turn(r);
    assert_memory_equal(r->got, w->big, MORE);
    rig_free(r);
}

static void paused_input_does_not_hold_up_output(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    char text[5];

    conn_pause(r->conn);
    assert_int_equal(rig_put(r, "hello", 5), 0);
    rig_recv_all(r, text, 5);
    assert_memory_equal(text, "hello", 5);
    rig_free(r);
}

/* --- one thing leads to another --- */

static void echo(struct rig *r, struct span *in)
{
    assert_int_equal(rig_put(r, in->p, in->n), 0);
    rig_take(r, in, in->n);
}

static void an_echo_from_the_callback_comes_back(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    struct rig_world *w = *state;
    size_t n = 0, back = 0;

    r->on_input = echo;
    while (back < RIG_BIG) {
        if (n < RIG_BIG)
            n += rig_send(r, w->big + n, RIG_BIG - n);
        back += rig_recv(r, w->back + back, RIG_BIG - back);
        rig_turn(r);
    }
    assert_memory_equal(w->back, w->big, RIG_BIG);
    rig_free(r);
}

static void write_more(struct rig *r)
{
    if (conn_position(r->conn) < 5)
        assert_int_equal(rig_put(r, "x", 1), 0);
}

static void more_may_be_written_when_some_was_sent(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});
    char text[5];

    r->on_sent = write_more;
    assert_int_equal(rig_put(r, "x", 1), 0);
    rig_recv_all(r, text, 5);
    assert_memory_equal(text, "xxxxx", 5);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(what_the_peer_sends_is_offered),
        T(what_is_written_arrives_and_is_reported_sent),
        T(many_small_writes_go_out_as_one),
        T(bulk_goes_out_in_full_records),
        T(megabytes_cross_in_both_directions),
        T(octets_cross_one_by_one),
        T(what_is_written_before_and_while_opening_goes_out),
        T(input_that_comes_with_the_end_of_the_handshake_is_offered),
        T(past_the_bound_a_write_is_refused_whole),
        T(a_peer_that_does_not_read_holds_only_the_queue),
        T(a_turn_reads_no_more_than_its_share),
        T(a_resumed_one_reads_a_block_before_others_have_their_turn),
        T(a_leftover_is_offered_with_what_follows),
        T(a_leftover_may_grow_to_a_block),
        T(paused_nothing_is_read_or_offered),
        T(a_leftover_is_offered_again_after_resuming),
        T(paused_again_before_the_end_of_the_turn_nothing_is_offered),
        T(pauses_at_every_offer_lose_nothing),
        T(a_full_block_is_offered_again_before_more_is_read),
        T(paused_input_does_not_hold_up_output),
        T(an_echo_from_the_callback_comes_back),
        T(more_may_be_written_when_some_was_sent),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down);
}
