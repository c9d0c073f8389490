/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated world (sim.h) with and without what is kept of routes.
 *
 * test-wraps: getrandom route_memo_find */
#include "cmocka_all.h"
#include "kept_routes.h"
#include "sim.h"

/* A route that was kept is the one that would have been found. */
static void what_is_kept_of_routes_changes_nothing(void **state)
{
    static const struct sim_trouble troubles[] = {
        {.burst = 5, .burst_size = 1000},
        {.die = 30},
        {.link_break = 50, .dial_fail = 200},
        {.refuse = 50, .give_up = 100, .pause = 80, .silent = 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        struct sim_setup setup;
        struct sim_result one, other;

        sim_quiet(&setup, 7 + i, 2);
        setup.trouble = troubles[i];
        kept_routes_hide(false);
        sim_run(&one, &setup);
        kept_routes_hide(true);
        sim_run(&other, &setup);
        assert_memory_equal(&one, &other, sizeof one);
    }
    assert_true(kept_routes_take() > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_of_routes_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
