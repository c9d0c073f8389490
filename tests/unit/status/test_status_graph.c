/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_graph.h"

#include "cmocka_all.h"
#include "oom.h"

struct bench {
    struct history history;
    double now[HISTORY_SERIES];
    struct text text;
};

static int draw(void *ctx)
{
    struct bench *b = ctx;

    text_fini(&b->text);
    text_init(&b->text, 262144);
    status_graphs(&b->text, &b->history, b->now);
    text_put(&b->text, span_of("", 1));
    return b->text.err;
}

static void add(struct bench *b, uint64_t at_s, uint64_t sessions)
{
    struct history_sample s = {.at_ms = at_s * 1000};

    s.value[HISTORY_SESSIONS] = sessions;
    s.value[HISTORY_OCTETS_IN] = 1000000 * at_s;
    history_add(&b->history, &s);
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct bench));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    text_fini(&b->text);
    free(b);
    return 0;
}

static void assert_has(struct bench *b, const char *what)
{
    if (!strstr(b->text.p, what))
        fail_msg("no %s in %s", what, b->text.p);
}

static void without_history_there_are_no_lines(void **state)
{
    struct bench *b = *state;

    assert_int_equal(draw(b), 0);
    assert_has(b, "data-series=\"octets_in octets_out\"");
    assert_has(b, "aria-label=\"Sessions in the last 15 minutes\">"
                  "<path d=\"\"/><path class=\"area\" d=\"\"/></svg>");
    assert_has(b, "peak <span data-peak>0 B/s</span>");
}

static void
the_newest_point_is_at_the_right_and_the_peak_at_the_top(void **state)
{
    struct bench *b = *state;

    add(b, 0, 0);
    add(b, 5, 10);
    add(b, 10, 5);
    add(b, 15, 0);
    b->now[HISTORY_SESSIONS] = 1234;
    assert_int_equal(draw(b), 0);
    assert_has(b, "data-at=\"sessions.now\" data-as=\"count\">1,234</span>");
    assert_has(b, "peak <span data-peak>10</span>");
    assert_has(b, "Sessions in the last 15 minutes\">"
                  "<path d=\"M177 2.0L178 30.5L179 59.0\"/>"
                  "<path class=\"area\" "
                  "d=\"M177 2.0L178 30.5L179 59.0V60H177Z\"/></svg>");
    assert_has(b, "peak <span data-peak>1.0 MB/s</span>");
}

/* Less than one a second is not drawn as high as it can be. */
static void small_figures_stay_low(void **state)
{
    struct bench *b = *state;
    struct history_sample s = {0};

    history_add(&b->history, &s);
    s.at_ms = 10000;
    s.value[HISTORY_MESSAGES] = 5;
    history_add(&b->history, &s);
    assert_int_equal(draw(b), 0);
    assert_has(b, "Messages in the last 15 minutes\">"
                  "<path d=\"M179 30.5\"/>");
}

static void a_failed_allocation_is_an_error(void **state)
{
    struct bench *b = *state;

    add(b, 0, 0);
    add(b, 5, 1);
    assert_true(oom_sweep(draw, b) > 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_history_there_are_no_lines),
        TEST(the_newest_point_is_at_the_right_and_the_peak_at_the_top),
        TEST(small_figures_stay_low),
        TEST(a_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
