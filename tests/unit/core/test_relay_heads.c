/* SPDX-License-Identifier: BSD-2-Clause */
/* Long heads: all of one is there as long as it is written, and no more than a
 * REPORT or an answer needs while it waits (S-15, 2.6). */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "pending_send.h"
#include "received.h"
#include "rig.h"
#include "txn.h"

enum { LONG = 14000, CHUNK = 4096 };

struct scene {
    struct rig rig;
    struct wire *alice, *bob;
    struct received received;
    char text[LONG + 1024];
};

static struct wire *client(struct scene *s, const char *name)
{
    struct wire *w = rig_client(&s->rig, name);

    w->fake.out_n = w->fake.taken = w->fake.looked_at = 0;
    return w;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    s->rig.policy.max_chunk_size = CHUNK;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = client(s, "alice");
    s->bob = client(s, "bob");
    *state = s;
    return 0;
}

/* The head of a SEND from Alice over her URI to `to`, of which `n` digits are
 * for nobody but the receiver. */
static void send_head(struct scene *s, const char *to, int n)
{
    (void)snprintf(s->text, sizeof s->text,
                   "MSRP abcd SEND\r\nTo-Path: %s %s\r\n"
                   "From-Path: msrps://alice.example:9/alice;tcp\r\n"
                   "Message-ID: m1\r\nX: %0*d\r\nByte-Range: 1-*/*\r\n"
                   "Content-Type: a/b\r\n\r\n",
                   s->alice->uri, to, n, 0);
    rig_send(&s->rig, s->alice, s->text);
}

static void send_head_to_bob(struct scene *s, int n)
{
    char to[2 * RIG_URI_MAX];

    (void)snprintf(to, sizeof to, "%s msrps://bob.example:9/bob;tcp",
                   s->bob->uri);
    send_head(s, to, n);
}

static void send_octets(struct scene *s, unsigned from, unsigned to)
{
    char *text = malloc(to - from + 1);

    assert_non_null(text);
    rig_pattern(text, from, to);
    rig_feed(&s->rig, s->alice, span_of(text, to - from + 1));
    free(text);
}

static void send_end(struct scene *s, char flag)
{
    char text[] = "\r\n-------abcd?\r\n";

    text[sizeof text - 4] = flag;
    rig_send(&s->rig, s->alice, text);
}

/* Of the SEND that was written first of those that wait on this link. */
static const struct pending_send *waiting(const struct link *l)
{
    const struct list *m = list_first(&l->txns.sent);

    assert_non_null(m);
    return CONTAINER((void *)(uintptr_t)m, struct txn, of_link)->head;
}

/* Every frame that Bob was sent has the whole head; how many there are. */
static size_t whole_heads(struct scene *s)
{
    struct span value;

    received_read(&s->received, &s->bob->fake);
    for (size_t i = 0; i < s->received.n; i++) {
        const struct msg *m = &s->received.frames[i].m;

        assert_true(msg_header(&value, m, SPAN("X")));
        assert_int_equal(value.n, LONG);
        assert_true(msg_header(&value, m, SPAN("Content-Type")));
    }
    return s->received.n;
}

static void bob_answers(struct scene *s, unsigned code)
{
    char text[256];
    struct span tid;

    received_read(&s->received, &s->bob->fake);
    assert_true(s->received.n > 0);
    tid = msg_text(&s->received.frames[0].m, s->received.frames[0].m.tid);
    (void)snprintf(text, sizeof text,
                   "MSRP %.*s %u\r\nTo-Path: %s\r\nFrom-Path: "
                   "msrps://bob.example:9/bob;tcp\r\n-------%.*s$\r\n",
                   SPAN_ARG(tid), code, s->bob->uri, SPAN_ARG(tid));
    rig_send(&s->rig, s->bob, text);
}

/* The REPORT to Alice, complete. */
static void assert_reported(struct scene *s, const char *range,
                            const char *status)
{
    struct span got = fake_link_new_output(&s->alice->fake);
    const char *at = memmem(got.p, got.n, "To-Path: msrps://alice", 22);
    char want[512];

    (void)snprintf(want, sizeof want,
                   "To-Path: msrps://alice.example:9/alice;tcp\r\n"
                   "From-Path: %s %s\r\nMessage-ID: m1\r\nByte-Range: %s\r\n"
                   "Status: 000 %s\r\n-------",
                   s->alice->uri, s->bob->uri, range, status);
    assert_non_null(memmem(got.p, got.n, " REPORT\r\n", 9));
    assert_non_null(at);
    assert_true(
        span_starts(span_of(at, (size_t)(got.p + got.n - at)), span_str(want)));
}

/* --- what is kept --------------------------------------------------------- */

static void of_a_long_head_that_waits_a_report_is_left(void **state)
{
    struct scene *s = *state;
    const struct pending_send *h;

    send_head_to_bob(s, LONG);
    send_octets(s, 1, 10);
    send_end(s, '$');
    assert_int_equal(whole_heads(s), 1);
    assert_true(span_starts(fake_link_new_output(&s->alice->fake),
                            SPAN("MSRP abcd 200 ")));
    h = waiting(&s->bob->fake.link);
    assert_true(h->is_long);
    assert_null(h->out);
    assert_in_range(h->text_n, 1, 512);
    bob_answers(s, 415);
    assert_reported(s, "1-10/*", "415 Media Type Not Understood");
}

static void a_short_one_stays_as_it_is(void **state)
{
    struct scene *s = *state;
    const struct pending_send *h;

    send_head_to_bob(s, 10);
    send_octets(s, 1, 10);
    send_end(s, '$');
    h = waiting(&s->bob->fake.link);
    assert_false(h->is_long);
    assert_true(h->pooled);
    assert_non_null(h->out);
    (void)fake_link_new_output(&s->alice->fake);
    bob_answers(s, 415);
    assert_reported(s, "1-10/*", "415 Media Type Not Understood");
}

/* --- what is written ------------------------------------------------------ */

static void each_chunk_has_all_of_it(void **state)
{
    struct scene *s = *state;
    const struct pending_send *h;
    static char got[5 * CHUNK], want[5 * CHUNK];

    send_head_to_bob(s, LONG);
    send_octets(s, 1, 2 * CHUNK + 1);
    h = waiting(&s->bob->fake.link);
    assert_non_null(h->out);
    send_octets(s, 2 * CHUNK + 2, 5 * CHUNK);
    send_end(s, '$');
    assert_null(h->out);
    assert_true(whole_heads(s) >= 5);
    assert_int_equal(received_message(&s->received, got, sizeof got, "m1"),
                     5 * CHUNK);
    rig_pattern(want, 1, 5 * CHUNK);
    assert_memory_equal(got, want, sizeof got);
}

/* The message goes on in other chunks, or ends with `#` (S-31). */
static void the_end_of_a_broken_message_has_all_of_it(void **state)
{
    struct scene *s = *state;

    send_head_to_bob(s, LONG);
    send_octets(s, 1, 10);
    send_end(s, '+');
    assert_null(waiting(&s->bob->fake.link)->out);
    rig_close(&s->rig, s->alice, false);
    assert_int_equal(whole_heads(s), 2);
    assert_int_equal(s->received.frames[1].flag, '#');
    assert_int_equal(s->received.frames[1].m.range_start, 11);
}

/* So does one that breaks in the middle of a chunk. */
static void so_has_one_without_an_open_chunk(void **state)
{
    struct scene *s = *state;
    size_t n;

    send_head_to_bob(s, LONG);
    send_octets(s, 1, CHUNK);
    send_octets(s, CHUNK + 1, CHUNK + 10);
    rig_close(&s->rig, s->alice, false);
    n = whole_heads(s);
    assert_true(n >= 1);
    assert_int_equal(s->received.frames[n - 1].flag, '#');
}

/* --- answers that wait ---------------------------------------------------- */

static void its_answer_waits_for_a_dial(void **state)
{
    struct scene *s = *state;
    struct wire *far;
    char want[256];

    rig_dials(&s->rig, "far", "far.example");
    send_head(s, "msrps://far.example:1/x;tcp", LONG);
    send_octets(s, 1, 10);
    send_end(s, '$');
    assert_int_equal(fake_link_new_output(&s->alice->fake).n, 0);
    far = rig_wire(&s->rig, SPAN("far"));
    rig_down(&s->rig, far, 403);
    (void)snprintf(want, sizeof want,
                   "MSRP abcd 403 Forbidden\r\n"
                   "To-Path: msrps://alice.example:9/alice;tcp\r\n"
                   "From-Path: %s\r\n-------abcd$\r\n",
                   s->alice->uri);
    assert_output(&s->alice->fake, want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(of_a_long_head_that_waits_a_report_is_left),
        TEST(a_short_one_stays_as_it_is),
        TEST(each_chunk_has_all_of_it),
        TEST(the_end_of_a_broken_message_has_all_of_it),
        TEST(so_has_one_without_an_open_chunk),
        TEST(its_answer_waits_for_a_dial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
