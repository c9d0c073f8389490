/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading no faster than the rate, over TCP and over TLS alike. Time is the
 * loop's own: nothing here waits but by turning it. */
/* test-wraps: read SSL_read_ex */
#include "conn.h"

#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

/* A tenth of a second's worth is the bucket. */
enum { SLOW = 10000, SLOW_BUCKET = 1000, SOME = 2100, REST_MS = 60 };

/* What is sent in a piece, one record over TLS, and what adds to it there. */
enum { PIECE = 300, RECORD_OVER = 22 };

/* The linker's --wrap leaves no room for a context. */
static unsigned reads;

ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n);
int __real_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done);
int __wrap_SSL_read_ex(SSL *ssl, void *p, size_t n, size_t *done);

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

/* What a rig may be offered, and what the test waits for; its ctx. */
struct allowance {
    uint64_t rate;
    uint64_t began_ms, in; /* from here on it is held against it */
    size_t wanted;
};

static void take_and_watch(struct rig *r, struct span *in)
{
    struct allowance *a = r->ctx;
    uint64_t now_ms = loop_now_ms(r->loop);

    rig_take(r, in, in->n);
    assert_true(conn_octets_in(r->conn) - a->in <=
                a->rate / 10 + a->rate * (now_ms - a->began_ms) / 1000);
}

static void count_from_here(struct rig *r)
{
    struct allowance *a = r->ctx;

    a->began_ms = loop_now_ms(r->loop);
    a->in = conn_octets_in(r->conn);
}

/* A rig whose every offer is held against the rate. */
static struct rig *open_limited(struct rig_world *w, struct allowance *a,
                                uint64_t rate)
{
    struct rig *r = rig_open(w, (struct rig_opts){.settings.rate = rate});

    *a = (struct allowance){.rate = rate};
    r->ctx = a;
    r->on_input = take_and_watch;
    count_from_here(r);
    return r;
}

static bool has_what_is_wanted(struct rig *r)
{
    const struct allowance *a = r->ctx;

    return r->got_n >= a->wanted;
}

static void until_got(struct rig *r, size_t n)
{
    struct allowance *a = r->ctx;

    a->wanted = n;
    rig_until(r, has_what_is_wanted);
}

static void send_pieces(struct rig *r, const char *p, size_t n, size_t piece)
{
    for (size_t i = 0; i < n; i += piece)
        assert_int_equal(rig_send(r, p + i, piece), piece);
}

/* The same, with SOME octets on their way and the first bucket of them taken:
 * it rests. */
static struct rig *open_resting(struct rig_world *w, struct allowance *a)
{
    struct rig *r = open_limited(w, a, SLOW);

    send_pieces(r, w->big, SOME, PIECE);
    until_got(r, SLOW_BUCKET - 2 * PIECE);
    assert_true(r->got_n < SOME);
    return r;
}

static void turn_for(struct rig *r, uint64_t ms)
{
    uint64_t until_ms = loop_now_ms(r->loop) + ms;

    while (loop_now_ms(r->loop) < until_ms)
        rig_turn(r);
}

/* --- how fast --- */

static void no_more_is_offered_than_the_rate_and_a_bucket_allow(void **state)
{
    enum { RATE = 2000000, ALL = 400000 };
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_limited(w, &a, RATE);
    size_t n = 0;

    while (n < ALL) {
        n += rig_send(r, w->big + n, ALL - n);
        rig_turn(r);
    }
    until_got(r, ALL);
    /* The bucket was full to begin with. */
    assert_true(loop_now_ms(r->loop) - a.began_ms >=
                (ALL - RATE / 10) / (RATE / 1000));
    assert_memory_equal(r->got, w->big, ALL);
    assert_int_equal(conn_octets_in(r->conn), r->ssl ? rig_wire_sent(r) : ALL);
    rig_free(r);
}

static void silence_saves_up_no_more_than_a_bucket(void **state)
{
    enum { RATE = 200000, ALL = 30000 };
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_limited(w, &a, RATE);

    assert_int_equal(rig_send(r, w->big, 1), 1);
    until_got(r, 1);
    turn_for(r, 150);
    r->got_n = 0;
    count_from_here(r);
    rig_send_all(r, w->big, ALL);
    until_got(r, ALL);
    assert_memory_equal(r->got, w->big, ALL);
    rig_free(r);
}

static void few_octets_a_second_still_arrive(void **state)
{
    struct allowance a;
    struct rig *r = open_limited(*state, &a, 100);

    send_pieces(r, "abc", 3, 1);
    until_got(r, 3);
    assert_memory_equal(r->got, "abc", 3);
    rig_free(r);
}

/* --- while it rests --- */

static void what_waits_is_read_in_few_pieces_after_each_rest(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_resting(w, &a);

    reads = 0;
    until_got(r, SOME); /* the peer need not send more */
    assert_memory_equal(r->got, w->big, SOME);
    assert_true(reads < 20); /* not one for each octet that is allowed */
    rig_free(r);
}

static void output_does_not_rest(void **state)
{
    struct allowance a;
    struct rig *r = open_resting(*state, &a);
    char text[5];
    size_t n = 0;

    assert_int_equal(rig_put(r, "hello", 5), 0);
    while (r->got_n < SOME && n < 5) {
        n += rig_recv(r, text + n, sizeof text - n);
        rig_turn(r);
    }
    assert_int_equal(n, 5);
    assert_memory_equal(text, "hello", 5);
    rig_free(r);
}

static void a_pause_outlasts_the_rest(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_resting(w, &a);
    size_t before = r->got_n;

    conn_pause(r->conn);
    turn_for(r, REST_MS);
    assert_int_equal(r->got_n, before);
    conn_resume(r->conn);
    until_got(r, SOME);
    assert_memory_equal(r->got, w->big, SOME);
    rig_free(r);
}

static void resuming_does_not_cut_the_rest_short(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_resting(w, &a);

    while (r->got_n < SOME) {
        conn_pause(r->conn);
        conn_resume(r->conn);
        rig_turn(r);
    }
    assert_memory_equal(r->got, w->big, SOME);
    rig_free(r);
}

static void leave_a_part_and_watch(struct rig *r, struct span *in)
{
    size_t left = in->n % 100;
    struct span part = span_of(in->p, in->n - left);

    take_and_watch(r, &part);
    *in = span_from(*in, in->n - left);
}

static void a_leftover_waits_for_what_follows(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_limited(w, &a, SLOW);

    r->on_input = leave_a_part_and_watch;
    rig_send_all(r, w->big, SOME);
    until_got(r, SOME);
    assert_memory_equal(r->got, w->big, SOME);
    rig_free(r);
}

static void one_may_be_closed_while_it_rests(void **state)
{
    struct allowance a;
    struct rig *r = open_resting(*state, &a);

    conn_close(r->conn);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    turn_for(r, REST_MS);
    assert_int_equal(r->closes, 1);
    rig_free(r);
}

static void close_when_taken(struct rig *r, struct span *in)
{
    rig_take(r, in, in->n);
    conn_close(r->conn);
}

static void one_may_be_closed_by_the_offer_that_empties_the_bucket(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_limited(w, &a, SLOW);
    size_t n;

    r->on_input = close_when_taken;
    n = SLOW_BUCKET - (w->tls ? RECORD_OVER : 0);
    send_pieces(r, w->big, 2 * n, n);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->got_n, n);
    turn_for(r, REST_MS);
    assert_int_equal(r->closes, 1);
    rig_free(r);
}

static void finishing_while_it_rests_says_all_and_ends(void **state)
{
    struct allowance a;
    struct rig *r = open_resting(*state, &a);
    size_t before = r->got_n;
    char text[5];

    assert_int_equal(rig_put(r, "bye..", 5), 0);
    conn_finish(r->conn);
    rig_recv_all(r, text, 5);
    assert_memory_equal(text, "bye..", 5);
    turn_for(r, REST_MS);
    assert_int_equal(r->got_n, before); /* no more is offered */
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

static void a_peer_that_leaves_is_heard_out_first(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_resting(w, &a);

    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_EOF);
    assert_int_equal(r->got_n, SOME);
    assert_memory_equal(r->got, w->big, SOME);
    rig_free(r);
}

/* P-23: who waits for an answer does not count this time. */
static void the_time_of_rests_is_counted_once(void **state)
{
    struct rig_world *w = *state;
    struct allowance a;
    struct rig *r = open_resting(w, &a);
    uint64_t held_ms;

    while (conn_held_ms(r->conn) == 0)
        rig_turn(r);
    conn_pause(r->conn); /* its owner counts that itself */
    held_ms = conn_held_ms(r->conn);
    turn_for(r, 2 * REST_MS);
    assert_int_equal(conn_held_ms(r->conn), held_ms);
    conn_resume(r->conn);
    until_got(r, SOME);
    turn_for(r, 2 * REST_MS); /* the last rest is over, nothing more to read */
    held_ms = conn_held_ms(r->conn);
    turn_for(r, 2 * REST_MS);
    assert_int_equal(conn_held_ms(r->conn), held_ms);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(no_more_is_offered_than_the_rate_and_a_bucket_allow),
        T(silence_saves_up_no_more_than_a_bucket),
        T(few_octets_a_second_still_arrive),
        T(what_waits_is_read_in_few_pieces_after_each_rest),
        T(output_does_not_rest),
        T(a_pause_outlasts_the_rest),
        T(resuming_does_not_cut_the_rest_short),
        T(a_leftover_waits_for_what_follows),
        T(one_may_be_closed_while_it_rests),
        T(one_may_be_closed_by_the_offer_that_empties_the_bucket),
        T(finishing_while_it_rests_says_all_and_ends),
        T(a_peer_that_leaves_is_heard_out_first),
        T(the_time_of_rests_is_counted_once),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down);
}
