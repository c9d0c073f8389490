/* SPDX-License-Identifier: BSD-2-Clause */
#include "timer.h"

#include "cmocka_all.h"
#include "err.h"
#include "loop.h"
#include "oom.h"

enum { TIMERS = 4 };

/* Each timer that fires writes its letter. The FIFO's callback has no context:
 * a letter finds its story through its place in it. */
struct letter {
    struct timer timer;
    char c;
    struct story *story;
};

struct story {
    struct loop *loop;
    struct timer_fifo *fifo;
    struct letter letters[TIMERS];
    struct letter *stops; /* stopped by whichever fires first */
    unsigned restarts;    /* how often 'a' starts itself again */
    char text[32];
    size_t n;
};

static void on_due(struct timer *t)
{
    struct letter *l = CONTAINER(t, struct letter, timer);
    struct story *s = l->story;

    assert_false(timer_is_running(t));
    assert_true(s->n < sizeof s->text - 1);
    s->text[s->n++] = l->c;
    if (s->stops)
        timer_stop(&s->stops->timer);
    if (l->c == 'a' && s->restarts) {
        s->restarts--;
        timer_start(s->fifo, t);
    }
}

static int set_up(void **state)
{
    struct story *s = calloc(1, sizeof *s);

    assert_non_null(s);
    assert_int_equal(loop_new(&s->loop), 0);
    assert_int_equal(timer_fifo_new(&s->fifo, s->loop, 5, on_due), 0);
    for (int i = 0; i < TIMERS; i++) {
        s->letters[i].c = (char)('a' + i);
        s->letters[i].story = s;
        timer_init(&s->letters[i].timer);
    }
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct story *s = *state;

    timer_fifo_free(s->fifo);
    loop_free(s->loop);
    free(s);
    return 0;
}

static void start(struct story *s, const char *letters)
{
    for (; *letters; letters++)
        timer_start(s->fifo, &s->letters[*letters - 'a'].timer);
}

static void timers_fire_in_the_order_of_their_start(void **state)
{
    struct story *s = *state;
    uint64_t begun_ms = loop_now_ms(s->loop);

    start(s, "bdac");
    loop_run(s->loop);
    assert_string_equal(s->text, "bdac");
    assert_true(loop_now_ms(s->loop) >= begun_ms + 5);
}

static void a_timer_started_anew_goes_to_the_end(void **state)
{
    struct story *s = *state;

    start(s, "abca");
    loop_run(s->loop);
    assert_string_equal(s->text, "bca");
}

static void a_stopped_timer_does_not_fire(void **state)
{
    struct story *s = *state;

    start(s, "abc");
    timer_stop(&s->letters[0].timer);
    timer_stop(&s->letters[1].timer);
    timer_stop(&s->letters[1].timer);
    loop_run(s->loop);
    assert_string_equal(s->text, "c");
}

static void a_timer_may_stop_one_that_is_due_with_it(void **state)
{
    struct story *s = *state;

    s->stops = &s->letters[1];
    start(s, "abc");
    loop_run(s->loop);
    assert_string_equal(s->text, "ac");
}

static void a_timer_may_start_itself_again(void **state)
{
    struct story *s = *state;

    s->restarts = 2;
    start(s, "ab");
    loop_run(s->loop);
    assert_string_equal(s->text, "abaa");
}

static void a_timer_of_no_length_fires_once_a_turn(void **state)
{
    struct story *s = *state;

    timer_fifo_set_length(s->fifo, 0);
    s->restarts = 2;
    start(s, "a");
    loop_turn(s->loop, true);
    assert_string_equal(s->text, "a");
    loop_run(s->loop);
    assert_string_equal(s->text, "aaa");
}

static void a_shorter_length_overtakes_what_was_started_before(void **state)
{
    struct story *s = *state;

    timer_fifo_set_length(s->fifo, 60);
    start(s, "ab");
    timer_fifo_set_length(s->fifo, 30);
    start(s, "c");
    timer_fifo_set_length(s->fifo, 1);
    start(s, "d");
    loop_run(s->loop);
    assert_string_equal(s->text, "dcab");
}

static void a_longer_length_leaves_the_rest_in_order(void **state)
{
    struct story *s = *state;

    start(s, "ab");
    timer_fifo_set_length(s->fifo, 20);
    start(s, "ca");
    loop_run(s->loop);
    assert_string_equal(s->text, "bca");
}

static int make(void *ctx)
{
    struct story *s = ctx;
    struct timer_fifo *f = NULL;
    int err = timer_fifo_new(&f, s->loop, 1, on_due);

    timer_fifo_free(f);
    return err;
}

static void without_memory_no_fifo_is_made(void **state)
{
    assert_int_equal(oom_sweep(make, *state), 2);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(timers_fire_in_the_order_of_their_start),
        T(a_timer_started_anew_goes_to_the_end),
        T(a_stopped_timer_does_not_fire),
        T(a_timer_may_stop_one_that_is_due_with_it),
        T(a_timer_may_start_itself_again),
        T(a_timer_of_no_length_fires_once_a_turn),
        T(a_shorter_length_overtakes_what_was_started_before),
        T(a_longer_length_leaves_the_rest_in_order),
        T(without_memory_no_fifo_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
