#include "outbox.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "frames.h"

#define OWN "msrps://a.invalid:9/aaa;tcp"
#define RELAY "msrps://relay.example.com:2855/rrr;tcp"
#define PEER "msrps://b.invalid:9/bbb;tcp"

enum { TIMEOUT_MS = 30000, START_MS = 1000 };

struct fixture {
    struct rnd rnd;
    struct tx tx;
    struct screen screen;
    struct outbox outbox;
    struct frames out;
    FILE *notes;
    uint64_t now_ms;
    int pipe; /* its writing end, or -1 */
};

static struct outbox_rules usual_rules(void)
{
    return (struct outbox_rules){
        .to = SPAN(RELAY " " PEER),
        .ping = SPAN(RELAY),
        .own = SPAN(OWN),
        .timeout_ms = TIMEOUT_MS,
        .failure_report = MSG_REPORT_YES,
    };
}

static struct fixture *with_rules(void **state,
                                  const struct outbox_rules *rules)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->notes = tmpfile();
    assert_non_null(f->notes);
    f->pipe = -1;
    f->now_ms = START_MS;
    rnd_init(&f->rnd);
    tx_init(&f->tx, &f->rnd, NULL);
    screen_init(&f->screen, f->notes, true);
    assert_int_equal(
        outbox_init(&f->outbox, rules, &f->tx, &f->rnd, &f->screen), 0);
    *state = f;
    return f;
}

static struct fixture *usual(void **state)
{
    struct outbox_rules rules = usual_rules();

    return with_rules(state, &rules);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    frames_free(&f->out);
    outbox_fini(&f->outbox);
    tx_fini(&f->tx);
    fclose(f->notes);
    if (f->pipe >= 0)
        close(f->pipe);
    free(f);
    return 0;
}

static void add_text(struct fixture *f, const char *text, size_t n)
{
    struct source *s = source_text(span_of(text, n));

    assert_non_null(s);
    assert_int_equal(outbox_add(&f->outbox, s, "text/plain", NULL), 0);
}

static void add(struct fixture *f, const char *text)
{
    add_text(f, text, strlen(text));
}

/* A message of n octets, no two places of which look alike. */
static void add_octets(struct fixture *f, size_t n)
{
    char *text = test_malloc(n);

    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i * 7 % 26);
    add_text(f, text, n);
    test_free(text);
}

/* A message out of a pipe, whose other end is f->pipe. */
static void add_pipe(struct fixture *f)
{
    char path[32];
    struct source *s;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_int_equal(source_file(&s, path), 0);
    close(ends[0]);
    f->pipe = ends[1];
    assert_int_equal(outbox_add(&f->outbox, s, "text/plain", NULL), 0);
}

static void feed(struct fixture *f, size_t n)
{
    char *text = test_malloc(n);

    memset(text, 'x', n);
    assert_int_equal(write(f->pipe, text, n), n);
    test_free(text);
}

static void end_pipe(struct fixture *f)
{
    close(f->pipe);
    f->pipe = -1;
}

/* All that can go out goes out. */
static void pump(struct fixture *f)
{
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    frames_free(&f->out);
    frames_take(&f->out, &f->tx);
    assert_int_equal(outbox_tick(&f->outbox, f->now_ms), 0);
}

static const struct seen *frame(struct fixture *f, size_t i)
{
    return frames_at(&f->out, i);
}

static void respond(struct fixture *f, const struct seen *to, unsigned code)
{
    char text[512];
    struct msg head;

    snprintf(text, sizeof text,
             "MSRP %.*s %u Because\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------%.*s$\r\n",
             SPAN_ARG(msg_text(&to->head, to->head.tid)), code, OWN, RELAY,
             SPAN_ARG(msg_text(&to->head, to->head.tid)));
    head = frames_head(text);
    assert_int_equal(outbox_on_response(&f->outbox, &head, f->now_ms), 0);
}

static void report(struct fixture *f, const struct seen *on, const char *range,
                   const char *status)
{
    char text[512];
    struct msg head;

    snprintf(text, sizeof text,
             "MSRP rrrr REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: %.*s\r\n%sStatus: %s\r\n-------rrrr$\r\n",
             OWN, RELAY, SPAN_ARG(frames_header(on, "Message-ID")), range,
             status);
    head = frames_head(text);
    assert_int_equal(head.fault, MSG_FAULT_NONE);
    assert_int_equal(outbox_on_report(&f->outbox, &head, f->now_ms), 0);
}

static void pass(struct fixture *f, uint64_t ms)
{
    f->now_ms += ms;
    assert_int_equal(outbox_tick(&f->outbox, f->now_ms), 0);
}

/* --- SENDs ---------------------------------------------------------------- */

static void a_text_is_one_send(void **state)
{
    struct fixture *f = usual(state);
    const struct seen *s;

    add(f, "hello");
    pump(f);
    assert_int_equal(f->out.n, 1);
    s = frame(f, 0);
    assert_span(msg_text(&s->head, s->head.to), RELAY " " PEER);
    assert_span(msg_text(&s->head, s->head.from), OWN);
    assert_span(frames_header(s, "Byte-Range"), "1-5/5");
    assert_span(frames_header(s, "Content-Type"), "text/plain");
    assert_false(frames_has(s, "Success-Report"));
    assert_false(frames_has(s, "Failure-Report"));
    assert_span(s->body, "hello");
    assert_int_equal(s->flag, '$');
    assert_false(outbox_is_done(&f->outbox));
    respond(f, s, 200);
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.any_failed);
}

static void an_empty_text_has_an_empty_body(void **state)
{
    struct fixture *f = usual(state);

    add(f, "");
    pump(f);
    assert_span(frames_header(frame(f, 0), "Byte-Range"), "1-0/0");
    assert_true(frame(f, 0)->head.has_body);
    assert_int_equal(frame(f, 0)->flag, '$');
    respond(f, frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
}

/* R4975-5.1-a */
static void over_2048_octets_the_range_end_is_open(void **state)
{
    struct fixture *f = usual(state);

    add_octets(f, 2048);
    add_octets(f, 2049);
    pump(f);
    assert_int_equal(f->out.n, 2);
    assert_span(frames_header(frame(f, 0), "Byte-Range"), "1-2048/2048");
    assert_span(frames_header(frame(f, 1), "Byte-Range"), "1-*/2049");
    assert_int_equal(frame(f, 1)->body.n, 2049);
}

static void messages_do_not_wait_for_responses(void **state)
{
    struct fixture *f = usual(state);

    for (int i = 0; i < 20; i++)
        add(f, "x");
    pump(f);
    assert_int_equal(f->out.n, 20);
}

static void a_file_is_offered_with_its_name(void **state)
{
    struct fixture *f = usual(state);
    struct source *s = source_text(SPAN("x"));

    assert_int_equal(outbox_add(&f->outbox, s, "image/png",
                                "attachment; filename=\"x.png\""),
                     0);
    pump(f);
    assert_span(frames_header(frame(f, 0), "Content-Disposition"),
                "attachment; filename=\"x.png\"");
    assert_span(frames_header(frame(f, 0), "Content-Type"), "image/png");
}

static void a_chunk_size_cuts_exactly(void **state)
{
    struct outbox_rules rules = usual_rules();
    struct fixture *f;

    rules.chunk_size = 3000;
    f = with_rules(state, &rules);
    add_octets(f, 7000);
    pump(f);
    assert_int_equal(f->out.n, 3);
    assert_span(frames_header(frame(f, 0), "Byte-Range"), "1-*/7000");
    assert_span(frames_header(frame(f, 1), "Byte-Range"), "3001-*/7000");
    assert_span(frames_header(frame(f, 2), "Byte-Range"), "6001-7000/7000");
    assert_int_equal(frame(f, 0)->body.n, 3000);
    assert_int_equal(frame(f, 0)->flag, '+');
    assert_int_equal(frame(f, 1)->body.n, 3000);
    assert_int_equal(frame(f, 1)->flag, '+');
    assert_int_equal(frame(f, 2)->body.n, 1000);
    assert_int_equal(frame(f, 2)->flag, '$');
    assert_span_equal(frames_header(frame(f, 2), "Message-ID"),
                      frames_header(frame(f, 0), "Message-ID"));
}

static void a_message_of_whole_chunks_has_no_empty_one(void **state)
{
    struct outbox_rules rules = usual_rules();
    struct fixture *f;

    rules.chunk_size = 5;
    f = with_rules(state, &rules);
    add(f, "helloworld");
    pump(f);
    assert_int_equal(f->out.n, 2);
    assert_span(frames_header(frame(f, 1), "Byte-Range"), "6-10/10");
    assert_int_equal(frame(f, 1)->flag, '$');
}

static void a_window_holds_sends_back(void **state)
{
    struct outbox_rules rules = usual_rules();
    struct fixture *f;

    rules.window = 2;
    rules.chunk_size = 1;
    f = with_rules(state, &rules);
    add(f, "abc");
    pump(f);
    assert_int_equal(f->out.n, 2);
    respond(f, frame(f, 0), 200);
    pump(f);
    assert_int_equal(f->out.n, 1);
    assert_span(frame(f, 0)->body, "c");
    assert_int_equal(frame(f, 0)->flag, '$');
}

/* R4975-7.1.1-r: what interrupts, and that nothing is lost by it. */
static void an_interrupted_chunk_goes_on_at_the_next_octet(void **state)
{
    struct fixture *f = usual(state);
    struct span first;
    size_t n;

    add_octets(f, TX_BULK_MAX + 5000);
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    assert_true(tx_is_open(&f->tx));
    assert_int_equal(outbox_ping(&f->outbox), 0);
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 2);
    assert_int_equal(frame(f, 0)->flag, '+');
    first = frame(f, 0)->body;
    n = first.n;
    assert_int_equal(first.p[n - 1], 'a' + (n - 1) * 7 % 26);
    pump(f);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(frame(f, 0)->head.range_start, n + 1);
    assert_int_equal(frame(f, 0)->body.n, TX_BULK_MAX + 5000 - n);
    assert_int_equal(frame(f, 0)->body.p[0], 'a' + n * 7 % 26);
    assert_int_equal(frame(f, 0)->flag, '$');
}

/* The tids are foreseen with a twin of the random source. */
static void a_body_with_its_own_end_line_is_cut_before_it(void **state)
{
    struct fixture *f = usual(state);
    char body[5000], ids[16 + 2 * TX_TID];
    size_t cut = 4000 + 7 + TX_TID - 1;
    struct rnd twin;

    twin = f->rnd;
    rnd_alnum(&twin, ids, 16); /* Message-ID */
    rnd_alnum(&twin, ids + 16, TX_TID);
    rnd_alnum(&twin, ids + 16 + TX_TID, TX_TID);
    memset(body, '-', sizeof body);
    memcpy(body + 4007, ids + 16, TX_TID);
    memcpy(body + 4100, ids + 16 + TX_TID, TX_TID);
    add_text(f, body, sizeof body);
    pump(f);
    assert_int_equal(f->out.n, 2);
    assert_span_equal(msg_text(&frame(f, 0)->head, frame(f, 0)->head.tid),
                      span_of(ids + 16, TX_TID));
    assert_int_equal(frame(f, 0)->body.n, cut);
    assert_int_equal(frame(f, 0)->flag, '+');
    /* The rest is short: it goes whole under a tid that is not in it. */
    assert_false(span_eq(msg_text(&frame(f, 1)->head, frame(f, 1)->head.tid),
                         span_of(ids + 16 + TX_TID, TX_TID)));
    assert_int_equal(frame(f, 1)->head.range_start, cut + 1);
    assert_span_equal(frame(f, 1)->body,
                      span_of(body + cut, sizeof body - cut));
    assert_int_equal(frame(f, 1)->flag, '$');
}

/* --- pipes ---------------------------------------------------------------- */

static void a_pipe_has_no_total_until_its_end(void **state)
{
    struct fixture *f = usual(state);

    add_pipe(f);
    pump(f);
    assert_int_equal(f->out.n, 0);
    assert_true(f->outbox.wait_fd >= 0);
    feed(f, 5000);
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    end_pipe(f);
    pump(f);
    assert_int_equal(f->out.n, 1);
    assert_span(frames_header(frame(f, 0), "Byte-Range"), "1-*/*");
    assert_int_equal(frame(f, 0)->body.n, 5000);
    assert_int_equal(frame(f, 0)->flag, '$');
}

static void a_short_pipe_that_has_ended_has_a_total(void **state)
{
    struct fixture *f = usual(state);

    add_pipe(f);
    feed(f, 1);
    pump(f);
    assert_int_equal(f->out.n, 0);
    end_pipe(f);
    pump(f);
    assert_span(frames_header(frame(f, 0), "Byte-Range"), "1-1/1");
}

static void a_waiting_pipe_can_be_interrupted(void **state)
{
    struct fixture *f = usual(state);

    add_pipe(f);
    feed(f, 3);
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    assert_int_equal(outbox_ping(&f->outbox), 0);
    frames_take(&f->out, &f->tx);
    assert_int_equal(frame(f, 0)->body.n, 2);
    assert_int_equal(frame(f, 0)->flag, '+');
    end_pipe(f);
    pump(f);
    assert_span(frames_header(frame(f, 0), "Byte-Range"), "3-3/3");
    assert_int_equal(frame(f, 0)->flag, '$');
}

/* --- failures ------------------------------------------------------------- */

static void an_error_response_fails_the_message(void **state)
{
    struct fixture *f = usual(state);

    add(f, "one");
    add(f, "two");
    pump(f);
    respond(f, frame(f, 0), 415);
    assert_true(f->outbox.any_failed);
    assert_false(outbox_is_done(&f->outbox));
    respond(f, frame(f, 1), 200);
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.session_dead);
}

/* R4975-10-b */
static void a_413_ends_the_open_chunk_with_a_hash(void **state)
{
    struct fixture *f = usual(state);
    struct seen first;

    add_octets(f, TX_BULK_MAX * 2);
    add(f, "next");
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    first = (struct seen){0};
    first.head = (struct msg){.base = f->tx.needle, .tid = {7, TX_TID}};
    respond(f, &first, 413);
    pump(f);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(frame(f, 0)->flag, '#');
    pump(f);
    assert_span(frame(f, 0)->body, "next");
    respond(f, frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
    assert_true(f->outbox.any_failed);
}

static void an_unknown_session_fails_all_that_is_left(void **state)
{
    struct outbox_rules rules = usual_rules();
    struct fixture *f;

    rules.window = 1;
    f = with_rules(state, &rules);
    add(f, "one");
    add(f, "two");
    pump(f);
    assert_int_equal(f->out.n, 1);
    respond(f, frame(f, 0), 481);
    assert_true(f->outbox.session_dead);
    pump(f);
    assert_int_equal(f->out.n, 0);
    assert_true(outbox_is_done(&f->outbox));
}

static void a_stray_response_is_nothing(void **state)
{
    struct fixture *f = usual(state);
    struct seen stray = {
        .head = {.base = "0123456789abcdef", .tid = {0, TX_TID}}};

    add(f, "one");
    pump(f);
    respond(f, &stray, 481);
    respond(f, frame(f, 0), 200);
    respond(f, frame(f, 0), 481); /* and so is a second one */
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.any_failed);
}

static void silence_for_the_time_given_fails_the_message(void **state)
{
    struct fixture *f = usual(state);

    add(f, "one");
    pump(f);
    assert_int_equal(outbox_deadline(&f->outbox), START_MS + TIMEOUT_MS);
    pass(f, TIMEOUT_MS - 1);
    assert_false(f->outbox.any_failed);
    pass(f, 1);
    assert_true(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
}

/* RFC 4975, trap 15: it begins with the last octet, not with the first. */
static void the_clock_waits_for_the_last_octet(void **state)
{
    struct fixture *f = usual(state);

    add(f, "one");
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    pass(f, TIMEOUT_MS * 10);
    assert_false(f->outbox.any_failed);
    assert_int_equal(outbox_deadline(&f->outbox), UINT64_MAX);
    pump(f);
    assert_int_equal(outbox_deadline(&f->outbox), f->now_ms + TIMEOUT_MS);
}

static void giving_up_ends_with_a_hash(void **state)
{
    struct fixture *f = usual(state);

    add_octets(f, TX_BULK_MAX * 2);
    add(f, "never");
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    assert_int_equal(outbox_abort(&f->outbox), 0);
    frames_take(&f->out, &f->tx);
    assert_int_equal(f->out.n, 1);
    assert_int_equal(frame(f, 0)->flag, '#');
    assert_true(outbox_is_done(&f->outbox));
    assert_true(f->outbox.any_failed);
}

/* --- Failure-Report other than yes ---------------------------------------- */

static struct fixture *with_failure_report(void **state, enum msg_report value)
{
    struct outbox_rules rules = usual_rules();

    rules.failure_report = value;
    return with_rules(state, &rules);
}

/* What is not answered is followed by something that is. */
static void without_responses_a_bodiless_send_is_the_end(void **state)
{
    struct fixture *f = with_failure_report(state, MSG_REPORT_NO);

    add(f, "one");
    add(f, "two");
    pump(f);
    assert_int_equal(f->out.n, 3);
    assert_span(frames_header(frame(f, 0), "Failure-Report"), "no");
    assert_false(frame(f, 2)->head.has_body);
    assert_span(msg_text(&frame(f, 2)->head, frame(f, 2)->head.to), RELAY);
    assert_false(frames_has(frame(f, 2), "Failure-Report"));
    assert_false(outbox_is_done(&f->outbox));
    respond(f, frame(f, 2), 200);
    assert_true(outbox_is_done(&f->outbox));
}

static void partial_waits_for_errors_only(void **state)
{
    struct fixture *f = with_failure_report(state, MSG_REPORT_PARTIAL);

    add(f, "one");
    add(f, "two");
    pump(f);
    assert_span(frames_header(frame(f, 0), "Failure-Report"), "partial");
    respond(f, frame(f, 0), 403);
    assert_true(f->outbox.any_failed);
    respond(f, frame(f, 2), 200);
    assert_true(outbox_is_done(&f->outbox));
}

static void silence_after_partial_is_no_failure(void **state)
{
    struct fixture *f = with_failure_report(state, MSG_REPORT_PARTIAL);

    add(f, "one");
    pump(f);
    respond(f, frame(f, 1), 200);
    pass(f, TIMEOUT_MS * 2);
    assert_false(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
    assert_int_equal(f->outbox.txns.by_tid.count, 0);
}

/* --- reports -------------------------------------------------------------- */

static struct fixture *with_reports(void **state)
{
    struct outbox_rules rules = usual_rules();

    rules.success_report = true;
    return with_rules(state, &rules);
}

static void reports_have_to_cover_all_octets(void **state)
{
    struct fixture *f = with_reports(state);
    const struct seen *s;

    add_octets(f, 3000);
    pump(f);
    s = frame(f, 0);
    assert_span(frames_header(s, "Success-Report"), "yes");
    respond(f, s, 200);
    report(f, s, "Byte-Range: 2001-3000/3000\r\n", "000 200 OK");
    assert_false(outbox_is_done(&f->outbox));
    report(f, s, "Byte-Range: 1-1999/3000\r\n", "000 200");
    assert_false(outbox_is_done(&f->outbox));
    report(f, s, "Byte-Range: 1-2500/3000\r\n", "000 200 OK");
    assert_true(outbox_is_done(&f->outbox));
    assert_false(f->outbox.any_failed);
}

static void a_report_may_come_before_the_response(void **state)
{
    struct fixture *f = with_reports(state);

    add(f, "one");
    pump(f);
    report(f, frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 200 OK");
    assert_false(outbox_is_done(&f->outbox));
    respond(f, frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
}

static void an_empty_message_is_reported_too(void **state)
{
    struct fixture *f = with_reports(state);

    add(f, "");
    pump(f);
    respond(f, frame(f, 0), 200);
    assert_false(outbox_is_done(&f->outbox));
    report(f, frame(f, 0), "Byte-Range: 1-0/0\r\n", "000 200 OK");
    assert_true(outbox_is_done(&f->outbox));
}

static void a_report_without_range_is_about_all(void **state)
{
    struct fixture *f = with_reports(state);

    add_octets(f, 5000);
    pump(f);
    respond(f, frame(f, 0), 200);
    report(f, frame(f, 0), "", "000 200 OK");
    assert_true(outbox_is_done(&f->outbox));
}

static void a_failure_report_fails_the_message(void **state)
{
    struct fixture *f = with_reports(state);

    add(f, "one");
    pump(f);
    respond(f, frame(f, 0), 200);
    report(f, frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 408 Timeout");
    assert_true(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
}

static void another_namespace_means_nothing(void **state)
{
    struct fixture *f = with_reports(state);

    add(f, "one");
    pump(f);
    respond(f, frame(f, 0), 200);
    report(f, frame(f, 0), "Byte-Range: 1-3/3\r\n", "001 408 Timeout");
    assert_false(f->outbox.any_failed);
    assert_false(outbox_is_done(&f->outbox));
}

static void a_late_failure_report_is_told_all_the_same(void **state)
{
    struct fixture *f = usual(state);

    add(f, "one");
    pump(f);
    respond(f, frame(f, 0), 200);
    assert_true(outbox_is_done(&f->outbox));
    report(f, frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 413 Stop");
    assert_true(f->outbox.any_failed);
}

static void without_reports_in_time_the_message_failed(void **state)
{
    struct fixture *f = with_reports(state);

    add(f, "one");
    add(f, "two");
    pump(f);
    pass(f, 1000);
    respond(f, frame(f, 0), 200);
    respond(f, frame(f, 1), 200);
    report(f, frame(f, 0), "Byte-Range: 1-3/3\r\n", "000 200 OK");
    assert_int_equal(outbox_deadline(&f->outbox), f->now_ms + TIMEOUT_MS);
    pass(f, TIMEOUT_MS - 1);
    assert_false(f->outbox.any_failed);
    pass(f, 1);
    assert_true(f->outbox.any_failed);
    assert_true(outbox_is_done(&f->outbox));
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_one_send),
        TEST(an_empty_text_has_an_empty_body),
        TEST(over_2048_octets_the_range_end_is_open),
        TEST(messages_do_not_wait_for_responses),
        TEST(a_file_is_offered_with_its_name),
        TEST(a_chunk_size_cuts_exactly),
        TEST(a_message_of_whole_chunks_has_no_empty_one),
        TEST(a_window_holds_sends_back),
        TEST(an_interrupted_chunk_goes_on_at_the_next_octet),
        TEST(a_body_with_its_own_end_line_is_cut_before_it),
        TEST(a_pipe_has_no_total_until_its_end),
        TEST(a_short_pipe_that_has_ended_has_a_total),
        TEST(a_waiting_pipe_can_be_interrupted),
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
