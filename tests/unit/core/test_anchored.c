/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairs of clients that never log in. */
#include "anchored.h"

#include <stdio.h>
#include <stdlib.h>

#include "anchored_dial.h"
#include "cmocka_all.h"
#include "rig.h"
#include "vars.h"

/* A's and B's SDP, and what they were given. */
#define P_A "msrp://alice.example:7654/aLiCe;tcp"
#define P_B "msrp://bob.example:12763/b0b;tcp"

enum { TEXT_MAX = 4096 };

struct bench {
    struct rig rig;
    struct anchored_token *token;
    struct anchored_pair *pair;
    char u_a[128], u_b[128];
    bool dials; /* whoever is dialled can be reached */
    unsigned n_dialled;
    struct anchored_dial dialled;
    unsigned n_ended;
    enum anchored_why ended;
    unsigned n_records;
    struct usage usage;
};

static const struct policy_authority authorities[] = {
    {{"192.0.2.10", 10}, 2856},
};

static struct link *on_dial(void *ctx, const struct anchored_dial *to,
                            uint16_t *code)
{
    struct bench *b = ctx;

    b->n_dialled++;
    b->dialled = *to;
    *code = 408;
    return b->dials ? rig_dial_for_pair(&b->rig, "dialled", to->uri) : NULL;
}

static void on_ended(void *owner, enum anchored_why why)
{
    struct bench *b = owner;

    b->n_ended++;
    b->ended = why;
    b->pair = NULL;
}

static void on_record(void *ctx, const struct anchored_record *record)
{
    struct bench *b = ctx;

    b->n_records++;
    b->usage = record->usage;
    assert_true(span_eq(record->call_id, SPAN("call-1")));
    assert_true(span_eq(record->from_tag, SPAN("1928")));
    assert_true(span_eq(record->to_tag, SPAN("314")));
}

static void begin(struct bench *b)
{
    rig_init(&b->rig);
    b->rig.policy.authorities = authorities;
    b->rig.policy.n_authorities = 1;
    b->rig.policy.anchored_idle_ms = 3600 * 1000;
    assert_int_equal(rig_start_plain(&b->rig), 0);
    relay_on_anchored_dial(b->rig.relay, on_dial, b);
    relay_on_anchored_end(b->rig.relay, on_record, b);
    relay_on_dial(b->rig.relay, NULL, NULL, true);
}

static struct anchored_grant grant(void)
{
    return (struct anchored_grant){.host = SPAN("192.0.2.10"), .port = 2856};
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct anchored_grant g = grant();

    assert_non_null(b);
    begin(b);
    assert_int_equal(anchored_token_new(&b->token, b->rig.relay, &g), 0);
    (void)span_copy(b->u_b, sizeof b->u_b, anchored_token_uri(b->token));
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_token_end(b->rig.relay, b->token, ANCHORED_DELETE);
    rig_settle(&b->rig);
    rig_stop(&b->rig);
    free(b);
    return 0;
}

static void say(struct bench *b, enum anchored_side side, const char *path,
                bool we_dial)
{
    struct span uri = span_str(path);
    const struct anchored_said said = {
        .path = &uri, .n_path = 1, .we_dial = we_dial};

    relay_clock(b->rig.relay, b->rig.now_ms);
    assert_int_equal(anchored_say(b->rig.relay, b->pair, side, &said), 0);
    rig_settle(&b->rig);
}

/* The answer has come: both connect, or B is dialled. */
static void answer(struct bench *b, bool dial_b)
{
    const struct anchored_terms terms = {
        .token = b->token,
        .for_a = grant(),
        .call_id = SPAN("call-1"),
        .from_tag = SPAN("1928"),
        .to_tag = SPAN("314"),
        .on_ended = on_ended,
        .owner = b,
    };

    relay_clock(b->rig.relay, b->rig.now_ms);
    assert_int_equal(anchored_pair_new(&b->pair, b->rig.relay, &terms), 0);
    (void)span_copy(b->u_a, sizeof b->u_a,
                    anchored_pair_uri(b->pair, ANCHORED_A));
    say(b, ANCHORED_A, P_A, false);
    say(b, ANCHORED_B, P_B, dial_b);
}

static struct wire *come(struct bench *b, const char *name)
{
    struct wire *w = rig_connect(&b->rig, name);

    w->fake.link.secure = false;
    return w;
}

/* Sends a request to `to` from `from`. */
static void ask(struct bench *b, struct wire *w, const char *start,
                const char *to, const char *from, const char *rest)
{
    char text[TEXT_MAX];

    (void)snprintf(text, sizeof text,
                   "MSRP %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n%s", start, to,
                   from, rest);
    rig_send(&b->rig, w, text);
}

/* What was sent on the wire, with `@` for the relay's own tid. */
static void got(char *dst, struct wire *w)
{
    struct span out = fake_link_new_output(&w->fake), tid;
    size_t n = span_copy(dst, TEXT_MAX, out);

    if (!span_starts(out, SPAN("MSRP ")))
        return;
    tid = span_from(out, 5);
    tid.n = span_find(tid, ' ');
    if (tid.n != 16)
        return;
    for (char *at = dst;
         (at = memmem(at, n - (size_t)(at - dst), tid.p, tid.n));) {
        *at = '@';
        memmove(at + 1, at + tid.n, n - (size_t)(at - dst) - tid.n + 1);
        n -= tid.n - 1;
    }
}

static void assert_got(struct wire *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void assert_got(struct wire *w, const char *fmt, ...)
{
    char want[TEXT_MAX], text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(want, sizeof want, fmt, args);
    va_end(args);
    got(text, w);
    assert_string_equal(text, want);
}

static void assert_nothing(struct wire *w)
{
    assert_int_equal(fake_link_new_output(&w->fake).n, 0);
}

/* Both are there. */
static void connect_both(struct bench *b, struct wire **a, struct wire **bob)
{
    *a = come(b, "a");
    *bob = come(b, "b");
    answer(b, false);
    ask(b, *a, "hi SEND", b->u_a, P_A, "Message-ID: 0\r\n-------hi$\r\n");
    assert_got(*a,
               "MSRP hi 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "-------hi$\r\n",
               b->u_a);
    ask(b, *bob, "hi SEND", b->u_b, P_B,
        "Message-ID: 0\r\nFailure-Report: no\r\n-------hi$\r\n");
    (void)fake_link_new_output(&(*a)->fake);
    (void)fake_link_new_output(&(*bob)->fake);
}

static const char hello[] =
    "Message-ID: 87652491\r\nSuccess-Report: yes\r\nByte-Range: 1-5/5\r\n"
    "Content-Type: text/plain\r\n\r\nhello\r\n-------m1$\r\n";

/* E5: SEND, 200, REPORT through a pair, paths replaced both ways. */
static void test_message_and_report(void **state)
{
    struct bench *b = *state;
    struct wire *a, *bob;

    connect_both(b, &a, &bob);
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    assert_got(a,
               "MSRP m1 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "-------m1$\r\n",
               b->u_a);
    assert_got(bob,
               "MSRP @ SEND\r\nTo-Path: " P_B "\r\nFrom-Path: %s\r\n"
               "Message-ID: 87652491\r\nSuccess-Report: yes\r\n"
               "Byte-Range: 1-5/5\r\nContent-Type: text/plain\r\n\r\n"
               "hello\r\n-------@$\r\n",
               b->u_b);
    ask(b, bob, "r1 REPORT", b->u_b, P_B,
        "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n"
        "-------r1$\r\n");
    assert_got(a,
               "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
               "Status: 000 200 OK\r\n-------@$\r\n",
               b->u_a);
    assert_nothing(bob);
}

/* The relay dials B as soon as the answer is there, and asks first. */
static void test_dialled(void **state)
{
    struct bench *b = *state;
    struct wire *a = come(b, "a"), *bob;

    b->dials = true;
    answer(b, true);
    assert_int_equal(b->n_dialled, 1);
    bob = rig_wire(&b->rig, SPAN("dialled"));
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    assert_nothing(a); /* the answer waits for the outcome */
    rig_up(&b->rig, bob);
    assert_got(a,
               "MSRP m1 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "-------m1$\r\n",
               b->u_a);
    {
        char text[TEXT_MAX];

        got(text, bob);
        assert_non_null(strstr(text, "MSRP @ SEND\r\nTo-Path: " P_B));
        assert_non_null(strstr(text, "\r\nhello\r\n"));
    }
}

/* what comes before B does waits for it; a bodiless SEND does not. */
static void test_waits_for_the_other_side(void **state)
{
    struct bench *b = *state;
    struct wire *a = come(b, "a"), *bob = come(b, "b");
    char text[TEXT_MAX];

    answer(b, false);
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    assert_nothing(a);
    ask(b, bob, "hi SEND", b->u_b, P_B, "Message-ID: 0\r\n-------hi$\r\n");
    got(text, a);
    assert_non_null(strstr(text, "MSRP m1 200 OK"));
    got(text, bob);
    assert_non_null(strstr(text, "MSRP hi 200 OK"));
    assert_non_null(strstr(text, "\r\nhello\r\n"));
}

/* ... and fails with 408 if it never comes. */
static void test_waits_in_vain(void **state)
{
    struct bench *b = *state;
    struct wire *a = come(b, "a");

    answer(b, false);
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    rig_wait(&b->rig, 10000);
    assert_got(a,
               "MSRP m1 200 OK\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "-------m1$\r\n",
               b->u_a);
    rig_wait(&b->rig, b->rig.policy.transaction_ms);
    assert_got(a,
               "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
               "Status: 000 408 Timeout\r\n-------@$\r\n",
               b->u_a);
}

/* who speaks is known by the path that was announced. */
static void test_strangers(void **state)
{
    struct bench *b = *state;
    struct wire *a, *bob, *eve;
    char text[TEXT_MAX];

    connect_both(b, &a, &bob);
    eve = come(b, "eve");
    ask(b, eve, "m1 SEND", b->u_b, "msrp://eve.example:9/eve;tcp", hello);
    got(text, eve);
    assert_non_null(strstr(text, "MSRP m1 403"));
    ask(b, eve, "m1 SEND", b->u_a, P_A, hello);
    got(text, eve);
    assert_non_null(strstr(text, "MSRP m1 506"));
    assert_int_equal(a->fake.probes, 1);
    ask(b, eve, "m1 SEND", "msrp://192.0.2.10:2856/unknown;tcp", P_A, hello);
    got(text, eve);
    assert_non_null(strstr(text, "MSRP m1 481"));
    assert_nothing(a);
    assert_nothing(bob);
}

/* B is faster than the proxy. */
static void test_early(void **state)
{
    struct bench *b = *state;
    struct wire *bob = come(b, "b"), *a;
    char text[TEXT_MAX];

    ask(b, bob, "m1 SEND", b->u_b, P_B, hello);
    assert_nothing(bob);
    assert_true(bob->fake.paused);
    a = come(b, "a");
    answer(b, false);
    assert_false(bob->fake.paused);
    ask(b, a, "hi SEND", b->u_a, P_A, "Message-ID: 0\r\n-------hi$\r\n");
    got(text, bob);
    assert_non_null(strstr(text, "MSRP m1 200"));
    got(text, a);
    assert_non_null(strstr(text, "\r\nhello\r\n"));
}

static void test_early_in_vain(void **state)
{
    struct bench *b = *state;
    struct wire *bob = come(b, "b");

    ask(b, bob, "m1 SEND", b->u_b, P_B, hello);
    rig_wait(&b->rig, 5000);
    assert_got(bob,
               "MSRP m1 481 No Such Session\r\nTo-Path: " P_B
               "\r\nFrom-Path: %s\r\n-------m1$\r\n",
               b->u_b);
}

/* other methods are answered end to end, whatever the other paths are. */
static void test_nickname(void **state)
{
    struct bench *b = *state;
    struct wire *a, *bob;
    char text[TEXT_MAX], answer_text[TEXT_MAX];
    char tid[17];

    connect_both(b, &a, &bob);
    ask(b, a, "n1 NICKNAME", b->u_a, P_A,
        "Use-Nickname: \"Alice\"\r\n-------n1$\r\n");
    (void)span_copy(text, sizeof text, fake_link_new_output(&bob->fake));
    assert_non_null(strstr(text, "Use-Nickname"));
    (void)span_copy(tid, sizeof tid, span_of(text + 5, 16));
    (void)snprintf(answer_text, sizeof answer_text,
                   "MSRP %s 425 In Use\r\nTo-Path: %s\r\nFrom-Path: " P_B
                   "\r\n-------%s$\r\n",
                   tid, b->u_b, tid);
    rig_send(&b->rig, bob, answer_text);
    assert_got(a,
               "MSRP n1 425 In Use\r\nTo-Path: " P_A "\r\nFrom-Path: %s"
               "\r\n-------n1$\r\n",
               b->u_a);
}

/* what is unanswered fails with 481, once; later requests too. */
static void test_end(void **state)
{
    struct bench *b = *state;
    struct wire *a, *bob;
    char text[TEXT_MAX];

    connect_both(b, &a, &bob);
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    (void)fake_link_new_output(&a->fake);
    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_pair_end(b->rig.relay, b->pair, ANCHORED_DELETE);
    rig_settle(&b->rig);
    assert_got(a,
               "MSRP @ REPORT\r\nTo-Path: " P_A "\r\nFrom-Path: %s\r\n"
               "Message-ID: 87652491\r\nByte-Range: 1-5/5\r\n"
               "Status: 000 481 No Such Session\r\n-------@$\r\n",
               b->u_a);
    ask(b, a, "m2 SEND", b->u_a, P_A, "Message-ID: 2\r\n-------m2$\r\n");
    got(text, a);
    assert_non_null(strstr(text, "MSRP m2 481"));
    assert_int_equal(b->n_ended, 0);
    assert_int_equal(b->n_records, 1);
    assert_int_equal(b->usage.sent.messages, 1);
    assert_int_equal(b->usage.sent.octets, 5);
}

static void test_idle(void **state)
{
    struct bench *b = *state;
    struct wire *a, *bob;

    connect_both(b, &a, &bob);
    rig_wait(&b->rig, 1000);
    b->rig.now_ms += 3600 * 1000;
    rig_wait(&b->rig, 100);
    assert_int_equal(b->n_ended, 1);
    assert_int_equal(b->ended, ANCHORED_IDLE);
    assert_null(b->pair);
}

/* another path is another peer. */
static void test_new_path(void **state)
{
    struct bench *b = *state;
    struct wire *a, *bob, *moved;
    char text[TEXT_MAX];

    connect_both(b, &a, &bob);
    ask(b, a, "m1 SEND", b->u_a, P_A, hello);
    (void)fake_link_new_output(&a->fake);
    say(b, ANCHORED_B, "msrp://bob.example:12764/m0ved;tcp", false);
    got(text, a);
    assert_non_null(strstr(text, "Status: 000 408"));
    assert_int_equal(bob->fake.closes, 1);
    moved = come(b, "moved");
    ask(b, moved, "m2 SEND", b->u_b, "msrp://bob.example:12764/m0ved;tcp",
        "Message-ID: 2\r\n-------m2$\r\n");
    got(text, moved);
    assert_non_null(strstr(text, "To-Path: msrp://bob.example:12764/m0ved"));
    got(text, a);
    assert_non_null(strstr(text, "Message-ID: 2"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_message_and_report),
        TEST(test_dialled),
        TEST(test_waits_for_the_other_side),
        TEST(test_waits_in_vain),
        TEST(test_strangers),
        TEST(test_early),
        TEST(test_early_in_vain),
        TEST(test_nickname),
        TEST(test_end),
        TEST(test_idle),
        TEST(test_new_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
