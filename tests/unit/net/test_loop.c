/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "loop.h"
#include "oom.h"

/* What happened, as a string of letters in the order of the calls. */
struct story {
    struct loop *loop;
    char text[32];
    size_t n;
    struct loop_defer a, b;
    struct loop_io io;
    int pipe[2];
    struct alarm *alarm;
};

static void tell(struct story *s, char c)
{
    assert_true(s->n < sizeof s->text - 1);
    s->text[s->n++] = c;
}

static int set_up(void **state)
{
    struct story *s = calloc(1, sizeof *s);

    assert_non_null(s);
    assert_int_equal(loop_new(&s->loop), 0);
    assert_int_equal(pipe2(s->pipe, O_NONBLOCK | O_CLOEXEC), 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct story *s = *state;

    close(s->pipe[0]);
    close(s->pipe[1]);
    alarm_free(s->alarm);
    loop_free(s->loop);
    free(s);
    return 0;
}

static void tell_a(void *ctx)
{
    tell(ctx, 'a');
}

static void tell_b(void *ctx)
{
    tell(ctx, 'b');
}

static void tell_io(void *ctx, int events)
{
    struct story *s = ctx;

    tell(s, events & LOOP_READ ? 'r' : 'w');
    loop_io_want(&s->io, 0);
    loop_defer(s->loop, &s->a);
}

static void deferred_calls_come_once_and_in_order(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, tell_a, s);
    loop_defer_init(&s->b, tell_b, s);
    loop_defer(s->loop, &s->b);
    loop_defer(s->loop, &s->a);
    loop_defer(s->loop, &s->b);
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "ba");
    assert_false(loop_is_deferred(&s->a));
}

static void deferred_calls_come_behind_what_is_ready(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, tell_a, s);
    loop_io_init(&s->io, s->loop, s->pipe[1], tell_io, s);
    loop_io_want(&s->io, LOOP_WRITE);
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "wa");
}

static void a_cancelled_call_never_comes(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, tell_a, s);
    loop_defer(s->loop, &s->a);
    loop_defer_cancel(&s->a);
    loop_turn(s->loop, false);
    assert_string_equal(s->text, "");
}

static void cancel_b(void *ctx)
{
    struct story *s = ctx;

    tell(s, 'a');
    loop_defer_cancel(&s->b);
}

static void a_deferred_call_may_cancel_the_next(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, cancel_b, s);
    loop_defer_init(&s->b, tell_b, s);
    loop_defer(s->loop, &s->a);
    loop_defer(s->loop, &s->b);
    loop_turn(s->loop, false);
    assert_string_equal(s->text, "a");
}

static void defer_again(void *ctx)
{
    struct story *s = ctx;

    tell(s, 'a');
    if (s->n < 3)
        loop_defer(s->loop, &s->a);
}

static void
a_call_that_defers_itself_comes_next_turn_without_waiting(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, defer_again, s);
    loop_io_init(&s->io, s->loop, s->pipe[0], tell_io, s);
    loop_io_want(&s->io, LOOP_READ); /* never ready: waiting would hang */
    loop_defer(s->loop, &s->a);
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "a");
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "aa");
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "aaa");
    assert_false(loop_is_deferred(&s->a));
    loop_io_want(&s->io, 0);
}

static void only_wanted_events_are_reported(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, tell_a, s);
    loop_io_init(&s->io, s->loop, s->pipe[0], tell_io, s);
    assert_int_equal(write(s->pipe[1], "x", 1), 1);
    loop_turn(s->loop, false);
    assert_string_equal(s->text, "");
    loop_io_want(&s->io, LOOP_READ);
    loop_io_want(&s->io, 0);
    loop_turn(s->loop, false);
    assert_string_equal(s->text, "");
    loop_io_want(&s->io, LOOP_READ);
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "ra");
}

static void an_alarm_comes_once_and_not_early(void **state)
{
    struct story *s = *state;
    uint64_t begun_ms = loop_now_ms(s->loop);

    assert_int_equal(alarm_new(&s->alarm, s->loop, tell_a, s), 0);
    alarm_set(s->alarm, 5);
    alarm_set(s->alarm, 10);
    loop_run(s->loop); /* ends when nothing is left to wait for */
    assert_string_equal(s->text, "a");
    assert_true(loop_now_ms(s->loop) - begun_ms >= 9);
}

static void a_stopped_alarm_never_comes(void **state)
{
    struct story *s = *state;

    assert_int_equal(alarm_new(&s->alarm, s->loop, tell_a, s), 0);
    alarm_set(s->alarm, 0);
    alarm_stop(s->alarm);
    loop_run(s->loop);
    assert_string_equal(s->text, "");
}

static void stop_loop(void *ctx)
{
    struct story *s = ctx;

    tell(s, 'a');
    loop_defer(s->loop, &s->b);
    loop_stop(s->loop);
}

static void a_stopped_loop_returns_with_calls_still_queued(void **state)
{
    struct story *s = *state;

    loop_defer_init(&s->a, stop_loop, s);
    loop_defer_init(&s->b, tell_b, s);
    loop_defer(s->loop, &s->a);
    loop_run(s->loop);
    assert_string_equal(s->text, "a");
    loop_run(s->loop);
    assert_string_equal(s->text, "ab");
}

static void on_signal(void *ctx, int signo)
{
    struct story *s = ctx;

    assert_int_equal(signo, SIGUSR1);
    tell(s, 's');
    loop_stop(s->loop);
}

static void a_signal_is_a_call_in_the_loop(void **state)
{
    struct story *s = *state;

    assert_int_equal(loop_on_signal(s->loop, SIGUSR1, on_signal, s), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_string_equal(s->text, "");
    loop_run(s->loop);
    assert_string_equal(s->text, "s");
}

static void a_signal_that_was_caught_may_be_dropped(void **state)
{
    struct story *s = *state;

    assert_int_equal(loop_on_signal(s->loop, SIGUSR1, on_signal, s), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    loop_drop_signals(s->loop);
    loop_turn(s->loop, false);
    loop_turn(s->loop, false);
    assert_string_equal(s->text, "");
}

static int make_all(void *ctx)
{
    struct alarm *alarm = NULL;
    struct loop *loop = NULL;
    int err = loop_new(&loop);

    (void)ctx;
    if (!err)
        err = alarm_new(&alarm, loop, tell_a, NULL);
    if (!err)
        err = loop_on_signal(loop, SIGUSR2, on_signal, NULL);
    alarm_free(alarm);
    loop_free(loop);
    return err;
}

static void without_memory_nothing_is_made(void **state)
{
    (void)state;
    assert_true(oom_sweep(make_all, NULL) >= 3);
}

/* Uses up some CPU time, as work does. */
static void busy(void *ctx)
{
    enum { BUSY_NS = 3000000 };
    struct timespec begun, now;

    (void)ctx;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000000 + now.tv_nsec -
               begun.tv_nsec <
           BUSY_NS);
}

static size_t bucket_of(double seconds)
{
    size_t i = 0;

    while (seconds > loop_bucket_s(i))
        i++;
    return i;
}

static void the_work_of_a_turn_counts_but_not_its_wait(void **state)
{
    struct story *s = *state;
    struct loop_defer work;
    struct loop_stats before, after;
    uint64_t slow = 0;

    loop_defer_init(&work, busy, NULL);
    loop_stats(s->loop, &before);
    loop_defer(s->loop, &work);
    loop_turn(s->loop, true);
    loop_stats(s->loop, &after);
    assert_int_equal(after.turns, before.turns + 1);
    assert_true(after.work_s - before.work_s >= 0.003);
    for (size_t i = bucket_of(0.003); i < LOOP_BUCKETS; i++)
        slow += after.buckets[i] - before.buckets[i];
    assert_int_equal(slow, 1);

    assert_int_equal(alarm_new(&s->alarm, s->loop, tell_a, s), 0);
    alarm_set(s->alarm, 100);
    loop_stats(s->loop, &before);
    loop_turn(s->loop, true);
    loop_stats(s->loop, &after);
    assert_int_equal(after.turns, before.turns + 1);
    assert_true(after.work_s - before.work_s < 0.09);
}

/* --- more to do than a turn has time for --- */

enum { MANY = 6 };

struct crowd {
    struct loop_io ios[MANY];
    unsigned calls[MANY];
};

static void take_long(void *ctx, int events)
{
    assert_int_equal(events, LOOP_WRITE);
    ++*(unsigned *)ctx;
    for (int i = 0; i <= LOOP_TURN_MS / 3; i++)
        busy(NULL); /* a whole turn in all, however busy the machine is */
}

static unsigned calls_of(const struct crowd *c)
{
    unsigned n = 0;

    for (size_t i = 0; i < MANY; i++)
        n += c->calls[i];
    return n;
}

/* S-18. */
static void those_without_time_in_a_turn_come_first_in_the_next(void **state)
{
    struct story *s = *state;
    struct crowd c = {0};
    unsigned before;

    for (size_t i = 0; i < MANY; i++) {
        loop_io_init(&c.ios[i], s->loop, dup(s->pipe[1]), take_long,
                     &c.calls[i]);
        loop_io_want(&c.ios[i], LOOP_WRITE);
    }
    while ((before = calls_of(&c)) < 3 * MANY) {
        unsigned least = UINT32_MAX, most = 0;

        loop_turn(s->loop, true);
        assert_int_equal(calls_of(&c) - before, 1);
        for (size_t i = 0; i < MANY; i++) {
            least = c.calls[i] < least ? c.calls[i] : least;
            most = c.calls[i] > most ? c.calls[i] : most;
        }
        assert_true(most - least <= 1);
    }
    for (size_t i = 0; i < MANY; i++) { /* some are late now: not called */
        loop_io_want(&c.ios[i], 0);
        close(c.ios[i].fd);
    }
    loop_turn(s->loop, false);
    assert_in_range(calls_of(&c), 3 * MANY, 3 * MANY + 1);
}

static void buckets_grow_without_end(void **state)
{
    (void)state;
    for (size_t i = 1; i < LOOP_BUCKETS; i++)
        assert_true(loop_bucket_s(i) > loop_bucket_s(i - 1));
    assert_true(isinf(loop_bucket_s(LOOP_BUCKETS - 1)));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(deferred_calls_come_once_and_in_order),
        T(deferred_calls_come_behind_what_is_ready),
        T(a_cancelled_call_never_comes),
        T(a_deferred_call_may_cancel_the_next),
        T(a_call_that_defers_itself_comes_next_turn_without_waiting),
        T(only_wanted_events_are_reported),
        T(an_alarm_comes_once_and_not_early),
        T(a_stopped_alarm_never_comes),
        T(a_stopped_loop_returns_with_calls_still_queued),
        T(a_signal_is_a_call_in_the_loop),
        T(a_signal_that_was_caught_may_be_dropped),
        T(the_work_of_a_turn_counts_but_not_its_wait),
        T(those_without_time_in_a_turn_come_first_in_the_next),
        T(buckets_grow_without_end),
        cmocka_unit_test(without_memory_nothing_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
