/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers, from a socket pair. */
#include "ctl_ask.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "str.h"

enum { PATIENCE_MS = 10000 };

struct talk {
    int fd;    /* the client's */
    int other; /* the daemon's */
    struct ctl_end end;
    char rows[4096]; /* as they came, compact */
};

static int set_up(void **state)
{
    struct talk *t = calloc(1, sizeof *t);
    int ends[2];

    assert_non_null(t);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    t->fd = ends[0];
    t->other = ends[1];
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct talk *t = *state;

    close(t->fd);
    if (t->other >= 0)
        close(t->other);
    free(t);
    return 0;
}

static void say(struct talk *t, const char *text)
{
    struct span s = span_str(text);

    assert_int_equal(send(t->other, s.p, s.n, MSG_NOSIGNAL), s.n);
}

static void hang_up(struct talk *t)
{
    close(t->other);
    t->other = -1;
}

static void on_row(void *ctx, json_t *row)
{
    struct talk *t = ctx;
    size_t n = strlen(t->rows);
    char *text = json_dumps(row, JSON_COMPACT);

    assert_non_null(text);
    snprintf(t->rows + n, sizeof t->rows - n, "%s;", text);
    free(text);
}

static int ask(struct talk *t, int timeout_ms)
{
    return ctl_ask(&t->end, t->fd, "ping\n", timeout_ms, on_row, t);
}

static void rows_come_before_the_end(void **state)
{
    struct talk *t = *state;

    say(t, "{\"a\":1}\n{\"b\":\"x\"}\n{\"ok\":true}\n");
    assert_int_equal(ask(t, PATIENCE_MS), 0);
    assert_string_equal(t->rows, "{\"a\":1};{\"b\":\"x\"};");
    assert_true(t->end.ok);
    assert_string_equal(t->end.error, "");
}

static void the_request_is_sent_as_it_is(void **state)
{
    struct talk *t = *state;
    char got[16];

    say(t, "{\"ok\":true}\n");
    assert_int_equal(ask(t, PATIENCE_MS), 0);
    assert_int_equal(recv(t->other, got, sizeof got, 0), 5);
    assert_memory_equal(got, "ping\n", 5);
}

static void a_refusal_has_its_reason(void **state)
{
    struct talk *t = *state;

    say(t, "{\"ok\":false,\"error\":\"not \\\"now\\\"\"}\n");
    assert_int_equal(ask(t, PATIENCE_MS), 0);
    assert_false(t->end.ok);
    assert_string_equal(t->end.error, "not \"now\"");
    assert_int_equal(t->end.left_out, 0);
}

static void an_end_tells_how_many_rows_are_missing(void **state)
{
    struct talk *t = *state;

    say(t, "{\"ok\":false,\"error\":\"x\",\"left_out\":12}\n");
    assert_int_equal(ask(t, PATIENCE_MS), 0);
    assert_int_equal(t->end.left_out, 12);
}

static void a_refusal_is_read_though_nobody_takes_the_request(void **state)
{
    struct talk *t = *state;

    say(t, "{\"ok\":false,\"error\":\"not allowed\"}\n");
    assert_int_equal(shutdown(t->other, SHUT_RD), 0);
    assert_int_equal(ask(t, PATIENCE_MS), 0);
    assert_string_equal(t->end.error, "not allowed");
}

static void an_answer_may_come_octet_by_octet(void **state)
{
    static const char text[] = "{\"a\":1}\n{\"ok\":true}\n";
    struct talk *t = *state;
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        for (size_t i = 0; i < sizeof text - 1; i++)
            if (send(t->other, text + i, 1, MSG_NOSIGNAL) != 1)
                _exit(1);
        _exit(0);
    }
    assert_int_equal(ask(t, PATIENCE_MS), 0);
    assert_string_equal(t->rows, "{\"a\":1};");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void silence_is_not_waited_for_for_ever(void **state)
{
    struct talk *t = *state;

    say(t, "{\"a\":1}\n");
    assert_int_equal(ask(t, 20), ERR_TIMEOUT);
    assert_string_equal(t->rows, "{\"a\":1};");
}

static void half_an_answer_is_none(void **state)
{
    struct talk *t = *state;

    say(t, "{\"a\":1}\n{\"ok\":true}");
    hang_up(t);
    assert_int_equal(ask(t, PATIENCE_MS), ERR_EOF);
}

static void assert_nonsense(const char *text)
{
    void *state;
    struct talk *t;

    set_up(&state);
    t = state;
    say(t, text);
    assert_int_equal(ask(t, PATIENCE_MS), ERR_SYNTAX);
    tear_down(&state);
}

static void what_is_no_answer_is_an_error(void **state)
{
    (void)state;
    assert_nonsense("HTTP/1.1 400 Bad Request\n");
    assert_nonsense("\n");
    assert_nonsense("[1]\n");
    assert_nonsense("{\"a\":1} x\n");
    assert_nonsense("{\"a\":\n");
}

static void a_row_without_an_end_is_an_error(void **state)
{
    struct talk *t = *state;
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) { /* as long as it is taken */
        char some[1024];

        close(t->fd);
        memset(some, 'x', sizeof some);
        while (send(t->other, some, sizeof some, MSG_NOSIGNAL) > 0)
            continue;
        _exit(0);
    }
    assert_int_equal(ask(t, PATIENCE_MS), ERR_SYNTAX);
    assert_int_equal(shutdown(t->fd, SHUT_RDWR), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void nobody_there_is_told(void **state)
{
    char path[200];
    int fd;

    (void)state;
    assert_int_equal(ctl_ask_open(&fd, "/nonexistent/s"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(ctl_ask_open(&fd, path), ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_come_before_the_end),
        TEST(the_request_is_sent_as_it_is),
        TEST(a_refusal_has_its_reason),
        TEST(an_end_tells_how_many_rows_are_missing),
        TEST(a_refusal_is_read_though_nobody_takes_the_request),
        TEST(an_answer_may_come_octet_by_octet),
        TEST(silence_is_not_waited_for_for_ever),
        TEST(half_an_answer_is_none),
        cmocka_unit_test(what_is_no_answer_is_an_error),
        TEST(a_row_without_an_end_is_an_error),
        cmocka_unit_test(nobody_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
