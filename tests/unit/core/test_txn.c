/* SPDX-License-Identifier: BSD-2-Clause */
#include "txn.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "oom.h"
#include "texts.h"

enum { NOW_MS = 1000000, TIMEOUT_MS = 30000 };

struct bench {
    struct pending_send_pool heads;
    struct txns txns;
    struct fake_link a, b;
    struct pending_send *head;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct span own = SPAN("msrps://r:1/own;tcp");
    struct msg m = msg_of("MSRP abcd SEND\r\nTo-Path: msrps://r:1/own;tcp\r\n"
                          "From-Path: msrps://a:1/a;tcp\r\nMessage-ID: 1\r\n");

    assert_non_null(b);
    pending_send_pool_init(&b->heads, 4);
    assert_int_equal(
        txns_init(&b->txns, (uint64_t[2]){1, 2}, &b->heads, TIMEOUT_MS), 0);
    fake_link_init(&b->a, 1);
    fake_link_init(&b->b, 2);
    b->head = pending_send_new(&b->heads, &m, SPAN("msrps://b:1/b;tcp"), &own,
                               1, SPAN("own"), 1);
    assert_non_null(b->head);
    *state = b;
    return 0;
}

static void drop_all(struct bench *b, struct list *l)
{
    struct list *m;

    while ((m = list_first(l)))
        txn_drop(&b->txns, CONTAINER(m, struct txn, of_link));
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    drop_all(b, &b->a.link.txns.unsent);
    drop_all(b, &b->a.link.txns.sent);
    drop_all(b, &b->b.link.txns.unsent);
    drop_all(b, &b->b.link.txns.sent);
    assert_int_equal(b->a.link.txns.n + b->b.link.txns.n, 0);
    pending_send_unref(&b->heads, b->head);
    assert_int_equal(b->heads.pool.taken, 0);
    txns_fini(&b->txns);
    pending_send_pool_fini(&b->heads);
    fake_link_fini(&b->a);
    fake_link_fini(&b->b);
    free(b);
    return 0;
}

static const char *tid_of(char *dst, unsigned i)
{
    (void)snprintf(dst, TID_LEN + 1, "tid%013u", i);
    return dst;
}

/* A SEND goes out on `f` whole: so many octets more are in its output. */
static struct txn *sent(struct bench *b, struct fake_link *f, unsigned i,
                        size_t octets)
{
    char tid[TID_LEN + 1];
    struct txn *x = txn_open(&b->txns, &f->link, tid_of(tid, i), b->head, 1);

    assert_non_null(x);
    f->out_n += octets;
    txn_close(x, octets);
    return x;
}

static struct txn *find(struct bench *b, struct fake_link *f, unsigned i)
{
    char tid[TID_LEN + 1];

    return txn_find(&b->txns, &f->link, span_str(tid_of(tid, i)));
}

static void taken(struct bench *b, struct fake_link *f, size_t octets,
                  uint64_t now_ms)
{
    f->taken += octets;
    txns_sent(&b->txns, &f->link, f->taken, now_ms);
}

static struct txn *expired(struct bench *b, uint64_t now_ms)
{
    return txns_expired(&b->txns, now_ms);
}

/* --- finding --- */

static void one_is_found_by_link_and_tid(void **state)
{
    struct bench *b = *state;
    struct txn *x = sent(b, &b->a, 1, 10);

    assert_ptr_equal(find(b, &b->a, 1), x);
    assert_null(find(b, &b->b, 1));
    assert_null(find(b, &b->a, 2));
    assert_null(txn_find(&b->txns, &b->a.link, SPAN("tid")));
    assert_null(txn_find(&b->txns, &b->a.link, SPAN("")));
}

static void what_is_dropped_is_not_found(void **state)
{
    struct bench *b = *state;

    txn_drop(&b->txns, sent(b, &b->a, 1, 10));
    assert_null(find(b, &b->a, 1));
    assert_int_equal(b->txns.count, 0);
    assert_int_equal(b->a.link.txns.n, 0);
}

static void thousands_are_found(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 5000; i++)
        (void)sent(b, i % 2 ? &b->a : &b->b, i, 1);
    for (unsigned i = 0; i < 5000; i++) {
        assert_non_null(find(b, i % 2 ? &b->a : &b->b, i));
        assert_null(find(b, i % 2 ? &b->b : &b->a, i));
    }
    assert_int_equal(b->txns.count, 5000);
    assert_int_equal(b->head->refs, 5001);
}

/* At most 200 octets each, besides the heads. */
static void one_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct txn) <= 200);
}

static void a_request_keeps_the_way_back(void **state)
{
    struct bench *b = *state;
    struct txn_back back = {.in_number = 7, .is_auth = true, .tid_n = 3};
    char tid[TID_LEN + 1];
    struct txn *x;

    memcpy(back.tid, "abc", 3);
    x = txn_request(&b->txns, &b->a.link, tid_of(tid, 1), &back);
    assert_non_null(x);
    back.in_number = 8;
    assert_int_equal(x->back->in_number, 7);
    assert_memory_equal(x->back->tid, "abc", 3);
    assert_null(x->head);
    txn_close(x, 0);
}

/* --- the clock (R4976-6.4.1-c; RFC 4975, trap 15) --- */

static void the_clock_starts_when_the_last_octet_is_taken(void **state)
{
    struct bench *b = *state;
    struct txn *x = sent(b, &b->a, 1, 10);

    taken(b, &b->a, 9, NOW_MS);
    assert_null(expired(b, NOW_MS + 10 * TIMEOUT_MS));
    taken(b, &b->a, 1, NOW_MS + 5000);
    assert_null(expired(b, NOW_MS + 5000 + TIMEOUT_MS - 1));
    assert_ptr_equal(expired(b, NOW_MS + 5000 + TIMEOUT_MS), x);
    /* It stays until it is dropped. */
    assert_ptr_equal(expired(b, NOW_MS + 5000 + TIMEOUT_MS), x);
    txn_drop(&b->txns, x);
    assert_null(expired(b, NOW_MS + 5000 + TIMEOUT_MS));
}

static void an_open_chunk_has_no_clock(void **state)
{
    struct bench *b = *state;
    char tid[TID_LEN + 1];
    struct txn *x = txn_open(&b->txns, &b->a.link, tid_of(tid, 1), b->head, 1);

    assert_non_null(x);
    b->a.out_n += 100;
    taken(b, &b->a, 100, NOW_MS);
    assert_null(expired(b, NOW_MS + 10 * TIMEOUT_MS));
    b->a.out_n += 20;
    txn_close(x, 90);
    taken(b, &b->a, 20, NOW_MS + 10 * TIMEOUT_MS);
    assert_null(expired(b, NOW_MS + 10 * TIMEOUT_MS));
    assert_ptr_equal(expired(b, NOW_MS + 11 * TIMEOUT_MS), x);
}

static void they_expire_in_the_order_in_which_they_were_taken(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 10; i++)
        (void)sent(b, &b->a, i, 10);
    for (unsigned i = 0; i < 10; i++)
        taken(b, &b->a, 10, NOW_MS + i * 100);
    for (unsigned i = 0; i < 10; i++) {
        struct txn *x;

        assert_null(expired(b, NOW_MS + i * 100 + TIMEOUT_MS - 1));
        x = expired(b, NOW_MS + i * 100 + TIMEOUT_MS);
        assert_ptr_equal(x, find(b, &b->a, i));
        txn_drop(&b->txns, x);
    }
}

static void an_answer_before_it_is_all_taken_is_fine(void **state)
{
    struct bench *b = *state;

    (void)sent(b, &b->a, 1, 10);
    (void)sent(b, &b->a, 2, 10);
    txn_drop(&b->txns, find(b, &b->a, 1));
    taken(b, &b->a, 20, NOW_MS);
    assert_ptr_equal(expired(b, NOW_MS + TIMEOUT_MS), find(b, &b->a, 2));
}

/* --- another timeout --- */

/* Whatever the timeouts: each is over when its own is, and none before. */
static void each_keeps_the_timeout_it_began_with(void **state)
{
    static const uint64_t timeouts_ms[] = {30000, 5000, 60000, 5000, 100};
    enum { N = sizeof timeouts_ms / sizeof *timeouts_ms, EACH = 3 };
    struct bench *b = *state;
    uint64_t due_ms[N * EACH];
    size_t left = N * EACH;

    for (unsigned i = 0; i < N * EACH; i++) {
        uint64_t at_ms = NOW_MS + 10 * i;

        txns_set_timeout(&b->txns, timeouts_ms[i / EACH]);
        (void)sent(b, &b->a, i, 10);
        taken(b, &b->a, 10, at_ms);
        due_ms[i] = at_ms + timeouts_ms[i / EACH];
    }
    for (uint64_t now_ms = NOW_MS + 10 * N * EACH; left > 0; now_ms += 10) {
        struct txn *x;

        while ((x = expired(b, now_ms))) {
            txn_drop(&b->txns, x);
            left--;
        }
        for (unsigned i = 0; i < N * EACH; i++)
            assert_int_equal(find(b, &b->a, i) == NULL, due_ms[i] <= now_ms);
    }
}

/* --- P-23: our own back-pressure is not silence --- */

static void block(struct fake_link *f, uint64_t now_ms)
{
    static struct list waits;

    list_init(&waits);
    list_append(&waits, &f->link.sendq.of_waits);
    f->link.sendq.blocked_since_ms = now_ms;
}

static void unblock(struct fake_link *f, uint64_t now_ms)
{
    f->link.sendq.paused_ms = link_paused_ms(&f->link, now_ms);
    list_remove(&f->link.sendq.of_waits);
}

static void time_in_which_we_do_not_read_does_not_count(void **state)
{
    struct bench *b = *state;
    struct txn *x = sent(b, &b->a, 1, 10);

    taken(b, &b->a, 10, NOW_MS);
    block(&b->a, NOW_MS + 20000);
    assert_null(expired(b, NOW_MS + TIMEOUT_MS));
    assert_null(expired(b, NOW_MS + 100000));
    unblock(&b->a, NOW_MS + 120000);
    assert_null(expired(b, NOW_MS + 120000 + 9999));
    assert_ptr_equal(expired(b, NOW_MS + 120000 + 10000), x);
}

static void a_pause_prolongs_by_four_timeouts_at_most(void **state)
{
    struct bench *b = *state;
    struct txn *x = sent(b, &b->a, 1, 10);
    uint64_t now_ms = NOW_MS;

    taken(b, &b->a, 10, NOW_MS);
    block(&b->a, NOW_MS);
    while (now_ms < NOW_MS + UINT64_C(5) * TIMEOUT_MS) {
        assert_null(expired(b, now_ms));
        now_ms += 1000;
    }
    assert_ptr_equal(expired(b, NOW_MS + UINT64_C(5) * TIMEOUT_MS), x);
}

static void a_pause_before_the_clock_started_does_not_count(void **state)
{
    struct bench *b = *state;
    struct txn *x = sent(b, &b->a, 1, 10);

    block(&b->a, NOW_MS);
    taken(b, &b->a, 10, NOW_MS + 15000);
    unblock(&b->a, NOW_MS + 20000);
    assert_null(expired(b, NOW_MS + 20000 + TIMEOUT_MS - 1));
    assert_ptr_equal(expired(b, NOW_MS + 20000 + TIMEOUT_MS), x);
}

/* Late by less than a timeout, never early, and no other is held up. */
static void a_pause_of_one_link_holds_no_other_up(void **state)
{
    struct bench *b = *state;
    struct txn *paused = sent(b, &b->a, 1, 10), *other = sent(b, &b->b, 2, 10);
    uint64_t now_ms;

    taken(b, &b->a, 10, NOW_MS);
    taken(b, &b->b, 10, NOW_MS + 1000);
    block(&b->a, NOW_MS + 2000);
    unblock(&b->a, NOW_MS + 12000);
    assert_null(expired(b, NOW_MS + 1000 + TIMEOUT_MS - 1));
    assert_ptr_equal(expired(b, NOW_MS + 1000 + TIMEOUT_MS), other);
    txn_drop(&b->txns, other);
    for (now_ms = NOW_MS; !expired(b, now_ms); now_ms += 100)
        assert_true(now_ms < NOW_MS + 10000 + 2 * TIMEOUT_MS);
    assert_true(now_ms >= NOW_MS + 10000 + TIMEOUT_MS);
    assert_ptr_equal(expired(b, now_ms), paused);
}

/* --- S-13 b: a slow path is no silence --- */

/* Looks as often as the relay does, until it is over. */
static uint64_t over_ms(struct bench *b, struct fake_link *f, size_t each_s)
{
    uint64_t now_ms = NOW_MS;

    while (!expired(b, now_ms)) {
        now_ms += 1000;
        f->unacked -= f->unacked < each_s ? f->unacked : each_s;
        assert_true(now_ms < NOW_MS + 10 * TIMEOUT_MS);
    }
    return now_ms - NOW_MS;
}

static struct txn *on_its_way(struct bench *b, size_t octets)
{
    struct txn *x = sent(b, &b->a, 1, octets);

    b->a.unacked = octets;
    taken(b, &b->a, octets, NOW_MS);
    return x;
}

static void what_arrives_slowly_has_time_from_its_arrival(void **state)
{
    struct bench *b = *state;
    struct txn *x = on_its_way(b, 70000);
    uint64_t ms = over_ms(b, &b->a, 1000);

    /* It is noticed at the next look only. */
    assert_in_range(ms, 70000 + TIMEOUT_MS, 70000 + 2 * TIMEOUT_MS);
    assert_ptr_equal(find(b, &b->a, 1), x);
}

static void what_does_not_arrive_has_no_more_time(void **state)
{
    struct bench *b = *state;

    (void)on_its_way(b, 70000);
    assert_int_equal(over_ms(b, &b->a, 0), TIMEOUT_MS);
}

static void what_has_arrived_has_no_more_time(void **state)
{
    struct bench *b = *state;

    (void)on_its_way(b, 10000);
    assert_int_equal(over_ms(b, &b->a, 1000), TIMEOUT_MS);
}

/* What came after it is on its way. */
static void octets_of_others_do_not_matter(void **state)
{
    struct bench *b = *state;

    (void)on_its_way(b, 100);
    b->a.out_n += 70000;
    b->a.taken += 70000;
    b->a.unacked = 70000;
    assert_int_equal(over_ms(b, &b->a, 1000), TIMEOUT_MS);
}

static void arrival_prolongs_by_four_timeouts_at_most(void **state)
{
    struct bench *b = *state;

    (void)on_its_way(b, 10000);
    assert_int_equal(over_ms(b, &b->a, 1), 5 * TIMEOUT_MS);
}

static void it_takes_from_when_it_was_sent(void **state)
{
    struct bench *b = *state;
    struct txn *x = sent(b, &b->a, 1, 10);

    assert_int_equal(txn_took_ms(x, NOW_MS), 0); /* not yet */
    taken(b, &b->a, 10, NOW_MS);
    assert_int_equal(txn_took_ms(x, NOW_MS + 7), 7);
    assert_null(expired(b, NOW_MS + TIMEOUT_MS / 2));
    assert_int_equal(txn_took_ms(x, NOW_MS + 20000), 20000);
}

/* --- memory --- */

static void without_memory_nothing_is_left_behind(void **state)
{
    struct bench *b = *state;
    struct txn_back back = {.in_number = 7};
    char tid[TID_LEN + 1];
    struct txn *send, *request[2];

    (void)tid_of(tid, 1);
    oom_arm_all();
    send = txn_open(&b->txns, &b->a.link, tid, b->head, 1);
    request[0] = txn_request(&b->txns, &b->a.link, tid, &back);
    assert_true(oom_disarm());
    oom_arm(2);
    request[1] = txn_request(&b->txns, &b->a.link, tid, &back);
    assert_true(oom_disarm());
    assert_null(send);
    assert_null(request[0]);
    assert_null(request[1]);
    assert_int_equal(b->txns.count, 0);
    assert_int_equal(b->a.link.txns.n, 0);
    assert_int_equal(b->head->refs, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_is_found_by_link_and_tid),
        TEST(what_is_dropped_is_not_found),
        TEST(thousands_are_found),
        TEST(one_is_small),
        TEST(a_request_keeps_the_way_back),
        TEST(the_clock_starts_when_the_last_octet_is_taken),
        TEST(an_open_chunk_has_no_clock),
        TEST(they_expire_in_the_order_in_which_they_were_taken),
        TEST(an_answer_before_it_is_all_taken_is_fine),
        TEST(each_keeps_the_timeout_it_began_with),
        TEST(time_in_which_we_do_not_read_does_not_count),
        TEST(a_pause_before_the_clock_started_does_not_count),
        TEST(a_pause_prolongs_by_four_timeouts_at_most),
        TEST(a_pause_of_one_link_holds_no_other_up),
        TEST(what_arrives_slowly_has_time_from_its_arrival),
        TEST(what_does_not_arrive_has_no_more_time),
        TEST(what_has_arrived_has_no_more_time),
        TEST(octets_of_others_do_not_matter),
        TEST(arrival_prolongs_by_four_timeouts_at_most),
        TEST(it_takes_from_when_it_was_sent),
        TEST(without_memory_nothing_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
