/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "oom.h"
#include "pending_send.h"
#include "txn.h"

enum { LIMIT = 16, MANY = LIMIT * SOURCE_ALL };

struct bench {
    struct sources all;
    struct fake_link in;
    struct txn txns[MANY];
    struct pending_send head;
};

static int set_up(void **state)
{
    static const uint64_t seed[2] = {1, 2};
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(sources_init(&b->all, seed), 0);
    b->all.limit = LIMIT;
    fake_link_init(&b->in, 7);
    for (size_t i = 0; i < MANY; i++)
        list_init(&b->txns[i].of_source);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < MANY; i++)
        source_discharge(&b->txns[i]);
    sources_fini(&b->all);
    fake_link_fini(&b->in);
    free(b);
    return 0;
}

static struct source *open_as(struct bench *b, uint64_t out, const char *name)
{
    struct source *a = source_open(&b->all, &b->in.link, out, span_str(name));

    assert_non_null(a);
    return a;
}

static void change(struct bench *b, struct source **a, uint64_t out,
                   const char *name)
{
    source_change(a, &b->all, &b->in.link, out,
                  source_name(&b->all, span_str(name)));
}

static void charge(struct bench *b, struct source *a, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        source_charge(a, &b->txns[i]);
}

static bool is_full(const struct source *a)
{
    return source_is_full(a, LIMIT, 1);
}

static void each_sender_and_output_has_its_own(void **state)
{
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice"), *other = open_as(b, 2, "alice"),
                  *bob = open_as(b, 1, "bob"), *again;

    charge(b, a, 0, LIMIT - 1);
    assert_false(is_full(a));
    charge(b, a, LIMIT - 1, 1);
    assert_true(is_full(a));
    assert_false(source_is_full(a, LIMIT, 2));
    assert_false(source_is_full(a, 0, 1));
    assert_false(is_full(other));
    assert_false(is_full(bob));
    source_close(a);
    again = open_as(b, 1, "alice");
    assert_ptr_equal(again, a); /* as long as something is open */
    source_close(again);
    source_close(other);
    source_close(bob);
    assert_int_equal(b->all.by_key.count, 1);
}

static void an_account_changes_with_its_sender_and_output(void **state)
{
    struct bench *b = *state;
    struct source *a = NULL, *alice;

    change(b, &a, 1, "alice");
    alice = a;
    assert_non_null(a);
    change(b, &a, 1, "alice");
    assert_ptr_equal(a, alice);
    assert_int_equal(a->refs, 1);
    charge(b, a, 0, 1);
    change(b, &a, 2, "alice");
    assert_ptr_not_equal(a, alice);
    change(b, &a, 2, "bob");
    assert_int_equal(b->all.by_key.count, 2);
    change(b, &a, 1, "alice");
    assert_ptr_equal(a, alice);
    assert_int_equal(a->refs, 2);
    source_close(a);
}

/* A relay may say what it likes about who sends (5.4, words). */
static void all_of_a_relay_have_a_bound_in_common(void **state)
{
    struct bench *b = *state;
    struct source *a[SOURCE_ALL], *last;
    char name[16];

    b->in.link.is_relay = true;
    for (unsigned i = 0; i < SOURCE_ALL; i++) {
        (void)snprintf(name, sizeof name, "s%u", i);
        a[i] = open_as(b, 1, name);
        charge(b, a[i], (size_t)i * LIMIT, LIMIT);
    }
    last = open_as(b, 1, "one more");
    assert_int_equal(last->n, 0);
    assert_true(is_full(last));
    source_discharge(&b->txns[0]);
    assert_false(is_full(last));
    source_close(last);
    for (unsigned i = 0; i < SOURCE_ALL; i++)
        source_close(a[i]);
}

static void who_waits_goes_on_an_eighth_below(void **state)
{
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice");

    charge(b, a, 0, LIMIT);
    a->waiter = &b->in.link;
    source_discharge(&b->txns[0]);
    source_discharge(&b->txns[1]);
    assert_null(source_next_ready(&b->all));
    source_discharge(&b->txns[2]);
    assert_ptr_equal(source_next_ready(&b->all), &b->in.link);
    assert_null(source_next_ready(&b->all));
    a->waiter = NULL;
    source_close(a);
}

static void who_waits_goes_on_when_the_limit_is_lifted(void **state)
{
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice");

    charge(b, a, 0, LIMIT);
    a->waiter = &b->in.link;
    b->all.limit = 0;
    source_discharge(&b->txns[0]);
    assert_ptr_equal(source_next_ready(&b->all), &b->in.link);
    a->waiter = NULL;
    source_close(a);
}

/* P-4: `partial` is no load; the oldest are forgotten. */
static void partial_ones_are_a_ring(void **state)
{
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice");

    b->head.failure_report = MSG_REPORT_PARTIAL;
    for (size_t i = 0; i <= LIMIT; i++) {
        b->txns[i].head = &b->head;
        assert_null(source_surplus(a));
        charge(b, a, i, 1);
    }
    assert_false(is_full(a));
    assert_ptr_equal(source_surplus(a), &b->txns[0]);
    source_discharge(&b->txns[0]);
    assert_null(source_surplus(a));
    source_close(a);
}

/* S-13: answers that are there soon let more be sent, late ones less. */
static void a_window_follows_the_answers(void **state)
{
    enum { HIGH_WATER = 262144 };
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice");
    struct txn *x = &b->txns[0];

    b->head.failure_report = MSG_REPORT_YES;
    assert_false(source_is_ahead(NULL));
    assert_false(source_is_ahead(a)); /* towards a client */
    source_set_window(a, HIGH_WATER);
    for (unsigned i = 0; i < 4; i++) {
        x->head = &b->head;
        x->start = 1;
        x->end = a->window;
        charge(b, a, 0, 1);
        assert_false(source_is_ahead(a));
        source_charge_octets(x);
        assert_true(source_is_ahead(a));
        a->waiter = &b->in.link;
        source_answered(x, 999, HIGH_WATER);
        source_discharge(x);
        assert_ptr_equal(source_next_ready(&b->all), &b->in.link);
        a->waiter = NULL;
        assert_false(source_is_ahead(a));
    }
    assert_int_equal(a->window, HIGH_WATER / 2);
    for (unsigned i = 0; i < 8; i++) {
        charge(b, a, 0, 1);
        source_charge_octets(x);
        source_answered(x, 1000, HIGH_WATER);
        source_discharge(x);
    }
    assert_int_equal(a->window, HIGH_WATER / 32);
    b->head.failure_report = MSG_REPORT_NO;
    charge(b, a, 0, 1);
    source_charge_octets(x);
    assert_int_equal(a->octets, 0);
    source_close(a);
}

/* No chunk is cut shorter than the RFC has it, however little may wait. */
static void a_window_is_no_smaller_than_a_chunk(void **state)
{
    enum { HIGH_WATER = 4096, CHUNK = 2048 };
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice");
    struct txn *x = &b->txns[0];

    b->head.failure_report = MSG_REPORT_YES;
    source_set_window(a, HIGH_WATER);
    assert_int_equal(a->window, CHUNK);
    x->head = &b->head;
    x->start = x->end = 1;
    charge(b, a, 0, 1);
    source_charge_octets(x);
    source_answered(x, 1000, HIGH_WATER);
    assert_int_equal(a->window, CHUNK);
    source_close(a);
}

/* S-14: half is open at the other relay, the rest waits for its answers. */
static void a_relay_has_half_of_the_limit_unanswered(void **state)
{
    struct bench *b = *state;
    struct source *a = open_as(b, 1, "alice");

    charge(b, a, 0, LIMIT / 2);
    assert_false(source_has_much_open(a));
    assert_false(source_is_ahead(a)); /* towards a client */
    source_set_window(a, 4096);
    assert_true(source_is_ahead(a));
    source_discharge(&b->txns[0]);
    assert_false(source_is_ahead(a));
    charge(b, a, 0, 1);
    charge(b, a, LIMIT / 2, 1);
    assert_true(source_has_much_open(a));
    b->all.limit = 0;
    assert_false(source_has_much_open(a));
    assert_false(source_is_ahead(a));
    source_close(a);
}

/* S-12. */
static void dials_are_counted_until_they_are_over(void **state)
{
    struct bench *b = *state;
    struct source *a;
    struct link out[2 * SOURCE_ALL];

    memset(out, 0, sizeof out);
    b->in.link.is_relay = true;
    for (unsigned i = 0; i < 2 * SOURCE_ALL; i++) {
        char name = (char)('a' + i);

        a = source_open(&b->all, &b->in.link, 0, span_of(&name, 1));
        assert_false(source_has_dials(a, 2));
        source_dial(a, &out[i]);
        assert_true(source_has_dials(a, 1));
        source_close(a);
    }
    a = open_as(b, 0, "another");
    assert_true(source_has_dials(a, 2)); /* all together have so many */
    assert_false(source_has_dials(a, 0));
    source_dialled(&out[7]);
    assert_false(source_has_dials(a, 2));
    source_close(a);
    for (unsigned i = 0; i < 2 * SOURCE_ALL; i++)
        source_dialled(&out[i]);
    assert_false(source_has_dials(NULL, 1));
}

static void without_memory_there_is_none(void **state)
{
    struct bench *b = *state;
    struct source *a;

    oom_arm_all();
    a = source_open(&b->all, &b->in.link, 1, SPAN("alice"));
    assert_true(oom_disarm());
    assert_null(a);
    assert_false(is_full(a));
    source_charge(a, &b->txns[0]);
    source_close(a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_sender_and_output_has_its_own),
        TEST(an_account_changes_with_its_sender_and_output),
        TEST(all_of_a_relay_have_a_bound_in_common),
        TEST(who_waits_goes_on_an_eighth_below),
        TEST(who_waits_goes_on_when_the_limit_is_lifted),
        TEST(partial_ones_are_a_ring),
        TEST(a_window_follows_the_answers),
        TEST(a_window_is_no_smaller_than_a_chunk),
        TEST(a_relay_has_half_of_the_limit_unanswered),
        TEST(dials_are_counted_until_they_are_over),
        TEST(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
