/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql.h"

#include "cmocka_all.h"
#include "helper.h"
#include "helper_rig.h"

/* A database with one row for all. */
struct fixture {
    struct helper_rig *rig;
    const char *column, *value;
    const char *state, *message; /* NULL: no error */
};

static void ask(void *store, struct question *q)
{
    const struct fixture *f = store;

    if (f->state)
        sql_answer_error(q, f->state, f->message);
    else
        sql_answer(q, f->column, span_str(f->value));
}

static void forget(void *store, struct question *q)
{
    (void)store;
    (void)q;
}

static const struct store_ops ops = {ask, forget};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    f->rig = helper_rig_new(1000000);
    helper_start(f->rig->helper, &ops, f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    helper_rig_free(f->rig);
    test_free(f);
    return 0;
}

static void check(struct fixture *f, const char *want)
{
    helper_rig_send(f->rig, SPAN("1\ta\tr\tMD5\n"));
    helper_rig_expect(f->rig, want);
}

static void the_column_says_what_it_is(void **state)
{
    struct fixture *f = *state;

    f->value = "0123456789abcdef0123456789abcdef";
    f->column = "ha1";
    check(f, "1\tha1\t0123456789abcdef0123456789abcdef\n");
    f->column = "anything";
    check(f, "1\tha1\t0123456789abcdef0123456789abcdef\n");
    f->column = "Password";
    check(f, "1\tpassword\t0123456789abcdef0123456789abcdef\n");
    f->value = "";
    check(f, "1\tnone\n");
}

static void errors_about_data_do_not_tell_it(void **state)
{
    struct fixture *f = *state;

    f->message = "invalid input: \"secret\"";
    f->state = "22P02";
    check(f, "1\terror\tSQLSTATE 22P02\n");
    f->state = "XX000";
    check(f, "1\terror\tSQLSTATE XX000\n");
    f->state = "";
    check(f, "1\terror\tSQLSTATE\n");
    f->message = "no such table";
    f->state = "42P01";
    check(f, "1\terror\tSQLSTATE 42P01: no such table\n");
}

static void the_server_gives_up_first(void **state)
{
    (void)state;
    assert_int_equal(sql_timeout_ms(2000), 1600);
    assert_in_range(sql_timeout_ms(10), 1, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_column_says_what_it_is),
        TEST(errors_about_data_do_not_tell_it),
        cmocka_unit_test(the_server_gives_up_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
