/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

#include <limits.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "scratch.h"

struct fixture {
    struct scratch scratch;
    struct options options;
    struct config_loaded loaded;
    char *out, *err; /* what was written */
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);
    char text[256];

    assert_non_null(x);
    scratch_init(&x->scratch);
    scratch_write(&x->scratch, "users",
                  SPAN("alice:r:0123456789abcdef0123456789abcdef\n"));
    snprintf(
        text, sizeof text,
        "relay: { user = \"\"; group = \"\"; realm = \"r\"; };\n"
        "auth: { users_file = \"%s\"; allow_tcp = true; };\n"
        "listen = ( { transport = \"tcp\"; address = \"127.0.0.1\"; } );\n",
        scratch_path(&x->scratch, "users"));
    scratch_write(&x->scratch, "good.conf", span_str(text));
    scratch_write(&x->scratch, "bad.conf", SPAN("one = 1;\ntwo = 2;\n"));
    scratch_write(&x->scratch, "hollow.conf",
                  SPAN("auth: { users_file = \"/gone\"; };\n"
                       "listen = ( { transport = \"tcp\"; port = 0; } );\n"));
    *state = x;
    return 0;
}

static void forget(struct fixture *x)
{
    config_loaded_free(&x->loaded, NULL);
    free(x->out);
    free(x->err);
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    forget(x);
    scratch_fini(&x->scratch);
    free(x);
    return 0;
}

static enum command_exit run(struct fixture *x, struct options o,
                             const char *file)
{
    size_t n;
    FILE *out, *err;
    enum command_exit result;

    forget(x);
    out = open_memstream(&x->out, &n);
    err = open_memstream(&x->err, &n);
    assert_non_null(out);
    assert_non_null(err);
    o.path = scratch_path(&x->scratch, file);
    result = command_do(&x->loaded, &o, out, err);
    fclose(out);
    fclose(err);
    return result;
}

static void a_good_file_is_ok(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(run(x, (struct options){.test = true}, "good.conf"), 0);
    assert_string_equal(x->out, "ok\n");
    assert_string_equal(x->err, "");
    assert_null(x->loaded.config);
}

static void each_fault_is_a_line_on_stderr(void **state)
{
    static const struct options wants[] = {
        {.test = true}, {.dump = true}, {0}, {.test = true, .dump = true}};
    struct fixture *x = *state;
    char lines[4 * PATH_MAX];

    scratch_path(&x->scratch, "bad.conf");
    snprintf(lines, sizeof lines,
             "%s:1: unknown key one\n%s:2: unknown key two\n"
             "%s:1: listen is required\n",
             x->scratch.name, x->scratch.name, x->scratch.name);
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        assert_int_equal(run(x, wants[i], "bad.conf"), 78);
        assert_string_equal(x->err, lines);
        assert_string_equal(x->out, "");
        assert_null(x->loaded.config);
    }
}

static void a_file_that_is_not_there_is_a_fault(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(run(x, (struct options){0}, "gone.conf"), 78);
    assert_non_null(strstr(x->err, "gone.conf:1: cannot read "));
}

static void a_test_looks_at_what_is_named(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(run(x, (struct options){.test = true}, "hollow.conf"), 78);
    assert_non_null(strstr(x->err, "hollow.conf:1: auth.users_file: "));
    assert_string_equal(x->out, "");
    assert_int_equal(run(x, (struct options){0}, "hollow.conf"), 78);
    assert_null(x->loaded.config);
}

static void one_run_tells_faulty_values_and_what_is_named(void **state)
{
    static const char named[] =
        "mixed.conf:2: auth.users_file: cannot read /gone: ";
    struct fixture *x = *state;

    scratch_write(&x->scratch, "mixed.conf",
                  SPAN("one = 1;\nauth: { users_file = \"/gone\"; };\n"
                       "listen = ( { transport = \"tcp\"; port = 0; } );\n"));
    assert_int_equal(run(x, (struct options){.test = true}, "mixed.conf"), 78);
    assert_non_null(strstr(x->err, "mixed.conf:1: unknown key one\n"));
    assert_non_null(strstr(x->err, named));
    assert_int_equal(run(x, (struct options){0}, "mixed.conf"), 78);
    assert_non_null(strstr(x->err, named));
    assert_int_equal(run(x, (struct options){.dump = true}, "mixed.conf"), 78);
    assert_non_null(strstr(x->err, "mixed.conf:1: unknown key one\n"));
    assert_null(strstr(x->err, named));
}

static void a_warning_is_told_and_all_is_ok(void **state)
{
    struct fixture *x = *state;
    char text[256];

    snprintf(text, sizeof text,
             "relay: { user = \"\"; };\n"
             "tcp: { receive_buffer = 4096; };\n"
             "auth: { users_file = \"%s\"; };\n"
             "listen = ( { transport = \"tcp\"; port = 0; } );\n",
             scratch_path(&x->scratch, "users"));
    scratch_write(&x->scratch, "odd.conf", span_str(text));
    assert_int_equal(run(x, (struct options){.test = true}, "odd.conf"), 0);
    assert_string_equal(x->out, "ok\n");
    assert_non_null(
        strstr(x->err, "odd.conf:2: warning: send.max_chunk_size "));
    assert_int_equal(run(x, (struct options){0}, "odd.conf"), 0);
    assert_non_null(x->loaded.config);
    assert_int_equal(x->loaded.warnings->n, 2); /* for the log, on stderr */
    assert_string_equal(x->err, "");
    assert_int_equal(run(x, (struct options){.dump = true}, "odd.conf"), 0);
    assert_string_equal(x->err, "");
}

#define ODD                                                                    \
    "relay: { user = \"\"; };\n"                                               \
    "tcp: { receive_buffer = 4096; }; send: { max_chunk_size = 65536; };\n"    \
    "auth: { users_file = \"%s\"; };\n"                                        \
    "log: { target = \"syslog\"; };\n"                                         \
    "listen = ( { transport = \"tcp\"; port = 0; } );\n%s"

/* In a log elsewhere, who starts the relay would not see them. */
static void a_start_tells_its_warnings(void **state)
{
    struct fixture *x = *state;
    char text[512];
    const char *users = scratch_path(&x->scratch, "users");

    snprintf(text, sizeof text, ODD, users, "");
    scratch_write(&x->scratch, "odd.conf", span_str(text));
    assert_int_equal(run(x, (struct options){0}, "odd.conf"), 0);
    assert_non_null(strstr(x->err, "odd.conf:2: warning: "));
    assert_int_equal(run(x, (struct options){.debug = true}, "odd.conf"), 0);
    assert_string_equal(x->err, "");
    snprintf(text, sizeof text, ODD, users, "one = 1;\n");
    scratch_write(&x->scratch, "odd.conf", span_str(text));
    assert_int_equal(run(x, (struct options){0}, "odd.conf"), 78);
    assert_non_null(strstr(x->err, "odd.conf:2: warning: "));
    assert_non_null(strstr(x->err, "odd.conf:6: unknown key one\n"));
}

static void a_dump_needs_nothing_of_what_is_named(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(run(x, (struct options){.dump = true}, "hollow.conf"), 0);
    assert_string_equal(x->err, "");
    assert_non_null(strstr(x->out, "    users_file = \"/gone\";\n"));
    assert_null(x->loaded.config);
}

static void a_dump_can_be_read_again(void **state)
{
    struct fixture *x = *state;
    char *first;

    assert_int_equal(run(x, (struct options){.dump = true}, "good.conf"), 0);
    scratch_write(&x->scratch, "again.conf", span_str(x->out));
    first = strdup(x->out);
    assert_non_null(first);
    assert_int_equal(run(x, (struct options){.dump = true}, "again.conf"), 0);
    assert_string_equal(x->out, first);
    free(first);
}

static void a_test_with_a_dump_prints_the_dump_alone(void **state)
{
    struct fixture *x = *state;
    const struct options both = {.test = true, .dump = true};

    assert_int_equal(run(x, both, "good.conf"), 0);
    assert_memory_equal(x->out, "relay: {\n", 9);
    assert_null(strstr(x->out, "\nok\n"));
    assert_int_equal(run(x, both, "hollow.conf"), 78);
    assert_string_equal(x->out, "");
}

static void to_run_needs_a_checked_configuration(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(run(x, (struct options){.debug = true}, "good.conf"), 0);
    assert_non_null(x->loaded.config);
    assert_string_equal(x->loaded.config->path,
                        scratch_path(&x->scratch, "good.conf"));
    assert_string_equal(x->out, "");
    assert_string_equal(x->err, "");
}

static void the_version_names_the_libraries(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(run(x, (struct options){.version = true}, "gone"), 0);
    assert_memory_equal(x->out, "msrprelayd ", 11);
    assert_non_null(strstr(x->out, "\nlibev "));
    assert_non_null(strstr(x->out, "\nOpenSSL "));
    assert_non_null(strstr(x->out, "\nc-ares "));
    assert_non_null(strstr(x->out, "\nlibconfig "));
    assert_null(x->loaded.config);
}

static void help_goes_before_everything(void **state)
{
    const struct options all = {.debug = true,
                                .test = true,
                                .dump = true,
                                .version = true,
                                .help = true};
    struct fixture *x = *state;

    assert_int_equal(run(x, all, "gone"), 0);
    assert_memory_equal(x->out, "usage: ", 7);
    assert_string_equal(x->err, "");
}

static void an_answer_that_is_lost_is_a_failure(void **state)
{
    struct fixture *x = *state;
    const struct options wants[] = {
        {.path = scratch_path(&x->scratch, "good.conf"), .test = true},
        {.path = x->scratch.name, .dump = true},
        {.version = true},
        {.help = true},
    };

    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        FILE *full = fopen("/dev/full", "w");
        size_t n;
        FILE *err;

        forget(x);
        err = open_memstream(&x->err, &n);
        assert_non_null(full);
        assert_non_null(err);
        x->out = NULL;
        assert_int_equal(command_do(&x->loaded, &wants[i], full, err), 1);
        fclose(err);
        fclose(full);
        assert_non_null(strstr(x->err, "cannot write"));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_good_file_is_ok),
        TEST(each_fault_is_a_line_on_stderr),
        TEST(a_file_that_is_not_there_is_a_fault),
        TEST(a_test_looks_at_what_is_named),
        TEST(one_run_tells_faulty_values_and_what_is_named),
        TEST(a_warning_is_told_and_all_is_ok),
        TEST(a_start_tells_its_warnings),
        TEST(a_dump_needs_nothing_of_what_is_named),
        TEST(a_dump_can_be_read_again),
        TEST(a_test_with_a_dump_prints_the_dump_alone),
        TEST(to_run_needs_a_checked_configuration),
        TEST(the_version_names_the_libraries),
        TEST(help_goes_before_everything),
        TEST(an_answer_that_is_lost_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
