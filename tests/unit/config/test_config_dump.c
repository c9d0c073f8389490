/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "config.h"
#include "err.h"
#include "parsed.h"
#include "settings.h"

static void assert_round_trip(const char *text)
{
    struct config *c = parsed_good(text);
    char *first = parsed_dump(c);
    struct config *again = parsed_good(first);
    char *second = parsed_dump(again);

    assert_string_equal(first, second);
    free(first);
    free(second);
    config_free(c);
    config_free(again);
}

static void a_dump_gives_the_same_dump(void **state)
{
    (void)state;
    assert_round_trip(LISTEN);
    assert_round_trip(
        "relay: { aliases = [ \"a\", \"b\" ]; user = \"\\x01 \\\" \\\\ \\n "
        "\\xff9\"; realm = \"r \xc3\xbc\"; };\n"
        "timers: { idle = 0.125; drain = \"1m\"; };\n"
        "limits: { rate = \"3M\"; message_size = 5000000001; };\n"
        "dial: { allow = [ \"::ffff:10.0.0.0/104\", \"1::\" ]; deny = [ ]; "
        "servers = [ \"::1\", \"1.1.1.1:1\" ]; };\n"
        "listen = ( { address = \"::ffff:127.0.0.1\"; }, "
        "{ transport = \"ws\"; port = 0; } );\n");
}

static void a_dump_gives_the_same_values(void **state)
{
    struct config *c =
        parsed_good("relay: { user = \"\\x01 \\\" \\\\ \\n\\xff9\"; "
                    "};\nlimits: { message_size = \"5G\"; };\n"
                    "timers: { idle = 0.125; };\n" LISTEN);
    char *text = parsed_dump(c);
    struct config *again = parsed_good(text);

    (void)state;
    assert_string_equal(again->relay.user, "\x01 \" \\ \n\xff"
                                           "9");
    assert_true(again->limits.message_size == UINT64_C(5) << 30);
    assert_int_equal(again->timers.idle_ms, 125);
    free(text);
    config_free(c);
    config_free(again);
}

/* What is only looked at, or only meant, where somebody chose it. */
static void defaults_are_defaults_in_a_dump_too(void **state)
{
    static const char *const keys[] = {"tls.certificate", "tls.private_key",
                                       "dial.deny", "relay.group"};
    struct config *c = parsed_good(LISTEN "relay: { user = \"a\"; };");
    char *text = parsed_dump(c);
    struct config *again = parsed_good(text);

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_true(config_is_default(c, keys[i]));
        assert_true(config_is_default(again, keys[i]));
        assert_true(config_is_set(again, keys[i]));
    }
    assert_false(config_is_default(c, "relay.user"));
    assert_false(config_is_default(again, "relay.user"));
    free(text);
    config_free(c);
    config_free(again);
}

static void a_dump_has_every_key(void **state)
{
    struct config *c = parsed_good(LISTEN);
    char *text = parsed_dump(c);

    (void)state;
    for (size_t i = 0; i < settings_n; i++) {
        struct span rest = span_str(settings[i].key);
        char name[128] = "";
        size_t n = 0;

        for (; span_find(rest, '.') < rest.n; n += 4) {
            (void)span_cut(&rest, '.');
            memcpy(name + n, "    ", 4);
        }
        snprintf(name + n, sizeof name - n, "%.*s = ", SPAN_ARG(rest));
        assert_non_null(strstr(text, name));
    }
    assert_non_null(strstr(text, "    { transport = \"tls\"; address = "
                                 "\"::\"; port = 2855; proxy = [ ]; "
                                 "tls_in_front = false; advertise = 0; "
                                 "name = \"\"; max_chunk_size = 0; }\n"));
    free(text);
    config_free(c);
}

static void a_dump_that_cannot_be_written_says_so(void **state)
{
    struct config *c = parsed_good(LISTEN);
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(full);
    assert_int_equal(config_dump(c, full), ERR_IO);
    fclose(full);
    config_free(c);
}

static void note_key(void *ctx, const char *key)
{
    char *keys = ctx;

    snprintf(keys + strlen(keys), 128 - strlen(keys), "%s ", key);
}

static void what_only_a_restart_changes_is_named(void **state)
{
    struct config *a =
        parsed_good("relay: { user = \"a\"; group = \"g\"; };" LISTEN);
    struct config *b = parsed_good("relay: { user = \"b\"; group = \"g\"; };\n"
                                   "timers: { drain = 1; };" LISTEN);
    struct config *c =
        parsed_good("relay: { user = \"a\"; group = \"g\"; };" LISTEN);
    char keys[128] = "";

    (void)state;
    assert_int_equal(config_keep_fixed(b, a, note_key, keys), 0);
    assert_string_equal(keys, "relay.user ");
    assert_string_equal(b->relay.user, "a");
    keys[0] = '\0';
    assert_int_equal(config_keep_fixed(c, b, note_key, keys), 0);
    assert_string_equal(keys, ""); /* as at the start again */
    config_free(a);
    config_free(b);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_gives_the_same_dump),
        cmocka_unit_test(a_dump_gives_the_same_values),
        cmocka_unit_test(defaults_are_defaults_in_a_dump_too),
        cmocka_unit_test(a_dump_has_every_key),
        cmocka_unit_test(a_dump_that_cannot_be_written_says_so),
        cmocka_unit_test(what_only_a_restart_changes_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
