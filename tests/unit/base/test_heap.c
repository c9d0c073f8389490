/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"

#include "cmocka_all.h"
#include "list.h"

enum { MEMBERS = 500 };

struct member {
    struct heap_node node;
    uint64_t number;
    bool in;
};

static uint64_t number_of(const struct heap_node *m)
{
    return CONTAINER((void *)(uintptr_t)m, struct member, node)->number;
}

/* Each is added under a number that no other has, in no order. */
static void fill(struct heap *h, struct member *members)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        members[i].number = i * 211 % MEMBERS;
        members[i].in = true;
        heap_add(h, &members[i].node, members[i].number, 0);
    }
}

static void members_come_out_in_order(void **state)
{
    static struct member members[MEMBERS];
    struct heap h = {0};

    (void)state;
    fill(&h, members);
    assert_int_equal(h.n, MEMBERS);
    for (uint64_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(number_of(h.root), i);
        heap_remove(&h, h.root);
    }
    assert_null(h.root);
    assert_int_equal(h.n, 0);
}

static void any_member_can_be_removed(void **state)
{
    static struct member members[MEMBERS];
    struct heap h = {0};
    uint64_t last = 0;
    size_t left = 0;

    (void)state;
    fill(&h, members);
    heap_remove(&h, h.root); /* the others get an order below the root */
    heap_add(&h, &members[0].node, members[0].number, 0);
    for (size_t i = 0; i < MEMBERS; i++)
        if (i * i % 7 != 1)
            heap_remove(&h, &members[i].node);
        else
            left++;
    assert_int_equal(h.n, left);
    for (; h.root; left--) {
        assert_true(number_of(h.root) >= last);
        last = number_of(h.root);
        heap_remove(&h, h.root);
    }
    assert_int_equal(left, 0);
}

static void the_second_key_decides_among_equals(void **state)
{
    struct member a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
    struct heap h = {0};

    (void)state;
    heap_add(&h, &c.node, 7, 3);
    heap_add(&h, &a.node, 7, 1);
    heap_add(&h, &b.node, 6, 9);
    assert_int_equal(number_of(h.root), 2);
    heap_remove(&h, &b.node);
    assert_int_equal(number_of(h.root), 1);
    heap_remove(&h, &a.node);
    assert_int_equal(number_of(h.root), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_out_in_order),
        cmocka_unit_test(any_member_can_be_removed),
        cmocka_unit_test(the_second_key_decides_among_equals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
