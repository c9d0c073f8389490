/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"

struct fixture {
    struct lines lines;
    int from, to;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    f->from = ends[0];
    f->to = ends[1];
    lines_init(&f->lines);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    close(f->from);
    if (f->to >= 0)
        close(f->to);
    test_free(f);
    return 0;
}

static void type(struct fixture *f, struct span text)
{
    assert_int_equal(write(f->to, text.p, text.n), text.n);
    lines_read(&f->lines, f->from);
}

static void end(struct fixture *f)
{
    close(f->to);
    f->to = -1;
    lines_read(&f->lines, f->from);
}

static void assert_line(struct fixture *f, const char *want)
{
    struct span line;

    assert_true(lines_next(&line, &f->lines));
    assert_span_equal(line, span_str(want));
}

static void assert_none(struct fixture *f)
{
    struct span line;

    assert_false(lines_next(&line, &f->lines));
}

static void lines_come_one_by_one(void **state)
{
    struct fixture *f = *state;

    type(f, SPAN("one\ntwo\r\n\nthree\n"));
    assert_line(f, "one");
    assert_line(f, "two");
    assert_line(f, "");
    assert_line(f, "three");
    assert_none(f);
    assert_true(f->lines.open);
}

static void half_a_line_waits_for_the_rest(void **state)
{
    struct fixture *f = *state;

    type(f, SPAN("on"));
    assert_none(f);
    type(f, SPAN("e\ntw"));
    assert_line(f, "one");
    assert_none(f);
}

static void the_last_line_needs_no_end(void **state)
{
    struct fixture *f = *state;

    type(f, SPAN("one"));
    end(f);
    assert_false(f->lines.open);
    assert_line(f, "one");
    assert_none(f);
}

static void a_line_without_end_comes_in_pieces(void **state)
{
    struct fixture *f = *state;
    char block[4096];
    struct span line;

    memset(block, 'x', sizeof block);
    for (size_t n = 0; n < LINES_MAX; n += sizeof block)
        type(f, span_of(block, sizeof block));
    assert_true(lines_next(&line, &f->lines));
    assert_int_equal(line.n, LINES_MAX);
    assert_none(f);
    type(f, SPAN("yz\n"));
    assert_line(f, "yz");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_come_one_by_one),
        TEST(half_a_line_waits_for_the_rest),
        TEST(the_last_line_needs_no_end),
        TEST(a_line_without_end_comes_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
