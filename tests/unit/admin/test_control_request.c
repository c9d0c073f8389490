/* SPDX-License-Identifier: BSD-2-Clause */
#include "control_request.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

/* A line and what became of it, in memory without an octet too much. */
struct taken {
    char *line;
    struct control_request q;
    const char *why;
    int err;
};

static struct taken take(struct span line)
{
    struct taken t = {.line = malloc(line.n ? line.n : 1)};

    assert_non_null(t.line);
    memcpy(t.line, line.p, line.n);
    t.err = control_request_parse(&t.q, &t.why, t.line, line.n);
    return t;
}

static void assert_refused(const char *line, const char *why)
{
    struct taken t = take(span_str(line));

    assert_int_equal(t.err, ERR_SYNTAX);
    assert_string_equal(t.why, why);
    free(t.line);
}

/* `value` is what the line names under `key`. */
static void assert_names(const char *line, unsigned key, const char *value)
{
    struct taken t = take(span_str(line));

    assert_int_equal(t.err, 0);
    assert_int_equal(t.q.key, key);
    assert_span_equal(t.q.value, span_str(value));
    free(t.line);
}

static void every_command_is_known_by_its_name(void **state)
{
    (void)state;
    for (int id = 0; id < CONTROL_COMMANDS; id++) {
        char line[64];
        struct taken t;

        snprintf(line, sizeof line, "  %s  %s", control_commands[id].name,
                 control_commands[id].needs_key ? "user=a" : "");
        t = take(span_str(line));
        assert_int_equal(t.err, 0);
        assert_int_equal(t.q.id, id);
        free(t.line);
    }
}

static void a_key_names_a_value(void **state)
{
    (void)state;
    assert_names("kick user=alice", CONTROL_USER, "alice");
    assert_names("sessions", 0, "");
    assert_names("kick session=Ab_-9z", CONTROL_SESSION, "Ab_-9z");
    assert_names("kick user=a=b", CONTROL_USER, "a=b");
}

static void quotes_hold_blanks_and_escapes(void **state)
{
    (void)state;
    assert_names("kick user=\"alice smith\"", CONTROL_USER, "alice smith");
    assert_refused("kick \"user=alice\"", "invalid argument for this command");
}

static void escapes_are_undone(void **state)
{
    (void)state;
    assert_names("kick user=\"a\\\"b\\\\c\" ", CONTROL_USER, "a\"b\\c");
    assert_names("kick user=al\"ic\"e", CONTROL_USER, "alice");
}

static void a_connection_is_a_number(void **state)
{
    struct taken t = take(SPAN("kick connection=18446744073709551615"));

    (void)state;
    assert_int_equal(t.err, 0);
    assert_int_equal(t.q.key, CONTROL_CONNECTION);
    assert_true(t.q.connection == UINT64_MAX);
    free(t.line);
    assert_refused("kick connection=0", "connection must be a positive number");
    assert_refused("kick connection=18446744073709551616",
                   "connection must be a positive number");
    assert_refused("kick connection=-1",
                   "connection must be a positive number");
    assert_refused("kick connection=1x",
                   "connection must be a positive number");
}

static void a_word_is_one_of_the_commands(void **state)
{
    struct taken t = take(SPAN("loglevel debug"));

    (void)state;
    assert_int_equal(t.err, 0);
    assert_span(t.q.word, "debug");
    free(t.line);
    assert_refused("loglevel loud", "invalid argument for this command");
    assert_refused("loglevel error warn", "too many arguments");
    assert_refused("loglevel \"\"", "invalid argument for this command");
    assert_refused("status on", "invalid argument for this command");
}

static void a_trace_says_what_and_whom(void **state)
{
    struct taken t = take(SPAN("trace user=alice on"));

    (void)state;
    assert_int_equal(t.err, 0);
    assert_span(t.q.word, "on");
    assert_span(t.q.value, "alice");
    free(t.line);
    assert_refused("trace on", "trace needs on or off, and user= or session=");
    assert_refused("trace user=alice",
                   "trace needs on or off, and user= or session=");
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no command, try help");
    assert_refused("  ", "no command, try help");
    assert_refused("statu", "unknown command, try help");
    assert_refused("statuss", "unknown command, try help");
    assert_refused("user=alice", "unknown command, try help");
    assert_refused("kick", "missing argument");
    assert_refused("kick user=", "a value must have 1 to 255 octets");
    assert_refused("kick name=alice", "invalid argument for this command");
    assert_refused("kick =alice", "invalid argument for this command");
    assert_refused("sessions connection=1",
                   "invalid argument for this command");
    assert_refused("kick user=a session=b", "too many arguments");
    assert_refused("kick user=\"alice", "unterminated quotes");
    assert_refused("kick user=\"alice\\", "unterminated quotes");
    assert_refused("\"", "unterminated quotes");
}

static void control_characters_are_refused(void **state)
{
    (void)state;
    assert_refused("status\r", "control character");
    assert_refused("kick user=\"a\x1b[2J\"", "control character");
    for (unsigned c = 0; c < ' '; c++) {
        char line[] = {'p', 'i', 'n', 'g', (char)c};
        struct taken t = take(span_of(line, sizeof line));

        assert_int_equal(t.err, ERR_SYNTAX);
        free(t.line);
    }
}

static void what_is_cut_short_is_no_other_request(void **state)
{
    static const char line[] = "kick user=\"al \\\"ice\"";

    (void)state;
    for (size_t n = 0; n + 1 < sizeof line - 1; n++) {
        struct taken t = take(span_of(line, n));

        assert_int_equal(t.err, ERR_SYNTAX);
        free(t.line);
    }
}

static void what_is_quoted_is_read_back(void **state)
{
    char all[CONTROL_VALUE_MAX], line[CONTROL_REQUEST_MAX];
    size_t n = 0;

    (void)state;
    for (unsigned c = ' '; c < 256; c++)
        if (c != 0x7f)
            all[n++] = (char)c;
    n = (size_t)snprintf(line, sizeof line, "kick user=");
    assert_int_equal(
        control_request_quote(line + n, sizeof line - n, span_of(all, 223)), 0);
    {
        struct taken t = take(span_str(line));

        assert_int_equal(t.err, 0);
        assert_int_equal(t.q.value.n, 223);
        assert_memory_equal(t.q.value.p, all, 223);
        free(t.line);
    }
}

static void the_longest_value_fits_into_a_line(void **state)
{
    char worst[CONTROL_VALUE_MAX], line[CONTROL_REQUEST_MAX];

    (void)state;
    memset(worst, '\\', sizeof worst);
    assert_int_equal(control_request_quote(line, 2 * sizeof worst + 5,
                                           span_of(worst, sizeof worst)),
                     0);
    assert_int_equal(strlen(line), 2 * sizeof worst + 2);
    assert_true(strlen("kick connection=") + strlen(line) <
                CONTROL_REQUEST_MAX);
}

static void what_cannot_be_quoted_is_refused(void **state)
{
    char dst[8];

    (void)state;
    assert_int_equal(control_request_quote(dst, sizeof dst, SPAN("a\nb")),
                     ERR_SYNTAX);
    assert_int_equal(control_request_quote(dst, sizeof dst, SPAN("abcdef")),
                     ERR_LIMIT);
    assert_int_equal(control_request_quote(dst, 2, SPAN("")), ERR_LIMIT);
    assert_int_equal(control_request_quote(dst, 3, SPAN("")), 0);
    assert_string_equal(dst, "\"\"");
}

static void filters_may_be_combined(void **state)
{
    struct taken t =
        take(SPAN("connections idle=5m peer=2001:db8::/32 user=\"a b\""));

    (void)state;
    assert_int_equal(t.err, 0);
    assert_int_equal(t.q.key, 0);
    assert_int_equal(t.q.filters, CONTROL_USER | CONTROL_PEER | CONTROL_IDLE);
    assert_span(t.q.user, "a b");
    assert_int_equal(t.q.idle_ms, 300000);
    assert_int_equal(t.q.peer.n, 16);
    assert_int_equal(t.q.peer.prefix, 32);
    free(t.line);
    assert_refused("sessions user=a user=b", "the same argument twice");
    assert_refused("sessions idle=5", "invalid argument for this command");
    assert_refused("users user=", "a value must have 1 to 255 octets");
}

static void a_peer_is_an_address_or_a_block(void **state)
{
    static const char why[] =
        "peer must be an address, or a block such as 192.0.2.0/24";
    struct taken t = take(SPAN("sessions peer=192.0.2.7"));

    (void)state;
    assert_int_equal(t.err, 0);
    assert_int_equal(t.q.peer.n, 4);
    assert_int_equal(t.q.peer.prefix, 32);
    free(t.line);
    assert_refused("sessions peer=192.0.2.7:4000", why);
    assert_refused("sessions peer=192.0.2.7/24", why);
    assert_refused("sessions peer=example.com", why);
}

static void an_idle_time_may_have_a_unit(void **state)
{
    static const struct {
        const char *line;
        uint64_t ms;
    } rows[] = {
        {"connections idle=0", 0},         {"connections idle=90", 90000},
        {"connections idle=90s", 90000},   {"connections idle=2h", 7200000},
        {"connections idle=1d", 86400000},
    };
    static const char *const wrong[] = {"connections idle=s",
                                        "connections idle=-1",
                                        "connections idle=5x",
                                        "connections idle=5mm",
                                        "connections idle=99999999999999999999",
                                        "connections idle=99999999999d"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct taken t = take(span_str(rows[i].line));

        assert_int_equal(t.err, 0);
        assert_int_equal(t.q.idle_ms, rows[i].ms);
        free(t.line);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(wrong[i], "idle must be seconds, or a time such as 5m, "
                                 "2h or 1d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_known_by_its_name),
        cmocka_unit_test(a_key_names_a_value),
        cmocka_unit_test(quotes_hold_blanks_and_escapes),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(a_connection_is_a_number),
        cmocka_unit_test(a_word_is_one_of_the_commands),
        cmocka_unit_test(a_trace_says_what_and_whom),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(what_is_cut_short_is_no_other_request),
        cmocka_unit_test(what_is_quoted_is_read_back),
        cmocka_unit_test(the_longest_value_fits_into_a_line),
        cmocka_unit_test(what_cannot_be_quoted_is_refused),
        cmocka_unit_test(filters_may_be_combined),
        cmocka_unit_test(a_peer_is_an_address_or_a_block),
        cmocka_unit_test(an_idle_time_may_have_a_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
