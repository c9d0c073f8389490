/* SPDX-License-Identifier: BSD-2-Clause */
/* What a TLS connection costs is counted on the wire (S-18). */
/* test-wraps: write read */
#include "conn.h"

#include <openssl/err.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "raw_records.h"
#include "rig.h"

/* The linker's --wrap leaves no room for a context. */
static unsigned writes, reads;

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n);

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    writes++;
    return __real_write(fd, p, n);
}

ssize_t __wrap_read(int fd, void *p, size_t n)
{
    reads++;
    return __real_read(fd, p, n);
}

static void settle(struct rig *r)
{
    for (int i = 0; i < 5; i++)
        rig_turn(r);
}

/* --- records without data --- */

static void update_keys(struct rig *r, int times)
{
    for (int i = 0; i < times; i++) {
        assert_int_equal(SSL_key_update(r->ssl, SSL_KEY_UPDATE_NOT_REQUESTED),
                         1);
        assert_int_equal(SSL_do_handshake(r->ssl), 1);
    }
}

static bool has_some(struct rig *r)
{
    return r->got_n > 0;
}

static void a_few_key_updates_in_a_row_are_taken(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    for (int i = 0; i < 3; i++) {
        r->got_n = 0;
        update_keys(r, 32);
        assert_int_equal(rig_send(r, "x", 1), 1);
        rig_until(r, has_some);
    }
    assert_int_equal(r->closes, 0);
    rig_free(r);
}

static void more_key_updates_end_the_connection(void **state)
{
    struct rig *r = rig_open(*state, (struct rig_opts){0});

    update_keys(r, 40);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_TLS);
    rig_free(r);
}

/* A client of TLS 1.2 whose every attempt is refused with a warning. */
static void so_do_attempts_to_renegotiate(void **state)
{
    struct rig_world *w = *state;
    SSL_CTX *client = rig_client_ctx();
    struct rig *r;

    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    r = rig_open(w, (struct rig_opts){.client = client});
    for (int i = 0; i < 100 && !r->closes; i++) {
        ERR_clear_error();
        (void)SSL_renegotiate(r->ssl);
        (void)SSL_do_handshake(r->ssl);
        loop_turn(r->loop, false);
    }
    assert_int_equal(r->closes, 1);
    rig_free(r);
    SSL_CTX_free(client);
}

static bool has_three(struct rig *r)
{
    return r->got_n == 3;
}

/* OpenSSL writes none. */
static void so_do_empty_records(void **state)
{
    struct raw_records raw;
    unsigned char out[RAW_RECORDS_OVER + 1];
    SSL_CTX *client = rig_client_ctx();
    struct rig *r;

    raw_records_watch(&raw, client);
    r = rig_open(*state, (struct rig_opts){.client = client});
    raw_records_begin(&raw);
    for (int i = 0; i < 3 * 33; i++) {
        size_t n = raw_records_make(&raw, out, "x", i % 33 == 32);

        assert_int_equal(write(r->fd, out, n), n);
    }
    rig_until(r, has_three);
    assert_int_equal(r->closes, 0);
    for (int i = 0; i < 34; i++)
        assert_int_equal(write(r->fd, out, raw_records_make(&raw, out, "", 0)),
                         RAW_RECORDS_OVER);
    rig_until(r, rig_is_closed);
    assert_int_equal(r->why, CONN_WHY_TLS);
    rig_free(r);
    raw_records_end(&raw);
    SSL_CTX_free(client);
}

/* All connections of a net share one BIO: each octet of a record finds the
 * other connection's record, and answer, in between. */
static void records_in_pieces_stay_with_their_connection(void **state)
{
    struct raw_records raw;
    unsigned char out[RAW_RECORDS_OVER + 1];
    SSL_CTX *client = rig_client_ctx();
    struct rig *a, *b;
    size_t n;
    char back;

    raw_records_watch(&raw, client);
    a = rig_open(*state, (struct rig_opts){.client = client});
    raw_records_begin(&raw);
    b = rig_open(*state, (struct rig_opts){.beside = a});
    n = raw_records_make(&raw, out, "a", 1);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(write(a->fd, out + i, 1), 1);
        rig_turn(a);
        rig_send_all(b, "b", 1);
        assert_int_equal(rig_put(b, "c", 1), 0);
        rig_recv_all(b, &back, 1);
        assert_int_equal(back, 'c');
    }
    rig_until(a, has_some);
    assert_memory_equal(a->got, "a", 1);
    while (b->got_n < n)
        rig_turn(b);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(b->got[i], 'b');
    assert_int_equal(conn_octets_in(b->conn), rig_wire_sent(b));
    rig_free(b);
    rig_free(a);
    raw_records_end(&raw);
    SSL_CTX_free(client);
}

/* --- budgets --- */

static void a_turn_takes_its_share_off_the_wire(void **state)
{
    enum { SHARE = 4096, RECORDS = 2000 };
    struct rig *r =
        rig_open(*state, (struct rig_opts){.settings.read_per_turn = SHARE});
    uint64_t most = 0;

    for (int i = 0; i < RECORDS; i++)
        assert_int_equal(rig_send(r, "x", 1), 1);
    while (r->got_n < RECORDS) {
        uint64_t before = conn_octets_in(r->conn);

        loop_turn(r->loop, false);
        if (conn_octets_in(r->conn) - before > most)
            most = conn_octets_in(r->conn) - before;
    }
    assert_in_range(most, 1, SHARE);
    assert_int_equal(conn_octets_in(r->conn), rig_wire_sent(r));
    rig_free(r);
}

static void a_turn_takes_few_records_however_small(void **state)
{
    enum { RECORDS = 2000, STEPS = 512 };
    struct rig *r =
        rig_open(*state, (struct rig_opts){.settings.read_per_turn = 1 << 20});
    size_t most = 0;

    for (int i = 0; i < RECORDS; i++)
        assert_int_equal(rig_send(r, "x", 1), 1);
    while (r->got_n < RECORDS) {
        size_t before = r->got_n;

        loop_turn(r->loop, false);
        if (r->got_n - before > most)
            most = r->got_n - before;
    }
    assert_in_range(most, 1, 2 * STEPS); /* what waited, and what came */
    rig_free(r);
}

static void a_turn_takes_fewer_without_data(void **state)
{
    enum { ROUNDS = 20 };
    struct rig *r =
        rig_open(*state, (struct rig_opts){.settings.read_per_turn = 1 << 20});
    size_t most = 0;

    for (int i = 0; i < ROUNDS; i++) {
        update_keys(r, 32);
        assert_int_equal(rig_send(r, "x", 1), 1);
    }
    while (r->got_n < ROUNDS) {
        size_t before = r->got_n;

        loop_turn(r->loop, false);
        if (r->got_n - before > most)
            most = r->got_n - before;
    }
    assert_in_range(most, 1, 2); /* what waited, and what came */
    rig_free(r);
}

/* --- system calls --- */

static void many_records_are_written_by_one_call(void **state)
{
    enum { SIZE = 7 * 16384 };
    struct rig_world *w = *state;
    struct rig *r =
        rig_open(w, (struct rig_opts){.settings.sock.send_buffer = 1 << 20,
                                      .client_receive = 1 << 20});

    settle(r);
    writes = 0;
    assert_int_equal(rig_put(r, w->big, SIZE), 0);
    loop_turn(r->loop, false);
    assert_int_equal(writes, 1);
    rig_recv_all(r, w->back, SIZE);
    assert_memory_equal(w->back, w->big, SIZE);
    rig_free(r);
}

/* More than one block of them: the second is not kept for another turn. */
static void a_turn_writes_all_its_records(void **state)
{
    enum { RECORDS = 14 };
    struct rig *r = rig_open(
        *state, (struct rig_opts){.client_receive = 1 << 20,
                                  .settings.sock.send_buffer = 1 << 20});
    struct rig_world *w = *state;

    settle(r);
    writes = 0;
    assert_int_equal(rig_put(r, w->big, RECORDS * 16384), 0);
    loop_turn(r->loop, false);
    assert_int_equal(writes, 2);
    assert_int_equal(conn_queued(r->conn), 0);
    rig_recv_all(r, w->back, RECORDS * 16384);
    assert_memory_equal(w->back, w->big, RECORDS * 16384);
    rig_free(r);
}

static void leave_one(struct rig *r, struct span *in)
{
    rig_take(r, in, in->n - 1);
}

static bool is_nearly_done(struct rig *r)
{
    return r->got_n == 4 * 65536 - 1;
}

/* A block that is one octet short of the turn's share, because of a leftover,
 * is no reason for a system call for one octet. */
static void no_call_fetches_a_single_octet(void **state)
{
    struct rig_world *w = *state;
    struct rig *r =
        rig_open(w, (struct rig_opts){.settings = {.input_size = 65536,
                                                   .read_per_turn = 65536}});
    size_t n = 0;

    r->on_input = leave_one;
    conn_pause(r->conn);
    while (n < (size_t)4 * 65536)
        n += rig_send(r, w->big + n, (size_t)4 * 65536 - n);
    settle(r);
    reads = 0;
    conn_resume(r->conn);
    rig_until(r, is_nearly_done);
    assert_in_range(reads, 1, 7);
    rig_free(r);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest over_tls[] = {
        T(a_few_key_updates_in_a_row_are_taken),
        T(more_key_updates_end_the_connection),
        T(so_do_attempts_to_renegotiate),
        T(so_do_empty_records),
        T(records_in_pieces_stay_with_their_connection),
        T(a_turn_takes_its_share_off_the_wire),
        T(a_turn_takes_few_records_however_small),
        T(a_turn_takes_fewer_without_data),
        T(many_records_are_written_by_one_call),
        T(a_turn_writes_all_its_records),
    };
    const struct CMUnitTest over_tcp[] = {
        T(no_call_fetches_a_single_octet),
    };

    return cmocka_run_group_tests_name("over tls", over_tls, rig_set_up_tls,
                                       rig_tear_down) +
           cmocka_run_group_tests_name("over tcp", over_tcp, rig_set_up_tcp,
                                       rig_tear_down);
}
