/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: clock_gettime writev */
#include "log.h"

#include <errno.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "log_files.h"
#include "log_target.h"
#include "oom.h"

/* What the fakes below saw, and what they are to do. */
static struct {
    unsigned writes;
    int fail_with;   /* errno of every write; 0: they succeed */
    uint64_t now_us; /* the monotonic clock */
} fake;

int __real_clock_gettime(clockid_t which, struct timespec *out);
int __wrap_clock_gettime(clockid_t which, struct timespec *out);
ssize_t __real_writev(int fd, const struct iovec *parts, int n);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int n);

int __wrap_clock_gettime(clockid_t which, struct timespec *out)
{
    if (which != CLOCK_MONOTONIC)
        return __real_clock_gettime(which, out);
    out->tv_sec = (time_t)(fake.now_us / 1000000);
    out->tv_nsec = (long)(fake.now_us % 1000000 * 1000);
    return 0;
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int n)
{
    if (fake.fail_with) {
        errno = fake.fail_with;
        return -1;
    }
    fake.writes++;
    return __real_writev(fd, parts, n);
}

static int set_up(void **state)
{
    memset(&fake, 0, sizeof fake);
    fake.now_us = 5000000;
    *state = log_files_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    log_files_free(*state);
    return 0;
}

/* How many lines of the file hold `text`. */
static unsigned count_lines(struct log_files *f, const char *text)
{
    unsigned n = 0;
    const char *at = log_files_read(f, f->path);

    while ((at = strstr(at, text))) {
        n++;
        at += strlen(text);
    }
    return n;
}

static struct log *open_log(struct log_files *f)
{
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    return l;
}

static void lines_have_their_level_and_text(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_info(l, "c=%d %s", 42, "closed");
    log_error(l, "bad=yes");
    log_free(l);
    assert_non_null(strstr(log_files_read(f, f->path), "Z info c=42 closed\n"));
    assert_non_null(strstr(f->text, "Z error bad=yes\n"));
    assert_int_equal(fake.writes, 2);
}

static void lines_above_the_level_are_not_written(void **state)
{
    struct log_files *f = *state;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_WARN, f->path), 0);
    assert_false(log_wants(l, LOG_LEVEL_INFO));
    log_info(l, "no");
    log_debug(l, "no");
    log_warn(l, "yes");
    log_set_level(l, LOG_LEVEL_DEBUG);
    assert_int_equal(log_level(l), LOG_LEVEL_DEBUG);
    log_debug(l, "now");
    log_free(l);
    assert_null(strstr(log_files_read(f, f->path), "no\n"));
    assert_non_null(strstr(f->text, "warn yes\n"));
    assert_non_null(strstr(f->text, "debug now\n"));
}

static void no_log_at_all_is_harmless(void **state)
{
    (void)state;
    log_error(NULL, "x");
    log_debug(NULL, "x");
    log_raw(NULL, SPAN("x"));
    log_free(NULL);
    assert_int_equal(fake.writes, 0);
}

static void a_log_may_lead_nowhere(void **state)
{
    struct log *l;

    (void)state;
    assert_int_equal(log_new(&l, LOG_LEVEL_DEBUG, ""), 0);
    log_error(l, "x");
    log_raw(l, SPAN("x"));
    assert_int_equal(log_reopen(l), 0);
    assert_int_equal(log_lost(l), 0);
    log_free(l);
    assert_int_equal(fake.writes, 0);
}

static void a_long_text_is_cut_at_1000_octets(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);
    char many[2000];
    const char *at;

    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    log_info(l, "%s", many);
    log_free(l);
    at = strstr(log_files_read(f, f->path), "info x");
    assert_non_null(at);
    assert_int_equal(strlen(at), sizeof "info " - 1 + 1000 + 1);
    assert_string_equal(at + strlen(at) - 2, "x\n");
}

static void an_event_stays_one_line(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_info(l, "a\nb\r\x1b[0mc");
    log_free(l);
    assert_non_null(strstr(log_files_read(f, f->path), "info a?b??[0mc\n"));
}

static void a_raw_line_stands_alone_at_any_level(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_level(l, LOG_LEVEL_ERROR);
    log_raw(l, SPAN("{\"a\":1}"));
    log_raw(l, SPAN("{}"));
    log_free(l);
    assert_string_equal(log_files_read(f, f->path), "{\"a\":1}\n{}\n");
}

static void another_target_is_taken_in_place(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);
    struct log_target *target;

    log_info(l, "old");
    assert_int_equal(log_target_open(&target, f->moved), 0);
    log_use(l, target);
    log_info(l, "new");
    log_use(l, NULL);
    log_info(l, "nowhere");
    log_free(l);
    assert_int_equal(count_lines(f, "old"), 1);
    assert_int_equal(count_lines(f, "info"), 1);
    assert_non_null(strstr(log_files_read(f, f->moved), "info new\n"));
    assert_null(strstr(f->text, "nowhere"));
}

static void lines_may_be_objects_of_json(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_format(l, LOG_FORMAT_JSON);
    log_set_rate(l, 1);
    for (int i = 0; i < 6; i++)
        log_info(l, "c=%d open user=%s", i, "\"a\\xff\"");
    log_set_format(l, LOG_FORMAT_TEXT);
    log_info(l, "as=text");
    log_free(l);
    assert_int_equal(count_lines(f, "{\"time\":\""), 6);
    assert_int_equal(count_lines(f, "Z\",\"level\":\"info\",\"event\":\"open\","
                                    "\"c\":4,\"user\":\"a\\u00ff\"}\n"),
                     1);
    assert_int_equal(count_lines(f, "\"level\":\"warn\",\"event\":\"log lost\","
                                    "\"lines\":1}\n"),
                     1);
    assert_int_equal(count_lines(f, "Z info as=text\n"), 1);
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    struct log *l = NULL;

    (void)state;
    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "/nonexistent/dir/log"),
                     ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_null(l);
}

static int make_file_log(void *ctx)
{
    struct log_files *f = ctx;
    struct log *l;
    int err = log_new(&l, LOG_LEVEL_INFO, f->path);

    if (!err)
        log_free(l);
    return err;
}

static void making_a_log_survives_each_failed_allocation(void **state)
{
    assert_int_equal(oom_sweep(make_file_log, *state), 3);
}

/* --- lines that peers can cause --- */

static void peers_get_a_burst_and_then_so_many_a_second(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_rate(l, 2);
    for (int i = 0; i < 15; i++)
        log_info(l, "c=%d open", i);
    assert_int_equal(count_lines(f, " open"), 10);
    assert_int_equal(log_lost(l), 5);
    fake.now_us += 500000;
    log_warn(l, "c=1 open");
    log_warn(l, "c=2 open");
    assert_int_equal(count_lines(f, " open"), 11);
    fake.now_us += 1500000;
    for (int i = 0; i < 15; i++)
        log_info(l, "c=%d open", i);
    assert_int_equal(count_lines(f, " open"), 14);
    log_free(l);
}

static void what_was_held_back_is_told_once_a_second(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_rate(l, 1);
    for (int i = 0; i < 8; i++)
        log_info(l, "c=1 open");
    assert_int_equal(count_lines(f, "warn log lost lines=1\n"), 1);
    fake.now_us += 999999;
    log_info(l, "other");
    assert_int_equal(count_lines(f, "log lost"), 1);
    fake.now_us += 1;
    log_info(l, "other");
    assert_int_equal(count_lines(f, "warn log lost lines=2\n"), 1);
    fake.now_us += 5000000;
    log_info(l, "other");
    assert_int_equal(count_lines(f, "log lost"), 2);
    assert_int_equal(count_lines(f, "other"), 3);
    log_free(l);
}

static void only_peers_are_held_back(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_level(l, LOG_LEVEL_DEBUG);
    log_set_rate(l, 1);
    for (int i = 0; i < 20; i++) {
        log_info(l, "reloaded");
        log_debug(l, "c=1 in");
        log_error(l, "c=1 broken");
    }
    log_free(l);
    assert_int_equal(count_lines(f, "\n"), 60);
}

static void what_was_asked_for_is_never_held_back(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_level(l, LOG_LEVEL_ERROR);
    log_set_rate(l, 1);
    for (int i = 0; i < 20; i++)
        log_always(l, "c=%d trace", i);
    log_always(NULL, "c=1 trace");
    log_free(l);
    assert_int_equal(count_lines(f, "info c="), 20);
}

static void another_rate_starts_afresh_and_0_is_none(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    log_set_rate(l, 4);
    for (int i = 0; i < 30; i++)
        log_info(l, "c=1 a");
    log_set_rate(l, 1);
    for (int i = 0; i < 30; i++)
        log_info(l, "c=1 b");
    log_set_rate(l, 0);
    for (int i = 0; i < 30; i++)
        log_info(l, "c=1 c");
    log_free(l);
    assert_int_equal(count_lines(f, " a\n"), 20);
    assert_int_equal(count_lines(f, " b\n"), 5);
    assert_int_equal(count_lines(f, " c\n"), 30);
}

static void lines_the_target_refused_are_told_of_too(void **state)
{
    struct log_files *f = *state;
    struct log *l = open_log(f);

    fake.fail_with = ENOSPC;
    log_info(l, "x");
    log_raw(l, SPAN("{}"));
    fake.fail_with = 0;
    assert_int_equal(log_lost(l), 2);
    log_info(l, "y");
    log_free(l);
    assert_int_equal(count_lines(f, "warn log lost lines=2\n"), 1);
    assert_int_equal(count_lines(f, "info"), 1);
}

/* --- octets, limits --- */

static void peers_octets_are_escaped(void **state)
{
    char dst[64];

    (void)state;
    assert_string_equal(log_escape(dst, sizeof dst, SPAN("a b")), "\"a b\"");
    assert_string_equal(log_escape(dst, sizeof dst, SPAN("")), "\"\"");
    assert_string_equal(
        log_escape(dst, sizeof dst, SPAN("\"\\\r\n\x7f\x80\xff\0~")),
        "\"\\x22\\x5c\\x0d\\x0a\\x7f\\x80\\xff\\x00~\"");
}

static void escaped_octets_are_cut_to_fit_and_never_halved(void **state)
{
    static const struct span in = SPAN("ab\ncdefghijklmnop");
    char dst[40];

    (void)state;
    for (size_t size = 6; size < sizeof dst; size++) {
        size_t n;

        memset(dst, '#', sizeof dst);
        n = strlen(log_escape(dst, size, in));
        assert_true(n < size);
        assert_int_equal(dst[size], '#');
        assert_int_equal(dst[0], '"');
        if (!strchr(dst, '.'))
            assert_string_equal(dst, "\"ab\\x0acdefghijklmnop\"");
        else
            assert_string_equal(dst + n - 4, "\"...");
    }
    assert_string_equal(log_escape(dst, 11, in), "\"ab\"...");
    assert_string_equal(log_escape(dst, 12, in), "\"ab\\x0a\"...");
}

static void values_are_quoted_only_where_they_need_it(void **state)
{
    static const struct span plain[] = {SPAN("alice"), SPAN("a@b.example"),
                                        SPAN("[::1]:9"), SPAN("a=b")};
    static const struct span quoted[] = {
        SPAN(""),     SPAN("a b"),      SPAN("a\tb"), SPAN("\"a"),
        SPAN("a\\b"), SPAN("\xc3\xa9"), SPAN("a\x7f")};
    char dst[12], want[64];

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_string_equal(log_value(dst, sizeof dst, plain[i]), plain[i].p);
    for (size_t i = 0; i < sizeof quoted / sizeof *quoted; i++)
        assert_string_equal(log_value(dst, sizeof dst, quoted[i]),
                            log_escape(want, sizeof dst, quoted[i]));
    assert_string_equal(log_value(dst, sizeof dst, SPAN("abcdefghijk")),
                        "abcdefghijk");
    assert_string_equal(log_value(dst, sizeof dst, SPAN("abcdefghijkl")),
                        "\"abcdef\"...");
}

static void a_burst_passes_and_then_one_at_a_time(void **state)
{
    struct log_limit r = {0};
    uint32_t held = 99;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(log_limit_pass(&r, 1000, 3, 100, &held));
        assert_int_equal(held, 0);
    }
    for (uint64_t now = 1000; now < 1100; now += 10)
        assert_false(log_limit_pass(&r, now, 3, 100, &held));
    assert_true(log_limit_pass(&r, 1100, 3, 100, &held));
    assert_int_equal(held, 10);
    assert_false(log_limit_pass(&r, 1199, 3, 100, &held));
    assert_true(log_limit_pass(&r, 1200, 3, 100, &held));
    assert_int_equal(held, 1);
}

static void rest_gives_no_more_than_a_burst(void **state)
{
    struct log_limit r = {0};
    uint32_t held;

    (void)state;
    while (log_limit_pass(&r, 0, 3, 100, &held))
        ;
    for (int i = 0; i < 3; i++)
        assert_true(log_limit_pass(&r, 1000000, 3, 100, &held));
    assert_false(log_limit_pass(&r, 1000000, 3, 100, &held));
}

#define WITH_FIXTURE(test)                                                     \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(lines_have_their_level_and_text),
        WITH_FIXTURE(lines_above_the_level_are_not_written),
        WITH_FIXTURE(no_log_at_all_is_harmless),
        WITH_FIXTURE(a_log_may_lead_nowhere),
        WITH_FIXTURE(a_long_text_is_cut_at_1000_octets),
        WITH_FIXTURE(an_event_stays_one_line),
        WITH_FIXTURE(a_raw_line_stands_alone_at_any_level),
        WITH_FIXTURE(another_target_is_taken_in_place),
        WITH_FIXTURE(lines_may_be_objects_of_json),
        WITH_FIXTURE(a_log_that_cannot_be_opened_is_an_error),
        WITH_FIXTURE(making_a_log_survives_each_failed_allocation),
        WITH_FIXTURE(peers_get_a_burst_and_then_so_many_a_second),
        WITH_FIXTURE(what_was_held_back_is_told_once_a_second),
        WITH_FIXTURE(only_peers_are_held_back),
        WITH_FIXTURE(what_was_asked_for_is_never_held_back),
        WITH_FIXTURE(another_rate_starts_afresh_and_0_is_none),
        WITH_FIXTURE(lines_the_target_refused_are_told_of_too),
        cmocka_unit_test(peers_octets_are_escaped),
        cmocka_unit_test(escaped_octets_are_cut_to_fit_and_never_halved),
        cmocka_unit_test(values_are_quoted_only_where_they_need_it),
        cmocka_unit_test(a_burst_passes_and_then_one_at_a_time),
        cmocka_unit_test(rest_gives_no_more_than_a_burst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
