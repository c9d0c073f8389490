/* SPDX-License-Identifier: BSD-2-Clause */
/* How many handshakes go on at the same time. */
/* test-wraps: SSL_do_handshake */
#include "net.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

enum { MOST = 512, PER_TURN = 16, MANY = MOST + 8 };

/* The linker's --wrap leaves no room for a context. */
static unsigned begun;
static bool has_begun[4 * MANY]; /* by descriptor */

int __real_SSL_do_handshake(SSL *ssl);
int __wrap_SSL_do_handshake(SSL *ssl);

/* Each session is called once: its peer says one record and no more. */
int __wrap_SSL_do_handshake(SSL *ssl)
{
    begun++;
    has_begun[SSL_get_fd(ssl)] = true;
    return __real_SSL_do_handshake(ssl);
}

struct crowd {
    struct loop *loop;
    struct net *net;
    struct tls_files *files;
    struct tls_ctx *tls;
    struct conn *conns[MANY];
    int fds[MANY], peers[MANY]; /* both ends */
    int n;
};

static void on_nothing(void *ctx)
{
    (void)ctx;
    fail();
}

static void on_input(void *ctx, struct span *in)
{
    (void)ctx;
    (void)in;
    fail();
}

static void on_sent(void *ctx, uint64_t position)
{
    (void)ctx;
    (void)position;
    fail();
}

static void on_closed(void *ctx, enum conn_why why)
{
    struct conn **place = ctx;

    (void)why;
    *place = NULL;
}

static const struct conn_ops ops = {.open = on_nothing,
                                    .input = on_input,
                                    .sent = on_sent,
                                    .closed = on_closed};

static int set_up_group(void **state)
{
    struct crowd *c = calloc(1, sizeof *c);

    assert_non_null(c);
    c->files = tls_files_new();
    assert_non_null(c->files);
    c->tls = rig_server_ctx(c->files, false);
    *state = c;
    return 0;
}

static int tear_down_group(void **state)
{
    struct crowd *c = *state;

    tls_ctx_unref(c->tls);
    tls_files_free(c->files);
    free(c);
    return 0;
}

static int set_up(void **state)
{
    static const struct net_settings settings = {.input_size = 4096,
                                                 .read_per_turn = 4096,
                                                 .output_max = 4096,
                                                 .handshake_ms = 60000,
                                                 .stall_ms = 60000};
    struct crowd *c = *state;

    assert_int_equal(loop_new(&c->loop), 0);
    assert_int_equal(net_new(&c->net, c->loop, &settings), 0);
    c->n = 0;
    begun = 0;
    return 0;
}

static int tear_down(void **state)
{
    struct crowd *c = *state;

    for (int i = 0; i < c->n; i++) {
        if (c->conns[i])
            conn_close(c->conns[i]);
        close(c->peers[i]);
    }
    net_free(c->net);
    loop_free(c->loop);
    return 0;
}

/* n more connections from an address, whose peers have begun to say hello. */
static void arrive_from(struct crowd *c, int n, const char *host)
{
    struct addr from;

    assert_int_equal(addr_parse(&from, span_str(host), 0), 0);
    for (; n; n--, c->n++) {
        struct conn_from accepted = {.peer = &from, .tls = c->tls};
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX,
                                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                    0, pair),
                         0);
        assert_int_equal(write(pair[1], "\x16\3\1\0\1\1", 6), 6);
        assert_true(pair[0] < 4 * MANY);
        has_begun[pair[0]] = false;
        c->fds[c->n] = pair[0];
        c->peers[c->n] = pair[1];
        accepted.fd = pair[0];
        assert_int_equal(conn_accept(&c->conns[c->n], c->net, &accepted, &ops,
                                     &c->conns[c->n]),
                         0);
    }
}

static void arrive(struct crowd *c, int n)
{
    arrive_from(c, n, "192.0.2.1");
}

static void turn(struct crowd *c, int times)
{
    while (times--)
        loop_turn(c->loop, false);
}

/* Lets as many arrive as may begin, and some more. */
static void overcrowd(struct crowd *c)
{
    enum { NEEDED = 2 * MANY + 64 };
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < NEEDED) /* root may have more */
        limit.rlim_max = NEEDED;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        skip();
    arrive(c, MANY);
    turn(c, MANY / PER_TURN + 20);
}

static void a_turn_begins_only_a_few(void **state)
{
    struct crowd *c = *state;

    arrive(c, 2 * PER_TURN + 8);
    turn(c, 1);
    assert_int_equal(begun, PER_TURN);
    turn(c, 1);
    assert_int_equal(begun, 2 * PER_TURN);
    turn(c, 5);
    assert_int_equal(begun, 2 * PER_TURN + 8);
}

/* S-23 */
static void addresses_take_turns(void **state)
{
    struct crowd *c = *state;

    arrive(c, 3 * PER_TURN);
    turn(c, 1);
    assert_int_equal(begun, PER_TURN);
    arrive_from(c, 3, "192.0.2.2");
    arrive_from(c, 1, "2001:db8::1");
    turn(c, 1);
    for (int i = 3 * PER_TURN; i < c->n; i++)
        assert_true(has_begun[c->fds[i]]);
    turn(c, 10);
    assert_int_equal(begun, c->n);
}

static void past_the_bound_they_wait_until_others_are_slow(void **state)
{
    struct crowd *c = *state;
    uint64_t begun_ms = loop_now_ms(c->loop);

    overcrowd(c);
    if (loop_now_ms(c->loop) - begun_ms < 400) /* else it is too late to see */
        assert_int_equal(begun, MOST);
    while (begun < MANY)
        loop_turn(c->loop, true);
    assert_true(loop_now_ms(c->loop) - begun_ms >= 499);
    for (int i = 0; i < MANY; i++)
        assert_non_null(c->conns[i]);
}

static void one_that_ends_makes_room(void **state)
{
    struct crowd *c = *state;

    overcrowd(c);
    conn_close(c->conns[0]);
    turn(c, 3);
    assert_true(begun > MOST);
}

static void who_is_closed_while_waiting_never_begins(void **state)
{
    struct crowd *c = *state;
    uint64_t begun_ms = loop_now_ms(c->loop);
    unsigned before;

    overcrowd(c);
    before = begun; /* MOST, and more of them on a slow machine */
    for (int i = 0; i < MANY; i++)
        if (!has_begun[c->fds[i]])
            conn_close(c->conns[i]);
    while (loop_now_ms(c->loop) - begun_ms < 600)
        loop_turn(c->loop, false);
    assert_int_equal(begun, before);
}

/* --- what a place is for --- */

static bool is_queued_or_on(struct rig *r)
{
    return begun > 0 || r->closes;
}

/* S-23 */
static void an_octet_gets_no_place(void **state)
{
    static const char record[] = "\x16\3\1\0\4\1\0\0\1";
    struct crowd *c = *state;
    struct rig *r =
        rig_new(&(struct rig_opts){.tls = c->tls, .no_hello = true});

    begun = 0;
    for (size_t i = 0; i < sizeof record - 2; i++) {
        assert_int_equal(rig_send(r, record + i, 1), 1);
        for (int k = 0; k < 5; k++)
            rig_turn(r);
        assert_int_equal(begun, 0);
    }
    assert_int_equal(rig_send(r, record + sizeof record - 2, 1), 1);
    rig_until(r, is_queued_or_on);
    assert_int_equal(begun, 1);
    rig_free(r);
}

/* It must not keep the loop awake until its time is over. */
static void half_a_hello_and_the_end_is_an_end(void **state)
{
    struct crowd *c = *state;
    struct rig *r =
        rig_new(&(struct rig_opts){.tls = c->tls, .no_hello = true});

    assert_int_equal(rig_send(r, "\x16\3\1", 3), 3);
    for (int k = 0; k < 5; k++)
        rig_turn(r);
    rig_hang_up(r);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_EOF);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_turn_begins_only_a_few),
        T(addresses_take_turns),
        T(past_the_bound_they_wait_until_others_are_slow),
        T(one_that_ends_makes_room),
        T(who_is_closed_while_waiting_never_begins),
        T(an_octet_gets_no_place),
        T(half_a_hello_and_the_end_is_an_end),
    };

    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
