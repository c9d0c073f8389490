/* SPDX-License-Identifier: BSD-2-Clause */
#include "buf.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

/* Blocks small enough that a few octets fill one: the queue's own words are two
 * links and two sizes. */
enum { ROOM = 10, BLOCK = 32 + ROOM, MAX = 100 };

struct fixture {
    struct pool pool;
    struct buf buf;
};

static int set_up(void **state)
{
    struct fixture *f = test_malloc(sizeof *f);

    pool_init(&f->pool, BLOCK, 2);
    buf_init(&f->buf, &f->pool, MAX);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    buf_clear(&f->buf);
    pool_fini(&f->pool);
    test_free(f);
    return 0;
}

static int put(struct buf *b, struct span s)
{
    return buf_put(b, &s, 1);
}

/* Everything in b, through the runs. */
static size_t gather(const struct buf *b, char *dst)
{
    struct span runs[MAX];
    size_t n = buf_peek_runs(b, runs, MAX), len = 0;

    for (size_t i = 0; i < n; i++) {
        assert_true(runs[i].n > 0);
        memcpy(dst + len, runs[i].p, runs[i].n);
        len += runs[i].n;
    }
    return len;
}

static void assert_holds(const struct buf *b, struct span want)
{
    char all[MAX];

    assert_int_equal(b->len, want.n);
    assert_span_equal(span_of(all, gather(b, all)), want);
}

static void an_empty_queue_holds_no_block(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(&f->buf, SPAN("")), 0);
    assert_int_equal(buf_put(&f->buf, NULL, 0), 0);
    assert_true(span_is_empty(buf_peek(&f->buf)));
    assert_int_equal(f->pool.taken, 0);
    put(&f->buf, SPAN("0123456789a"));
    assert_int_equal(f->pool.taken, 2);
    buf_drop(&f->buf, 11);
    assert_int_equal(f->pool.taken, 0);
    assert_int_equal(f->buf.len, 0);
    assert_true(span_is_empty(buf_peek(&f->buf)));
}

static void octets_leave_in_the_order_they_came(void **state)
{
    struct fixture *f = *state;
    unsigned char in = 0, out = 0;

    for (size_t turn = 0; turn < 500; turn++) {
        size_t n = turn % 23;
        char some[23];

        for (size_t i = 0; i < n; i++)
            some[i] = (char)in++;
        assert_int_equal(put(&f->buf, span_of(some, n)), 0);
        while (f->buf.len > turn % 40) {
            struct span run = buf_peek(&f->buf);
            size_t k = 1 + turn % run.n;

            for (size_t i = 0; i < k; i++)
                assert_int_equal((unsigned char)run.p[i], out++);
            buf_drop(&f->buf, k);
        }
    }
}

static void parts_follow_each_other(void **state)
{
    struct fixture *f = *state;
    const struct span parts[] = {SPAN("MSRP "), SPAN(""), SPAN("abcd"),
                                 SPAN(" SEND\r\n")};

    assert_int_equal(buf_put(&f->buf, parts, 4), 0);
    assert_holds(&f->buf, SPAN("MSRP abcd SEND\r\n"));
}

static void small_parts_share_a_block(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ROOM; i++)
        put(&f->buf, SPAN("x"));
    assert_int_equal(f->pool.taken, 1);
    put(&f->buf, SPAN("x"));
    assert_int_equal(f->pool.taken, 2);
}

static void put_up_to_max_is_taken_and_one_more_is_full(void **state)
{
    struct fixture *f = *state;
    char many[MAX] = {'a'};

    assert_int_equal(put(&f->buf, span_of(many, MAX)), 0);
    assert_int_equal(put(&f->buf, SPAN("x")), ERR_FULL);
    assert_int_equal(put(&f->buf, SPAN("")), 0);
    assert_int_equal(f->buf.len, MAX);
    buf_drop(&f->buf, 1);
    assert_int_equal(put(&f->buf, SPAN("x")), 0);
}

static void put_past_max_is_refused_whole(void **state)
{
    struct fixture *f = *state;
    char many[MAX] = {'a'};
    const struct span parts[] = {SPAN("0123"), {many, MAX - 4}, SPAN("x")};
    const struct span huge[] = {SPAN("x"), {many, SIZE_MAX}};

    assert_int_equal(put(&f->buf, SPAN("y")), 0);
    assert_int_equal(buf_put(&f->buf, parts, 2), ERR_FULL);
    assert_int_equal(buf_put(&f->buf, parts, 3), ERR_FULL);
    assert_int_equal(buf_put(&f->buf, huge, 2), ERR_FULL);
    assert_holds(&f->buf, SPAN("y"));
    assert_int_equal(f->pool.taken, 1);
}

static void put_without_memory_is_refused_whole(void **state)
{
    struct fixture *f = *state;
    const struct span parts[] = {
        SPAN("hello"), SPAN("0123456789012345678901234567890123456789")};
    unsigned failed = 0;

    put(&f->buf, SPAN("abc"));
    for (unsigned n = 1;; n++) {
        int err;

        oom_arm(n);
        err = buf_put(&f->buf, parts, 2);
        if (!oom_disarm()) {
            assert_int_equal(err, 0);
            break;
        }
        failed++;
        assert_int_equal(err, ERR_NOMEM);
        assert_holds(&f->buf, SPAN("abc"));
        assert_int_equal(f->pool.taken, 1);
    }
    assert_true(failed > 0);
    assert_holds(&f->buf, SPAN("abchello"
                               "0123456789012345678901234567890123456789"));
}

static void runs_are_given_up_to_the_number_asked_for(void **state)
{
    struct fixture *f = *state;
    struct span runs[4];

    put(&f->buf, SPAN("0123456789abcdefghijABC"));
    assert_int_equal(buf_peek_runs(&f->buf, runs, 0), 0);
    assert_int_equal(buf_peek_runs(&f->buf, runs, 2), 2);
    assert_span(runs[0], "0123456789");
    assert_span(runs[1], "abcdefghij");
    buf_drop(&f->buf, 12);
    assert_int_equal(buf_peek_runs(&f->buf, runs, 4), 2);
    assert_span(runs[0], "cdefghij");
    assert_span(runs[1], "ABC");
    assert_span(buf_peek(&f->buf), "cdefghij");
}

static void a_cleared_queue_is_usable(void **state)
{
    struct fixture *f = *state;

    put(&f->buf, SPAN("0123456789a"));
    buf_clear(&f->buf);
    assert_int_equal(f->pool.taken, 0);
    assert_int_equal(f->buf.len, 0);
    assert_int_equal(put(&f->buf, SPAN("again")), 0);
    assert_holds(&f->buf, SPAN("again"));
    buf_clear(&f->buf);
    buf_clear(&f->buf);
}

static void queues_share_a_pool(void **state)
{
    struct fixture *f = *state;
    struct buf other;

    buf_init(&other, &f->pool, MAX);
    put(&f->buf, SPAN("one"));
    put(&other, SPAN("two"));
    assert_holds(&f->buf, SPAN("one"));
    assert_holds(&other, SPAN("two"));
    buf_clear(&other);
    assert_holds(&f->buf, SPAN("one"));
}

#define WITH_FIXTURE(test)                                                     \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(an_empty_queue_holds_no_block),
        WITH_FIXTURE(octets_leave_in_the_order_they_came),
        WITH_FIXTURE(parts_follow_each_other),
        WITH_FIXTURE(small_parts_share_a_block),
        WITH_FIXTURE(put_up_to_max_is_taken_and_one_more_is_full),
        WITH_FIXTURE(put_past_max_is_refused_whole),
        WITH_FIXTURE(put_without_memory_is_refused_whole),
        WITH_FIXTURE(runs_are_given_up_to_the_number_asked_for),
        WITH_FIXTURE(a_cleared_queue_is_usable),
        WITH_FIXTURE(queues_share_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
