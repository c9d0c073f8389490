/* SPDX-License-Identifier: BSD-2-Clause */
#include "msg.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

#define PATHS "To-Path: msrp://b:1/b;tcp\r\nFrom-Path: msrp://a:1/a;tcp\r\n"
#define SEND "MSRP abcd SEND\r\n" PATHS
#define ID "Message-ID: 1234\r\n"
#define TYPE "Content-Type: text/plain\r\n"
#define REPORT "MSRP abcd REPORT\r\n" PATHS ID

/* Parsed from memory of just that size, which `m` goes on pointing into. */
static int parse(struct msg *m, const char *head, unsigned path_uris)
{
    size_t n = strlen(head);
    bool has_body = n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0;
    char *mem = malloc(n);
    int err;

    assert_non_null(mem);
    memcpy(mem, head, n);
    err = msg_parse(m, span_of(mem, n), has_body, path_uris);
    if (err)
        free(mem);
    return err;
}

static void drop(struct msg *m)
{
    free((void *)(uintptr_t)m->base);
}

static struct msg parsed(const char *head)
{
    struct msg m;

    if (parse(&m, head, 4) != 0)
        fail_msg("no frame: %s", head);
    return m;
}

static void assert_fault(const char *head, enum msg_fault fault)
{
    struct msg m = parsed(head);

    if (m.fault != fault)
        fail_msg("%s, not %s: %s", msg_fault_text(m.fault),
                 msg_fault_text(fault), head);
    drop(&m);
}

static void assert_sound(const char *head)
{
    assert_fault(head, MSG_FAULT_NONE);
}

/* --- Byte-Range (M-3, D-9)
 * ---------------------------------------------------- */

static void assert_range(const char *value, uint64_t start, uint64_t end,
                         uint64_t total)
{
    char head[256];
    struct msg m;

    (void)snprintf(head, sizeof head, SEND ID "Byte-Range: %s\r\n", value);
    m = parsed(head);
    if (m.fault)
        fail_msg("refused: %s", value);
    assert_true(m.range_start == start);
    assert_true(m.range_end == end);
    assert_true(m.range_total == total);
    drop(&m);
}

static void ranges_of_every_form_are_read(void **state)
{
    const uint64_t most = (uint64_t)INT64_MAX;

    (void)state;
    assert_range("1-25/25", 1, 25, 25);
    assert_range("1-*/25", 1, MSG_STAR, 25);
    assert_range("1-*/*", 1, MSG_STAR, MSG_STAR);
    assert_range("1-25/*", 1, 25, MSG_STAR);
    assert_range("2049-*/9000", 2049, MSG_STAR, 9000);
    assert_range("1-0/0", 1, 0, 0);                   /* I-2 */
    assert_range("9001-9000/9000", 9001, 9000, 9000); /* RFC 4975, trap 9 */
    assert_range("9223372036854775807-9223372036854775807/"
                 "9223372036854775807",
                 most, most, most);
}

static void an_absent_range_starts_at_1(void **state)
{
    struct msg m = parsed(SEND ID);

    (void)state;
    assert_false(m.has_range);
    assert_int_equal(m.range_start, 1);
    assert_true(m.range_end == MSG_STAR && m.range_total == MSG_STAR);
    assert_int_equal(m.range_line.n, 0);
    drop(&m);
}

static void a_range_that_cannot_be_is_a_fault(void **state)
{
    static const char *const bad[] = {"0-0/0",
                                      "0-5/5",
                                      "*-5/5",
                                      "5-3/9",
                                      "1-10/9",
                                      "1-5",
                                      "1-5/",
                                      "1/5",
                                      "-5/5",
                                      "1-/5",
                                      "a-5/5",
                                      "1-5/5/5",
                                      "1-2-3/5",
                                      " 1-5/5",
                                      "1-5/5 ",
                                      "1 -5/5",
                                      "+1-5/5",
                                      "1-0x5/5",
                                      "1-5/-5",
                                      "",
                                      "*/*",
                                      "9223372036854775808-*/*",
                                      "1-9223372036854775808/*",
                                      "1-*/99999999999999999999",
                                      "1-*/18446744073709551616",
                                      "1-18446744073709551615/*"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char head[256];

        (void)snprintf(head, sizeof head, SEND ID "Byte-Range: %s\r\n", bad[i]);
        assert_fault(head, MSG_FAULT_RANGE);
    }
}

/* --- the other headers
 * -------------------------------------------------------- */

static void report_headers_have_defaults_and_any_case(void **state)
{
    struct msg m = parsed(SEND ID);

    (void)state;
    assert_int_equal(m.failure_report, MSG_REPORT_YES);
    assert_int_equal(m.success_report, MSG_REPORT_NO);
    drop(&m);
    m = parsed(SEND ID "FAILURE-REPORT: Partial\r\nsuccess-report: YES\r\n");
    assert_int_equal(m.failure_report, MSG_REPORT_PARTIAL);
    assert_int_equal(m.success_report, MSG_REPORT_YES);
    drop(&m);
    m = parsed(SEND ID "Failure-Report: NO\r\n");
    assert_int_equal(m.failure_report, MSG_REPORT_NO);
    drop(&m);
    assert_fault(SEND ID "Failure-Report: maybe\r\n", MSG_FAULT_REPORTING);
    assert_fault(SEND ID "Success-Report: partial\r\n", MSG_FAULT_REPORTING);
    assert_fault(SEND ID "Failure-Report: yes \r\n", MSG_FAULT_REPORTING);
    assert_fault(SEND ID "Failure-Report: \r\n", MSG_FAULT_REPORTING);
}

/* M-10 needs it also behind what is wrong. */
static void failure_report_is_known_whatever_else_is_wrong(void **state)
{
    struct msg m = parsed(SEND "Byte-Range: x\r\nFailure-Report: no\r\n");

    (void)state;
    assert_int_equal(m.fault, MSG_FAULT_RANGE);
    assert_int_equal(m.failure_report, MSG_REPORT_NO);
    drop(&m);
}

static void send_and_report_need_a_message_id(void **state)
{
    (void)state;
    assert_fault(SEND, MSG_FAULT_MESSAGE_ID);
    assert_fault(SEND "Message-ID: \r\n", MSG_FAULT_MESSAGE_ID);
    assert_fault(SEND "Message-ID: a b\r\n", MSG_FAULT_MESSAGE_ID);
    assert_fault("MSRP abcd REPORT\r\n" PATHS "Status: 000 200\r\n",
                 MSG_FAULT_MESSAGE_ID);
    assert_sound("MSRP abcd AUTH\r\n" PATHS);
    assert_sound("MSRP abcd 200 OK\r\n" PATHS ID); /* P-14 */
}

/* M-3. */
static void what_must_be_unique_stands_once(void **state)
{
    (void)state;
    assert_fault(SEND ID ID, MSG_FAULT_DUPLICATE);
    assert_fault(SEND ID "Byte-Range: 1-1/1\r\nbyte-range: 1-1/1\r\n",
                 MSG_FAULT_DUPLICATE);
    assert_fault(SEND ID "Failure-Report: no\r\nFailure-Report: no\r\n",
                 MSG_FAULT_DUPLICATE);
    assert_fault(SEND ID "Success-Report: no\r\nSuccess-Report: no\r\n",
                 MSG_FAULT_DUPLICATE);
    assert_fault(REPORT "Status: 000 200\r\nStatus: 000 200\r\n",
                 MSG_FAULT_DUPLICATE);
    assert_sound(SEND ID "X-A: 1\r\nX-A: 1\r\n");
}

static void a_report_needs_a_status(void **state)
{
    static const char *const bad[] = {"000",     "000 20",   "000 2000",
                                      "00 200",  "000  200", "000 200OK",
                                      "abc 200", ""};
    struct msg m = parsed(REPORT "Status: 000 408 next \xe6\x9d\xb1\r\n");

    (void)state;
    assert_int_equal(m.fault, MSG_FAULT_NONE);
    assert_span(msg_text(&m, m.status), "000 408 next \xe6\x9d\xb1");
    drop(&m);
    assert_sound(REPORT "Status: 000 200\r\n");
    assert_fault(REPORT, MSG_FAULT_STATUS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char head[256];

        (void)snprintf(head, sizeof head, REPORT "Status: %s\r\n", bad[i]);
        assert_fault(head, MSG_FAULT_STATUS);
    }
    assert_sound(SEND ID "Status: nonsense\r\n");
}

/* M-5, D-7, D-8. */
static void headers_are_a_name_one_blank_and_text(void **state)
{
    static const char *const bad[] = {"X-A:1\r\n",
                                      "X-A\r\n",
                                      ": 1\r\n",
                                      "1X: 1\r\n",
                                      " X: 1\r\n",
                                      "\tX: 1\r\n",
                                      "X A: 1\r\n",
                                      "X: 1\n",
                                      "X: a\x01\r\n",
                                      "X: a\x7f\r\n",
                                      "X: a\rb\r\n",
                                      "X: \xc3\r\n",
                                      "X: \x80\r\n",
                                      "X: \xff\r\n",
                                      "X: \xe6\x9d\r\n",
                                      "X: \xc3\x28\r\n",
                                      "X:\r\n",
                                      "X\xc3\xa9: 1\r\n",
                                      "X: 12345678\x01\r\n",
                                      "X: 1234567\2008\r\n"};
    static const char *const good[] = {
        "X: \r\n", "x-a: a\tb\r\n", "X!#$%&'*+.^_`{|}~: 1\r\n",
        "X: Z\xc3\xbcrich \xe6\x9d\xb1 \xf0\x9f\x98\x80 and more text\r\n",
        "X: \xf8\x88\x80\x80\x80 \xfc\x84\x80\x80\x80\x80 \xc0\xaf\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char head[256];

        (void)snprintf(head, sizeof head, SEND ID "%s", bad[i]);
        assert_fault(head, MSG_FAULT_HEADER);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char head[256];

        (void)snprintf(head, sizeof head, SEND ID "%s", good[i]);
        assert_sound(head);
    }
}

static void a_nul_in_a_header_is_a_fault(void **state)
{
    static const char head[] = SEND ID "X: a\0b\r\n";
    struct msg m;

    (void)state;
    assert_int_equal(msg_parse(&m, SPAN(head), false, 4), 0);
    assert_int_equal(m.fault, MSG_FAULT_HEADER);
}

/* --- MIME (M-4, I-18, I-25)
 * --------------------------------------------------- */

static void a_body_comes_with_a_content_type(void **state)
{
    (void)state;
    assert_sound(SEND ID TYPE "\r\n");
    assert_fault(SEND ID "\r\n", MSG_FAULT_BODY);
    assert_fault(SEND ID "Content-Disposition: render\r\n\r\n", MSG_FAULT_BODY);
}

static void mime_headers_come_with_a_body(void **state)
{
    (void)state;
    assert_fault(SEND ID TYPE, MSG_FAULT_BODY);
    assert_fault(SEND ID "Content-Disposition: render\r\n", MSG_FAULT_BODY);
    assert_fault(SEND ID "content-id: x\r\n", MSG_FAULT_BODY);
    assert_fault(SEND ID "Content-X: x\r\n", MSG_FAULT_BODY);
    assert_sound(SEND ID "Contents: x\r\n");
}

static void headers_stand_in_any_order_and_case(void **state)
{
    struct msg m = parsed(SEND "byte-RANGE: 1-5/5\r\nX-A: b\r\n"
                               "MESSAGE-ID: 1234\r\n" TYPE "\r\n");

    (void)state;
    assert_int_equal(m.fault, MSG_FAULT_NONE);
    assert_span(msg_text(&m, m.message_id), "1234");
    drop(&m);
}

/* M-4. */
static void nothing_stands_behind_content_type(void **state)
{
    (void)state;
    assert_fault(SEND ID TYPE "X: y\r\n\r\n", MSG_FAULT_BODY);
    assert_fault(SEND TYPE ID "\r\n", MSG_FAULT_BODY);
    assert_fault(SEND ID TYPE TYPE "\r\n", MSG_FAULT_BODY);
}

static void what_need_not_be_parsed_is_not(void **state)
{
    struct msg m = parsed(
        SEND ID "Content-Disposition: attachment; filename=\"a;b: c\\\"d\"\r\n"
                "Content-Type: text/plain ; charset=\"x;y\"\r\n\r\n");
    struct span value;

    (void)state;
    assert_int_equal(m.fault, MSG_FAULT_NONE);
    assert_true(msg_header(&value, &m, SPAN("content-disposition")));
    assert_span(value, "attachment; filename=\"a;b: c\\\"d\"");
    drop(&m);
}

static void headers_are_looked_up_in_any_case_the_first_wins(void **state)
{
    struct msg m = parsed("MSRP abcd AUTH\r\n" PATHS
                          "Expires: 1\r\nexpires: 2\r\nX: \r\n");
    struct span value = SPAN("untouched");

    (void)state;
    assert_true(msg_header(&value, &m, SPAN("EXPIRES")));
    assert_span(value, "1");
    assert_true(msg_header(&value, &m, SPAN("X")));
    assert_int_equal(value.n, 0);
    value = SPAN("untouched");
    assert_false(msg_header(&value, &m, SPAN("Expire")));
    assert_false(msg_header(&value, &m, SPAN("To-Path")));
    assert_span(value, "untouched");
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_of_every_form_are_read),
        cmocka_unit_test(an_absent_range_starts_at_1),
        cmocka_unit_test(a_range_that_cannot_be_is_a_fault),
        cmocka_unit_test(report_headers_have_defaults_and_any_case),
        cmocka_unit_test(failure_report_is_known_whatever_else_is_wrong),
        cmocka_unit_test(send_and_report_need_a_message_id),
        cmocka_unit_test(what_must_be_unique_stands_once),
        cmocka_unit_test(a_report_needs_a_status),
        cmocka_unit_test(headers_are_a_name_one_blank_and_text),
        cmocka_unit_test(a_nul_in_a_header_is_a_fault),
        cmocka_unit_test(a_body_comes_with_a_content_type),
        cmocka_unit_test(mime_headers_come_with_a_body),
        cmocka_unit_test(headers_stand_in_any_order_and_case),
        cmocka_unit_test(nothing_stands_behind_content_type),
        cmocka_unit_test(what_need_not_be_parsed_is_not),
        cmocka_unit_test(headers_are_looked_up_in_any_case_the_first_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
