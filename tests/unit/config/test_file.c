/* SPDX-License-Identifier: BSD-2-Clause */
#include "file.h"

#include <errno.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "scratch.h"

enum { BIG = 100000 };

struct fixture {
    struct scratch scratch;
    char big[BIG];
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    scratch_init(&x->scratch);
    for (size_t i = 0; i < BIG; i++)
        x->big[i] = (char)(i * 7 >> 3);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

/* A file of the first n octets of `big`, read with that limit. */
static int read_back(struct fixture *x, size_t n, size_t max)
{
    const char *path = scratch_write(&x->scratch, "file", span_of(x->big, n));
    char *data = NULL;
    size_t got = 0;
    int err = file_read(&data, &got, path, max);

    if (err) {
        assert_null(data);
        return err;
    }
    assert_int_equal(got, n);
    assert_memory_equal(data, x->big, n);
    assert_int_equal(data[n], '\0');
    free(data);
    return 0;
}

static void a_file_of_any_size_is_read_whole(void **state)
{
    static const size_t sizes[] = {0, 1, 16382, 16383, 16384, 16385, BIG};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_int_equal(read_back(*state, sizes[i], BIG), 0);
}

static void past_the_limit_it_is_refused(void **state)
{
    assert_int_equal(read_back(*state, 1000, 1000), 0);
    assert_int_equal(read_back(*state, 1001, 1000), ERR_LIMIT);
    assert_int_equal(read_back(*state, BIG, BIG - 1), ERR_LIMIT);
}

static void what_cannot_be_read_is_told_by_errno(void **state)
{
    struct fixture *x = *state;
    char *data = NULL;
    size_t n;

    assert_int_equal(
        file_read(&data, &n, scratch_path(&x->scratch, "gone"), BIG), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_read(&data, &n, x->scratch.dir, BIG), ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_null(data);
}

static int attempt(void *ctx)
{
    struct fixture *x = ctx;
    char *data;
    size_t n;
    int err = file_read(&data, &n, x->scratch.name, BIG);

    if (!err)
        free(data);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *x = *state;

    scratch_write(&x->scratch, "file", span_of(x->big, BIG));
    assert_true(oom_sweep(attempt, x) > 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_of_any_size_is_read_whole),
        TEST(past_the_limit_it_is_refused),
        TEST(what_cannot_be_read_is_told_by_errno),
        TEST(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
