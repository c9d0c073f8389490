/* SPDX-License-Identifier: BSD-2-Clause */
#include "sendq.h"

#include <stdlib.h>

#include "chunk_bench.h"
#include "cmocka_all.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

enum { NOW_MS = 1000 };

static void a_frame(struct frame *f)
{
    frame_init(f);
    frame_add(f, SPAN("MSRP frame"));
    f->begins = true;
    f->flag = '$';
}

/* The output of b->out holds so many octets that the kernel has not taken. */
static void set_queued(struct bench *b, size_t octets)
{
    fake_link_reserve(&b->out, octets);
    memset(b->out.out, 'x', octets);
    b->out.out_n = b->out.looked_at = octets;
    b->out.taken = 0;
}

static struct bench *marks(void **state)
{
    struct bench *b = *state;

    b->policy.high_water = 1000;
    b->policy.low_water = 100;
    return b;
}

static bool must_wait(const struct bench *b, const struct fake_link *in)
{
    return sendq_must_wait(&in->link, &b->out.link);
}

static void wait_for_it(struct bench *b, struct fake_link *in)
{
    sendq_wait(&in->link, &b->out.link, NOW_MS);
}

static void moved(struct bench *b, size_t queued, uint64_t now_ms)
{
    b->out.taken = b->out.out_n - queued;
    sendq_moved(&b->out.link, now_ms);
}

/* --- putting --- */

static void a_frame_is_put_as_it_is(void **state)
{
    struct bench *b = *state;
    struct frame f;

    a_frame(&f);
    assert_true(sendq_put(&b->out.link, &f));
    assert_true(sendq_put_between(&b->out.link, &f));
    assert_output(&b->out, "MSRP frameMSRP frame");
}

static void a_link_that_takes_no_more_is_closed_once(void **state)
{
    struct bench *b = *state;
    struct frame f;

    a_frame(&f);
    b->out.refuses = true;
    assert_false(sendq_put(&b->out.link, &f));
    assert_false(sendq_put(&b->out.link, &f));
    assert_int_equal(b->out.closes, 1);
    assert_string_equal(b->out.why, "output full");
}

static void what_goes_between_ends_the_open_chunk(void **state)
{
    struct bench *b = *state;
    struct stream *s = bench_start(b, "Byte-Range: 1-*/9000\r\n" TYPE);
    struct frame f;

    bench_feed_pattern(b, 2100, 1, 0);
    (void)fake_link_new_output(&b->out);
    assert_ptr_equal(b->out.link.sendq.open, s);
    a_frame(&f);
    assert_true(sendq_put_between(&b->out.link, &f));
    assert_output(&b->out, "\r\n-------tid0000000000000+\r\nMSRP frame");
    assert_null(b->out.link.sendq.open);
    assert_false(s->is_open);
    assert_null(s->txn);
    /* Its transaction waits for the answer. */
    assert_int_equal(b->txns.count, 1);
}

static void closing_what_is_not_open_writes_nothing(void **state)
{
    struct bench *b = *state;
    struct stream *s = bench_start(b, QUIET TYPE);

    sendq_close(s, '+');
    assert_output(&b->out, "");
}

/* --- waiting --- */

static void an_output_is_full_at_the_high_mark(void **state)
{
    struct bench *b = marks(state);

    set_queued(b, 999);
    assert_false(must_wait(b, &b->in));
    set_queued(b, 1000);
    assert_true(must_wait(b, &b->in));
    b->out.link.closing = true;
    assert_false(must_wait(b, &b->in));
    b->out.link.closing = false;
}

static void who_waits_goes_on_at_the_low_mark(void **state)
{
    struct bench *b = marks(state);

    set_queued(b, 1000);
    wait_for_it(b, &b->in);
    assert_true(b->in.paused);
    assert_true(link_is_blocked(&b->in.link));
    moved(b, 101, NOW_MS);
    assert_true(b->in.paused);
    moved(b, 100, NOW_MS);
    assert_false(b->in.paused);
    assert_false(link_is_blocked(&b->in.link));
    assert_int_equal(b->in.pauses, 1);
    assert_int_equal(b->in.resumes, 1);
}

/* P-23. */
static void the_time_of_waiting_is_counted(void **state)
{
    struct bench *b = marks(state);

    set_queued(b, 1000);
    wait_for_it(b, &b->in);
    assert_int_equal(link_paused_ms(&b->in.link, NOW_MS + 700), 700);
    assert_int_equal(sendq_longest_wait_ms(&b->sendq, NOW_MS + 700), 700);
    moved(b, 0, NOW_MS + 1000);
    assert_int_equal(sendq_longest_wait_ms(&b->sendq, NOW_MS + 1000), 0);
    assert_int_equal(link_paused_ms(&b->in.link, NOW_MS + 5000), 1000);
    set_queued(b, 1000);
    wait_for_it(b, &b->in);
    moved(b, 0, NOW_MS + 50);
    assert_int_equal(link_paused_ms(&b->in.link, NOW_MS + 5000), 1050);
}

static void all_go_on_when_the_link_is_gone(void **state)
{
    struct bench *b = marks(state);
    struct fake_link other;

    fake_link_init(&other, 3);
    sendq_link_init(&b->sendq, &other.link);
    set_queued(b, 1000);
    wait_for_it(b, &b->in);
    wait_for_it(b, &other);
    b->out.link.closing = true;
    sendq_moved(&b->out.link, NOW_MS);
    assert_false(b->in.paused || other.paused);
    b->out.link.closing = false;
}

static void a_link_that_is_gone_is_in_no_list(void **state)
{
    struct bench *b = marks(state);
    struct fake_link other;

    fake_link_init(&other, 3);
    sendq_link_init(&b->sendq, &other.link);
    set_queued(b, 1000);
    other.out_n = 1000; /* all of it queued */
    wait_for_it(b, &b->in);
    sendq_wait(&b->out.link, &other.link, NOW_MS + 2);
    assert_int_equal(sendq_longest_wait_ms(&b->sendq, NOW_MS + 7), 7);
    sendq_unwait(&b->in.link, NOW_MS + 7);
    assert_int_equal(sendq_longest_wait_ms(&b->sendq, NOW_MS + 7), 5);
    b->out.link.closing = true;
    sendq_link_closed(&b->out.link, NOW_MS + 7);
    assert_false(b->in.paused);
    assert_false(link_is_blocked(&b->out.link));
    assert_true(list_is_empty(&other.link.sendq.waiters));
    assert_int_equal(b->sendq.waiting, 0);
    assert_true(list_is_empty(&b->sendq.waits));
    assert_int_equal(sendq_wait_ms(&b->sendq, NOW_MS + 7), 12);
    sendq_stir(&b->sendq, NOW_MS + 7);
    assert_true(list_is_empty(&b->sendq.congested));
    b->out.link.closing = false;
}

static void who_is_closing_is_not_resumed(void **state)
{
    struct bench *b = marks(state);

    set_queued(b, 1000);
    wait_for_it(b, &b->in);
    b->in.link.closing = true;
    sendq_unwait(&b->in.link, NOW_MS);
    assert_int_equal(b->in.resumes, 0);
    assert_true(list_is_empty(&b->out.link.sendq.waiters));
    sendq_unwait(&b->in.link, NOW_MS);
    b->in.link.closing = false;
}

/* --- turns --- */

/* Each for a quantum: with room for one, one goes on. */
static void they_go_on_one_after_the_other(void **state)
{
    struct bench *b = marks(state);
    struct fake_link many[3];

    for (size_t i = 0; i < 3; i++) {
        fake_link_init(&many[i], 10 + i);
        sendq_link_init(&b->sendq, &many[i].link);
        set_queued(b, 1000);
        wait_for_it(b, &many[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        struct fake_link *f = &many[i % 3];

        set_queued(b, 50);
        moved(b, 50, NOW_MS);
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(many[k].paused, k != i % 3);
        sendq_fed(&f->link, SENDQ_QUANTUM);
        set_queued(b, 1000);
        wait_for_it(b, f);
    }
    b->out.link.closing = true;
    sendq_moved(&b->out.link, NOW_MS);
    b->out.link.closing = false;
}

/* Who took a quantum too much sits one turn out. */
static void who_took_too_much_pays(void **state)
{
    struct bench *b = marks(state);
    struct fake_link greedy, modest;
    unsigned turns_greedy = 0, turns_modest = 0;

    fake_link_init(&greedy, 10);
    sendq_link_init(&b->sendq, &greedy.link);
    fake_link_init(&modest, 11);
    sendq_link_init(&b->sendq, &modest.link);
    set_queued(b, 1000);
    wait_for_it(b, &greedy);
    wait_for_it(b, &modest);
    for (size_t i = 0; i < 30; i++) {
        struct fake_link *f;

        set_queued(b, 50);
        moved(b, 50, NOW_MS);
        assert_true(greedy.paused != modest.paused);
        f = greedy.paused ? &modest : &greedy;
        turns_greedy += f == &greedy;
        turns_modest += f == &modest;
        sendq_fed(&f->link, f == &greedy ? 2 * SENDQ_QUANTUM : SENDQ_QUANTUM);
        set_queued(b, 1000);
        wait_for_it(b, f);
    }
    assert_in_range(turns_modest, 2 * turns_greedy - 2, 2 * turns_greedy + 2);
    b->out.link.closing = true;
    sendq_moved(&b->out.link, NOW_MS);
    b->out.link.closing = false;
}

static void whose_turn_is_not_over_waits_in_front(void **state)
{
    struct bench *b = marks(state);
    struct fake_link other;

    fake_link_init(&other, 3);
    sendq_link_init(&b->sendq, &other.link);
    set_queued(b, 1000);
    wait_for_it(b, &other);
    b->in.link.sendq.credit = 1;
    wait_for_it(b, &b->in);
    set_queued(b, 50);
    b->policy.high_water = 51; /* room for one octet */
    b->policy.low_water = 50;
    moved(b, 50, NOW_MS);
    assert_false(b->in.paused);
    assert_true(other.paused);
    sendq_unwait(&other.link, NOW_MS);
}

static void an_empty_output_is_stirred(void **state)
{
    struct bench *b = marks(state);
    struct fake_link other;

    fake_link_init(&other, 3);
    sendq_link_init(&b->sendq, &other.link);
    set_queued(b, 1000);
    wait_for_it(b, &b->in);
    wait_for_it(b, &other);
    moved(b, 0, NOW_MS);
    assert_false(b->in.paused);
    assert_true(other.paused); /* for the other may take all the room */
    b->out.taken = b->out.out_n - 1;
    sendq_stir(&b->sendq, NOW_MS);
    assert_true(other.paused);
    b->out.taken = b->out.out_n;
    sendq_stir(&b->sendq, NOW_MS);
    assert_false(other.paused);
}

/* S-12: what is being dialled takes what any output takes; beyond that a link
 * that others share is refused, and any other waits. */
static void what_is_connecting_takes_what_others_do(void **state)
{
    struct bench *b = marks(state);

    b->out.link.connecting = true;
    assert_false(must_wait(b, &b->in));
    b->out.out_n = b->policy.high_water;
    assert_true(must_wait(b, &b->in));
    assert_false(sendq_is_refused(&b->in.link, &b->out.link));
    b->in.link.sessions.n = 2;
    assert_true(sendq_is_refused(&b->in.link, &b->out.link));
    b->out.link.connecting = false;
    assert_false(sendq_is_refused(&b->in.link, &b->out.link));
    assert_true(must_wait(b, &b->in));
    b->out.taken = b->out.out_n;
    assert_true(sendq_has_room(&b->out.link));
}

/* S-11: another relay's link never waits for itself. */
static void what_goes_back_to_a_relay_is_refused_when_full(void **state)
{
    struct bench *b = marks(state);

    b->out.out_n = b->policy.high_water;
    assert_false(sendq_request_must_wait(&b->out.link, &b->out.link));
    assert_true(sendq_request_must_wait(&b->in.link, &b->out.link));
    assert_false(sendq_is_refused(&b->out.link, &b->out.link));
    b->out.link.is_relay = true;
    assert_true(sendq_is_refused(&b->out.link, &b->out.link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_frame_is_put_as_it_is),
        TEST(a_link_that_takes_no_more_is_closed_once),
        TEST(what_goes_between_ends_the_open_chunk),
        TEST(closing_what_is_not_open_writes_nothing),
        TEST(an_output_is_full_at_the_high_mark),
        TEST(who_waits_goes_on_at_the_low_mark),
        TEST(the_time_of_waiting_is_counted),
        TEST(all_go_on_when_the_link_is_gone),
        TEST(a_link_that_is_gone_is_in_no_list),
        TEST(who_is_closing_is_not_resumed),
        TEST(they_go_on_one_after_the_other),
        TEST(who_took_too_much_pays),
        TEST(whose_turn_is_not_over_waits_in_front),
        TEST(an_empty_output_is_stirred),
        TEST(what_is_connecting_takes_what_others_do),
        TEST(what_goes_back_to_a_relay_is_refused_when_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
