/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "msg.h"

enum { BIG = 700 * 1000 };

struct fixture {
    char dir[40];
    char path[64];
    struct source *source;
    int pipe; /* its writing end, or -1 */
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/test_source.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/file", f->dir);
    f->pipe = -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    source_free(f->source);
    if (f->pipe >= 0)
        close(f->pipe);
    unlink(f->path);
    rmdir(f->dir);
    test_free(f);
    return 0;
}

static void write_file(struct fixture *f, size_t n)
{
    FILE *file = fopen(f->path, "w");

    assert_non_null(file);
    for (size_t i = 0; i < n; i++)
        fputc((int)(i % 251), file);
    assert_int_equal(fclose(file), 0);
}

static void open_file(struct fixture *f)
{
    assert_int_equal(source_file(&f->source, f->path), 0);
}

/* A pipe with a name, so that it can be opened like a file. */
static void open_pipe(struct fixture *f)
{
    assert_int_equal(mkfifo(f->path, 0600), 0);
    f->pipe = open(f->path, O_RDWR | O_CLOEXEC);
    assert_true(f->pipe >= 0);
    open_file(f);
}

static void feed(struct fixture *f, const char *text)
{
    assert_int_equal(write(f->pipe, text, strlen(text)), strlen(text));
}

static void assert_shows(struct fixture *f, const char *want, bool want_end)
{
    struct span run;
    bool at_end;

    assert_int_equal(source_peek(f->source, &run, &at_end, 1), 0);
    assert_span_equal(run, span_str(want));
    assert_int_equal(at_end, want_end);
}

static void a_text_is_all_there(void **state)
{
    struct fixture *f = *state;

    f->source = source_text(SPAN("hello"));
    assert_int_equal(source_total(f->source), 5);
    assert_shows(f, "hello", true);
    source_drop(f->source, 3);
    assert_shows(f, "lo", true);
}

static void an_empty_text_ends_at_once(void **state)
{
    struct fixture *f = *state;

    f->source = source_text(SPAN(""));
    assert_int_equal(source_total(f->source), 0);
    assert_shows(f, "", true);
}

static void an_empty_file_ends_at_once(void **state)
{
    struct fixture *f = *state;

    write_file(f, 0);
    open_file(f);
    assert_int_equal(source_total(f->source), 0);
    assert_shows(f, "", true);
}

static void a_file_comes_whole_and_keeps_its_last_octet_back(void **state)
{
    struct fixture *f = *state;
    struct span run;
    bool at_end = false;
    size_t n = 0;

    write_file(f, BIG);
    open_file(f);
    assert_int_equal(source_total(f->source), BIG);
    while (!at_end) {
        assert_int_equal(source_peek(f->source, &run, &at_end, 1), 0);
        assert_true(run.n > 0);
        assert_int_equal(at_end, n + run.n == BIG);
        for (size_t i = 0; i < run.n; i++)
            assert_int_equal((unsigned char)run.p[i], (n + i) % 251);
        source_drop(f->source, run.n);
        n += run.n;
    }
    assert_int_equal(n, BIG);
}

static void a_file_gives_as_much_as_is_wanted(void **state)
{
    struct fixture *f = *state;
    struct span run;
    bool at_end = false;
    size_t left = BIG;

    write_file(f, BIG);
    open_file(f);
    while (!at_end) {
        assert_int_equal(source_peek(f->source, &run, &at_end, 2048), 0);
        assert_true(run.n >= 2048 || (at_end && run.n == left));
        run.n = run.n < 1999 ? run.n : 1999;
        at_end = run.n == left;
        source_drop(f->source, run.n);
        left -= run.n;
    }
}

static void a_file_that_shrinks_is_an_error_without_errno(void **state)
{
    struct fixture *f = *state;
    struct span run;
    bool at_end;
    int err;

    write_file(f, BIG);
    open_file(f);
    assert_int_equal(source_peek(f->source, &run, &at_end, 1), 0);
    source_drop(f->source, run.n);
    assert_int_equal(truncate(f->path, 10), 0);
    err = source_peek(f->source, &run, &at_end, 1);
    assert_int_equal(err, ERR_IO);
    assert_int_equal(errno, 0);
}

static void a_file_that_grows_is_sent_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct span run;
    bool at_end;

    write_file(f, 3);
    open_file(f);
    write_file(f, 10);
    assert_int_equal(source_peek(f->source, &run, &at_end, 1), 0);
    assert_span_equal(run, span_of("\0\1\2", 3));
    assert_true(at_end);
}

static void what_cannot_be_read_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(source_file(&f->source, f->path), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(source_file(&f->source, f->dir), ERR_IO);
    assert_int_equal(errno, EISDIR);
}

static void a_pipe_waits_for_more_than_one_octet(void **state)
{
    struct fixture *f = *state;
    struct span run;
    bool at_end;

    open_pipe(f);
    assert_int_equal(source_total(f->source), MSG_STAR);
    assert_int_equal(source_peek(f->source, &run, &at_end, 1), ERR_AGAIN);
    feed(f, "a");
    assert_int_equal(source_peek(f->source, &run, &at_end, 1), ERR_AGAIN);
    feed(f, "bc");
    assert_shows(f, "ab", false);
    source_drop(f->source, 2);
    assert_int_equal(source_peek(f->source, &run, &at_end, 1), ERR_AGAIN);
}

static void the_end_of_a_pipe_frees_its_last_octet(void **state)
{
    struct fixture *f = *state;

    open_pipe(f);
    feed(f, "abc");
    assert_shows(f, "ab", false);
    source_drop(f->source, 2);
    close(f->pipe);
    f->pipe = -1;
    assert_shows(f, "c", true);
}

static void a_pipe_may_be_empty(void **state)
{
    struct fixture *f = *state;

    open_pipe(f);
    close(f->pipe);
    f->pipe = -1;
    assert_shows(f, "", true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_all_there),
        TEST(an_empty_text_ends_at_once),
        TEST(an_empty_file_ends_at_once),
        TEST(a_file_comes_whole_and_keeps_its_last_octet_back),
        TEST(a_file_gives_as_much_as_is_wanted),
        TEST(a_file_that_shrinks_is_an_error_without_errno),
        TEST(a_file_that_grows_is_sent_as_it_was),
        TEST(what_cannot_be_read_is_refused),
        TEST(a_pipe_waits_for_more_than_one_octet),
        TEST(the_end_of_a_pipe_frees_its_last_octet),
        TEST(a_pipe_may_be_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
