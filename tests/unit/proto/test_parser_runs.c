/* SPDX-License-Identifier: BSD-2-Clause */
/* How much of a body comes at once. */
#include "parser.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "feed.h"

#define SEND_BODY                                                              \
    "MSRP abcd SEND\r\nTo-Path: msrp://b:1/b;tcp\r\n"                          \
    "From-Path: msrp://a:1/a;tcp\r\nMessage-ID: 1234\r\n"                      \
    "Content-Type: a/b\r\n\r\n"

static struct feed_frame *long_frame(struct feed *f,
                                     const struct feed_setup *setup,
                                     size_t body_n, size_t piece)
{
    struct span head = SPAN(SEND_BODY), tail = SPAN("\r\n-------abcd$\r\n");
    size_t n = head.n + body_n + tail.n;
    char *text = malloc(n);

    assert_non_null(text);
    memcpy(text, head.p, head.n);
    for (size_t i = 0; i < body_n; i++)
        text[head.n + i] = "\r\n-abcd"[i * i % 7];
    memcpy(text + head.n + body_n, tail.p, tail.n);
    feed(f, setup, span_of(text, n), piece, piece);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->left, 0);
    assert_span_equal(feed_body(&f->frames[0]), span_of(text + head.n, body_n));
    free(text);
    return &f->frames[0];
}

/* The feeder checks each run against gather and most. */
static void runs_keep_between_gather_and_most(void **state)
{
    static const size_t bodies[] = {0,    1,    99,   100,  101,  102,
                                    199,  200,  201,  1000, 2047, 2048,
                                    2049, 2050, 4096, 4097};
    static const size_t pieces[] = {1, 7, 100, 101, 500, SIZE_MAX};
    static const struct feed_setup setups[] = {
        {.gather = 1, .most = 1},        {.gather = 100, .most = 100},
        {.gather = 100, .most = 101},    {.gather = 2048, .most = 2048},
        {.gather = 2048, .most = 65536}, {.gather = 1, .most = 3}};

    (void)state;
    for (size_t s = 0; s < sizeof setups / sizeof *setups; s++)
        for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++)
            for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
                struct feed f;

                long_frame(&f, &setups[s], bodies[b], pieces[p]);
                feed_free(&f);
            }
}

static void what_is_no_longer_than_gather_comes_in_one_run(void **state)
{
    struct feed_setup setup = {.gather = 2048};
    struct feed f;

    (void)state;
    assert_int_equal(long_frame(&f, &setup, 2048, 10)->runs, 1);
    feed_free(&f);
    assert_int_equal(long_frame(&f, &setup, 2049, 10)->runs, 2);
    feed_free(&f);
}

static void
only_what_may_be_an_end_line_and_one_octet_are_held_back(void **state)
{
    struct feed f;

    (void)state;
    feed(&f, NULL, SPAN(SEND_BODY "0123456789"), 1, 1);
    assert_span(feed_body(&f.frames[0]), "012345678");
    feed_free(&f);
    feed(&f, NULL, SPAN(SEND_BODY "01234\r\n-------ab"), 1, 1);
    assert_span(feed_body(&f.frames[0]), "0123");
    feed_free(&f);
    feed(&f, NULL, SPAN(SEND_BODY "01234\r\n-------abx"), 1, 1);
    assert_span(feed_body(&f.frames[0]), "01234\r\n-------ab");
    feed_free(&f);
}

/* Each HEAD sets the wants back. */
static void a_new_head_forgets_how_much_was_wanted(void **state)
{
    struct span in = SPAN(SEND_BODY "0123456789");
    struct parse_event ev;
    struct parser p;

    (void)state;
    parser_init(&p, 16384, 16);
    parser_want(&p, 100, 100);
    assert_int_equal(parser_next(&p, &in, &ev), 0);
    assert_int_equal(parser_next(&p, &in, &ev), 0);
    assert_span(ev.body, "012345678");
}

static void an_empty_body_is_given_if_that_is_wanted(void **state)
{
    struct span in = SPAN(SEND_BODY "\r\n-------abcd$\r\n");
    struct parse_event ev;
    struct parser p;

    (void)state;
    parser_init(&p, 16384, 16);
    assert_int_equal(parser_next(&p, &in, &ev), 0);
    parser_want_empty(&p);
    assert_int_equal(parser_next(&p, &in, &ev), 0);
    assert_int_equal(ev.type, PARSE_BODY);
    assert_int_equal(ev.body.n, 0);
    assert_true(ev.last);
    assert_int_equal(parser_next(&p, &in, &ev), 0);
    assert_int_equal(ev.type, PARSE_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_keep_between_gather_and_most),
        cmocka_unit_test(what_is_no_longer_than_gather_comes_in_one_run),
        cmocka_unit_test(
            only_what_may_be_an_end_line_and_one_octet_are_held_back),
        cmocka_unit_test(a_new_head_forgets_how_much_was_wanted),
        cmocka_unit_test(an_empty_body_is_given_if_that_is_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
