/* SPDX-License-Identifier: BSD-2-Clause */
#include "text_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

struct files {
    char dir[40], file[64];
};

static int set_up(void **state)
{
    struct files *f = test_malloc(sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/test_text_file.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->file, sizeof f->file, "%s/text", f->dir);
    *state = f;
    return 0;
}

/* That the directory can be removed shows that nothing was left in it. */
static int tear_down(void **state)
{
    struct files *f = *state;

    unlink(f->file);
    assert_int_equal(rmdir(f->dir), 0);
    test_free(f);
    return 0;
}

static void assert_read(const struct files *f, const char *want)
{
    char *text;

    assert_int_equal(text_file_read(&text, f->file, 1000), 0);
    assert_string_equal(text, want);
    free(text);
}

static void what_is_saved_is_read(void **state)
{
    struct files *f = *state;

    assert_int_equal(text_file_save(f->file, "a\r\nb\r\n"), 0);
    assert_read(f, "a\r\nb\r\n");
    assert_int_equal(text_file_save(f->file, "c"), 0);
    assert_read(f, "c");
    assert_int_equal(text_file_save(f->file, ""), 0);
    assert_read(f, "");
}

static void an_empty_line_ends_it(void **state)
{
    struct files *f = *state;

    assert_int_equal(text_file_save(f->file, "a\nb\n\nc\n"), 0);
    assert_read(f, "a\nb\n");
    assert_int_equal(text_file_save(f->file, "a\r\n\r\nc"), 0);
    assert_read(f, "a\r\n");
    assert_int_equal(text_file_save(f->file, "\na"), 0);
    assert_read(f, "");
    assert_int_equal(text_file_save(f->file, "a\rb\n\r"), 0);
    assert_read(f, "a\rb\n\r");
}

/* From a descriptor that others read on. */
static void nothing_behind_the_empty_line_is_taken(void **state)
{
    int was = dup(STDIN_FILENO), ends[2];
    char rest[8] = "", *text;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "a\n\nrest", 7), 7);
    dup2(ends[0], STDIN_FILENO);
    assert_int_equal(text_file_read(&text, "-", 1000), 0);
    assert_string_equal(text, "a\n");
    assert_int_equal(read(STDIN_FILENO, rest, sizeof rest), 4);
    assert_string_equal(rest, "rest");
    free(text);
    dup2(was, STDIN_FILENO);
    close(was);
    close(ends[0]);
    close(ends[1]);
}

static void what_is_too_long_is_refused(void **state)
{
    struct files *f = *state;
    char *text;

    assert_int_equal(text_file_save(f->file, "12345"), 0);
    assert_int_equal(text_file_read(&text, f->file, 5), ERR_LIMIT);
    assert_int_equal(text_file_read(&text, f->file, 6), 0);
    free(text);
}

/* A pipe stays one: somebody waits at its other end. */
static void a_pipe_is_written_to(void **state)
{
    struct files *f = *state;
    struct stat is;
    int how;
    pid_t pid;

    assert_int_equal(mkfifo(f->file, 0600), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(text_file_save(f->file, "a\nb\n") != 0);
    assert_read(f, "a\nb\n");
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
    assert_int_equal(stat(f->file, &is), 0);
    assert_true(S_ISFIFO(is.st_mode));
}

/* What a shell makes of >(COMMAND): the reader sees an end. */
static void an_inherited_descriptor_is_written_to_and_closed(void **state)
{
    char file[32], got[8];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(file, sizeof file, "/dev/fd/%d", ends[1]);
    assert_int_equal(text_file_save(file, "a\n"), 0);
    assert_int_equal(read(ends[0], got, sizeof got), 2);
    assert_int_equal(read(ends[0], got, sizeof got), 0);
    close(ends[0]);
}

static void what_cannot_be_is_told(void **state)
{
    struct files *f = *state;
    char nowhere[80], *text;

    snprintf(nowhere, sizeof nowhere, "%s/no/text", f->dir);
    assert_int_equal(text_file_save(nowhere, "a"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(text_file_read(&text, nowhere, 10), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(text_file_read(&text, f->dir, 10), ERR_IO);
    assert_int_equal(errno, EISDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_saved_is_read),
        TEST(an_empty_line_ends_it),
        TEST(nothing_behind_the_empty_line_is_taken),
        TEST(what_is_too_long_is_refused),
        TEST(a_pipe_is_written_to),
        TEST(an_inherited_descriptor_is_written_to_and_closed),
        TEST(what_cannot_be_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
