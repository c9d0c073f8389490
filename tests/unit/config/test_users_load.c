/* SPDX-License-Identifier: BSD-2-Clause */
#include "users_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "cmocka_all.h"
#include "err.h"
#include "faults.h"
#include "parsed.h"
#include "scratch.h"

#define ALICE "alice:example.com:0123456789abcdef0123456789abcdef\n"

struct fixture {
    struct scratch scratch;
    struct config *config;
    struct faults faults;
    struct config_report report;
};

static void add_fault(void *ctx, struct config_place at, const char *what)
{
    faults_add(ctx, at, what);
}

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);
    char text[PATH_MAX + 128];

    assert_non_null(x);
    scratch_init(&x->scratch);
    scratch_write(&x->scratch, "users", SPAN(ALICE));
    snprintf(text, sizeof text,
             "listen = ( { transport = \"tcp\"; address = \"::1\"; port = 0; } "
             ");\nauth: { users_file = \"%s\"; };\n",
             scratch_path(&x->scratch, "users"));
    x->config = parsed_good(text);
    x->report.fault = add_fault;
    x->report.ctx = &x->faults;
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    config_free(x->config);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

/* A file of this moment is never sure; here it is taken to be old enough. */
static struct users_stamp stamp(const struct fixture *x)
{
    struct users_stamp s = users_stamp_of(x->config);

    s.is_sure = true;
    return s;
}

static void users_of_the_configuration_are_loaded(void **state)
{
    struct fixture *x = *state;
    struct users *users;

    assert_int_equal(users_load(&users, x->config, &x->report), 0);
    assert_int_equal(users_count(users), 1);
    assert_int_equal(x->report.count, 0);
    users_free(users);
}

static void each_malformed_line_is_a_fault(void **state)
{
    struct fixture *x = *state;
    struct users *users = NULL;

    scratch_write(&x->scratch, "users", SPAN("one\n" ALICE "two\n"));
    assert_int_equal(users_load(&users, x->config, &x->report), ERR_CONFIG);
    assert_int_equal(x->report.count, 2);
    assert_null(users);
}

static void a_file_that_is_gone_is_a_fault(void **state)
{
    struct fixture *x = *state;
    struct users *users = NULL;

    assert_int_equal(remove(scratch_path(&x->scratch, "users")), 0);
    assert_int_equal(users_load(&users, x->config, &x->report), ERR_CONFIG);
    assert_int_equal(x->report.count, 1);
    assert_false(users_stamp_of(x->config).is_sure);
}

static void a_fifo_is_a_fault_and_not_waited_for(void **state)
{
    struct fixture *x = *state;
    struct users *users = NULL;
    const char *path = scratch_path(&x->scratch, "users");

    assert_int_equal(remove(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(users_load(&users, x->config, &x->report), ERR_CONFIG);
    assert_int_equal(x->report.count, 1);
}

static void what_was_written_just_now_is_not_sure(void **state)
{
    struct fixture *x = *state;
    struct users_stamp now = users_stamp_of(x->config);

    assert_false(now.is_sure);
    assert_false(users_stamp_same(&now, &now));
}

static void an_untouched_file_is_the_same(void **state)
{
    struct users_stamp a = stamp(*state), b = stamp(*state);

    assert_true(users_stamp_same(&a, &b));
}

static void another_content_is_not_the_same(void **state)
{
    struct fixture *x = *state;
    struct users_stamp before = stamp(x), after;

    scratch_write(&x->scratch, "users", SPAN(ALICE "# more\n"));
    after = stamp(x);
    assert_false(users_stamp_same(&before, &after));
}

static void another_file_of_that_name_is_not_the_same(void **state)
{
    struct fixture *x = *state;
    struct users_stamp before = stamp(x), after;
    struct timespec times[2] = {{0, UTIME_OMIT}, before.modified};
    char fresh[PATH_MAX];

    snprintf(fresh, sizeof fresh, "%s",
             scratch_write(&x->scratch, "fresh", SPAN(ALICE)));
    assert_int_equal(utimensat(-1, fresh, times, 0), 0);
    assert_int_equal(rename(fresh, scratch_path(&x->scratch, "users")), 0);
    after = stamp(x);
    assert_int_equal(before.size, after.size);
    assert_false(users_stamp_same(&before, &after));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(users_of_the_configuration_are_loaded),
        TEST(each_malformed_line_is_a_fault),
        TEST(a_file_that_is_gone_is_a_fault),
        TEST(a_fifo_is_a_fault_and_not_waited_for),
        TEST(what_was_written_just_now_is_not_sure),
        TEST(an_untouched_file_is_the_same),
        TEST(another_content_is_not_the_same),
        TEST(another_file_of_that_name_is_not_the_same),
    };

    return cmocka_run_group_tests_name("app.users_load", tests, NULL, NULL);
}
