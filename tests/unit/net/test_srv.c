/* SPDX-License-Identifier: BSD-2-Clause */
#include "srv.h"

#include <stdio.h>

#include "cmocka_all.h"

/* Targets "p<priority>w<weight>", in a string with blanks between. */
static const char *ordered(const struct dns_srv *list, size_t n,
                           const uint32_t *dice)
{
    static char text[256];
    struct dns_srv copy[8];
    size_t len = 0;

    memcpy(copy, list, n * sizeof *list);
    srv_order(copy, n, dice);
    text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
                                i ? " " : "", copy[i].target);
    return text;
}

static void lower_priorities_come_first(void **state)
{
    static const struct dns_srv list[] = {{20, 9, 1, "c"},
                                          {10, 0, 1, "a"},
                                          {65535, 1, 1, "d"},
                                          {15, 65535, 1, "b"}};

    (void)state;
    assert_string_equal(ordered(list, 4, (uint32_t[4]){0}), "a b c d");
    assert_string_equal(ordered(list, 4, (uint32_t[4]){7, ~0u, 3, 1}),
                        "a b c d");
}

/* RFC 2782: a number from 0 to the sum draws the first whose running sum is not
 * below it. */
static void the_weight_says_how_many_numbers_draw_it(void **state)
{
    static const struct dns_srv list[] = {
        {1, 3, 1, "three"}, {1, 0, 1, "none"}, {1, 2, 1, "two"}};
    static const char *const first[] = {"none",  "three", "three",
                                        "three", "two",   "two"};

    (void)state;
    for (uint32_t die = 0; die < 60; die++) {
        const char *got = ordered(list, 3, (uint32_t[3]){die, 1, 0});

        assert_int_equal(strncmp(got, first[die % 6], strlen(first[die % 6])),
                         0);
    }
}

static void the_next_is_drawn_from_what_is_left(void **state)
{
    static const struct dns_srv list[] = {
        {1, 1, 1, "a"}, {1, 2, 1, "b"}, {1, 3, 1, "c"}};

    (void)state;
    assert_string_equal(ordered(list, 3, (uint32_t[3]){0, 0, 0}), "a b c");
    assert_string_equal(ordered(list, 3, (uint32_t[3]){6, 3, 0}), "c b a");
    assert_string_equal(ordered(list, 3, (uint32_t[3]){2, 4, 1}), "b c a");
    assert_string_equal(ordered(list, 3, (uint32_t[3]){2, 1, 1}), "b a c");
}

static void each_priority_is_drawn_by_itself(void **state)
{
    static const struct dns_srv list[] = {{2, 1, 1, "y"},
                                          {1, 1, 1, "b"},
                                          {2, 1, 1, "z"},
                                          {1, 1, 1, "c"},
                                          {0, 0, 1, "a"}};

    (void)state;
    assert_string_equal(ordered(list, 5, (uint32_t[5]){0}), "a b c y z");
    assert_string_equal(ordered(list, 5, (uint32_t[5]){0, 2, 0, 2, 0}),
                        "a c b z y");
}

static void the_heaviest_weights_do_not_overflow(void **state)
{
    struct dns_srv list[DNS_RECORDS_MAX];
    uint32_t dice[DNS_RECORDS_MAX];

    (void)state;
    for (int i = 0; i < DNS_RECORDS_MAX; i++) {
        list[i] = (struct dns_srv){.weight = 65535, .port = (uint16_t)i};
        dice[i] = 65535u * (DNS_RECORDS_MAX - (unsigned)i);
    }
    srv_order(list, DNS_RECORDS_MAX, dice);
    for (int i = 0; i < DNS_RECORDS_MAX; i++)
        assert_int_equal(list[i].port, DNS_RECORDS_MAX - 1 - i);
    srv_order(list, 0, dice);
}

int main(void)
{
#define T(test) cmocka_unit_test(test)
    const struct CMUnitTest tests[] = {
        T(lower_priorities_come_first),
        T(the_weight_says_how_many_numbers_draw_it),
        T(the_next_is_drawn_from_what_is_left),
        T(each_priority_is_drawn_by_itself),
        T(the_heaviest_weights_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
