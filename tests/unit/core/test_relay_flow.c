/* SPDX-License-Identifier: BSD-2-Clause */
/* Pressure (decisions 4.3, P-22, P-23): who waits for whom, for how long, and
 * who does not notice. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "received.h"
#include "rig.h"
#include "source.h"

struct scene {
    struct rig rig;
    struct wire *alice, *bob, *carol;
    struct received received;
    char got[1 << 20], want[1 << 20];
};

static struct scene *set_scene(uint32_t high_water, uint32_t low_water)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    s->rig.policy.max_chunk_size = 2048;
    s->rig.policy.high_water = high_water;
    s->rig.policy.low_water = low_water;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = rig_client(&s->rig, "alice");
    s->bob = rig_client(&s->rig, "bob");
    s->carol = rig_client(&s->rig, "carol");
    s->bob->fake.out_n = s->bob->fake.taken = s->bob->fake.looked_at = 0;
    return s;
}

static void strike(struct scene *s)
{
    rig_stop(&s->rig);
    free(s);
}

/* The head of a SEND from w to `to`, under its Message-ID `id`. */
static void send_head(struct scene *s, struct wire *w, struct wire *to,
                      const char *id, const char *rest)
{
    char text[1024];
    int n;

    n = snprintf(text, sizeof text,
                 "MSRP t%s SEND\r\nTo-Path: %s %s msrps://%s.example:9/%s;"
                 "tcp\r\nFrom-Path: msrps://%s.example:9/%s;tcp\r\n"
                 "Message-ID: %s\r\n%sByte-Range: 1-*/*\r\n"
                 "Content-Type: a/b\r\n\r\n",
                 id, w->uri, to->uri, to->name, to->name, w->name, w->name, id,
                 rest);
    assert_in_range(n, 1, sizeof text - 1);
    rig_send(&s->rig, w, text);
}

static void send_octets(struct scene *s, struct wire *w, uint64_t from,
                        uint64_t to)
{
    char *text = malloc(to - from + 1);

    assert_non_null(text);
    rig_pattern(text, from, to);
    rig_feed(&s->rig, w, span_of(text, to - from + 1));
    free(text);
}

static void send_end(struct scene *s, struct wire *w, const char *id, char flag)
{
    char text[128];
    int n = snprintf(text, sizeof text, "\r\n-------t%s%c\r\n", id, flag);

    assert_in_range(n, 1, sizeof text - 1);
    rig_send(&s->rig, w, text);
}

static void release(struct scene *s, struct wire *w)
{
    w->held = false;
    rig_settle(&s->rig);
}

/* `w` was sent octets 1..n of this message. */
static void assert_got(struct scene *s, struct wire *w, const char *id,
                       size_t n)
{
    received_read(&s->received, &w->fake);
    assert_int_equal(received_message(&s->received, s->got, sizeof s->got, id),
                     n);
    rig_pattern(s->want, 1, n);
    assert_memory_equal(s->got, s->want, n);
}

#define QUIET "Failure-Report: no\r\n"

/* --- waiting --- */

static void a_full_output_stops_its_feeder_until_it_is_low(void **state)
{
    struct scene *s = set_scene(16384, 4096);

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    send_octets(s, s->alice, 1, 100000);
    assert_true(s->alice->fake.paused);
    assert_in_range(s->bob->fake.out_n, 16384, 16384 + 2048 + 1024);
    s->bob->fake.taken = s->bob->fake.out_n - 4097;
    relay_link_sent(s->rig.relay, &s->bob->fake.link, s->bob->fake.taken);
    assert_true(s->alice->fake.paused);
    s->bob->fake.taken++;
    relay_link_sent(s->rig.relay, &s->bob->fake.link, s->bob->fake.taken);
    assert_false(s->alice->fake.paused);
    release(s, s->bob);
    send_end(s, s->alice, "1", '$');
    assert_got(s, s->bob, "1", 100000);
    strike(s);
}

/* P-4: nobody has to answer them. */
static void a_partial_sender_is_not_made_to_wait_for_silence(void **state)
{
    struct scene *s = set_scene(16384, 4096);
    struct relay_stats stats;
    char id[8];

    (void)state;
    s->rig.policy.transactions_per_link = 4;
    rig_reload(&s->rig, NULL);
    for (int i = 10; i < 30; i++) {
        (void)snprintf(id, sizeof id, "m%d", i % 100);
        send_head(s, s->alice, s->bob, id, "Failure-Report: partial\r\n");
        send_octets(s, s->alice, 1, 10);
        send_end(s, s->alice, id, '$');
        rig_settle(&s->rig);
        assert_false(s->alice->fake.paused);
        assert_got(s, s->bob, id, 10);
    }
    relay_stats(s->rig.relay, &stats);
    assert_in_range(stats.transactions_now, 1, 4);
    strike(s);
}

static void nobody_else_notices(void **state)
{
    struct scene *s = set_scene(16384, 4096);

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    send_octets(s, s->alice, 1, 100000);
    assert_true(s->alice->fake.paused);
    send_head(s, s->carol, s->alice, "2", QUIET);
    send_octets(s, s->carol, 1, 50000);
    send_end(s, s->carol, "2", '$');
    assert_false(s->carol->fake.paused);
    s->alice->fake.looked_at = s->alice->fake.out_n;
    strike(s);
}

/* Two that send to each other would stop each other for ever. */
static void nobody_waits_for_his_own_output(void **state)
{
    struct scene *s = set_scene(16384, 4096);

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    send_octets(s, s->alice, 1, 100000);
    send_head(s, s->bob, s->carol, "2", QUIET);
    send_octets(s, s->bob, 1, 100000);
    send_end(s, s->bob, "2", '$');
    assert_false(s->bob->fake.paused);
    strike(s);
}

static void responses_and_reports_pass_a_full_output(void **state)
{
    struct scene *s = set_scene(16384, 4096);
    size_t before;

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    send_octets(s, s->alice, 1, 100000);
    before = s->bob->fake.out_n;
    rig_send(&s->rig, s->bob,
             "MSRP keep SEND\r\nTo-Path: msrps://relay.example.com:2855;tcp\r\n"
             "From-Path: msrps://bob.example:9/bob;tcp\r\nMessage-ID: 3\r\n"
             "-------keep$\r\n");
    assert_true(s->bob->fake.out_n > before);
    strike(s);
}

static void those_who_wait_go_on_in_turn(void **state)
{
    struct scene *s = set_scene(16384, 4096);
    size_t before_a, before_c;

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    send_head(s, s->carol, s->bob, "2", QUIET);
    send_octets(s, s->alice, 1, 300000);
    send_octets(s, s->carol, 1, 300000);
    send_end(s, s->alice, "1", '$');
    send_end(s, s->carol, "2", '$');
    assert_true(s->alice->fake.paused && s->carol->fake.paused);
    before_a = s->alice->in_n;
    before_c = s->carol->in_n;
    /* While both still have something, neither is more than the output and two
     * turns ahead. */
    for (unsigned i = 0; i < 20; i++) {
        size_t a, c;

        s->bob->fake.taken = s->bob->fake.out_n;
        relay_link_sent(s->rig.relay, &s->bob->fake.link, s->bob->fake.taken);
        rig_settle(&s->rig);
        a = before_a - s->alice->in_n;
        c = before_c - s->carol->in_n;
        assert_in_range(a > c ? a - c : c - a, 0, 16384 + 3 * 65536);
    }
    release(s, s->bob);
    assert_got(s, s->bob, "1", 300000);
    assert_got(s, s->bob, "2", 300000);
    strike(s);
}

/* It was let on, but has nothing to give just then. */
static void a_silent_sender_holds_nobody_up(void **state)
{
    struct scene *s = set_scene(16384, 4096);

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    while (!s->alice->fake.paused)
        send_octets(s, s->alice, 1, 512);
    send_head(s, s->carol, s->bob, "2", QUIET);
    send_octets(s, s->carol, 1, 50000);
    send_end(s, s->carol, "2", '$');
    assert_true(s->alice->fake.paused && s->carol->fake.paused);
    release(s, s->bob);
    rig_wait(&s->rig, 1000);
    assert_int_equal(s->carol->in_n, 0);
    assert_got(s, s->bob, "2", 50000);
    strike(s);
}

static void who_waits_may_go_away(void **state)
{
    struct scene *s = set_scene(16384, 4096);

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", QUIET);
    send_octets(s, s->alice, 1, 100000);
    assert_true(s->alice->fake.paused);
    rig_close(&s->rig, s->alice, false);
    send_head(s, s->carol, s->bob, "2", QUIET);
    send_octets(s, s->carol, 1, 3000);
    assert_true(s->carol->fake.paused);
    rig_close(&s->rig, s->bob, true);
    assert_false(s->carol->fake.paused);
    send_end(s, s->carol, "2", '$');
    assert_int_equal(s->carol->in_n, 0);
    strike(s);
}

/* --- transactions_per_connection --- */

static void at_the_limit_of_transactions_feeders_wait(void **state)
{
    struct scene *s = set_scene(1 << 20, 1 << 18);
    char text[512], id[16];
    unsigned sent = 0;

    (void)state;
    s->rig.policy.transactions_per_link = 8;
    rig_reload(&s->rig, NULL);
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(id, sizeof id, "%u", i);
        send_head(s, s->alice, s->bob, id, "");
        send_octets(s, s->alice, 1, 10);
        send_end(s, s->alice, id, '$');
    }
    assert_true(s->alice->fake.paused);
    received_read(&s->received, &s->bob->fake);
    assert_int_equal(s->received.n, 8);
    /* Every answer of Bob's makes room for one more, or a few at once. */
    while (sent < 20) {
        struct span tid;

        received_read(&s->received, &s->bob->fake);
        assert_true(s->received.n > sent);
        assert_true(s->received.n <= sent + 8);
        tid = msg_text(&s->received.frames[sent].m,
                       s->received.frames[sent].m.tid);
        (void)snprintf(text, sizeof text,
                       "MSRP %.*s 200 OK\r\nTo-Path: %s\r\nFrom-Path: "
                       "msrps://bob.example:9/bob;tcp\r\n-------%.*s$\r\n",
                       SPAN_ARG(tid), s->bob->uri, SPAN_ARG(tid));
        rig_send(&s->rig, s->bob, text);
        sent++;
    }
    assert_int_equal(s->alice->in_n, 0);
    strike(s);
}

static void send_many(struct scene *s, struct wire *w, struct wire *to,
                      unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char id[RIG_NAME_MAX + 16];

        (void)snprintf(id, sizeof id, "%s%u", w->name, i);
        send_head(s, w, to, id, "");
        send_octets(s, w, 1, 10);
        send_end(s, w, id, '$');
    }
}

static unsigned count(const struct wire *w, const char *text)
{
    struct span rest = span_of(w->fake.out, w->fake.out_n);
    unsigned n = 0;

    for (; rest.n > 0; rest = span_from(rest, 1))
        n += span_starts(rest, span_str(text));
    return n;
}

/* Each one's answers are behind what he sends himself: if he is stopped until
 * the other has answered, and the other too, nobody ever goes on. And nobody
 * may use that to have more and more remembered. */
static void
nobody_waits_for_the_answers_of_one_who_waits_for_answers(void **state)
{
    struct scene *s = set_scene(1 << 20, 1 << 18);

    (void)state;
    s->rig.policy.transactions_per_link = 4;
    rig_reload(&s->rig, NULL);
    send_many(s, s->alice, s->bob, 10);
    assert_true(s->alice->fake.paused);
    send_many(s, s->bob, s->alice, 20);
    assert_false(s->bob->fake.paused);
    assert_int_equal(s->bob->in_n, 0);
    assert_int_equal(count(s->bob, " 200 OK\r\n"), 8);
    assert_int_equal(count(s->bob, " 408 "), 12);
    assert_int_equal(s->alice->fake.link.txns.n, 8);
    rig_wait(&s->rig, 30000);
    assert_int_equal(count(s->alice, " SEND\r\n"), 8);
    assert_false(s->alice->in_n > 0 && s->bob->in_n > 0);
    strike(s);
}

static void nobody_waits_for_his_own_answers(void **state)
{
    struct scene *s = set_scene(1 << 20, 1 << 18);

    (void)state;
    s->rig.policy.transactions_per_link = 4;
    rig_reload(&s->rig, NULL);
    send_many(s, s->alice, s->alice, 4 * SOURCE_SELF + 12);
    assert_false(s->alice->fake.paused);
    assert_int_equal(count(s->alice, " 200 OK"), 1 + 4 * SOURCE_SELF);
    assert_int_equal(count(s->alice, " 408 "), 12);
    strike(s);
}

/* --- time --- */

/* A receiver that reads slowly for two minutes gives no false 408. */
static void slowness_is_not_silence(void **state)
{
    struct scene *s = set_scene(16384, 4096);

    (void)state;
    s->bob->held = true;
    send_head(s, s->alice, s->bob, "1", "");
    send_octets(s, s->alice, 1, 10000);
    send_end(s, s->alice, "1", '$');
    (void)fake_link_new_output(&s->alice->fake);
    for (unsigned i = 0; i < 120; i++) {
        s->bob->fake.taken += (s->bob->fake.out_n - s->bob->fake.taken) / 20;
        relay_link_sent(s->rig.relay, &s->bob->fake.link, s->bob->fake.taken);
        rig_wait(&s->rig, 1000);
    }
    received_read(&s->received, &s->bob->fake);
    /* The first chunks were taken long ago and have not been answered. */
    assert_true(fake_link_new_output(&s->alice->fake).n > 0);
    strike(s);
}

/* Not a word is lost, nor out of order, when they come in one write. */
static void a_thousand_messages_in_one_write_all_arrive(void **state)
{
    enum { N = 1000 };
    struct scene *s = set_scene(16384, 4096);
    size_t n = 0, room = N * 512;
    char *text = malloc(room);

    (void)state;
    assert_non_null(text);
    s->bob->held = true;
    for (unsigned i = 0; i < N; i++)
        n += (size_t)snprintf(
            text + n, room - n,
            "MSRP t%u SEND\r\nTo-Path: %s %s msrps://bob.example:9/bob;tcp\r\n"
            "From-Path: msrps://alice.example:9/alice;tcp\r\n"
            "Message-ID: m%u\r\n" QUIET "Content-Type: a/b\r\n\r\nnumber %u"
            "\r\n-------t%u$\r\n",
            i, s->alice->uri, s->bob->uri, i, i, i);
    rig_feed(&s->rig, s->alice, span_of(text, n));
    assert_true(s->alice->fake.paused);
    for (unsigned seen = 0; seen < N;) {
        char want[32];

        received_read(&s->received, &s->bob->fake);
        for (size_t i = 0; i < s->received.n; i++, seen++) {
            (void)snprintf(want, sizeof want, "number %u", seen);
            assert_span_equal(s->received.frames[i].body, span_str(want));
        }
        /* Read and taken: begin anew, and let more come. */
        assert_true(s->received.n > 0);
        s->bob->fake.out_n = s->bob->fake.taken = 0;
        relay_link_sent(s->rig.relay, &s->bob->fake.link, 0);
        rig_settle(&s->rig);
    }
    free(text);
    strike(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_output_stops_its_feeder_until_it_is_low),
        cmocka_unit_test(a_partial_sender_is_not_made_to_wait_for_silence),
        cmocka_unit_test(nobody_else_notices),
        cmocka_unit_test(nobody_waits_for_his_own_output),
        cmocka_unit_test(responses_and_reports_pass_a_full_output),
        cmocka_unit_test(those_who_wait_go_on_in_turn),
        cmocka_unit_test(a_silent_sender_holds_nobody_up),
        cmocka_unit_test(who_waits_may_go_away),
        cmocka_unit_test(at_the_limit_of_transactions_feeders_wait),
        cmocka_unit_test(
            nobody_waits_for_the_answers_of_one_who_waits_for_answers),
        cmocka_unit_test(nobody_waits_for_his_own_answers),
        cmocka_unit_test(slowness_is_not_silence),
        cmocka_unit_test(a_thousand_messages_in_one_write_all_arrive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
