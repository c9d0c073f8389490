/* SPDX-License-Identifier: BSD-2-Clause */
/* Anchored pairs over real sockets: peers that connect and peers that are
 * dialled, with fingerprints and without. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "dispatch.h"
#include "pair_rig.h"

/* B is dialled in clear; A comes over TLS: SEND, 200 both ways. */
static void tls_to_tcp(void **state)
{
    struct pair_rig *w = *state;
    struct fingerprint f = pair_rig_fingerprint(w, "phone");
    struct far_end a, b;
    char p_b[64];
    uint16_t port;
    int listening = pair_rig_listen(&port);

    (void)snprintf(p_b, sizeof p_b, "msrp://127.0.0.1:%u/bob;tcp", port);
    pair_rig_offer(w, false);
    pair_rig_say_a(w, &f);
    pair_rig_say(w, ANCHORED_B, p_b, (struct anchored_said){.we_dial = true});
    far_end_dialled(w, &b, listening, NULL);
    far_end_until(w, &b, "$\r\n");
    assert_null(
        strstr(b.text, "Byte-Range")); /* the opening one is the probe */
    far_end_answer(w, &b);
    far_end_come(w, &a, pair_rig_context(w, "phone"));
    far_end_ask(w, &a, "m1", pair_rig_u_a(w), PAIR_RIG_P_A, "hello\r\n");
    far_end_until(w, &b, "\r\nhello\r\n");
    far_end_until(w, &a, "MSRP m1 200");
    far_end_answer(w, &b);
    far_end_ask(w, &b, "m2", anchored_pair_uri(w->pair, ANCHORED_B), p_b,
                "howdy\r\n");
    far_end_until(w, &a, "\r\nhowdy\r\n");
    far_end_until(w, &b, "MSRP m2 200");
    assert_null(strstr(a.text, "bob"));
    far_end_leave(&a);
    far_end_leave(&b);
}

/* another certificate than the one announced, or none: 403, closed. */
static void impostor_is_refused(void **state)
{
    static const char *const shown[] = {"relay", NULL};
    struct pair_rig *w = *state;
    struct fingerprint f = pair_rig_fingerprint(w, "phone");
    struct anchored_stats stats;
    struct far_end a;

    pair_rig_offer(w, true);
    pair_rig_say_a(w, &f);
    pair_rig_say(w, ANCHORED_B, "msrps://127.0.0.1:9/bob;tcp",
                 (struct anchored_said){0});
    for (size_t i = 0; i < 2; i++) {
        far_end_come(w, &a, pair_rig_context(w, shown[i]));
        far_end_ask(w, &a, "m1", pair_rig_u_a(w), PAIR_RIG_P_A, "hello\r\n");
        far_end_until(w, &a, "MSRP m1 403");
        far_end_until_eof(w, &a);
        far_end_leave(&a);
    }
    anchored_stats(w->relay, &stats);
    assert_int_equal(stats.refused_fingerprint, 2);
    assert_int_equal(stats.bound_now, 0);
}

/* a URI with msrps is spoken over TLS alone. */
static void clear_is_refused(void **state)
{
    struct pair_rig *w = *state;
    struct far_end a;

    pair_rig_offer(w, true);
    pair_rig_say(w, ANCHORED_A, PAIR_RIG_P_A, (struct anchored_said){0});
    pair_rig_say(w, ANCHORED_B, "msrps://127.0.0.1:9/bob;tcp",
                 (struct anchored_said){0});
    far_end_come(w, &a, NULL);
    far_end_ask(w, &a, "m1", pair_rig_u_a(w), PAIR_RIG_P_A, "hello\r\n");
    far_end_until(w, &a, "MSRP m1 403");
    far_end_leave(&a);
}

/* who is dialled is known by his fingerprint, whatever his name. */
static void dial_by_fingerprint(struct pair_rig *w, struct far_end *b,
                                const struct fingerprint *f)
{
    uint16_t port;
    int listening = pair_rig_listen(&port);
    char p_b[64];

    (void)snprintf(p_b, sizeof p_b, "msrps://far.invalid.example:%u/bob;tcp",
                   port);
    pair_rig_offer(w, true);
    pair_rig_say(w, ANCHORED_A, PAIR_RIG_P_A, (struct anchored_said){0});
    /* The address came beside the path. */
    pair_rig_say(w, ANCHORED_B, p_b,
                 (struct anchored_said){.we_dial = true,
                                        .dial_host = SPAN("127.0.0.1"),
                                        .dial_port = port,
                                        .has_fingerprint = true,
                                        .fingerprints = f,
                                        .n_fingerprints = 1});
    far_end_dialled(w, b, listening, pair_rig_context(w, "phone"));
}

static void dialled_by_fingerprint(void **state)
{
    struct pair_rig *w = *state;
    struct fingerprint f = pair_rig_fingerprint(w, "phone");
    struct anchored_facts facts;
    struct far_end b;

    dial_by_fingerprint(w, &b, &f);
    far_end_until(w, &b, "To-Path: msrps://far.invalid.example");
    anchored_pair_facts(w->pair, &facts);
    assert_true(facts.side[ANCHORED_B].is_bound);
    assert_true(facts.side[ANCHORED_B].is_tls);
    far_end_leave(&b);
}

static void wrong_fingerprint_gets_no_octet(void **state)
{
    struct pair_rig *w = *state;
    struct fingerprint f = pair_rig_fingerprint(w, "relay");
    struct far_end a, b;

    dial_by_fingerprint(w, &b, &f);
    far_end_come(w, &a, pair_rig_context(w, NULL));
    far_end_ask(w, &a, "m1", pair_rig_u_a(w), PAIR_RIG_P_A, "hello\r\n");
    far_end_until_eof(w, &b);
    assert_int_equal(b.n, 0);
    far_end_until(w, &a, "MSRP m1 403");
    far_end_leave(&a);
    far_end_leave(&b);
}

/* what is denied is not dialled, unless the SDP's address is trusted. */
static void denied_and_trusted(void **state)
{
    struct pair_rig *w = *state;
    struct anchored_said said = {.we_dial = true};
    uint16_t port;
    int listening = pair_rig_listen(&port);
    struct far_end a, b;
    char p_b[64];

    w->may_dial = false;
    (void)snprintf(p_b, sizeof p_b, "msrp://127.0.0.1:%u/bob;tcp", port);
    pair_rig_offer(w, false);
    pair_rig_say(w, ANCHORED_A, PAIR_RIG_P_A, (struct anchored_said){0});
    pair_rig_say(w, ANCHORED_B, p_b, said);
    far_end_come(w, &a, pair_rig_context(w, NULL));
    far_end_ask(w, &a, "m1", pair_rig_u_a(w), PAIR_RIG_P_A, "hello\r\n");
    far_end_until(w, &a, "MSRP m1 403");
    said.trusted = SPAN("127.0.0.1");
    pair_rig_say(w, ANCHORED_B, p_b, said);
    far_end_dialled(w, &b, listening, NULL);
    far_end_until(w, &b, "To-Path: msrp://127.0.0.1");
    far_end_leave(&a);
    far_end_leave(&b);
}

/* one that came is left to its peer when the pair ends, and closed after
 * timers.probation. */
static void one_that_came_is_closed_later(void **state)
{
    struct pair_rig *w = *state;
    struct far_end a;

    pair_rig_offer(w, true);
    pair_rig_say(w, ANCHORED_A, PAIR_RIG_P_A, (struct anchored_said){0});
    pair_rig_say(w, ANCHORED_B, "msrps://127.0.0.1:9/bob;tcp",
                 (struct anchored_said){0});
    far_end_come(w, &a, pair_rig_context(w, NULL));
    far_end_ask(w, &a, "m1", pair_rig_u_a(w), PAIR_RIG_P_A, "");
    far_end_until(w, &a, "MSRP m1 200");
    timer_fifo_set_length(w->hops.probation, 100);
    anchored_token_end(w->relay, w->token, ANCHORED_DELETE);
    w->token = NULL;
    far_end_forget(&a);
    far_end_until_eof(w, &a);
    assert_int_equal(w->hops.stats.probation, 1);
    far_end_leave(&a);
}

/* One that was dialled is closed at once. */
static void one_that_was_dialled_is_closed(void **state)
{
    struct pair_rig *w = *state;
    struct fingerprint f = pair_rig_fingerprint(w, "phone");
    struct far_end b;

    dial_by_fingerprint(w, &b, &f);
    far_end_until(w, &b, "$\r\n");
    anchored_token_end(w->relay, w->token, ANCHORED_DELETE);
    w->token = NULL;
    far_end_until_eof(w, &b);
    assert_int_equal(w->hops.stats.probation, 0);
    far_end_leave(&b);
}

int main(void)
{
#define T(f)                                                                   \
    cmocka_unit_test_setup_teardown(f, pair_rig_set_up, pair_rig_tear_down)
    const struct CMUnitTest tests[] = {
        T(tls_to_tcp),
        T(impostor_is_refused),
        T(clear_is_refused),
        T(dialled_by_fingerprint),
        T(wrong_fingerprint_gets_no_octet),
        T(denied_and_trusted),
        T(one_that_came_is_closed_later),
        T(one_that_was_dialled_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
