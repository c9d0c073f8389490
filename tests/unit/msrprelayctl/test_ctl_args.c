/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_args.h"

#include "cmocka_all.h"
#include "err.h"

enum { ARGS_MAX = 10 };

/* Parses what follows the program's name, separated by commas. */
static int parse(struct ctl_args *a, char why[CMDLINE_WHY], char *line)
{
    char name[] = "msrprelayctl";
    char *argv[ARGS_MAX + 1] = {name};
    int argc = 1;

    while (line) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = strsep(&line, ",");
    }
    return ctl_args_parse(a, why, argc, argv);
}

static void assert_asks(const char *text, const char *line)
{
    char words[512], why[CMDLINE_WHY] = "";
    struct ctl_args a;

    span_copy(words, sizeof words, span_str(text));
    assert_int_equal(parse(&a, why, words), 0);
    assert_int_equal(a.what, CTL_ASK);
    assert_string_equal(a.line, line);
}

static void assert_refused(const char *text, const char *want)
{
    char words[512], why[CMDLINE_WHY] = "";
    struct ctl_args a;

    span_copy(words, sizeof words, span_str(text));
    assert_int_equal(parse(&a, why, words), ERR_SYNTAX);
    assert_string_equal(why, want);
}

static void a_command_becomes_a_line(void **state)
{
    (void)state;
    assert_asks("status", "status\n");
    assert_asks("loglevel,debug", "loglevel debug\n");
    assert_asks("trace,on,user=alice", "trace on user=\"alice\"\n");
}

static void values_may_be_given_in_three_ways(void **state)
{
    (void)state;
    assert_asks("sessions,user=alice", "sessions user=\"alice\"\n");
    assert_asks("sessions,--user=alice", "sessions user=\"alice\"\n");
    assert_asks("sessions,--user,alice", "sessions user=\"alice\"\n");
    assert_asks("kick,--connection,42", "kick connection=\"42\"\n");
}

static void values_are_quoted(void **state)
{
    (void)state;
    assert_asks("kick,user=al \"ice\" \\",
                "kick user=\"al \\\"ice\\\" \\\\\"\n");
    assert_asks("kick,user=a=b", "kick user=\"a=b\"\n");
}

static void options_may_stand_before_the_command(void **state)
{
    char words[] = "--json,-s,/run/s,-c,/etc/c,sessions";
    char why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, words), 0);
    assert_true(a.json);
    assert_string_equal(a.socket, "/run/s");
    assert_string_equal(a.config, "/etc/c");
    assert_int_equal(a.id, CONTROL_SESSIONS);
}

static void json_may_stand_behind_the_command(void **state)
{
    char words[] = "sessions,--json,--user,alice";
    char why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, words), 0);
    assert_true(a.json);
    assert_string_equal(a.line, "sessions user=\"alice\"\n");
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_refused("", "unknown command ");
    assert_refused("sttus", "unknown command sttus");
    assert_refused("-x,status", "unknown option -x");
    assert_refused("--sock", "missing argument for --socket");
    assert_refused("status,now", "unknown argument for this command: now");
    assert_refused("status,--user",
                   "unknown argument for this command: --user");
    assert_refused("status,user=alice", "invalid argument for this command");
    assert_refused("kick", "missing argument");
    assert_refused("kick,connection=x", "connection must be a positive number");
    assert_refused("kick,user=", "a value must have 1 to 255 octets");
    assert_refused("kick,user=a\nb", "a value contains a control character");
    assert_refused("trace,on", "trace needs on or off, and user= or session=");
}

static void no_command_is_refused(void **state)
{
    char name[] = "msrprelayctl", *argv[] = {name, NULL};
    char why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    assert_int_equal(ctl_args_parse(&a, why, 1, argv), ERR_SYNTAX);
    assert_string_equal(why, "missing command");
}

static void the_longest_names_fit(void **state)
{
    char words[CONTROL_VALUE_MAX + 16] = "kick,user=", why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    memset(words + 10, '\\', CONTROL_VALUE_MAX);
    assert_int_equal(parse(&a, why, words), 0);
    assert_int_equal(strlen(a.line),
                     strlen("kick user=\"\"\n") + 2 * CONTROL_VALUE_MAX);
    memset(words, 0, sizeof words);
    memcpy(words, "kick,user=", 10);
    memset(words + 10, 'x', CONTROL_VALUE_MAX + 1);
    assert_int_equal(parse(&a, why, words), ERR_SYNTAX);
}

static void passwd_has_options_of_its_own(void **state)
{
    char words[] = "-c,/etc/c,passwd,-f,users,--realm=r,-asha-256,--stdin,"
                   "alice";
    char why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, words), 0);
    assert_int_equal(a.what, CTL_PASSWD);
    assert_string_equal(a.config, "/etc/c");
    assert_string_equal(a.users_file, "users");
    assert_string_equal(a.realm, "r");
    assert_string_equal(a.user, "alice");
    assert_false(a.algs[DIGEST_MD5]);
    assert_true(a.algs[DIGEST_SHA256]);
    assert_true(a.from_stdin);
    assert_false(a.removes);
}

static void passwd_writes_both_hashes_unless_told(void **state)
{
    char words[] = "passwd,alice", why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, words), 0);
    assert_true(a.algs[DIGEST_MD5] && a.algs[DIGEST_SHA256]);
    assert_null(a.users_file);
    assert_null(a.realm);
}

static void passwd_takes_one_user(void **state)
{
    (void)state;
    assert_refused("passwd", "passwd requires exactly one user");
    assert_refused("passwd,-d", "passwd requires exactly one user");
    assert_refused("passwd,alice,bob", "passwd requires exactly one user");
    assert_refused(
        "passwd,-a,sha-1,alice",
        "invalid value \"sha-1\" for --algorithm (md5, sha-256 or both)");
    assert_refused("passwd,-f", "missing argument for -f");
    assert_refused("passwd,--json,alice", "unknown option --json");
}

static void help_and_version_need_nothing_else(void **state)
{
    char help[] = "-h", version[] = "--version,foo", why[CMDLINE_WHY];
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, help), 0);
    assert_int_equal(a.what, CTL_HELP);
    assert_int_equal(parse(&a, why, version), 0);
    assert_int_equal(a.what, CTL_VERSION);
}

static void help_names_every_command(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);

    (void)state;
    assert_non_null(to);
    ctl_args_help(to);
    assert_int_equal(fclose(to), 0);
    for (int i = 0; i < CONTROL_COMMANDS; i++)
        assert_non_null(strstr(text, control_commands[i].help));
    free(text);
}

static void a_self_test_has_options_of_its_own(void **state)
{
    char words[] = "selftest,--ca-file,/ca,--name=n.example,--json";
    char why[CMDLINE_WHY] = "";
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, words), 0);
    assert_int_equal(a.what, CTL_SELFTEST);
    assert_string_equal(a.line, "selftest\n");
    assert_string_equal(a.ca_file, "/ca");
    assert_string_equal(a.name, "n.example");
    assert_true(a.json);
    assert_refused("selftest,alice",
                   "unknown argument for this command: alice");
}

static void filters_are_taken_like_other_values(void **state)
{
    (void)state;
    assert_asks("connections,peer=192.0.2.0/24,--idle,5m",
                "connections peer=\"192.0.2.0/24\" idle=\"5m\"\n");
    assert_refused("connections,peer=host",
                   "peer must be an address, or a block such as 192.0.2.0/24");
}

static void top_and_check_are_the_tools_own(void **state)
{
    char top[] = "top,--json", check[] = "-c,/conf,check",
         check_json[] = "check,--json";
    char why[CMDLINE_WHY] = "";
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, why, top), 0);
    assert_int_equal(a.what, CTL_TOP);
    assert_true(a.json);
    assert_int_equal(parse(&a, why, check), 0);
    assert_int_equal(a.what, CTL_CHECK);
    assert_string_equal(a.config, "/conf");
    assert_refused("check,it", "unknown argument for this command: it");
    assert_int_equal(parse(&a, why, check_json), 0);
    assert_int_equal(a.what, CTL_CHECK);
    assert_true(a.json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_becomes_a_line),
        cmocka_unit_test(values_may_be_given_in_three_ways),
        cmocka_unit_test(values_are_quoted),
        cmocka_unit_test(options_may_stand_before_the_command),
        cmocka_unit_test(json_may_stand_behind_the_command),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(no_command_is_refused),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(passwd_has_options_of_its_own),
        cmocka_unit_test(passwd_writes_both_hashes_unless_told),
        cmocka_unit_test(passwd_takes_one_user),
        cmocka_unit_test(help_and_version_need_nothing_else),
        cmocka_unit_test(help_names_every_command),
        cmocka_unit_test(a_self_test_has_options_of_its_own),
        cmocka_unit_test(filters_are_taken_like_other_values),
        cmocka_unit_test(top_and_check_are_the_tools_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
