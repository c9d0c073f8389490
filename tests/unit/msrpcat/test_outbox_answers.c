/* SPDX-License-Identifier: BSD-2-Clause */
/* What an outbox makes of responses, REPORTs and silence. */
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "outbox_rig.h"

/* --- failures ------------------------------------------------------------- */

static void an_error_response_fails_the_message(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add(f, "one");
    rig_add(f, "two");
    rig_pump(f);
    rig_respond(f, rig_frame(f, 0), 415);
    assert_true(f->outbox.any_failed);
    assert_false(outbox_is_done(&f->outbox));
    rig_respond(f, rig_frame(f, 1), 200);
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.session_dead);
}

/* R4975-10-b */
static void a_413_ends_the_open_chunk_with_a_hash(void **state)
{
    struct rig *f = rig_usual(state);
    struct seen first;

    rig_add_octets(f, TX_BULK_MAX * 2);
    rig_add(f, "next");
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    first = (struct seen){0};
    first.head = (struct msg){.base = f->tx.needle, .tid = {7, TX_TID}};
    rig_respond(f, &first, 413);
    rig_pump(f);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(rig_frame(f, 0)->flag, '#');
    rig_pump(f);
    assert_span(rig_frame(f, 0)->body, "next");
    rig_respond(f, rig_frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
    assert_true(f->outbox.any_failed);
}

static void an_unknown_session_fails_all_that_is_left(void **state)
{
    struct outbox_rules rules = rig_usual_rules();
    struct rig *f;

    rules.window = 1;
    f = rig_with_rules(state, &rules);
    rig_add(f, "one");
    rig_add(f, "two");
    rig_pump(f);
    assert_int_equal(f->out.n, 1);
    rig_respond(f, rig_frame(f, 0), 481);
    assert_true(f->outbox.session_dead);
    rig_pump(f);
    assert_int_equal(f->out.n, 0);
    assert_true(outbox_is_done(&f->outbox));
}

static void a_stray_response_is_nothing(void **state)
{
    struct rig *f = rig_usual(state);
    struct seen stray = {
        .head = {.base = "0123456789abcdef", .tid = {0, TX_TID}}};

    rig_add(f, "one");
    rig_pump(f);
    rig_respond(f, &stray, 481);
    rig_respond(f, rig_frame(f, 0), 200);
    rig_respond(f, rig_frame(f, 0), 481); /* and so is a second one */
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.any_failed);
}

static void silence_for_the_time_given_fails_the_message(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add(f, "one");
    rig_pump(f);
    assert_int_equal(outbox_deadline(&f->outbox), START_MS + TIMEOUT_MS);
    rig_pass(f, TIMEOUT_MS - 1);
    assert_false(f->outbox.any_failed);
    rig_pass(f, 1);
    assert_true(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
}

/* RFC 4975, trap 15: it begins with the last octet, not with the first. */
static void the_clock_waits_for_the_last_octet(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add(f, "one");
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    rig_pass(f, TIMEOUT_MS * 10);
    assert_false(f->outbox.any_failed);
    assert_int_equal(outbox_deadline(&f->outbox), UINT64_MAX);
    rig_pump(f);
    assert_int_equal(outbox_deadline(&f->outbox), f->now_ms + TIMEOUT_MS);
}

static void giving_up_ends_with_a_hash(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add_octets(f, TX_BULK_MAX * 2);
    rig_add(f, "never");
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    assert_int_equal(outbox_abort(&f->outbox), 0);
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(rig_frame(f, 0)->flag, '#');
    assert_true(outbox_is_done(&f->outbox));
    assert_true(f->outbox.any_failed);
}

/* --- Failure-Report other than yes ---------------------------------------- */

static struct rig *with_failure_report(void **state, enum msg_report value)
{
    struct outbox_rules rules = rig_usual_rules();

    rules.failure_report = value;
    return rig_with_rules(state, &rules);
}

/* What is not answered is followed by something that is. */
static void without_responses_a_bodiless_send_is_the_end(void **state)
{
    struct rig *f = with_failure_report(state, MSG_REPORT_NO);

    rig_add(f, "one");
    rig_add(f, "two");
    rig_pump(f);
    assert_int_equal(f->out.n, 3);
    assert_span(frames_header(rig_frame(f, 0), "Failure-Report"), "no");
    assert_false(rig_frame(f, 2)->head.has_body);
    assert_span(msg_text(&rig_frame(f, 2)->head, rig_frame(f, 2)->head.to),
                RELAY);
    assert_false(frames_has(rig_frame(f, 2), "Failure-Report"));
    assert_false(outbox_is_done(&f->outbox));
    rig_respond(f, rig_frame(f, 2), 200);
    assert_true(outbox_is_done(&f->outbox));
}

static void partial_waits_for_errors_only(void **state)
{
    struct rig *f = with_failure_report(state, MSG_REPORT_PARTIAL);

    rig_add(f, "one");
    rig_add(f, "two");
    rig_pump(f);
    assert_span(frames_header(rig_frame(f, 0), "Failure-Report"), "partial");
    rig_respond(f, rig_frame(f, 0), 403);
    assert_true(f->outbox.any_failed);
    rig_respond(f, rig_frame(f, 2), 200);
    assert_true(outbox_is_done(&f->outbox));
}

static void silence_after_partial_is_no_failure(void **state)
{
    struct rig *f = with_failure_report(state, MSG_REPORT_PARTIAL);

    rig_add(f, "one");
    rig_pump(f);
    rig_respond(f, rig_frame(f, 1), 200);
    rig_pass(f, TIMEOUT_MS * 2);
    assert_false(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
    assert_int_equal(f->outbox.txns.by_tid.count, 0);
}

/* --- reports -------------------------------------------------------------- */

static struct rig *with_reports(void **state)
{
    struct outbox_rules rules = rig_usual_rules();

    rules.success_report = true;
    return rig_with_rules(state, &rules);
}

static void reports_have_to_cover_all_octets(void **state)
{
    struct rig *f = with_reports(state);
    const struct seen *s;

    rig_add_octets(f, 3000);
    rig_pump(f);
    s = rig_frame(f, 0);
    assert_span(frames_header(s, "Success-Report"), "yes");
    rig_respond(f, s, 200);
    rig_report(f, s, "Byte-Range: 2001-3000/3000\r\n", "000 200 OK");
    assert_false(outbox_is_done(&f->outbox));
    rig_report(f, s, "Byte-Range: 1-1999/3000\r\n", "000 200");
    assert_false(outbox_is_done(&f->outbox));
    rig_report(f, s, "Byte-Range: 1-2500/3000\r\n", "000 200 OK");
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.any_failed);
}

static void a_report_may_come_before_the_response(void **state)
{
    struct rig *f = with_reports(state);

    rig_add(f, "one");
    rig_pump(f);
    rig_report(f, rig_frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 200 OK");
    assert_false(outbox_is_done(&f->outbox));
    rig_respond(f, rig_frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
}

static void an_empty_message_is_reported_too(void **state)
{
    struct rig *f = with_reports(state);

    rig_add(f, "");
    rig_pump(f);
    rig_respond(f, rig_frame(f, 0), 200);
    assert_false(outbox_is_done(&f->outbox));
    rig_report(f, rig_frame(f, 0), "Byte-Range: 1-0/0\r\n", "000 200 OK");
    assert_true(outbox_is_done(&f->outbox));
}

static void a_report_without_range_is_about_all(void **state)
{
    struct rig *f = with_reports(state);

    rig_add_octets(f, 5000);
    rig_pump(f);
    rig_respond(f, rig_frame(f, 0), 200);
    rig_report(f, rig_frame(f, 0), "", "000 200 OK");
    assert_true(outbox_is_done(&f->outbox));
}

static void a_failure_report_fails_the_message(void **state)
{
    struct rig *f = with_reports(state);

    rig_add(f, "one");
    rig_pump(f);
    rig_respond(f, rig_frame(f, 0), 200);
    rig_report(f, rig_frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 408 Timeout");
    assert_true(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
}

static void another_namespace_means_nothing(void **state)
{
    struct rig *f = with_reports(state);

    rig_add(f, "one");
    rig_pump(f);
    rig_respond(f, rig_frame(f, 0), 200);
    rig_report(f, rig_frame(f, 0), "Byte-Range: 1-3/3\r\n", "001 408 Timeout");
    assert_false(f->outbox.any_failed);
    assert_false(outbox_is_done(&f->outbox));
}

static void a_late_failure_report_is_told_all_the_same(void **state)
{
    struct rig *f = rig_usual(state);

    rig_add(f, "one");
    rig_pump(f);
    rig_respond(f, rig_frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
    rig_report(f, rig_frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 413 Stop");
    assert_true(f->outbox.any_failed);
}

static void without_reports_in_time_the_message_failed(void **state)
{
    struct rig *f = with_reports(state);

    rig_add(f, "one");
    rig_add(f, "two");
    rig_pump(f);
    rig_pass(f, 1000);
    rig_respond(f, rig_frame(f, 0), 200);
    rig_respond(f, rig_frame(f, 1), 200);
    rig_report(f, rig_frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 200 OK");
    assert_int_equal(outbox_deadline(&f->outbox), f->now_ms + TIMEOUT_MS);
    rig_pass(f, TIMEOUT_MS - 1);
    assert_false(f->outbox.any_failed);
    rig_pass(f, 1);
    assert_true(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
}

#define TEST(name) cmocka_unit_test_teardown(name, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_error_response_fails_the_message),
        TEST(a_413_ends_the_open_chunk_with_a_hash),
        TEST(an_unknown_session_fails_all_that_is_left),
        TEST(a_stray_response_is_nothing),
        TEST(silence_for_the_time_given_fails_the_message),
        TEST(the_clock_waits_for_the_last_octet),
        TEST(giving_up_ends_with_a_hash),
        TEST(without_responses_a_bodiless_send_is_the_end),
        TEST(partial_waits_for_errors_only),
        TEST(silence_after_partial_is_no_failure),
        TEST(reports_have_to_cover_all_octets),
        TEST(a_report_may_come_before_the_response),
        TEST(an_empty_message_is_reported_too),
        TEST(a_report_without_range_is_about_all),
        TEST(a_failure_report_fails_the_message),
        TEST(another_namespace_means_nothing),
        TEST(a_late_failure_report_is_told_all_the_same),
        TEST(without_reports_in_time_the_message_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
