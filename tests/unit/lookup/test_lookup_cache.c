/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "oom.h"

enum { FOR_MS = 1000, NOW_MS = 5000 };

static const struct digest_hex nobody;

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};
    struct lookup_cache *c = calloc(1, sizeof *c);

    assert_non_null(c);
    assert_int_equal(lookup_cache_init(c, seed), 0);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    lookup_cache_fini(*state);
    free(*state);
    return 0;
}

static struct lookup_query query(const char *user, const char *realm,
                                 enum digest_alg alg)
{
    return (struct lookup_query){span_str(user), span_str(realm), alg};
}

static struct digest_hex hex(char digit)
{
    struct digest_hex h = {.n = 32};

    memset(h.text, digit, 32);
    return h;
}

static void put(struct lookup_cache *c, const char *user, char digit,
                uint64_t now_ms)
{
    struct lookup_query q = query(user, "r", DIGEST_MD5);
    struct digest_hex h = hex(digit);

    lookup_cache_put(c, &q, digit ? &h : &nobody, FOR_MS, now_ms);
}

/* What is remembered of this user: a digit, 0 for unknown, '-' for nothing. */
static char found(struct lookup_cache *c, const char *user, uint64_t now_ms)
{
    struct lookup_query q = query(user, "r", DIGEST_MD5);
    struct digest_hex h;
    uint64_t age_ms;

    if (!lookup_cache_find(c, &h, &age_ms, &q, now_ms))
        return '-';
    return h.n ? h.text[31] : 0;
}

static void an_answer_is_remembered_for_its_time(void **state)
{
    struct lookup_cache *c = *state;
    struct lookup_query q = query("alice", "r", DIGEST_MD5);
    struct digest_hex h;
    uint64_t age_ms;

    put(c, "alice", 'a', NOW_MS);
    put(c, "bob", 0, NOW_MS);
    assert_true(lookup_cache_find(c, &h, &age_ms, &q, NOW_MS + 17));
    assert_int_equal(age_ms, 17);
    assert_int_equal(found(c, "alice", NOW_MS + FOR_MS - 1), 'a');
    assert_int_equal(found(c, "bob", NOW_MS), 0);
    assert_int_equal(found(c, "alice", NOW_MS + FOR_MS), '-');
    assert_int_equal(lookup_cache_count(c), 1);
}

static void realm_and_algorithm_tell_queries_apart(void **state)
{
    struct lookup_cache *c = *state;
    struct lookup_query other = query("alice", "s", DIGEST_MD5);
    struct digest_hex h;
    uint64_t age_ms;

    put(c, "alice", 'a', NOW_MS);
    assert_false(lookup_cache_find(c, &h, &age_ms, &other, NOW_MS));
    other = query("alice", "r", DIGEST_SHA256);
    assert_false(lookup_cache_find(c, &h, &age_ms, &other, NOW_MS));
    other = query("alic", "er", DIGEST_MD5);
    assert_false(lookup_cache_find(c, &h, &age_ms, &other, NOW_MS));
}

static void the_last_answer_counts(void **state)
{
    struct lookup_cache *c = *state;
    struct lookup_query q = query("alice", "r", DIGEST_MD5);

    put(c, "alice", 0, NOW_MS);
    put(c, "alice", 'b', NOW_MS + 1);
    assert_int_equal(found(c, "alice", NOW_MS + FOR_MS), 'b');
    lookup_cache_put(c, &q, &nobody, 0, NOW_MS);
    assert_int_equal(found(c, "alice", NOW_MS), '-');
    assert_int_equal(lookup_cache_count(c), 0);
}

static void at_the_bound_unknown_users_go_first(void **state)
{
    struct lookup_cache *c = *state;

    c->max = 3;
    put(c, "a", 'a', NOW_MS);
    put(c, "b", 0, NOW_MS);
    put(c, "c", 'c', NOW_MS);
    put(c, "d", 'd', NOW_MS);
    assert_int_equal(lookup_cache_count(c), 3);
    assert_int_equal(found(c, "b", NOW_MS), '-');
    put(c, "e", 0, NOW_MS); /* the oldest, as none is unknown */
    assert_int_equal(found(c, "a", NOW_MS), '-');
    assert_int_equal(found(c, "e", NOW_MS), 0);
    put(c, "f", 'f', NOW_MS + FOR_MS); /* all others are too old */
    assert_int_equal(lookup_cache_count(c), 1);
}

static void a_clear_forgets_all(void **state)
{
    struct lookup_cache *c = *state;
    char name[16];

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "u%d", i);
        put(c, name, i % 2 ? 'a' : 0, NOW_MS);
    }
    assert_int_equal(lookup_cache_count(c), 1000);
    lookup_cache_clear(c);
    assert_int_equal(lookup_cache_count(c), 0);
    assert_int_equal(found(c, "u1", NOW_MS), '-');
}

static void without_memory_nothing_is_remembered(void **state)
{
    struct lookup_cache *c = *state;

    oom_arm(1);
    put(c, "alice", 'a', NOW_MS);
    assert_true(oom_disarm());
    assert_int_equal(found(c, "alice", NOW_MS), '-');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_remembered_for_its_time),
        TEST(realm_and_algorithm_tell_queries_apart),
        TEST(the_last_answer_counts),
        TEST(at_the_bound_unknown_users_go_first),
        TEST(a_clear_forgets_all),
        TEST(without_memory_nothing_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
