/* SPDX-License-Identifier: BSD-2-Clause */
#include "temporary_users.h"

#include "cmocka_all.h"
#include "err.h"
#include "texts.h"

enum { NOW_MS = 1000000 };

struct bench {
    struct temporary_users users;
    struct rnd rnd;
    struct temporary_login login;
};

static void set_up(struct bench *b)
{
    *b = (struct bench){0};
    rnd_init(&b->rnd);
}

static int add_at(struct bench *b, uint64_t now_ms)
{
    return temporary_users_add(&b->users, &b->login, SPAN("example.com"),
                               &b->rnd, now_ms);
}

static struct span find_at(struct bench *b, enum digest_alg alg,
                           uint64_t now_ms)
{
    return temporary_users_find(
        &b->users, span_of(b->login.name, sizeof b->login.name), alg, now_ms);
}

static void the_password_leads_to_what_is_found(void **state)
{
    static const enum digest_alg algs[] = {DIGEST_MD5, DIGEST_SHA256};
    struct bench b;

    (void)state;
    set_up(&b);
    assert_int_equal(add_at(&b, NOW_MS), 0);
    for (size_t i = 0; i < 2; i++) {
        struct digest_hex want;

        assert_int_equal(
            digest_ha1(&want, algs[i],
                       span_of(b.login.name, sizeof b.login.name),
                       SPAN("example.com"),
                       span_of(b.login.password, sizeof b.login.password)),
            0);
        assert_span_equal(find_at(&b, algs[i], NOW_MS), digest_hex_span(&want));
    }
    assert_memory_equal(b.login.name, "selftest-", 9);
}

static void nobody_else_is_found(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    assert_int_equal(temporary_users_find(&b.users, SPAN(""), DIGEST_MD5, 0).n,
                     0);
    assert_int_equal(add_at(&b, NOW_MS), 0);
    b.login.name[sizeof b.login.name - 1] ^= 1;
    assert_int_equal(find_at(&b, DIGEST_MD5, NOW_MS).n, 0);
}

static void no_two_are_alike(void **state)
{
    struct temporary_login first;
    struct bench b;

    (void)state;
    set_up(&b);
    assert_int_equal(add_at(&b, NOW_MS), 0);
    first = b.login;
    assert_int_equal(add_at(&b, NOW_MS), 0);
    assert_memory_not_equal(first.name, b.login.name, sizeof first.name);
    assert_memory_not_equal(first.password, b.login.password,
                            sizeof first.password);
}

static void a_minute_is_all_they_have(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    assert_int_equal(add_at(&b, NOW_MS), 0);
    assert_true(find_at(&b, DIGEST_MD5, NOW_MS + TEMPORARY_USERS_MS - 1).n > 0);
    assert_int_equal(find_at(&b, DIGEST_MD5, NOW_MS + TEMPORARY_USERS_MS).n, 0);
}

static void there_are_eight_at_once_at_most(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    for (uint64_t i = 0; i < TEMPORARY_USERS_MAX; i++)
        assert_int_equal(add_at(&b, NOW_MS + i), 0);
    assert_int_equal(add_at(&b, NOW_MS + 10), ERR_FULL);
    /* The first one's place is free again. */
    assert_int_equal(add_at(&b, NOW_MS + TEMPORARY_USERS_MS), 0);
    assert_int_equal(add_at(&b, NOW_MS + TEMPORARY_USERS_MS), ERR_FULL);
}

static void all_of_it_is_wiped(void **state)
{
    static const struct temporary_users none;
    struct bench b;

    (void)state;
    set_up(&b);
    assert_int_equal(add_at(&b, NOW_MS), 0);
    temporary_users_fini(&b.users);
    assert_memory_equal(&b.users, &none, sizeof none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_leads_to_what_is_found),
        cmocka_unit_test(nobody_else_is_found),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(a_minute_is_all_they_have),
        cmocka_unit_test(there_are_eight_at_once_at_most),
        cmocka_unit_test(all_of_it_is_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
