/* SPDX-License-Identifier: BSD-2-Clause */
#include "pending_send.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"
#include "texts.h"

#define OWN "msrps://r:1/own;tcp"
#define OWN2 "msrps://r:1/own2;tcp"
#define A "msrps://a:1/a;tcp"
#define P "msrps://p:1/p;tcp"
#define B "msrps://b:1/b;tcp"
#define START                                                                  \
    "MSRP abcd SEND\r\nTo-Path: " OWN " " B "\r\nFrom-Path: " P " " A "\r\n"
#define OUT_PATHS                                                              \
    "MSRP new1 SEND\r\nTo-Path: " B "\r\nFrom-Path: " OWN " " P " " A "\r\n"
#define TYPE "Content-Type: a/b\r\n"

static struct pending_send_pool pool;

static int set_up(void **state)
{
    (void)state;
    pending_send_pool_init(&pool, 4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pending_send_pool_fini(&pool);
    return 0;
}

static struct pending_send *head_of(const char *text)
{
    struct span own = SPAN(OWN);
    struct msg m = msg_of(text);
    struct pending_send *h =
        pending_send_new(&pool, &m, SPAN(B), &own, 1, SPAN("own"), 7);

    assert_non_null(h);
    return h;
}

/* `in` goes out as `out` when octets 5-9/20 are sent. */
static void assert_goes_out(const char *in, const char *out)
{
    struct pending_send *h = head_of(in);
    struct frame f;

    frame_init(&f);
    pending_send_send(&f, h, SPAN("new1"), 5, 9, 20);
    assert_frame(&f, out);
    pending_send_unref(&pool, h);
}

static void our_uri_moves_from_to_path_to_from_path(void **state)
{
    (void)state;
    assert_goes_out(START "Message-ID: 1234\r\nByte-Range: 1-*/20\r\n",
                    OUT_PATHS "Message-ID: 1234\r\nByte-Range: 5-9/20\r\n");
}

/* RFC 4976, trap 19: the one passed last is the one nearest to the receiver. */
static void two_uris_of_ours_both_move(void **state)
{
    struct span own[] = {SPAN(OWN), SPAN(OWN2)};
    struct msg m = msg_of(START "Message-ID: 1234\r\n");
    struct pending_send *h =
        pending_send_new(&pool, &m, SPAN(B), own, 2, SPAN("own2"), 7);
    struct frame f;

    (void)state;
    assert_non_null(h);
    frame_init(&f);
    pending_send_send(&f, h, SPAN("new1"), 0, 0, 0);
    assert_frame(&f, "MSRP new1 SEND\r\nTo-Path: " B "\r\nFrom-Path: " OWN2
                     " " OWN " " P " " A "\r\nMessage-ID: 1234\r\n");
    assert_span(pending_send_text(h, h->own), OWN " " OWN2);
    assert_span(pending_send_text(h, h->token), "own2");
    pending_send_unref(&pool, h);
}

/* I-18: octet by octet, in their order. */
static void other_headers_stay_as_and_where_they_are(void **state)
{
    (void)state;
    assert_goes_out(START "X-A:  b \t\r\nMESSAGE-id: 1234\r\n"
                          "byte-range: 1-*/20\r\nSuccess-Report: YES\r\n"
                          "Content-Disposition: attachment; x=\"; : \"\r\n"
                          "CONTENT-TYPE: a/b ; c=d\r\n\r\n",
                    OUT_PATHS "X-A:  b \t\r\nMESSAGE-id: 1234\r\n"
                              "Byte-Range: 5-9/20\r\nSuccess-Report: YES\r\n"
                              "Content-Disposition: attachment; x=\"; : \"\r\n"
                              "CONTENT-TYPE: a/b ; c=d\r\n\r\n");
}

/* B4975-7.1.1-b. */
static void a_range_is_added_where_there_was_none(void **state)
{
    (void)state;
    assert_goes_out(START "Message-ID: 1234\r\n" TYPE "\r\n", OUT_PATHS
                    "Byte-Range: 5-9/20\r\nMessage-ID: 1234\r\n" TYPE "\r\n");
}

/* I-1. */
static void start_0_leaves_the_range_out(void **state)
{
    struct pending_send *h = head_of(START "Message-ID: 1234\r\n");
    struct frame f;

    (void)state;
    frame_init(&f);
    pending_send_send(&f, h, SPAN("new1"), 0, 0, 0);
    assert_frame(&f, OUT_PATHS "Message-ID: 1234\r\n");
    pending_send_unref(&pool, h);
}

static void what_a_report_needs_is_kept(void **state)
{
    struct pending_send *h =
        head_of(START "Message-ID: 1234\r\nFailure-Report: partial\r\n"
                      "Byte-Range: 3-*/20\r\n" TYPE "\r\n");

    (void)state;
    assert_span(pending_send_text(h, h->received), P " " A);
    assert_span(pending_send_text(h, h->own), OWN);
    assert_span(pending_send_text(h, h->token), "own");
    assert_span(pending_send_text(h, h->message_id), "1234");
    assert_span(pending_send_text(h, h->tid), "abcd");
    assert_int_equal(h->failure_report, MSG_REPORT_PARTIAL);
    assert_int_equal(h->in_number, 7);
    assert_int_equal(h->range_start, 3);
    assert_int_equal(h->range_total, 20);
    assert_true(h->has_body);
    assert_false(h->reported);
    pending_send_unref(&pool, h);
}

/* RFC 4975, trap 13: the Message-ID alone does not make a message. */
static void a_message_is_its_id_its_way_and_its_sender(void **state)
{
    struct pending_send *a = head_of(START "Message-ID: 1234\r\n");
    struct pending_send *same = head_of(START "X: y\r\nMessage-ID: 1234\r\n");
    struct pending_send *id = head_of(START "Message-ID: 1235\r\n");
    struct pending_send *sender =
        head_of("MSRP abcd SEND\r\nTo-Path: " OWN " " B "\r\nFrom-Path: " A
                "\r\nMessage-ID: 1234\r\n");
    struct span own = SPAN(OWN2);
    struct msg m = msg_of(START "Message-ID: 1234\r\n");
    struct pending_send *way =
        pending_send_new(&pool, &m, SPAN(B), &own, 1, SPAN("own2"), 7);

    (void)state;
    assert_true(pending_send_same_message(a, a));
    assert_true(pending_send_same_message(a, same));
    assert_false(pending_send_same_message(a, id));
    assert_false(pending_send_same_message(a, sender));
    assert_false(pending_send_same_message(a, way));
    pending_send_unref(&pool, a);
    pending_send_unref(&pool, same);
    pending_send_unref(&pool, id);
    pending_send_unref(&pool, sender);
    pending_send_unref(&pool, way);
}

static void the_last_reference_frees_it(void **state)
{
    struct pending_send *h = head_of(START "Message-ID: 1234\r\n");

    (void)state;
    assert_ptr_equal(pending_send_ref(h), h);
    pending_send_unref(&pool, h);
    assert_int_equal(pool.pool.taken, 1);
    assert_span(pending_send_text(h, h->message_id), "1234");
    pending_send_unref(&pool, h);
    assert_int_equal(pool.pool.taken, 0);
    pending_send_unref(&pool, NULL);
}

enum { LONG = 4096 };

/* START, and then a header that fills the rest of LONG octets. */
static const char *long_text(void)
{
    static char text[LONG + 1] =
        START "Message-ID: 1234\r\nFailure-Report: partial\r\nX: ";
    size_t n = strlen(text);

    if (n < LONG) {
        memset(text + n, 'x', LONG - n - 2);
        memcpy(text + LONG - 2, "\r\n", 3);
    }
    return text;
}

static void assert_writes_long(const struct pending_send *h)
{
    static char want[LONG + 1];
    struct frame f;

    (void)snprintf(want, sizeof want, "%s%s", OUT_PATHS,
                   strstr(long_text(), "Message-ID"));
    frame_init(&f);
    pending_send_send(&f, h, SPAN("new1"), 0, 0, 0);
    assert_frame(&f, want);
}

static void assert_is_kept(const struct pending_send *h)
{
    assert_span(pending_send_text(h, h->received), P " " A);
    assert_span(pending_send_text(h, h->own), OWN);
    assert_span(pending_send_text(h, h->token), "own");
    assert_span(pending_send_text(h, h->message_id), "1234");
    assert_span(pending_send_text(h, h->tid), "abcd");
}

/* S-15: what only goes out does not wait for the answer. */
static void a_long_head_shrinks_when_it_is_written(void **state)
{
    struct pending_send *h = head_of(long_text());

    (void)state;
    assert_int_equal(pool.pool.taken, 1);
    assert_writes_long(h);
    assert_is_kept(h);
    pending_send_written(h);
    assert_null(h->out);
    assert_is_kept(h);
    pending_send_written(h); /* for good */
    pending_send_unref(&pool, h);
    assert_int_equal(pool.pool.taken, 0);
}

static void a_short_head_does_not(void **state)
{
    struct pending_send *h = head_of(START "Message-ID: 1234\r\n");
    struct frame f;

    (void)state;
    pending_send_written(h);
    assert_is_kept(h);
    frame_init(&f);
    pending_send_send(&f, h, SPAN("new1"), 0, 0, 0);
    assert_frame(&f, OUT_PATHS "Message-ID: 1234\r\n");
    pending_send_unref(&pool, h);
}

static void a_copy_outlives_it(void **state)
{
    struct pending_send *h = head_of(long_text());
    struct pending_send *copy = pending_send_copy(&pool, h);

    (void)state;
    assert_non_null(copy);
    pending_send_written(h);
    pending_send_unref(&pool, h);
    assert_writes_long(copy);
    assert_is_kept(copy);
    pending_send_unref(&pool, copy);
    h = head_of(START "Message-ID: 1234\r\n");
    copy = pending_send_copy(&pool, h);
    assert_non_null(copy);
    pending_send_unref(&pool, h);
    assert_is_kept(copy);
    pending_send_unref(&pool, copy);
    assert_int_equal(pool.pool.taken, 0);
}

/* Of any length: whole, and the same in both forms. */
static void the_border_is_nowhere_to_be_seen(void **state)
{
    bool seen[2] = {false};
    char text[2048], want[2048];

    (void)state;
    for (int n = 1; n < 800; n++) {
        struct pending_send *h;
        struct frame f;

        (void)snprintf(text, sizeof text,
                       START "Message-ID: 1234\r\nX: %0*d\r\n", n, 0);
        (void)snprintf(want, sizeof want,
                       OUT_PATHS "Message-ID: 1234\r\nX: %0*d\r\n", n, 0);
        h = head_of(text);
        seen[h->is_long] = true;
        frame_init(&f);
        pending_send_send(&f, h, SPAN("new1"), 0, 0, 0);
        assert_frame(&f, want);
        assert_is_kept(h);
        pending_send_written(h);
        assert_is_kept(h);
        pending_send_unref(&pool, h);
    }
    assert_true(seen[0] && seen[1]);
}

/* A path so long that what is kept does without the pool. */
static void a_long_path_is_kept(void **state)
{
    static char text[LONG];
    struct pending_send *h;
    struct span received;

    (void)state;
    (void)snprintf(text, sizeof text,
                   "MSRP abcd SEND\r\nTo-Path: " OWN " " B "\r\nFrom-Path: "
                   "msrps://a:1/%02000d;tcp\r\nMessage-ID: 1234\r\n",
                   0);
    h = head_of(text);
    assert_int_equal(pool.pool.taken, 0);
    pending_send_written(h);
    received = pending_send_text(h, h->received);
    assert_int_equal(received.n, 2000 + strlen("msrps://a:1/;tcp"));
    assert_true(span_starts(received, SPAN("msrps://a:1/000")));
    pending_send_unref(&pool, h);
}

/* Through anchored pairs: From-Path goes out as another one. */
static void replaced_paths_are_kept(void **state)
{
    const struct span own[] = {SPAN(OWN)}, back[] = {SPAN(OWN2)};
    const struct pending_send_paths way = {
        .to = SPAN(B),
        .own = own,
        .n_own = 1,
        .from = SPAN(OWN2),
        .back = back,
        .n_back = 1,
        .first = SPAN("one"),
        .token = SPAN("two"),
        .middle = SPAN("between"),
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct msg m =
            msg_of(i == 0 ? START "Message-ID: 1234\r\n" : long_text());
        struct pending_send *h = pending_send_replaced(&pool, &m, &way, 7);
        struct frame f;

        assert_non_null(h);
        assert_int_equal(h->is_long, i);
        frame_init(&f);
        pending_send_send(&f, h, SPAN("new1"), 0, 0, 0);
        if (i == 0)
            assert_frame(&f,
                         "MSRP new1 SEND\r\nTo-Path: " B "\r\nFrom-Path: " OWN
                         " " OWN2 "\r\nMessage-ID: 1234\r\n");
        pending_send_written(h);
        assert_span(pending_send_text(h, h->received), P " " A);
        assert_span(pending_send_text(h, h->own), OWN2);
        assert_span(pending_send_text(h, h->first), "one");
        assert_span(pending_send_text(h, h->token), "two");
        assert_span(pending_send_text(h, h->middle), "between");
        assert_int_equal(h->n_sessions, 2);
        pending_send_unref(&pool, h);
    }
}

static void without_memory_there_is_no_head(void **state)
{
    struct msg m = msg_of(START "Message-ID: 1234\r\n");
    struct span own = SPAN(OWN);

    (void)state;
    oom_arm_all();
    assert_null(pending_send_new(&pool, &m, SPAN(B), &own, 1, SPAN("own"), 7));
    assert_true(oom_disarm());
    assert_int_equal(pool.pool.taken, 0);
}

static int make_long(void *ctx)
{
    struct pending_send *h, *copy;
    struct msg m = msg_of(long_text());
    struct span own = SPAN(OWN);

    (void)ctx;
    h = pending_send_new(&pool, &m, SPAN(B), &own, 1, SPAN("own"), 7);
    copy = h ? pending_send_copy(&pool, h) : NULL;
    pending_send_unref(&pool, copy);
    pending_send_unref(&pool, h);
    return copy ? 0 : ERR_NOMEM;
}

/* Two allocations for each, of which the pool may have one. */
static void without_memory_nothing_of_a_long_one_is_left(void **state)
{
    (void)state;
    assert_in_range(oom_sweep(make_long, NULL), 2, 4);
    assert_int_equal(pool.pool.taken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_uri_moves_from_to_path_to_from_path),
        cmocka_unit_test(two_uris_of_ours_both_move),
        cmocka_unit_test(other_headers_stay_as_and_where_they_are),
        cmocka_unit_test(a_range_is_added_where_there_was_none),
        cmocka_unit_test(start_0_leaves_the_range_out),
        cmocka_unit_test(what_a_report_needs_is_kept),
        cmocka_unit_test(a_message_is_its_id_its_way_and_its_sender),
        cmocka_unit_test(the_last_reference_frees_it),
        cmocka_unit_test(a_long_head_shrinks_when_it_is_written),
        cmocka_unit_test(a_short_head_does_not),
        cmocka_unit_test(a_copy_outlives_it),
        cmocka_unit_test(the_border_is_nowhere_to_be_seen),
        cmocka_unit_test(a_long_path_is_kept),
        cmocka_unit_test(replaced_paths_are_kept),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_head, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            without_memory_nothing_of_a_long_one_is_left, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
