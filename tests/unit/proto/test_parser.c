/* SPDX-License-Identifier: BSD-2-Clause */
#include "parser.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "examples.h"
#include "feed.h"

#define PATHS "To-Path: msrp://b:1/b;tcp\r\nFrom-Path: msrp://a:1/a;tcp\r\n"
#define SEND(tid) "MSRP " tid " SEND\r\n" PATHS "Message-ID: 1234\r\n"
#define SEND_BODY(tid) SEND(tid) "Content-Type: a/b\r\n\r\n"

/* One frame, fed in every way; free with feed_free(). */
static const struct feed_frame *one(struct feed *f, struct span in)
{
    feed_every_way(f, NULL, in);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->left, 0);
    assert_int_equal(f->err, ERR_AGAIN);
    return &f->frames[0];
}

/* A SEND under the tid `abcd` with this body, fed in every way, gives it back.
 */
static void assert_body_survives(struct span body)
{
    struct span head = SPAN(SEND_BODY("abcd")),
                tail = SPAN("\r\n-------abcd$\r\n");
    size_t n = head.n + body.n + tail.n;
    char *text = malloc(n);
    const struct feed_frame *frame;
    struct feed f;

    assert_non_null(text);
    memcpy(text, head.p, head.n);
    memcpy(text + head.n, body.p, body.n);
    memcpy(text + head.n + body.n, tail.p, tail.n);
    frame = one(&f, span_of(text, n));
    assert_int_equal(frame->m.fault, MSG_FAULT_NONE);
    assert_span_equal(feed_body(frame), body);
    assert_int_equal(frame->flag, '$');
    feed_free(&f);
    free(text);
}

static void assert_dies(const char *text, int err, size_t frames_before)
{
    struct feed f;

    feed_every_way(&f, NULL, span_str(text));
    assert_int_equal(f.err, err);
    assert_int_equal(f.n, frames_before);
    feed_free(&f);
}

/* --- whole frames
 * ------------------------------------------------------------- */

static void the_worked_examples_come_out_octet_by_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_examples; i++) {
        const struct example *e = &examples[i];
        struct span text = span_str(e->frame);
        unsigned char hash[SHA256_DIGEST_LENGTH];
        char hex[16];
        const struct feed_frame *frame;
        struct feed f;

        assert_int_equal(text.n, e->octets);
        SHA256((const unsigned char *)text.p, text.n, hash);
        hex_text(hex, hash, sizeof hex / 2);
        assert_span_equal(span_of(hex, sizeof hex), span_str(e->sha256));

        frame = one(&f, text);
        assert_int_equal(frame->m.fault, MSG_FAULT_NONE);
        assert_int_equal(frame->m.has_body, e->has_body);
        assert_int_equal(frame->body_n, e->body);
        assert_span_equal(span_of(frame->m.base, frame->m.len),
                          span_of(text.p, frame->m.len));
        if (e->has_body)
            assert_span_equal(feed_body(frame),
                              span_of(text.p + frame->m.len, e->body));
        assert_int_equal(frame->flag, text.p[text.n - 3]);
        feed_free(&f);
    }
}

static void frames_follow_each_other_with_nothing_in_between(void **state)
{
    struct feed f;

    (void)state;
    feed_every_way(&f, NULL,
                   SPAN(SEND("abcd") "-------abcd$\r\n" SEND_BODY(
                       "efgh") "one\r\n-------efgh+\r\n"
                               "MSRP efgh 200 OK\r\n" PATHS
                               "-------efgh$\r\n" SEND_BODY(
                                   "abcd") "two\r\n-------abcd#\r\n"));
    assert_int_equal(f.n, 4);
    assert_int_equal(f.left, 0);
    assert_int_equal(f.frames[0].flag, '$');
    assert_int_equal(f.frames[1].flag, '+');
    assert_span(feed_body(&f.frames[1]), "one");
    assert_int_equal(f.frames[2].m.method, MSG_RESPONSE);
    assert_int_equal(f.frames[3].flag, '#');
    assert_span(feed_body(&f.frames[3]), "two");
    feed_free(&f);
}

/* I-4: somebody's NAT keep-alive. */
static void stray_crlfs_between_frames_are_skipped(void **state)
{
    struct feed f;

    (void)state;
    feed_every_way(
        &f, NULL,
        SPAN("\r\n\r\n" SEND("abcd") "-------abcd$\r\n"
                                     "\r\n\r\n\r\n" SEND(
                                         "efgh") "-------efgh$\r\n\r\n"));
    assert_int_equal(f.n, 2);
    assert_int_equal(f.left, 0);
    assert_int_equal(f.err, ERR_AGAIN);
    feed_free(&f);
}

/* R4975-7.1-g; RFC 4975, trap 3. */
/* Octets are looked at as they come. */
static void between_two_frames_it_knows_nothing(void **state)
{
    struct span all = SPAN("\r\n" SEND_BODY("abcd") "x\r\n-------abcd$\r\n");
    struct parse_event ev;
    struct parser p;
    size_t at = 0;

    (void)state;
    parser_init(&p, 16384, 16);
    for (size_t n = 0; n <= all.n; n++) {
        struct span in = span_of(all.p + at, n - at);

        while (parser_next(&p, &in, &ev) == 0)
            continue;
        at = n - in.n;
        assert_int_equal(parser_is_new(&p), n <= 2 || n == all.n);
    }
    assert_true(parser_is_idle(&p));
}

static void an_empty_body_is_not_no_body(void **state)
{
    const struct feed_frame *frame;
    struct feed f;

    (void)state;
    frame = one(&f, SPAN(SEND_BODY("abcd") "\r\n-------abcd$\r\n"));
    assert_true(frame->m.has_body);
    assert_int_equal(frame->body_n, 0);
    feed_free(&f);

    frame = one(&f, SPAN(SEND("abcd") "-------abcd$\r\n"));
    assert_false(frame->m.has_body);
    feed_free(&f);
}

/* Digest 2.5: some leave the second CRLF of an empty body out. */
static void an_empty_body_may_lack_its_own_crlf(void **state)
{
    const struct feed_frame *frame;
    struct feed f;

    (void)state;
    frame = one(&f, SPAN(SEND_BODY("abcd") "-------abcd+\r\n"));
    assert_true(frame->m.has_body);
    assert_int_equal(frame->m.fault, MSG_FAULT_NONE);
    assert_int_equal(frame->body_n, 0);
    assert_int_equal(frame->flag, '+');
    feed_free(&f);
}

/* --- bodies that look like something else (RFC 4975, traps 1, 2; I-25) --- */

static void a_body_may_end_like_the_beginning_of_an_end_line(void **state)
{
    static const char end_line[] = "\r\n-------abcd$\r\n";

    (void)state;
    for (size_t n = 1; n < sizeof end_line - 1; n++)
        if (n != sizeof end_line - 3) /* the real CRLF would complete it */
            assert_body_survives(span_of(end_line, n));
    assert_body_survives(SPAN("x\r"));
    assert_body_survives(SPAN("x\n"));
    assert_body_survives(SPAN("x\r\n"));
    assert_body_survives(SPAN("\r\r\r\r\r"));
    assert_body_survives(SPAN("\r\n\r\n\r\n"));
    assert_body_survives(SPAN("-"));
    assert_body_survives(SPAN("-------"));
}

static void a_body_may_be_full_of_near_end_lines(void **state)
{
    static const char *const near[] = {
        "-------abcd",      "------abcd$\r\n",   "-------abcd!\r\n",
        "-------ABCD$\r\n", "-------abcde$\r\n", "-------abc$\r\n",
        "-------",          "-------abcd+$\r\n", "-------abcd$$\r\n",
        "-------abcd$\n",   "-------abcd$\rx",   "--------abcd$\r\n",
        "-------abcd $\r\n"};
    char body[512];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        /* On a line of its own, behind a lone CR, in the middle of a line. */
        n = (size_t)snprintf(body, sizeof body, "\r\n%s\r%s\nx%s", near[i],
                             near[i], near[i]);
        assert_body_survives(span_of(body, n));
        n = (size_t)snprintf(body, sizeof body, "\r\n%s\r\n%s", near[i],
                             near[i]);
        assert_body_survives(span_of(body, n));
    }
    n = 0;
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, "%s\r\n", near[i]);
    assert_body_survives(span_of(body, n));
    /* An end-line without the CRLF in front of it is body (D-1). */
    assert_body_survives(SPAN("x-------abcd$\r\nx"));
    assert_body_survives(SPAN("x\n-------abcd$\r\nx"));
}

static void a_body_may_hold_any_octet(void **state)
{
    char body[256 + 20];

    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)i;
    assert_body_survives(span_of(body, sizeof body));
}

static void a_body_may_look_like_frames(void **state)
{
    (void)state;
    assert_body_survives(SPAN("MSRP efgh SEND\r\n" PATHS
                              "\r\nx\r\n-------efgh$\r\nMSRP abcd 200 OK\r\n"));
}

/* Where the first end-line of `abcd` begins, found in the simplest way. */
static size_t first_end(struct span s)
{
    static const char *const ends[] = {
        "\r\n-------abcd$\r\n", "\r\n-------abcd+\r\n", "\r\n-------abcd#\r\n"};

    for (size_t at = 0; at < s.n; at++)
        for (size_t i = 0; i < 3; i++)
            if (span_starts(span_from(s, at), span_str(ends[i])))
                return at;
    return s.n;
}

/* Pieces of end-lines thrown together; what has a whole one too early is left
 * out. */
static void pieces_of_end_lines_in_any_mixture_are_body(void **state)
{
    static const char *const pieces[] = {"\r",          "\n",
                                         "\r\n",        "-",
                                         "-------",     "abcd",
                                         "abc",         "$",
                                         "+",           "x",
                                         "\r\n-------", "-------abcd",
                                         "$\r\n",       "\r\n-------abcd$",
                                         "------"};
    uint32_t random = 4975;
    unsigned fed = 0;

    (void)state;
    for (unsigned round = 0; round < 600; round++) {
        char text[256] = "\r\n";
        size_t n = 2;

        for (unsigned i = 0; i < 1 + round % 12; i++) {
            random = random * 1664525 + 1013904223;
            n += span_copy(text + n, sizeof text - n,
                           span_str(pieces[(random >> 16) % 15]));
        }
        (void)snprintf(text + n, sizeof text - n, "\r\n-------abcd$\r\n");
        if (first_end(span_str(text)) != n)
            continue;
        assert_body_survives(span_of(text + 2, n - 2));
        fed++;
    }
    assert_true(fed > 300);
}

static void an_end_line_is_matched_with_the_whole_of_a_long_tid(void **state)
{
#define LONG "a23456789012345678901234567890123456789012345678901234567890abcd"
    const struct feed_frame *frame;
    struct feed f;

    (void)state;
    frame = one(&f, SPAN(SEND_BODY(LONG) "x\r\n-------" LONG "e$\r\ny\r\n"
                                         "-------" LONG "#\r\n"));
    assert_span(feed_body(frame), "x\r\n-------" LONG "e$\r\ny");
    assert_int_equal(frame->flag, '#');
    feed_free(&f);
#undef LONG
}

static void flags_are_legal_in_a_tid(void **state)
{
    const struct feed_frame *frame;
    struct feed f;

    (void)state;
    frame = one(&f, SPAN(SEND_BODY("ab+$") "x\r\n-------ab+$\r\ny\r\n"
                                           "-------ab+$$\r\n"));
    assert_span(feed_body(frame), "x\r\n-------ab+$\r\ny");
    assert_int_equal(frame->flag, '$');
    feed_free(&f);
}

/* --- limits
 * ------------------------------------------------------------------- */

/* SEND with a header that makes the frame up to its end-line `octets` long; the
 * last octets are the end-line, or the empty line and what follows it. */
static void assert_head_of(size_t octets, const char *end, int err)
{
    struct feed_setup setup = {.head_size = 1024};
    char text[2048];
    size_t n = (size_t)snprintf(text, sizeof text, "%sX: ", SEND("abcd"));
    struct feed f;

    memset(text + n, 'x', octets);
    n = octets - strlen(end) - 2;
    n += (size_t)snprintf(text + n, sizeof text - n, "\r\n%s", end);
    assert_int_equal(n, octets);
    n += (size_t)snprintf(text + n, sizeof text - n, "%s", "\r\n");
    feed_every_way(&f, &setup, span_of(text, n));
    assert_int_equal(f.err, err);
    assert_int_equal(f.n, err == ERR_AGAIN);
    feed_free(&f);
}

static void a_head_may_be_as_long_as_the_limit(void **state)
{
    (void)state;
    assert_head_of(1023, "-------abcd$\r\n", ERR_AGAIN);
    assert_head_of(1024, "-------abcd$\r\n", ERR_AGAIN);
    assert_head_of(1024, "Content-Type: a/b\r\n\r\n", ERR_AGAIN);
}

static void a_head_one_octet_over_the_limit_is_refused(void **state)
{
    (void)state;
    assert_head_of(1025, "-------abcd$\r\n", ERR_LIMIT);
    assert_head_of(1025, "Content-Type: a/b\r\n\r\n", ERR_LIMIT);
}

/* Whoever holds the input has no more room than that. */
static void
a_head_that_fills_the_limit_and_goes_on_is_refused_at_once(void **state)
{
    struct feed_setup setup = {.head_size = 256, .gather = 1};
    char text[256] = "MSRP abcd SEND\r\nTo-Path: ";
    struct feed f;

    (void)state;
    memset(text + 25, 'x', sizeof text - 25);
    feed(&f, &setup, span_of(text, sizeof text), sizeof text, 1);
    assert_int_equal(f.err, ERR_LIMIT);
    feed_free(&f);
    memcpy(text + sizeof text - 2, "\r\n", 2);
    feed(&f, &setup, span_of(text, sizeof text), 1, 1);
    assert_int_equal(f.err, ERR_LIMIT);
    feed_free(&f);
}

/* --- lost framing
 * -------------------------------------------------------------- */

/* M-1. */
static void
what_does_not_begin_like_a_frame_is_refused_at_its_first_octet(void **state)
{
    (void)state;
    assert_dies("x", ERR_SYNTAX, 0);
    assert_dies("MSRPabcd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("msrp abcd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies(" MSRP abcd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("\rMSRP abcd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("\nMSRP abcd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("GET / HTTP/1.1\r\n", ERR_SYNTAX, 0);
    assert_dies("\x16\x03\x01", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "-------abcd$\r\nx", ERR_SYNTAX, 1);
}

/* M-1. */
static void a_start_line_without_a_tid_is_refused(void **state)
{
    (void)state;
    assert_dies("MSRP  SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("MSRP ab:cd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("MSRP ab\tcd SEND\r\n", ERR_SYNTAX, 0);
    assert_dies("MSRP abcd\r\n", ERR_SYNTAX, 0);
    assert_dies("MSRP a234567890123456789012345678901234567890"
                "1234567890123456789012345 SEND\r\n",
                ERR_SYNTAX, 0);
}

/* M-5: a bare LF in the start line counts as M-1. */
static void a_start_line_that_ends_in_a_bare_lf_is_refused(void **state)
{
    (void)state;
    assert_dies("MSRP abcd SEND\n", ERR_SYNTAX, 0);
    assert_dies("MSRP abcd 200 OK\n", ERR_SYNTAX, 0);
    assert_dies("MSRP abcd SE\nND\r\n", ERR_SYNTAX, 0);
}

/* M-6. */
static void an_end_line_among_headers_must_be_the_frames_own(void **state)
{
    (void)state;
    assert_dies(SEND("abcd") "-------efgh$\r\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "-------abcd!\r\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "-------abcd\r\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "-------ABCD$\r\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "------abcd$\r\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "--------abcd$\r\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "-------abcd$\n", ERR_SYNTAX, 0);
    assert_dies(SEND("abcd") "-\r\n", ERR_SYNTAX, 0);
}

/* I-12. */
static void tids_of_1_to_64_characters_are_taken(void **state)
{
    static const char *const tids[] = {
        "a", "ab", "abc", "a=b.c-d+e%f",
        "a234567890123456789012345678901234567890123456789012345678901234"};

    (void)state;
    for (size_t i = 0; i < sizeof tids / sizeof *tids; i++) {
        char text[512];
        int n = snprintf(text, sizeof text,
                         "MSRP %s SEND\r\n" PATHS "Message-ID: 1234\r\n"
                         "Content-Type: a/b\r\n\r\nx\r\n-------%s$\r\n",
                         tids[i], tids[i]);
        struct feed f;
        const struct feed_frame *frame = one(&f, span_of(text, (size_t)n));

        assert_span_equal(msg_text(&frame->m, frame->m.tid), span_str(tids[i]));
        feed_free(&f);
    }
}

/* What is wrong inside a head does not disturb the frame around it. */
static void a_faulty_head_is_followed_to_its_end(void **state)
{
    const struct feed_frame *frame;
    struct feed f;

    (void)state;
    frame = one(
        &f, SPAN("MSRP abcd SEND\r\n" PATHS "\r\nno type\r\n-------abcd$\r\n"));
    assert_int_equal(frame->m.fault, MSG_FAULT_MESSAGE_ID);
    assert_span(feed_body(frame), "no type");
    feed_free(&f);
    frame = one(&f, SPAN("MSRP abcd SEND\r\n\n" PATHS "-------abcd$\r\n"));
    assert_int_not_equal(frame->m.fault, MSG_FAULT_NONE);
    feed_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_examples_come_out_octet_by_octet),
        cmocka_unit_test(frames_follow_each_other_with_nothing_in_between),
        cmocka_unit_test(stray_crlfs_between_frames_are_skipped),
        cmocka_unit_test(between_two_frames_it_knows_nothing),
        cmocka_unit_test(an_empty_body_is_not_no_body),
        cmocka_unit_test(an_empty_body_may_lack_its_own_crlf),
        cmocka_unit_test(a_body_may_end_like_the_beginning_of_an_end_line),
        cmocka_unit_test(a_body_may_be_full_of_near_end_lines),
        cmocka_unit_test(a_body_may_hold_any_octet),
        cmocka_unit_test(a_body_may_look_like_frames),
        cmocka_unit_test(pieces_of_end_lines_in_any_mixture_are_body),
        cmocka_unit_test(an_end_line_is_matched_with_the_whole_of_a_long_tid),
        cmocka_unit_test(flags_are_legal_in_a_tid),
        cmocka_unit_test(a_head_may_be_as_long_as_the_limit),
        cmocka_unit_test(a_head_one_octet_over_the_limit_is_refused),
        cmocka_unit_test(
            a_head_that_fills_the_limit_and_goes_on_is_refused_at_once),
        cmocka_unit_test(
            what_does_not_begin_like_a_frame_is_refused_at_its_first_octet),
        cmocka_unit_test(a_start_line_without_a_tid_is_refused),
        cmocka_unit_test(a_start_line_that_ends_in_a_bare_lf_is_refused),
        cmocka_unit_test(an_end_line_among_headers_must_be_the_frames_own),
        cmocka_unit_test(tids_of_1_to_64_characters_are_taken),
        cmocka_unit_test(a_faulty_head_is_followed_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
