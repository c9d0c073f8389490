/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunker.h"

#include <stdio.h>

#include "chunk_bench.h"
#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "sendq.h"
#include "texts.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

/* --- ranges (R4975-5.1-a, B4975-7.1.1-b, -c) --- */

static void up_to_2048_octets_go_with_their_exact_range(void **state)
{
    struct bench *b = *state;

    bench_start(b, QUIET "Byte-Range: 1-*/9000\r\n" TYPE);
    bench_feed_pattern(b, 2048, BODY_MAX, '+');
    assert_int_equal(bench_arrived(b), 1);
    assert_span(bench_range(b, 0), "Byte-Range: 1-2048/9000\r\n");
    assert_int_equal(bench_frame(b, 0)->flag, '+');
}

static void more_octets_go_with_a_star(void **state)
{
    struct bench *b = *state;

    bench_start(b, QUIET "Byte-Range: 1-2049/9000\r\n" TYPE);
    bench_feed_pattern(b, 2049, BODY_MAX, '+');
    assert_int_equal(bench_arrived(b), 1);
    assert_span(bench_range(b, 0), "Byte-Range: 1-*/9000\r\n");
}

/* D-11: what is streamed cannot know its end. */
static void what_is_streamed_goes_with_a_star(void **state)
{
    struct bench *b = *state;

    bench_start(b, QUIET "Byte-Range: 101-5100/5100\r\n" TYPE);
    bench_feed_pattern(b, 5000, 1, '$');
    assert_int_equal(bench_arrived(b), 1);
    assert_span(bench_range(b, 0), "Byte-Range: 101-*/5100\r\n");
    assert_int_equal(bench_frame(b, 0)->flag, '$');
}

/* B4975-7.1.1-c; RFC 4975, trap 10. */
static void totals_are_kept_found_out_or_not_repeated(void **state)
{
    static const struct {
        const char *in, *out;
        size_t n;
        char flag;
    } table[] = {
        {"1-*/*", "Byte-Range: 1-10/10\r\n", 10, '$'}, /* known at the end */
        {"1-*/*", "Byte-Range: 1-10/*\r\n", 10, '+'},
        {"1-*/*", "Byte-Range: 1-10/*\r\n", 10, '#'},
        {"1-*/20", "Byte-Range: 1-10/20\r\n", 10, '+'},
        {"1-*/20", "Byte-Range: 1-10/20\r\n", 10, '$'}, /* kept all the same */
        {"1-5/5", "Byte-Range: 1-10/10\r\n", 10, '$'},  /* it lied */
        {"1-5/5", "Byte-Range: 1-10/*\r\n", 10, '+'},
        {"7-*/5", "Byte-Range: 7-*/*\r\n", 3000, '+'},
        {"1-*/9223372036854775807", "Byte-Range: 1-10/9223372036854775807\r\n",
         10, '+'},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char rest[256];
        struct bench *b;

        b = bench_anew(state);
        (void)snprintf(rest, sizeof rest, QUIET "Byte-Range: %s\r\n" TYPE,
                       table[i].in);
        bench_start(b, rest);
        bench_feed_pattern(b, table[i].n, BODY_MAX, table[i].flag);
        assert_int_equal(bench_arrived(b), 1);
        assert_span_equal(bench_range(b, 0), span_str(table[i].out));
    }
}

/* --- chunks --- */

/* Whatever the sizes: no fragment under 2048 octets but the last, none over the
 * most, the sender's flag on the last one only. */
static void chunks_are_full_but_the_last(void **state)
{
    static const size_t max[] = {2048, 2049, 4096, 5000};
    static const size_t pieces[] = {1, 100, 2048, 3000, BODY_MAX};

    for (size_t i = 0; i < 4 * 5 * 40; i++) {
        size_t most = max[i % 4], piece = pieces[i / 4 % 5];
        size_t n = i / 20 * 500 + i % 3, chunks;
        struct bench *b;

        if (n == 0)
            continue;
        b = bench_anew(state);
        b->policy.max_chunk_size = most;
        bench_start(b, QUIET "Byte-Range: 1-*/100000\r\n" TYPE);
        bench_feed_pattern(b, n, piece, "$+#"[i % 3]);
        chunks = bench_arrived(b);
        assert_int_equal(chunks, (n + most - 1) / most);
        for (size_t k = 0; k + 1 < chunks; k++)
            assert_int_equal(bench_frame(b, k)->body.n, most);
        assert_int_equal(bench_frame(b, chunks - 1)->flag, "$+#"[i % 3]);
    }
}

static void gathering_ends_when_a_chunk_is_open(void **state)
{
    struct bench *b = *state;
    struct stream *s = bench_start(b, QUIET TYPE);

    b->policy.max_chunk_size = 5000;
    assert_int_equal(chunker_gather(s), 2048);
    assert_int_equal(chunker_most(&b->c, s), 5000);
    bench_feed_pattern(b, 2048, 1, 0);
    assert_true(s->is_open);
    assert_int_equal(chunker_gather(s), 1);
    assert_int_equal(chunker_most(&b->c, s), 5000 - 2048);
    sendq_close(s, '+');
    assert_int_equal(chunker_gather(s), 2048);
    assert_int_equal(chunker_most(&b->c, s), 5000);
    bench_feed_pattern(b, 1, 1, '$');
}

/* By where it came from; what holds for relays goes before that. */
static void a_link_may_have_a_limit_of_its_own(void **state)
{
    struct bench *b = *state;
    struct stream *s = bench_start(b, QUIET TYPE);

    b->policy.max_chunk_size = 5000;
    b->policy.relay_chunk_size = 3000;
    assert_int_equal(chunker_most(&b->c, s), 5000);
    s->out->max_chunk_size = 4000;
    assert_int_equal(chunker_most(&b->c, s), 4000);
    s->out->is_relay = true;
    assert_int_equal(chunker_most(&b->c, s), 3000);
    b->policy.relay_chunk_size = 0;
    assert_int_equal(chunker_most(&b->c, s), 4000);
    s->out->is_relay = false;
    bench_feed_pattern(b, 4001, 100, '$');
    assert_int_equal(bench_arrived(b), 2);
    assert_int_equal(bench_frame(b, 0)->body.n, 4000);
}

/* A reload may lower the limit under what the open chunk holds already. */
static void a_lower_limit_ends_the_open_chunk(void **state)
{
    struct bench *b = *state;
    struct stream *s = bench_start(b, QUIET TYPE);

    b->policy.max_chunk_size = 5000;
    bench_feed_pattern(b, 4000, 1, 0);
    assert_true(s->is_open);
    b->policy.max_chunk_size = 2048;
    assert_int_equal(chunker_most(&b->c, s), 1);
    bench_feed_pattern(b, 1, 1, 0);
    assert_false(s->is_open);
    bench_feed_pattern(b, 1000, 1, '$');
    assert_int_equal(bench_arrived(b), 2);
}

static void an_interrupted_chunk_goes_on_from_the_next_octet(void **state)
{
    struct bench *b = *state;
    struct frame f;

    bench_start(b, QUIET "Byte-Range: 11-*/9000\r\n" TYPE);
    bench_feed_pattern(b, 2500, 1, 0);
    frame_init(&f);
    frame_response(&f, SPAN("resp"), 200, SPAN("OK"));
    frame_header(&f, SPAN("To-Path"), SPAN("msrps://b:1/b;tcp"));
    frame_header(&f, SPAN("From-Path"), SPAN("msrps://r:1/own;tcp"));
    frame_end(&f, SPAN("resp"), '$');
    assert_true(sendq_put_between(&b->out.link, &f));
    bench_feed_pattern(b, 7, 7, '$');
    assert_int_equal(bench_arrived(b), 3);
    assert_int_equal(bench_frame(b, 0)->flag, '+');
    assert_span(bench_range(b, 0), "Byte-Range: 11-*/9000\r\n");
    assert_int_equal(bench_frame(b, 1)->m.method, MSG_RESPONSE);
    assert_span(bench_range(b, 2), "Byte-Range: 2511-2517/9000\r\n");
    assert_int_equal(bench_frame(b, 2)->flag, '$');
}

static void another_streams_chunk_interrupts(void **state)
{
    struct bench *b = *state;
    struct span own = SPAN("msrps://r:1/own;tcp");
    struct msg m =
        msg_of("MSRP wxyz SEND\r\nTo-Path: msrps://r:1/own;tcp\r\nFrom-Path: "
               "msrps://c:1/c;tcp\r\nMessage-ID: 5678\r\n" QUIET TYPE);
    struct parse_event ev = {
        .type = PARSE_BODY, .body = SPAN("hi"), .last = true, .flag = '$'};
    struct fake_link other;

    bench_start(b, QUIET TYPE);
    bench_feed_pattern(b, 2500, 1, 0);
    fake_link_init(&other, 3);
    assert_int_equal(
        chunker_start(&b->c, &other.link, &b->out.link,
                      pending_send_new(&b->heads, &m, SPAN("msrps://b:1/b;tcp"),
                                       &own, 1, SPAN("own"), 3)),
        0);
    assert_int_equal(chunker_body(&b->c, other.link.stream, &ev), 0);
    assert_false(b->in.link.stream->is_open);
    chunker_stop(&b->c, other.link.stream);
    bench_feed_pattern(b, 3000, 1, '$');
    assert_int_equal(bench_arrived(b), 3);
    assert_span(
        msg_text(&bench_frame(b, 1)->m, bench_frame(b, 1)->m.message_id),
        "5678");
    fake_link_fini(&other);
}

/* --- nothing in it (I-1, I-2, I-23; RFC 4975, traps 3 and 9) --- */

static void assert_empty_goes_as(void **state, const char *rest, char flag,
                                 const char *range, bool has_body)
{
    struct bench *b;

    b = bench_anew(state);
    bench_start(b, rest);
    assert_int_equal(chunker_empty(&b->c, b->in.link.stream, flag), 0);
    assert_int_equal(bench_arrived(b), 1);
    assert_span_equal(bench_range(b, 0), span_str(range));
    assert_int_equal(bench_frame(b, 0)->m.has_body, has_body);
    assert_int_equal(bench_frame(b, 0)->flag, flag);
}

static void what_has_no_octets_keeps_its_kind(void **state)
{
    assert_empty_goes_as(state, QUIET, '$', "", false);
    assert_empty_goes_as(state, QUIET "Byte-Range: 1-0/0\r\n", '$',
                         "Byte-Range: 1-0/0\r\n", false);
    assert_empty_goes_as(state, QUIET "Byte-Range: 1-*/*\r\n", '$',
                         "Byte-Range: 1-0/0\r\n", false);
    assert_empty_goes_as(state, QUIET TYPE, '$', "Byte-Range: 1-0/0\r\n", true);
    assert_empty_goes_as(state, QUIET "Byte-Range: 1-0/0\r\n" TYPE, '$',
                         "Byte-Range: 1-0/0\r\n", true);
    assert_empty_goes_as(state, QUIET "Byte-Range: 9001-9000/9000\r\n" TYPE,
                         '$', "Byte-Range: 9001-9000/9000\r\n", true);
    assert_empty_goes_as(state, QUIET "Byte-Range: 5-4/9000\r\n" TYPE, '#',
                         "Byte-Range: 5-4/9000\r\n", true);
}

static void a_plus_on_nothing_goes_no_further(void **state)
{
    struct bench *b = *state;

    bench_start(b, "Byte-Range: 1-0/9\r\n" TYPE);
    assert_int_equal(chunker_empty(&b->c, b->in.link.stream, '+'), 0);
    assert_int_equal(b->out.out_n, 0);
    assert_int_equal(b->txns.count, 0);
}

/* --- transactions --- */

static void each_chunk_out_has_its_transaction(void **state)
{
    struct bench *b = *state;
    struct list *m;
    uint64_t start_at = 101;

    b->policy.max_chunk_size = 2048;
    bench_start(b, "Byte-Range: 101-*/*\r\n" TYPE);
    bench_feed_pattern(b, 5000, 1, '+');
    assert_int_equal(bench_arrived(b), 3);
    assert_int_equal(b->out.link.txns.n, 3);
    for (m = b->out.link.txns.unsent.next; m != &b->out.link.txns.unsent;
         m = m->next) {
        struct txn *x = CONTAINER(m, struct txn, of_link);

        assert_false(x->is_open);
        assert_int_equal(x->start, start_at);
        start_at = x->end + 1;
    }
    assert_int_equal(start_at, 5101);
}

static void failure_report_no_has_none(void **state)
{
    struct bench *b = *state;

    bench_start(b, QUIET TYPE);
    bench_feed_pattern(b, 5000, 1, '$');
    assert_int_equal(b->txns.count, 0);
}

static void giving_up_ends_the_open_chunk_and_its_transaction(void **state)
{
    struct bench *b = *state;

    bench_start(b, TYPE);
    bench_feed_pattern(b, 2100, 1, 0);
    assert_int_equal(b->txns.count, 1);
    chunker_stop(&b->c, b->in.link.stream);
    assert_int_equal(b->txns.count, 0);
    assert_int_equal(bench_arrived(b), 1);
    assert_int_equal(bench_frame(b, 0)->flag, '#');
    chunker_stop(&b->c, b->in.link.stream);
    assert_int_equal(bench_arrived(b), 1);
}

static void giving_up_says_nothing_when_nothing_is_open(void **state)
{
    struct bench *b = *state;

    bench_start(b, TYPE);
    bench_feed_pattern(b, 2100, 1, 0);
    sendq_close(b->in.link.stream, '+');
    chunker_stop(&b->c, b->in.link.stream);
    assert_int_equal(bench_arrived(b), 1);
    assert_int_equal(bench_frame(b, 0)->flag, '+');
    assert_int_equal(b->txns.count, 1); /* its answer is awaited */
}

static void an_output_that_takes_no_more_is_told(void **state)
{
    struct bench *b = *state;

    bench_start(b, TYPE);
    b->out.refuses = true;
    assert_int_equal(bench_run(b, SPAN("x"), '$'), ERR_EOF);
    assert_int_equal(b->out.closes, 1);
}

static void an_open_chunk_that_cannot_go_on_is_told(void **state)
{
    struct bench *b = *state;

    bench_start(b, TYPE);
    bench_feed_pattern(b, 2100, 1, 0);
    b->out.refuses = true;
    assert_int_equal(bench_run(b, SPAN("x"), 0), ERR_EOF);
    assert_int_equal(b->out.closes, 1);
}

static void without_memory_for_the_transaction_nothing_goes_out(void **state)
{
    struct bench *b = *state;
    int err;

    bench_start(b, TYPE);
    oom_arm(1);
    err = bench_run(b, SPAN("x"), '$');
    assert_true(oom_disarm());
    assert_int_equal(err, ERR_NOMEM);
    assert_int_equal(b->out.out_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(up_to_2048_octets_go_with_their_exact_range),
        TEST(more_octets_go_with_a_star),
        TEST(what_is_streamed_goes_with_a_star),
        TEST(totals_are_kept_found_out_or_not_repeated),
        TEST(chunks_are_full_but_the_last),
        TEST(gathering_ends_when_a_chunk_is_open),
        TEST(a_link_may_have_a_limit_of_its_own),
        TEST(a_lower_limit_ends_the_open_chunk),
        TEST(an_interrupted_chunk_goes_on_from_the_next_octet),
        TEST(another_streams_chunk_interrupts),
        TEST(what_has_no_octets_keeps_its_kind),
        TEST(a_plus_on_nothing_goes_no_further),
        TEST(each_chunk_out_has_its_transaction),
        TEST(failure_report_no_has_none),
        TEST(giving_up_ends_the_open_chunk_and_its_transaction),
        TEST(giving_up_says_nothing_when_nothing_is_open),
        TEST(an_output_that_takes_no_more_is_told),
        TEST(an_open_chunk_that_cannot_go_on_is_told),
        TEST(without_memory_for_the_transaction_nothing_goes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
