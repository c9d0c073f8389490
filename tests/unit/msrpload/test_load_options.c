/* SPDX-License-Identifier: BSD-2-Clause */
#include "load_options.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

#define RELAY "msrps://relay.example.com:2855;tcp"

enum { ARGS = 24 };

struct line {
    struct load_options options;
    char why[CMDLINE_WHY];
    char text[ARGS][80]; /* argv has to be writable */
    char *argv[ARGS + 1];
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct line));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct line *l = *state;

    load_options_free(&l->options);
    free(l);
    return 0;
}

/* Arguments are separated by `|`. */
static int parse_all(struct line *l, const char *args)
{
    struct span rest = span_str(args);
    int argc = 1;

    load_options_free(&l->options);
    l->why[0] = '\0';
    snprintf(l->text[0], sizeof l->text[0], "msrpload");
    for (; rest.n > 0; argc++) {
        assert_true(argc < ARGS);
        span_copy(l->text[argc], sizeof l->text[0], span_cut(&rest, '|'));
    }
    for (int i = 0; i < argc; i++)
        l->argv[i] = l->text[i];
    l->argv[argc] = NULL;
    return load_options_parse(&l->options, l->why, argc, l->argv);
}

/* Behind what is always needed. */
static int parse(struct line *l, const char *args)
{
    char all[400];

    snprintf(all, sizeof all, "-r|" RELAY "|-u|load:pw%s%s", *args ? "|" : "",
             args);
    return parse_all(l, all);
}

static void assert_refused(struct line *l, const char *args, const char *why)
{
    assert_int_equal(parse(l, args), ERR_SYNTAX);
    assert_non_null(strstr(l->why, why));
}

static void relay_and_user_are_enough(void **state)
{
    struct line *l = *state;
    const struct load_options *p = &l->options;

    assert_int_equal(parse(l, ""), 0);
    assert_string_equal(p->relay, RELAY);
    assert_int_equal(p->pairs, 1);
    assert_int_equal(p->sessions_per_connection, 1);
    assert_int_equal(p->size, 200);
    assert_int_equal(p->chunk, 200);
    assert_int_equal(p->window, 32);
    assert_int_equal(p->rate, 0);
    assert_int_equal(p->duration_ms, 10000);
    assert_int_equal(p->warm_up_ms, 1000);
    assert_int_equal(p->failure_report, MSG_REPORT_YES);
    assert_false(p->success_report || p->duplex || p->idle || p->json ||
                 p->insecure || p->quiet);
}

static void relay_and_user_are_needed(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse_all(l, "-r|" RELAY), ERR_SYNTAX);
    assert_non_null(strstr(l->why, "--user"));
    assert_int_equal(parse_all(l, "-u|load:pw"), ERR_SYNTAX);
    assert_non_null(strstr(l->why, "--relay"));
    assert_refused(l, "-r|" RELAY, "--relay is given more than once");
    assert_refused(l, "-u|other", "--user is given more than once");
    assert_int_equal(parse_all(l, "-r|relay.example.com|-u|load"), ERR_SYNTAX);
    assert_non_null(strstr(l->why, "not an MSRP URI"));
}

static void a_password_vanishes_from_the_command_line(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, ""), 0);
    assert_string_equal(l->options.user, "load");
    assert_string_equal(l->options.password, "pw");
    assert_string_equal(l->argv[4], "load");
    assert_memory_equal(l->argv[4] + 5, "**", 2);
}

static void users_are_taken_in_turn(void **state)
{
    struct line *l = *state;
    char name[LOAD_OPTIONS_NAME];

    assert_int_equal(parse(l, "-U|3"), 0);
    load_options_user(name, &l->options, 0);
    assert_string_equal(name, "load1");
    load_options_user(name, &l->options, 2);
    assert_string_equal(name, "load3");
    load_options_user(name, &l->options, 3);
    assert_string_equal(name, "load1");
    assert_int_equal(parse(l, ""), 0);
    load_options_user(name, &l->options, 3);
    assert_string_equal(name, "load");
}

static void a_users_file_needs_no_relay(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse_all(l, "-u|load:pw|-U|9|--users-for|example.com"),
                     0);
    assert_string_equal(l->options.users_for, "example.com");
}

static void octets_may_have_a_unit(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-s|4G|-C|64k"), 0);
    assert_int_equal(l->options.size, UINT64_C(4) << 30);
    assert_int_equal(l->options.chunk, 65536);
    assert_int_equal(parse(l, "-s|3m"), 0);
    assert_int_equal(l->options.size, 3 << 20);
    assert_refused(l, "-s|0", "number");
    assert_refused(l, "-s|k", "number");
    assert_refused(l, "-s|1kk", "number");
    assert_refused(l, "-s|-1", "number");
    assert_refused(l, "-s|9223372036854775807G", "number");
}

static void a_chunk_is_no_larger_than_the_message(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-s|1000|-C|0"), 0);
    assert_int_equal(l->options.chunk, 1000);
    assert_int_equal(parse(l, "-s|1000|-C|64k"), 0);
    assert_int_equal(l->options.chunk, 1000);
}

static void times_and_rates_may_have_fractions(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-d|2.5|--warm-up|0|--timeout|0.25|-R|1500.001"),
                     0);
    assert_int_equal(l->options.duration_ms, 2500);
    assert_int_equal(l->options.warm_up_ms, 0);
    assert_int_equal(l->options.timeout_ms, 250);
    assert_int_equal(l->options.rate, 1500001);
    assert_refused(l, "-d|0", "number");
    assert_refused(l, "-d|0.0001", "number");
    assert_refused(l, "-R|.", "number");
    assert_refused(l, "-R|1.x", "number");
    assert_refused(l, "-R|99999999999", "number");
}

static void a_count_needs_no_duration_and_no_warm_up(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-n|1000"), 0);
    assert_int_equal(l->options.count, 1000);
    assert_int_equal(l->options.duration_ms, 0);
    assert_int_equal(l->options.warm_up_ms, 0);
    assert_int_equal(parse(l, "-n|1000|-d|3|--warm-up|2"), 0);
    assert_int_equal(l->options.duration_ms, 3000);
    assert_int_equal(l->options.warm_up_ms, 2000);
}

static void failure_report_has_three_values(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "--failure-report|no"), 0);
    assert_int_equal(l->options.failure_report, MSG_REPORT_NO);
    assert_int_equal(parse(l, "--failure-report|partial"), 0);
    assert_int_equal(l->options.failure_report, MSG_REPORT_PARTIAL);
    assert_refused(l, "--failure-report|maybe", "--failure-report");
}

static void what_does_not_go_together_is_refused(void **state)
{
    struct line *l = *state;

    assert_refused(l, "-p|2|--stall|3", "--stall is larger than --pairs");
    assert_refused(l, "-p|4|--stall|1|--sessions-per-connection|2",
                   "multiple of --sessions");
    assert_refused(l, "-p|4|--stall|1|--duplex", "--duplex");
    assert_refused(l, "-p|4|--stall|1|-n|5", "--duration");
    assert_refused(l, "--idle|-n|5", "--idle");
    assert_refused(l, "--password-file|x", "password");
    assert_refused(l, "more", "unexpected argument more");
    assert_refused(l, "--no-such-thing", "unknown option --no-such-thing");
    assert_refused(l, "-s", "missing argument for -s");
}

static void help_and_version_need_nothing_else(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse_all(l, "-h"), 0);
    assert_true(l->options.help);
    assert_int_equal(parse_all(l, "-V"), 0);
    assert_true(l->options.version);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(relay_and_user_are_enough),
        TEST(relay_and_user_are_needed),
        TEST(a_password_vanishes_from_the_command_line),
        TEST(users_are_taken_in_turn),
        TEST(a_users_file_needs_no_relay),
        TEST(octets_may_have_a_unit),
        TEST(a_chunk_is_no_larger_than_the_message),
        TEST(times_and_rates_may_have_fractions),
        TEST(a_count_needs_no_duration_and_no_warm_up),
        TEST(failure_report_has_three_values),
        TEST(what_does_not_go_together_is_refused),
        TEST(help_and_version_need_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
