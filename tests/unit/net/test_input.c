/* SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

enum { SIZE = 64 };

static int set_up(void **state)
{
    struct input *in = malloc(sizeof *in);
    struct input_pool *p;

    assert_non_null(in);
    assert_int_equal(input_pool_new(&p, SIZE, 0), 0); /* keeps none unused */
    input_init(in, p);
    input_pool_unref(p); /* the input holds it */
    *state = in;
    return 0;
}

static int tear_down(void **state)
{
    input_fini(*state);
    free(*state);
    return 0;
}

static void feed(struct input *in, const char *text)
{
    size_t room, n = strlen(text);
    char *dst;

    assert_int_equal(input_reserve(in, &dst, &room), 0);
    assert_true(n <= room);
    memcpy(dst, text, n);
    input_commit(in, n);
}

static void what_is_put_in_is_seen(void **state)
{
    struct input *in = *state;

    assert_true(input_is_empty(in));
    feed(in, "abc");
    assert_span(input_peek(in), "abc");
    input_drop(in, 1);
    assert_span(input_peek(in), "bc");
    feed(in, "def");
    assert_span(input_peek(in), "bcdef");
    input_drop(in, 5);
    assert_true(input_is_empty(in));
}

static void empty_it_holds_no_memory(void **state)
{
    struct input *in = *state;

    feed(in, "abc");
    input_drop(in, 3);
    input_settle(in);
    assert_null(in->mem);
}

static void a_small_leftover_moves_out_of_the_block(void **state)
{
    struct input *in = *state;

    feed(in, "0123456789");
    input_drop(in, 7);
    input_settle(in);
    assert_true(in->is_piece);
    assert_span(input_peek(in), "789");
    input_drop(in, 1);
    feed(in, "abc");
    assert_false(in->is_piece);
    assert_span(input_peek(in), "89abc");
}

static void a_large_leftover_keeps_the_block(void **state)
{
    struct input *in = *state;
    const char *mem;

    feed(in, "0123456789abcdef");
    mem = in->mem;
    input_settle(in);
    assert_ptr_equal(in->mem, mem);
    assert_span(input_peek(in), "0123456789abcdef");
}

static void room_is_made_in_front(void **state)
{
    struct input *in = *state;
    size_t room;
    char *dst;

    feed(in,
         "0123456789012345678901234567890123456789012345678901234567890123");
    input_drop(in, SIZE - 3);
    assert_int_equal(input_reserve(in, &dst, &room), 0);
    assert_int_equal(room, SIZE - 3);
    assert_span(input_peek(in), "123");
}

static void without_memory_for_a_piece_the_block_is_kept(void **state)
{
    struct input *in = *state;

    feed(in, "abc");
    oom_arm_all();
    input_settle(in);
    assert_true(oom_disarm());
    assert_false(in->is_piece);
    assert_span(input_peek(in), "abc");
}

static void without_memory_for_a_block_the_leftover_stays(void **state)
{
    struct input *in = *state;
    size_t room;
    char *dst;

    feed(in, "abc");
    input_settle(in);
    oom_arm_all();
    assert_int_equal(input_reserve(in, &dst, &room), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_span(input_peek(in), "abc");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_is_put_in_is_seen),
        T(empty_it_holds_no_memory),
        T(a_small_leftover_moves_out_of_the_block),
        T(a_large_leftover_keeps_the_block),
        T(room_is_made_in_front),
        T(without_memory_for_a_piece_the_block_is_kept),
        T(without_memory_for_a_block_the_leftover_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
