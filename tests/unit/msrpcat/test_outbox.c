/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "outbox_rig.h"

/* --- SENDs ---------------------------------------------------------------- */

static void a_text_is_one_send(void **state)
{
    struct rig *f = rig_usual(state);
    const struct seen *s;

    rig_add(f, "hello");
    rig_pump(f);
    assert_int_equal(f->out.n, 1);
    s = rig_frame(f, 0);
    assert_span(msg_text(&s->head, s->head.to), RELAY " " PEER);
    assert_span(msg_text(&s->head, s->head.from), OWN);
    assert_span(frames_header(s, "Byte-Range"), "1-5/5");
    assert_span(frames_header(s, "Content-Type"), "text/plain");
    assert_false(frames_has(s, "Success-Report"));
    assert_false(frames_has(s, "Failure-Report"));
    assert_span(s->body, "hello");
    assert_int_equal(s->flag, '$');
    assert_false(outbox_is_done(&f->outbox));
    rig_respond(f, s, 200);
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.any_failed);
}

static void an_empty_text_has_an_empty_body(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add(f, "");
    rig_pump(f);
    assert_span(frames_header(rig_frame(f, 0), "Byte-Range"), "1-0/0");
    assert_true(rig_frame(f, 0)->head.has_body);
    assert_int_equal(rig_frame(f, 0)->flag, '$');
    rig_respond(f, rig_frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
}

/* R4975-5.1-a */
static void over_2048_octets_the_range_end_is_open(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add_octets(f, 2048);
    rig_add_octets(f, 2049);
    rig_pump(f);
    assert_int_equal(f->out.n, 2);
    assert_span(frames_header(rig_frame(f, 0), "Byte-Range"), "1-2048/2048");
    assert_span(frames_header(rig_frame(f, 1), "Byte-Range"), "1-*/2049");
    assert_int_equal(rig_frame(f, 1)->body.n, 2049);
}

static void messages_do_not_wait_for_responses(void **state)
{
    struct rig *f = rig_usual(state);

    for (int i = 0; i < 20; i++)
        rig_add(f, "x");
    rig_pump(f);
    assert_int_equal(f->out.n, 20);
}

static void a_file_is_offered_with_its_name(void **state)
{
    struct rig *f = rig_usual(state);
    struct source *s = source_text(SPAN("x"));

    assert_int_equal(outbox_add(&f->outbox, s, "image/png",
                                "attachment; filename=\"x.png\""),
                     0);
    rig_pump(f);
    assert_span(frames_header(rig_frame(f, 0), "Content-Disposition"),
                "attachment; filename=\"x.png\"");
    assert_span(frames_header(rig_frame(f, 0), "Content-Type"), "image/png");
}

static void a_chunk_size_cuts_exactly(void **state)
{
    struct outbox_rules rules = rig_usual_rules();
    struct rig *f;

    rules.chunk_size = 3000;
    f = rig_with_rules(state, &rules);
    rig_add_octets(f, 7000);
    rig_pump(f);
    assert_int_equal(f->out.n, 3);
    assert_span(frames_header(rig_frame(f, 0), "Byte-Range"), "1-*/7000");
    assert_span(frames_header(rig_frame(f, 1), "Byte-Range"), "3001-*/7000");
    assert_span(frames_header(rig_frame(f, 2), "Byte-Range"), "6001-7000/7000");
    assert_int_equal(rig_frame(f, 0)->body.n, 3000);
    assert_int_equal(rig_frame(f, 0)->flag, '+');
    assert_int_equal(rig_frame(f, 1)->body.n, 3000);
    assert_int_equal(rig_frame(f, 1)->flag, '+');
    assert_int_equal(rig_frame(f, 2)->body.n, 1000);
    assert_int_equal(rig_frame(f, 2)->flag, '$');
    assert_span_equal(frames_header(rig_frame(f, 2), "Message-ID"),
                      frames_header(rig_frame(f, 0), "Message-ID"));
}

static void a_message_of_whole_chunks_has_no_empty_one(void **state)
{
    struct outbox_rules rules = rig_usual_rules();
    struct rig *f;

    rules.chunk_size = 5;
    f = rig_with_rules(state, &rules);
    rig_add(f, "helloworld");
    rig_pump(f);
    assert_int_equal(f->out.n, 2);
    assert_span(frames_header(rig_frame(f, 1), "Byte-Range"), "6-10/10");
    assert_int_equal(rig_frame(f, 1)->flag, '$');
}

static void a_window_holds_sends_back(void **state)
{
    struct outbox_rules rules = rig_usual_rules();
    struct rig *f;

    rules.window = 2;
    rules.chunk_size = 1;
    f = rig_with_rules(state, &rules);
    rig_add(f, "abc");
    rig_pump(f);
    assert_int_equal(f->out.n, 2);
    rig_respond(f, rig_frame(f, 0), 200);
    rig_pump(f);
    assert_int_equal(f->out.n, 1);
    assert_span(rig_frame(f, 0)->body, "c");
    assert_int_equal(rig_frame(f, 0)->flag, '$');
}

/* R4975-7.1.1-r: what interrupts, and that nothing is lost by it. */
static void an_interrupted_chunk_goes_on_at_the_next_octet(void **state)
{
    struct rig *f = rig_usual(state);
    struct span first;
    size_t n;

    rig_add_octets(f, TX_BULK_MAX + 5000);
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    assert_true(tx_is_open(&f->tx));
    assert_int_equal(outbox_ping(&f->outbox), 0);
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 2);
    assert_int_equal(rig_frame(f, 0)->flag, '+');
    first = rig_frame(f, 0)->body;
    n = first.n;
    assert_int_equal(first.p[n - 1], 'a' + (n - 1) * 7 % 26);
    rig_pump(f);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(rig_frame(f, 0)->head.range_start, n + 1);
    assert_int_equal(rig_frame(f, 0)->body.n, TX_BULK_MAX + 5000 - n);
    assert_int_equal(rig_frame(f, 0)->body.p[0], 'a' + n * 7 % 26);
    assert_int_equal(rig_frame(f, 0)->flag, '$');
}

/* The tids are foreseen with a twin of the random source. */
static void a_body_with_its_own_end_line_is_cut_before_it(void **state)
{
    struct rig *f = rig_usual(state);
    char body[5000], ids[16 + 2 * TX_TID];
    size_t cut = 4000 + 7 + TX_TID - 1;
    struct rnd twin;

    twin = f->rnd;
    rnd_alnum(&twin, ids, 16); /* Message-ID */
    rnd_alnum(&twin, ids + 16, TX_TID);
    rnd_alnum(&twin, ids + 16 + TX_TID, TX_TID);
    memset(body, '-', sizeof body);
    memcpy(body + 4007, ids + 16, TX_TID);
    memcpy(body + 4100, ids + 16 + TX_TID, TX_TID);
    rig_add_text(f, body, sizeof body);
    rig_pump(f);
    assert_int_equal(f->out.n, 2);
    assert_span_equal(
        msg_text(&rig_frame(f, 0)->head, rig_frame(f, 0)->head.tid),
        span_of(ids + 16, TX_TID));
    assert_int_equal(rig_frame(f, 0)->body.n, cut);
    assert_int_equal(rig_frame(f, 0)->flag, '+');
    /* The rest is short: it goes whole under a tid that is not in it. */
    assert_false(
        span_eq(msg_text(&rig_frame(f, 1)->head, rig_frame(f, 1)->head.tid),
                span_of(ids + 16 + TX_TID, TX_TID)));
    assert_int_equal(rig_frame(f, 1)->head.range_start, cut + 1);
    assert_span_equal(rig_frame(f, 1)->body,
                      span_of(body + cut, sizeof body - cut));
    assert_int_equal(rig_frame(f, 1)->flag, '$');
}

/* --- pipes ---------------------------------------------------------------- */

static void a_pipe_has_no_total_until_its_end(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add_pipe(f);
    rig_pump(f);
    assert_int_equal(f->out.n, 0);
    assert_true(f->outbox.wait_fd >= 0);
    rig_feed(f, 5000);
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    rig_end_pipe(f);
    rig_pump(f);
    assert_int_equal(f->out.n, 1);
    assert_span(frames_header(rig_frame(f, 0), "Byte-Range"), "1-*/*");
    assert_int_equal(rig_frame(f, 0)->body.n, 5000);
    assert_int_equal(rig_frame(f, 0)->flag, '$');
}

static void a_short_pipe_that_has_ended_has_a_total(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add_pipe(f);
    rig_feed(f, 1);
    rig_pump(f);
    assert_int_equal(f->out.n, 0);
    rig_end_pipe(f);
    rig_pump(f);
    assert_span(frames_header(rig_frame(f, 0), "Byte-Range"), "1-1/1");
}

static void a_waiting_pipe_can_be_interrupted(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add_pipe(f);
    rig_feed(f, 3);
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    assert_int_equal(outbox_ping(&f->outbox), 0);
    frames_take(&f->out, &f->tx);
    assert_int_equal(rig_frame(f, 0)->body.n, 2);
    assert_int_equal(rig_frame(f, 0)->flag, '+');
    rig_end_pipe(f);
    rig_pump(f);
    assert_span(frames_header(rig_frame(f, 0), "Byte-Range"), "3-3/3");
    assert_int_equal(rig_frame(f, 0)->flag, '$');
}

#define TEST(name) cmocka_unit_test_teardown(name, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_one_send),
        TEST(an_empty_text_has_an_empty_body),
        TEST(over_2048_octets_the_range_end_is_open),
        TEST(messages_do_not_wait_for_responses),
        TEST(a_file_is_offered_with_its_name),
        TEST(a_chunk_size_cuts_exactly),
        TEST(a_message_of_whole_chunks_has_no_empty_one),
        TEST(a_window_holds_sends_back),
        TEST(an_interrupted_chunk_goes_on_at_the_next_octet),
        TEST(a_body_with_its_own_end_line_is_cut_before_it),
        TEST(a_pipe_has_no_total_until_its_end),
        TEST(a_short_pipe_that_has_ended_has_a_total),
        TEST(a_waiting_pipe_can_be_interrupted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
