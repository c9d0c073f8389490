/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair_bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"

static const struct policy_authority authorities[] = {
    {{"192.0.2.10", 10}, 2856},
};

static struct link *on_dial(void *ctx, const struct anchored_dial *to,
                            uint16_t *code)
{
    struct pair_bench *b = ctx;

    b->n_dialled++;
    b->dialled = *to;
    *code = 408;
    return b->dials ? rig_dial_for_pair(&b->rig, "dialled", to->uri) : NULL;
}

static void on_ended(void *owner, enum anchored_why why)
{
    struct pair_bench *b = owner;

    b->n_ended++;
    b->ended = why;
    b->pair = NULL;
}

static void on_record(void *ctx, const struct anchored_record *record)
{
    struct pair_bench *b = ctx;

    b->n_records++;
    b->record = *record;
    assert_true(span_eq(record->call_id, SPAN("call-1")));
    assert_true(span_eq(record->from_tag, SPAN("1928")));
    assert_true(span_eq(record->to_tag, SPAN("314")));
}

struct anchored_grant pair_bench_grant(void)
{
    return (struct anchored_grant){.host = SPAN("192.0.2.10"), .port = 2856};
}

int pair_bench_set_up(void **state)
{
    struct pair_bench *b = calloc(1, sizeof *b);
    const struct anchored_grant g = pair_bench_grant();

    assert_non_null(b);
    rig_init(&b->rig);
    b->rig.policy.authorities = authorities;
    b->rig.policy.n_authorities = 1;
    b->rig.policy.anchored_idle_ms = 3600 * 1000;
    assert_int_equal(rig_start_plain(&b->rig), 0);
    relay_on_anchored_dial(b->rig.relay, on_dial, b);
    relay_on_anchored_end(b->rig.relay, on_record, b);
    relay_on_dial(b->rig.relay, NULL, NULL, true);
    assert_int_equal(anchored_token_new(&b->token, b->rig.relay, &g), 0);
    (void)span_copy(b->u_b, sizeof b->u_b, anchored_token_uri(b->token));
    *state = b;
    return 0;
}

int pair_bench_tear_down(void **state)
{
    struct pair_bench *b = *state;
    struct anchored_stats stats;

    relay_clock(b->rig.relay, b->rig.now_ms);
    anchored_token_end(b->rig.relay, b->token, ANCHORED_DELETE);
    rig_settle(&b->rig);
    anchored_stats(b->rig.relay, &stats);
    assert_int_equal(stats.tokens_now, 0);
    assert_int_equal(stats.pairs_now, 0);
    assert_int_equal(stats.bound_now, 0);
    rig_stop(&b->rig);
    free(b);
    return 0;
}

void pair_bench_say(struct pair_bench *b, struct anchored_pair *p,
                    enum anchored_side side, const char *path, bool we_dial)
{
    struct span uri = span_str(path);
    const struct anchored_said said = {
        .path = &uri, .n_path = 1, .we_dial = we_dial};

    relay_clock(b->rig.relay, b->rig.now_ms);
    assert_int_equal(anchored_say(b->rig.relay, p, side, &said), 0);
    rig_settle(&b->rig);
}

struct anchored_pair *pair_bench_pair(struct pair_bench *b,
                                      struct anchored_token *token)
{
    const struct anchored_terms terms = {
        .token = token,
        .for_a = pair_bench_grant(),
        .call_id = SPAN("call-1"),
        .from_tag = SPAN("1928"),
        .to_tag = SPAN("314"),
        .on_ended = on_ended,
        .owner = b,
    };
    struct anchored_pair *p;

    relay_clock(b->rig.relay, b->rig.now_ms);
    assert_int_equal(anchored_pair_new(&p, b->rig.relay, &terms), 0);
    return p;
}

void pair_bench_answer(struct pair_bench *b, bool dial_b)
{
    b->pair = pair_bench_pair(b, b->token);
    (void)span_copy(b->u_a, sizeof b->u_a,
                    anchored_pair_uri(b->pair, ANCHORED_A));
    pair_bench_say(b, b->pair, ANCHORED_A, P_A, false);
    pair_bench_say(b, b->pair, ANCHORED_B, P_B, dial_b);
}

struct wire *pair_bench_come(struct pair_bench *b, const char *name)
{
    struct wire *w = rig_connect(&b->rig, name);

    w->fake.link.secure = false;
    return w;
}

void pair_bench_connect(struct pair_bench *b, struct wire **a,
                        struct wire **bob)
{
    static const char keep_alive[] =
        "Message-ID: 0\r\nFailure-Report: no\r\n-------hi$\r\n";

    *a = pair_bench_come(b, "a");
    *bob = pair_bench_come(b, "b");
    pair_bench_answer(b, false);
    pair_bench_ask(b, *a, "hi SEND", b->u_a, P_A, keep_alive);
    pair_bench_ask(b, *bob, "hi SEND", b->u_b, P_B, keep_alive);
    (void)fake_link_new_output(&(*a)->fake);
    (void)fake_link_new_output(&(*bob)->fake);
}

void pair_bench_ask(struct pair_bench *b, struct wire *w, const char *start,
                    const char *to, const char *from, const char *rest)
{
    char text[PAIR_TEXT_MAX];

    (void)snprintf(text, sizeof text,
                   "MSRP %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n%s", start, to,
                   from, rest);
    rig_send(&b->rig, w, text);
}

/* Puts `@` for every `tid` in `text`. */
static void hide(char *text, struct span tid)
{
    char *at = text;

    while ((at = memmem(at, strlen(at), tid.p, tid.n))) {
        *at++ = '@';
        memmove(at, at + tid.n - 1, strlen(at + tid.n - 1) + 1);
    }
}

const char *pair_bench_got(struct wire *w)
{
    static char text[PAIR_TEXT_MAX];
    struct span out = fake_link_new_output(&w->fake), tid;

    (void)span_copy(text, sizeof text, out);
    if (!span_starts(out, SPAN("MSRP ")))
        return text;
    tid = span_from(out, 5);
    tid.n = span_find(tid, ' ');
    if (tid.n == TID_LEN)
        hide(text, tid);
    return text;
}

void pair_bench_assert(struct wire *w, const char *fmt, ...)
{
    char want[PAIR_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(want, sizeof want, fmt, args);
    va_end(args);
    assert_string_equal(pair_bench_got(w), want);
}

void pair_bench_assert_in(struct wire *w, const char *part)
{
    const char *text = pair_bench_got(w);

    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}
