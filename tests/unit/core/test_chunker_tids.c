/* SPDX-License-Identifier: BSD-2-Clause */
/* The relay's own end-line in somebody's body (B4975-7.1-b): another tid is
 * taken, or the chunk is cut before it. */
#include "chunk_bench.h"
#include "cmocka_all.h"

#define TID_A "AAAAAAAAAAAAAAAA"
#define TID_B "BBBBBBBBBBBBBBBB"
#define TID_C "CCCCCCCCCCCCCCCC"
#define END_A "-------" TID_A
#define END_B "-------" TID_B

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

static void assert_tid(struct bench *b, size_t i, const char *tid)
{
    const struct msg *m = &bench_frame(b, i)->m;

    assert_span_equal(msg_text(m, m->tid), span_str(tid));
}

/* What goes out holds no end-line of the tid under which it goes, not even
 * without CRLF in front, or with a flag that is none. */
static void assert_no_own_end(struct bench *b)
{
    for (size_t i = 0; i < b->received.n; i++) {
        const struct received_frame *f = &b->received.frames[i];
        struct span tid = msg_text(&f->m, f->m.tid);
        char end[7 + TID_LEN] = "-------";

        memcpy(end + 7, tid.p, TID_LEN);
        if (f->body.n)
            assert_null(memmem(f->body.p, f->body.n, end, sizeof end));
    }
}

/* A chunk is open under TID_A, 2048 octets of it written. */
static struct bench *open_chunk(void **state, const char *tids)
{
    struct bench *b = bench_anew(state);

    b->tids = tids;
    bench_start(b, QUIET "Byte-Range: 1-*/9000\r\n" TYPE);
    bench_feed_pattern(b, 2048, 2048, 0);
    return b;
}

static void a_tid_that_the_first_run_holds_is_not_taken(void **state)
{
    static const char *const bodies[] = {END_A,
                                         "x" END_A "$\r\n",
                                         "\r\n" END_A "$\r\n",
                                         "---" END_A,
                                         END_A END_A,
                                         "-----"
                                         "--" TID_A "x"};

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct bench *b = bench_anew(state);

        b->tids = TID_A TID_B;
        bench_start(b, QUIET TYPE);
        bench_feed(b, span_str(bodies[i]), '$');
        assert_int_equal(bench_arrived(b), 1);
        assert_tid(b, 0, TID_B);
        assert_no_own_end(b);
    }
}

static void a_tid_without_its_hyphens_does_no_harm(void **state)
{
    struct bench *b = bench_anew(state);

    b->tids = TID_A;
    bench_start(b, QUIET TYPE);
    bench_feed(b, SPAN("------" TID_A "$\r\n" TID_A), '$');
    assert_int_equal(bench_arrived(b), 1);
    assert_tid(b, 0, TID_A);
}

static void an_open_chunk_is_cut_before_its_end_line(void **state)
{
    struct bench *b = open_chunk(state, TID_A TID_B);

    bench_feed(b, SPAN("before\r\n" END_A "$\r\nbehind"), '$');
    assert_int_equal(bench_arrived(b), 2);
    assert_tid(b, 0, TID_A);
    assert_int_equal(bench_frame(b, 0)->flag, '+');
    assert_int_equal(bench_frame(b, 0)->body.n, 2048 + 8);
    assert_tid(b, 1, TID_B);
    assert_span(bench_range(b, 1), "Byte-Range: 2057-2088/9000\r\n");
    assert_int_equal(bench_frame(b, 1)->flag, '$');
}

static void the_tid_behind_the_cut_is_none_of_the_rest(void **state)
{
    struct bench *b = open_chunk(state, TID_A TID_A TID_B TID_C);

    bench_feed(b, SPAN("x" END_A "y" END_B "z"), '#');
    assert_int_equal(bench_arrived(b), 2);
    assert_tid(b, 1, TID_C);
    assert_int_equal(bench_frame(b, 1)->flag, '#');
    assert_no_own_end(b);
}

/* ... at each of its octets, and with a hyphen more in front. */
static void an_end_line_across_two_runs_is_seen(void **state)
{
    struct span text = SPAN("\r\n-" END_A "$\r\n");

    for (size_t cut = 1; cut < text.n; cut++) {
        struct bench *b = open_chunk(state, TID_A TID_B);

        bench_feed(b, span_of(text.p, cut), 0);
        bench_feed(b, span_from(text, cut), '$');
        assert_true(bench_arrived(b) >= 2);
        assert_tid(b, 0, TID_A);
        assert_no_own_end(b);
    }
}

static void an_end_line_octet_by_octet_is_seen(void **state)
{
    struct span text = SPAN("\r\n--" END_A "+\r\n-------" TID_B "$");
    struct bench *b = open_chunk(state, TID_A TID_B TID_C);

    for (size_t i = 0; i + 1 < text.n; i++)
        bench_feed(b, span_of(text.p + i, 1), 0);
    bench_feed(b, span_from(text, text.n - 1), '$');
    assert_int_equal(bench_arrived(b), 3);
    assert_no_own_end(b);
}

static void an_end_line_across_the_first_run_is_seen(void **state)
{
    struct span text = SPAN(END_A);

    for (size_t cut = 1; cut < text.n; cut++) {
        struct bench *b = bench_anew(state);
        char first[2048];

        b->tids = TID_A TID_B;
        memset(first, 'x', sizeof first);
        memcpy(first + sizeof first - cut, text.p, cut);
        bench_start(b, QUIET TYPE);
        bench_feed(b, span_of(first, sizeof first), 0);
        bench_feed(b, span_from(text, cut), '$');
        assert_int_equal(bench_arrived(b), 2);
        assert_int_equal(bench_frame(b, 0)->body.n, 2048);
        assert_tid(b, 1, TID_B);
        assert_no_own_end(b);
    }
}

/* What an earlier chunk ended with is no beginning of anything. */
static void a_new_chunk_does_not_remember_the_old_one(void **state)
{
    struct bench *b = bench_anew(state);
    char first[2048];

    b->policy.max_chunk_size = 2048;
    b->tids = TID_A TID_B;
    memset(first, 'x', sizeof first);
    memcpy(first + sizeof first - 10, "-------BBB", 10);
    bench_start(b, QUIET TYPE);
    bench_feed(b, span_of(first, sizeof first), 0);
    bench_feed(b, SPAN("BBBBBBBBBBBBB$"), '$');
    assert_int_equal(bench_arrived(b), 2);
    assert_tid(b, 1, TID_B);
}

static void a_cut_at_the_beginning_of_a_run_writes_nothing_of_it(void **state)
{
    struct bench *b = open_chunk(state, TID_A TID_B);

    bench_feed(b, SPAN(END_A), '$');
    assert_int_equal(bench_arrived(b), 2);
    assert_int_equal(bench_frame(b, 0)->body.n, 2048);
    assert_span(bench_frame(b, 1)->body, END_A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tid_that_the_first_run_holds_is_not_taken),
        TEST(a_tid_without_its_hyphens_does_no_harm),
        TEST(an_open_chunk_is_cut_before_its_end_line),
        TEST(the_tid_behind_the_cut_is_none_of_the_rest),
        TEST(an_end_line_across_two_runs_is_seen),
        TEST(an_end_line_octet_by_octet_is_seen),
        TEST(an_end_line_across_the_first_run_is_seen),
        TEST(a_new_chunk_does_not_remember_the_old_one),
        TEST(a_cut_at_the_beginning_of_a_run_writes_nothing_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
