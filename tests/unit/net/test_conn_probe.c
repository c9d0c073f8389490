/* SPDX-License-Identifier: BSD-2-Clause */
/* Is the peer still there (S-2, S-19)? What the kernel says about its ACKs is
 * the test's. */
/* test-wraps: getsockopt setsockopt */
#include "conn.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "cmocka_all.h"
#include "rig.h"

enum { DEAD_AFTER_MS = 1200 };

/* The linker's --wrap leaves no room for a context. */
static unsigned silent_ms;
static unsigned asked; /* TCP_INFO */
static unsigned unacked, probes;
static int keep_idle; /* TCP_KEEPIDLE, as set last */

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __real_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t n);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t n);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
    int ret = __real_getsockopt(fd, level, name, value, n);

    if (level == IPPROTO_TCP && name == TCP_INFO) {
        struct tcp_info *info = value;

        info->tcpi_last_ack_recv = silent_ms;
        info->tcpi_unacked = unacked;
        info->tcpi_probes = (unsigned char)probes;
        asked++;
    }
    return ret;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value,
                      socklen_t n)
{
    if (level == IPPROTO_TCP && name == TCP_KEEPIDLE)
        keep_idle = *(const int *)value;
    return __real_setsockopt(fd, level, name, value, n);
}

static struct rig *open_rig(void **state, uint64_t dead_after_ms,
                            unsigned silent)
{
    silent_ms = silent;
    asked = 0;
    return rig_open(
        *state, (struct rig_opts){.settings = {.dead_after_ms = dead_after_ms,
                                               .sock.keepalive_s = 60}});
}

static void turn_for(struct rig *r, uint64_t ms)
{
    uint64_t until_ms = loop_now_ms(r->loop) + ms;

    while (!r->closes && loop_now_ms(r->loop) < until_ms)
        rig_turn(r);
}

static void a_peer_without_an_ack_is_dead(void **state)
{
    struct rig *r = open_rig(state, DEAD_AFTER_MS, DEAD_AFTER_MS);

    conn_probe(r->conn);
    turn_for(r, DEAD_AFTER_MS / 2);
    assert_int_equal(r->closes, 0);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_DEAD);
    assert_string_equal(conn_why_text(r->why), "dead");
    rig_free(r);
}

static void a_peer_that_answers_stays_and_is_asked_no_more(void **state)
{
    struct rig *r = open_rig(state, DEAD_AFTER_MS, 0);

    conn_probe(r->conn);
    assert_int_equal(keep_idle, 1); /* it is made to speak */
    conn_probe(r->conn);            /* no-op */
    turn_for(r, DEAD_AFTER_MS + 100);
    assert_int_equal(r->closes, 0);
    assert_int_equal(asked, 1);
    assert_int_equal(keep_idle, 60); /* as before */
    rig_free(r);
}

static void nobody_is_probed_where_it_is_off(void **state)
{
    struct rig *r = open_rig(state, 0, DEAD_AFTER_MS);

    conn_probe(r->conn);
    turn_for(r, DEAD_AFTER_MS + 100);
    assert_int_equal(r->closes, 0);
    assert_int_equal(asked, 0);
    rig_free(r);
}

static void one_may_be_closed_while_it_is_probed(void **state)
{
    struct rig *r = open_rig(state, DEAD_AFTER_MS, DEAD_AFTER_MS);

    conn_probe(r->conn);
    conn_close(r->conn);
    turn_for(r, DEAD_AFTER_MS + 100);
    assert_int_equal(r->closes, 1);
    assert_int_equal(r->why, CONN_WHY_LOCAL);
    rig_free(r);
}

/* S-19: without anybody who needs its place. */
static void who_owes_an_ack_for_long_is_dead(void **state)
{
    static const struct {
        unsigned unacked, probes, silent_ms;
        bool is_dead;
    } cases[] = {
        {0, 0, 100 * DEAD_AFTER_MS, false},
        {1, 0, 4 * DEAD_AFTER_MS - 1, false},
        {1, 0, 4 * DEAD_AFTER_MS, true},
        {0, 1, 4 * DEAD_AFTER_MS, true}, /* a closed window, unanswered */
        {0, 1, 100, false},              /* ... answered */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = open_rig(state, DEAD_AFTER_MS, cases[i].silent_ms);

        unacked = cases[i].unacked;
        probes = cases[i].probes;
        conn_sweep(r->conn);
        assert_int_equal(r->closes, cases[i].is_dead);
        if (cases[i].is_dead)
            assert_int_equal(r->why, CONN_WHY_DEAD);
        rig_free(r);
    }
}

/* A keepalive goes out after a second: less time than that shows nothing. */
static void a_short_time_kills_no_peer_that_lives(void **state)
{
    struct rig *r = open_rig(state, 100, 600);

    conn_probe(r->conn);
    turn_for(r, 1300);
    assert_int_equal(r->closes, 0);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(a_peer_without_an_ack_is_dead),
        T(a_peer_that_answers_stays_and_is_asked_no_more),
        T(who_owes_an_ack_for_long_is_dead),
        T(a_short_time_kills_no_peer_that_lives),
        T(nobody_is_probed_where_it_is_off),
        T(one_may_be_closed_while_it_is_probed),
    };

    return cmocka_run_group_tests_name("over tcp", tests, rig_set_up_tcp,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tls", tests, rig_set_up_tls,
                                       rig_tear_down);
}
