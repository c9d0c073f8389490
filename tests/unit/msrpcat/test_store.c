/* SPDX-License-Identifier: BSD-2-Clause */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

enum { OCTETS = 4096 };

struct fixture {
    struct store store;
    int out;      /* what the stream writes to */
    char dir[40]; /* empty: a stream */
    char text[OCTETS];
};

static struct fixture *stream_of(enum store_kind kind)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    f->out = memfd_create("stream", MFD_CLOEXEC);
    assert_true(f->out >= 0);
    store_init_stream(&f->store, kind, dup(f->out));
    return f;
}

static int set_up_stream(void **state)
{
    *state = stream_of(STORE_STREAM);
    return 0;
}

static int set_up_text(void **state)
{
    *state = stream_of(STORE_TEXT);
    return 0;
}

static int set_up_dir(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    f->out = -1;
    snprintf(f->dir, sizeof f->dir, "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(store_init_dir(&f->store, f->dir), 0);
    *state = f;
    return 0;
}

/* That the directory can be removed shows that no part was left in it. */
static int tear_down(void **state)
{
    struct fixture *f = *state;

    store_fini(&f->store);
    if (f->out >= 0)
        close(f->out);
    if (f->dir[0])
        assert_int_equal(rmdir(f->dir), 0);
    test_free(f);
    return 0;
}

static struct item *begin(struct fixture *f, const char *name)
{
    char wish[FNAME_MAX + 1];
    struct item *i;

    snprintf(wish, sizeof wish, "%s", name);
    assert_int_equal(store_begin(&i, &f->store, wish), 0);
    return i;
}

static void put(struct item *i, uint64_t at, const char *text)
{
    assert_int_equal(store_put(i, at, span_str(text)), 0);
}

static void finish(struct item *i)
{
    char name[FNAME_MAX + 1];

    assert_int_equal(store_finish(i, name), 0);
}

static void assert_stream(struct fixture *f, const char *want)
{
    ssize_t n = pread(f->out, f->text, sizeof f->text, 0);

    assert_true(n >= 0);
    assert_span_equal(span_of(f->text, (size_t)n), span_str(want));
}

/* --- a stream ------------------------------------------------------------- */

static void octets_in_order_go_on_at_once(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "");

    put(i, 0, "hello ");
    assert_stream(f, "hello ");
    put(i, 6, "world");
    assert_stream(f, "hello world");
    assert_int_equal(i->fd, -1); /* nothing had to wait */
    finish(i);
    assert_stream(f, "hello world");
}

static void octets_behind_a_gap_wait_for_it_to_close(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "");

    put(i, 8, "89");
    put(i, 4, "4567");
    assert_stream(f, "");
    put(i, 0, "01");
    assert_stream(f, "01");
    put(i, 2, "23");
    assert_stream(f, "0123456789");
    finish(i);
}

static void octets_that_come_again_are_not_repeated(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "");

    put(i, 0, "0123");
    put(i, 0, "0123");
    put(i, 2, "2345");
    put(i, 1, "12");
    assert_stream(f, "012345");
    finish(i);
}

static void of_octets_that_wait_the_last_ones_win(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "");

    put(i, 2, "xxxx");
    put(i, 3, "yy");
    put(i, 0, "01");
    assert_stream(f, "01xyyx"); /* R4975-7.3.1-f */
    finish(i);
}

/* Every order of five pieces gives the same. */
static void any_order_of_pieces_gives_the_message(void **state)
{
    static const char *const pieces[] = {"ab", "cd", "ef", "gh", "ij"};
    struct fixture *f = *state;

    for (int order = 0; order < 5 * 5 * 5 * 5 * 5; order++) {
        struct item *i;
        int rest = order, seen = 0, at[5];

        for (int k = 0; k < 5; k++, rest /= 5) {
            at[k] = rest % 5;
            seen |= 1 << at[k];
        }
        if (seen != 31)
            continue;
        i = begin(f, "");
        for (int k = 0; k < 5; k++)
            put(i, (uint64_t)at[k] * 2, pieces[at[k]]);
        finish(i);
        assert_stream(f, "abcdefghij");
        assert_int_equal(ftruncate(f->out, 0), 0);
        assert_int_equal(lseek(f->out, 0, SEEK_SET), 0);
    }
}

static void messages_do_not_mix(void **state)
{
    struct fixture *f = *state;
    struct item *a = begin(f, ""), *b = begin(f, ""), *c = begin(f, "");

    put(b, 0, "bb");
    put(a, 0, "a");
    put(c, 0, "cc");
    finish(c);
    assert_stream(f, "a");
    put(a, 1, "a");
    finish(a);
    assert_stream(f, "aabb");
    put(b, 2, "b");
    assert_stream(f, "aabbb");
    finish(b);
    assert_stream(f, "aabbbcc");
}

static void a_dropped_message_lets_the_next_one_go(void **state)
{
    struct fixture *f = *state;
    struct item *a = begin(f, ""), *b = begin(f, "");

    put(b, 0, "bb");
    finish(b);
    assert_stream(f, "");
    assert_int_equal(store_drop(a), 0);
    assert_stream(f, "bb");
}

static void an_empty_message_is_nothing_in_a_stream(void **state)
{
    struct fixture *f = *state;

    finish(begin(f, ""));
    assert_stream(f, "");
}

static void a_stream_that_takes_nothing_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    assert_true(full >= 0);
    assert_int_equal(dup2(full, f->store.fd), f->store.fd);
    close(full);
    assert_int_equal(store_put(i, 0, SPAN("x")), ERR_IO);
    assert_int_equal(errno, ENOSPC);
}

/* --- lines ---------------------------------------------------------------- */

static void each_text_is_a_line(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "");

    put(i, 0, "hello");
    finish(i);
    i = begin(f, "");
    put(i, 0, "has its own\n");
    finish(i);
    finish(begin(f, ""));
    assert_stream(f, "hello\nhas its own\n\n");
}

/* --- a directory ---------------------------------------------------------- */

static void assert_file(struct fixture *f, const char *name, const char *want)
{
    int dir = open(f->dir, O_RDONLY | O_CLOEXEC);
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, f->text, sizeof f->text);

    assert_true(fd >= 0 && n >= 0);
    assert_span_equal(span_of(f->text, (size_t)n), span_str(want));
    unlinkat(dir, name, 0);
    close(fd);
    close(dir);
}

static void assert_no_file(struct fixture *f, const char *name)
{
    assert_int_equal(faccessat(f->store.fd, name, F_OK, 0), -1);
}

static void a_file_has_its_name_once_it_is_whole(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "x.txt");

    put(i, 5, "56789");
    assert_no_file(f, "x.txt");
    put(i, 0, "01234");
    assert_no_file(f, "x.txt");
    finish(i);
    assert_file(f, "x.txt", "0123456789");
}

static void no_file_is_written_over(void **state)
{
    struct fixture *f = *state;
    char name[FNAME_MAX + 1];
    struct item *i = begin(f, "x"), *j = begin(f, "x");

    put(i, 0, "first");
    put(j, 0, "second");
    assert_int_equal(store_finish(i, name), 0);
    assert_string_equal(name, "x");
    assert_int_equal(store_finish(j, name), 0);
    assert_string_equal(name, "x.1");
    assert_file(f, "x", "first");
    assert_file(f, "x.1", "second");
}

static void an_unfinished_file_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct item *i = begin(f, "x");

    put(i, 0, "0123");
    assert_int_equal(store_drop(i), 0);
    put(begin(f, "y"), 0, "0123");
    assert_no_file(f, "x"); /* tear_down() looks for the rest */
}

static void a_directory_has_to_be_there(void **state)
{
    struct store s;

    (void)state;
    assert_int_equal(store_init_dir(&s, "/nowhere/at/all"), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

#define STREAM(name)                                                           \
    cmocka_unit_test_setup_teardown(name, set_up_stream, tear_down)
#define DIR(name) cmocka_unit_test_setup_teardown(name, set_up_dir, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM(octets_in_order_go_on_at_once),
        STREAM(octets_behind_a_gap_wait_for_it_to_close),
        STREAM(octets_that_come_again_are_not_repeated),
        STREAM(of_octets_that_wait_the_last_ones_win),
        STREAM(any_order_of_pieces_gives_the_message),
        STREAM(messages_do_not_mix),
        STREAM(a_dropped_message_lets_the_next_one_go),
        STREAM(an_empty_message_is_nothing_in_a_stream),
        STREAM(a_stream_that_takes_nothing_is_an_error),
        cmocka_unit_test_setup_teardown(each_text_is_a_line, set_up_text,
                                        tear_down),
        DIR(a_file_has_its_name_once_it_is_whole),
        DIR(no_file_is_written_over),
        DIR(an_unfinished_file_leaves_nothing_behind),
        cmocka_unit_test(a_directory_has_to_be_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
