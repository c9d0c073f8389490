/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls from their first offer to their end: which offer, dialogue and pair is
 * meant. */
#include "anchor_sdp.h"

/* --- offers and answers --- */

static void an_offer_again_gets_the_same_uri(void **state)
{
    struct anchor_rig *r = *state;
    char first[128], second[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, first);
    anchor_rig_offer(r, "c", "a", OFFER "a=x\r\n");
    assert_string_equal(path_of(r, second), first);
    anchor_rig_offer(r, "c", "b", OFFER);
    assert_string_not_equal(path_of(r, second), first);
    r->ask.via_branch = SPAN("z9hG4bK1");
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_string_not_equal(path_of(r, second), first);
    r->ask.via_branch = SPAN("z9hG4bK1");
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_string_equal(path_of(r, first), second);
    assert_int_equal(anchor_rig_tokens(r), 3);
    assert_int_equal(anchor_rig_stats(r).calls_now, 1);
}

static void an_answer_needs_its_offer(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    expect_error(r, "Unknown call-id");
    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "x", "b", ANSWER);
    expect_error(r, "No matching offer");
    assert_int_equal(anchor_rig_pairs(r), 0);
}

static void an_answer_again_gets_the_same_uri(void **state)
{
    struct anchor_rig *r = *state;
    char first[128], second[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    path_of(r, first);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_string_equal(path_of(r, second), first);
    anchor_rig_answer(r, "c", "a", "b",
                      HEAD M_TCP "a=path:msrp://198.51.100.78:1/n;tcp\r\n");
    assert_string_equal(path_of(r, second), first);
    assert_int_equal(anchor_rig_pairs(r), 1);
}

static void forks_have_a_pair_each(void **state)
{
    struct anchor_rig *r = *state;
    char first[128], second[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b1", ANSWER);
    path_of(r, first);
    anchor_rig_answer(r, "c", "a", "b2", ANSWER);
    assert_string_not_equal(path_of(r, second), first);
    assert_int_equal(anchor_rig_pairs(r), 2);
    assert_int_equal(anchor_rig_tokens(r), 1);
    anchor_rig_delete(r, "c", "b1", "a");
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
    anchor_rig_answer(r, "c", "a", "b2", ANSWER);
    assert_string_equal(path_of(r, first), second);
    anchor_rig_delete(r, "c", "b2", "");
    assert_int_equal(anchor_rig_tokens(r), 0);
}

static void answers_choose_their_offer_by_branch(void **state)
{
    struct anchor_rig *r = *state;

    r->ask.via_branch = SPAN("one");
    anchor_rig_offer(r, "c", "a", OFFER);
    r->ask.via_branch = SPAN("two");
    r->ask.transport_protocol = SPAN("TCP/TLS/MSRP");
    anchor_rig_offer(r, "c", "a", OFFER);
    r->ask.via_branch = SPAN("one");
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_span(r->result, "ok");
    assert_int_equal(r->warning.n, 0);
    r->ask.via_branch = SPAN("unknown");
    anchor_rig_answer(r, "c", "a", "b2", ANSWER);
    assert_span(r->warning, "section 1 was answered with another protocol");
    r->ask.via_branch = SPAN("one");
    anchor_rig_delete(r, "c", "x", "y");
    assert_int_equal(r->warning.n, 0);
    assert_int_equal(anchor_rig_pairs(r), 0);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

/* --- renegotiation --- */

static void a_reinvite_of_either_side_keeps_both_uris(void **state)
{
    struct anchor_rig *r = *state;
    char u_b[128], u_a[128], got[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    path_of(r, u_a);

    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER "a=x\r\n");
    assert_string_equal(path_of(r, got), u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_string_equal(path_of(r, got), u_a);

    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", ANSWER);
    assert_string_equal(path_of(r, got), u_a);
    anchor_rig_answer(r, "c", "b", "a", OFFER);
    assert_string_equal(path_of(r, got), u_b);
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

static void glare_keeps_both_offers(void **state)
{
    struct anchor_rig *r = *state;
    char u_b[128], u_a[128], got[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    path_of(r, u_a);
    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER);
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", ANSWER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_string_equal(path_of(r, got), u_a);
    anchor_rig_answer(r, "c", "b", "a", OFFER);
    assert_string_equal(path_of(r, got), u_b);
}

static void sections_come_and_go(void **state)
{
    struct anchor_rig *r = *state;
    char chat[128], file[128], got[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, chat);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);

    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER M_TCP P_A);
    assert_string_equal(path_of(r, got), chat);
    anchor_rig_path(r, 1, file, sizeof file);
    assert_string_not_equal(file, chat);
    assert_int_equal(anchor_rig_pairs(r), 1);
    anchor_rig_answer(r, "c", "a", "b", ANSWER M_TCP P_B);
    assert_int_equal(anchor_rig_pairs(r), 2);

    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER M_NONE);
    assert_int_equal(anchor_rig_pairs(r), 2);
    anchor_rig_answer(r, "c", "a", "b", ANSWER M_NONE);
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

static void a_section_that_is_refused_makes_no_pair(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a", OFFER M_TCP P_A);
    anchor_rig_answer(r, "c", "a", "b", ANSWER M_NONE P_B);
    expect_sdp(r, HEAD "m=message 2856 TCP/MSRP *\r\n" C_US P_US
                       "a=setup:passive\r\n" M_NONE P_B);
    assert_int_equal(anchor_rig_pairs(r), 1);
    anchor_rig_answer(r, "c", "a", "b2", HEAD AUDIO);
    assert_int_equal(anchor_rig_pairs(r), 1);
}

static void a_downgrade_is_refused(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a", HEAD C_A M_TLS P_A);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    expect_sdp(r, HEAD "m=message 0 TCP/TLS/MSRP *\r\n" P_B);
    assert_span(r->warning, "section 1 was answered with another protocol");
    assert_int_equal(anchor_rig_pairs(r), 0);
}

/* The token in the first path of the last answer. */
static const char *token_of(const struct anchor_rig *r, char *dst)
{
    char uri[128];
    const char *token = strrchr(path_of(r, uri), '/') + 1;

    span_copy(dst, 32, span_of(token, strcspn(token, ";")));
    return dst;
}

/* A's leg is TLS from now on; B sees nothing of that. */
static void another_protocol_in_a_reinvite_is_that_of_one_leg(void **state)
{
    struct anchor_rig *r = *state;
    char u_b[128], token_a[32], got[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    token_of(r, token_a);
    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", HEAD C_A M_TLS P_A);
    expect_sdp(r, HEAD C_A "m=message 2856 TCP/MSRP *\r\n" C_US P_US
                           "a=setup:actpass\r\n");
    assert_string_equal(path_of(r, got), u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    expect_sdp(r, HEAD "m=message 2855 TCP/TLS/MSRP *\r\n" C_US
                       "a=path:msrps://relay.example.com:2855/@;tcp\r\n"
                       "a=setup:passive\r\na=fingerprint:SHA-256 68:2F\r\n");
    assert_string_equal(token_of(r, got), token_a);
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
    /* That is A's from now on. */
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", ANSWER);
    assert_true(anchor_rig_has(r->sdp, "a=path:msrps://relay.example.com"));
    assert_string_equal(token_of(r, got), token_a);
    anchor_rig_answer(r, "c", "b", "a", HEAD C_A M_TLS P_A);
    assert_string_equal(path_of(r, got), u_b);
}

/* So does B, of whose token another fork has a pair. */
static void a_fork_changes_its_own_leg(void **state)
{
    struct anchor_rig *r = *state;
    char u_b[128], token_b[32], got[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, u_b);
    token_of(r, token_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    anchor_rig_answer(r, "c", "a", "b2", ANSWER);
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", HEAD M_TLS P_B);
    anchor_rig_answer(r, "c", "b", "a", OFFER);
    assert_true(anchor_rig_has(r->sdp, "a=path:msrps://relay.example.com"));
    assert_string_equal(token_of(r, got), token_b);
    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_true(anchor_rig_has(r->sdp, "a=path:msrps://relay.example.com"));
    r->ask.to_tag = SPAN("b2");
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_string_equal(path_of(r, got), u_b);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

/* The proxy asks for another protocol behind it before all is agreed. */
static void another_far_protocol_replaces_the_pair(void **state)
{
    struct anchor_rig *r = *state;
    char u_b[128], got[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    r->ask.transport_protocol = SPAN("TCP/TLS/MSRP");
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_string_not_equal(path_of(r, got), u_b);
    assert_int_equal(anchor_rig_tokens(r), 2);
    anchor_rig_answer(r, "c", "a", "b", HEAD M_TLS P_B);
    assert_span(r->result, "ok");
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

/* The same offer with another protocol has another URI for its answer alone. */
static void an_offer_again_may_change_its_leg(void **state)
{
    struct anchor_rig *r = *state;
    char u_b[128], got[128];

    r->ask.transport_protocol = SPAN("TCP/MSRP");
    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, u_b);
    r->ask.transport_protocol = SPAN("TCP/MSRP");
    anchor_rig_offer(r, "c", "a", HEAD C_A M_TLS P_A);
    assert_string_equal(path_of(r, got), u_b);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    assert_true(anchor_rig_has(r->sdp, "a=path:msrps://relay.example.com"));
    assert_true(anchor_rig_has(r->sdp, "m=message 2855 TCP/TLS/MSRP"));
}

/* --- two anchors in one relay (anchor trap 16) --- */

static void one_relay_may_stand_twice_in_a_call(void **state)
{
    struct anchor_rig *r = *state;
    char one[128], two[128], text[1024], got[128], u_a1[128], u_a2[128];

    anchor_rig_offer(r, "c", "a", OFFER);
    path_of(r, one);
    snprintf(text, sizeof text, HEAD C_A M_TCP "a=path:%s\r\n", one);
    anchor_rig_offer(r, "c", "a", text);
    assert_string_not_equal(path_of(r, two), one);
    anchor_rig_offer(r, "c", "a", text);
    assert_string_equal(path_of(r, got), two);
    anchor_rig_offer(r, "c", "a", OFFER);
    assert_string_equal(path_of(r, got), one);

    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    path_of(r, u_a2);
    snprintf(text, sizeof text, HEAD M_TCP "a=path:%s\r\n", u_a2);
    anchor_rig_answer(r, "c", "a", "b", text);
    assert_string_not_equal(path_of(r, u_a1), u_a2);
    assert_int_equal(anchor_rig_pairs(r), 2);

    /* B's re-INVITE comes to the second one first. */
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", ANSWER);
    assert_string_equal(path_of(r, got), u_a2);
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", text);
    assert_string_equal(path_of(r, got), u_a1);
    anchor_rig_delete(r, "c", "a", "");
    assert_int_equal(anchor_rig_tokens(r), 0);
}

/* --- the end --- */

static void deletes_find_what_they_name(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_delete(r, "c", "a", "");
    assert_span(r->result, "ok");
    assert_span(r->warning, "Call-ID not found or tags didn't match");
    r->ask.is_fatal = true;
    anchor_rig_delete(r, "c", "a", "");
    expect_error(r, "Call-ID not found or tags didn't match");

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_delete(r, "c", "x", "");
    assert_true(r->warning.n > 0);
    anchor_rig_delete(r, "c", "a", "unknown");
    assert_int_equal(r->warning.n, 0);
    assert_int_equal(anchor_rig_tokens(r), 0);

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    anchor_rig_delete(r, "c", "a", "x");
    assert_true(r->warning.n > 0);
    anchor_rig_delete(r, "c", "b", "");
    assert_int_equal(r->warning.n, 0);
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    anchor_rig_offer(r, "c", "z", OFFER);
    anchor_rig_delete(r, "c", "", "");
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);
}

/* A re-INVITE is refused, and the proxy deletes its branch. */
static void a_branch_may_name_a_reoffer(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    r->ask.to_tag = SPAN("b");
    r->ask.via_branch = SPAN("before");
    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    r->ask.to_tag = SPAN("b");
    r->ask.via_branch = SPAN("again");
    anchor_rig_offer(r, "c", "a", OFFER M_TCP P_A);
    assert_int_equal(anchor_rig_tokens(r), 2);
    r->ask.via_branch = SPAN("again");
    anchor_rig_delete(r, "c", "a", "b");
    assert_int_equal(r->warning.n, 0);
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
    r->ask.via_branch = SPAN("again");
    anchor_rig_answer(r, "c", "a", "b", ANSWER M_TCP P_B);
    expect_error(r, "No matching offer");
    /* It names nothing any more, as a BYE's does. */
    r->ask.via_branch = SPAN("again");
    anchor_rig_delete(r, "c", "b", "");
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);
}

static void an_offer_that_nobody_answers_times_out(void **state)
{
    struct anchor_rig *r = *state;

    r->settings.offer_timeout_ms = 20;
    anchor_rig_configure(r);
    anchor_rig_offer(r, "c", "a", OFFER);
    while (anchor_rig_tokens(r))
        loop_turn(r->loop, true);
    assert_int_equal(anchor_rig_stats(r).offer_timeouts, 1);
    assert_int_equal(anchor_rig_stats(r).calls_now, 0);

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", OFFER M_TCP P_A);
    assert_int_equal(anchor_rig_tokens(r), 2);
    while (anchor_rig_tokens(r) > 1)
        loop_turn(r->loop, true);
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_stats(r).offer_timeouts, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANCHOR(an_offer_again_gets_the_same_uri),
        WITH_ANCHOR(an_answer_needs_its_offer),
        WITH_ANCHOR(an_answer_again_gets_the_same_uri),
        WITH_ANCHOR(forks_have_a_pair_each),
        WITH_ANCHOR(answers_choose_their_offer_by_branch),
        WITH_ANCHOR(a_reinvite_of_either_side_keeps_both_uris),
        WITH_ANCHOR(glare_keeps_both_offers),
        WITH_ANCHOR(sections_come_and_go),
        WITH_ANCHOR(a_section_that_is_refused_makes_no_pair),
        WITH_ANCHOR(a_downgrade_is_refused),
        WITH_ANCHOR(another_protocol_in_a_reinvite_is_that_of_one_leg),
        WITH_ANCHOR(a_fork_changes_its_own_leg),
        WITH_ANCHOR(another_far_protocol_replaces_the_pair),
        WITH_ANCHOR(an_offer_again_may_change_its_leg),
        WITH_ANCHOR(one_relay_may_stand_twice_in_a_call),
        WITH_ANCHOR(deletes_find_what_they_name),
        WITH_ANCHOR(a_branch_may_name_a_reoffer),
        WITH_ANCHOR(an_offer_that_nobody_answers_times_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
