/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole relay where a transcript is not enough: many of something, limits,
 * what must be idle. */
/* test-wraps: digest_mac */
#include "relay.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "digest.h"
#include "err.h"
#include "parser.h"
#include "received.h"
#include "rig.h"

#define RELAY "msrps://relay.example.com:2855;tcp"

/* Is there memory for a keyed hash? */
static bool can_hash = true;

int __real_digest_mac(unsigned char out[32], struct span key, struct span data);
int __wrap_digest_mac(unsigned char out[32], struct span key, struct span data);

int __wrap_digest_mac(unsigned char out[32], struct span key, struct span data)
{
    return can_hash ? __real_digest_mac(out, key, data) : ERR_NOMEM;
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    rig_init(r);
    assert_int_equal(rig_start_plain(r), 0);
    *state = r;
    return 0;
}

/* A SEND from w to the client `to`: octets from..to of a message. */
static void send_chunk(struct rig *r, struct wire *w, const struct wire *to,
                       const char *tid, const char *id, const char *headers,
                       const char *body, char flag)
{
    char text[2048];

    (void)snprintf(text, sizeof text,
                   "MSRP %s SEND\r\nTo-Path: %s %s msrps://%s.example:9/%s;tcp"
                   "\r\nFrom-Path: msrps://%s.example:9/%s;tcp\r\n"
                   "Message-ID: %s\r\n%sContent-Type: a/b\r\n\r\n%s\r\n"
                   "-------%s%c\r\n",
                   tid, w->uri, to->uri, to->name, to->name, w->name, w->name,
                   id, headers, body, tid, flag);
    rig_send(r, w, text);
}

static size_t reports_in(struct span text)
{
    size_t n = 0;

    for (; text.n > 9; text = span_from(text, 1))
        n += span_starts(text, SPAN(" REPORT\r\n"));
    return n;
}

/* 5,000 chunks of one message outstanding give one REPORT. */
static void thousands_of_chunks_lost_are_one_report(void **state)
{
    enum { N = 5000 };
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice"), *bob = rig_client(r, "bob");
    struct span told;

    for (unsigned i = 0; i < N; i++) {
        char tid[16], range[64];

        (void)snprintf(tid, sizeof tid, "t%u", i);
        (void)snprintf(range, sizeof range, "Byte-Range: %u-%u/%u\r\n",
                       2 * i + 1, 2 * i + 2, 2U * N);
        send_chunk(r, alice, bob, tid, "big", range, "xy", '+');
    }
    (void)fake_link_new_output(&alice->fake);
    rig_close(r, bob, false);
    told = fake_link_new_output(&alice->fake);
    assert_int_equal(reports_in(told), 1);
    assert_non_null(
        memmem(told.p, told.n, "Byte-Range: 1-10000/10000\r\n", 27));
}

static void thousands_of_chunks_in_silence_are_one_report(void **state)
{
    enum { N = 5000 };
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice"), *bob = rig_client(r, "bob");

    for (unsigned i = 0; i < N; i++) {
        char tid[16], range[64];

        (void)snprintf(tid, sizeof tid, "t%u", i);
        (void)snprintf(range, sizeof range, "Byte-Range: %u-%u/*\r\n",
                       2 * i + 1, 2 * i + 2);
        send_chunk(r, alice, bob, tid, "big", range, "xy", '+');
    }
    (void)fake_link_new_output(&alice->fake);
    rig_wait(r, 30000);
    assert_int_equal(reports_in(fake_link_new_output(&alice->fake)), 1);
    assert_int_equal(bob->fake.link.txns.n, 0);
}

/* P-21: the memory of what failed is bounded, and so is what it costs. */
static void many_failed_messages_are_each_told_once(void **state)
{
    enum { N = 100 };
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice"), *bob = rig_client(r, "bob");

    for (unsigned i = 0; i < N; i++) {
        char tid[16], id[16];

        (void)snprintf(tid, sizeof tid, "t%u", i);
        (void)snprintf(id, sizeof id, "m%u", i);
        send_chunk(r, alice, bob, tid, id, "", "x", '$');
    }
    (void)fake_link_new_output(&alice->fake);
    rig_close(r, bob, false);
    assert_int_equal(reports_in(fake_link_new_output(&alice->fake)), N);
}

/* `w` answers each SEND that it was sent since the last call with `code`. */
static void answer_all(struct rig *r, struct wire *w, const char *code)
{
    struct received *got = calloc(1, sizeof *got);

    assert_non_null(got);
    received_read(got, &w->fake);
    for (size_t i = 0; i < got->n; i++) {
        const struct msg *m = &got->frames[i].m;
        struct span tid = msg_text(m, m->tid);
        char text[512];

        if (m->method != MSG_SEND)
            continue;
        (void)snprintf(text, sizeof text,
                       "MSRP %.*s %s\r\nTo-Path: %s\r\nFrom-Path: "
                       "msrps://x:1/x;tcp\r\n-------%.*s$\r\n",
                       SPAN_ARG(tid), code, w->uri, SPAN_ARG(tid));
        rig_send(r, w, text);
    }
    w->fake.out_n = w->fake.taken = 0;
    free(got);
}

/* P-17, P-21, B4975-10.5-a: whatever number of others failed after it. */
static void what_is_left_of_a_failed_message_is_refused(void **state)
{
    enum { N = 64 };
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice"), *bob = rig_client(r, "bob");
    struct span told;

    bob->fake.out_n = bob->fake.taken = 0;
    for (unsigned i = 0; i < N; i++) {
        char tid[16], id[16];

        (void)snprintf(tid, sizeof tid, "t%u", i);
        (void)snprintf(id, sizeof id, "m%u", i);
        send_chunk(r, alice, bob, tid, id, "Byte-Range: 1-2/4\r\n", "xy", '+');
    }
    answer_all(r, bob, "413 enough");
    told = fake_link_new_output(&alice->fake);
    assert_int_equal(reports_in(told), N);
    send_chunk(r, alice, bob, "more", "m0", "Byte-Range: 3-4/4\r\n", "xy", '$');
    told = fake_link_new_output(&alice->fake);
    assert_true(span_starts(told, SPAN("MSRP more 413 ")));
    assert_int_equal(reports_in(told), 0);
    assert_int_equal(bob->fake.out_n, 0);
}

/* R4976-6.1-e; RFC 4976, trap 21: a 401 is no failed request. */
static void nothing_but_failed_requests_end_a_connection(void **state)
{
    struct rig *r = *state;
    struct wire *w = rig_connect(r, "nobody");

    for (unsigned i = 0; i < 10; i++) /* as many as there are (S-15) */
        rig_send(r, w,
                 "MSRP abcd AUTH\r\nTo-Path: " RELAY "\r\nFrom-Path: "
                 "msrps://n:1/n;tcp\r\n-------abcd$\r\n");
    assert_false(w->gone);
    for (unsigned i = 0; i < 10; i++) {
        assert_false(w->gone);
        rig_send(r, w,
                 "MSRP abcd SEND\r\nTo-Path: msrps://relay.example.com:2855/x;"
                 "tcp " RELAY "\r\nFrom-Path: msrps://n:1/n;tcp\r\n"
                 "Message-ID: 1\r\n-------abcd$\r\n");
    }
    assert_true(w->gone);
    assert_string_equal(w->fake.why, "too many failed requests");
}

static void a_client_may_fail_as_often_as_it_likes(void **state)
{
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice");

    assert_true(alice->fake.link.trust.proven);
    for (unsigned i = 0; i < 50; i++)
        rig_send(r, alice,
                 "MSRP abcd SEND\r\nTo-Path: msrps://relay.example.com:2855/x;"
                 "tcp " RELAY "\r\nFrom-Path: msrps://n:1/n;tcp\r\n"
                 "Message-ID: 1\r\n-------abcd$\r\n");
    assert_false(alice->gone);
}

/* Use-Path is made of From-Path, which is bounded for that. */
static void an_auth_through_too_many_relays_is_refused(void **state)
{
    struct rig *r = *state;
    struct wire *w = rig_connect(r, "far");

    fake_link_certify(&w->fake, "r0.example");
    relay_link_known(r->relay, &w->fake.link);
    for (unsigned hops = 32; hops <= 33; hops++) {
        char text[4096];
        size_t n = (size_t)snprintf(text, sizeof text,
                                    "MSRP abcd AUTH\r\nTo-Path: " RELAY
                                    "\r\nFrom-Path:");
        struct span got;

        parser_init(&w->parser, 16384, 100);
        for (unsigned i = 0; i < hops; i++)
            n += (size_t)snprintf(text + n, sizeof text - n,
                                  " msrps://r%u.example:1/x;tcp", i);
        (void)snprintf(text + n, sizeof text - n, "\r\n-------abcd$\r\n");
        rig_send(r, w, text);
        got = fake_link_new_output(&w->fake);
        assert_true(span_starts(got, hops == 32 ? SPAN("MSRP abcd 401 ")
                                                : SPAN("MSRP abcd 400 ")));
    }
}

static void a_challenge_that_cannot_be_made_ends_the_connection(void **state)
{
    struct rig *r = *state;
    struct wire *w = rig_connect(r, "unlucky");

    can_hash = false;
    rig_send(r, w,
             "MSRP abcd AUTH\r\nTo-Path: " RELAY "\r\nFrom-Path: "
             "msrps://n:1/n;tcp\r\n-------abcd$\r\n");
    can_hash = true;
    assert_true(w->gone);
    assert_string_equal(w->fake.why, "out of memory");
    assert_output(&w->fake, "");
}

/* What hops_close_idle() goes by. */
static void a_link_is_idle_when_nothing_is_in_flight(void **state)
{
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice"), *bob = rig_client(r, "bob");
    struct span tid;
    struct received *got = calloc(1, sizeof *got);
    char text[512];

    assert_non_null(got);
    assert_true(relay_link_is_idle(&alice->fake.link));
    send_chunk(r, alice, bob, "t1", "1", "Failure-Report: no\r\n", "x", '$');
    assert_true(relay_link_is_idle(&alice->fake.link));
    assert_true(relay_link_is_idle(&bob->fake.link));

    /* Half a frame; half a message. */
    rig_send(r, alice,
             "MSRP t2 PING\r\nTo-Path: " RELAY "\r\nFrom-Path: "
             "msrps://a:1/a;tcp\r\nContent-Type: a/b\r\n\r\nx");
    assert_false(relay_link_is_idle(&alice->fake.link));
    rig_send(r, alice, "\r\n-------t2$\r\n");
    assert_true(relay_link_is_idle(&alice->fake.link));
    send_chunk(r, alice, bob, "t3", "3", "Failure-Report: no\r\n", "x", '+');
    assert_false(relay_link_is_idle(&alice->fake.link));
    assert_false(relay_link_is_idle(&bob->fake.link));
    send_chunk(r, alice, bob, "t4", "3",
               "Failure-Report: no\r\nByte-Range: 2-2/2\r\n", "y", '$');
    assert_true(relay_link_is_idle(&alice->fake.link));
    assert_true(relay_link_is_idle(&bob->fake.link));

    /* An answer is awaited: the one's, for the other. */
    bob->fake.out_n = bob->fake.taken = 0;
    send_chunk(r, alice, bob, "t5", "5", "", "x", '$');
    assert_false(relay_link_is_idle(&bob->fake.link));
    assert_false(relay_link_is_idle(&alice->fake.link));
    received_read(got, &bob->fake);
    tid = msg_text(&got->frames[0].m, got->frames[0].m.tid);
    (void)snprintf(text, sizeof text,
                   "MSRP %.*s 200 OK\r\nTo-Path: %s\r\nFrom-Path: "
                   "msrps://b:1/b;tcp\r\n-------%.*s$\r\n",
                   SPAN_ARG(tid), bob->uri, SPAN_ARG(tid));
    rig_send(r, bob, text);
    assert_true(relay_link_is_idle(&bob->fake.link));
    assert_true(relay_link_is_idle(&alice->fake.link));
    free(got);
}

/* B4975-7.1-a; RFC 4975, trap 12. */
static void tids_are_16_letters_and_digits_and_never_repeat(void **state)
{
    enum { N = 400 };
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice"), *bob = rig_client(r, "bob");
    struct received *got = calloc(1, sizeof *got);

    assert_non_null(got);
    bob->fake.out_n = bob->fake.taken = 0;
    for (unsigned i = 0; i < N; i++)
        send_chunk(r, alice, bob, "same", "1", "Failure-Report: no\r\n", "x",
                   '$');
    received_read(got, &bob->fake);
    assert_int_equal(got->n, N);
    for (size_t i = 0; i < got->n; i++) {
        struct span tid = msg_text(&got->frames[i].m, got->frames[i].m.tid);

        assert_int_equal(tid.n, 16);
        for (size_t k = 0; k < tid.n; k++)
            assert_true((tid.p[k] >= '0' && tid.p[k] <= '9') ||
                        (tid.p[k] >= 'A' && tid.p[k] <= 'Z') ||
                        (tid.p[k] >= 'a' && tid.p[k] <= 'z'));
        for (size_t k = 0; k < i; k++)
            assert_false(span_eq(
                tid, msg_text(&got->frames[k].m, got->frames[k].m.tid)));
    }
    free(got);
}

/* R4976-9.4-d: one AUTH, one URI. */
static void each_auth_gives_another_uri(void **state)
{
    struct rig *r = *state;
    struct wire *alice = rig_client(r, "alice");
    char first[RIG_URI_MAX];
    struct relay_stats stats;

    memcpy(first, alice->uri, sizeof first);
    rig_auth(r, alice, "alice");
    assert_string_not_equal(first, alice->uri);
    relay_stats(r->relay, &stats);
    assert_int_equal(stats.sessions_now, 2);
    rig_wait(r, 1800 * 1000 + 2000);
    relay_stats(r->relay, &stats);
    assert_int_equal(stats.sessions_now, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(thousands_of_chunks_lost_are_one_report),
        TEST(thousands_of_chunks_in_silence_are_one_report),
        TEST(many_failed_messages_are_each_told_once),
        TEST(what_is_left_of_a_failed_message_is_refused),
        TEST(nothing_but_failed_requests_end_a_connection),
        TEST(a_client_may_fail_as_often_as_it_likes),
        TEST(an_auth_through_too_many_relays_is_refused),
        TEST(a_challenge_that_cannot_be_made_ends_the_connection),
        TEST(a_link_is_idle_when_nothing_is_in_flight),
        TEST(tids_are_16_letters_and_digits_and_never_repeat),
        TEST(each_auth_gives_another_uri),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
