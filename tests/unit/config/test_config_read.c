/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_read.h"

#include <inttypes.h>
#include <stdio.h>

#include "cmocka_all.h"
#include "config_value.h"
#include "parsed.h"
#include "settings.h"

/* A file with `value` for the key, at line 1, and whatever else it needs. */
static const char *with(char *text, size_t size, const char *key,
                        const char *value)
{
    struct span rest = span_str(key);
    size_t n = 0, depth = 0;

    for (; span_find(rest, '.') < rest.n; depth++) {
        struct span group = span_cut(&rest, '.');

        n += (size_t)snprintf(text + n, size - n, "%.*s: { ", SPAN_ARG(group));
    }
    n += (size_t)snprintf(text + n, size - n, "%.*s = %s;", SPAN_ARG(rest),
                          value);
    for (; depth > 0; depth--)
        n += (size_t)snprintf(text + n, size - n, " };");
    (void)snprintf(text + n, size - n, "%s%s", "\n",
                   strcmp(key, "listen") == 0 ? "" : LISTEN);
    return text;
}

static bool is_number(const struct setting *s)
{
    return s->type == SETTING_COUNT || s->type == SETTING_SIZE ||
           s->type == SETTING_TIME || s->type == SETTING_SECONDS;
}

/* A value of the setting as the file would say it. */
static const char *number(char *dst, size_t size, const struct setting *s,
                          uint64_t v)
{
    char text[CONFIG_VALUE_MAX];

    if (s->type == SETTING_TIME)
        snprintf(dst, size, "%s", config_value_time_text(text, v));
    else if (s->type == SETTING_SIZE)
        snprintf(dst, size, "\"%" PRIu64 "\"", v);
    else
        snprintf(dst, size, "%" PRIu64, v);
    return dst;
}

/* The one fault of a file, at line 1, names the key. */
static void assert_fault_of(const struct setting *s, const char *text)
{
    struct faults f;
    char start[128];

    assert_null(parsed(&f, text));
    assert_int_equal(f.count, 1);
    snprintf(start, sizeof start, "test.conf:1: %s", s->key);
    assert_memory_equal(f.text, start, strlen(start));
}

static void every_number_is_held_in_its_bounds(void **state)
{
    char text[256], value[128];

    (void)state;
    for (size_t i = 0; i < settings_n; i++) {
        const struct setting *s = &settings[i];
        struct faults f;

        if (!is_number(s))
            continue;
        assert_true(s->max > s->min);
        with(text, sizeof text, s->key,
             number(value, sizeof value, s, s->max + 1));
        assert_fault_of(s, text);
        assert_fault_of(s, with(text, sizeof text, s->key, "-1"));
        if (s->min > 0) {
            with(text, sizeof text, s->key,
                 number(value, sizeof value, s, s->min - 1));
            assert_fault_of(s, text);
        }
        /* At a bound it may only be out of order with its neighbours. */
        for (int high = 0; high < 2; high++) {
            with(text, sizeof text, s->key,
                 number(value, sizeof value, s, high ? s->max : s->min));
            config_free(parsed(&f, text));
            assert_null(strstr(f.text, " must be from "));
        }
    }
}

static void every_key_refuses_every_other_type(void **state)
{
    static const struct {
        const char *value;
        unsigned types; /* that take it: one bit each */
    } rows[] = {
        {"true", 1 << SETTING_BOOL},
        {"100", 1 << SETTING_COUNT | 1 << SETTING_SIZE | 1 << SETTING_TIME |
                    1 << SETTING_SECONDS},
        {"100L", 1 << SETTING_COUNT | 1 << SETTING_SIZE | 1 << SETTING_TIME |
                     1 << SETTING_SECONDS},
        {"100.0", 1 << SETTING_TIME | 1 << SETTING_SECONDS},
        {"\"\\x01\"", 1 << SETTING_TEXT},
        {"{ }", 0},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < settings_n; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
            const struct setting *s = &settings[i];

            if (!s->is_list && (rows[j].types & 1U << s->type))
                continue;
            assert_fault_of(s, with(text, sizeof text, s->key, rows[j].value));
        }
}

static void every_list_refuses_items_of_another_type(void **state)
{
    static const char *const values[] = {"( 1 )", "( true )", "( ( ) )",
                                         "( \"!\" )", "( 0.5 )"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < settings_n; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++)
            if (settings[i].is_list)
                assert_fault_of(&settings[i], with(text, sizeof text,
                                                   settings[i].key, values[j]));
}

static void every_scalar_refuses_lists(void **state)
{
    char text[256];

    (void)state;
    for (size_t i = 0; i < settings_n; i++) {
        if (settings[i].is_list)
            continue;
        assert_fault_of(&settings[i],
                        with(text, sizeof text, settings[i].key, "[ ]"));
        assert_fault_of(&settings[i],
                        with(text, sizeof text, settings[i].key, "( 1 )"));
    }
}

static void texts_are_checked(void **state)
{
    static const char *const rows[][2] = {
        {"relay.name", "192.0.2.1"},
        {"relay.name", "::1"},
        {"relay.name", ""},
        {"relay.realm", ""},
        {"relay.realm", "a\\\"b"},
        {"relay.realm", "a\\x7f"},
        {"tls.certificate", ""},
        {"tls.private_key", ""},
        {"tls.min_version", "1.1"},
        {"auth.users_file", ""},
        {"log.level", "INFO"},
        {"log.target", ""},
        {"log.target", "relative/path"},
        {"log.target", "stdout"},
        {"log.accounting", "off"},
        {"metrics.address", "localhost"},
        {"metrics.address", "127.0.0.1:80"},
        {"control.socket", "relative"},
        {"control.socket",
         "/1234567890123456789012345678901234567890123456789012345678901234"
         "567890123456789012345678901234567890123456789"},
        {"timers.idle", "5 m"},
        {"timers.idle", "99999999999999999h"},
        {"auth.min_expires", "1500ms"},
        {"send.max_chunk_size", "64kb"},
        {"limits.message_size", "99999999999999999999"},
        {"limits.connections", "100"},
    };
    char text[512], value[256];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(value, sizeof value, "\"%s\"", rows[i][1]);
        assert_fault_of(settings_find(rows[i][0]),
                        with(text, sizeof text, rows[i][0], value));
    }
}

static void every_fault_is_reported(void **state)
{
    (void)state;
    parsed_bad(
        "relay: {\n"
        "  name = \"10.0.0.1\";\n"
        "  nam = 1;\n"
        "  user = 5;\n"
        "};\n"
        "zebra = { };\n"
        "send: { high_water = 1; };\n"
        "dial = 5;\n"
        "auth: { allow_tcp = \"yes\"; algorithms = [ \"MD5\",\n"
        "    \"SHA1\" ]; };\n"
        "listen = ( { port = 70000; transport = \"udp\" },\n"
        "  { address = \"localhost\"; adress = 1; }, 5 );\n"
        "log: { level = \"loud\"; };\n",
        "test.conf:2: relay.name must be a host name, never a numeric "
        "address, not \"10.0.0.1\"\n"
        "test.conf:3: unknown key relay.nam: did you mean relay.name?\n"
        "test.conf:4: relay.user must be a string, not a whole number\n"
        "test.conf:6: unknown key zebra\n"
        "test.conf:7: send.high_water must be from 4096 to 1G\n"
        "test.conf:8: dial must be a group in braces, not a whole number\n"
        "test.conf:9: auth.allow_tcp must be true or false, not a string\n"
        "test.conf:10: auth.algorithms must be one of \"MD5\", "
        "\"SHA-256\", not \"SHA1\"\n"
        "test.conf:11: listen.port must be from 0 to 65535\n"
        "test.conf:11: listen.transport must be one of \"tcp\", \"tls\", "
        "\"ws\", \"wss\", not \"udp\"\n"
        "test.conf:12: listen.address must be a numeric address in a "
        "string, not \"localhost\"\n"
        "test.conf:12: unknown key listen.adress: did you mean "
        "listen.address?\n"
        "test.conf:12: listen must be a group in braces, not a whole "
        "number\n"
        "test.conf:13: log.level must be one of \"error\", \"warn\", "
        "\"info\", \"debug\", not \"loud\"\n");
}

static void syntax_errors_have_their_line(void **state)
{
    (void)state;
    parsed_bad("a = 1;\nb = = 2;\n",
               "test.conf:2: syntax error: expected a value, not \"=\"\n");
    parsed_bad("auth: { algorithms = [ \"MD5\",\n1 ]; };\n",
               "test.conf:2: mismatched element type in array\n");
}

static void marks_must_be_in_order(void **state)
{
    (void)state;
    parsed_bad(
        "send: {\n high_water = 8192;\n low_water = 8192;\n};\n" LISTEN,
        "test.conf:3: send.low_water must be less than send.high_water\n");
    parsed_bad(
        "send: { low_water = 262144; };\n" LISTEN,
        "test.conf:1: send.low_water must be less than send.high_water\n");
    config_free(parsed_good("send: { low_water = 262143; };\n" LISTEN));
}

static void lives_of_uris_must_be_in_order(void **state)
{
    (void)state;
    parsed_bad("auth: { default_expires = 59; };\n" LISTEN,
               "test.conf:1: auth.min_expires must not be more than "
               "auth.default_expires\n");
    parsed_bad("auth: { default_expires = 86401; };\n" LISTEN,
               "test.conf:1: auth.default_expires must not be more than "
               "auth.max_expires\n");
    parsed_bad("auth: {\nmin_expires = 86401; };\n" LISTEN,
               "test.conf:2: auth.min_expires must not be more than "
               "auth.max_expires\n");
    config_free(parsed_good("auth: { min_expires = 5; default_expires = 5; "
                            "max_expires = 5; };\n" LISTEN));
}

static void a_wrong_value_is_not_compared(void **state)
{
    (void)state;
    parsed_bad("send: { high_water = 1; low_water = 300000; };\n" LISTEN,
               "test.conf:1: send.high_water must be from 4096 to 1G\n");
}

static void a_socket_is_listened_on_once(void **state)
{
    (void)state;
    parsed_bad("listen = ( { port = 1; },\n{ port = 2; },\n{ port = 1; } );",
               "test.conf:3: duplicate address and port in listen: test.conf:1 "
               "has them already\n");
    parsed_bad("listen = ( { address = \"0.0.0.0\"; port = 1; },\n"
               "{ address = \"::\"; port = 1; } );",
               "test.conf:2: duplicate address and port in listen: test.conf:1 "
               "has them already (:: and 0.0.0.0 overlap)\n");
    parsed_bad("listen = ( { address = \"::\"; port = 1; },\n"
               "{ address = \"0.0.0.0\"; port = 1; } );",
               "test.conf:2: duplicate address and port in listen: test.conf:1 "
               "has them already (0.0.0.0 and :: overlap)\n");
    parsed_bad("listen = ( { address = \"192.0.2.1\"; port = 1; },\n"
               "{ address = \"::ffff:192.0.2.1\"; port = 1; } );",
               "test.conf:2: duplicate address and port in listen: test.conf:1 "
               "has them already\n");
    parsed_bad("listen = ( { address = \"0.0.0.0\"; port = 1; },\n"
               "{ address = \"127.0.0.1\"; port = 1; } );",
               "test.conf:2: duplicate address and port in listen: test.conf:1 "
               "has them already (127.0.0.1 and 0.0.0.0 overlap)\n");
    parsed_bad("listen = ( { port = 1; },\n"
               "{ address = \"::1\"; port = 1; } );",
               "test.conf:2: duplicate address and port in listen: test.conf:1 "
               "has them already (::1 and :: overlap)\n");
    config_free(parsed_good("listen = ( { port = 0; }, { port = 0; },\n"
                            "{ address = \"0.0.0.0\"; port = 1; },\n"
                            "{ address = \"::1\"; port = 1; } );"));
}

static void no_two_groups_want_the_same_socket(void **state)
{
    (void)state;
    parsed_bad("listen = ( { address = \"0.0.0.0\"; port = 9285; } );\n"
               "metrics: { address = \"127.0.0.1\"; };",
               "test.conf:2: duplicate address and port in metrics: "
               "test.conf:1 has them already (127.0.0.1 and 0.0.0.0 "
               "overlap)\n");
    parsed_bad("listen = ( { port = 1; } );\n"
               "anchor: { listen = [ \"udp:127.0.0.1:1\",\n"
               "\"tcp:127.0.0.1:1\" ]; };",
               "test.conf:2: duplicate address and port in anchor.listen: "
               "test.conf:1 has them already (127.0.0.1 and :: overlap)\n");
    config_free(
        parsed_good("listen = ( { port = 9285; } );\n"
                    "anchor: { listen = [ \"udp:127.0.0.1:9285\" ]; };"));
}

static void an_algorithm_is_offered_once(void **state)
{
    (void)state;
    parsed_bad("auth: { algorithms = [ \"MD5\", \"MD5\" ]; };\n" LISTEN,
               "test.conf:1: duplicate algorithm in auth.algorithms\n");
    parsed_bad("auth: { algorithms = [ ]; };\n" LISTEN,
               "test.conf:1: auth.algorithms must have from 1 to 2 items\n");
}

static void octets_that_do_not_print_are_escaped(void **state)
{
    struct faults f;

    (void)state;
    assert_null(parsed(&f, "log: { level = \"a\\nb\\x1b\"; };\n" LISTEN));
    assert_int_equal(f.count, 1);
    for (const char *p = f.text; p[1]; p++)
        assert_true(*p >= ' ' && *p < 0x7f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_held_in_its_bounds),
        cmocka_unit_test(every_key_refuses_every_other_type),
        cmocka_unit_test(every_list_refuses_items_of_another_type),
        cmocka_unit_test(every_scalar_refuses_lists),
        cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(every_fault_is_reported),
        cmocka_unit_test(syntax_errors_have_their_line),
        cmocka_unit_test(marks_must_be_in_order),
        cmocka_unit_test(lives_of_uris_must_be_in_order),
        cmocka_unit_test(a_wrong_value_is_not_compared),
        cmocka_unit_test(a_socket_is_listened_on_once),
        cmocka_unit_test(no_two_groups_want_the_same_socket),
        cmocka_unit_test(an_algorithm_is_offered_once),
        cmocka_unit_test(octets_that_do_not_print_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
