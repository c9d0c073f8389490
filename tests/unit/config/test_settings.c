/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "config.h"
#include "config_value.h"
#include "file.h"
#include "parsed.h"
#include "sock.h"

enum { FILE_MAX = 1 << 20, TEXT_MAX = 2048 };

/* --- texts --- */

static char *read_file(const char *name)
{
    char *text;
    size_t n;

    assert_int_equal(file_read(&text, &n, name, FILE_MAX), 0);
    return text;
}

/* Every run of white space becomes one blank. */
static char *squeeze(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (!isspace((unsigned char)*from))
            *to++ = *from;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
    return text;
}

/* --- what the manual says of a key --- */

static const char *noun(const struct setting *s)
{
    static const char *const nouns[] = {
        [SETTING_BOOL] = "true or false", [SETTING_COUNT] = "number",
        [SETTING_SIZE] = "size",          [SETTING_TIME] = "duration",
        [SETTING_SECONDS] = "seconds",    [SETTING_TEXT] = "string",
        [SETTING_CHOICE] = "one of",      [SETTING_ADDRESS] = "address",
        [SETTING_SERVER] = "server",      [SETTING_CIDR] = "block",
        [SETTING_GROUP] = "groups",
    };
    static const char *const plurals[] = {
        [SETTING_TEXT] = "array of strings",
        [SETTING_CHOICE] = "array of",
        [SETTING_SERVER] = "array of servers",
        [SETTING_CIDR] = "array of blocks",
        [SETTING_GROUP] = "list of groups",
    };

    return s->is_list ? plurals[s->type] : nouns[s->type];
}

static void put_bounds(FILE *f, const struct setting *s)
{
    char min[CONFIG_VALUE_MAX], max[CONFIG_VALUE_MAX];

    if (s->is_list || s->max == 0)
        return;
    if (s->type == SETTING_TIME)
        fprintf(f, ", %s to %s", config_value_time_text(min, s->min),
                config_value_time_text(max, s->max));
    else if (s->type == SETTING_SIZE)
        fprintf(f, ", %s to %s", config_value_size_text(min, s->min),
                config_value_size_text(max, s->max));
    else
        fprintf(f, ", %" PRIu64 " to %" PRIu64, s->min, s->max);
}

/* One entry: the key, the type with its bounds, the default, the help. */
static char *entry(const char *group, const struct setting *s)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    fprintf(f, ".It Va %s%s%s\n%s", group, *group ? "." : "", s->key, noun(s));
    for (size_t i = 0; s->choices && s->choices[i]; i++)
        fprintf(f, "%s \"%s\"", i ? "," : "", s->choices[i]);
    put_bounds(f, s);
    if (s->initial)
        fprintf(f, "; default %s", s->initial);
    fprintf(f, ".\n%s\n", s->help);
    assert_int_equal(fclose(f), 0);
    return squeeze(text);
}

static void assert_in_manual(const char *manual, const char *group,
                             const struct setting *s)
{
    char *want = entry(group, s);

    if (!strstr(manual, want))
        fail_msg("not in the manual: %s", want);
    free(want);
}

static void the_manual_has_every_key_with_its_bounds_and_default(void **state)
{
    char *manual = squeeze(read_file(SOURCE_DIR "/docs/man/msrprelayd.conf.5"));

    (void)state;
    for (size_t i = 0; i < settings_n; i++) {
        const struct setting *s = &settings[i];

        assert_in_manual(manual, "", s);
        for (size_t j = 0; j < s->n_members; j++)
            assert_in_manual(manual, s->key, &s->members[j]);
    }
    free(manual);
}

static bool is_member(const struct setting *group, const char *key)
{
    for (size_t i = 0; i < group->n_members; i++) {
        char name[128];

        snprintf(name, sizeof name, "%s.%s", group->key, group->members[i].key);
        if (strcmp(name, key) == 0)
            return true;
    }
    return false;
}

static bool is_known(const char *key)
{
    for (size_t i = 0; i < settings_n; i++)
        if (is_member(&settings[i], key))
            return true;
    return settings_find(key) != NULL;
}

static void the_manual_has_no_other_keys(void **state)
{
    static const char start[] = ".It Va ";
    char *manual = squeeze(read_file(SOURCE_DIR "/docs/man/msrprelayd.conf.5"));
    size_t count = 0;

    (void)state;
    for (const char *p = strstr(manual, start); p; p = strstr(p, start)) {
        char key[128];

        p += strlen(start);
        span_copy(key, sizeof key, span_of(p, strcspn(p, " ")));
        if (!is_known(key))
            fail_msg("in the manual alone: %s", key);
        count++;
    }
    assert_true(count > settings_n);
    free(manual);
}

/* --- the example --- */

/* It needs no certificate, and nobody but this host can reach it. */
static void the_example_is_safe_as_it_is(void **state)
{
    char *text = read_file(SOURCE_DIR "/conf/msrprelayd.conf");
    struct config *c = parsed_good(text);
    char host[ADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(c->listen.n, 1);
    assert_int_equal(c->listen.items[0].transport, NET_TCP);
    assert_string_equal(addr_host_text(host, &c->listen.items[0].address),
                        "127.0.0.1");
    assert_false(c->auth.allow_tcp);
    assert_true(c->dial.verify);
    assert_true(config_place(c, "relay.user").line > 0);
    assert_true(config_place(c, "relay.group").line > 0);
    config_free(c);
    free(text);
}

/* Gives every `#key = value;` its key back. */
static void uncomment(char *text)
{
    for (char *p = text; (p = strchr(p, '#')) != NULL; p++)
        if (islower((unsigned char)p[1]))
            *p = ' ';
}

static void the_example_shows_every_key_at_its_default(void **state)
{
    static const char chosen[] = /* but for these */
        "relay: { name = \"relay.example.com\"; };\n"
        "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; } );\n"
        "control: { socket = \"/run/msrprelayd/control.sock\"; };\n";
    char *text = read_file(SOURCE_DIR "/conf/msrprelayd.conf");
    struct config *plain, *example;
    char *want, *got;

    (void)state;
    uncomment(text);
    example = parsed_good(text);
    for (size_t i = 0; i < settings_n; i++)
        if (config_place(example, settings[i].key).line == 0)
            fail_msg("not in the example: %s", settings[i].key);
    plain = parsed_good(chosen);
    want = parsed_dump(plain);
    got = parsed_dump(example);
    assert_string_equal(got, want);
    free(want);
    free(got);
    config_free(plain);
    config_free(example);
    free(text);
}

/* --- the table itself --- */

static void keys_stand_once_and_groups_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_n; i++) {
        size_t group = span_find(span_str(settings[i].key), '.') + 1;
        bool left = false;

        assert_ptr_equal(settings_find(settings[i].key), &settings[i]);
        for (size_t j = i + 1; j < settings_n; j++) {
            bool same = strncmp(settings[i].key, settings[j].key, group) == 0;

            assert_false(same && left);
            left = !same;
        }
    }
}

static void every_key_says_in_a_sentence_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_n; i++) {
        const char *help = settings[i].help;

        assert_non_null(help);
        assert_true(strlen(help) < TEXT_MAX);
        assert_int_equal(help[strlen(help) - 1], '.');
    }
}

static void unknown_keys_are_not_found(void **state)
{
    (void)state;
    assert_null(settings_find("relay"));
    assert_null(settings_find("relay.nam"));
    assert_null(settings_find("relay.names"));
    assert_null(settings_find(""));
    assert_true(settings_have_group("relay"));
    assert_false(settings_have_group("rel"));
    assert_false(settings_have_group("listen"));
    assert_false(settings_have_group("relay.name"));
    assert_false(settings_have_group(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_key_with_its_bounds_and_default),
        cmocka_unit_test(the_manual_has_no_other_keys),
        cmocka_unit_test(the_example_is_safe_as_it_is),
        cmocka_unit_test(the_example_shows_every_key_at_its_default),
        cmocka_unit_test(keys_stand_once_and_groups_together),
        cmocka_unit_test(every_key_says_in_a_sentence_what_it_is),
        cmocka_unit_test(unknown_keys_are_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
