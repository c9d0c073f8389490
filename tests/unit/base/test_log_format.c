/* SPDX-License-Identifier: BSD-2-Clause */
#include "log_format.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "json_check.h"
#include "log.h"
#include "oom.h"

static char object[LOG_FORMAT_JSON_MAX];

static struct span make(const char *fmt, struct span text)
{
    const struct log_entry e = {.unix_ms = 1795341600123,
                                .level = LOG_LEVEL_INFO,
                                .fmt = fmt,
                                .text = text};
    struct span s = log_format_json(object, &e);

    if (!json_check(s))
        fail_msg("no JSON: %.*s", SPAN_ARG(s));
    return s;
}

/* What comes after time and level. */
static void assert_members(const char *fmt, const char *text, const char *want)
{
    static const char head[] =
        "{\"time\":\"2026-11-22T10:00:00.123Z\",\"level\":\"info\",";
    struct span got = make(fmt, span_str(text));

    assert_true(span_starts(got, SPAN(head)));
    assert_span_equal(span_from(got, sizeof head - 1), span_str(want));
}

static void words_are_the_event_and_the_rest_is_fields(void **state)
{
    (void)state;
    assert_members("c=%llu s=%.6s session granted%s expires=%u",
                   "c=42 s=123456 session granted peer=[::1]:7 user=\"A b\" "
                   "expires=600",
                   "\"event\":\"session granted\",\"c\":42,\"s\":\"123456\","
                   "\"peer\":\"[::1]:7\",\"user\":\"A b\",\"expires\":600}");
    assert_members("reload failed, nothing changed error=\"%s\"",
                   "reload failed, nothing changed error=\"bad news\"",
                   "\"event\":\"reload failed, nothing changed\","
                   "\"error\":\"bad news\"}");
    assert_members("stopped", "stopped", "\"event\":\"stopped\"}");
}

static void a_line_without_words_has_its_first_field_as_event(void **state)
{
    (void)state;
    assert_members("signal=%d", "signal=15",
                   "\"event\":\"signal\",\"signal\":15}");
    assert_members("table=relay connections=%zu", "table=relay connections=3",
                   "\"event\":\"table\",\"table\":\"relay\","
                   "\"connections\":3}");
    assert_members("", "", "\"event\":\"\"}");
}

/* A member has the same type in every line, whatever its value is. */
static void what_is_a_number_is_said_by_the_format(void **state)
{
    (void)state;
    assert_members("tid=%s n=%u", "tid=123 n=123",
                   "\"event\":\"tid\",\"tid\":\"123\",\"n\":123}");
    assert_members("a=%03lld b=%zu c=%5.1f", "a=-07 b=0 c=1.5",
                   "\"event\":\"a\",\"a\":-7,\"b\":0,\"c\":\"1.5\"}");
    assert_members("xn=%u n=%s", "xn=1 n=1",
                   "\"event\":\"xn\",\"xn\":1,\"n\":\"1\"}");
    assert_members("n=%u", "n=\"1\"", "\"event\":\"n\",\"n\":\"1\"}");
    /* Cut in the middle of the line, or too long for a number. */
    assert_members("n=%d", "n=-", "\"event\":\"n\",\"n\":\"-\"}");
    assert_members("n=%u", "n=", "\"event\":\"n\",\"n\":\"\"}");
    assert_members("n=%u", "n=99999999999999999999",
                   "\"event\":\"n\",\"n\":\"99999999999999999999\"}");
}

static void what_is_in_quotes_is_one_value(void **state)
{
    (void)state;
    assert_members("in %s user=%s", "in \"A c=5 x\" user=\"b level=error\"",
                   "\"event\":\"in A c=5 x\",\"user\":\"b level=error\"}");
    assert_members("user=%s", "user=\"\"", "\"event\":\"user\",\"user\":\"\"}");
    assert_members("user=%s end", "user=\"abc\"... end",
                   "\"event\":\"end\",\"user\":\"abc...\"}");
    assert_members("user=%s", "user=\"ab c",
                   "\"event\":\"user\",\"user\":\"ab c\"}");
    assert_members("user=%s", "user=\"", "\"event\":\"user\",\"user\":\"\"}");
}

static void what_is_no_name_is_a_word(void **state)
{
    (void)state;
    assert_members("a (x=1) =b", "a (x=1) =b", "\"event\":\"a (x=1) =b\"}");
    assert_members("message-id=%s limits.connections=%llu",
                   "message-id=m limits.connections=7",
                   "\"event\":\"message-id\",\"message-id\":\"m\","
                   "\"limits.connections\":7}");
}

static void octets_come_back_and_are_escaped_for_json(void **state)
{
    (void)state;
    assert_members("user=%s", "user=\"\\xc3\\xa9\\x22\\x5c\\x0a\\x00\"",
                   "\"event\":\"user\",\"user\":\"\xc3\xa9\\\"\\\\"
                   "\\u000a\\u0000\"}");
    /* Invalid UTF-8, and an escape that the end of the line cut. */
    assert_members("user=%s", "user=\"\\xff\\xc3\"",
                   "\"event\":\"user\",\"user\":\"\\u00ff\\u00c3\"}");
    assert_members("user=%s", "user=\"a\\x4",
                   "\"event\":\"user\",\"user\":\"a\\\\x4\"}");
    /* Outside of quotes nothing is escaped. */
    assert_members("w=%s", "w=\\x41 \x80",
                   "\"event\":\"\\u0080\",\"w\":\"\\\\x41\"}");
}

/* Any octets, as log_escape() writes them, and of any length. */
static void any_octets_survive(void **state)
{
    char value[256], text[1100];

    (void)state;
    for (int first = 0; first < 256; first++) {
        char octets[3] = {(char)first, (char)(255 - first), (char)first};
        int n = snprintf(text, sizeof text, "x user=%s end=1",
                         log_escape(value, sizeof value, span_of(octets, 3)));
        struct span s = make("x user=%s end=%u", span_of(text, (size_t)n));

        assert_non_null(memmem(s.p, s.n, ",\"end\":1}", 9));
    }
}

static void a_line_may_be_cut_anywhere(void **state)
{
    static const char line[] =
        "c=42 in \"SE ND\" tid=\"\\xff\\x22\"... user=\"a b\" n=-12 end";

    (void)state;
    for (size_t n = 0; n < sizeof line; n++)
        make("c=%llu in %s tid=%s user=%s n=%d end", span_of(line, n));
}

static void the_worst_line_has_room(void **state)
{
    static const char worst[] = {'\x80', '"', '\\', '\x01', '=', ' ', 'a'};
    char text[LOG_FORMAT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof worst; i++) {
        memset(text, worst[i], sizeof text);
        make("", span_of(text, sizeof text));
    }
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "a= "[i % 3];
    make("", span_of(text, sizeof text));
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "a=\x80 "[i % 4];
    make("", span_of(text, sizeof text));
}

static int make_one(void *ctx)
{
    (void)ctx;
    make("c=%u x", SPAN("c=1 x"));
    return 0;
}

static void nothing_is_allocated(void **state)
{
    (void)state;
    assert_int_equal(oom_sweep(make_one, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_the_event_and_the_rest_is_fields),
        cmocka_unit_test(a_line_without_words_has_its_first_field_as_event),
        cmocka_unit_test(what_is_a_number_is_said_by_the_format),
        cmocka_unit_test(what_is_in_quotes_is_one_value),
        cmocka_unit_test(what_is_no_name_is_a_word),
        cmocka_unit_test(octets_come_back_and_are_escaped_for_json),
        cmocka_unit_test(any_octets_survive),
        cmocka_unit_test(a_line_may_be_cut_anywhere),
        cmocka_unit_test(the_worst_line_has_room),
        cmocka_unit_test(nothing_is_allocated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
