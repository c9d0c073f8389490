/* SPDX-License-Identifier: BSD-2-Clause */
#include "clear_probe.h"

#include "cmocka_all.h"
#include "err.h"
#include "parser.h"

#define PATHS                                                                  \
    "To-Path: msrp://peer.example.org:7394/x;tcp\r\n"                          \
    "From-Path: msrps://relay.example.org:2855/s;tcp "                         \
    "msrps://alice.invalid:9/a;tcp\r\n"
#define HEAD "MSRP 49fhabcd SEND\r\n" PATHS "Message-ID: 12345\r\n"
#define END "-------49fhabcd$\r\n"
#define SECOND "MSRP bcde1234 SEND\r\n" PATHS

struct made {
    struct clear_probe probe;
    int err;
    char text[1024];
};

static struct made make(const char *waiting)
{
    struct made made = {.err = 0};
    struct frame f;
    struct rnd rnd;
    size_t n = 0;

    rnd_init(&rnd);
    made.err = clear_probe_make(&made.probe, &f, span_str(waiting), &rnd);
    for (size_t i = 0; !made.err && i < f.n; i++)
        n += span_copy(made.text + n, sizeof made.text - n, f.parts[i]);
    return made;
}

static const char *tid_of(const struct made *made)
{
    static char tid[MSG_TID_MAX + 1];

    span_copy(tid, sizeof tid, span_of(made->probe.tid, made->probe.tid_n));
    return tid;
}

/* --- the probe ------------------------------------------------------------ */

static void is_a_frame_of_its_own(const char *waiting)
{
    const struct made made = make(waiting);
    char expected[1024];

    assert_int_equal(made.err, 0);
    assert_int_equal(made.probe.waiting_n, 0);
    snprintf(expected, sizeof expected,
             "MSRP %s SEND\r\n" PATHS "Message-ID: %.*s\r\n"
             "Byte-Range: 1-0/0\r\n-------%s$\r\n",
             tid_of(&made), CLEAR_PROBE_ID, made.probe.message_id,
             tid_of(&made));
    assert_string_equal(made.text, expected);
    assert_int_equal(made.probe.tid_n, CLEAR_PROBE_ID);
}

static void is_what_waits(const char *waiting)
{
    static const char more[] = SECOND;
    char all[1024];
    struct made made;

    snprintf(all, sizeof all, "%s%s", waiting, more);
    made = make(all);
    assert_int_equal(made.err, 0);
    assert_int_equal(made.probe.waiting_n, strlen(waiting));
    assert_string_equal(made.text, waiting);
    assert_string_equal(tid_of(&made), "49fhabcd");
}

static void a_body_waits_for_a_probe_with_its_paths(void **state)
{
    (void)state;
    is_a_frame_of_its_own(HEAD "Byte-Range: 1-5/5\r\nContent-Type: text/plain"
                               "\r\n\r\nhello\r\n" END);
}

static void of_a_chunk_the_head_is_enough(void **state)
{
    (void)state;
    is_a_frame_of_its_own(HEAD "Byte-Range: 1-*/9\r\nContent-Type: text/plain"
                               "\r\n\r\nhel");
}

static void an_empty_body_is_a_body(void **state)
{
    (void)state;
    is_a_frame_of_its_own(HEAD "Content-Type: text/plain\r\n\r\n\r\n" END);
}

static void other_requests_wait_too(void **state)
{
    (void)state;
    is_a_frame_of_its_own("MSRP 49fhabcd NICKNAME\r\n" PATHS END);
    is_a_frame_of_its_own("MSRP 49fhabcd REPORT\r\n" PATHS
                          "Message-ID: 12345\r\nStatus: 000 200 OK\r\n" END);
}

static void a_bodiless_send_is_the_probe(void **state)
{
    (void)state;
    is_what_waits(HEAD END);
    is_what_waits(HEAD "Byte-Range: 1-0/0\r\n" END);
    is_what_waits(HEAD "Success-Report: yes\r\nfailure-report: yes\r\n" END);
}

static void one_that_is_not_answered_is_not(void **state)
{
    (void)state;
    is_a_frame_of_its_own(HEAD "Failure-Report: no\r\n" END);
    is_a_frame_of_its_own(HEAD "Failure-Report: partial\r\n" END);
}

static void one_that_is_aborted_is_not(void **state)
{
    (void)state;
    is_a_frame_of_its_own(HEAD "-------49fhabcd#\r\n");
}

/* It would be a line of the sender's choice. */
static void one_with_another_header_is_not(void **state)
{
    (void)state;
    is_a_frame_of_its_own(HEAD "Slaveof: 192.0.2.1 6379\r\n" END);
}

static void without_a_head_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(make("").err, ERR_SYNTAX);
    assert_int_equal(make(HEAD).err, ERR_SYNTAX);
    assert_int_equal(make("MSRP 49fhabcd SEND\r\n" END).err, ERR_SYNTAX);
}

static void no_two_are_alike(void **state)
{
    const struct made a = make(HEAD "Failure-Report: no\r\n" END);
    const struct made b = make(HEAD "Failure-Report: no\r\n" END);

    (void)state;
    assert_memory_not_equal(a.probe.tid, b.probe.tid, CLEAR_PROBE_ID);
    assert_memory_not_equal(a.probe.message_id, b.probe.message_id,
                            CLEAR_PROBE_ID);
    assert_memory_not_equal(a.probe.tid, a.probe.message_id, CLEAR_PROBE_ID);
}

/* --- its answer ----------------------------------------------------------- */

static bool is_answer(const char *text)
{
    const struct made made = make(HEAD END);
    struct span in = span_str(text);
    struct parse_event ev;
    struct parser parser;

    parser_init(&parser, 8192, 32);
    assert_int_equal(parser_next(&parser, &in, &ev), 0);
    assert_int_equal(ev.type, PARSE_HEAD);
    return clear_probe_is_answer(&made.probe, ev.head, ev.flag);
}

static void any_code_is_an_answer(void **state)
{
    (void)state;
    assert_true(is_answer("MSRP 49fhabcd 200 OK\r\n" PATHS END));
    assert_true(is_answer("MSRP 49fhabcd 481\r\n" PATHS END));
    assert_true(is_answer("MSRP 49fhabcd 999 Whatever\r\n" PATHS END));
}

static void an_echo_is_none(void **state)
{
    (void)state;
    assert_false(is_answer(HEAD END));
}

static void a_response_to_something_else_is_none(void **state)
{
    (void)state;
    assert_false(
        is_answer("MSRP 49fhabce 200 OK\r\n" PATHS "-------49fhabce$\r\n"));
    assert_false(
        is_answer("MSRP 49fhabc 200 OK\r\n" PATHS "-------49fhabc$\r\n"));
}

static void a_malformed_one_is_none(void **state)
{
    (void)state;
    assert_false(is_answer("MSRP 49fhabcd 20 OK\r\n" PATHS END));
    assert_false(is_answer("MSRP 49fhabcd 200 OK\r\n" END));
    assert_false(
        is_answer("MSRP 49fhabcd 200 OK\r\n" PATHS "-------49fhabcd+\r\n"));
    assert_false(is_answer("MSRP 49fhabcd 200 OK\r\n" PATHS
                           "Content-Type: text/plain\r\n\r\nhello\r\n" END));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_waits_for_a_probe_with_its_paths),
        cmocka_unit_test(of_a_chunk_the_head_is_enough),
        cmocka_unit_test(an_empty_body_is_a_body),
        cmocka_unit_test(other_requests_wait_too),
        cmocka_unit_test(a_bodiless_send_is_the_probe),
        cmocka_unit_test(one_that_is_not_answered_is_not),
        cmocka_unit_test(one_that_is_aborted_is_not),
        cmocka_unit_test(one_with_another_header_is_not),
        cmocka_unit_test(without_a_head_there_is_none),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(any_code_is_an_answer),
        cmocka_unit_test(an_echo_is_none),
        cmocka_unit_test(a_response_to_something_else_is_none),
        cmocka_unit_test(a_malformed_one_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
