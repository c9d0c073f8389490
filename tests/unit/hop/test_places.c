/* SPDX-License-Identifier: BSD-2-Clause */
#include "places.h"

#include "cmocka_all.h"
#include "oom.h"

static const uint64_t seed[2] = {1, 2};

enum { PLACES = 2 * PLACES_OF_USER_MAX };

struct hall {
    struct places all;
    struct place places[PLACES];
};

static int setup(void **state)
{
    static struct hall hall;

    assert_int_equal(places_init(&hall.all, seed), 0);
    for (size_t i = 0; i < PLACES; i++)
        place_init(&hall.places[i], i);
    *state = &hall;
    return 0;
}

static int teardown(void **state)
{
    struct hall *h = *state;

    for (size_t i = 0; i < PLACES; i++)
        place_set(&h->all, &h->places[i], PLACE_KEPT, SPAN(""));
    assert_null(places_next(&h->all));
    places_fini(&h->all);
    return 0;
}

static void set(struct hall *h, size_t i, enum place_class class,
                const char *name)
{
    place_set(&h->all, &h->places[i], class, span_str(name));
}

/* The next one to go is this one, which then goes. */
static void assert_goes(struct hall *h, size_t i)
{
    struct place *next = places_next(&h->all);

    assert_non_null(next);
    assert_int_equal(next->number, i);
    place_set(&h->all, next, PLACE_KEPT, SPAN(""));
}

static void those_with_sessions_stay(void **state)
{
    struct hall *h = *state;

    set(h, 0, PLACE_USER, "alice");
    set(h, 1, PLACE_USER, "bob");
    assert_null(places_next(&h->all));
}

static void the_unproven_go_first_and_then_the_unused(void **state)
{
    struct hall *h = *state;

    set(h, 0, PLACE_USER, "alice");
    set(h, 4, PLACE_UNUSED, "");
    set(h, 1, PLACE_UNUSED, "");
    set(h, 3, PLACE_UNPROVEN, "a");
    set(h, 2, PLACE_UNPROVEN, "a");
    assert_goes(h, 2);
    assert_goes(h, 3);
    assert_goes(h, 1);
    assert_goes(h, 4);
    assert_null(places_next(&h->all));
}

static void the_source_that_has_most_gives(void **state)
{
    struct hall *h = *state;

    set(h, 0, PLACE_UNPROVEN, "honest");
    set(h, 1, PLACE_UNPROVEN, "crowd");
    set(h, 2, PLACE_UNPROVEN, "crowd");
    set(h, 3, PLACE_UNPROVEN, "crowd");
    assert_goes(h, 1);
    assert_goes(h, 2);
    assert_goes(h, 0); /* now both have one: the oldest */
    assert_goes(h, 3);
}

/* It has logged in: what it was before is forgotten. */
static void one_that_changes_class_goes_with_that(void **state)
{
    struct hall *h = *state;

    set(h, 0, PLACE_UNPROVEN, "a");
    set(h, 1, PLACE_UNPROVEN, "a");
    set(h, 0, PLACE_USER, "alice");
    assert_goes(h, 1);
    assert_null(places_next(&h->all));
    set(h, 0, PLACE_UNUSED, "");
    assert_goes(h, 0);
}

static void a_user_with_too_many_gives_the_oldest_of_them(void **state)
{
    struct hall *h = *state;

    for (size_t i = 0; i < PLACES_OF_USER_MAX; i++)
        set(h, PLACES - 1 - i, PLACE_USER, "mallory");
    set(h, 0, PLACE_USER, "alice");
    assert_null(places_next(&h->all));
    set(h, 1, PLACE_USER, "mallory");
    assert_goes(h, 1);
    assert_null(places_next(&h->all));
}

static void without_memory_only_those_with_sessions_stay(void **state)
{
    struct hall *h = *state;

    oom_arm(1);
    set(h, 0, PLACE_UNPROVEN, "a");
    assert_true(oom_disarm());
    oom_arm(1);
    set(h, 1, PLACE_USER, "alice");
    assert_true(oom_disarm());
    assert_goes(h, 0);
    assert_null(places_next(&h->all));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(those_with_sessions_stay),
        TEST(the_unproven_go_first_and_then_the_unused),
        TEST(the_source_that_has_most_gives),
        TEST(one_that_changes_class_goes_with_that),
        TEST(a_user_with_too_many_gives_the_oldest_of_them),
        TEST(without_memory_only_those_with_sessions_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
