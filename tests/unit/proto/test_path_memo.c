/* SPDX-License-Identifier: BSD-2-Clause */
#include "path_memo.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "feed.h"

#define TO "To-Path: msrp://r:1/a;tcp msrp://b:1/b;tcp\r\n"
#define FROM "From-Path: msrp://a:1/a;tcp\r\n"
#define PATHS TO FROM
#define REST "Message-ID: 1\r\n-------abcd$\r\n"
#define SEND(paths) "MSRP abcd SEND\r\n" paths REST

static void feed_text(struct feed *f, const char *text,
                      struct path_memos *memos)
{
    const struct feed_setup setup = {.memos = memos};
    struct span in = span_str(text);

    feed(f, &setup, in, in.n, in.n);
    assert_int_equal(f->n, 1);
}

/* The text is read as without a memo, whatever is kept. */
static void assert_read_well(const char *text, struct path_memos *memos)
{
    struct feed with, without;
    const struct msg *a, *b;

    feed_text(&with, text, memos);
    feed_text(&without, text, NULL);
    a = &with.frames[0].m;
    b = &without.frames[0].m;
    assert_int_equal(a->fault, b->fault);
    assert_int_equal(a->n_to, b->n_to);
    assert_int_equal(a->n_from, b->n_from);
    assert_span_equal(msg_text(a, a->to), msg_text(b, b->to));
    assert_span_equal(msg_text(a, a->to_first), msg_text(b, b->to_first));
    assert_span_equal(msg_text(a, a->from), msg_text(b, b->from));
    assert_span_equal(msg_text(a, a->from_first), msg_text(b, b->from_first));
    assert_span_equal(msg_text(a, a->rest), msg_text(b, b->rest));
    feed_free(&with);
    feed_free(&without);
}

static void the_paths_of_a_head_are_kept(void **state)
{
    struct path_memos memos = {0};

    (void)state;
    assert_read_well(SEND(PATHS), &memos);
    assert_span_equal(span_of(memos.requests.text, memos.requests.n),
                      SPAN(PATHS));
    assert_int_equal(memos.responses.n, 0);
    assert_read_well(SEND(PATHS), &memos);
    assert_read_well("MSRP another SEND\r\n" PATHS
                     "Message-ID: 2\r\n-------another$\r\n",
                     &memos);
    assert_read_well("MSRP abcd 200 OK\r\n" PATHS "-------abcd$\r\n", &memos);
    assert_int_equal(memos.responses.n, strlen(PATHS));
}

static void known_paths_are_not_taken_apart_again(void **state)
{
    struct path_memos memos = {0};
    struct feed f;

    (void)state;
    feed_text(&f, SEND(PATHS), &memos);
    feed_free(&f);
    memos.requests.n_from = 7;
    feed_text(&f, SEND(PATHS), &memos);
    assert_int_equal(f.frames[0].m.n_from, 7);
    feed_free(&f);
}

static void other_paths_are_read(void **state)
{
    const char *others[] = {
        SEND("To-Path: msrp://r:1/a;tcp msrp://b:1/c;tcp\r\n" FROM),
        SEND(TO "From-Path: msrp://a:1/b;tcp\r\n"),
        SEND(TO "From-Path: msrp://a:1/a;tcp \r\n"),
        SEND("To-Path: msrp://r:1/a;tcp\r\n" FROM),
        SEND("to-path: msrp://r:1/a;tcp msrp://b:1/b;tcp\r\n" FROM),
        SEND(FROM TO),
        SEND(TO),
        SEND(PATHS PATHS),
        SEND("X: y\r\n" PATHS),
        SEND(TO "X: y\r\n" FROM),
        SEND(TO "From-Path: msrp://a:1/\xc3\xa4;tcp\r\n"),
        SEND(""),
    };
    struct path_memos memos = {0};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_read_well(SEND(PATHS), &memos);
        assert_read_well(others[i], &memos);
        assert_read_well(others[i], &memos);
    }
}

static void a_head_with_a_fault_is_not_kept(void **state)
{
    struct path_memos memos = {0};

    (void)state;
    assert_read_well(SEND("X: y\r\n" PATHS), &memos);
    assert_read_well("MSRP abcd SEND\r\n" PATHS "-------abcd$\r\n", &memos);
    assert_int_equal(memos.requests.n, 0);
}

/* Another limit may hold by then. */
static void no_more_uris_are_recalled_than_are_allowed(void **state)
{
    const struct feed_setup setup = {.path_uris = 1};
    struct path_memos memos = {0};
    struct feed_setup recalling = setup;
    struct feed f;

    (void)state;
    assert_read_well(SEND(PATHS), &memos);
    recalling.memos = &memos;
    feed(&f, &recalling, SPAN(SEND(PATHS)), sizeof SEND(PATHS), 1);
    assert_int_equal(f.frames[0].m.fault, MSG_FAULT_PATH_LONG);
    feed_free(&f);
}

static void long_paths_are_read_each_time(void **state)
{
    struct path_memos memos = {0};
    char text[2 * PATH_MEMO_MAX];

    (void)state;
    (void)snprintf(text, sizeof text, "MSRP abcd SEND\r\n%s%0*d\r\n%s%s",
                   "To-Path: msrp://r:1/", (int)PATH_MEMO_MAX, 0, FROM, REST);
    assert_read_well(text, &memos);
    assert_int_equal(memos.requests.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_paths_of_a_head_are_kept),
        cmocka_unit_test(known_paths_are_not_taken_apart_again),
        cmocka_unit_test(other_paths_are_read),
        cmocka_unit_test(a_head_with_a_fault_is_not_kept),
        cmocka_unit_test(no_more_uris_are_recalled_than_are_allowed),
        cmocka_unit_test(long_paths_are_read_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
