/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: writev */
#include "log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "log_files.h"
#include "oom.h"

/* What the next write is to do. */
static struct {
    bool interrupt;
    size_t room; /* no more goes in than so many octets; 0: all */
} fake;

ssize_t __real_writev(int fd, const struct iovec *parts, int n);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int n);

ssize_t __wrap_writev(int fd, const struct iovec *parts, int n)
{
    struct iovec some[8];
    size_t room = fake.room ? fake.room : SIZE_MAX;

    if (fake.interrupt) {
        fake.interrupt = false;
        errno = EINTR;
        return -1;
    }
    fake.room = 0;
    assert_in_range(n, 1, sizeof some / sizeof *some);
    for (int i = 0; i < n; i++) {
        some[i] = parts[i];
        if (some[i].iov_len > room)
            some[i].iov_len = room;
        room -= some[i].iov_len;
    }
    return __real_writev(fd, some, n);
}

static int set_up(void **state)
{
    memset(&fake, 0, sizeof fake);
    *state = log_files_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    log_files_free(*state);
    return 0;
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

static struct log_target *open_file(struct log_files *f)
{
    struct log_target *t;

    assert_int_equal(log_target_open(&t, f->path), 0);
    return t;
}

static int put(struct log_target *t, const char *text)
{
    return log_target_put(t, LOG_LEVEL_INFO, span_str(text));
}

static void a_line_in_a_file_has_time_level_and_text(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    assert_int_equal(put(t, "c=42 closed"), 0);
    log_target_close(t);
    assert_string_equal(after_stamp(log_files_read(f, f->path)),
                        "info c=42 closed\n");
}

/* As stderr into a program that has stopped. */
static void a_pipe_that_is_full_is_not_waited_for(void **state)
{
    struct log_files *f = *state;
    char octets[4096];
    struct log_target *t;
    int reader, err;

    assert_int_equal(mkfifo(f->path, 0600), 0);
    reader = open(f->path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    t = open_file(f);
    do
        err = put(t, "line");
    while (!err);
    assert_int_equal(err, ERR_AGAIN);
    while (read(reader, octets, sizeof octets) > 0)
        continue;
    assert_int_equal(put(t, "line"), 0);
    close(reader);
    log_target_close(t);
}

static void a_raw_line_has_nothing_before_it(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    assert_int_equal(log_target_put_raw(t, SPAN("{}")), 0);
    log_target_close(t);
    assert_string_equal(log_files_read(f, f->path), "{}\n");
}

static void a_file_is_appended_to_and_closed_to_others(void **state)
{
    struct log_files *f = *state;
    struct stat st;

    for (int i = 0; i < 2; i++) {
        struct log_target *t = open_file(f);

        assert_int_equal(put(t, i ? "second" : "first"), 0);
        log_target_close(t);
    }
    assert_non_null(strstr(log_files_read(f, f->path), "first\n"));
    assert_non_null(strstr(f->text, "second\n"));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
}

static void stderr_gets_the_same_line(void **state)
{
    struct log_files *f = *state;
    int fd = open(f->path, O_WRONLY | O_CREAT, 0600);
    int keep = dup(STDERR_FILENO);
    struct log_target *t;

    assert_true(fd >= 0 && keep >= 0);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    assert_int_equal(log_target_open(&t, "stderr"), 0);
    assert_int_equal(log_target_put(t, LOG_LEVEL_ERROR, SPAN("bad=yes")), 0);
    log_target_close(t);
    assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0);
    dup2(keep, STDERR_FILENO);
    close(keep);
    close(fd);
    assert_string_equal(after_stamp(log_files_read(f, f->path)),
                        "error bad=yes\n");
}

static void an_interrupted_write_is_tried_again(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    fake.interrupt = true;
    assert_int_equal(put(t, "x"), 0);
    log_target_close(t);
    assert_non_null(strstr(log_files_read(f, f->path), "info x\n"));
}

static void a_torn_line_spoils_none_but_itself(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    fake.room = 3;
    assert_int_equal(log_target_put_raw(t, SPAN("{\"a\":1}")), ERR_IO);
    assert_int_equal(log_target_put_raw(t, SPAN("{\"b\":2}")), 0);
    assert_int_equal(log_target_put_raw(t, SPAN("{\"c\":3}")), 0);
    log_target_close(t);
    assert_string_equal(log_files_read(f, f->path),
                        "{\"a\n{\"b\":2}\n{\"c\":3}\n");
}

static void reopening_follows_a_rotation(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    assert_int_equal(put(t, "old"), 0);
    assert_int_equal(rename(f->path, f->moved), 0);
    assert_int_equal(log_target_reopen(t), 0);
    assert_int_equal(put(t, "new"), 0);
    log_target_close(t);
    assert_non_null(strstr(log_files_read(f, f->moved), "old\n"));
    assert_non_null(strstr(log_files_read(f, f->path), "new\n"));
    assert_null(strstr(f->text, "old\n"));
}

static void a_failed_reopening_keeps_the_old_file(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    assert_int_equal(rename(f->path, f->moved), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(log_target_reopen(t), ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(put(t, "still"), 0);
    log_target_close(t);
    rmdir(f->path);
    assert_non_null(strstr(log_files_read(f, f->moved), "still\n"));
}

static void a_file_that_is_open_already_is_taken_over(void **state)
{
    struct log_files *f = *state;
    int fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct log_target *t;

    assert_true(fd >= 0);
    assert_int_equal(log_target_adopt(&t, f->path, fd), 0);
    assert_int_equal(put(t, "one"), 0);
    assert_int_equal(rename(f->path, f->moved), 0);
    assert_int_equal(log_target_reopen(t), 0);
    assert_int_equal(put(t, "two"), 0);
    log_target_close(t);
    assert_non_null(strstr(log_files_read(f, f->moved), "one\n"));
    assert_non_null(strstr(log_files_read(f, f->path), "two\n"));
}

static void what_cannot_be_opened_is_an_error(void **state)
{
    struct log_target *t = NULL;

    (void)state;
    assert_int_equal(log_target_open(&t, "/nonexistent/dir/log"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(log_target_open_syslog(&t, "/nonexistent/log"), ERR_IO);
    assert_int_equal(log_target_open_journal(&t, "/nonexistent/log"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_null(t);
}

static void a_fifo_that_nobody_reads_is_not_waited_for(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = NULL;

    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(log_target_open(&t, f->path), ERR_IO);
    assert_int_equal(errno, ENXIO);
    assert_null(t);
}

static void nowhere_is_no_target(void **state)
{
    struct log_target *t = (void *)state;

    assert_int_equal(log_target_open(&t, ""), 0);
    assert_null(t);
    log_target_close(t);
}

/* --- syslog and the journal --- */

/* A socket at f->path that stands for theirs. */
static int listen_at(struct log_files *f)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    span_copy(at.sun_path, sizeof at.sun_path, span_str(f->path));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* The next datagram; empty when there is none. */
static struct span receive(struct log_files *f, int fd)
{
    ssize_t n = recv(fd, f->text, sizeof f->text, 0);

    return span_of(f->text, n > 0 ? (size_t)n : 0);
}

static struct log_target *open_journal(struct log_files *f)
{
    struct log_target *t;

    assert_int_equal(log_target_open_journal(&t, f->path), 0);
    return t;
}

/* What the journal is told of `text` at level error. */
static void assert_journal(struct log_files *f, int fd, struct log_target *t,
                           struct span text, const char *fields)
{
    char want[256];

    snprintf(want, sizeof want,
             "PRIORITY=3\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=msrprelayd\n"
             "SYSLOG_PID=%d\n%sMESSAGE=%.*s\n",
             (int)getpid(), fields, SPAN_ARG(text));
    assert_int_equal(log_target_put(t, LOG_LEVEL_ERROR, text), 0);
    assert_span_equal(receive(f, fd), span_str(want));
    assert_int_equal(receive(f, fd).n, 0);
}

static void the_journal_gets_fields_of_its_own(void **state)
{
    struct log_files *f = *state;
    int fd = listen_at(f);
    struct log_target *t = open_journal(f);

    assert_journal(f, fd, t, SPAN("started name=x"), "");
    assert_journal(f, fd, t, SPAN("c=7 lost"), "MSRP_CONNECTION=7\n");
    assert_journal(f, fd, t, SPAN("c=12 s=9f3a2b gone"),
                   "MSRP_CONNECTION=12\nMSRP_SESSION=9f3a2b\n");
    assert_journal(f, fd, t, SPAN("s=9f3a2b"), "MSRP_SESSION=9f3a2b\n");
    assert_journal(f, fd, t, SPAN("c= s= x"), "");
    log_target_close(t);
    close(fd);
}

static void the_journal_gets_a_raw_line_as_message(void **state)
{
    struct log_files *f = *state;
    int fd = listen_at(f);
    struct log_target *t = open_journal(f);
    struct span got;

    assert_int_equal(log_target_put_raw(t, SPAN("{\"a\":1}")), 0);
    got = receive(f, fd);
    assert_true(span_starts(got, SPAN("PRIORITY=6\n")));
    f->text[got.n] = '\0';
    assert_non_null(strstr(f->text, "\nMESSAGE={\"a\":1}\n"));
    log_target_close(t);
    close(fd);
}

static void an_object_has_nothing_before_it_in_a_file(void **state)
{
    struct log_files *f = *state;
    struct log_target *t = open_file(f);

    assert_int_equal(log_target_put_json(t, LOG_LEVEL_WARN, SPAN("{\"c\":7}"),
                                         SPAN("c=7 lost")),
                     0);
    log_target_close(t);
    assert_string_equal(log_files_read(f, f->path), "{\"c\":7}\n");
}

static void the_journal_gets_fields_beside_an_object(void **state)
{
    struct log_files *f = *state;
    int fd = listen_at(f);
    struct log_target *t = open_journal(f);
    struct span got;

    assert_int_equal(log_target_put_json(t, LOG_LEVEL_WARN, SPAN("{\"c\":7}"),
                                         SPAN("c=7 lost")),
                     0);
    got = receive(f, fd);
    assert_true(span_starts(got, SPAN("PRIORITY=4\n")));
    f->text[got.n] = '\0';
    assert_non_null(
        strstr(f->text, "\nMSRP_CONNECTION=7\nMESSAGE={\"c\":7}\n"));
    log_target_close(t);
    close(fd);
}

static void syslog_gets_priority_time_and_process(void **state)
{
    struct log_files *f = *state;
    int fd = listen_at(f);
    struct log_target *t;
    char tail[64];
    struct span got;

    assert_int_equal(log_target_open_syslog(&t, f->path), 0);
    assert_int_equal(log_target_put(t, LOG_LEVEL_WARN, SPAN("rate=100%d")), 0);
    snprintf(tail, sizeof tail, " msrprelayd[%d]: rate=100%%d", (int)getpid());
    got = receive(f, fd);
    assert_true(span_starts(got, SPAN("<28>"))); /* daemon.warning */
    assert_int_equal(got.n, strlen("<28>Nov 22 10:00:00") + strlen(tail));
    assert_span_equal(span_from(got, strlen("<28>Nov 22 10:00:00")),
                      span_str(tail));
    assert_int_equal(log_target_reopen(t), 0);
    log_target_close(t);
    close(fd);
}

static void one_that_is_stuck_costs_lines_and_no_time(void **state)
{
    struct log_files *f = *state;
    int fd = listen_at(f), sent = 0;
    struct log_target *t = open_journal(f);

    while (put(t, "line") == 0)
        assert_in_range(++sent, 1, 100000);
    assert_int_equal(put(t, "line"), ERR_AGAIN);
    while (receive(f, fd).n > 0)
        sent--;
    assert_int_equal(sent, 0);
    assert_int_equal(put(t, "line"), 0);
    log_target_close(t);
    close(fd);
}

static void one_that_comes_back_gets_the_next_line(void **state)
{
    struct log_files *f = *state;
    int fd = listen_at(f);
    struct log_target *t = open_journal(f);

    close(fd);
    assert_int_equal(put(t, "nobody listens"), ERR_IO);
    unlink(f->path);
    assert_int_equal(put(t, "nothing is there"), ERR_IO);
    fd = listen_at(f);
    assert_journal(f, fd, t, SPAN("c=1 back"), "MSRP_CONNECTION=1\n");
    log_target_close(t);
    close(fd);
}

static void one_that_is_replaced_while_it_lives_gets_the_next_line(void **state)
{
    struct log_files *f = *state;
    int old = listen_at(f), fd;
    struct log_target *t = open_journal(f);

    unlink(f->path);
    fd = listen_at(f);
    assert_journal(f, fd, t, SPAN("c=1 back"), "MSRP_CONNECTION=1\n");
    assert_int_equal(receive(f, old).n, 0);
    log_target_close(t);
    close(old);
    close(fd);
}

static int make_file(void *ctx)
{
    struct log_files *f = ctx;
    struct log_target *t;
    int err = log_target_open(&t, f->path);

    if (!err)
        log_target_close(t);
    return err;
}

static void opening_survives_each_failed_allocation(void **state)
{
    assert_int_equal(oom_sweep(make_file, *state), 2);
}

#define WITH_FIXTURE(test)                                                     \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_line_in_a_file_has_time_level_and_text),
        WITH_FIXTURE(a_pipe_that_is_full_is_not_waited_for),
        WITH_FIXTURE(a_raw_line_has_nothing_before_it),
        WITH_FIXTURE(a_file_is_appended_to_and_closed_to_others),
        WITH_FIXTURE(stderr_gets_the_same_line),
        WITH_FIXTURE(an_interrupted_write_is_tried_again),
        WITH_FIXTURE(a_torn_line_spoils_none_but_itself),
        WITH_FIXTURE(reopening_follows_a_rotation),
        WITH_FIXTURE(a_failed_reopening_keeps_the_old_file),
        WITH_FIXTURE(a_file_that_is_open_already_is_taken_over),
        WITH_FIXTURE(what_cannot_be_opened_is_an_error),
        WITH_FIXTURE(a_fifo_that_nobody_reads_is_not_waited_for),
        WITH_FIXTURE(nowhere_is_no_target),
        WITH_FIXTURE(the_journal_gets_fields_of_its_own),
        WITH_FIXTURE(the_journal_gets_a_raw_line_as_message),
        WITH_FIXTURE(an_object_has_nothing_before_it_in_a_file),
        WITH_FIXTURE(the_journal_gets_fields_beside_an_object),
        WITH_FIXTURE(syslog_gets_priority_time_and_process),
        WITH_FIXTURE(one_that_is_stuck_costs_lines_and_no_time),
        WITH_FIXTURE(one_that_comes_back_gets_the_next_line),
        WITH_FIXTURE(one_that_is_replaced_while_it_lives_gets_the_next_line),
        WITH_FIXTURE(opening_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
