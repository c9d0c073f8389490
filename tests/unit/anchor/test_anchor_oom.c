/* SPDX-License-Identifier: BSD-2-Clause */
/* Without memory a command fails and says so; what there was, stays. */
#include "anchor_sdp.h"
#include "oom.h"

/* One command, with its n-th allocation failing: was there one? */
typedef void (*command_fn)(struct anchor_rig *r);

static void offer(struct anchor_rig *r)
{
    anchor_rig_offer(r, "c", "a", HEAD C_A M_TCP P_A M_TLS P_A);
}

static void answer(struct anchor_rig *r)
{
    anchor_rig_answer(r, "c", "a", "b", HEAD M_TCP P_B M_TLS P_B);
}

static void reoffer(struct anchor_rig *r)
{
    r->ask.to_tag = SPAN("a");
    anchor_rig_offer(r, "c", "b", HEAD M_TCP P_B M_TLS P_B M_TCP P_B);
}

static void reanswer(struct anchor_rig *r)
{
    anchor_rig_answer(r, "c", "b", "a", HEAD C_A M_TCP P_A M_TLS P_A M_TCP P_A);
}

/* A's first leg is TLS from now on. */
static void change(struct anchor_rig *r)
{
    r->ask.to_tag = SPAN("b");
    anchor_rig_offer(r, "c", "a", HEAD C_A M_TLS P_A M_TLS P_A M_TCP P_A);
}

static void rechange(struct anchor_rig *r)
{
    anchor_rig_answer(r, "c", "a", "b", HEAD M_TCP P_B M_TLS P_B M_TCP P_B);
}

/* Fails each of its allocations in turn, until none is left to fail. */
static void sweep(struct anchor_rig *r, command_fn fn)
{
    for (unsigned n = 1;; n++) {
        uint64_t pairs = anchor_rig_pairs(r), tokens = anchor_rig_tokens(r);

        oom_arm(n);
        fn(r);
        if (!oom_disarm()) {
            assert_span(r->result, "ok");
            return;
        }
        if (span_eq(r->result, SPAN("ok")))
            continue; /* it could do without */
        assert_span(r->result, "error");
        assert_int_equal(anchor_rig_pairs(r), pairs);
        assert_int_equal(anchor_rig_tokens(r), tokens);
    }
}

static void every_command_survives_without_memory(void **state)
{
    struct anchor_rig *r = *state;

    sweep(r, offer);
    assert_int_equal(anchor_rig_tokens(r), 2);
    sweep(r, answer);
    assert_int_equal(anchor_rig_pairs(r), 2);
    sweep(r, reoffer);
    assert_int_equal(anchor_rig_tokens(r), 3);
    sweep(r, reanswer);
    assert_int_equal(anchor_rig_pairs(r), 3);
    sweep(r, change);
    sweep(r, rechange);
    assert_true(anchor_rig_has(r->sdp, "a=path:msrps://relay.example.com"));
    assert_int_equal(anchor_rig_pairs(r), 3);
    r->ask.call_id = SPAN("c");
    anchor_rig_command(r, "query");
    assert_span(r->result, "ok");
    anchor_rig_delete(r, "c", "", "");
    assert_int_equal(anchor_rig_tokens(r), 0);
}

static int prepare(void *ctx)
{
    struct anchor_rig *r = ctx;
    struct anchor_setup *setup;
    int err = anchor_prepare(&setup, &r->settings);

    if (!err)
        anchor_commit(r->anchor, setup);
    return err;
}

static void settings_are_all_or_nothing(void **state)
{
    assert_true(oom_sweep(prepare, *state) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANCHOR(every_command_survives_without_memory),
        WITH_ANCHOR(settings_are_all_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
