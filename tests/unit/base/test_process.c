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

/* --- what a control group permits --- */

static char top[] = "/tmp/process-XXXXXX";

static void put_file(const char *name, const char *text)
{
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", top, name);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static uint64_t permitted(const char *cgroup)
{
    char path[128];

    put_file("cgroup", cgroup);
    (void)snprintf(path, sizeof path, "%s/cgroup", top);
    return process_memory_max(path, top);
}

static void the_least_limit_of_all_groups_around_it_holds(void **state)
{
    static const char *const dirs[] = {"a", "a/b", "memory", "memory/c"};
    char path[128];
    uint64_t all;

    (void)state;
    assert_non_null(mkdtemp(top));
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", top, dirs[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    all = process_memory_max("/nowhere", top);
    assert_true(all > 1 << 20);
    put_file("a/memory.max", "max\n");
    assert_int_equal(permitted("0::/a/b\n"), all);
    put_file("a/b/memory.max", "2000000\n");
    assert_int_equal(permitted("0::/a/b\n"), 2000000);
    assert_int_equal(permitted("0::/a\n"), all);
    put_file("memory.max", "1500000\n");
    assert_int_equal(permitted("0::/a/b\n"), 1500000);
    assert_int_equal(permitted("0::/\n"), 1500000);
    put_file("memory/c/memory.limit_in_bytes", "1200000\n");
    assert_int_equal(permitted("3:cpu:/a\n4:memory:/c\n0::/\n"), 1200000);
    (void)snprintf(path, sizeof path, "rm -r %s", top);
    assert_int_equal(system(path), 0);
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
        cmocka_unit_test(the_least_limit_of_all_groups_around_it_holds),
        cmocka_unit_test(bound_of_descriptors_is_the_soft_one),
        cmocka_unit_test(time_on_the_processor_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
