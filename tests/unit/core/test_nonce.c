/* SPDX-License-Identifier: BSD-2-Clause */
#include "nonce.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "oom.h"

enum { LIFE_MS = 60000, NOW_MS = 5000000, LINK = 7 };

#define REALM SPAN("example.com")

struct bench {
    struct rnd rnd;
    struct nonces nonces;
    struct nonce_window window;
    char text[NONCE_LEN];
};

static struct nonce_scope scope_of(const struct bench *b)
{
    /* Only nonce_new() writes to it. */
    return (struct nonce_scope){(struct nonce_window *)(uintptr_t)&b->window,
                                REALM};
}

static void give(struct bench *b, char *dst, uint64_t now_ms)
{
    assert_int_equal(nonce_new(&b->nonces, scope_of(b), dst, LIFE_MS, now_ms),
                     0);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    rnd_init(&b->rnd);
    nonces_init(&b->nonces, &b->rnd);
    nonce_window_init(&b->window, LINK, NONCE_WINDOW_CLIENT);
    give(b, b->text, NOW_MS);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    nonce_window_fini(&b->window);
    nonces_fini(&b->nonces);
    free(b);
    return 0;
}

static struct span nonce_of(const struct bench *b)
{
    return span_of(b->text, NONCE_LEN);
}

static bool is_fresh(const struct bench *b, struct span nonce, uint64_t now_ms)
{
    return nonce_is_fresh(&b->nonces, scope_of(b), nonce, LIFE_MS, now_ms);
}

static bool use(struct bench *b, const char *text, const char *nc)
{
    return nonce_use(&b->window, span_of(text, NONCE_LEN), span_str(nc));
}

static void a_nonce_is_hex_and_never_the_same(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN] = "";

    assert_true(span_is_hex(nonce_of(b)));
    give(b, other, NOW_MS);
    assert_memory_not_equal(b->text, other, NONCE_LEN);
}

static void a_nonce_is_of_its_realm_alone(void **state)
{
    struct bench *b = *state;
    struct nonce_scope other = {&b->window, SPAN("other.example")};

    assert_false(
        nonce_is_fresh(&b->nonces, other, nonce_of(b), LIFE_MS, NOW_MS));
    other.realm = SPAN("");
    assert_false(
        nonce_is_fresh(&b->nonces, other, nonce_of(b), LIFE_MS, NOW_MS));
    assert_true(is_fresh(b, nonce_of(b), NOW_MS));
}

static void a_nonce_is_fresh_for_its_lifetime(void **state)
{
    struct bench *b = *state;

    assert_true(is_fresh(b, nonce_of(b), NOW_MS));
    assert_true(is_fresh(b, nonce_of(b), NOW_MS + LIFE_MS));
    assert_false(is_fresh(b, nonce_of(b), NOW_MS + LIFE_MS + 1));
    assert_false(is_fresh(b, nonce_of(b), NOW_MS - 1));
}

static void a_changed_nonce_is_none(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < NONCE_LEN; i++) {
        char text[NONCE_LEN];

        memcpy(text, b->text, NONCE_LEN);
        text[i] = text[i] == '0' ? '1' : '0';
        assert_false(is_fresh(b, span_of(text, NONCE_LEN), NOW_MS));
    }
    assert_false(is_fresh(b, span_of(b->text, NONCE_LEN - 1), NOW_MS));
    assert_false(is_fresh(b, SPAN(""), NOW_MS));
}

static void a_nonce_of_another_process_is_none(void **state)
{
    struct bench *b = *state;
    struct nonces other;
    char text[NONCE_LEN];

    nonces_init(&other, &b->rnd);
    assert_int_equal(nonce_new(&other, scope_of(b), text, LIFE_MS, NOW_MS), 0);
    assert_false(is_fresh(b, span_of(text, NONCE_LEN), NOW_MS));
    nonces_fini(&other);
}

/* S-16. */
static void a_nonce_of_another_link_is_none(void **state)
{
    struct bench *b = *state;
    struct nonce_window other;
    char text[NONCE_LEN];

    nonce_window_init(&other, LINK + 1, NONCE_WINDOW_CLIENT);
    assert_int_equal(nonce_new(&b->nonces, (struct nonce_scope){&other, REALM},
                               text, LIFE_MS, NOW_MS),
                     0);
    assert_false(is_fresh(b, span_of(text, NONCE_LEN), NOW_MS));
    assert_false(nonce_is_fresh(&b->nonces, (struct nonce_scope){&other, REALM},
                                nonce_of(b), LIFE_MS, NOW_MS));
    nonce_window_fini(&other);
}

/* R4976-9.1-i. */
static void a_count_must_rise(void **state)
{
    struct bench *b = *state;

    assert_true(use(b, b->text, "00000001"));
    assert_false(use(b, b->text, "00000001"));
    assert_true(use(b, b->text, "0000000a"));
    assert_false(use(b, b->text, "00000009"));
    assert_false(use(b, b->text, "0000000A"));
    assert_true(use(b, b->text, "0000000b"));
    assert_true(use(b, b->text, "ffffffff"));
    assert_false(use(b, b->text, "0000000c"));
}

static void a_count_is_hex(void **state)
{
    struct bench *b = *state;

    assert_false(use(b, b->text, "0000000g"));
    assert_false(use(b, b->text, "1"));
    assert_true(use(b, b->text, "00000001"));
}

/* Its count is forgotten when others were used; that it was used is not. */
static void a_used_nonce_is_used_while_it_is_fresh(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN] = "";

    assert_true(use(b, b->text, "00000001"));
    for (unsigned i = 1; i < NONCE_WINDOW_CLIENT; i++) {
        give(b, other, NOW_MS);
        assert_true(use(b, other, "00000001"));
        assert_false(use(b, other, "00000001"));
        assert_true(is_fresh(b, nonce_of(b), NOW_MS));
        assert_false(use(b, b->text, "00000001"));
    }
    assert_false(use(b, b->text, "00000002"));
    give(b, other, NOW_MS);
    assert_false(is_fresh(b, nonce_of(b), NOW_MS));
}

enum { PIPELINED = 300 };

static void many_may_be_given_out_before_one_is_used(void **state)
{
    struct bench *b = *state;
    static char texts[PIPELINED][NONCE_LEN];

    for (size_t i = 0; i < PIPELINED; i++)
        give(b, texts[i], NOW_MS);
    for (size_t i = 0; i < PIPELINED; i++) {
        assert_true(is_fresh(b, span_of(texts[i], NONCE_LEN), NOW_MS));
        assert_true(use(b, texts[i], "00000001"));
        assert_false(use(b, texts[i], "00000001"));
    }
}

static void a_slow_client_needs_no_memory(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN];

    for (uint64_t i = 1; i < 1000; i++) {
        give(b, other, NOW_MS + i * 1000);
        assert_true(use(b, other, "00000001"));
    }
    assert_null(b->window.used);
}

static void a_relay_has_a_window_of_its_own_size(void **state)
{
    struct bench *b = *state;
    char first[NONCE_LEN] = "", other[NONCE_LEN] = "";
    struct nonce_window w;

    nonce_window_init(&w, LINK, NONCE_WINDOW_RELAY);
    assert_null(w.used);
    for (unsigned i = 0; i < NONCE_WINDOW_RELAY; i++) {
        assert_int_equal(nonce_new(&b->nonces, (struct nonce_scope){&w, REALM},
                                   i ? other : first, LIFE_MS, NOW_MS),
                         0);
    }
    assert_true(nonce_is_fresh(&b->nonces, (struct nonce_scope){&w, REALM},
                               span_of(first, NONCE_LEN), LIFE_MS, NOW_MS));
    assert_true(nonce_use(&w, span_of(first, NONCE_LEN), SPAN("00000001")));
    assert_true(nonce_use(&w, span_of(other, NONCE_LEN), SPAN("00000001")));
    assert_false(nonce_use(&w, span_of(first, NONCE_LEN), SPAN("00000001")));
    nonce_window_fini(&w);
}

/* What was forgotten while the window was small is not remembered as unused. */
static void a_window_that_grows_revives_none(void **state)
{
    struct bench *b = *state;
    char used[NONCE_LEN], other[NONCE_LEN];
    uint64_t late_ms = NOW_MS + LIFE_MS + 1;

    give(b, used, late_ms);
    assert_true(use(b, used, "00000001"));
    for (unsigned i = 0; i < 3 * NONCE_WINDOW_FIRST; i++) {
        give(b, other, late_ms);
        if (is_fresh(b, span_of(used, NONCE_LEN), late_ms))
            assert_false(use(b, used, "00000001"));
    }
    assert_non_null(b->window.used);
    assert_true(use(b, other, "00000001"));
}

/* The window stays small: what is too old for it is not fresh. */
static void without_memory_fewer_are_remembered(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN];

    assert_true(use(b, b->text, "00000001"));
    oom_arm_all();
    for (unsigned i = 0; i < NONCE_WINDOW_FIRST; i++)
        give(b, other, NOW_MS);
    assert_true(oom_disarm());
    assert_false(is_fresh(b, nonce_of(b), NOW_MS));
    assert_true(is_fresh(b, span_of(other, NONCE_LEN), NOW_MS));
    assert_true(use(b, other, "00000001"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_nonce_is_hex_and_never_the_same),
        TEST(a_nonce_is_of_its_realm_alone),
        TEST(a_nonce_is_fresh_for_its_lifetime),
        TEST(a_changed_nonce_is_none),
        TEST(a_nonce_of_another_process_is_none),
        TEST(a_nonce_of_another_link_is_none),
        TEST(a_count_must_rise),
        TEST(a_count_is_hex),
        TEST(a_used_nonce_is_used_while_it_is_fresh),
        TEST(many_may_be_given_out_before_one_is_used),
        TEST(a_slow_client_needs_no_memory),
        TEST(a_relay_has_a_window_of_its_own_size),
        TEST(a_window_that_grows_revives_none),
        TEST(without_memory_fewer_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
