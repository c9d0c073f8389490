/* SPDX-License-Identifier: BSD-2-Clause */
#include "writer.h"

#include "cmocka_all.h"
#include "examples.h"
#include "feed.h"
#include "msg.h"

/* All parts in a row, with a NUL behind them. */
static const char *text_of(char *dst, size_t size, const struct frame *f)
{
    size_t n = 0;

    assert_false(f->overflow);
    for (size_t i = 0; i < f->n; i++) {
        assert_true(f->parts[i].n < size - n);
        memcpy(dst + n, f->parts[i].p, f->parts[i].n);
        n += f->parts[i].n;
    }
    assert_int_equal(f->octets, n);
    dst[n] = '\0';
    return dst;
}

static void assert_text(const struct frame *f, const char *want)
{
    char text[2048];

    assert_string_equal(text_of(text, sizeof text, f), want);
}

static void a_request_begins_with_its_line(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_request(&f, SPAN("abcd"), SPAN("SEND"));
    frame_header(&f, SPAN("To-Path"), SPAN("a b"));
    assert_text(&f, "MSRP abcd SEND\r\nTo-Path: a b\r\n");
}

static void a_response_has_a_comment_or_none(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_response(&f, SPAN("abcd"), 200, SPAN("OK"));
    frame_response(&f, SPAN("abcd"), 999, SPAN(""));
    assert_text(&f, "MSRP abcd 200 OK\r\nMSRP abcd 999\r\n");
}

static void a_range_has_stars_for_what_is_unknown(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_range(&f, 1, 25, 25);
    frame_range(&f, 2049, MSG_STAR, 9000);
    frame_range(&f, 1, MSG_STAR, MSG_STAR);
    frame_range(&f, 1, 0, 0);
    frame_range(&f, MSG_RANGE_MAX, UINT64_MAX - 1, 7);
    assert_text(&f, "Byte-Range: 1-25/25\r\n"
                    "Byte-Range: 2049-*/9000\r\n"
                    "Byte-Range: 1-*/*\r\n"
                    "Byte-Range: 1-0/0\r\n"
                    "Byte-Range: 9223372036854775807-18446744073709551614/7"
                    "\r\n");
}

static void a_status_has_the_namespace_000(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_status(&f, 408, SPAN("Timeout"));
    frame_status(&f, 413, SPAN(""));
    assert_text(&f, "Status: 000 408 Timeout\r\nStatus: 000 413\r\n");
}

static void an_end_line_has_each_flag(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_end(&f, SPAN("abcd"), '$');
    frame_end(&f, SPAN("abcd"), '+');
    frame_end(&f, SPAN("abcd"), '#');
    frame_end_body(&f, SPAN("abcd"), '+');
    assert_text(&f, "-------abcd$\r\n-------abcd+\r\n-------abcd#\r\n"
                    "\r\n-------abcd+\r\n");
}

static void empty_parts_take_no_room(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_add(&f, SPAN(""));
    assert_int_equal(f.n, 0);
    assert_int_equal(f.octets, 0);
}

static void one_part_too_many_is_an_overflow(void **state)
{
    const struct span part =
        SPAN("as long a text as is pointed to and not copied, for which it "
             "has to have 65 octets");
    struct frame f;

    (void)state;
    frame_init(&f);
    for (size_t i = 0; i < FRAME_PARTS; i++)
        frame_add(&f, part);
    assert_false(f.overflow);
    frame_add(&f, part);
    assert_true(f.overflow);
    assert_int_equal(f.n, FRAME_PARTS);
}

static void short_texts_are_few_parts(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_request(&f, SPAN("abcd"), SPAN("SEND"));
    frame_range(&f, 1, 5, 5);
    frame_add(&f, SPAN("Content-Type: text/plain; charset=UTF-8; note=long "
                       "enough to be no copy\r\n\r\n"));
    frame_end_body(&f, SPAN("abcd"), '+');
    assert_int_equal(f.n, 3);
    assert_true(f.begins);
    assert_int_equal(f.flag, '+');
    assert_text(&f, "MSRP abcd SEND\r\nByte-Range: 1-5/5\r\n"
                    "Content-Type: text/plain; charset=UTF-8; note=long enough "
                    "to be no copy\r\n\r\n"
                    "\r\n-------abcd+\r\n");
}

/* What is short has no place any more, and is pointed to. */
static void many_short_texts_are_whole(void **state)
{
    char want[FRAME_TEXT + 1] = "";
    struct frame f;

    (void)state;
    frame_init(&f);
    for (size_t i = 0; i < FRAME_TEXT / 8; i++) {
        frame_add(&f, SPAN("12345678"));
        memcpy(want + 8 * i, "12345678", 9);
    }
    assert_text(&f, want);
    frame_add_u64(&f, 9);
    assert_false(f.overflow);
}

static void numbers_without_room_are_an_overflow(void **state)
{
    struct frame f;
    unsigned fit = 0;

    (void)state;
    frame_init(&f);
    for (unsigned i = 0; i < FRAME_TEXT && !f.overflow; i++) {
        frame_add_u64(&f, UINT64_MAX - 1);
        fit += !f.overflow;
    }
    assert_int_equal(fit, FRAME_TEXT / 20);
    frame_init(&f);
    frame_add_u64(&f, 7);
    assert_text(&f, "7");
}

/* E7 and E6 as the relay would write them. */
static void the_worked_examples_can_be_written(void **state)
{
    struct frame f;

    (void)state;
    frame_init(&f);
    frame_response(&f, SPAN("q7Lw2Zp9Ka4e"), 200, SPAN(""));
    frame_header(&f, SPAN("To-Path"),
                 SPAN("msrp://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp"));
    frame_header(&f, SPAN("From-Path"),
                 SPAN("msrp://b.example.net:2855/Yx3mQ8vT1nRkZ6;tcp"));
    frame_end(&f, SPAN("q7Lw2Zp9Ka4e"), '$');
    assert_string_equal(examples[7].name, "E7");
    assert_text(&f, examples[7].frame);

    frame_init(&f);
    frame_request(&f, SPAN("h9Ud5Fz0Kq2b"), SPAN("REPORT"));
    frame_header(&f, SPAN("To-Path"),
                 SPAN("msrps://a.example.net:4001/Hc5dW0uJ7sPe2t;tcp"));
    frame_header(&f, SPAN("From-Path"),
                 SPAN("msrps://relay.example.org:2855/fP0aLk93Vw7Bsd;tcp"));
    frame_header(&f, SPAN("Message-ID"), SPAN("Pw84cNy2"));
    frame_range(&f, 1, 3000, 9000);
    frame_status(&f, 408, SPAN("next hop timed out"));
    frame_end(&f, SPAN("h9Ud5Fz0Kq2b"), '$');
    assert_string_equal(examples[6].name, "E6");
    assert_text(&f, examples[6].frame);
}

/* What is written is read again, with every flag. */
static void a_written_frame_is_read_again(void **state)
{
    static const char flags[] = "$+#";

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[2048];
        struct frame f;
        struct feed fed;

        frame_init(&f);
        frame_request(&f, SPAN("abcdefgh"), SPAN("SEND"));
        frame_header(&f, SPAN("To-Path"), SPAN("msrp://b:1/b;tcp"));
        frame_header(&f, SPAN("From-Path"), SPAN("msrp://a:1/a;tcp"));
        frame_header(&f, SPAN("Message-ID"), SPAN("1234"));
        frame_range(&f, 5, MSG_STAR, 900);
        frame_header(&f, SPAN("Content-Type"), SPAN("a/b"));
        frame_add(&f, SPAN("\r\n-------abcdefg$"));
        frame_end_body(&f, SPAN("abcdefgh"), flags[i]);
        feed_every_way(&fed, NULL, span_str(text_of(text, sizeof text, &f)));
        assert_int_equal(fed.n, 1);
        assert_int_equal(fed.frames[0].m.fault, MSG_FAULT_NONE);
        assert_int_equal(fed.frames[0].m.range_start, 5);
        assert_span(feed_body(&fed.frames[0]), "-------abcdefg$");
        assert_int_equal(fed.frames[0].flag, flags[i]);
        feed_free(&fed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_begins_with_its_line),
        cmocka_unit_test(a_response_has_a_comment_or_none),
        cmocka_unit_test(a_range_has_stars_for_what_is_unknown),
        cmocka_unit_test(a_status_has_the_namespace_000),
        cmocka_unit_test(an_end_line_has_each_flag),
        cmocka_unit_test(empty_parts_take_no_room),
        cmocka_unit_test(one_part_too_many_is_an_overflow),
        cmocka_unit_test(short_texts_are_few_parts),
        cmocka_unit_test(many_short_texts_are_whole),
        cmocka_unit_test(numbers_without_room_are_an_overflow),
        cmocka_unit_test(the_worked_examples_can_be_written),
        cmocka_unit_test(a_written_frame_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
