/* SPDX-License-Identifier: BSD-2-Clause */
#include "certified_names.h"

#include "cmocka_all.h"
#include "err.h"
#include "fake_link.h"
#include "oom.h"

struct bench {
    struct certified_names all;
    struct fake_link a, b;
};

static struct bench bench;

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};

    assert_int_equal(certified_names_init(&bench.all, seed), 0);
    fake_link_init(&bench.a, 1);
    fake_link_init(&bench.b, 2);
    fake_link_certify(&bench.a, "a.example");
    fake_link_certify(&bench.a, "*.Wild.example");
    fake_link_certify(&bench.a, "192.0.2.42");
    fake_link_certify(&bench.b, "a.example");
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    certified_names_leave(&b->all, &b->a.link);
    certified_names_leave(&b->all, &b->b.link);
    certified_names_fini(&b->all);
    fake_link_fini(&b->a);
    fake_link_fini(&b->b);
    return 0;
}

static bool have(struct bench *b, const char *host)
{
    return certified_names_have(&b->all, span_str(host));
}

static void names_patterns_and_addresses_are_had(void **state)
{
    struct bench *b = *state;

    assert_false(have(b, "a.example"));
    assert_int_equal(certified_names_enter(&b->all, &b->a.link), 0);
    assert_true(have(b, "A.example"));
    assert_true(have(b, "r1.wild.example"));
    assert_true(have(b, "192.0.2.42"));
    assert_false(have(b, "wild.example"));
    assert_false(have(b, "b.r1.wild.example"));
    assert_false(have(b, "b.example"));
    assert_false(have(b, "example"));
    assert_false(have(b, ""));
}

static void a_name_is_had_until_its_last_link_leaves(void **state)
{
    struct bench *b = *state;

    assert_int_equal(certified_names_enter(&b->all, &b->a.link), 0);
    assert_int_equal(certified_names_enter(&b->all, &b->b.link), 0);
    certified_names_leave(&b->all, &b->a.link);
    assert_true(have(b, "a.example"));
    assert_false(have(b, "r1.wild.example"));
    certified_names_leave(&b->all, &b->b.link);
    assert_false(have(b, "a.example"));
}

static void without_memory_none_is_entered(void **state)
{
    struct bench *b = *state;

    oom_arm_all();
    assert_int_equal(certified_names_enter(&b->all, &b->a.link), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_false(have(b, "a.example"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_patterns_and_addresses_are_had),
        TEST(a_name_is_had_until_its_last_link_leaves),
        TEST(without_memory_none_is_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
