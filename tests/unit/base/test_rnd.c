/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: getrandom */
#include "rnd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

/* What the system's random source does in a test. */
static enum { SOURCE_TRUE, SOURCE_COUNTS, SOURCE_FAILS } source;
static unsigned next_octet;
static bool interrupted;

ssize_t __real_getrandom(void *dst, size_t n, unsigned flags);
ssize_t __wrap_getrandom(void *dst, size_t n, unsigned flags);

/* SOURCE_COUNTS gives 0, 1, 2... in short runs with interruptions. */
ssize_t __wrap_getrandom(void *dst, size_t n, unsigned flags)
{
    unsigned char *p = dst;
    size_t run = n < 100 ? n : 100;

    switch (source) {
    case SOURCE_TRUE:
        return __real_getrandom(dst, n, flags);
    case SOURCE_FAILS:
        errno = ENOSYS;
        return -1;
    case SOURCE_COUNTS:
        interrupted = !interrupted;
        if (interrupted) {
            errno = EINTR;
            return -1;
        }
        for (size_t i = 0; i < run; i++)
            p[i] = (unsigned char)next_octet++;
        return (ssize_t)run;
    }
    return -1;
}

static int source_counts(void **state)
{
    (void)state;
    source = SOURCE_COUNTS;
    next_octet = 0;
    return 0;
}

static int source_true(void **state)
{
    (void)state;
    source = SOURCE_TRUE;
    return 0;
}

static void octets_come_in_order_whatever_is_asked_for(void **state)
{
    static const size_t asks[] = {1, 0, 15, 1008, 1, 3000, 7};
    unsigned char dst[3000];
    unsigned want = 0;
    struct rnd r;

    (void)state;
    rnd_init(&r);
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        rnd_bytes(&r, dst, asks[i]);
        for (size_t k = 0; k < asks[i]; k++)
            assert_int_equal(dst[k], (unsigned char)want++);
    }
}

static void what_was_handed_out_is_wiped(void **state)
{
    unsigned char dst[200];
    struct rnd r;

    (void)state;
    rnd_init(&r);
    rnd_bytes(&r, dst, sizeof dst);
    for (size_t i = 0; i < sizeof dst; i++)
        assert_int_equal(r.stock[i], 0);
    assert_int_equal(r.stock[201], 201);
}

/* Each of the letters is there 64 times, and nothing else. */
static void assert_even(const char *text, size_t n, const char *letters)
{
    unsigned seen[256] = {0};

    for (size_t i = 0; i < n; i++)
        seen[(unsigned char)text[i]]++;
    for (int c = 1; c < 256; c++)
        assert_int_equal(seen[c], strchr(letters, c) ? 64 : 0);
    assert_int_equal(seen[0], 0);
}

static void letters_are_evenly_likely(void **state)
{
    char dst[64 * 62];
    struct rnd r;

    (void)state;
    rnd_init(&r);
    rnd_alnum(&r, dst, sizeof dst);
    assert_even(
        dst, sizeof dst,
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

static void letters_of_base32_are_evenly_likely(void **state)
{
    char dst[256 * 8]; /* of five times each octet */
    struct rnd r;

    (void)state;
    rnd_init(&r);
    rnd_base32(&r, dst, sizeof dst);
    assert_even(dst, sizeof dst, "234567abcdefghijklmnopqrstuvwxyz");
}

static void two_generators_differ(void **state)
{
    char a[16], b[16];
    struct rnd r, s;

    (void)state;
    rnd_init(&r);
    rnd_init(&s);
    rnd_alnum(&r, a, sizeof a);
    rnd_alnum(&s, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void a_process_without_a_random_source_ends(void **state)
{
    struct rnd r;
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        source = SOURCE_FAILS;
        rnd_init(&r);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(octets_come_in_order_whatever_is_asked_for,
                               source_counts),
        cmocka_unit_test_setup(what_was_handed_out_is_wiped, source_counts),
        cmocka_unit_test_setup(letters_are_evenly_likely, source_counts),
        cmocka_unit_test_setup(letters_of_base32_are_evenly_likely,
                               source_counts),
        cmocka_unit_test_setup(two_generators_differ, source_true),
        cmocka_unit_test_setup(a_process_without_a_random_source_ends,
                               source_true),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
