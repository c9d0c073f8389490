/* SPDX-License-Identifier: BSD-2-Clause */
#include "address_count.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static const uint64_t seed[2] = {1, 2};

static struct addr at(const char *host, uint16_t port)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(host), port), 0);
    return a;
}

static int setup(void **state)
{
    static struct address_count counts;

    assert_int_equal(address_count_init(&counts, seed), 0);
    *state = &counts;
    return 0;
}

/* Asserts that everything was taken off again. */
static int teardown(void **state)
{
    address_count_fini(*state);
    return 0;
}

static void one_address_gets_so_many_whatever_its_ports(void **state)
{
    const struct addr a = at("192.0.2.1", 1), b = at("192.0.2.1", 2);
    struct address_count *c = *state;

    assert_true(address_count_add(c, &a, 2));
    assert_true(address_count_add(c, &b, 2));
    assert_false(address_count_add(c, &a, 2));
    address_count_remove(c, &b);
    assert_true(address_count_add(c, &a, 2));
    address_count_remove(c, &a);
    address_count_remove(c, &a);
}

static void each_address_counts_by_itself(void **state)
{
    const struct addr a = at("192.0.2.1", 1), b = at("192.0.2.2", 1),
                      c = at("2001:db8::1", 1);
    struct address_count *counts = *state;

    assert_true(address_count_add(counts, &a, 1));
    assert_true(address_count_add(counts, &b, 1));
    assert_true(address_count_add(counts, &c, 1));
    assert_false(address_count_add(counts, &b, 1));
    address_count_remove(counts, &a);
    address_count_remove(counts, &b);
    address_count_remove(counts, &c);
}

static void ipv4_in_ipv6_is_the_same_address(void **state)
{
    const struct addr a = at("192.0.2.1", 1), b = at("::ffff:192.0.2.1", 1);
    struct address_count *c = *state;

    assert_true(address_count_add(c, &a, 1));
    assert_false(address_count_add(c, &b, 1));
    address_count_remove(c, &b);
}

static void ipv6_addresses_of_one_64_count_together(void **state)
{
    const struct addr a = at("2001:db8:0:1::1", 1),
                      b = at("2001:db8:0:1:ffff:ffff:ffff:ffff", 1),
                      beside = at("2001:db8:0:2::1", 1);
    struct address_count *c = *state;

    assert_true(address_count_add(c, &a, 2));
    assert_true(address_count_add(c, &b, 2));
    assert_false(address_count_add(c, &a, 2));
    assert_true(address_count_add(c, &beside, 2));
    address_count_remove(c, &b);
    assert_true(address_count_add(c, &a, 2));
    address_count_remove(c, &a);
    address_count_remove(c, &b);
    address_count_remove(c, &beside);
}

static void without_a_limit_all_are_counted_all_the_same(void **state)
{
    const struct addr a = at("192.0.2.1", 1);
    struct address_count *c = *state;

    for (int i = 0; i < 1000; i++)
        assert_true(address_count_add(c, &a, 0));
    assert_false(address_count_add(c, &a, 1000));
    for (int i = 0; i < 1000; i++)
        address_count_remove(c, &a);
}

static void without_memory_nothing_is_counted(void **state)
{
    const struct addr a = at("192.0.2.1", 1);
    struct address_count *c = *state;

    oom_arm_all();
    assert_false(address_count_add(c, &a, 0));
    assert_true(oom_disarm());
    assert_true(address_count_add(c, &a, 1));
    address_count_remove(c, &a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_address_gets_so_many_whatever_its_ports),
        TEST(each_address_counts_by_itself),
        TEST(ipv4_in_ipv6_is_the_same_address),
        TEST(ipv6_addresses_of_one_64_count_together),
        TEST(without_a_limit_all_are_counted_all_the_same),
        TEST(without_memory_nothing_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
