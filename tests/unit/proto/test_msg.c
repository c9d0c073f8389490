/* SPDX-License-Identifier: BSD-2-Clause */
#include "msg.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "examples.h"

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
    char *mem = malloc(n); /* NOLINT(*portability.UnixAPI): of 0 octets, too */
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

static void assert_no_frame(const char *head)
{
    struct msg m = {.code = 77};

    if (parse(&m, head, 4) != ERR_SYNTAX)
        fail_msg("a frame: %s", head);
    assert_int_equal(m.code, 77);
}

/* --- start lines
 * -------------------------------------------------------------- */

static void a_request_is_taken_apart(void **state)
{
    struct msg m = parsed("MSRP a+b=c SEND\r\n"
                          "To-Path: msrp://b:1/b;tcp msrp://c:1/c;tcp\r\n"
                          "From-Path: msrp://a:1/a;tcp\r\n"
                          "Message-ID: 1234\r\nSuccess-Report: yes\r\n"
                          "Failure-Report: partial\r\n"
                          "Byte-Range: 5-*/90\r\n" TYPE "\r\n");

    (void)state;
    assert_int_equal(m.fault, MSG_FAULT_NONE);
    assert_int_equal(m.method, MSG_SEND);
    assert_span(msg_text(&m, m.tid), "a+b=c");
    assert_span(msg_text(&m, m.method_name), "SEND");
    assert_span(msg_text(&m, m.to), "msrp://b:1/b;tcp msrp://c:1/c;tcp");
    assert_span(msg_text(&m, m.to_first), "msrp://b:1/b;tcp");
    assert_int_equal(m.n_to, 2);
    assert_span(msg_text(&m, m.from), "msrp://a:1/a;tcp");
    assert_int_equal(m.n_from, 1);
    assert_span(msg_text(&m, m.message_id), "1234");
    assert_int_equal(m.success_report, MSG_REPORT_YES);
    assert_int_equal(m.failure_report, MSG_REPORT_PARTIAL);
    assert_true(m.has_range);
    assert_int_equal(m.range_start, 5);
    assert_true(m.range_end == MSG_STAR);
    assert_int_equal(m.range_total, 90);
    assert_span(msg_text(&m, m.range_line), "Byte-Range: 5-*/90\r\n");
    assert_span(msg_text(&m, m.rest),
                "Message-ID: 1234\r\nSuccess-Report: yes\r\n"
                "Failure-Report: partial\r\nByte-Range: 5-*/90\r\n" TYPE);
    assert_true(m.has_body);
    drop(&m);
}

static void a_response_is_taken_apart(void **state)
{
    struct msg m = parsed("MSRP abcd 481 no such \xc3\xa9\r\n" PATHS);

    (void)state;
    assert_int_equal(m.fault, MSG_FAULT_NONE);
    assert_int_equal(m.method, MSG_RESPONSE);
    assert_int_equal(m.code, 481);
    assert_span(msg_text(&m, m.method_name), "481 no such \xc3\xa9");
    assert_int_equal(m.rest.n, 0);
    drop(&m);
}

/* RFC 4975, trap 18. */
static void a_comment_may_be_absent_or_empty(void **state)
{
    (void)state;
    assert_sound("MSRP abcd 200\r\n" PATHS);
    assert_sound("MSRP abcd 200 \r\n" PATHS);
    assert_sound("MSRP abcd 200 OK  then\r\n" PATHS);
}

static void a_code_has_three_digits_and_a_blank_behind_it(void **state)
{
    (void)state;
    assert_fault("MSRP abcd 20\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 2000\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 0200\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 099\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 200OK\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 2x0\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 200\tOK\r\n" PATHS, MSG_FAULT_METHOD);
}

static void a_comment_is_text(void **state)
{
    (void)state;
    assert_fault("MSRP abcd 200 a\x01z\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 200 a\rz\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd 200 \xff\r\n" PATHS, MSG_FAULT_METHOD);
}

static void methods_are_told_by_name(void **state)
{
    static const struct {
        const char *head;
        enum msg_method method;
    } table[] = {{SEND ID, MSG_SEND},
                 {REPORT "Status: 000 200\r\n", MSG_REPORT},
                 {"MSRP abcd AUTH\r\n" PATHS, MSG_AUTH},
                 {"MSRP abcd NICKNAME\r\n" PATHS, MSG_OTHER},
                 {"MSRP abcd SENDS\r\n" PATHS, MSG_OTHER},
                 {"MSRP abcd SEN\r\n" PATHS, MSG_OTHER},
                 {"MSRP abcd FILE_OFFSET2\r\n" PATHS, MSG_OTHER}}; /* I-13 */

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct msg m = parsed(table[i].head);

        assert_int_equal(m.fault, MSG_FAULT_NONE);
        assert_int_equal(m.method, table[i].method);
        drop(&m);
    }
}

/* M-7. */
static void a_method_not_in_upper_case_is_a_fault(void **state)
{
    (void)state;
    assert_fault("MSRP abcd send\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd Send\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd _SEND\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd SEND \r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd  SEND\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd SEND x\r\n" PATHS, MSG_FAULT_METHOD);
    assert_fault("MSRP abcd \r\n" PATHS, MSG_FAULT_METHOD);
}

/* M-1. */
static void without_msrp_and_a_tid_it_is_no_frame(void **state)
{
    (void)state;
    assert_no_frame("");
    assert_no_frame("\r\n");
    assert_no_frame("MSRP abcd\r\n" PATHS);
    assert_no_frame("MSRP  SEND\r\n" PATHS);
    assert_no_frame("msrp abcd SEND\r\n" PATHS);
    assert_no_frame("MSRPX abcd SEND\r\n" PATHS);
    assert_no_frame("MSRP ab(d SEND\r\n" PATHS);
    assert_no_frame("MSRP abcd SEND\n" PATHS);
    assert_no_frame("MSRP a234567890123456789012345678901234567890123456789"
                    "012345678901234x SEND\r\n" PATHS);
}

/* I-12, D-14. */
static void an_ident_is_1_to_64_token_characters(void **state)
{
    char all[80];

    (void)state;
    memset(all, 'x', sizeof all);
    assert_false(msg_is_ident(SPAN("")));
    assert_true(msg_is_ident(SPAN("a")));
    assert_true(msg_is_ident(SPAN("-.+%=")));
    assert_true(msg_is_ident(span_of(all, 64)));
    assert_false(msg_is_ident(span_of(all, 65)));
    for (unsigned c = 0; c < 256; c++) {
        char text = (char)c;
        bool token =
            c > 0x20 && c < 0x7f && !strchr("\"(),/:;<>?@[\\]", (int)c);

        assert_int_equal(msg_is_ident(span_of(&text, 1)), token);
    }
}

/* --- paths
 * -------------------------------------------------------------------- */

/* M-2. */
static void paths_are_the_first_two_headers_in_order(void **state)
{
    (void)state;
    assert_fault("MSRP abcd SEND\r\n" ID, MSG_FAULT_PATH);
    assert_fault("MSRP abcd SEND\r\nTo-Path: msrp://b:1/b;tcp\r\n" ID,
                 MSG_FAULT_PATH);
    assert_fault("MSRP abcd SEND\r\nFrom-Path: msrp://b:1/b;tcp\r\n" ID,
                 MSG_FAULT_PATH);
    assert_fault("MSRP abcd SEND\r\nFrom-Path: msrp://a:1/a;tcp\r\n"
                 "To-Path: msrp://b:1/b;tcp\r\n" ID,
                 MSG_FAULT_PATH);
    assert_fault("MSRP abcd SEND\r\n" ID PATHS, MSG_FAULT_PATH);
    assert_fault(SEND ID "To-Path: msrp://b:1/b;tcp\r\n", MSG_FAULT_PATH);
    assert_fault(SEND ID "From-Path: msrp://b:1/b;tcp\r\n", MSG_FAULT_PATH);
}

static void whom_to_answer_is_known_despite_the_fault(void **state)
{
    struct msg m = parsed("MSRP abcd SEND\r\nFrom-Path: msrp://a:1/a;tcp x\r\n"
                          "To-Path: msrp://b:1/b;tcp\r\n" ID);

    (void)state;
    assert_span(msg_text(&m, m.from), "msrp://a:1/a;tcp x");
    assert_span(msg_text(&m, m.from_first), "msrp://a:1/a;tcp");
    assert_span(msg_text(&m, m.to_first), "msrp://b:1/b;tcp");
    drop(&m);
    m = parsed("MSRP abcd SEND\r\nTo-Path: msrp://b:1/b;tcp\r\n" ID);
    assert_int_equal(m.from.n, 0);
    drop(&m);
}

static void path_headers_are_found_in_any_case(void **state)
{
    (void)state;
    assert_sound("MSRP abcd SEND\r\nTO-PATH: msrp://b:1/b;tcp\r\n"
                 "from-path: msrp://a:1/a;tcp\r\n" ID);
}

static void a_path_holds_visible_ascii_alone(void **state)
{
    (void)state;
    assert_fault("MSRP abcd SEND\r\nTo-Path: msrp://\xc3\xa9:1/b;tcp\r\n"
                 "From-Path: msrp://a:1/a;tcp\r\n" ID,
                 MSG_FAULT_PATH);
    assert_fault("MSRP abcd SEND\r\nTo-Path: msrp://b:1/b;tcp\tx\r\n"
                 "From-Path: msrp://a:1/a;tcp\r\n" ID,
                 MSG_FAULT_PATH);
    assert_fault("MSRP abcd SEND\r\nTo-Path: \r\n"
                 "From-Path: msrp://a:1/a;tcp\r\n" ID,
                 MSG_FAULT_PATH);
}

static void a_path_has_at_most_so_many_uris(void **state)
{
    struct msg m;

    (void)state;
    assert_int_equal(parse(&m,
                           "MSRP abcd SEND\r\nTo-Path: a b c d\r\n"
                           "From-Path: e f g h\r\n" ID,
                           4),
                     0);
    assert_int_equal(m.fault, MSG_FAULT_NONE);
    assert_int_equal(m.n_to, 4);
    drop(&m);
    assert_int_equal(parse(&m,
                           "MSRP abcd SEND\r\nTo-Path: a b c d e\r\n"
                           "From-Path: e\r\n" ID,
                           4),
                     0);
    assert_int_equal(m.fault, MSG_FAULT_PATH_LONG);
    drop(&m);
}

static void blanks_around_a_path_are_no_part_of_it(void **state)
{
    struct msg m = parsed("MSRP abcd SEND\r\nTo-Path:   msrp://b:1/b;tcp  \r\n"
                          "From-Path: msrp://a:1/a;tcp \r\n" ID);

    (void)state;
    assert_span(msg_text(&m, m.to), "msrp://b:1/b;tcp");
    assert_span(msg_text(&m, m.from), "msrp://a:1/a;tcp");
    drop(&m);
}

/* "Be liberal in reading: several spaces between path URIs." */
static void a_path_is_walked_over_any_number_of_spaces(void **state)
{
    struct span path = SPAN("  a   bc d  "), uri;

    (void)state;
    assert_true(msg_path_next(&uri, &path));
    assert_span(uri, "a");
    assert_true(msg_path_next(&uri, &path));
    assert_span(uri, "bc");
    assert_true(msg_path_next(&uri, &path));
    assert_span(uri, "d");
    assert_false(msg_path_next(&uri, &path));
}

/* --- all of it
 * ---------------------------------------------------------------- */

/* Cut anywhere, an example is no frame or one with a fault or a shorter one,
 * and nothing behind the cut is read. */
static void a_head_cut_anywhere_is_read_no_further(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_examples; i++) {
        const char *end = strstr(examples[i].frame, "-------");
        size_t n = (size_t)(end - examples[i].frame);

        for (size_t cut = 0; cut <= n; cut++) {
            char *mem = malloc(cut ? cut : 1);
            struct msg m;

            assert_non_null(mem);
            memcpy(mem, examples[i].frame, cut);
            (void)msg_parse(&m, span_of(mem, cut), false, 16);
            free(mem);
        }
    }
}

static void every_fault_has_its_sentence(void **state)
{
    (void)state;
    for (int fault = MSG_FAULT_NONE; fault <= MSG_FAULT_BODY; fault++) {
        const char *text = msg_fault_text((enum msg_fault)fault);

        assert_string_not_equal(text, "unknown");
        for (int other = MSG_FAULT_NONE; other < fault; other++)
            assert_string_not_equal(text,
                                    msg_fault_text((enum msg_fault)other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(a_response_is_taken_apart),
        cmocka_unit_test(a_comment_may_be_absent_or_empty),
        cmocka_unit_test(a_code_has_three_digits_and_a_blank_behind_it),
        cmocka_unit_test(a_comment_is_text),
        cmocka_unit_test(methods_are_told_by_name),
        cmocka_unit_test(a_method_not_in_upper_case_is_a_fault),
        cmocka_unit_test(without_msrp_and_a_tid_it_is_no_frame),
        cmocka_unit_test(an_ident_is_1_to_64_token_characters),
        cmocka_unit_test(paths_are_the_first_two_headers_in_order),
        cmocka_unit_test(whom_to_answer_is_known_despite_the_fault),
        cmocka_unit_test(path_headers_are_found_in_any_case),
        cmocka_unit_test(a_path_holds_visible_ascii_alone),
        cmocka_unit_test(a_path_has_at_most_so_many_uris),
        cmocka_unit_test(blanks_around_a_path_are_no_part_of_it),
        cmocka_unit_test(a_path_is_walked_over_any_number_of_spaces),
        cmocka_unit_test(a_head_cut_anywhere_is_read_no_further),
        cmocka_unit_test(every_fault_has_its_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
