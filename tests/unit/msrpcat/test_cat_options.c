/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_options.h"

#include "cmocka_all.h"
#include "err.h"
#include "oom.h"

#define RELAY "msrps://relay.example.com:2855;tcp"
#define PEER "msrps://bob.invalid:9/bbb;tcp"

enum { ARGS = 24 };

struct line {
    struct cat_options options;
    char why[CMDLINE_WHY];
    char text[ARGS][80]; /* argv has to be writable */
    char *argv[ARGS + 1];
    int argc;
};

static int set_up(void **state)
{
    *state = test_calloc(1, sizeof(struct line));
    return 0;
}

static int tear_down(void **state)
{
    struct line *l = *state;

    cat_options_free(&l->options);
    test_free(l);
    return 0;
}

/* Arguments are separated by `|`. */
static int parse(struct line *l, const char *args)
{
    struct span rest = span_str(args);

    cat_options_free(&l->options);
    l->why[0] = '\0';
    snprintf(l->text[0], sizeof l->text[0], "msrpcat");
    for (l->argc = 1; rest.n > 0; l->argc++) {
        assert_true(l->argc < ARGS);
        span_copy(l->text[l->argc], sizeof l->text[0], span_cut(&rest, '|'));
    }
    for (int i = 0; i < l->argc; i++)
        l->argv[i] = l->text[i];
    l->argv[l->argc] = NULL;
    return cat_options_parse(&l->options, l->why, l->argc, l->argv);
}

static void assert_refused(struct line *l, const char *args, const char *why)
{
    assert_int_equal(parse(l, args), ERR_SYNTAX);
    assert_non_null(strstr(l->why, why));
}

static void a_receiver_needs_a_relay_and_a_user(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-r|" RELAY "|-u|alice"), 0);
    assert_int_equal(l->options.n_relays, 1);
    assert_string_equal(l->options.relays[0], RELAY);
    assert_string_equal(l->options.user, "alice");
    assert_null(l->options.password);
    assert_false(cat_options_is_chat(&l->options));
    assert_refused(l, "-r|" RELAY, "--user");
    assert_refused(l, "-u|alice|-t|" PEER, "--relay");
    assert_refused(l, "-n|1", "is required");
}

static void a_password_vanishes_from_the_command_line(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-r|" RELAY "|-u|alice:pass:word"), 0);
    assert_string_equal(l->options.user, "alice");
    assert_string_equal(l->options.password, "pass:word");
    assert_string_equal(l->argv[4], "alice");
    assert_memory_equal(l->argv[4] + 6, "*********", 9);
}

static void an_empty_password_is_one(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-r|" RELAY "|-u|alice:"), 0);
    assert_string_equal(l->options.password, "");
}

static void several_relays_keep_their_order(void **state)
{
    struct line *l = *state;

    assert_int_equal(
        parse(l, "-r|" RELAY "|-r|msrps://next.example.net;tcp|-u|alice"), 0);
    assert_int_equal(l->options.n_relays, 2);
    assert_string_equal(l->options.relays[1], "msrps://next.example.net;tcp");
    assert_refused(l, "-r|relay.example.com|-u|alice", "not an MSRP URI");
}

static void messages_keep_their_order_and_their_types(void **state)
{
    struct line *l = *state;
    struct cat_options_item *i;

    assert_int_equal(parse(l, "-t|" PEER "|-m|one|-f|two|--type|image/png"
                              "|-f|three|--type|text/html|-m|four"),
                     0);
    i = l->options.items;
    assert_int_equal(l->options.n_items, 4);
    assert_false(i[0].is_file);
    assert_string_equal(i[0].arg, "one");
    assert_string_equal(i[0].type, "text/plain");
    assert_true(i[1].is_file);
    assert_string_equal(i[1].type, "application/octet-stream");
    assert_string_equal(i[2].type, "image/png");
    assert_string_equal(i[3].type, "text/html");
    assert_false(cat_options_is_chat(&l->options));
}

static void a_type_without_a_message_behind_it_is_refused(void **state)
{
    struct line *l = *state;

    assert_refused(l, "-t|" PEER "|-m|one|--type|image/png", "--type");
    assert_refused(l, "-t|" PEER "|--type|image|-m|one", "media type");
    assert_refused(l, "-t|" PEER "|--type|a/b\r\nX: y|-m|one", "media type");
}

static void a_peer_and_no_message_is_a_chat(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-t|" PEER), 0);
    assert_true(cat_options_is_chat(&l->options));
}

static void numbers_are_taken(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-t|" PEER "|-n|3|--chunk-size|5000000000"
                              "|--window|4|--timeout|5|--expires|600"
                              "|--keepalive|20"),
                     0);
    assert_int_equal(l->options.count, 3);
    assert_int_equal(l->options.chunk_size, 5000000000);
    assert_int_equal(l->options.window, 4);
    assert_int_equal(l->options.timeout_s, 5);
    assert_int_equal(l->options.expires_s, 600);
    assert_int_equal(l->options.keepalive_s, 20);
}

static void what_is_no_number_is_refused(void **state)
{
    struct line *l = *state;

    assert_refused(l, "-t|" PEER "|-n|0", "--count");
    assert_refused(l, "-t|" PEER "|-n|-1", "--count");
    assert_refused(l, "-t|" PEER "|--window|1k", "--window");
    assert_refused(l, "-t|" PEER "|--timeout|", "--timeout");
    assert_refused(l, "-t|" PEER "|--chunk-size|99999999999999999999",
                   "--chunk-size");
}

static void failure_report_has_three_values(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-t|" PEER), 0);
    assert_int_equal(l->options.failure_report, MSG_REPORT_YES);
    assert_int_equal(parse(l, "-t|" PEER "|--failure-report|no"), 0);
    assert_int_equal(l->options.failure_report, MSG_REPORT_NO);
    assert_int_equal(parse(l, "-t|" PEER "|--failure-report|partial"), 0);
    assert_int_equal(l->options.failure_report, MSG_REPORT_PARTIAL);
    assert_refused(l, "-t|" PEER "|--failure-report|maybe", "--failure-report");
}

static void flags_are_off_until_given(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-t|" PEER), 0);
    assert_false(l->options.insecure || l->options.quiet ||
                 l->options.verbose || l->options.report);
    assert_int_equal(parse(l, "-kqv|--report|-t|" PEER), 0);
    assert_true(l->options.insecure && l->options.quiet && l->options.verbose &&
                l->options.report);
}

static void what_does_not_go_together_is_refused(void **state)
{
    struct line *l = *state;

    assert_refused(l, "-l|0|-r|" RELAY "|-u|alice", "--listen");
    assert_refused(l, "-l|0|-c|localhost:1", "--listen");
    assert_refused(l, "-l|0|-m|hello", "--to");
    assert_refused(l, "-l|0|-o|a|-O|b", "--output");
    assert_refused(l, "-r|" RELAY "|-u|a:b|--password-file|c", "password");
    assert_refused(l, "-t|" PEER "|-f|-|-f|-", "standard input");
}

static void sdp_takes_the_place_of_a_path(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-S|peer|-m|hello"), 0);
    assert_string_equal(l->options.peer_sdp, "peer");
    assert_null(l->options.sdp_file);
    assert_false(l->options.answer || l->options.tls);
    assert_int_equal(l->options.setup, CAT_SETUP_AUTO);
    assert_int_equal(parse(l, "-a|-l|0|-s|own|-S|peer|--setup|passive"), 0);
    assert_true(l->options.answer);
    assert_string_equal(l->options.sdp_file, "own");
    assert_int_equal(l->options.setup, CAT_SETUP_PASSIVE);
    assert_true(cat_options_is_chat(&l->options));
    assert_int_equal(parse(l, "-S|-|-l|0|-c|localhost:1|-f|x"), 0);
    assert_refused(l, "-t|" PEER "|-s|own", "--peer-sdp");
    assert_refused(l, "-l|0|-a", "--peer-sdp");
    assert_refused(l, "-l|0|--setup|active", "--peer-sdp");
    assert_refused(l, "-S|peer|-t|" PEER, "--to");
    assert_refused(l, "-S|peer|-r|" RELAY "|-u|a", "--relay");
    assert_refused(l, "-S|-|-f|-", "standard input");
}

static void setup_has_to_be_possible(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-S|peer|--setup|active"), 0);
    assert_int_equal(parse(l, "-S|peer|--setup|none"), 0);
    assert_int_equal(parse(l, "-S|peer|-l|0|--setup|actpass"), 0);
    assert_refused(l, "-S|peer|--setup|actpass", "--listen");
    assert_refused(l, "-S|peer|--setup|passive", "--listen");
    assert_refused(l, "-a|-S|peer|-l|0|--setup|actpass", "actpass");
    assert_refused(l, "-S|peer|--setup|holdconn", "--setup");
}

static void tls_is_asked_for_where_nothing_else_says_it(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-l|0|--tls|--cert|c|--key|k"), 0);
    assert_true(l->options.tls);
    assert_string_equal(l->options.cert_file, "c");
    assert_string_equal(l->options.key_file, "k");
    assert_int_equal(parse(l, "-S|peer|--tls"), 0);
    assert_int_equal(parse(l, "-t|" PEER "|--cert|c"), 0);
    assert_refused(l, "-t|" PEER "|--tls", "--tls");
    assert_refused(l, "-l|0|--tls|--key|k", "--cert");
}

static void unknown_things_are_refused(void **state)
{
    struct line *l = *state;

    assert_refused(l, "-t|" PEER "|--nonsense", "--nonsense");
    assert_refused(l, "-t|" PEER "|hello", "hello");
    assert_refused(l, "-t", "argument");
}

static void help_and_version_need_nothing_else(void **state)
{
    struct line *l = *state;

    assert_int_equal(parse(l, "-h"), 0);
    assert_true(l->options.help);
    assert_int_equal(parse(l, "--version"), 0);
    assert_true(l->options.version);
}

static int attempt(void *ctx)
{
    int err = parse(ctx, "-r|" RELAY "|-u|a:b|-t|" PEER "|-m|x|-m|y");

    cat_options_free(&((struct line *)ctx)->options);
    return err;
}

static void without_memory_it_says_so(void **state)
{
    assert_true(oom_sweep(attempt, *state) >= 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_receiver_needs_a_relay_and_a_user),
        TEST(a_password_vanishes_from_the_command_line),
        TEST(an_empty_password_is_one),
        TEST(several_relays_keep_their_order),
        TEST(messages_keep_their_order_and_their_types),
        TEST(a_type_without_a_message_behind_it_is_refused),
        TEST(a_peer_and_no_message_is_a_chat),
        TEST(numbers_are_taken),
        TEST(what_is_no_number_is_refused),
        TEST(failure_report_has_three_values),
        TEST(flags_are_off_until_given),
        TEST(what_does_not_go_together_is_refused),
        TEST(sdp_takes_the_place_of_a_path),
        TEST(setup_has_to_be_possible),
        TEST(tls_is_asked_for_where_nothing_else_says_it),
        TEST(unknown_things_are_refused),
        TEST(help_and_version_need_nothing_else),
        TEST(without_memory_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
