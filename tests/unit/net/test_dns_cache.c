/* SPDX-License-Identifier: BSD-2-Clause */
/* What the resolver remembers, in a time of the test's own. */
/* test-wraps: loop_now_ms */
#include "dns_cache.h"

#include <stdio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "resolve_rig.h"

enum { HOUR_MS = 3600 * 1000 };

/* What has passed besides real time. The linker's --wrap leaves no room for a
 * context. */
static uint64_t later_ms;

uint64_t __real_loop_now_ms(const struct loop *l);
uint64_t __wrap_loop_now_ms(const struct loop *l);

uint64_t __wrap_loop_now_ms(const struct loop *l)
{
    return __real_loop_now_ms(l) + later_ms;
}

static void assert_asked(struct resolve_rig *r, const char *name,
                         unsigned times)
{
    assert_int_equal(dns_stub_asked(r->stub, name, DNS_A), times);
}

static void an_answer_is_remembered_for_its_ttl(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    dns_stub_forget(r->stub, "a.example");
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.2");
    later_ms += 50000;
    assert_found(r, "a.example", 10, "192.0.2.1:10");
    assert_asked(r, "a.example", 1);
    later_ms += 10000;
    assert_found(r, "a.example", 9, "192.0.2.2:9");
    assert_asked(r, "a.example", 2);
}

static void a_ttl_is_at_least_a_second_and_at_most_an_hour(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "short.example", 0, "192.0.2.1");
    dns_stub_host(r->stub, "long.example", 7 * 24 * 3600, "192.0.2.1");
    for (int i = 0; i < 2; i++) {
        assert_found(r, "short.example", 9, "192.0.2.1:9");
        assert_found(r, "long.example", 9, "192.0.2.1:9");
    }
    assert_asked(r, "short.example", 1);
    later_ms += 1000;
    assert_found(r, "short.example", 9, "192.0.2.1:9");
    assert_asked(r, "short.example", 2);
    later_ms += HOUR_MS - 60000;
    assert_found(r, "long.example", 9, "192.0.2.1:9");
    assert_asked(r, "long.example", 1);
    later_ms += 60000;
    assert_found(r, "long.example", 9, "192.0.2.1:9");
    assert_asked(r, "long.example", 2);
}

/* How often the stub was asked; a server that fails is asked again at once. */
static unsigned asked(struct resolve_rig *r, const char *name)
{
    return dns_stub_asked(r->stub, name, DNS_A);
}

static void that_there_is_none_is_remembered_briefly(void **state)
{
    struct resolve_rig *r = *state;
    unsigned bad;

    dns_stub_set_mood(r->stub, "bad.example", 0, DNS_STUB_FAIL);
    assert_not_found(r, "a.example", 9, ERR_NOT_FOUND);
    assert_not_found(r, "bad.example", 9, ERR_IO);
    bad = asked(r, "bad.example");
    assert_not_found(r, "a.example", 9, ERR_NOT_FOUND);
    assert_not_found(r, "bad.example", 9, ERR_IO);
    assert_int_equal(asked(r, "a.example"), 1);
    assert_int_equal(asked(r, "bad.example"), bad);
    later_ms += 1000 * DNS_CACHE_FAILED_S;
    assert_not_found(r, "a.example", 9, ERR_NOT_FOUND);
    assert_not_found(r, "bad.example", 9, ERR_IO);
    assert_int_equal(asked(r, "a.example"), 1);
    assert_int_equal(asked(r, "bad.example"), 2 * bad);
    later_ms += 1000 * DNS_CACHE_NONE_S;
    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_int_equal(asked(r, "a.example"), 2);
}

static void a_name_has_no_case_and_may_end_with_a_dot(void **state)
{
    struct resolve_rig *r = *state;

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_found(r, "A.EXAMPLE", 9, "192.0.2.1:9");
    assert_found(r, "a.example.", 9, "192.0.2.1:9");
    assert_asked(r, "a.example", 1);
}

static void who_asks_the_same_shares_the_answer(void **state)
{
    struct resolve_rig *r = *state;
    struct told a = {.calls = 0}, b = {.calls = 0}, c = {.calls = 0};

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    resolve_rig_start(r, &a, "a.example", 1);
    resolve_rig_start(r, &b, "a.example", 2);
    loop_turn(r->loop, false);
    resolve_rig_start(r, &c, "a.example", 0);
    resolve_rig_wait(&a);
    resolve_rig_wait(&b);
    resolve_rig_wait(&c);
    assert_string_equal(a.text, "192.0.2.1:1");
    assert_string_equal(b.text, "192.0.2.1:2");
    assert_string_equal(c.text, "192.0.2.1:2855");
    assert_asked(r, "a.example", 1);
    assert_int_equal(dns_stub_asked(r->stub, "a.example", DNS_AAAA), 1);
}

static void what_was_not_used_for_longest_is_forgotten(void **state)
{
    struct resolve_rig *r = *state;
    char name[32];

    dns_stub_host(r->stub, "a.example", 60, "192.0.2.1");
    dns_stub_host(r->stub, "b.example", 60, "192.0.2.2");
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_found(r, "b.example", 9, "192.0.2.2:9");
    for (int i = 0; i < DNS_CACHE_MAX / 2 - 2; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        assert_not_found(r, name, 9, ERR_NOT_FOUND);
    }
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_asked(r, "a.example", 1);
    assert_not_found(r, "one.more.example", 9, ERR_NOT_FOUND);
    assert_found(r, "a.example", 9, "192.0.2.1:9");
    assert_found(r, "b.example", 9, "192.0.2.2:9");
    assert_asked(r, "a.example", 1);
    assert_asked(r, "b.example", 2);
}

static void what_is_under_way_is_bounded(void **state)
{
    struct resolve_rig *r = *state;
    struct resolve_settings s;
    struct addr at;
    struct told told[DNS_CACHE_MAX / 2 + 1] = {{.calls = 0}};
    int fd = resolve_rig_mute_server(&at);
    char name[32];

    s = resolve_rig_settings(&at, 1);
    resolve_rig_use(r, &s);
    for (int i = 0; i < DNS_CACHE_MAX / 2 + 1; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        resolve_rig_start(r, &told[i], name, 9);
    }
    resolve_rig_wait(&told[DNS_CACHE_MAX / 2]);
    assert_int_equal(told[DNS_CACHE_MAX / 2].err, ERR_LIMIT);
    for (int i = 0; i < DNS_CACHE_MAX / 2; i++)
        assert_int_equal(told[i].calls, 0);
    close(fd);
}

int main(void)
{
#define T(test)                                                                \
    cmocka_unit_test_setup_teardown(test, resolve_rig_set_up,                  \
                                    resolve_rig_tear_down)
    const struct CMUnitTest tests[] = {
        T(an_answer_is_remembered_for_its_ttl),
        T(a_ttl_is_at_least_a_second_and_at_most_an_hour),
        T(that_there_is_none_is_remembered_briefly),
        T(a_name_has_no_case_and_may_end_with_a_dot),
        T(who_asks_the_same_shares_the_answer),
        T(what_was_not_used_for_longest_is_forgotten),
        T(what_is_under_way_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
