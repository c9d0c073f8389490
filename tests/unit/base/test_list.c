/* SPDX-License-Identifier: BSD-2-Clause */
#include "list.h"

#include "cmocka_all.h"

struct item {
    int value;
    struct list link;
};

/* Members 1..n in `items`, appended to l in order. */
static void fill(struct list *l, struct item *items, int n)
{
    list_init(l);
    for (int i = 0; i < n; i++) {
        items[i].value = i + 1;
        list_init(&items[i].link);
        list_append(l, &items[i].link);
    }
}

/* The values in order, as the digits of one number. */
static int digits(const struct list *l)
{
    int v = 0;

    for (struct list *m = l->next; m != l; m = m->next)
        v = v * 10 + CONTAINER(m, struct item, link)->value;
    return v;
}

static void members_stand_in_the_order_of_appending(void **state)
{
    struct item items[4];
    struct list l;

    (void)state;
    fill(&l, items, 4);
    assert_int_equal(digits(&l), 1234);
    list_remove(&items[2].link);
    list_prepend(&l, &items[2].link);
    assert_int_equal(digits(&l), 3124);
}

static void
a_removed_member_is_in_no_list_and_may_be_removed_again(void **state)
{
    struct item items[3];
    struct list l;

    (void)state;
    fill(&l, items, 3);
    assert_false(list_is_empty(&items[1].link));
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_true(list_is_empty(&items[1].link));
    assert_int_equal(digits(&l), 13);
}

static void taking_first_empties_the_list_in_order(void **state)
{
    struct item items[2];
    struct list l;

    (void)state;
    fill(&l, items, 2);
    assert_ptr_equal(list_first(&l), &items[0].link);
    assert_ptr_equal(list_take_first(&l), &items[0].link);
    assert_ptr_equal(list_take_first(&l), &items[1].link);
    assert_null(list_take_first(&l));
    assert_null(list_first(&l));
    assert_true(list_is_empty(&l));
}

static void moving_all_appends_them_and_leaves_nothing(void **state)
{
    struct item some[2], more[2];
    struct list a, b;

    (void)state;
    fill(&a, some, 2);
    fill(&b, more, 2);
    list_move_all(&a, &b);
    assert_int_equal(digits(&a), 1212);
    assert_true(list_is_empty(&b));
    list_move_all(&a, &b);
    assert_int_equal(digits(&a), 1212);
    list_move_all(&b, &a);
    assert_int_equal(digits(&b), 1212);
}

static void a_walk_survives_the_removal_of_the_member_at_hand(void **state)
{
    struct list l, *m, *tmp;
    struct item items[4];
    int seen = 0;

    (void)state;
    fill(&l, items, 4);
    LIST_EACH(m, tmp, &l)
    {
        int value = CONTAINER(m, struct item, link)->value;

        seen = seen * 10 + value;
        if (value % 2 == 0)
            list_remove(m);
    }
    assert_int_equal(seen, 1234);
    assert_int_equal(digits(&l), 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_stand_in_the_order_of_appending),
        cmocka_unit_test(
            a_removed_member_is_in_no_list_and_may_be_removed_again),
        cmocka_unit_test(taking_first_empties_the_list_in_order),
        cmocka_unit_test(moving_all_appends_them_and_leaves_nothing),
        cmocka_unit_test(a_walk_survives_the_removal_of_the_member_at_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
