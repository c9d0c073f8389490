/* SPDX-License-Identifier: BSD-2-Clause */
#include "cidr.h"

#include "cmocka_all.h"

static struct addr numeric(const char *host)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(host), 2855), 0);
    return a;
}

static bool has(const struct cidr *c, const char *host)
{
    struct addr a = numeric(host);

    return cidr_has(c, &a);
}

static void every_prefix_has_what_is_equal_so_far(void **state)
{
    static const char *const flipped[] = {"128.0.0.0", "0.128.0.0", "0.0.128.0",
                                          "0.0.0.128"};
    struct cidr c = {.n = 4};

    (void)state;
    for (c.prefix = 0; c.prefix <= 32; c.prefix++) {
        assert_true(has(&c, "0.0.0.0"));
        for (size_t octet = 0; octet < 4; octet++)
            assert_int_equal(has(&c, flipped[octet]), c.prefix <= 8 * octet);
    }
}

static void an_ipv6_prefix_may_be_of_all_bits(void **state)
{
    struct cidr c = {.host = {[15] = 1}, .n = 16, .prefix = 128};

    (void)state;
    assert_true(has(&c, "::1"));
    assert_false(has(&c, "::2"));
    assert_false(has(&c, "8000::1"));
    assert_false(has(&c, "0.0.0.1"));
}

static void a_mapped_address_is_judged_as_ipv4(void **state)
{
    struct cidr loopback = {.host = {127}, .n = 4, .prefix = 8};
    struct cidr all_ipv6 = {.n = 16, .prefix = 0};

    (void)state;
    assert_true(has(&loopback, "::ffff:127.0.0.1"));
    assert_false(has(&loopback, "::ffff:128.0.0.1"));
    assert_false(has(&all_ipv6, "::ffff:127.0.0.1"));
}

static void forms_that_lead_to_ipv4_are_unwrapped(void **state)
{
    static const struct {
        const char *form, *means;
    } rows[] = {
        {"64:ff9b::10.1.2.3", "10.1.2.3:2855"},
        {"64:ff9b:1::10.1.2.3", "10.1.2.3:2855"},
        {"2002:0a01:0203::7", "10.1.2.3:2855"},
        {"::10.1.2.3", "10.1.2.3:2855"},
        {"::ffff:10.1.2.3", "10.1.2.3:2855"},
        {"10.1.2.3", "10.1.2.3:2855"},
        {"::1", "[::1]:2855"},
        {"::", "[::]:2855"},
        {"2001:db8::10.1.2.3", "[2001:db8::a01:203]:2855"},
    };
    const struct cidr ten = {.host = {10}, .n = 4, .prefix = 8};
    const struct cidr six = {.host = {0x20, 0x02}, .n = 16, .prefix = 16};
    const struct cidr_list deny = {(struct cidr *)(uintptr_t)&ten, 1},
                           deny6 = {(struct cidr *)(uintptr_t)&six, 1},
                           none = {0};
    char text[ADDR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a = numeric(rows[i].form), inner;

        cidr_unwrap(&inner, &a);
        assert_string_equal(addr_text(text, &inner), rows[i].means);
        assert_int_equal(cidr_permits(&none, &deny, &a), i > 5);
        assert_true(cidr_permits(&deny, &deny, &a));
        assert_int_equal(cidr_permits(&none, &deny6, &a), i != 2);
    }
}

static void what_is_allowed_wins_over_what_is_denied(void **state)
{
    struct cidr ten = {.host = {10}, .n = 4, .prefix = 8};
    struct cidr blocks[] = {{.host = {127}, .n = 4, .prefix = 8}, ten};
    struct cidr one = {.host = {10, 1, 2, 3}, .n = 4, .prefix = 32};
    const struct cidr_list deny = {blocks, 2}, allow = {&one, 1}, none = {0};
    struct addr inside = numeric("10.1.2.3"), beside = numeric("10.1.2.4"),
                local = numeric("127.0.0.1"), far = numeric("192.0.2.1");

    (void)state;
    assert_true(cidr_permits(&allow, &deny, &inside));
    assert_false(cidr_permits(&none, &deny, &inside));
    assert_false(cidr_permits(&allow, &deny, &beside));
    assert_false(cidr_permits(&allow, &deny, &local));
    assert_true(cidr_permits(&allow, &deny, &far));
    assert_true(cidr_permits(&none, &none, &local));
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(every_prefix_has_what_is_equal_so_far),
        T(an_ipv6_prefix_may_be_of_all_bits),
        T(a_mapped_address_is_judged_as_ipv4),
        T(forms_that_lead_to_ipv4_are_unwrapped),
        cmocka_unit_test(what_is_allowed_wins_over_what_is_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
