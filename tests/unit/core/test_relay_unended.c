/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that end badly (S-31) when there are many, or no room; how they end
 * otherwise is in the transcripts chunk-unended*.txt. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "ongoing.h"
#include "received.h"
#include "rig.h"

struct scene {
    struct rig rig;
    struct wire *alice, *bob, *carol;
    struct received received;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    rig_init(&s->rig);
    s->rig.policy.high_water = 16384;
    s->rig.policy.low_water = 4096;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    s->alice = rig_client(&s->rig, "alice");
    s->bob = rig_client(&s->rig, "bob");
    s->carol = rig_client(&s->rig, "carol");
    s->bob->fake.out_n = s->bob->fake.taken = s->bob->fake.looked_at = 0;
    *state = s;
    return 0;
}

/* A chunk to Bob: octets from..to of the message `id`. */
static void send_chunk(struct scene *s, struct wire *w, unsigned id,
                       unsigned from, unsigned to, char flag)
{
    char head[512], *body = malloc(to - from + 1), end[32];
    int n = snprintf(head, sizeof head,
                     "MSRP t123 SEND\r\nTo-Path: %s %s "
                     "msrps://bob.example:9/bob;tcp\r\n"
                     "From-Path: msrps://%s.example:9/%s;tcp\r\n"
                     "Message-ID: m%u\r\nFailure-Report: no\r\n"
                     "Byte-Range: %u-*/99999\r\nContent-Type: a/b\r\n\r\n",
                     w->uri, s->bob->uri, w->name, w->name, id, from);

    assert_non_null(body);
    assert_in_range(n, 1, sizeof head - 1);
    rig_send(&s->rig, w, head);
    rig_pattern(body, from, to);
    rig_feed(&s->rig, w, span_of(body, to - from + 1));
    (void)snprintf(end, sizeof end, "\r\n-------t123%c\r\n", flag);
    rig_send(&s->rig, w, end);
    free(body);
}

/* How many frames of the message m`id` Bob was sent that end with `#`. */
static unsigned ends_of(struct scene *s, unsigned id)
{
    char want[16];
    unsigned n = 0;

    (void)snprintf(want, sizeof want, "m%u", id);
    received_read(&s->received, &s->bob->fake);
    for (size_t i = 0; i < s->received.n; i++) {
        const struct received_frame *f = &s->received.frames[i];

        n += f->flag == '#' &&
             span_eq(msg_text(&f->m, f->m.message_id), span_str(want));
    }
    return n;
}

/* The least recent one is forgotten: each of its chunks makes it recent. */
static void the_last_sixteen_of_a_session_are_ended(void **state)
{
    struct scene *s = *state;

    for (unsigned i = 0; i < ONGOING_SESSION_MAX; i++)
        send_chunk(s, s->alice, i, 1, 10, '+');
    send_chunk(s, s->alice, 0, 11, 20, '+');
    send_chunk(s, s->alice, ONGOING_SESSION_MAX, 1, 10, '+');
    send_chunk(s, s->carol, 100, 1, 10, '+');
    rig_close(&s->rig, s->alice, false);
    for (unsigned i = 0; i <= ONGOING_SESSION_MAX; i++)
        assert_int_equal(ends_of(s, i), i == 1 ? 0 : 1);
    assert_int_equal(ends_of(s, 100), 0);
    rig_close(&s->rig, s->carol, false);
    assert_int_equal(ends_of(s, 100), 1);
}

/* Nor does it disturb what has many messages at once. */
static void what_is_forgotten_goes_on(void **state)
{
    enum { N = 3 * ONGOING_SESSION_MAX };
    struct scene *s = *state;

    for (unsigned i = 0; i < N; i++)
        send_chunk(s, s->alice, i, 1, 10, '+');
    for (unsigned i = 0; i < N; i++)
        send_chunk(s, s->alice, i, 11, 20, '$');
    received_read(&s->received, &s->bob->fake);
    assert_int_equal(s->received.n, 2 * N);
    rig_close(&s->rig, s->alice, false);
    received_read(&s->received, &s->bob->fake);
    assert_int_equal(s->received.n, 2 * N);
}

static void an_end_waits_for_room(void **state)
{
    struct scene *s = *state;
    size_t before;

    send_chunk(s, s->alice, 1, 1, 10, '+');
    send_chunk(s, s->alice, 2, 1, 10, '+');
    s->bob->held = true;
    send_chunk(s, s->carol, 3, 1, 50000, '$');
    assert_true(s->carol->fake.paused);
    before = s->bob->fake.out_n;
    rig_close(&s->rig, s->alice, false);
    assert_int_equal(s->bob->fake.out_n, before);
    s->bob->held = false;
    rig_settle(&s->rig);
    assert_int_equal(ends_of(s, 1), 1);
    assert_int_equal(ends_of(s, 2), 1);
    assert_int_equal(s->carol->in_n, 0);
    assert_int_equal(ends_of(s, 3), 0);
}

/* What waits for room that never comes. */
static void an_end_goes_with_its_output(void **state)
{
    struct scene *s = *state;

    send_chunk(s, s->alice, 1, 1, 10, '+');
    s->bob->held = true;
    send_chunk(s, s->carol, 3, 1, 50000, '$');
    rig_close(&s->rig, s->alice, false);
    assert_int_equal(s->bob->fake.link.ongoing.n_owed, 1);
    rig_close(&s->rig, s->bob, true);
    assert_int_equal(s->bob->fake.link.ongoing.n_owed, 0);
}

/* A message that was begun and left does not keep its links for ever. */
static void an_ongoing_message_alone_uses_no_link(void **state)
{
    struct scene *s = *state;

    send_chunk(s, s->alice, 1, 1, 10, '+');
    send_chunk(s, s->alice, 2, 1, 10, '+');
    send_chunk(s, s->alice, 2, 11, 20, '$');
    assert_true(relay_link_is_idle(&s->alice->fake.link));
    assert_true(relay_link_is_idle(&s->bob->fake.link));
    rig_close(&s->rig, s->alice, false);
    assert_int_equal(ends_of(s, 1), 1);
}

/* --- at random --- */

enum { SENDERS = 3, MESSAGES = 8, STEPS = 150, ROUNDS = 500 };

/* What a sender has begun. */
struct sending {
    struct wire *wire;
    unsigned next[MESSAGES]; /* octet of each message; 0: it has ended */
    unsigned current;        /* the message whose chunk is being sent */
    bool in_chunk;
};

static uint32_t chance(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525 + 1013904223;
    return (*random >> 8) % below;
}

static void begin_chunk(struct scene *s, struct sending *x, unsigned base,
                        uint32_t *random)
{
    static const char *const reports[] = {"no", "partial", "yes"};
    char head[512];
    unsigned k = chance(random, MESSAGES);

    if (x->next[k] == 0)
        return;
    (void)snprintf(head, sizeof head,
                   "MSRP t123 SEND\r\nTo-Path: %s %s "
                   "msrps://bob.example:9/bob;tcp\r\n"
                   "From-Path: msrps://%s.example:9/%s;tcp\r\n"
                   "Message-ID: m%u\r\nFailure-Report: %s\r\n"
                   "Byte-Range: %u-*/*\r\nContent-Type: a/b\r\n\r\n",
                   x->wire->uri, s->bob->uri, x->wire->name, x->wire->name,
                   base + k, reports[(base + k) % 3], x->next[k]);
    rig_send(&s->rig, x->wire, head);
    x->current = k;
    x->in_chunk = true;
}

static void go_on(struct scene *s, struct sending *x, uint32_t *random)
{
    static const char flags[] = "++++$#";
    char body[5000], end[32], flag = flags[chance(random, 6)];
    unsigned n = 1 + chance(random, sizeof body - 1), k = x->current;

    rig_pattern(body, x->next[k], x->next[k] + n - 1);
    rig_feed(&s->rig, x->wire, span_of(body, n));
    x->next[k] += n;
    if (chance(random, 3) == 0)
        return;
    (void)snprintf(end, sizeof end, "\r\n-------t123%c\r\n", flag);
    rig_send(&s->rig, x->wire, end);
    x->in_chunk = false;
    if (flag != '+')
        x->next[k] = 0;
}

/* Bob refuses one of what he was sent last, or what is still coming. */
static void refuse_one(struct scene *s, uint32_t *random)
{
    const struct fake_link *f = &s->bob->fake;
    size_t at = f->taken > 2000 ? f->taken - chance(random, 2000) : 0;
    const char *p = memmem(f->out + at, f->taken - at, "MSRP ", 5);
    char text[256];

    if (!p || p + 26 > f->out + f->taken || memcmp(p + 21, " SEND", 5) != 0)
        return;
    (void)snprintf(text, sizeof text,
                   "MSRP %.16s 413 no\r\nTo-Path: msrps://x:1/x;tcp\r\n"
                   "From-Path: msrps://x:1/x;tcp\r\n-------%.16s$\r\n",
                   p + 5, p + 5);
    rig_send(&s->rig, s->bob, text);
}

static void take_step(struct scene *s, struct sending *all, uint32_t *random)
{
    unsigned i = chance(random, SENDERS);
    struct sending *x = &all[i];

    switch (chance(random, 12)) {
    case 0:
        refuse_one(s, random);
        return;
    case 1:
        s->bob->held = !s->bob->held;
        rig_settle(&s->rig);
        return;
    case 2:
        if (chance(random, 20) == 0 && !x->wire->gone)
            rig_close(&s->rig, x->wire, false);
        return;
    case 3:
        if (chance(random, 40) == 0)
            rig_wait(&s->rig, 31000);
        return;
    default:
        if (x->wire->gone)
            return;
        if (x->in_chunk)
            go_on(s, x, random);
        else
            begin_chunk(s, x, MESSAGES * i, random);
    }
}

/* The last chunk of each message that reached Bob ends with `$` or `#`, and no
 * other one does. */
static void assert_all_ended(struct scene *s)
{
    char ended[SENDERS * MESSAGES] = {0};
    bool seen[SENDERS * MESSAGES] = {false};

    received_read(&s->received, &s->bob->fake);
    for (size_t i = 0; i < s->received.n; i++) {
        const struct received_frame *f = &s->received.frames[i];
        struct span id = msg_text(&f->m, f->m.message_id);
        uint64_t k;

        if (f->m.method != MSG_SEND)
            continue;
        assert_int_equal(span_u64(&k, span_from(id, 1), SENDERS * MESSAGES - 1),
                         0);
        assert_int_equal(ended[k], 0);
        seen[k] = true;
        ended[k] = f->flag == '+' ? 0 : f->flag;
    }
    for (size_t k = 0; k < sizeof ended; k++)
        assert_true(!seen[k] || ended[k]);
}

static void whatever_happens_each_message_ends(void **state)
{
    uint32_t random = 1;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct scene *s;
        struct sending all[SENDERS];
        struct wire *wires[SENDERS];

        if (round > 0)
            assert_int_equal(rig_tear_down(state) + set_up(state), 0);
        s = *state;
        wires[0] = s->alice;
        wires[1] = s->carol;
        wires[2] = rig_connect(&s->rig, "dave");
        rig_auth(&s->rig, wires[2], "alice");
        for (unsigned i = 0; i < SENDERS; i++) {
            all[i] = (struct sending){.wire = wires[i]};
            for (unsigned k = 0; k < MESSAGES; k++)
                all[i].next[k] = 1;
        }
        for (unsigned i = 0; i < STEPS; i++)
            take_step(s, all, &random);
        s->bob->held = false;
        rig_settle(&s->rig);
        for (unsigned i = 0; i < SENDERS; i++)
            if (!all[i].wire->gone)
                rig_close(&s->rig, all[i].wire, false);
        assert_all_ended(s);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_sixteen_of_a_session_are_ended),
        TEST(what_is_forgotten_goes_on),
        TEST(an_end_waits_for_room),
        TEST(an_end_goes_with_its_output),
        TEST(an_ongoing_message_alone_uses_no_link),
        TEST(whatever_happens_each_message_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
