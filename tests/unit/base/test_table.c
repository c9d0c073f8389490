/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include "cmocka_all.h"
#include "err.h"
#include "list.h"
#include "oom.h"

/* The octets 0..15, read as the reference does. */
static const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

struct item {
    struct table_node node;
    uint32_t key;
    bool seen;
};

static struct item *item_of(struct table_node *node)
{
    return CONTAINER(node, struct item, node);
}

static bool has_key(const struct table_node *node, const void *key)
{
    return ((const struct item *)(const void *)node)->key ==
           *(const uint32_t *)key;
}

static struct span key_span(const uint32_t *key)
{
    return span_of((const char *)key, sizeof *key);
}

static struct item *find(const struct table *t, uint32_t key)
{
    struct table_node *node =
        table_find(t, table_hash(t, key_span(&key)), has_key, &key);

    return node ? item_of(node) : NULL;
}

/* n items with keys 0..n-1 in t; to be freed. */
static struct item *fill(struct table *t, uint32_t n)
{
    struct item *items = test_calloc(n, sizeof *items);

    assert_int_equal(table_init(t, seed), 0);
    for (uint32_t i = 0; i < n; i++) {
        items[i].key = i;
        table_add(t, &items[i].node, table_hash(t, key_span(&i)));
    }
    return items;
}

static void the_hash_is_siphash_1_3(void **state)
{
    static const struct {
        size_t n;
        uint64_t hash;
    } vectors[] = {
        {0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},
        {7, 0xd3927d989bb11140},  {8, 0x369095118d299a8e},
        {9, 0x25a48eb36c063de4},  {15, 0xd320d86d2a519956},
        {16, 0xcc4fdd1a7d908b66}, {63, 0x9d199062b7bbb3a8},
    };
    const struct table t = {.seed = {seed[0], seed[1]}};
    char octets[64];

    (void)state;
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (char)i;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_true(table_hash(&t, span_of(octets, vectors[i].n)) ==
                    vectors[i].hash);
}

static void another_seed_gives_another_hash(void **state)
{
    const struct table a = {.seed = {1, 2}};
    const struct table b = {.seed = {1, 3}};

    (void)state;
    assert_true(table_hash(&a, SPAN("key")) != table_hash(&b, SPAN("key")));
}

static void each_member_is_found_while_the_table_grows(void **state)
{
    enum { N = 3000 };
    struct item *items = test_calloc(N, sizeof *items);
    struct table t;

    (void)state;
    assert_int_equal(table_init(&t, seed), 0);
    for (uint32_t i = 0; i < N; i++) {
        items[i].key = i;
        table_add(&t, &items[i].node, table_hash(&t, key_span(&i)));
        for (uint32_t k = i % 50; k <= i; k += 50)
            assert_ptr_equal(find(&t, k), &items[k]);
        assert_null(find(&t, i + 1));
    }
    assert_int_equal(t.count, N);
    assert_true(t.n_buckets >= N);
    table_fini(&t);
    test_free(items);
}

static void a_removed_member_is_not_found_and_others_are(void **state)
{
    enum { N = 1000 };
    struct table t;
    struct item *items = fill(&t, N);

    (void)state;
    for (uint32_t i = 0; i < N; i += 2)
        table_remove(&t, &items[i].node);
    assert_int_equal(t.count, N / 2);
    for (uint32_t i = 0; i < N; i++)
        assert_ptr_equal(find(&t, i), i % 2 ? &items[i] : NULL);
    for (uint32_t i = 1; i < N; i += 2)
        table_remove(&t, &items[i].node);
    assert_int_equal(t.count, 0);
    assert_null(table_next(&t, NULL));
    table_fini(&t);
    test_free(items);
}

static void members_of_one_hash_are_told_apart(void **state)
{
    enum { N = 40 };
    struct item items[N];
    struct table t;

    (void)state;
    assert_int_equal(table_init(&t, seed), 0);
    for (uint32_t i = 0; i < N; i++) {
        items[i] = (struct item){.key = i};
        table_add(&t, &items[i].node, 0x1234567890abcdef);
    }
    for (uint32_t i = 0; i < N; i++)
        assert_ptr_equal(table_find(&t, 0x1234567890abcdef, has_key, &i),
                         &items[i].node);
    table_remove(&t, &items[20].node);
    for (uint32_t i = 20; i < 22; i++)
        assert_ptr_equal(table_find(&t, 0x1234567890abcdef, has_key, &i),
                         i == 20 ? NULL : &items[i].node);
    table_fini(&t);
}

static void a_walk_meets_each_member_once(void **state)
{
    static const uint32_t counts[] = {1, 15, 16, 17, 31, 32, 33, 500};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct table t;
        struct item *items = fill(&t, counts[i]);
        struct table_node *node = NULL;
        uint32_t met = 0;

        while ((node = table_next(&t, node))) {
            assert_false(item_of(node)->seen);
            item_of(node)->seen = true;
            met++;
        }
        assert_int_equal(met, counts[i]);
        table_fini(&t);
        test_free(items);
    }
}

static void a_walk_may_free_what_it_has_left(void **state)
{
    struct table_node *node, *next;
    struct table t;
    uint32_t met = 0;

    (void)state;
    assert_int_equal(table_init(&t, seed), 0);
    for (uint32_t i = 0; i < 100; i++) {
        struct item *item = test_calloc(1, sizeof *item);

        table_add(&t, &item->node, table_hash(&t, key_span(&i)));
    }
    for (node = table_next(&t, NULL); node; node = next) {
        next = table_next(&t, node);
        test_free(item_of(node));
        met++;
    }
    assert_int_equal(met, 100);
    table_fini(&t);
}

static void without_memory_there_is_no_table(void **state)
{
    struct table t = {.count = 77};

    (void)state;
    oom_arm(1);
    assert_int_equal(table_init(&t, seed), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_int_equal(t.count, 77);
}

static void adding_without_memory_grows_the_table_later(void **state)
{
    enum { N = 500 };
    struct item items[N];
    struct table t;

    (void)state;
    assert_int_equal(table_init(&t, seed), 0);
    oom_arm_all();
    for (uint32_t i = 0; i < N; i++) {
        if (i == N / 2)
            assert_true(oom_disarm());
        items[i] = (struct item){.key = i};
        table_add(&t, &items[i].node, table_hash(&t, key_span(&i)));
    }
    assert_true(t.n_buckets > N / 4);
    for (uint32_t i = 0; i < N; i++)
        assert_ptr_equal(find(&t, i), &items[i]);
    table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_siphash_1_3),
        cmocka_unit_test(another_seed_gives_another_hash),
        cmocka_unit_test(each_member_is_found_while_the_table_grows),
        cmocka_unit_test(a_removed_member_is_not_found_and_others_are),
        cmocka_unit_test(members_of_one_hash_are_told_apart),
        cmocka_unit_test(a_walk_meets_each_member_once),
        cmocka_unit_test(a_walk_may_free_what_it_has_left),
        cmocka_unit_test(without_memory_there_is_no_table),
        cmocka_unit_test(adding_without_memory_grows_the_table_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
