/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked without changing anything. */
#include "anchor_sdp.h"

static void queries_show_the_call(void **state)
{
    struct anchor_rig *r = *state;
    struct span all;

    r->ask.call_id = SPAN("c");
    anchor_rig_command(r, "query");
    expect_error(r, "Unknown call-id");
    anchor_rig_offer(r, "c", "alice", OFFER);
    r->ask.call_id = SPAN("c");
    anchor_rig_command(r, "query");
    all = ng_reply_span(&r->reply);
    assert_false(anchor_rig_has(all, "in dialogue with"));
    assert_true(anchor_rig_has(all, "6:mediasld5:flagsle5:indexi1e"
                                    "8:protocol8:TCP/MSRP7:streamsld"
                                    "8:endpointd7:address13:198.51.100.20"));
    assert_true(anchor_rig_has(all, "5:statsd5:bytesi0e"));
    anchor_rig_answer(r, "c", "alice", "bob", ANSWER);
    r->ask.call_id = SPAN("c");
    anchor_rig_command(r, "query");
    assert_span(r->result, "ok");
    all = ng_reply_span(&r->reply);
    assert_true(anchor_rig_has(all, "4:tagsd5:aliced7:createdi"));
    assert_true(
        anchor_rig_has(all, "16:in dialogue with3:bob6:mediasld5:flags"));
    assert_true(anchor_rig_has(all, "5:indexi1e8:protocol8:TCP/MSRP"));
    assert_true(anchor_rig_has(
        all, "8:endpointd7:address13:198.51.100.206:family4:IPv44:porti7654e"));
    assert_true(anchor_rig_has(
        all, "6:totalsd4:MSRPd5:bytesi0e6:errorsi0e7:packetsi0e"));
    assert_false(anchor_rig_has(all, ";tcp"));
}

static void lists_have_a_limit(void **state)
{
    struct anchor_rig *r = *state;

    anchor_rig_offer(r, "c1", "a", OFFER);
    anchor_rig_offer(r, "c2", "a", OFFER);
    anchor_rig_command(r, "list");
    assert_span(ng_reply_span(&r->reply), "1 d5:callsl2:c12:c2e6:result2:oke");
    r->ask.has_limit = true;
    r->ask.limit = 1;
    anchor_rig_command(r, "list");
    assert_span(ng_reply_span(&r->reply), "1 d5:callsl2:c1e6:result2:oke");
    r->ask.has_limit = true;
    r->ask.limit = -1;
    anchor_rig_command(r, "list");
    expect_error(r, "invalid limit, must be >0");
}

static void statistics_count_sessions(void **state)
{
    struct anchor_rig *r = *state;
    struct span all;

    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_answer(r, "c", "a", "b", ANSWER);
    anchor_rig_delete(r, "c", "a", "");
    anchor_rig_offer(r, "c", "a", OFFER);
    anchor_rig_command(r, "statistics");
    all = ng_reply_span(&r->reply);
    assert_true(anchor_rig_has(all, "11:sessionsowni1e"));
    assert_true(anchor_rig_has(all, "15:managedsessionsi1e"));
    assert_true(anchor_rig_has(all, "25:regularterminatedsessionsi1e"));
}

static void a_walk_shows_every_section(void **state)
{
    struct anchor_rig *r = *state;
    struct anchor_walk walk;
    struct anchor_row row;

    anchor_rig_offer(r, "c1", "a", OFFER);
    anchor_rig_answer(r, "c1", "a", "b", ANSWER);
    anchor_rig_offer(r, "c2", "z", OFFER);
    anchor_walk_begin(&walk, r->anchor);
    assert_true(anchor_walk_next(&walk, r->anchor, &row));
    assert_span(row.call_id, "c1");
    assert_span(row.to_tag, "b");
    assert_string_equal(row.state, "waiting");
    assert_int_equal(strlen(row.short_id), 6);
    assert_true(anchor_walk_next(&walk, r->anchor, &row));
    assert_span(row.call_id, "c2");
    assert_span(row.from_tag, "z");
    assert_string_equal(row.state, "offered");
    assert_false(anchor_walk_next(&walk, r->anchor, &row));
    anchor_walk_begin(&walk, r->anchor);
    assert_true(anchor_walk_next(&walk, r->anchor, &row));
    anchor_rig_delete(r, "c1", "", "");
    assert_true(anchor_walk_next(&walk, r->anchor, &row));
    assert_span(row.call_id, "c2");
    anchor_walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANCHOR(queries_show_the_call),
        WITH_ANCHOR(lists_have_a_limit),
        WITH_ANCHOR(statistics_count_sessions),
        WITH_ANCHOR(a_walk_shows_every_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
