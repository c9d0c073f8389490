/* SPDX-License-Identifier: BSD-2-Clause */
#include "walk.h"

#include "cmocka_all.h"

enum { MANY = 5 };

struct bench {
    struct list members, walks;
    struct list m[MANY];
    struct walk walk;
};

static int set_up(void **state)
{
    static struct bench bench;

    list_init(&bench.members);
    list_init(&bench.walks);
    for (size_t i = 0; i < MANY; i++)
        list_append(&bench.members, &bench.m[i]);
    walk_begin(&bench.walk, &bench.walks, &bench.members);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    walk_end(&b->walk);
    assert_true(list_is_empty(&b->walks));
    return 0;
}

static void leave(struct bench *b, size_t i)
{
    walks_leave(&b->walks, &b->m[i]);
    list_remove(&b->m[i]);
}

static void a_walk_shows_all_in_order_and_is_over_then(void **state)
{
    struct bench *b = *state;

    assert_null(b->walk.shown);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(walk_next(&b->walk), &b->m[i]);
        assert_ptr_equal(b->walk.shown, &b->m[i]);
    }
    assert_null(walk_next(&b->walk));
    assert_true(list_is_empty(&b->walks));
    assert_null(b->walk.shown);
    assert_null(walk_next(&b->walk));
}

/* Whichever leaves, after whichever step: the others are each shown once. */
static void members_may_leave_during_a_walk(void **state)
{
    for (size_t step = 0; step <= MANY; step++) {
        for (size_t gone = 0; gone < MANY; gone++) {
            struct bench *b;

            (void)tear_down(state);
            (void)set_up(state);
            b = *state;
            for (size_t i = 0; i < step; i++)
                assert_ptr_equal(walk_next(&b->walk), &b->m[i]);
            leave(b, gone);
            for (size_t i = step; i < MANY; i++)
                if (i != gone)
                    assert_ptr_equal(walk_next(&b->walk), &b->m[i]);
            assert_null(walk_next(&b->walk));
        }
    }
}

static void all_may_leave_during_a_walk(void **state)
{
    struct bench *b = *state;

    (void)walk_next(&b->walk);
    (void)walk_next(&b->walk);
    for (size_t i = 0; i < MANY; i++)
        leave(b, i);
    assert_null(b->walk.shown);
    assert_null(walk_next(&b->walk));
}

static void those_that_come_are_shown_too(void **state)
{
    struct bench *b = *state;

    leave(b, 0);
    for (size_t i = 1; i < MANY; i++)
        assert_ptr_equal(walk_next(&b->walk), &b->m[i]);
    list_append(&b->members, &b->m[0]);
    assert_ptr_equal(walk_next(&b->walk), &b->m[0]);
    assert_null(walk_next(&b->walk));
}

static void the_one_shown_is_known_while_it_is_there(void **state)
{
    struct bench *b = *state;

    (void)walk_next(&b->walk);
    leave(b, 1);
    assert_ptr_equal(b->walk.shown, &b->m[0]);
    leave(b, 0);
    assert_null(b->walk.shown);
    assert_ptr_equal(walk_next(&b->walk), &b->m[2]);
}

static void walks_do_not_disturb_each_other(void **state)
{
    struct bench *b = *state;
    struct walk other;

    walk_begin(&other, &b->walks, &b->members);
    (void)walk_next(&b->walk);
    leave(b, 0);
    assert_ptr_equal(walk_next(&other), &b->m[1]);
    walk_end(&other);
    assert_ptr_equal(walk_next(&b->walk), &b->m[1]);
}

static void an_end_is_harmless_when_the_walk_is_over(void **state)
{
    struct bench *b = *state;
    struct walk zeroed = {.members = NULL};

    walk_end(&b->walk);
    walk_end(&b->walk);
    assert_null(walk_next(&b->walk));
    walk_end(&zeroed);
    assert_null(walk_next(&zeroed));
}

static void an_empty_list_shows_nothing(void **state)
{
    struct list nobody, walks;
    struct walk w;

    (void)state;
    list_init(&nobody);
    list_init(&walks);
    walk_begin(&w, &walks, &nobody);
    assert_null(walk_next(&w));
    assert_true(list_is_empty(&walks));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_walk_shows_all_in_order_and_is_over_then),
        T(members_may_leave_during_a_walk),
        T(all_may_leave_during_a_walk),
        T(those_that_come_are_shown_too),
        T(the_one_shown_is_known_while_it_is_there),
        T(walks_do_not_disturb_each_other),
        T(an_end_is_harmless_when_the_walk_is_over),
        T(an_empty_list_shows_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
