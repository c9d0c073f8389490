/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_memory.h"

#include "cmocka_all.h"
#include "oom.h"

static struct addr address(const char *host, uint16_t port)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(host), port), 0);
    return a;
}

static int set_up(void **state)
{
    static struct ng_memory m;

    assert_int_equal(ng_memory_init(&m), 0);
    *state = &m;
    return 0;
}

static int take_down(void **state)
{
    ng_memory_fini(*state);
    return 0;
}

static void
an_answer_is_found_for_the_same_message_of_the_same_host(void **state)
{
    struct ng_memory *m = *state;
    struct addr a = address("192.0.2.1", 1000), b = address("192.0.2.1", 2000);
    struct addr mapped = address("::ffff:192.0.2.1", 7);
    struct addr other = address("192.0.2.2", 1000);

    ng_memory_add(m, &a, SPAN("c d1:ai1ee"), SPAN("c de"), 0);
    assert_span(ng_memory_find(m, &a, SPAN("c d1:ai1ee"), 1), "c de");
    assert_span(ng_memory_find(m, &b, SPAN("c d1:ai1ee"), 1), "c de");
    assert_span(ng_memory_find(m, &mapped, SPAN("c d1:ai1ee"), 1), "c de");
    assert_int_equal(ng_memory_find(m, &other, SPAN("c d1:ai1ee"), 1).n, 0);
    assert_int_equal(ng_memory_find(m, &a, SPAN("c d1:ai2ee"), 1).n, 0);
    assert_int_equal(ng_memory_find(m, &a, SPAN("b d1:ai1ee"), 1).n, 0);
}

static void an_answer_is_forgotten_after_its_time(void **state)
{
    struct ng_memory *m = *state;
    struct addr a = address("192.0.2.1", 1000);

    ng_memory_add(m, &a, SPAN("1 de"), SPAN("1 le"), 100);
    ng_memory_add(m, &a, SPAN("2 de"), SPAN("2 le"), 200);
    assert_int_equal(ng_memory_find(m, &a, SPAN("1 de"), 99 + NG_MEMORY_MS).n,
                     4);
    assert_int_equal(ng_memory_find(m, &a, SPAN("1 de"), 100 + NG_MEMORY_MS).n,
                     0);
    ng_memory_expire(m, 100 + NG_MEMORY_MS);
    assert_int_equal(m->table.count, 1);
    ng_memory_expire(m, 200 + NG_MEMORY_MS);
    assert_int_equal(m->table.count, 0);
    assert_int_equal(m->octets, 0);
}

static void a_message_that_is_too_old_gets_a_new_answer(void **state)
{
    struct ng_memory *m = *state;
    struct addr a = address("192.0.2.1", 1000);

    ng_memory_add(m, &a, SPAN("1 de"), SPAN("old"), 0);
    ng_memory_add(m, &a, SPAN("1 de"), SPAN("new"), NG_MEMORY_MS);
    assert_span(ng_memory_find(m, &a, SPAN("1 de"), NG_MEMORY_MS), "new");
    assert_int_equal(m->table.count, 1);
}

static void the_number_of_answers_has_a_bound(void **state)
{
    struct ng_memory *m = *state;
    struct addr a = address("192.0.2.1", 1000);
    char text[16];

    for (unsigned i = 0; i < NG_MEMORY_ENTRIES + 10; i++) {
        snprintf(text, sizeof text, "%u de", i);
        ng_memory_add(m, &a, span_str(text), SPAN("x"), 0);
    }
    assert_int_equal(m->table.count, NG_MEMORY_ENTRIES);
    assert_int_equal(ng_memory_find(m, &a, SPAN("9 de"), 0).n, 0);
    assert_int_equal(ng_memory_find(m, &a, SPAN("10 de"), 0).n, 1);
}

static void the_octets_of_answers_have_a_bound(void **state)
{
    static char large[1 << 20];
    struct ng_memory *m = *state;
    struct addr a = address("192.0.2.1", 1000);
    char text[16];

    for (unsigned i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "%u de", i);
        ng_memory_add(m, &a, span_str(text), span_of(large, sizeof large), 0);
        assert_true(m->octets <= NG_MEMORY_OCTETS);
    }
    assert_int_equal(m->table.count, 31);
}

static void without_memory_nothing_is_remembered(void **state)
{
    struct ng_memory *m = *state;
    struct addr a = address("192.0.2.1", 1000);

    oom_arm(1);
    ng_memory_add(m, &a, SPAN("1 de"), SPAN("x"), 0);
    assert_true(oom_disarm());
    assert_int_equal(ng_memory_find(m, &a, SPAN("1 de"), 0).n, 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, take_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(an_answer_is_found_for_the_same_message_of_the_same_host),
        WITH(an_answer_is_forgotten_after_its_time),
        WITH(a_message_that_is_too_old_gets_a_new_answer),
        WITH(the_number_of_answers_has_a_bound),
        WITH(the_octets_of_answers_have_a_bound),
        WITH(without_memory_nothing_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
