/* SPDX-License-Identifier: BSD-2-Clause */
/* Thousands of messages fail at one moment: each is reported, in order, as
 * fast as the sender takes it (S-10). */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "relay.h"
#include "rig.h"

enum {
    MANY = 3000,
    REPORT_MAX = 1024, /* octets of one REPORT at most */
    RETRY_MS = 1000,
};

struct scene {
    struct rig rig;
    struct wire *bob;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->bob = rig_client(&s->rig, "bob");
    *state = s;
    return 0;
}

/* `from` sends bob n messages of one octet; the relay accepts them all. */
static void send_many(struct scene *s, struct wire *from, const char *from_path,
                      unsigned n)
{
    char text[1024];

    for (unsigned i = 0; i < n; i++) {
        (void)snprintf(text, sizeof text,
                       "MSRP t%08u SEND\r\nTo-Path: %s "
                       "msrps://bob.example:9/bob;tcp\r\nFrom-Path: %s\r\n"
                       "Message-ID: m%06u\r\nByte-Range: 1-1/1\r\n"
                       "Content-Type: a/b\r\n\r\nx\r\n-------t%08u$\r\n",
                       i, s->bob->uri, from_path, i, i);
        rig_send(&s->rig, from, text);
    }
    (void)fake_link_new_output(&from->fake);
}

#define STRANGER "msrps://eve.example:9/eve;tcp"

static struct wire *stranger(struct scene *s)
{
    struct wire *w = rig_connect(&s->rig, "eve");

    send_many(s, w, STRANGER, MANY);
    return w;
}

/* The REPORTs in new output are about messages first..; returns what comes
 * next. */
static unsigned assert_reports(struct wire *w, unsigned first,
                               const char *status)
{
    struct span got = fake_link_new_output(&w->fake);
    char id[32];

    while (got.n > 0) {
        struct span frame = got;
        const char *end = memmem(got.p, got.n, "$\r\n", 3);

        assert_non_null(end);
        frame.n = (size_t)(end - got.p) + 3;
        got = span_from(got, frame.n);
        (void)snprintf(id, sizeof id, "Message-ID: m%06u\r\n", first++);
        assert_non_null(memmem(frame.p, frame.n, " REPORT\r\n", 9));
        assert_non_null(memmem(frame.p, frame.n, id, strlen(id)));
        assert_non_null(memmem(frame.p, frame.n, status, strlen(status)));
    }
    return first;
}

static uint64_t owed_now(const struct scene *s)
{
    struct relay_stats stats;

    relay_stats(s->rig.relay, &stats);
    return stats.reports_owed_now;
}

/* The kernel takes `n` octets more. */
static void take(struct scene *s, struct wire *w, size_t n)
{
    size_t left = w->fake.out_n - w->fake.taken;

    w->fake.taken += n < left ? n : left;
    relay_link_sent(s->rig.relay, &w->fake.link, w->fake.taken);
}

static void a_slow_sender_hears_of_all_in_order(void **state)
{
    struct scene *s = *state;
    struct wire *eve = stranger(s);
    size_t most = s->rig.policy.high_water + REPORT_MAX;
    unsigned next = 0;

    eve->held = true;
    rig_close(&s->rig, s->bob, false);
    assert_true(owed_now(s) > 0);
    while (eve->fake.out_n > eve->fake.taken) {
        assert_true(eve->fake.out_n - eve->fake.taken <= most);
        next = assert_reports(eve, next, "Status: 000 408");
        take(s, eve, 10000);
    }
    assert_int_equal(next, MANY);
    assert_int_equal(owed_now(s), 0);
    assert_false(eve->gone);
}

static void those_that_time_out_are_told_too(void **state)
{
    struct scene *s = *state;
    struct wire *eve = stranger(s);

    rig_wait(&s->rig, s->rig.policy.transaction_ms + 1000);
    assert_int_equal(assert_reports(eve, 0, "Status: 000 408"), MANY);
    assert_int_equal(owed_now(s), 0);
}

static void who_is_gone_is_owed_nothing(void **state)
{
    struct scene *s = *state;
    struct wire *eve = stranger(s);
    struct relay_stats stats;

    eve->held = true;
    rig_close(&s->rig, s->bob, false);
    rig_close(&s->rig, eve, false);
    relay_stats(s->rig.relay, &stats);
    assert_int_equal(stats.reports_owed_now, 0);
    assert_int_equal(stats.reports_made + stats.reports_dropped, MANY);
}

/* A link that is to end gets first what is owed to it, and is not read. */
static void a_link_is_finished_with_what_it_is_owed(void **state)
{
    struct scene *s = *state;
    struct wire *eve = stranger(s);

    eve->held = true;
    rig_close(&s->rig, s->bob, false);
    relay_link_finish(s->rig.relay, &eve->fake.link, "shutting down");
    assert_int_equal(eve->fake.closes, 0);
    assert_true(eve->fake.paused);
    while (owed_now(s) > 0)
        take(s, eve, 100000);
    assert_int_equal(assert_reports(eve, 0, "Status: 000 408"), MANY);
    assert_int_equal(eve->fake.closes, 1);
    assert_string_equal(eve->fake.why, "shutting down");
}

/* --- another relay's link (2.8) --- */

#define R1 "msrps://r1.example:2855/u;tcp"
#define FROM_R1 R1 " " STRANGER

static struct wire *other_relay(struct scene *s)
{
    struct wire *w = rig_connect(&s->rig, "r1");

    fake_link_certify(&w->fake, "r1.example");
    relay_link_known(s->rig.relay, &w->fake.link);
    send_many(s, w, FROM_R1, MANY);
    return w;
}

static void a_relay_is_dialled_and_told_all(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s), *again;

    rig_dials(&s->rig, "again", "r1.example");
    rig_close(&s->rig, r1, false);
    rig_close(&s->rig, s->bob, false);
    assert_int_equal(owed_now(s), MANY);
    again = rig_wire(&s->rig, SPAN("again"));
    assert_int_equal(again->fake.out_n, 0);
    rig_up(&s->rig, again);
    assert_int_equal(assert_reports(again, 0, "Status: 000 408"), MANY);
}

static void what_failed_first_is_owed_to_the_next_link_too(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s), *again;

    rig_dials(&s->rig, "again", "r1.example");
    r1->held = true;
    rig_close(&s->rig, s->bob, false);
    (void)fake_link_new_output(&r1->fake);
    rig_close(&s->rig, r1, false);
    assert_in_range(owed_now(s), MANY / 2, MANY);
    rig_wait(&s->rig, RETRY_MS);
    again = rig_wire(&s->rig, SPAN("again"));
    rig_down(&s->rig, again, 408);
    assert_true(again->gone);
    assert_int_equal(s->rig.n_wires, 3); /* not dialled again at once */
    rig_wait(&s->rig, RETRY_MS);
    again = rig_wire(&s->rig, SPAN("again"));
    rig_up(&s->rig, again);
    assert_int_equal(owed_now(s), 0);
    assert_false(again->gone);
}

static void a_relay_that_comes_back_gets_what_it_is_owed(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);

    rig_close(&s->rig, r1, false);
    rig_close(&s->rig, s->bob, false);
    assert_int_equal(owed_now(s), MANY);
    r1 = rig_connect(&s->rig, "r1");
    fake_link_certify(&r1->fake, "r1.example");
    relay_link_known(s->rig.relay, &r1->fake.link);
    rig_send(&s->rig, r1,
             "MSRP abcd REPORT\r\nTo-Path: msrps://relay.example.com:2855;tcp"
             "\r\nFrom-Path: " R1 "\r\nMessage-ID: 1\r\nStatus: 000 200 OK\r\n"
             "-------abcd$\r\n");
    rig_wait(&s->rig, RETRY_MS);
    assert_int_equal(assert_reports(r1, 0, "Status: 000 408"), MANY);
}

static void a_relay_that_stays_away_is_owed_nothing_in_the_end(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);
    struct relay_stats stats;

    rig_close(&s->rig, r1, false);
    rig_close(&s->rig, s->bob, false);
    rig_wait(&s->rig, 2 * s->rig.policy.transaction_ms - 1000);
    assert_int_equal(owed_now(s), MANY);
    rig_wait(&s->rig, 2000);
    relay_stats(s->rig.relay, &stats);
    assert_int_equal(stats.reports_owed_now, 0);
    assert_int_equal(stats.reports_dropped, MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slow_sender_hears_of_all_in_order),
        TEST(those_that_time_out_are_told_too),
        TEST(who_is_gone_is_owed_nothing),
        TEST(a_link_is_finished_with_what_it_is_owed),
        TEST(a_relay_is_dialled_and_told_all),
        TEST(what_failed_first_is_owed_to_the_next_link_too),
        TEST(a_relay_that_comes_back_gets_what_it_is_owed),
        TEST(a_relay_that_stays_away_is_owed_nothing_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
