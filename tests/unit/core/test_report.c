/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "texts.h"

/* rfc4975-protocol.md, 4.1. */
static void a_200_is_due_for_yes_alone_an_error_not_for_no(void **state)
{
    static const struct {
        enum msg_report failure_report;
        unsigned code;
        bool due;
    } table[] = {
        {MSG_REPORT_YES, 200, true},     {MSG_REPORT_YES, 400, true},
        {MSG_REPORT_YES, 506, true},     {MSG_REPORT_PARTIAL, 200, false},
        {MSG_REPORT_PARTIAL, 400, true}, {MSG_REPORT_PARTIAL, 413, true},
        {MSG_REPORT_NO, 200, false},     {MSG_REPORT_NO, 400, false},
        {MSG_REPORT_NO, 481, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(report_answers(table[i].failure_report, table[i].code),
                         table[i].due);
}

/* rfc4976-relay.md, 7 and 13. */
static void a_report_is_due_as_the_table_says(void **state)
{
    static const struct {
        enum report_cause cause;
        bool yes, partial, no;
    } table[] = {
        {REPORT_REFUSED, true, true, false},
        {REPORT_TIMEOUT, true, false, false},
        {REPORT_LOST, true, false, false},
        {REPORT_CUT, true, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        enum report_cause cause = table[i].cause;

        assert_int_equal(report_is_due(MSG_REPORT_YES, cause), table[i].yes);
        assert_int_equal(report_is_due(MSG_REPORT_PARTIAL, cause),
                         table[i].partial);
        assert_int_equal(report_is_due(MSG_REPORT_NO, cause), table[i].no);
    }
}

#define PATHS                                                                  \
    "To-Path: msrps://r:1/own;tcp msrps://b:1/b;tcp\r\n"                       \
    "From-Path: msrps://p:1/p;tcp msrps://a:1/a;tcp\r\n"

/* B4975-7.2-a. */
static void a_response_takes_one_uri_for_send_all_for_others(void **state)
{
    struct msg m = msg_of("MSRP abcd SEND\r\n" PATHS "Message-ID: 1234\r\n");
    struct frame f;

    (void)state;
    frame_init(&f);
    report_response(&f, &m, SPAN("msrps://r:1/own;tcp"), 403);
    assert_frame(&f, "MSRP abcd 403 Forbidden\r\n"
                     "To-Path: msrps://p:1/p;tcp\r\n"
                     "From-Path: msrps://r:1/own;tcp\r\n");
    m = msg_of("MSRP abcd AUTH\r\n" PATHS);
    frame_init(&f);
    report_response(&f, &m, SPAN("msrps://r:1/own;tcp"), 999);
    assert_frame(&f, "MSRP abcd 999\r\n"
                     "To-Path: msrps://p:1/p;tcp msrps://a:1/a;tcp\r\n"
                     "From-Path: msrps://r:1/own;tcp\r\n");
}

/* The head of a SEND that passed one of our URIs, or two. */
static struct pending_send *head_of(struct pending_send_pool *heads,
                                    const char *rest, size_t n_own)
{
    struct span own[] = {SPAN("msrps://r:1/own;tcp"),
                         SPAN("msrps://r:1/own2;tcp")};
    char text[1024];
    struct pending_send *h;
    struct msg m;

    (void)snprintf(text, sizeof text,
                   "MSRP abcd SEND\r\n" PATHS "Message-ID: 1234\r\n%s", rest);
    m = msg_of(text);
    h = pending_send_new(heads, &m, SPAN("msrps://b:1/b;tcp"), own, n_own,
                         SPAN("own"), 1);
    assert_non_null(h);
    return h;
}

static void the_answer_to_a_send_goes_one_hop(void **state)
{
    struct pending_send_pool heads;
    struct pending_send *h;
    struct frame f;

    (void)state;
    pending_send_pool_init(&heads, 1);
    for (size_t n_own = 1; n_own <= 2; n_own++) {
        h = head_of(&heads, "", n_own);
        frame_init(&f);
        report_answer(&f, h, 200);
        assert_frame(&f, "MSRP abcd 200 OK\r\n"
                         "To-Path: msrps://p:1/p;tcp\r\n"
                         "From-Path: msrps://r:1/own;tcp\r\n"
                         "-------abcd$\r\n");
        pending_send_unref(&heads, h);
    }
    pending_send_pool_fini(&heads);
}

/* rfc4976-relay.md, 7. */
static void a_report_goes_all_the_way_with_what_it_needs(void **state)
{
    static const struct {
        const char *rest;
        size_t n_own;
        uint64_t start, end;
        unsigned code;
        const char *want;
    } table[] = {
        {"Byte-Range: 1-*/9000\r\nContent-Type: a/b\r\n\r\n", 1, 1, 3000, 408,
         "From-Path: msrps://r:1/own;tcp\r\nMessage-ID: 1234\r\n"
         "Byte-Range: 1-3000/9000\r\nStatus: 000 408 Timeout\r\n"},
        /* Both users at this relay. */
        {"Byte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n", 2, 11, 20, 413,
         "From-Path: msrps://r:1/own;tcp msrps://r:1/own2;tcp\r\n"
         "Message-ID: 1234\r\n"
         "Byte-Range: 11-20/*\r\nStatus: 000 413 Stop Sending\r\n"},
        /* A total that lied is not repeated. */
        {"Byte-Range: 1-*/5\r\nContent-Type: a/b\r\n\r\n", 1, 1, 10, 599,
         "From-Path: msrps://r:1/own;tcp\r\nMessage-ID: 1234\r\n"
         "Byte-Range: 1-10/*\r\nStatus: 000 599\r\n"},
        /* Without a body there is no Byte-Range, with an empty one there is. */
        {"Byte-Range: 1-0/0\r\n", 1, 1, 0, 481,
         "From-Path: msrps://r:1/own;tcp\r\nMessage-ID: 1234\r\n"
         "Status: 000 481 No Such Session\r\n"},
        {"Byte-Range: 1-0/0\r\nContent-Type: a/b\r\n\r\n", 1, 1, 0, 481,
         "From-Path: msrps://r:1/own;tcp\r\nMessage-ID: 1234\r\n"
         "Byte-Range: 1-0/0\r\nStatus: 000 481 No Such Session\r\n"},
        /* Neither report header nor anything else is copied. */
        {"Success-Report: yes\r\nFailure-Report: yes\r\nX: y\r\n"
         "Byte-Range: 1-1/1\r\nContent-Type: a/b\r\n\r\n",
         1, 1, 1, 415,
         "From-Path: msrps://r:1/own;tcp\r\nMessage-ID: 1234\r\n"
         "Byte-Range: 1-1/1\r\nStatus: 000 415 Media Type Not Understood\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct pending_send_pool heads;
        char want[1024];
        struct pending_send *h;
        struct frame f;

        pending_send_pool_init(&heads, 1);
        h = head_of(&heads, table[i].rest, table[i].n_own);
        frame_init(&f);
        report_failure(&f, h, SPAN("new1"), table[i].start, table[i].end,
                       table[i].code);
        (void)snprintf(want, sizeof want,
                       "MSRP new1 REPORT\r\n"
                       "To-Path: msrps://p:1/p;tcp msrps://a:1/a;tcp\r\n"
                       "%s-------new1$\r\n",
                       table[i].want);
        assert_frame(&f, want);
        pending_send_unref(&heads, h);
        pending_send_pool_fini(&heads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_200_is_due_for_yes_alone_an_error_not_for_no),
        cmocka_unit_test(a_report_is_due_as_the_table_says),
        cmocka_unit_test(a_response_takes_one_uri_for_send_all_for_others),
        cmocka_unit_test(the_answer_to_a_send_goes_one_hop),
        cmocka_unit_test(a_report_goes_all_the_way_with_what_it_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
