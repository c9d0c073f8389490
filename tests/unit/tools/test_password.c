/* SPDX-License-Identifier: BSD-2-Clause */
/* Passwords, typed at a terminal of the test's own. */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

enum { PATIENCE_MS = 10000, SHOWN_MAX = 1024 };

/* --- from a descriptor ---------------------------------------------------- */

/* What is read of this text; `rest` (8) is what is left after it. */
static int read_from(char **out, char *rest, struct span text)
{
    int ends[2], err;
    ssize_t n;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], text.p, text.n), text.n);
    close(ends[1]);
    err = password_read(out, ends[0]);
    n = read(ends[0], rest, 7);
    assert_true(n >= 0);
    rest[n] = '\0';
    close(ends[0]);
    return err;
}

static void assert_reads(struct span text, const char *want)
{
    char *got, rest[8];

    assert_int_equal(read_from(&got, rest, text), 0);
    assert_string_equal(got, want);
    free(got);
}

static void the_first_line_is_the_password(void **state)
{
    char *got, rest[8];

    (void)state;
    assert_reads(SPAN("secret\n"), "secret");
    assert_reads(SPAN("secret\r\n"), "secret");
    assert_reads(SPAN("secret"), "secret");
    assert_reads(SPAN(" se cret \n"), " se cret ");
    assert_reads(SPAN("\n"), "");
    assert_int_equal(read_from(&got, rest, SPAN("one\ntwo\n")), 0);
    assert_string_equal(rest, "two\n");
    free(got);
}

static void no_line_is_no_password(void **state)
{
    char *got, rest[8];

    (void)state;
    assert_int_equal(read_from(&got, rest, SPAN("")), ERR_IO);
    assert_int_equal(errno, 0);
}

static void what_would_be_cut_is_refused(void **state)
{
    char text[PASSWORD_MAX + 2], *got, rest[8];

    (void)state;
    memset(text, 'x', sizeof text);
    text[PASSWORD_MAX] = '\n';
    assert_int_equal(read_from(&got, rest, span_of(text, PASSWORD_MAX + 1)), 0);
    assert_int_equal(strlen(got), PASSWORD_MAX);
    free(got);
    text[PASSWORD_MAX] = 'x';
    text[PASSWORD_MAX + 1] = '\n';
    assert_int_equal(read_from(&got, rest, span_of(text, sizeof text)),
                     ERR_LIMIT);
    assert_int_equal(read_from(&got, rest, SPAN("a\0b\n")), ERR_SYNTAX);
}

static int read_once(void *ctx)
{
    char *got, rest[8];
    int err = read_from(&got, rest, SPAN("secret\n"));

    (void)ctx;
    if (!err)
        free(got);
    return err;
}

static void without_memory_there_is_no_password(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(read_once, NULL), 1);
}

static void an_argument_is_taken_apart(void **state)
{
    char both[] = "alice:pass:word", alone[] = "bob", empty[] = "carol:";
    char none[] = ":secret";
    char *name = NULL, *password = NULL;

    (void)state;
    assert_int_equal(password_split(&name, &password, both), 0);
    assert_string_equal(name, "alice");
    assert_string_equal(password, "pass:word");
    assert_string_equal(both, "alice");
    assert_string_equal(both + 6, "*********");
    password_free(name);
    password_free(password);
    password = NULL;
    assert_int_equal(password_split(&name, &password, alone), 0);
    assert_string_equal(name, "bob");
    assert_null(password);
    password_free(name);
    assert_int_equal(password_split(&name, &password, empty), 0);
    assert_string_equal(password, "");
    password_free(name);
    password_free(password);
    assert_int_equal(password_split(&name, &password, none), ERR_SYNTAX);
}

static int split_once(void *ctx)
{
    char argument[] = "alice:secret", *name, *password;
    int err = password_split(&name, &password, argument);

    (void)ctx;
    if (!err) {
        password_free(name);
        password_free(password);
    }
    return err;
}

static void without_memory_nothing_is_taken_apart(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(split_once, NULL), 2);
}

static void a_missing_file_is_told(void **state)
{
    char *got;

    (void)state;
    assert_int_equal(password_get(&got, "/nonexistent/p", "alice"), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

/* --- at a terminal -------------------------------------------------------- */

struct desk {
    int tty;    /* the user's side */
    int answer; /* what the process got */
    pid_t pid;
    char shown[SHOWN_MAX];
    size_t n;
};

/* The process that asks, whose terminal is `side`. */
static void ask(int side, int answer)
{
    char *got;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (setsid() < 0 || ioctl(side, TIOCSCTTY, 0) != 0)
        _exit(100);
    if (password_ask(&got, "Secret? ") != 0)
        _exit(101);
    (void)!write(answer, got, strlen(got));
    free(got);
    _exit(0);
}

static int set_up(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    int side, ends[2];

    assert_non_null(d);
    assert_int_equal(openpty(&d->tty, &side, NULL, NULL, NULL), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    d->answer = ends[0];
    d->pid = fork();
    assert_true(d->pid >= 0);
    if (d->pid == 0)
        ask(side, ends[1]);
    close(ends[1]);
    close(side);
    *state = d;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *d = *state;

    if (d->pid) {
        kill(d->pid, SIGKILL);
        waitpid(d->pid, NULL, 0);
    }
    close(d->tty);
    close(d->answer);
    free(d);
    return 0;
}

/* Waits until this has been shown so many times. */
static void wait_shown(struct desk *d, const char *text, int times)
{
    for (;;) {
        struct pollfd p = {d->tty, POLLIN, 0};
        const char *at = d->shown;
        int found = 0;
        ssize_t n;

        while ((at = strstr(at, text))) {
            found++;
            at++;
        }
        if (found == times)
            return;
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        n = read(d->tty, d->shown + d->n, SHOWN_MAX - 1 - d->n);
        assert_true(n > 0);
        d->n += (size_t)n;
    }
}

static void type(struct desk *d, const char *text)
{
    size_t n = strlen(text);

    assert_int_equal(write(d->tty, text, n), n);
}

static bool has_echo(const struct desk *d)
{
    struct termios t;

    assert_int_equal(tcgetattr(d->tty, &t), 0);
    return t.c_lflag & ECHO;
}

static int wait_end(struct desk *d)
{
    int status;

    assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
    d->pid = 0;
    return status;
}

static void assert_answer(struct desk *d, const char *want)
{
    char got[64];
    ssize_t n = read(d->answer, got, sizeof got);

    assert_true(n >= 0);
    assert_span_equal(span_of(got, (size_t)n), span_str(want));
}

static void what_is_typed_is_not_shown(void **state)
{
    struct desk *d = *state;

    wait_shown(d, "Secret? ", 1);
    assert_false(has_echo(d));
    type(d, "sesame\n");
    assert_int_equal(wait_end(d), 0);
    assert_answer(d, "sesame");
    assert_null(strstr(d->shown, "sesame"));
}

static void a_signal_finds_the_terminal_as_it_was(void **state)
{
    struct desk *d = *state;
    int status;

    wait_shown(d, "Secret? ", 1);
    type(d, "ses\x03"); /* Ctrl-C */
    status = wait_end(d);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    assert_true(has_echo(d));
}

static void an_end_from_outside_finds_it_so_too(void **state)
{
    struct desk *d = *state;
    int status;

    wait_shown(d, "Secret? ", 1);
    assert_int_equal(kill(d->pid, SIGTERM), 0);
    status = wait_end(d);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_true(has_echo(d));
}

/* The process has no shell that could stop it: SIGTSTP comes to nothing. */
static void who_outlives_a_signal_is_asked_again(void **state)
{
    struct desk *d = *state;

    wait_shown(d, "Secret? ", 1);
    type(d, "ses");
    assert_int_equal(kill(d->pid, SIGTSTP), 0);
    wait_shown(d, "Secret? ", 2);
    assert_false(has_echo(d));
    type(d, "sesame\n");
    assert_int_equal(wait_end(d), 0);
    assert_answer(d, "sesame");
}

#define TTY_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_the_password),
        cmocka_unit_test(no_line_is_no_password),
        cmocka_unit_test(what_would_be_cut_is_refused),
        cmocka_unit_test(without_memory_there_is_no_password),
        cmocka_unit_test(an_argument_is_taken_apart),
        cmocka_unit_test(without_memory_nothing_is_taken_apart),
        cmocka_unit_test(a_missing_file_is_told),
        TTY_TEST(what_is_typed_is_not_shown),
        TTY_TEST(a_signal_finds_the_terminal_as_it_was),
        TTY_TEST(an_end_from_outside_finds_it_so_too),
        TTY_TEST(who_outlives_a_signal_is_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
