/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes late, again, or for something that is over.
 * A is passive: where the relay dials shows which of its paths counts. */
#include "anchor_sdp.h"

#include "anchored_dial.h"

#define PASSIVE "a=setup:passive\r\n"
#define URI_A "msrp://198.51.100.20:7654/aLiCe;tcp"
#define URI_MOVED "msrp://198.51.100.21:7654/moved;tcp"
#define OFFER_A OFFER PASSIVE
#define OFFER_MOVED HEAD C_A M_TCP "a=path:" URI_MOVED "\r\n" PASSIVE
#define ANSWER_NEXT ANSWER "a=next\r\n"

#define URI_B_MOVED "msrp://198.51.100.78:1/moved;tcp"
#define ANSWER_MOVED HEAD M_TCP "a=path:" URI_B_MOVED "\r\n"

static char dialled[128], dialled_b[128]; /* the last URI of A's, of B's */

/* Nobody can be reached. */
static struct link *on_dial(void *ctx, const struct anchored_dial *to,
                            uint16_t *code)
{
    (void)ctx;
    *code = 408;
    if (span_starts(to->uri->text, SPAN("msrp://198.51.100.7")))
        span_copy(dialled_b, sizeof dialled_b, to->uri->text);
    else
        span_copy(dialled, sizeof dialled, to->uri->text);
    return NULL;
}

static void late_offer(struct anchor_rig *r, const char *sdp)
{
    anchor_rig_offer(r, "c", "a", sdp);
    assert_span(r->result, "ok");
}

static void late_reoffer(struct anchor_rig *r, const char *sdp)
{
    r->ask.to_tag = SPAN("b");
    late_offer(r, sdp);
}

static void late_answer(struct anchor_rig *r, const char *sdp)
{
    anchor_rig_answer(r, "c", "a", "b", sdp);
}

/* A call between a and b, with U_A. */
static void late_call(struct anchor_rig *r, char *u_a)
{
    relay_on_dial(r->relay, NULL, NULL, true);
    relay_on_anchored_dial(r->relay, on_dial, NULL);
    late_offer(r, OFFER_A);
    late_answer(r, ANSWER);
    path_of(r, u_a);
    assert_string_equal(dialled, URI_A);
}

/* --- answers --- */

/* Both move; the answers to the first INVITE come again after that. */
static void the_first_answers_again_move_nobody(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128], got[128];

    late_call(r, u_a);
    late_answer(r, ANSWER_NEXT);
    late_reoffer(r, OFFER_MOVED);
    late_answer(r, ANSWER_MOVED);
    late_answer(r, ANSWER);
    late_answer(r, ANSWER_NEXT);
    assert_string_equal(path_of(r, got), u_a);
    assert_string_equal(dialled, URI_MOVED);
    assert_string_equal(dialled_b, URI_B_MOVED);
    assert_int_equal(anchor_rig_pairs(r), 1);
}

static void the_answer_to_a_reoffer_again_is_the_same(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128], got[128];

    late_call(r, u_a);
    late_reoffer(r, OFFER_MOVED);
    late_answer(r, ANSWER_NEXT);
    late_answer(r, ANSWER_NEXT);
    assert_string_equal(path_of(r, got), u_a);
    assert_string_equal(dialled, URI_MOVED);
}

/* B renegotiated last; what answered A's offer comes again. */
static void an_answer_from_before_the_others_offer_moves_nobody(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128], got[128];

    late_call(r, u_a);
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", ANSWER_NEXT);
    anchor_rig_answer(r, "c", "b", "a", OFFER_MOVED);
    late_answer(r, ANSWER);
    assert_string_equal(path_of(r, got), u_a);
    assert_string_equal(dialled, URI_MOVED);
}

static void a_branch_tells_the_first_answer_from_the_second(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128], got[128];

    r->ask.via_branch = SPAN("one");
    late_call(r, u_a);
    r->ask.via_branch = SPAN("two");
    late_reoffer(r, OFFER_MOVED);
    r->ask.via_branch = SPAN("one"); /* not the answer to the re-offer */
    late_answer(r, ANSWER_NEXT);
    assert_string_equal(path_of(r, got), u_a);
    assert_string_equal(dialled, URI_A);
    r->ask.via_branch = SPAN("two");
    late_answer(r, ANSWER_NEXT);
    assert_string_equal(dialled, URI_MOVED);
    r->ask.via_branch = SPAN("one");
    late_answer(r, ANSWER);
    assert_string_equal(path_of(r, got), u_a);
    assert_string_equal(dialled, URI_MOVED);
}

/* Nobody answered the re-offer in time; then somebody does. */
static void the_answer_to_a_dropped_reoffer_matches_nothing(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128];

    r->settings.offer_timeout_ms = 20;
    anchor_rig_configure(r);
    late_call(r, u_a);
    late_reoffer(r, OFFER_MOVED M_TCP P_A);
    while (anchor_rig_stats(r).offer_timeouts == 0)
        loop_turn(r->loop, true);
    late_answer(r, ANSWER_NEXT M_TCP P_B);
    expect_error(r, "No matching offer");
    assert_string_equal(dialled, URI_A);
    assert_int_equal(anchor_rig_pairs(r), 1);
    late_reoffer(r, OFFER_MOVED);
    late_answer(r, ANSWER_NEXT);
    assert_string_equal(dialled, URI_MOVED);
}

/* --- sections that are over --- */

/* The file's section was offered twice, then it ends. */
static void the_token_of_a_section_that_ended_is_unknown(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128];

    late_call(r, u_a);
    for (unsigned i = 0; i < 2; i++) {
        late_reoffer(r, OFFER_A M_TCP P_A);
        late_answer(r, ANSWER M_TCP P_B);
    }
    assert_int_equal(anchor_rig_pairs(r), 2);
    late_reoffer(r, OFFER_A M_NONE);
    late_answer(r, ANSWER M_NONE);
    assert_int_equal(anchor_rig_pairs(r), 1);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

/* One section of two that were offered at first ends by a re-offer that says
 * no more than before. */
static void so_is_that_of_a_section_of_the_first_offer(void **state)
{
    struct anchor_rig *r = *state;

    late_offer(r, OFFER_A M_TCP P_A);
    late_answer(r, ANSWER M_TCP P_B);
    late_reoffer(r, OFFER_A M_TCP P_A);
    late_answer(r, ANSWER M_TCP P_B);
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", ANSWER M_NONE);
    anchor_rig_answer(r, "c", "b", "a", OFFER M_NONE);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

/* B refuses the section that A adds: its token does not wait. */
static void so_is_that_of_a_section_that_was_refused(void **state)
{
    struct anchor_rig *r = *state;
    char u_a[128];

    late_call(r, u_a);
    late_reoffer(r, OFFER_A M_TCP P_A);
    late_answer(r, ANSWER M_NONE);
    assert_int_equal(anchor_rig_tokens(r), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANCHOR(the_first_answers_again_move_nobody),
        WITH_ANCHOR(the_answer_to_a_reoffer_again_is_the_same),
        WITH_ANCHOR(an_answer_from_before_the_others_offer_moves_nobody),
        WITH_ANCHOR(a_branch_tells_the_first_answer_from_the_second),
        WITH_ANCHOR(the_answer_to_a_dropped_reoffer_matches_nothing),
        WITH_ANCHOR(the_token_of_a_section_that_ended_is_unknown),
        WITH_ANCHOR(so_is_that_of_a_section_of_the_first_offer),
        WITH_ANCHOR(so_is_that_of_a_section_that_was_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
