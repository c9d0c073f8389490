/* SPDX-License-Identifier: BSD-2-Clause */
/* What is for an output without room holds nobody up who has nothing to do with
 * it: requests other than SEND, shared links (S-11, S-13, S-14). */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "relay.h"
#include "rig.h"

enum { HOLD_MS = 10000, REQUEST_MAX = 20000 };

#define STRANGER "msrps://eve.example:9/eve;tcp"

struct scene {
    struct rig rig;
    struct wire *bob, *eve;
    char text[REQUEST_MAX];
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    s->rig.policy.hold_ms = HOLD_MS;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->bob = rig_client(&s->rig, "bob");
    s->eve = rig_connect(&s->rig, "eve");
    *state = s;
    return 0;
}

/* A request with a long head for bob. */
static void say(struct scene *s, struct wire *from, const char *method,
                const char *from_path)
{
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP abcd %s\r\nTo-Path: %s msrps://bob.example:9/bob;tcp"
                   "\r\nFrom-Path: %s\r\nMessage-ID: 1\r\nX: %0*d\r\n%s"
                   "-------abcd$\r\n",
                   method, s->bob->uri, from_path, 14000, 0,
                   strcmp(method, "REPORT") == 0 ? "Status: 000 200 OK\r\n"
                                                 : "");
    rig_send(&s->rig, from, s->text);
}

static size_t queued(const struct wire *w)
{
    return w->fake.out_n - w->fake.taken;
}

static void flood(struct scene *s, const char *method)
{
    for (unsigned i = 0; i < 200; i++)
        say(s, s->eve, method, STRANGER);
}

/* 2.9: whoever floods waits, and bob is not closed for it. */
static void whoever_floods_waits(void **state)
{
    static const char *const methods[] = {"REPORT", "FOO"};
    struct scene *s = *state;

    for (size_t i = 0; i < 2; i++) {
        size_t most = s->rig.policy.high_water + REQUEST_MAX;
        size_t before = s->bob->fake.out_n;

        s->bob->held = true;
        flood(s, methods[i]);
        assert_in_range(queued(s->bob), s->rig.policy.high_water, most);
        assert_true(s->eve->fake.paused);
        s->bob->held = false;
        rig_settle(&s->rig);
        assert_true(s->bob->fake.out_n - before > 200 * 14000);
        assert_false(s->eve->fake.paused);
        assert_int_equal(s->eve->in_n, 0);
        assert_int_equal(s->bob->fake.closes, 0);
    }
}

static struct wire *other_relay(struct scene *s)
{
    struct wire *w = rig_connect(&s->rig, "r1");

    fake_link_certify(&w->fake, "r1.example");
    relay_link_known(s->rig.relay, &w->fake.link);
    return w;
}

#define FROM_R1 "msrps://r1.example:2855/u;tcp " STRANGER

/* S-13 a: what has held a shared link up for timers.hold leaves it. */
static void a_shared_link_is_held_up_for_a_while_only(void **state)
{
    static const char *const methods[] = {"FOO", "REPORT", "SEND"};
    struct scene *s = *state;

    s->bob->held = true;
    flood(s, "REPORT");
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct wire *r1 = other_relay(s);
        struct span got;

        say(s, r1, methods[i], FROM_R1);
        if (!r1->fake
                 .paused) { /* a bodiless SEND feeds nothing before its end */
            assert_string_equal(methods[i], "SEND");
            continue;
        }
        rig_wait(&s->rig, HOLD_MS - 1000);
        assert_true(r1->fake.paused);
        rig_wait(&s->rig, 1500);
        assert_false(r1->fake.paused);
        got = fake_link_new_output(&r1->fake);
        assert_int_equal(got.n > 0, strcmp(methods[i], "REPORT") != 0);
        if (got.n)
            assert_true(span_starts(got, SPAN("MSRP abcd 408 ")));
        rig_close(&s->rig, r1, false);
    }
    assert_true(s->eve->fake.paused); /* whom alone it hurts */
}

static void short_send(struct scene *s, struct wire *from, const char *path,
                       const char *failure_report)
{
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP abcd SEND\r\nTo-Path: %s msrps://bob.example:9/bob;tcp"
                   "\r\nFrom-Path: %s\r\nMessage-ID: 1\r\nFailure-Report: "
                   "%s\r\n-------abcd$\r\n",
                   s->bob->uri, path, failure_report);
    rig_send(&s->rig, from, s->text);
}

static bool is_408(struct wire *w)
{
    return span_starts(fake_link_new_output(&w->fake), SPAN("MSRP abcd 408 "));
}

static unsigned count(const struct wire *w, const char *text)
{
    const char *at = w->fake.out, *end = at + w->fake.out_n;
    unsigned n = 0;

    while (at && (at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        at += strlen(text);
        n++;
    }
    return n;
}

/* 10,000 octets for bob. */
static void long_send(struct scene *s, struct wire *from, const char *path)
{
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP abcd SEND\r\nTo-Path: %s msrps://bob.example:9/bob;tcp"
                   "\r\nFrom-Path: %s\r\nMessage-ID: 1\r\n"
                   "Byte-Range: 1-10000/10000\r\nContent-Type: text/plain\r\n"
                   "\r\n%010000d\r\n-------abcd$\r\n",
                   s->bob->uri, path, 0);
    rig_send(&s->rig, from, s->text);
}

/* Another relay learns from the answers how much the receiver takes, and so
 * does not send what would stop the link. */
static void a_chunk_of_a_relay_is_answered_once_it_has_left(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);

    s->bob->held = true;
    for (unsigned i = 0; i < 20; i++)
        long_send(s, r1, FROM_R1);
    assert_false(r1->fake.paused);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 6); /* up to low_water */
    long_send(s, s->eve, STRANGER);
    assert_int_equal(count(s->eve, "MSRP abcd 200 "), 1); /* pays by itself */
    s->bob->held = false;
    rig_settle(&s->rig);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 20);
}

/* A slow one gets its answers in time all the same. */
static void no_answer_waits_for_longer_than_ten_seconds(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);

    s->bob->held = true;
    for (unsigned i = 0; i < 10; i++)
        long_send(s, r1, FROM_R1);
    rig_wait(&s->rig, 9000);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 6);
    rig_wait(&s->rig, 2000);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 10);
}

/* The relay that waits for it is perhaps no more patient than this one. */
static void nor_for_longer_than_a_third_of_a_timeout(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);

    s->rig.policy.transaction_ms = 9000;
    rig_reload(&s->rig, NULL);
    s->bob->held = true;
    for (unsigned i = 0; i < 10; i++)
        long_send(s, r1, FROM_R1);
    rig_wait(&s->rig, 2000);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 6);
    rig_wait(&s->rig, 1500);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 10);
}

/* What fails meanwhile is answered and reported, once each. */
static void a_chunk_that_fails_before_it_has_left_is_reported(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);

    s->bob->held = true;
    for (unsigned i = 0; i < 10; i++)
        long_send(s, r1, FROM_R1);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 6);
    rig_close(&s->rig, s->bob, false);
    rig_settle(&s->rig);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 10);
    assert_int_equal(count(r1, " REPORT\r\n"), 10); /* each an attempt */
}

/* 2.1: one receiver keeps the others of a link waiting for a second in a
 * minute. Where there are no others, it has timers.hold. */
static void one_receiver_delays_others_for_a_second(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);
    char other[] = "msrps://r1.example:2855/v;tcp " STRANGER;

    short_send(s, r1, FROM_R1, "no");
    short_send(s, r1, other, "no");
    s->bob->held = true;
    flood(s, "REPORT");
    say(s, r1, "FOO", FROM_R1);
    rig_wait(&s->rig, 800);
    assert_true(r1->fake.paused);
    rig_wait(&s->rig, 400);
    assert_false(r1->fake.paused);
    assert_true(is_408(r1));
    say(s, r1, "FOO", FROM_R1); /* no more of that */
    assert_false(r1->fake.paused);
    assert_true(is_408(r1));
    short_send(s, r1, other, "no");
    short_send(s, r1, FROM_R1, "no");
    rig_wait(&s->rig, 59000); /* another minute */
    say(s, r1, "FOO", FROM_R1);
    assert_true(r1->fake.paused);
}

/* What fills the output has been written: it does not fail. */
static void what_is_written_whole_is_not_refused(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);

    short_send(s, r1, FROM_R1, "no");
    short_send(s, r1, "msrps://r1.example:2855/v;tcp " STRANGER, "no");
    s->bob->held = true;
    flood(s, "REPORT");
    say(s, r1, "FOO", FROM_R1);
    rig_wait(&s->rig, 1200); /* bob has had his second */
    assert_true(is_408(r1));
    s->bob->held = false;
    rig_close(&s->rig, s->eve, false);
    rig_settle(&s->rig);
    s->bob->held = true;
    while (queued(s->bob) + 10000 < s->rig.policy.high_water)
        long_send(s, r1, FROM_R1);
    assert_int_equal(count(r1, "MSRP abcd 408 "), 1);
    long_send(s, r1, FROM_R1);
    assert_true(queued(s->bob) >= s->rig.policy.high_water);
    assert_int_equal(count(r1, "MSRP abcd 408 "), 1);
    long_send(s, r1, FROM_R1);
    assert_int_equal(count(r1, "MSRP abcd 408 "), 2);
}

/* --- accounts (S-14) --- */

static void set_limits(struct scene *s, uint32_t transactions,
                       uint32_t requests)
{
    s->rig.policy.transactions_per_link = transactions;
    s->rig.policy.requests_per_link = requests;
    rig_reload(&s->rig, NULL);
}

/* bob answers the first `n` SENDs that he has got. */
static void answer(struct scene *s, unsigned n)
{
    static const char method[] = " SEND\r\n";
    const struct fake_link *f = &s->bob->fake;
    const char *next = f->out;

    for (unsigned i = 0; i < n; i++) {
        const char *at = memmem(next, (size_t)(f->out + f->out_n - next),
                                method, sizeof method - 1);

        assert_non_null(at);
        next = at + sizeof method - 1;
        at -= TID_LEN;
        (void)snprintf(s->text, sizeof s->text,
                       "MSRP %.*s 200 OK\r\nTo-Path: %s\r\nFrom-Path: "
                       "msrps://bob.example:9/bob;tcp\r\n-------%.*s$\r\n",
                       TID_LEN, at, s->bob->uri, TID_LEN, at);
        rig_send(&s->rig, s->bob, s->text);
    }
}

/* Another relay sends as many as may be open: half of them are answered at
 * once. */
static struct wire *relay_with_many_open(struct scene *s, uint32_t limit)
{
    struct wire *r1 = other_relay(s);

    set_limits(s, limit, 0);
    for (unsigned i = 0; i < limit; i++)
        short_send(s, r1, FROM_R1, "yes");
    assert_int_equal(count(r1, "MSRP abcd 200 "), limit / 2);
    return r1;
}

/* 2.5: another relay, which has half as many unanswered at most, learns from
 * the answers how many the receiver answers, and sends nothing in vain. */
static void what_is_open_is_answered_by_the_receiver(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = relay_with_many_open(s, 10);

    answer(s, 6);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 6);
    short_send(s, r1, FROM_R1, "yes"); /* as few as at the beginning */
    assert_int_equal(count(r1, "MSRP abcd 200 "), 7);
    rig_wait(&s->rig, 9000);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 7);
    rig_wait(&s->rig, 2000);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 11);
    assert_int_equal(count(r1, " 408 "), 0);
}

/* What times out meanwhile is answered and reported. */
static void what_is_open_is_answered_when_it_fails(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = relay_with_many_open(s, 4);

    rig_close(&s->rig, s->bob, false);
    rig_settle(&s->rig);
    assert_int_equal(count(r1, "MSRP abcd 200 "), 4);
    assert_int_equal(count(r1, " REPORT\r\n"), 4);
}

/* 2.3: on a link that others share nobody waits for the answers of another. */
static void what_one_has_open_is_no_others_matter(void **state)
{
    struct scene *s = *state;
    struct wire *r1 = other_relay(s);
    char other[] = "msrps://r1.example:2855/v;tcp " STRANGER;

    set_limits(s, 10, 5);
    for (unsigned i = 0; i < 20; i++)
        short_send(s, r1, FROM_R1, "yes");
    assert_int_equal(count(r1, " 200 OK"), 5);
    assert_int_equal(count(r1, " 408 "), 10);
    for (unsigned i = 0; i < 20; i++)
        say(s, r1, "FOO", FROM_R1);
    assert_int_equal(count(s->bob, " FOO\r\n"), 5);
    assert_int_equal(count(r1, " 408 "), 25);
    assert_false(r1->fake.paused);
    short_send(s, r1, other, "yes");
    say(s, r1, "FOO", other);
    assert_int_equal(count(r1, " 200 OK"), 6);
    assert_int_equal(count(s->bob, " FOO\r\n"), 6);
}

/* 2.3, 2.4: `no` and `partial` wait for no answers. */
static void what_needs_no_answer_waits_for_none(void **state)
{
    struct scene *s = *state;

    set_limits(s, 4, 0);
    for (unsigned i = 0; i < 5; i++)
        short_send(s, s->eve, STRANGER, "yes");
    assert_true(s->eve->fake.paused);
    rig_close(&s->rig, s->eve, false);
    s->eve = rig_connect(&s->rig, "eve2");
    for (unsigned i = 0; i < 4; i++)
        short_send(s, s->eve, STRANGER "2", "yes");
    for (unsigned i = 0; i < 300; i++)
        short_send(s, s->eve, STRANGER "2", i % 2 ? "partial" : "no");
    assert_false(s->eve->fake.paused);
    assert_int_equal(s->eve->in_n, 0);
    assert_int_equal(count(s->bob, " SEND\r\n"), 4 + 4 + 300);
    assert_true(s->bob->fake.link.txns.n <= 12);
}

/* S-15. */
static void whoever_floods_waits_earlier_when_memory_is_short(void **state)
{
    struct scene *s = *state;

    s->bob->held = true;
    relay_tighten(s->rig.relay, 2);
    flood(s, "REPORT");
    assert_in_range(queued(s->bob), s->rig.policy.high_water / 4,
                    s->rig.policy.high_water / 4 + REQUEST_MAX);
    relay_tighten(s->rig.relay, 0);
    s->bob->held = false;
    rig_settle(&s->rig);
    assert_false(s->eve->fake.paused);
}

static void nobody_logs_in_while_memory_is_short(void **state)
{
    struct scene *s = *state;

    relay_tighten(s->rig.relay, RELAY_REFUSES - 1);
    rig_auth(&s->rig, s->eve, "alice");
    assert_true(*s->eve->uri);
    relay_tighten(s->rig.relay, RELAY_REFUSES);
    rig_send(&s->rig, s->bob,
             "MSRP more AUTH\r\nTo-Path: msrps://relay.example.com:2855;tcp\r\n"
             "From-Path: msrps://bob.example:9/bob;tcp\r\n-------more$\r\n");
    assert_true(span_starts(fake_link_new_output(&s->bob->fake),
                            SPAN("MSRP more 403 ")));
    assert_int_equal(s->bob->fake.closes, 0); /* it has a session */
}

/* The limits that are cut are those that a reload gives, and come back. */
static void a_sender_has_less_unanswered_when_memory_is_short(void **state)
{
    struct scene *s = *state;

    set_limits(s, 1000, 0);
    relay_tighten(s->rig.relay, RELAY_REFUSES);
    for (unsigned i = 0; i <= 1000 / 8; i++)
        short_send(s, s->eve, STRANGER, "yes");
    assert_true(s->eve->fake.paused);
    relay_tighten(s->rig.relay, RELAY_TIGHTEST);
    set_limits(s, 2000, 0);
    relay_tighten(s->rig.relay, 0);
    rig_wait(&s->rig, 60000);
    for (unsigned i = 0; i < 1999; i++)
        short_send(s, s->eve, STRANGER, "yes");
    assert_false(s->eve->fake.paused);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whoever_floods_waits),
        TEST(a_shared_link_is_held_up_for_a_while_only),
        TEST(one_receiver_delays_others_for_a_second),
        TEST(what_is_written_whole_is_not_refused),
        TEST(a_chunk_of_a_relay_is_answered_once_it_has_left),
        TEST(no_answer_waits_for_longer_than_ten_seconds),
        TEST(nor_for_longer_than_a_third_of_a_timeout),
        TEST(a_chunk_that_fails_before_it_has_left_is_reported),
        TEST(what_is_open_is_answered_by_the_receiver),
        TEST(what_is_open_is_answered_when_it_fails),
        TEST(what_one_has_open_is_no_others_matter),
        TEST(what_needs_no_answer_waits_for_none),
        TEST(whoever_floods_waits_earlier_when_memory_is_short),
        TEST(nobody_logs_in_while_memory_is_short),
        TEST(a_sender_has_less_unanswered_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
