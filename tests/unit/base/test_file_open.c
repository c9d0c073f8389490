/* SPDX-License-Identifier: BSD-2-Clause */
#include "file_open.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "scratch.h"

static int setup(void **state)
{
    static struct scratch x;

    scratch_init(&x);
    *state = &x;
    return 0;
}

static int teardown(void **state)
{
    scratch_fini(*state);
    return 0;
}

static void a_file_is_opened_for_reading(void **state)
{
    int fd = -1;
    char first;

    assert_int_equal(
        file_open(&fd, scratch_write(*state, "file", SPAN("text"))), 0);
    assert_int_equal(read(fd, &first, 1), 1);
    assert_int_equal(first, 't');
    assert_int_equal(close(fd), 0);
}

static void nothing_is_an_empty_file(void **state)
{
    int fd = -1;
    char first;

    (void)state;
    assert_int_equal(file_open(&fd, "/dev/null"), 0);
    assert_int_equal(read(fd, &first, 1), 0);
    assert_int_equal(close(fd), 0);
}

static void a_fifo_without_a_writer_is_not_waited_for(void **state)
{
    const char *path = scratch_path(*state, "fifo");
    int fd = -1;

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_open(&fd, path), ERR_NOT_FILE);
    assert_int_equal(fd, -1);
}

static void a_socket_is_no_file(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = scratch_path(*state, "socket");
    int fd = -1, s = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(s >= 0);
    assert_true(snprintf(at.sun_path, sizeof at.sun_path, "%s", path) <
                (int)sizeof at.sun_path);
    assert_int_equal(bind(s, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(file_open(&fd, path), ERR_NOT_FILE);
    assert_int_equal(close(s), 0);
}

static void what_cannot_be_opened_is_told_by_errno(void **state)
{
    struct scratch *x = *state;
    int fd = -1;

    assert_int_equal(file_open(&fd, scratch_path(x, "gone")), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_open(&fd, x->dir), ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(fd, -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_opened_for_reading),
        TEST(nothing_is_an_empty_file),
        TEST(a_fifo_without_a_writer_is_not_waited_for),
        TEST(a_socket_is_no_file),
        TEST(what_cannot_be_opened_is_told_by_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
