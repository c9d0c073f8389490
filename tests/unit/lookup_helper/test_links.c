/* SPDX-License-Identifier: BSD-2-Clause */
#include "links.h"

#include "cmocka_all.h"
#include "helper_rig.h"
#include "oom.h"

enum { LINKS = 2, DEPTH = 2, ROOMY_MS = 1000000, HASTY_MS = 50 };

/* A driver whose connections do what the test says. */
struct fixture {
    struct links *links; /* first: links_store_ops */
    struct helper_rig *rig;
    struct link *open[LINKS]; /* in the order in which they were opened */
    size_t n_open;
    size_t n_opened, n_asked; /* ever */
    struct question *last;    /* that was asked */
    bool up_at_once;          /* connected in `open` already */
    bool refuses;
};

static void *open_link(struct link *l)
{
    struct fixture *f = link_store(l);

    assert_null(link_state(l));
    f->n_opened++;
    if (f->up_at_once)
        link_up(l);
    if (f->refuses)
        link_fail(l, "refused\n");
    assert_true(f->n_open < LINKS);
    f->open[f->n_open++] = l;
    return f;
}

static void ask(struct link *l, const struct question *q)
{
    struct fixture *f = link_store(l);

    assert_ptr_equal(link_state(l), f); /* `open` is done */
    f->last = (struct question *)q;
    f->n_asked++;
}

static void close_link(struct link *l)
{
    struct fixture *f = link_store(l);
    size_t kept = 0;

    for (size_t i = 0; i < f->n_open; i++)
        if (f->open[i] != l)
            f->open[kept++] = f->open[i];
    f->n_open = kept;
}

static const struct link_driver driver = {
    .depth = DEPTH,
    .open = open_link,
    .ask = ask,
    .close = close_link,
};

static int begin(void **state, uint64_t timeout_ms)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    f->rig = helper_rig_new(timeout_ms);
    assert_int_equal(
        links_new(&f->links, f->rig->helper, LINKS, &driver, f, "store"), 0);
    helper_start(f->rig->helper, &links_store_ops, f);
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    return begin(state, ROOMY_MS);
}

static int set_up_hasty(void **state)
{
    return begin(state, HASTY_MS);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    links_free(f->links);
    helper_rig_free(f->rig);
    test_free(f);
    return 0;
}

static void turns(struct fixture *f)
{
    helper_rig_turns(f->rig);
}

/* All connections are there. */
static void connect_all(struct fixture *f)
{
    turns(f);
    for (size_t i = 0; i < LINKS; i++)
        link_up(f->open[i]);
    turns(f);
}

static void send_line(struct fixture *f, const char *line)
{
    helper_rig_send(f->rig, span_str(line));
    turns(f);
}

/* Until another connection was begun. */
static void await_opening(struct fixture *f, size_t n_opened)
{
    while (f->n_opened < n_opened)
        loop_turn(f->rig->loop, true);
}

static void questions_wait_for_the_first_connection(void **state)
{
    struct fixture *f = *state;

    send_line(f, "1\ta\tr\tMD5\n");
    assert_int_equal(f->n_asked, 0);
    link_up(f->open[0]);
    turns(f);
    assert_int_equal(f->n_asked, 1);
    helper_answer_none(link_answered(f->open[0]));
    helper_rig_expect(f->rig, "1\tnone\n");
}

static void a_connection_may_be_there_at_once(void **state)
{
    struct fixture *f = *state;

    f->up_at_once = true;
    send_line(f, "1\ta\tr\tMD5\n");
    assert_int_equal(f->n_asked, 1);
}

static void work_is_spread_and_bounded(void **state)
{
    struct fixture *f = *state;

    connect_all(f);
    send_line(f, "1\ta\tr\tMD5\n2\ta\tr\tMD5\n");
    assert_true(link_is_asked(f->open[0]) && link_is_asked(f->open[1]));
    send_line(f, "3\ta\tr\tMD5\n4\ta\tr\tMD5\n5\ta\tr\tMD5\n");
    assert_int_equal(f->n_asked, LINKS * DEPTH);
    helper_answer_none(link_answered(f->open[0]));
    helper_rig_expect(f->rig, "1\tnone\n");
    assert_int_equal(f->n_asked, LINKS * DEPTH + 1);
}

static void what_was_lost_is_asked_once_more(void **state)
{
    struct fixture *f = *state;
    struct link *first;

    connect_all(f);
    first = f->open[0];
    send_line(f, "1\ta\tr\tMD5\n2\tb\tr\tMD5\n3\tc\tr\tMD5\n");
    assert_false(link_is_lost(first));
    link_fail(first, "broken");
    assert_true(link_is_lost(first));
    link_fail(first, "again"); /* does not count */
    turns(f);
    /* 1 and 3 were on it: one fits on the other. */
    assert_int_equal(f->n_asked, 4);
    helper_answer_none(link_answered(f->open[0]));
    helper_rig_expect(f->rig, "2\tnone\n");
    assert_int_equal(f->n_asked, 5);
    link_fail(f->open[0], "broken too");
    turns(f);
    helper_rig_expect(f->rig, "3\terror\tbroken too\n1\terror\tbroken too\n");
}

static void one_that_worked_is_replaced_at_once(void **state)
{
    struct fixture *f = *state;

    connect_all(f);
    send_line(f, "1\ta\tr\tMD5\n");
    helper_answer_none(link_answered(f->open[0]));
    helper_rig_expect(f->rig, "1\tnone\n");
    link_fail(f->open[0], "broken");
    link_fail(f->open[1], "broken");
    turns(f);
    assert_int_equal(f->n_opened, LINKS + 1);
    /* Of the new one it is not known yet that it does not work. */
    send_line(f, "2\ta\tr\tMD5\n");
    helper_rig_expect_none(f->rig);
    link_fail(f->open[0], "refused");
    helper_rig_expect(f->rig, "2\terror\trefused\n");
}

static void while_it_is_down_answers_are_quick(void **state)
{
    struct fixture *f = *state;

    f->refuses = true;
    send_line(f, "1\ta\tr\tMD5\n");
    helper_rig_expect(f->rig, "1\terror\trefused\n");
    send_line(f, "2\ta\tr\tMD5\n");
    helper_rig_expect(f->rig, "2\terror\trefused\n");
    assert_int_equal(f->n_opened, LINKS);
}

static void it_comes_back_by_itself(void **state)
{
    struct fixture *f = *state;

    f->refuses = true;
    turns(f);
    f->refuses = false;
    await_opening(f, LINKS + 1);
    /* Until it is there, nobody waits for it. */
    send_line(f, "1\ta\tr\tMD5\n");
    helper_rig_expect(f->rig, "1\terror\trefused\n");
    link_up(f->open[0]);
    send_line(f, "2\ta\tr\tMD5\n");
    helper_answer_none(link_answered(f->open[0]));
    helper_rig_expect(f->rig, "2\tnone\n");
}

static void a_connection_on_which_nobody_waits_is_replaced(void **state)
{
    struct fixture *f = *state;

    connect_all(f);
    send_line(f, "1\ta\tr\tMD5\n");
    helper_rig_expect(f->rig,
                      "1\terror\tno answer from the store within 50 ms\n");
    turns(f);
    assert_int_equal(f->n_open, LINKS - 1);
}

static void an_answer_that_comes_too_late_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct question *first;

    turns(f);
    link_up(f->open[0]);
    send_line(f, "1\ta\tr\tMD5\n");
    first = f->last;
    send_line(f, "2\tb\tr\tMD5\n");
    links_store_ops.forget(f, first); /* as the helper does */
    helper_answer_error(first, "late");
    helper_rig_expect(f->rig, "1\terror\tlate\n");
    assert_int_equal(f->n_open, LINKS); /* there is still somebody */
    assert_null(link_answered(f->open[0]));
    helper_answer_none(link_answered(f->open[0]));
    helper_rig_expect(f->rig, "2\tnone\n");
}

static void a_connection_that_is_never_made_is_given_up(void **state)
{
    struct fixture *f = *state;

    turns(f);
    assert_int_equal(f->n_open, LINKS);
    while (f->n_open)
        loop_turn(f->rig->loop, true);
    send_line(f, "1\ta\tr\tMD5\n");
    helper_rig_expect(f->rig, "1\terror\tnot connected within 50 ms\n");
}

static void at_the_end_all_are_answered(void **state)
{
    struct fixture *f = *state;

    turns(f);
    link_up(f->open[0]);
    send_line(f, "1\ta\tr\tMD5\n2\tb\tr\tMD5\n3\tc\tr\tMD5\n");
    assert_int_equal(f->n_asked, DEPTH);
    links_free(f->links);
    f->links = NULL;
    helper_rig_expect(f->rig, "1\terror\tthe helper ends\n"
                              "2\terror\tthe helper ends\n"
                              "3\terror\tthe helper ends\n");
}

static int make(void *ctx)
{
    struct fixture *f = ctx;
    struct links *links;
    int err = links_new(&links, f->rig->helper, LINKS, &driver, f, "store");

    if (!err)
        links_free(links);
    return err;
}

static void out_of_memory_is_told(void **state)
{
    struct fixture *f = *state;

    assert_true(oom_sweep(make, f) > LINKS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define HASTY(name)                                                            \
    cmocka_unit_test_setup_teardown(name, set_up_hasty, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(questions_wait_for_the_first_connection),
        TEST(a_connection_may_be_there_at_once),
        TEST(work_is_spread_and_bounded),
        TEST(what_was_lost_is_asked_once_more),
        TEST(one_that_worked_is_replaced_at_once),
        TEST(while_it_is_down_answers_are_quick),
        TEST(it_comes_back_by_itself),
        HASTY(a_connection_on_which_nobody_waits_is_replaced),
        TEST(an_answer_that_comes_too_late_is_dropped),
        HASTY(a_connection_that_is_never_made_is_given_up),
        TEST(at_the_end_all_are_answered),
        TEST(out_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
