/* SPDX-License-Identifier: BSD-2-Clause */
/* Everybody sends to everybody, in pieces of any size, while outputs are held
 * and let go: whatever the order, each message arrives whole, once, in order,
 * and what the relay writes is sound. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "operator.h"
#include "received.h"
#include "rig.h"

enum {
    CLIENTS = 4,
    MESSAGES = 12, /* of each client */
    MESSAGE_MAX = 12000,
    TEXT_MAX = MESSAGES * (MESSAGE_MAX + 4096),
};

/* What one client sends, all of it, and how far it is. */
struct sender {
    struct wire *wire;
    char *text;
    size_t n, at;
    size_t length[MESSAGES]; /* of each message */
    unsigned to[MESSAGES];
    size_t ends[MESSAGES * 64]; /* of its frames */
    size_t n_ends, next_end;
    size_t answered;     /* octets of its own output looked through for SENDs */
    char answers[65536]; /* to be sent between two frames */
    size_t answers_n;
};

struct storm {
    struct rig rig;
    struct sender senders[CLIENTS];
    uint32_t random;
    bool refusing; /* receivers answer with errors, too */
    bool changing; /* its settings change all the time */
    struct received received;
    char got[MESSAGE_MAX], want[MESSAGE_MAX];
};

static uint32_t chance(struct storm *s, uint32_t below)
{
    s->random = s->random * 1664525 + 1013904223;
    return (s->random >> 8) % below;
}

/* --- what is sent --- */

/* One chunk of message k: octets from..to of its length. */
static void write_chunk(struct storm *s, struct sender *from, unsigned k,
                        size_t first, size_t last)
{
    static const char *const reports[] = {"Failure-Report: no\r\n", "",
                                          "Failure-Report: yes\r\n"};
    struct wire *to = s->senders[from->to[k]].wire;
    unsigned number = (unsigned)(from - s->senders);
    char total[32] = "*";

    if (k % 2)
        (void)snprintf(total, sizeof total, "%zu", from->length[k]);
    from->n += (size_t)snprintf(
        from->text + from->n, TEXT_MAX - from->n,
        "MSRP t%zu SEND\r\nTo-Path: %s %s msrps://%s.example:9/%s;tcp\r\n"
        "From-Path: msrps://%s.example:9/%s;tcp\r\nMessage-ID: m%u.%u\r\n"
        "%sByte-Range: %zu-*/%s\r\nContent-Type: a/b\r\n\r\n",
        from->n, from->wire->uri, to->uri, to->name, to->name, from->wire->name,
        from->wire->name, number, k, reports[k % 3], first, total);
    rig_pattern(from->text + from->n, first, last);
    from->n += last - first + 1;
}

static void write_message(struct storm *s, struct sender *from, unsigned k)
{
    unsigned number = (unsigned)(from - s->senders);
    size_t first = 1;

    from->to[k] = (number + 1 + chance(s, CLIENTS - 1)) % CLIENTS;
    from->length[k] = 1 + chance(s, chance(s, 2) ? MESSAGE_MAX - 1 : 100);
    while (first <= from->length[k]) {
        size_t left = from->length[k] - first + 1, begin = from->n;
        size_t n = 1 + chance(s, (uint32_t)left);

        n = chance(s, 2) ? left : n;
        write_chunk(s, from, k, first, first + n - 1);
        first += n;
        from->n += (size_t)snprintf(from->text + from->n, TEXT_MAX - from->n,
                                    "\r\n-------t%zu%c\r\n", begin,
                                    first > from->length[k] ? '$' : '+');
        assert_true(from->n_ends < sizeof from->ends / sizeof *from->ends);
        from->ends[from->n_ends++] = from->n;
    }
}

/* --- what happens --- */

/* What it has to answer, if it is not in the middle of a frame. */
static void speak_up(struct storm *s, struct sender *from)
{
    if (from->at != (from->next_end ? from->ends[from->next_end - 1] : 0))
        return;
    rig_feed(&s->rig, from->wire, span_of(from->answers, from->answers_n));
    from->answers_n = 0;
}

/* A piece of a frame. */
static void speak(struct storm *s, struct sender *from)
{
    size_t n = 1 + chance(s, 1u << chance(s, 13)), left;

    if (from->wire->gone || from->at == from->n)
        return;
    left = from->ends[from->next_end] - from->at;
    n = n < left ? n : left;
    rig_feed(&s->rig, from->wire, span_of(from->text + from->at, n));
    from->at += n;
    from->next_end += from->at == from->ends[from->next_end];
}

/* Has an answer for the next whole SEND that it was sent, if that wants one:
 * the bodies hold no hyphens, so that an end-line is easily seen. */
static void answer(struct storm *s, struct sender *to)
{
    struct span rest = span_of(to->wire->fake.out + to->answered,
                               to->wire->fake.taken - to->answered);
    const char *end = memmem(rest.p, rest.n, "\r\n-------", 9);
    const char *behind =
        end ? memchr(end + 2, '\n', rest.n - (size_t)(end + 2 - rest.p)) : NULL;
    const char *code = "200 OK";

    if (to->wire->gone || !behind)
        return;
    rest.n = (size_t)(behind + 1 - rest.p);
    to->answered += rest.n;
    if (!memmem(rest.p, 32, " SEND\r\n", 7) ||
        memmem(rest.p, rest.n, "Failure-Report: no", 18))
        return;
    if (s->refusing && chance(s, 10) == 0)
        code = "413 enough";
    to->answers_n += (size_t)snprintf(
        to->answers + to->answers_n, sizeof to->answers - to->answers_n,
        "MSRP %.16s %s\r\nTo-Path: %s\r\nFrom-Path: msrps://x:1/x;tcp\r\n"
        "-------%.16s$\r\n",
        rest.p + 5, code, to->wire->uri, rest.p + 5);
    assert_true(to->answers_n < sizeof to->answers);
    speak_up(s, to);
}

static void take_some(struct storm *s, struct wire *w)
{
    size_t queued = w->fake.out_n - w->fake.taken;

    if (w->gone || !queued)
        return;
    w->fake.taken += 1 + chance(s, (uint32_t)queued);
    relay_link_sent(s->rig.relay, &w->fake.link, w->fake.taken);
    rig_settle(&s->rig);
}

/* Other settings, and another name. */
static void change(struct storm *s)
{
    struct policy *p = &s->rig.policy;

    p->max_chunk_size = 2048 + chance(s, 6000);
    p->high_water = 4096 + chance(s, 30000);
    p->low_water = p->high_water / 4;
    p->transactions_per_link = chance(s, 2) ? 16 + chance(s, 8) : 0;
    p->transaction_ms = 20000 + chance(s, 20000);
    p->name = chance(s, 2) ? SPAN("relay.example.com") : SPAN("other.example");
    p->ports[0] = (uint16_t)(2855 + chance(s, 2));
    rig_reload(&s->rig, NULL);
}

static void step(struct storm *s)
{
    struct sender *one = &s->senders[chance(s, CLIENTS)];

    switch (chance(s, 8)) {
    case 0:
        one->wire->held = chance(s, 3) == 0;
        rig_settle(&s->rig);
        break;
    case 1:
        take_some(s, one->wire);
        break;
    case 2:
        answer(s, one);
        if (!one->wire->gone)
            speak_up(s, one);
        break;
    case 3:
        rig_wait(&s->rig, chance(s, 2));
        if (s->changing && chance(s, 4) == 0)
            change(s);
        break;
    default:
        speak(s, one);
        break;
    }
}

static bool is_over(const struct storm *s)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (s->senders[i].at < s->senders[i].n && !s->senders[i].wire->gone)
            return false;
    return true;
}

static struct storm *storm_begin(uint32_t seed)
{
    static const char *const names[] = {"alice", "bob", "carol", "alice"};
    static const size_t chunks[] = {2048, 3000, 65536};
    struct storm *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->random = seed;
    rig_init(&s->rig);
    s->rig.policy.max_chunk_size = chunks[seed % 3];
    s->rig.policy.high_water = 16384;
    s->rig.policy.low_water = 4096;
    s->rig.policy.transactions_per_link = seed % 2 ? 16 : 0;
    assert_int_equal(rig_start_plain(&s->rig), 0);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct sender *one = &s->senders[i];
        char name[16];

        (void)snprintf(name, sizeof name, "client%zu", i);
        one->wire = rig_connect(&s->rig, name);
        rig_auth(&s->rig, one->wire, names[i]);
        one->wire->fake.out_n = one->wire->fake.taken = 0;
        one->wire->fake.looked_at = 0;
        one->text = malloc(TEXT_MAX);
        assert_non_null(one->text);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        for (unsigned k = 0; k < MESSAGES; k++)
            write_message(s, &s->senders[i], k);
    return s;
}

static void calm_down(struct storm *s)
{
    for (unsigned round = 0; round < 4 * MESSAGES * CLIENTS; round++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            s->senders[i].wire->held = false;
            rig_settle(&s->rig);
            answer(s, &s->senders[i]);
            if (!s->senders[i].wire->gone)
                speak_up(s, &s->senders[i]);
        }
        rig_wait(&s->rig, 1);
    }
}

static void storm_end(struct storm *s)
{
    rig_stop(&s->rig);
    for (size_t i = 0; i < CLIENTS; i++)
        free(s->senders[i].text);
    free(s);
}

static void assert_all_arrived(struct storm *s)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        received_read(&s->received, &s->senders[i].wire->fake);
        for (unsigned k = 0; k < CLIENTS * MESSAGES; k++) {
            const struct sender *from = &s->senders[k / MESSAGES];
            size_t length = from->length[k % MESSAGES];
            char id[16];

            if (from->to[k % MESSAGES] != i)
                continue;
            (void)snprintf(id, sizeof id, "m%u.%u", k / MESSAGES, k % MESSAGES);
            assert_int_equal(
                received_message(&s->received, s->got, sizeof s->got, id),
                length);
            rig_pattern(s->want, 1, length);
            assert_memory_equal(s->got, s->want, length);
        }
    }
}

static void all_arrives_whole_and_in_order(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct storm *s = storm_begin(seed);

        s->changing = seed % 2;
        for (unsigned i = 0; i < 100000 && !is_over(s); i++)
            step(s);
        calm_down(s);
        assert_all_arrived(s);
        storm_end(s);
    }
}

/* The operator ends the session of this one. */
static void kick(struct storm *s, const struct wire *w)
{
    struct relay_walk walk;
    struct session_view v;

    relay_walk_begin(s->rig.relay, &walk);
    while (relay_walk_next(&walk, &v))
        if (v.connection == w->fake.link.number)
            relay_walk_kick(s->rig.relay, &walk);
    rig_settle(&s->rig);
}

/* Receivers refuse, and connections end in the middle, or sessions do: the
 * others' go on, what they are sent stays sound, and in the end nothing is
 * left. */
static void failures_hurt_nobody_else(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct storm *s = storm_begin(seed);
        size_t victim = seed % CLIENTS;
        unsigned when = 50 + chance(s, 400);

        s->refusing = true;
        s->changing = seed % 3 == 0;
        for (unsigned i = 0; i < 100000 && !is_over(s); i++) {
            step(s);
            if (i == when && seed % 4 < 2)
                rig_close(&s->rig, s->senders[victim].wire, seed % 2);
            else if (i == when)
                kick(s, s->senders[victim].wire);
        }
        calm_down(s);
        assert_true(is_over(s));
        for (size_t i = 0; i < CLIENTS; i++) {
            struct wire *w = s->senders[i].wire;

            assert_int_equal(w->gone, i == victim);
            if (i != victim) {
                assert_int_equal(w->in_n, 0);
                received_read(&s->received, &w->fake);
            }
        }
        storm_end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_arrives_whole_and_in_order),
        cmocka_unit_test(failures_hurt_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
