/* test-wraps: connect write syslog __syslog_chk */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

/* What the fakes below saw. */
static struct {
    unsigned writes;
    bool interrupt_next;
    const char *journal; /* where connect() leads; NULL: refused */
    char connected_to[108];
    char syslog_text[2048];
    int syslog_priority;
} seen;

int __real_connect(int fd, const struct sockaddr *at, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len);
ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
void __wrap_syslog(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void __wrap___syslog_chk(int priority, int flag, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int __wrap_connect(int fd, const struct sockaddr *at, socklen_t len)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    assert_int_equal(len, sizeof un);
    memcpy(seen.connected_to,
           ((const struct sockaddr_un *)(const void *)at)->sun_path,
           sizeof seen.connected_to);
    if (!seen.journal) {
        errno = ENOENT;
        return -1;
    }
    span_copy(un.sun_path, sizeof un.sun_path, span_str(seen.journal));
    return __real_connect(fd, (struct sockaddr *)&un, sizeof un);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    if (seen.interrupt_next) {
        seen.interrupt_next = false;
        errno = EINTR;
        return -1;
    }
    seen.writes++;
    return __real_write(fd, p, n);
}

__attribute__((format(printf, 2, 0))) static void
keep_syslog(int priority, const char *fmt, va_list args)
{
    seen.syslog_priority = priority;
    vsnprintf(seen.syslog_text, sizeof seen.syslog_text, fmt, args);
}

void __wrap_syslog(int priority, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    keep_syslog(priority, fmt, args);
    va_end(args);
}

void __wrap___syslog_chk(int priority, int flag, const char *fmt, ...)
{
    va_list args;

    (void)flag;
    va_start(args, fmt);
    keep_syslog(priority, fmt, args);
    va_end(args);
}

/* A directory of the test's own, and what lies in it. */
struct fixture {
    char dir[64], path[80], moved[80];
    char text[4096]; /* of the file last read */
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    memset(&seen, 0, sizeof seen);
    span_copy(f->dir, sizeof f->dir, SPAN("/tmp/msrp-log-XXXXXX"));
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/log", f->dir);
    snprintf(f->moved, sizeof f->moved, "%s/log.1", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    unlink(f->moved);
    rmdir(f->dir);
    test_free(f);
    return 0;
}

static const char *read_file(struct fixture *f, const char *path)
{
    FILE *in = fopen(path, "r");
    size_t n;

    assert_non_null(in);
    n = fread(f->text, 1, sizeof f->text - 1, in);
    f->text[n] = '\0';
    fclose(in);
    return f->text;
}

/* Does `line` start with the time of day that log.h shows? Returns what is
 * behind it and the blank. */
static const char *after_stamp(const char *line)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";

    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], form[i]);
    }
    return line + sizeof form - 1;
}

static void a_line_in_a_file_has_time_level_and_text(void **state)
{
    struct fixture *f = *state;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    log_info(l, "c=%d %s", 42, "closed");
    log_free(l);
    assert_string_equal(after_stamp(read_file(f, f->path)),
                        "info c=42 closed\n");
    assert_int_equal(seen.writes, 1);
}

static void a_file_is_appended_to_and_closed_to_others(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    struct log *l;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
        log_warn(l, "turn=%d", i);
        log_free(l);
    }
    assert_non_null(strstr(read_file(f, f->path), "turn=0\n"));
    assert_non_null(strstr(f->text, "turn=1\n"));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
}

static void stderr_gets_the_same_line(void **state)
{
    struct fixture *f = *state;
    int fd = open(f->path, O_WRONLY | O_CREAT, 0600);
    int keep = dup(STDERR_FILENO);
    struct log *l;

    assert_true(fd >= 0 && keep >= 0);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "stderr"), 0);
    log_error(l, "bad=yes");
    log_free(l);
    dup2(keep, STDERR_FILENO);
    close(keep);
    close(fd);
    assert_string_equal(after_stamp(read_file(f, f->path)), "error bad=yes\n");
    assert_int_equal(seen.writes, 1);
}

static void lines_above_the_level_are_not_written(void **state)
{
    struct fixture *f = *state;
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
    assert_null(strstr(read_file(f, f->path), "no\n"));
    assert_non_null(strstr(f->text, "warn yes\n"));
    assert_non_null(strstr(f->text, "debug now\n"));
}

static void no_log_at_all_is_harmless(void **state)
{
    (void)state;
    log_error(NULL, "x");
    log_debug(NULL, "x");
    log_free(NULL);
    assert_int_equal(seen.writes, 0);
}

static void a_long_line_is_cut_at_1024_octets(void **state)
{
    struct fixture *f = *state;
    char many[2000];
    struct log *l;

    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    log_info(l, "%s", many);
    log_free(l);
    assert_int_equal(strlen(read_file(f, f->path)), 1024);
    assert_string_equal(f->text + 1022, "x\n");
}

static void an_event_stays_one_line(void **state)
{
    struct fixture *f = *state;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    log_info(l, "a\nb\r\x1b[0mc");
    log_free(l);
    assert_string_equal(after_stamp(read_file(f, f->path)), "info a?b??[0mc\n");
}

static void an_interrupted_write_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    seen.interrupt_next = true;
    log_info(l, "x");
    log_free(l);
    assert_non_null(strstr(read_file(f, f->path), "info x\n"));
}

static void reopening_follows_a_rotation(void **state)
{
    struct fixture *f = *state;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    log_info(l, "old");
    assert_int_equal(rename(f->path, f->moved), 0);
    assert_int_equal(log_reopen(l), 0);
    log_info(l, "new");
    log_free(l);
    assert_non_null(strstr(read_file(f, f->moved), "old\n"));
    assert_non_null(strstr(read_file(f, f->path), "new\n"));
    assert_null(strstr(f->text, "old\n"));
}

static void a_failed_reopening_keeps_the_old_file(void **state)
{
    struct fixture *f = *state;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, f->path), 0);
    assert_int_equal(rename(f->path, f->moved), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(log_reopen(l), ERR_IO);
    log_info(l, "still");
    log_free(l);
    rmdir(f->path);
    assert_non_null(strstr(read_file(f, f->moved), "still\n"));
}

static void a_path_that_cannot_be_opened_is_an_error(void **state)
{
    struct log *l = NULL;

    (void)state;
    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "/nonexistent/dir/log"),
                     ERR_IO);
    assert_null(l);
}

static int make_file_log(void *ctx)
{
    struct fixture *f = ctx;
    struct log *l;
    int err = log_new(&l, LOG_LEVEL_INFO, f->path);

    if (!err)
        log_free(l);
    return err;
}

static void making_a_log_survives_each_failed_allocation(void **state)
{
    assert_int_equal(oom_sweep(make_file_log, *state), 2);
}

static void syslog_gets_priority_and_text_without_a_stamp(void **state)
{
    struct log *l;

    (void)state;
    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "syslog"), 0);
    log_warn(l, "rate=%s", "100%d");
    assert_int_equal(seen.syslog_priority, LOG_WARNING);
    assert_string_equal(seen.syslog_text, "rate=100%d\n");
    assert_int_equal(log_reopen(l), 0);
    log_free(l);
    assert_int_equal(seen.writes, 0);
}

/* A datagram socket at f->path that stands for the journal's. */
static int journal_open(struct fixture *f)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(f->path));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    seen.journal = f->path;
    return fd;
}

static void the_journal_gets_one_datagram_an_event(void **state)
{
    struct fixture *f = *state;
    int fd = journal_open(f);
    char got[2048];
    ssize_t n;
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "journal"), 0);
    assert_string_equal(seen.connected_to, "/run/systemd/journal/socket");
    log_error(l, "c=%d lost", 7);
    n = recv(fd, got, sizeof got, 0);
    assert_true(n > 0);
    assert_span(span_of(got, (size_t)n), "PRIORITY=3\n"
                                         "SYSLOG_IDENTIFIER=msrprelayd\n"
                                         "MESSAGE=c=7 lost\n");
    assert_int_equal(recv(fd, got, sizeof got, 0), -1);
    log_free(l);
    close(fd);
}

static void a_stuck_journal_costs_lines_and_no_time(void **state)
{
    struct fixture *f = *state;
    int fd = journal_open(f);
    struct log *l;

    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "journal"), 0);
    for (int i = 0; i < 5000; i++)
        log_info(l, "line=%d", i);
    close(fd);
    log_info(l, "nobody listens");
    log_free(l);
}

static void without_a_journal_there_is_no_such_log(void **state)
{
    struct log *l = NULL;

    (void)state;
    assert_int_equal(log_new(&l, LOG_LEVEL_INFO, "journal"), ERR_IO);
    assert_null(l);
}

static void levels_have_four_names(void **state)
{
    enum log_level level = LOG_LEVEL_ERROR;

    (void)state;
    assert_int_equal(log_level_from(&level, SPAN("debug")), 0);
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_int_equal(log_level_from(&level, SPAN("info")), 0);
    assert_int_equal(level, LOG_LEVEL_INFO);
    assert_int_equal(log_level_from(&level, SPAN("warn")), 0);
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_int_equal(log_level_from(&level, SPAN("error")), 0);
    assert_int_equal(level, LOG_LEVEL_ERROR);
    assert_int_equal(log_level_from(&level, SPAN("notice")), ERR_NOT_FOUND);
    assert_int_equal(log_level_from(&level, SPAN("")), ERR_NOT_FOUND);
    assert_int_equal(level, LOG_LEVEL_ERROR);
}

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
        WITH_FIXTURE(a_line_in_a_file_has_time_level_and_text),
        WITH_FIXTURE(a_file_is_appended_to_and_closed_to_others),
        WITH_FIXTURE(stderr_gets_the_same_line),
        WITH_FIXTURE(lines_above_the_level_are_not_written),
        WITH_FIXTURE(no_log_at_all_is_harmless),
        WITH_FIXTURE(a_long_line_is_cut_at_1024_octets),
        WITH_FIXTURE(an_event_stays_one_line),
        WITH_FIXTURE(an_interrupted_write_is_tried_again),
        WITH_FIXTURE(reopening_follows_a_rotation),
        WITH_FIXTURE(a_failed_reopening_keeps_the_old_file),
        WITH_FIXTURE(a_path_that_cannot_be_opened_is_an_error),
        WITH_FIXTURE(making_a_log_survives_each_failed_allocation),
        WITH_FIXTURE(syslog_gets_priority_and_text_without_a_stamp),
        WITH_FIXTURE(the_journal_gets_one_datagram_an_event),
        WITH_FIXTURE(a_stuck_journal_costs_lines_and_no_time),
        WITH_FIXTURE(without_a_journal_there_is_no_such_log),
        cmocka_unit_test(levels_have_four_names),
        cmocka_unit_test(peers_octets_are_escaped),
        cmocka_unit_test(escaped_octets_are_cut_to_fit_and_never_halved),
        cmocka_unit_test(a_burst_passes_and_then_one_at_a_time),
        cmocka_unit_test(rest_gives_no_more_than_a_burst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
