/* SPDX-License-Identifier: BSD-2-Clause */
#include "inbox.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "frames.h"
#include "parser.h"

#define OWN "msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp"
#define HOP "msrps://relay.example.com:2855/relaytoken;tcp"
#define ALICE "msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp"
#define PATHS "To-Path: " OWN "\r\nFrom-Path: " HOP " " ALICE "\r\n"
#define TEXT "Content-Type: text/plain\r\n\r\n"

struct fixture {
    struct rnd rnd;
    struct tx tx;
    struct screen screen;
    struct store store;
    struct inbox inbox;
    struct frames out;
    FILE *notes;
    int stream;
    char text[4096];
};

static void make(struct fixture *f, enum store_kind kind)
{
    f->stream = memfd_create("stream", MFD_CLOEXEC);
    f->notes = tmpfile();
    assert_true(f->stream >= 0 && f->notes);
    rnd_init(&f->rnd);
    tx_init(&f->tx, &f->rnd, NULL);
    screen_init(&f->screen, f->notes, true);
    store_init_stream(&f->store, kind, dup(f->stream));
    assert_int_equal(inbox_init(&f->inbox, SPAN(OWN), &f->store, &f->tx,
                                &f->rnd, &f->screen),
                     0);
}

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    make(f, STORE_STREAM);
    *state = f;
    return 0;
}

static int set_up_text(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    make(f, STORE_TEXT);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    inbox_fini(&f->inbox);
    store_fini(&f->store);
    tx_fini(&f->tx);
    fclose(f->notes);
    close(f->stream);
    test_free(f);
    return 0;
}

/* Lets `text` come in, and what it is answered with go out. */
static int come_in(struct fixture *f, const char *text)
{
    struct span in = span_str(text);
    struct parser parser;
    struct parse_event ev;
    int err = 0;

    parser_init(&parser, INBOX_HEAD_MAX, INBOX_PATH_URIS);
    while (in.n > 0 && !err) {
        assert_int_equal(parser_next(&parser, &in, &ev), 0);
        if (ev.type == PARSE_HEAD)
            err = inbox_on_head(&f->inbox, ev.head);
        else if (ev.type == PARSE_BODY)
            err = inbox_on_body(&f->inbox, ev.body);
        else
            err = inbox_on_end(&f->inbox, ev.flag);
    }
    return err;
}

static void receive(struct fixture *f, const char *text)
{
    frames_free(&f->out);
    assert_int_equal(come_in(f, text), 0);
    frames_take(&f->out, &f->tx);
}

static void assert_answer(struct fixture *f, const char *text, unsigned code)
{
    receive(f, text);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(frames_at(&f->out, 0)->head.code, code);
    frames_free(&f->out);
}

static void assert_silence(struct fixture *f, const char *text)
{
    receive(f, text);
    assert_int_equal(f->out.n, 0);
    frames_free(&f->out);
}

static void assert_stream(struct fixture *f, const char *want)
{
    ssize_t n = pread(f->stream, f->text, sizeof f->text, 0);

    assert_true(n >= 0);
    assert_span_equal(span_of(f->text, (size_t)n), span_str(want));
}

#define SEND(tid, headers, body, flag)                                         \
    "MSRP " tid " SEND\r\n" PATHS headers TEXT body "\r\n-------" tid flag     \
    "\r\n"
#define BARE(tid, method, headers)                                             \
    "MSRP " tid " " method "\r\n" PATHS headers "-------" tid "$\r\n"

/* --- answers -------------------------------------------------------------- */

static void a_message_is_kept_and_answered_to_the_last_hop(void **state)
{
    struct fixture *f = *state;
    const struct seen *r;

    receive(f, SEND("tid1", "Message-ID: m1\r\nByte-Range: 1-5/5\r\n", "hello",
                    "$"));
    assert_stream(f, "hello");
    assert_int_equal(f->inbox.received, 1);
    r = frames_at(&f->out, 0);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(r->head.code, 200);
    assert_span(msg_text(&r->head, r->head.tid), "tid1");
    assert_span(msg_text(&r->head, r->head.to), HOP); /* R4975-7.2-c */
    assert_span(msg_text(&r->head, r->head.from), OWN);
    frames_free(&f->out);
}

static void failure_report_says_who_is_answered(void **state)
{
    struct fixture *f = *state;

    assert_answer(
        f, SEND("t1", "Message-ID: m1\r\nFailure-Report: yes\r\n", "x", "$"),
        200);
    assert_silence(
        f,
        SEND("t2", "Message-ID: m2\r\nFailure-Report: partial\r\n", "x", "$"));
    assert_silence(
        f, SEND("t3", "Message-ID: m3\r\nFailure-Report: no\r\n", "x", "$"));
    assert_int_equal(f->inbox.received, 3);
}

static void an_error_is_answered_unless_nobody_wants_to_know(void **state)
{
    struct fixture *f = *state;

    assert_answer(
        f, SEND("t1", "Message-ID: m1\r\nByte-Range: 0-1/1\r\n", "x", "$"),
        400);
    assert_answer(f,
                  SEND("t2",
                       "Message-ID: m2\r\nByte-Range: 0-1/1\r\n"
                       "Failure-Report: partial\r\n",
                       "x", "$"),
                  400);
    assert_silence(f, SEND("t3",
                           "Message-ID: m3\r\nByte-Range: 0-1/1\r\n"
                           "Failure-Report: no\r\n",
                           "x", "$"));
    assert_int_equal(f->inbox.received, 0);
    assert_stream(f, "");
}

static void another_session_is_not_known(void **state)
{
    struct fixture *f = *state;

    assert_answer(f,
                  "MSRP t001 SEND\r\n"
                  "To-Path: msrp://b.example.net:2855/other;tcp\r\n"
                  "From-Path: " ALICE "\r\nMessage-ID: m1\r\n" TEXT
                  "x\r\n-------t001$\r\n",
                  481);
    assert_answer(f,
                  "MSRP t002 SEND\r\nTo-Path: " OWN " " ALICE "\r\n"
                  "From-Path: " ALICE "\r\nMessage-ID: m1\r\n" TEXT
                  "x\r\n-------t002$\r\n",
                  481);
    assert_stream(f, "");
}

static void an_equal_uri_written_otherwise_is_ours(void **state)
{
    struct fixture *f = *state;

    assert_answer(f,
                  "MSRP t001 SEND\r\n"
                  "To-Path: MSRP://x@B.example.net:2855/Yx3mQ8vT1nRkZ6;TCP\r\n"
                  "From-Path: " ALICE "\r\nMessage-ID: m1\r\n" TEXT
                  "x\r\n-------t001$\r\n",
                  200);
}

static void an_unknown_method_gets_501_on_the_whole_way_back(void **state)
{
    struct fixture *f = *state;
    const struct seen *r;

    receive(f, BARE("t001", "NICKNAME", "Use-Nickname: \"x\"\r\n"));
    r = frames_at(&f->out, 0);
    assert_int_equal(r->head.code, 501);
    assert_span(msg_text(&r->head, r->head.to), HOP " " ALICE);
    frames_free(&f->out);
}

static void a_send_without_body_is_answered_and_no_message(void **state)
{
    struct fixture *f = *state;

    assert_answer(
        f, BARE("t001", "SEND", "Message-ID: m1\r\nByte-Range: 1-0/0\r\n"),
        200);
    assert_answer(f, BARE("t002", "SEND", "Message-ID: m1\r\n"), 200);
    assert_int_equal(f->inbox.received, 0);
    assert_false(inbox_is_amid(&f->inbox));
}

static void an_empty_message_is_a_message(void **state)
{
    struct fixture *f = *state;

    assert_answer(
        f, SEND("t001", "Message-ID: m1\r\nByte-Range: 1-0/0\r\n", "", "$"),
        200);
    assert_int_equal(f->inbox.received, 1);
}

static void nobody_to_answer_is_the_end(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(come_in(f, "MSRP t001 SEND\r\nTo-Path: " OWN "\r\n"
                                "Message-ID: m1\r\n-------t001$\r\n"),
                     ERR_SYNTAX);
}

/* --- chunks --------------------------------------------------------------- */

static void chunks_become_one_message(void **state)
{
    struct fixture *f = *state;

    assert_answer(
        f, SEND("t1", "Message-ID: m1\r\nByte-Range: 1-*/11\r\n", "hello", "+"),
        200);
    assert_true(inbox_is_amid(&f->inbox));
    assert_int_equal(f->inbox.received, 0);
    assert_answer(
        f,
        SEND("t2", "Message-ID: m1\r\nByte-Range: 6-*/11\r\n", " world", "$"),
        200);
    assert_stream(f, "hello world");
    assert_int_equal(f->inbox.received, 1);
    assert_false(inbox_is_amid(&f->inbox));
}

static void the_last_chunk_may_come_first(void **state)
{
    struct fixture *f = *state;

    receive(f, SEND("t2", "Message-ID: m1\r\nByte-Range: 6-*/*\r\n", " world",
                    "$"));
    assert_int_equal(f->inbox.received, 0);
    receive(
        f, SEND("t1", "Message-ID: m1\r\nByte-Range: 1-*/*\r\n", "hello", "+"));
    assert_int_equal(f->inbox.received, 1);
    assert_stream(f, "hello world");
    frames_free(&f->out);
}

/* R4975-7.3.1-c, -d: the octets count, not what Byte-Range promises. */
static void the_dollar_rules_not_the_total(void **state)
{
    struct fixture *f = *state;

    receive(f, SEND("t1", "Message-ID: m1\r\nByte-Range: 1-100/100\r\n",
                    "short", "$"));
    assert_int_equal(f->inbox.received, 1);
    assert_stream(f, "short");
    frames_free(&f->out);
}

static void messages_with_one_id_from_two_sessions_are_two(void **state)
{
    struct fixture *f = *state;

    receive(f,
            SEND("t1", "Message-ID: m1\r\nByte-Range: 1-*/*\r\n", "one", "+"));
    receive(f, "MSRP t002 SEND\r\nTo-Path: " OWN "\r\n"
               "From-Path: msrp://c.example.net:1/ccc;tcp\r\n"
               "Message-ID: m1\r\n" TEXT "two\r\n-------t002$\r\n");
    assert_int_equal(f->inbox.received, 1);
    receive(f, SEND("t3", "Message-ID: m1\r\nByte-Range: 4-*/*\r\n", "!", "$"));
    assert_int_equal(f->inbox.received, 2);
    assert_stream(f, "one!two");
    frames_free(&f->out);
}

static void a_message_given_up_is_dropped(void **state)
{
    struct fixture *f = *state;

    assert_answer(
        f, SEND("t1", "Message-ID: m1\r\nByte-Range: 7-*/*\r\n", "x", "#"),
        200);
    assert_true(f->inbox.any_failed);
    assert_false(inbox_is_amid(&f->inbox));
    assert_int_equal(f->inbox.received, 1);
    assert_stream(f, "");
}

static void octets_beyond_the_end_are_refused(void **state)
{
    struct fixture *f = *state;

    receive(f, SEND("t1", "Message-ID: m1\r\nByte-Range: 3-*/*\r\n", "x", "$"));
    assert_answer(
        f, SEND("t2", "Message-ID: m1\r\nByte-Range: 4-*/*\r\n", "x", "+"),
        400);
    assert_answer(
        f, SEND("t3", "Message-ID: m1\r\nByte-Range: 1-*/*\r\n", "x", "+"),
        400); /* it stays failed */
    assert_true(f->inbox.any_failed);
    assert_stream(f, "");
}

static void an_end_before_what_came_already_is_refused(void **state)
{
    struct fixture *f = *state;

    receive(f, SEND("t1", "Message-ID: m1\r\nByte-Range: 9-*/*\r\n", "x", "+"));
    assert_answer(
        f, SEND("t2", "Message-ID: m1\r\nByte-Range: 1-*/*\r\n", "x", "$"),
        400);
}

static void the_number_of_open_messages_has_a_limit(void **state)
{
    struct fixture *f = *state;
    char text[1024];

    for (int i = 0; i < INBOX_OPEN_MAX; i++) {
        snprintf(text, sizeof text,
                 SEND("t001", "Message-ID: m%04d\r\nByte-Range: 3-*/*\r\n", "x",
                      "+"),
                 i);
        assert_answer(f, text, 200);
    }
    assert_answer(
        f, SEND("t1", "Message-ID: more\r\nByte-Range: 1-*/*\r\n", "x", "+"),
        413);
}

/* --- reports and repeats -------------------------------------------------- */

#define REPORTED "Message-ID: m1\r\nSuccess-Report: yes\r\n"

static void a_whole_message_is_reported_to_its_sender(void **state)
{
    struct fixture *f = *state;
    const struct seen *r;

    assert_answer(f, SEND("t1", REPORTED "Byte-Range: 1-*/*\r\n", "hello", "+"),
                  200);
    receive(f, SEND("t2", REPORTED "Byte-Range: 6-*/*\r\n", " world", "$"));
    assert_int_equal(f->out.n, 2);
    r = frames_at(&f->out, 1);
    assert_int_equal(r->head.method, MSG_REPORT);
    assert_span(msg_text(&r->head, r->head.to), HOP " " ALICE);
    assert_span(msg_text(&r->head, r->head.from), OWN);
    assert_span(frames_header(r, "Message-ID"), "m1");
    assert_span(frames_header(r, "Byte-Range"), "1-11/11");
    assert_span(frames_header(r, "Status"), "000 200 OK");
    assert_false(frames_has(r, "Success-Report")); /* R4975-7.1.2-a */
    frames_free(&f->out);
}

static void without_responses_there_are_reports_all_the_same(void **state)
{
    struct fixture *f = *state;

    receive(f, SEND("t1", REPORTED "Failure-Report: no\r\n", "x", "$"));
    assert_int_equal(f->out.n, 1);
    assert_int_equal(frames_at(&f->out, 0)->head.method, MSG_REPORT);
    frames_free(&f->out);
}

/* R4975-5.4-m */
static void a_repeated_message_is_acknowledged_and_not_kept(void **state)
{
    struct fixture *f = *state;
    const char *send = SEND("t1", REPORTED "Byte-Range: 1-1/1\r\n", "x", "$");

    receive(f, send);
    receive(f, send);
    assert_int_equal(f->out.n, 2);
    assert_int_equal(frames_at(&f->out, 0)->head.code, 200);
    assert_span(frames_header(frames_at(&f->out, 1), "Byte-Range"), "1-1/1");
    assert_int_equal(f->inbox.received, 1);
    assert_stream(f, "x");
    frames_free(&f->out);
}

static void what_is_known_has_a_limit(void **state)
{
    struct fixture *f = *state;
    char text[1024];

    for (int i = 0; i < INBOX_KNOWN_MAX + 10; i++) {
        snprintf(text, sizeof text,
                 SEND("t001", "Message-ID: m%06d\r\n", "", "$"), i);
        assert_answer(f, text, 200);
    }
    assert_int_equal(f->inbox.n_known, INBOX_KNOWN_MAX);
    assert_int_equal(f->inbox.by_key.count, INBOX_KNOWN_MAX);
}

/* --- types ---------------------------------------------------------------- */

static void where_lines_go_only_texts_are_taken(void **state)
{
    struct fixture *f = *state;

    assert_answer(f,
                  "MSRP t001 SEND\r\n" PATHS "Message-ID: m1\r\n"
                  "Content-Type: image/png\r\n\r\nx\r\n-------t001$\r\n",
                  415);
    assert_answer(f,
                  "MSRP t001 SEND\r\n" PATHS "Message-ID: m2\r\n"
                  "Content-Type: TEXT/html\r\n\r\nx\r\n-------t001$\r\n",
                  200);
    assert_answer(f,
                  "MSRP t001 SEND\r\n" PATHS "Message-ID: m3\r\n"
                  "Content-Type: message/cpim\r\n\r\ny\r\n-------t001$\r\n",
                  200);
    assert_stream(f, "x\ny\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_kept_and_answered_to_the_last_hop),
        TEST(failure_report_says_who_is_answered),
        TEST(an_error_is_answered_unless_nobody_wants_to_know),
        TEST(another_session_is_not_known),
        TEST(an_equal_uri_written_otherwise_is_ours),
        TEST(an_unknown_method_gets_501_on_the_whole_way_back),
        TEST(a_send_without_body_is_answered_and_no_message),
        TEST(an_empty_message_is_a_message),
        TEST(nobody_to_answer_is_the_end),
        TEST(chunks_become_one_message),
        TEST(the_last_chunk_may_come_first),
        TEST(the_dollar_rules_not_the_total),
        TEST(messages_with_one_id_from_two_sessions_are_two),
        TEST(a_message_given_up_is_dropped),
        TEST(octets_beyond_the_end_are_refused),
        TEST(an_end_before_what_came_already_is_refused),
        TEST(the_number_of_open_messages_has_a_limit),
        TEST(a_whole_message_is_reported_to_its_sender),
        TEST(without_responses_there_are_reports_all_the_same),
        TEST(a_repeated_message_is_acknowledged_and_not_kept),
        TEST(what_is_known_has_a_limit),
        cmocka_unit_test_setup_teardown(where_lines_go_only_texts_are_taken,
                                        set_up_text, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
