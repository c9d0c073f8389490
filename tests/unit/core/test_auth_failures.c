/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth_failures.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "oom.h"

enum { MAX = 3, FOR_MS = 30000, NOW_MS = 1000000 };

static const struct auth_failures_rule rule = {MAX, FOR_MS};

struct bench {
    struct auth_failures all;
    struct fake_link a, b;
};

static struct bench bench;

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};

    assert_int_equal(auth_failures_init(&bench.all, seed), 0);
    fake_link_init(&bench.a, 1);
    fake_link_init(&bench.b, 2);
    auth_failures_link_init(&bench.a.link);
    auth_failures_link_init(&bench.b.link);
    bench.a.link.is_relay = bench.b.link.is_relay = true;
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    auth_failures_link_closed(&b->all, &b->a.link);
    auth_failures_link_closed(&b->all, &b->b.link);
    auth_failures_fini(&b->all);
    return 0;
}

static struct auth_attempt attempt(struct fake_link *f, const char *source,
                                   const char *user)
{
    return (struct auth_attempt){&f->link, span_str(source), span_str(user),
                                 SPAN("")};
}

static void fail_often(struct bench *b, struct auth_attempt t, unsigned n)
{
    while (n--)
        auth_failures_count(&b->all, &t, rule, NOW_MS);
}

static bool is_blocked(struct bench *b, struct auth_attempt t, uint64_t now_ms)
{
    return auth_failures_block(&b->all, &t, rule, now_ms);
}

static void a_user_is_blocked_after_so_many_for_a_while(void **state)
{
    struct bench *b = *state;
    struct auth_attempt t = attempt(&b->a, "r1", "alice");

    fail_often(b, t, MAX - 1);
    assert_false(is_blocked(b, t, NOW_MS));
    fail_often(b, t, 1);
    assert_true(is_blocked(b, t, NOW_MS + FOR_MS - 1));
    assert_false(is_blocked(b, t, NOW_MS + FOR_MS));
    auth_failures_count(&b->all, &t, rule, NOW_MS + FOR_MS);
    assert_false(is_blocked(b, t, NOW_MS + FOR_MS));
}

static void others_are_not_blocked(void **state)
{
    struct bench *b = *state;

    fail_often(b, attempt(&b->a, "r1", "alice"), MAX);
    assert_false(is_blocked(b, attempt(&b->a, "r1", "bob"), NOW_MS));
    assert_false(is_blocked(b, attempt(&b->a, "r2", "alice"), NOW_MS));
    assert_false(is_blocked(b, attempt(&b->b, "r1", "alice"), NOW_MS));
}

static void the_same_name_in_another_realm_is_not_blocked(void **state)
{
    struct bench *b = *state;
    struct auth_attempt t = attempt(&b->a, "r1", "alice");

    t.realm = SPAN("one.example");
    fail_often(b, t, MAX);
    assert_true(is_blocked(b, t, NOW_MS));
    t.realm = SPAN("two.example");
    assert_false(is_blocked(b, t, NOW_MS));
}

static void many_sources_are_blocked_in_the_end(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < AUTH_FAILURES_OVERALL * MAX; i++) {
        char source[16];

        (void)snprintf(source, sizeof source, "r%u", i);
        assert_false(is_blocked(b, attempt(&b->a, source, "alice"), NOW_MS));
        fail_often(b, attempt(&b->a, source, "alice"), 1);
    }
    assert_true(is_blocked(b, attempt(&b->a, "new", "alice"), NOW_MS));
    assert_false(is_blocked(b, attempt(&b->a, "new", "bob"), NOW_MS));
}

static void success_sets_it_back(void **state)
{
    struct bench *b = *state;
    struct auth_attempt t = attempt(&b->a, "r1", "alice");

    fail_often(b, t, MAX - 1);
    auth_failures_clear(&b->all, &t);
    fail_often(b, t, MAX - 1);
    assert_false(is_blocked(b, t, NOW_MS));
}

static void what_a_link_has_is_bounded(void **state)
{
    struct bench *b = *state;
    char user[16];

    fail_often(b, attempt(&b->b, "r1", "bob"), MAX);
    for (unsigned i = 0; i < AUTH_FAILURES_MAX; i++) {
        (void)snprintf(user, sizeof user, "u%u", i);
        fail_often(b, attempt(&b->a, "r1", user), MAX);
    }
    assert_int_equal(b->a.link.auth_failures.n, AUTH_FAILURES_MAX);
    assert_true(is_blocked(b, attempt(&b->a, "r1", user), NOW_MS));
    assert_false(is_blocked(b, attempt(&b->a, "r1", "u0"), NOW_MS));
    assert_true(is_blocked(b, attempt(&b->b, "r1", "bob"), NOW_MS));
}

/* It may call itself as it likes in every request. */
static void a_clients_link_is_one_source(void **state)
{
    struct bench *b = *state;

    b->a.link.is_relay = false;
    fail_often(b, attempt(&b->a, "one", "alice"), MAX - 1);
    assert_false(is_blocked(b, attempt(&b->a, "two", "alice"), NOW_MS));
    fail_often(b, attempt(&b->a, "two", "alice"), 1);
    assert_true(is_blocked(b, attempt(&b->a, "three", "alice"), NOW_MS));
    assert_false(is_blocked(b, attempt(&b->a, "three", "bob"), NOW_MS));
}

static void a_clients_link_has_few_entries(void **state)
{
    struct bench *b = *state;
    char user[16];

    b->a.link.is_relay = false;
    for (unsigned i = 0; i <= AUTH_FAILURES_CLIENT_MAX; i++) {
        (void)snprintf(user, sizeof user, "u%u", i);
        fail_often(b, attempt(&b->a, "x", user), MAX);
    }
    assert_int_equal(b->a.link.auth_failures.n, AUTH_FAILURES_CLIENT_MAX);
    assert_true(is_blocked(b, attempt(&b->a, "x", user), NOW_MS));
}

static void without_memory_nothing_is_counted(void **state)
{
    struct bench *b = *state;

    oom_arm_all();
    fail_often(b, attempt(&b->a, "r1", "alice"), MAX);
    assert_true(oom_disarm());
    assert_false(is_blocked(b, attempt(&b->a, "r1", "alice"), NOW_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_is_blocked_after_so_many_for_a_while),
        TEST(others_are_not_blocked),
        TEST(the_same_name_in_another_realm_is_not_blocked),
        TEST(many_sources_are_blocked_in_the_end),
        TEST(success_sets_it_back),
        TEST(what_a_link_has_is_bounded),
        TEST(a_clients_link_is_one_source),
        TEST(a_clients_link_has_few_entries),
        TEST(without_memory_nothing_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
