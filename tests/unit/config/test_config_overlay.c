/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration of several files: what is said later counts, and faults are
 * told where they are. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "config_load.h"
#include "err.h"
#include "faults.h"
#include "scratch.h"

#define LISTEN "listen = ( { port = 1; }, { port = 2; } );\n"

struct fixture {
    struct scratch scratch;
    struct faults faults;
    struct config *config;
};

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    scratch_init(&x->scratch);
    assert_int_equal(setenv("OVERLAY_PORT", "4711", 1), 0);
    assert_int_equal(setenv("OVERLAY_YES", "true", 1), 0);
    assert_int_equal(setenv("OVERLAY_TIME", "5m", 1), 0);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;

    config_free(x->config);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

static void write_file(struct fixture *x, const char *file, const char *text)
{
    scratch_write(&x->scratch, file, span_str(text));
}

static int load(struct fixture *x, const char *file)
{
    config_free(x->config);
    x->config = NULL;
    x->faults = (struct faults){0};
    return config_load(&x->config, scratch_path(&x->scratch, file), faults_add,
                       &x->faults);
}

static void load_sound(struct fixture *x, const char *file)
{
    int err = load(x, file);

    assert_string_equal(x->faults.text, "");
    assert_int_equal(err, 0);
}

static void assert_fault(struct fixture *x, const char *want)
{
    assert_int_equal(load(x, "top.conf"), ERR_CONFIG);
    if (!strstr(x->faults.text, want))
        fail_msg("expected \"%s\" in: %s", want, x->faults.text);
}

static void an_included_file_adds_to_a_group_and_overrides_it(void **state)
{
    struct fixture *x = *state;
    struct config_place at;

    write_file(x, "top.conf",
               LISTEN "limits: { head_size = 2048; path_uris = 5; };\n"
                      "@include \"more.conf\"\n");
    write_file(x, "more.conf",
               "\nlimits: { path_uris = 7; rate = 9; };\nlisten = ( { } );\n");
    load_sound(x, "top.conf");
    assert_int_equal(x->config->limits.head_size, 2048);
    assert_int_equal(x->config->limits.path_uris, 7);
    assert_int_equal(x->config->limits.rate, 9);
    assert_int_equal(x->config->listen.n, 1); /* a list is replaced */
    at = config_place(x->config, "limits.path_uris");
    assert_non_null(strstr(at.file, "more.conf"));
    assert_int_equal(at.line, 2);
    assert_int_equal(config_place(x->config, "limits.head_size").line, 2);
}

static void an_instance_lies_over_what_it_includes(void **state)
{
    struct fixture *x = *state;

    write_file(x, "base.conf",
               LISTEN "relay: { name = \"a.example\"; realm = \"example\"; };");
    write_file(x, "b.conf",
               "@include \"base.conf\"\n"
               "relay: { name = \"b.example\"; };\n"
               "listen = ( { port = 3; } );\n");
    load_sound(x, "b.conf");
    assert_string_equal(x->config->relay.name, "b.example");
    assert_string_equal(x->config->relay.realm, "example");
    assert_int_equal(x->config->listen.items[0].port, 3);
}

static void a_directory_is_read_in_the_order_of_names(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf",
               LISTEN
               "@include \"conf.d/*.conf\"\nsend: { low_water = 2048; }");
    load_sound(x, "top.conf"); /* nothing there */
    write_file(x, "conf.d/20.conf", "limits: { rate = 20; };");
    write_file(x, "conf.d/10.conf", "limits: { rate = 10; path_uris = 3; };");
    write_file(x, "conf.d/30.bak", "limits: { rate = 30; };");
    load_sound(x, "top.conf");
    assert_int_equal(x->config->limits.rate, 20);
    assert_int_equal(x->config->limits.path_uris, 3);
    assert_int_equal(x->config->send.low_water, 2048);
}

static void a_key_twice_in_one_file_is_a_fault(void **state)
{
    struct fixture *x = *state;

    write_file(x, "more.conf", "limits: { rate = 1; };");
    write_file(x, "top.conf",
               LISTEN "limits: { rate = 5; };\n@include \"more.conf\"\n"
                      "limits: { rate = 6; };\n");
    assert_fault(x, "top.conf:4: duplicate key limits.rate: ");
    assert_non_null(strstr(x->faults.text, "top.conf:2 has it already"));
    write_file(x, "more.conf",
               "limits: { rate = 1; };\n"
               "limits: { rate = 2; };");
    assert_fault(x, "more.conf:2: duplicate key limits: ");
}

static void within_a_group_an_include_is_part_of_it(void **state)
{
    struct fixture *x = *state;

    write_file(x, "members.conf", "rate = 5;\n");
    write_file(x, "top.conf",
               LISTEN "limits: {\n@include \"members.conf\"\npath_uris = 4; }");
    load_sound(x, "top.conf");
    assert_int_equal(x->config->limits.rate, 5);
    write_file(x, "value.conf", "{ rate = 6; }\n");
    write_file(x, "top.conf", LISTEN "limits =\n@include \"value.conf\"\n;");
    load_sound(x, "top.conf");
    assert_int_equal(x->config->limits.rate, 6);
    write_file(x, "members.conf", "rate = 5;\nrate = 6;\n");
    write_file(x, "top.conf", LISTEN "limits: {\n@include \"members.conf\"\n}");
    assert_fault(x, "members.conf:2: duplicate key limits.rate");
}

static void faults_are_told_where_they_are(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf", LISTEN "@include \"more.conf\"\nlimitz: { };\n");
    write_file(x, "more.conf", "\n\nlimits: { rate = -1; \n");
    assert_fault(x, "more.conf:3: syntax error");
    assert_non_null(strstr(x->faults.text, "top.conf:3: unknown key limitz"));
    write_file(x, "more.conf", "\nlimits: { rate = -1; };\n");
    assert_fault(x, "more.conf:2: limits.rate must be from");
    write_file(x, "more.conf", "/* never closed\n");
    assert_fault(x, "more.conf:1: the comment is not closed");
    write_file(x, "more.conf", "relay: { name = \"never closed; };\n");
    assert_fault(x, "more.conf:1: syntax error: the string has no closing");
}

static void values_may_be_in_the_environment(void **state)
{
    struct fixture *x = *state;

    write_file(x, "top.conf",
               "listen = ( { port = \"${OVERLAY_PORT}\"; } );\n"
               "auth: { allow_tcp = \"${OVERLAY_YES}\"; };\n"
               "timers: { idle = 3600; stall = \"${OVERLAY_TIME}\"; };\n"
               "relay: { name = \"r${OVERLAY_PORT}.example\";\n"
               "         aliases = [ \"a\", \"${OVERLAY_TIME}.b\" ]; };\n");
    load_sound(x, "top.conf");
    assert_int_equal(x->config->listen.items[0].port, 4711);
    assert_true(x->config->auth.allow_tcp);
    assert_int_equal(x->config->timers.stall_ms, 300000);
    assert_string_equal(x->config->relay.name, "r4711.example");
    assert_string_equal(x->config->relay.aliases.items[1], "5m.b");
    write_file(x, "top.conf", "listen = ( { port = \"${OVERLAY_TIME}\"; } );");
    assert_fault(x, "top.conf:1: listen.port must be a whole number");
    write_file(x, "top.conf",
               LISTEN "\nrelay: { name = \"${OVERLAY_NONE}\"; };");
    assert_fault(x, "top.conf:3: relay.name: the environment variable "
                    "OVERLAY_NONE is not set");
    write_file(x, "top.conf", LISTEN "limits: { path_uris = \"7\"; };");
    assert_fault(x, "limits.path_uris must be"); /* as before, without ${} */
}

/* The dump, to be freed. */
static char *dump(const struct config *c)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    assert_int_equal(config_dump(c, f), 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void values_may_be_in_files_that_a_dump_does_not_show(void **state)
{
    struct fixture *x = *state;
    char *text;

    write_file(x, "secret", "s3cret.example\n");
    write_file(x, "top.conf",
               LISTEN "relay: { name = \"@file:secret\";\n"
                      "aliases = [ \"plain\", \"@file:secret\" ]; };\n");
    load_sound(x, "top.conf");
    assert_string_equal(x->config->relay.name, "s3cret.example");
    assert_string_equal(x->config->relay.aliases.items[1], "s3cret.example");
    text = dump(x->config);
    assert_non_null(strstr(text, "    name = \"@file:/"));
    assert_non_null(strstr(text, "aliases = [ \"plain\", \"@file:/"));
    write_file(x, "again.conf", text);
    free(text);
    load_sound(x, "again.conf");
    assert_string_equal(x->config->relay.aliases.items[1], "s3cret.example");
    write_file(x, "more.conf",
               "@include \"top.conf\"\n"
               "relay: { aliases = [ \"x\" ]; };\n");
    load_sound(x, "more.conf");
    text = dump(x->config);
    assert_non_null(strstr(text, "aliases = [ \"x\" ]"));
    free(text);
}

static void members_of_groups_in_files_are_not_shown(void **state)
{
    struct fixture *x = *state;
    char *text;

    write_file(x, "secret", "s3cret.example\n");
    write_file(x, "top.conf",
               "listen = ( { port = 1; },\n"
               "{ name = \"@file:secret\"; port = 0; } );\n"
               "tls: { certificates = ( { certificate = \"@file:secret\";\n"
               "private_key = \"/key\"; } ); };\n"
               "relay: { name = \"@file:secret\"; };\n");
    load_sound(x, "top.conf");
    assert_string_equal(x->config->listen.items[1].name, "s3cret.example");
    text = dump(x->config);
    assert_null(strstr(text, "s3cret"));
    assert_non_null(strstr(text, "port = 1;"));
    assert_non_null(strstr(text, "{ certificate = \"@file:/"));
    assert_non_null(strstr(text, "/secret\"; private_key = \"/key\"; }"));
    assert_non_null(strstr(text, "realm = \"@file:/"));
    write_file(x, "again.conf", text);
    free(text);
    load_sound(x, "again.conf");
    assert_string_equal(x->config->listen.items[1].name, "s3cret.example");
    assert_string_equal(x->config->listen.items[0].name, "");
    assert_string_equal(x->config->relay.realm, "s3cret.example");
}

static void only_strings_come_from_files(void **state)
{
    struct fixture *x = *state;

    write_file(x, "seven", "7\n");
    write_file(x, "top.conf", LISTEN "limits: { rate = \"@file:seven\"; };");
    assert_fault(x, "top.conf:2: limits.rate: only strings can be in a file");
    write_file(x, "top.conf", LISTEN "relay: { name = \"@file:none\"; };");
    assert_fault(x, "top.conf:2: relay.name: cannot read ");
    write_file(x, "two", "a\nb\n");
    write_file(x, "top.conf", LISTEN "relay: { name = \"@file:two\"; };");
    assert_fault(x, "has more than one line");
}

/* It may be a secret. */
static void what_is_in_a_file_is_not_told(void **state)
{
    struct fixture *x = *state;

    write_file(x, "hidden", "no host, s3cret");
    write_file(x, "top.conf", LISTEN "relay: { name = \"@file:hidden\"; };");
    assert_fault(x, "top.conf:2: relay.name must be a host name, never a "
                    "numeric address, not what is in ");
    assert_null(strstr(x->faults.text, "s3cret"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_included_file_adds_to_a_group_and_overrides_it),
        TEST(an_instance_lies_over_what_it_includes),
        TEST(a_directory_is_read_in_the_order_of_names),
        TEST(a_key_twice_in_one_file_is_a_fault),
        TEST(within_a_group_an_include_is_part_of_it),
        TEST(faults_are_told_where_they_are),
        TEST(values_may_be_in_the_environment),
        TEST(values_may_be_in_files_that_a_dump_does_not_show),
        TEST(members_of_groups_in_files_are_not_shown),
        TEST(only_strings_come_from_files),
        TEST(what_is_in_a_file_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
