/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: stat */
#include "process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);

/* As on a kernel that does not tell the number of descriptors. */
static bool is_old_kernel;

int __wrap_stat(const char *path, struct stat *st)
{
    int result = __real_stat(path, st);

    if (is_old_kernel)
        st->st_size = 0;
    return result;
}

static void memory_is_that_of_this_process(void **state)
{
    struct process p;

    (void)state;
    process_read(&p);
    assert_true(p.resident_octets > 100000);
    assert_true(p.virtual_octets >= p.resident_octets);
}

static void assert_counts_descriptors(void)
{
    struct process before, after;
    int fds[10];

    process_read(&before);
    for (int i = 0; i < 10; i++) {
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(fds[i] >= 0);
    }
    process_read(&after);
    for (int i = 0; i < 10; i++)
        close(fds[i]);
    assert_true(before.open_fds >= 1);
    assert_int_equal(after.open_fds, before.open_fds + 10);
}

static void descriptors_are_counted(void **state)
{
    struct process told, counted;

    (void)state;
    is_old_kernel = true;
    assert_counts_descriptors();
    process_read(&counted);
    is_old_kernel = false;
    assert_counts_descriptors();
    process_read(&told);
    assert_int_equal(told.open_fds, counted.open_fds);
}

static void bound_of_descriptors_is_the_soft_one(void **state)
{
    struct rlimit lim, less;
    struct process p;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
    less = lim;
    less.rlim_cur = 50;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    process_read(&p);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
    assert_int_equal(p.max_fds, 50);
}

static void time_on_the_processor_grows(void **state)
{
    struct process before, after;
    clock_t until;

    (void)state;
    process_read(&before);
    until = clock() + CLOCKS_PER_SEC / 50;
    while (clock() < until)
        continue;
    process_read(&after);
    assert_true(after.cpu_s >= before.cpu_s + 0.01);
    assert_true(after.cpu_s < before.cpu_s + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_that_of_this_process),
        cmocka_unit_test(descriptors_are_counted),
        cmocka_unit_test(bound_of_descriptors_is_the_soft_one),
        cmocka_unit_test(time_on_the_processor_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
