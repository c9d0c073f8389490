#include "nonce.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "oom.h"

enum { LIFE_MS = 60000, NOW_MS = 5000000 };

struct bench {
    struct rnd rnd;
    struct nonces nonces;
    char text[NONCE_LEN];
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    rnd_init(&b->rnd);
    assert_int_equal(nonces_init(&b->nonces, &b->rnd), 0);
    assert_int_equal(nonce_new(&b->nonces, b->text, NOW_MS), 0);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

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
    return nonce_is_fresh(&b->nonces, nonce, LIFE_MS, now_ms);
}

static bool use(struct bench *b, const char *nc, uint64_t now_ms)
{
    return nonce_use(&b->nonces, nonce_of(b), span_str(nc), LIFE_MS, now_ms);
}

static void a_nonce_is_hex_and_never_the_same(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN] = "";

    assert_true(span_is_hex(nonce_of(b)));
    assert_int_equal(nonce_new(&b->nonces, other, NOW_MS), 0);
    assert_memory_not_equal(b->text, other, NONCE_LEN);
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

static void anothers_nonce_is_none(void **state)
{
    struct bench *b = *state;
    struct nonces other;
    char text[NONCE_LEN];

    assert_int_equal(nonces_init(&other, &b->rnd), 0);
    assert_int_equal(nonce_new(&other, text, NOW_MS), 0);
    assert_false(is_fresh(b, span_of(text, NONCE_LEN), NOW_MS));
    nonces_fini(&other);
}

/* R4976-9.1-i. */
static void a_count_must_rise(void **state)
{
    struct bench *b = *state;

    assert_true(use(b, "00000001", NOW_MS));
    assert_false(use(b, "00000001", NOW_MS));
    assert_true(use(b, "0000000a", NOW_MS));
    assert_false(use(b, "00000009", NOW_MS));
    assert_false(use(b, "0000000A", NOW_MS));
    assert_true(use(b, "0000000b", NOW_MS));
    assert_true(use(b, "ffffffff", NOW_MS));
    assert_false(use(b, "0000000c", NOW_MS));
}

static void a_count_is_hex(void **state)
{
    struct bench *b = *state;

    assert_false(use(b, "0000000g", NOW_MS));
    assert_true(use(b, "00000001", NOW_MS));
}

static void a_used_nonce_is_remembered_while_it_is_fresh(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN] = "";
    struct span text = span_of(other, NONCE_LEN);

    assert_true(use(b, "00000001", NOW_MS));
    for (uint64_t now_ms = NOW_MS; now_ms <= NOW_MS + LIFE_MS; now_ms += 1000) {
        assert_int_equal(nonce_new(&b->nonces, other, now_ms), 0);
        assert_true(
            nonce_use(&b->nonces, text, SPAN("00000001"), LIFE_MS, now_ms));
        assert_false(use(b, "00000001", now_ms));
    }
}

static void the_used_are_forgotten_in_time(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN] = "";
    struct span text = span_of(other, NONCE_LEN);

    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(nonce_new(&b->nonces, other, NOW_MS + i * 1000), 0);
        assert_true(nonce_use(&b->nonces, text, SPAN("00000001"), LIFE_MS,
                              NOW_MS + i * 1000));
    }
    assert_true(b->nonces.used.count <= 2 * LIFE_MS / 1000 + 2);
}

static void beyond_the_bound_none_is_accepted(void **state)
{
    struct bench *b = *state;
    char other[NONCE_LEN] = "";
    struct span text = span_of(other, NONCE_LEN);

    for (unsigned i = 0; i < NONCE_USED_MAX; i++) {
        (void)snprintf(other, sizeof other, "%063u", i);
        other[NONCE_LEN - 1] = 'x';
        assert_true(
            nonce_use(&b->nonces, text, SPAN("00000001"), LIFE_MS, NOW_MS));
    }
    assert_false(use(b, "00000001", NOW_MS));
    /* One that is known may be used again; later there is room again. */
    assert_true(nonce_use(&b->nonces, text, SPAN("00000002"), LIFE_MS, NOW_MS));
    assert_true(use(b, "00000001", NOW_MS + 3 * LIFE_MS));
}

static void without_memory_none_is_accepted(void **state)
{
    struct bench *b = *state;

    oom_arm_all();
    assert_false(use(b, "00000001", NOW_MS));
    assert_true(oom_disarm());
    assert_true(use(b, "00000001", NOW_MS));
}

static int begin_and_end(void *ctx)
{
    struct bench *b = ctx;
    struct nonces other;
    int err = nonces_init(&other, &b->rnd);

    if (!err)
        nonces_fini(&other);
    return err;
}

static void beginning_copes_without_memory(void **state)
{
    assert_true(oom_sweep(begin_and_end, *state) > 0);
}

/* It is no longer remembered, so it must not become fresh again. */
static void a_longer_lifetime_revives_none(void **state)
{
    enum { LATER_MS = NOW_MS + 2 * LIFE_MS };
    struct bench *b = *state;
    char recent[NONCE_LEN];

    assert_int_equal(nonce_new(&b->nonces, recent, LATER_MS - 1), 0);
    nonces_bury(&b->nonces, LIFE_MS, LATER_MS);
    assert_false(
        nonce_is_fresh(&b->nonces, nonce_of(b), 10 * LIFE_MS, LATER_MS));
    assert_true(nonce_is_fresh(&b->nonces, span_of(recent, NONCE_LEN),
                               10 * LIFE_MS, LATER_MS + 9 * LIFE_MS));
    nonces_bury(&b->nonces, 10 * LIFE_MS, LATER_MS);
    assert_false(
        nonce_is_fresh(&b->nonces, nonce_of(b), 20 * LIFE_MS, LATER_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_nonce_is_hex_and_never_the_same),
        TEST(a_nonce_is_fresh_for_its_lifetime),
        TEST(a_changed_nonce_is_none),
        TEST(anothers_nonce_is_none),
        TEST(a_count_must_rise),
        TEST(a_count_is_hex),
        TEST(a_used_nonce_is_remembered_while_it_is_fresh),
        TEST(the_used_are_forgotten_in_time),
        TEST(a_longer_lifetime_revives_none),
        TEST(beyond_the_bound_none_is_accepted),
        TEST(without_memory_none_is_accepted),
        TEST(beginning_copes_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
