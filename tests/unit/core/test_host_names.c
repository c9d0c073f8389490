/* SPDX-License-Identifier: BSD-2-Clause */
#include "host_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

static struct host_names *names(const char *const *list)
{
    struct host_names *set = host_names_new();

    assert_non_null(set);
    for (; *list; list++)
        assert_int_equal(host_names_add(set, span_str(*list)), 0);
    return set;
}

#define NAMES(...) names((const char *const[]){__VA_ARGS__, NULL})

static bool have(const struct host_names *set, const char *host)
{
    return host_names_have(set, span_str(host));
}

static void a_name_is_had_without_case(void **state)
{
    struct host_names *set = NAMES("R1.Example.net", "r2.example.net");

    (void)state;
    assert_true(have(set, "r1.example.net"));
    assert_true(have(set, "R2.EXAMPLE.NET"));
    assert_false(have(set, "r3.example.net"));
    assert_false(have(set, "example.net"));
    assert_false(have(set, ""));
    assert_false(have(NULL, "r1.example.net"));
    host_names_free(set);
}

static void a_star_is_one_whole_label(void **state)
{
    struct host_names *set = NAMES("*.wild.test");

    (void)state;
    assert_true(have(set, "r1.wild.test"));
    assert_true(have(set, "R2.Wild.test"));
    assert_false(have(set, "wild.test"));
    assert_false(have(set, ".wild.test"));
    assert_false(have(set, "a.b.wild.test"));
    assert_false(have(set, "r1.mild.test"));
    assert_false(have(set, "*.wild.test.test"));
    assert_false(have(set, "*.wild.test")); /* which is no host */
    host_names_free(set);
}

/* RFC 6125, 6.4.3; as OpenSSL does with partial wildcards off. */
static void other_stars_are_none(void **state)
{
    struct host_names *set = NAMES("*.test", "r*.wild.test", "a.*.test");

    (void)state;
    assert_false(have(set, "r1.test"));
    assert_false(have(set, "r1.wild.test"));
    assert_false(have(set, "a.b.test"));
    host_names_free(set);
}

static void addresses_are_compared_by_value(void **state)
{
    struct host_names *set = NAMES("192.0.2.1", "[2001:db8::1]");

    (void)state;
    assert_true(have(set, "192.0.2.1"));
    assert_true(have(set, "[2001:DB8:0::1]"));
    assert_false(have(set, "192.0.2.2"));
    assert_false(have(set, "[2001:db8::2]"));
    host_names_free(set);
}

static void sets_meet_where_they_share_a_host(void **state)
{
    static const struct {
        const char *a, *b;
        bool meet;
    } cases[] = {
        {"r1.test.net", "r1.test.net", true},
        {"r1.test.net", "r2.test.net", false},
        {"*.test.net", "r2.test.net", true},
        {"*.test.net", "*.test.net", true},
        {"*.test.net", "*.pest.net", false},
        {"*.test.net", "test.net", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct host_names *a = NAMES(cases[i].a), *b = NAMES(cases[i].b);

        assert_int_equal(host_names_meet(a, b), cases[i].meet);
        assert_int_equal(host_names_meet(b, a), cases[i].meet);
        host_names_free(a);
        host_names_free(b);
    }
}

static void a_set_is_bounded_and_holds_each_once(void **state)
{
    struct host_names *set = host_names_new();
    char name[32];

    (void)state;
    assert_non_null(set);
    for (int i = 0; i < HOST_NAMES_MAX; i++) {
        (void)snprintf(name, sizeof name, "r%d.test", i);
        assert_int_equal(host_names_add(set, span_str(name)), 0);
        assert_int_equal(host_names_add(set, span_str(name)), 0);
    }
    assert_int_equal(host_names_add(set, SPAN("x.test")), ERR_FULL);
    assert_int_equal(host_names_count(set), HOST_NAMES_MAX);
    assert_true(have(set, "r63.test"));
    assert_true(span_eq(host_names_at(set, 1), SPAN("r1.test")));
    assert_int_equal(host_names_add(set, SPAN("")), ERR_SYNTAX);
    host_names_free(set);
}

static int make(void *ctx)
{
    struct host_names *set = host_names_new();
    int err;

    (void)ctx;
    if (!set)
        return ERR_NOMEM;
    err = host_names_add(set, SPAN("r1.test"));
    host_names_free(set);
    return err;
}

static void making_copes_without_memory(void **state)
{
    (void)state;
    assert_true(oom_sweep(make, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_had_without_case),
        cmocka_unit_test(a_star_is_one_whole_label),
        cmocka_unit_test(other_stars_are_none),
        cmocka_unit_test(addresses_are_compared_by_value),
        cmocka_unit_test(sets_meet_where_they_share_a_host),
        cmocka_unit_test(a_set_is_bounded_and_holds_each_once),
        cmocka_unit_test(making_copes_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
