/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits for a connection that is being dialled holds nobody up (S-12). */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "relay.h"
#include "rig.h"

struct scene {
    struct rig rig;
    struct wire *bob, *eve;
    char text[1024];
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->bob = rig_client(&s->rig, "bob");
    s->eve = rig_connect(&s->rig, "eve");
    *state = s;
    return 0;
}

static void send_to_peer(struct scene *s, struct wire *from, const char *peer,
                         const char *id)
{
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP %s SEND\r\nTo-Path: %s msrps://far.example:1/%s;tcp"
                   "\r\nFrom-Path: msrps://bob.example:9/bob;tcp\r\n"
                   "Message-ID: %s\r\nContent-Type: a/b\r\n\r\nx\r\n"
                   "-------%s$\r\n",
                   id, from->uri, peer, id, id);
    rig_send(&s->rig, from, s->text);
}

static void start_dial(struct scene *s, struct wire *from, const char *id)
{
    send_to_peer(s, from, "x", id);
}

static void keep_alive(struct scene *s, struct wire *from)
{
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP kaaa SEND\r\nTo-Path: msrps://relay.example.com:2855;"
                   "tcp\r\nFrom-Path: msrps://bob.example:9/bob;tcp\r\n"
                   "Message-ID: k\r\n-------kaaa$\r\n");
    rig_send(&s->rig, from, s->text);
    assert_true(
        span_starts(fake_link_new_output(&from->fake), SPAN("MSRP kaaa 200 ")));
}

/* 2.2, I-3. */
static void a_dial_holds_no_keep_alive_up(void **state)
{
    struct scene *s = *state;

    rig_dials(&s->rig, "far", "far.example");
    start_dial(s, s->bob, "dial1");
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    keep_alive(s, s->bob);
    rig_down(&s->rig, rig_wire(&s->rig, SPAN("far")), 403);
    assert_true(span_starts(fake_link_new_output(&s->bob->fake),
                            SPAN("MSRP dial1 403 ")));
}

static void answers_come_with_the_connection(void **state)
{
    struct scene *s = *state;
    struct wire *far;

    rig_dials(&s->rig, "far", "far.example");
    start_dial(s, s->bob, "dial1");
    start_dial(s, s->bob, "dial2");
    far = rig_wire(&s->rig, SPAN("far"));
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    rig_up(&s->rig, far);
    assert_true(span_starts(fake_link_new_output(&s->bob->fake),
                            SPAN("MSRP dial1 200 ")));
    assert_non_null(
        memmem(far->fake.out, far->fake.out_n, "Message-ID: dial2", 17));
}

/* An answer waits for 10 s at most; the failure is a REPORT then. */
static void a_slow_dial_is_answered_before(void **state)
{
    struct scene *s = *state;
    struct span got;

    rig_dials(&s->rig, "far", "far.example");
    start_dial(s, s->bob, "dial1");
    rig_wait(&s->rig, 9000);
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    rig_wait(&s->rig, 1500);
    assert_true(span_starts(fake_link_new_output(&s->bob->fake),
                            SPAN("MSRP dial1 200 ")));
    rig_down(&s->rig, rig_wire(&s->rig, SPAN("far")), 408);
    got = fake_link_new_output(&s->bob->fake);
    assert_non_null(memmem(got.p, got.n, " REPORT\r\n", 9));
    assert_non_null(memmem(got.p, got.n, "Status: 000 408", 15));
}

/* Whoever ends the connection before it is up: the operator, here. */
static void who_waits_for_a_dial_is_answered_at_its_end(void **state)
{
    struct scene *s = *state;
    struct wire *far;
    struct span got;

    rig_dials(&s->rig, "far", "far.example");
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP dial1 PING\r\nTo-Path: %s msrps://far.example:1/x;tcp"
                   "\r\nFrom-Path: msrps://bob.example:9/bob;tcp\r\n"
                   "-------dial1$\r\n",
                   s->bob->uri);
    rig_send(&s->rig, s->bob, s->text);
    far = rig_wire(&s->rig, SPAN("far"));
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    relay_link_kick(s->rig.relay, &far->fake.link);
    rig_settle(&s->rig);
    assert_true(far->gone);
    got = fake_link_new_output(&s->bob->fake);
    assert_true(span_starts(got, SPAN("MSRP dial1 408 ")));
    assert_null(memmem(got.p + 1, got.n - 1, "MSRP dial1", 10));
}

static bool is_refused(struct wire *w, const char *id)
{
    char start[32];
    int n = snprintf(start, sizeof start, "MSRP %s 408 ", id);

    return span_starts(fake_link_new_output(&w->fake),
                       span_of(start, (size_t)n));
}

/* 3.3: whoever has his share under way is told at once, and nobody else is. */
static void one_sender_has_a_few_dials_under_way(void **state)
{
    struct scene *s = *state;
    struct relay_stats stats;

    s->rig.policy.dials_per_link = 2;
    rig_reload(&s->rig, NULL);
    rig_auth(&s->rig, s->eve, "alice");
    (void)fake_link_new_output(&s->eve->fake);
    rig_dials(&s->rig, "far", "far.example");
    send_to_peer(s, s->bob, "1", "aaaa");
    send_to_peer(s, s->bob, "2", "bbbb");
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    send_to_peer(s, s->bob, "3", "cccc");
    assert_true(is_refused(s->bob, "cccc"));
    send_to_peer(s, s->bob, "2", "dddd"); /* goes the way of bbbb */
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    rig_up(&s->rig, rig_wire(&s->rig, SPAN("far")));
    (void)fake_link_new_output(&s->bob->fake);
    send_to_peer(s, s->bob, "5", "ffff");
    assert_int_equal(fake_link_new_output(&s->bob->fake).n, 0);
    send_to_peer(s, s->bob, "6", "gggg");
    assert_true(is_refused(s->bob, "gggg"));
    send_to_peer(s, s->eve, "4", "eeee");
    assert_int_equal(fake_link_new_output(&s->eve->fake).n, 0);
    relay_stats(s->rig.relay, &stats);
    assert_int_equal(stats.too_many_dials, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dial_holds_no_keep_alive_up),
        TEST(answers_come_with_the_connection),
        TEST(a_slow_dial_is_answered_before),
        TEST(who_waits_for_a_dial_is_answered_at_its_end),
        TEST(one_sender_has_a_few_dials_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
