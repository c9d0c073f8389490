/* SPDX-License-Identifier: BSD-2-Clause */
/* A message that has failed: sent again from its beginning it is a new one,
 * what is left of it is not (S-30, P-21; cases 4.2 and 4.3). On one relay, and
 * over a link of two. */
#include "chain.h"
#include "cmocka_all.h"

struct ends {
    struct scene *s;
    struct client *alice, *bob;
};

#define SOON "timers: { transaction = 0.5; drain = 0.2; };\n"

static struct ends meet(void **state, bool over_a_link)
{
    static const struct outside_opts soon = {.relay.groups = SOON};
    struct ends e = {.s = chain_start(state, &soon)};

    e.alice = login(e.s, "alice");
    if (over_a_link) {
        struct relay *far = chain_add(e.s, CHAIN_EXTRA, &soon);

        e.bob = scene_connect_to(e.s, far, "bob");
        login_on(e.bob);
    } else {
        e.bob = login(e.s, "bob");
    }
    return e;
}

/* bob's refusal, or what his silence (0) comes to, as alice hears of it. */
static void expect_failure(struct ends *e, struct got *g, unsigned code)
{
    struct got *report;

    if (code)
        talk_answer(e->bob, g, code);
    report = talk_expect(e->alice, "REPORT");
    assert_string_equal(
        scene_text(e->s, "%.7s", talk_header(e->alice, report, "Status")),
        scene_text(e->s, "000 %u", code ? code : 408));
}

static const unsigned failures[] = {400, 403, 408, 413, 415, 423, 481, 506, 0};

enum { FAILURES = sizeof failures / sizeof *failures };

static void whatever_became_of_it(void **state, const struct send *m)
{
    for (int link = 0; link < 2; link++) {
        struct ends e = meet(state, link);

        for (size_t i = 0; i < FAILURES; i++)
            for (int again = 0; again < 2; again++) {
                talk_expect_code(e.alice, talk_send(e.alice, e.bob, m), 200);
                expect_failure(&e, talk_expect(e.bob, "SEND"), failures[i]);
            }
        talk_expect_code(e.alice, talk_send(e.alice, e.bob, m), 200);
        talk_answer(e.bob, talk_expect(e.bob, "SEND"), 200);
        talk_expect_nothing(e.alice);
        assert_int_equal(scene_end(state), 0);
    }
}

static void a_whole_message_may_be_sent_again(void **state)
{
    whatever_became_of_it(
        state, &(struct send){.id = "same", .body = SPAN("the same")});
}

/* As a keep-alive of clients that count nothing. */
static void so_may_one_without_a_body(void **state)
{
    whatever_became_of_it(state, &(struct send){.id = "same"});
}

static void so_may_an_empty_one(void **state)
{
    whatever_became_of_it(state,
                          &(struct send){.id = "same", .is_empty = true});
}

/* bob, who has part of it, is told that there is no more to come (S-31). */
static void expect_abandoned(struct ends *e, const char *id)
{
    struct got *g = talk_expect(e->bob, "SEND");

    assert_string_equal(talk_header(e->bob, g, "Message-ID"), id);
    assert_int_equal(g->flag, '#');
}

/* Its beginning fails, and is sent again with all the rest. */
static void so_may_the_first_chunk(void **state)
{
    const struct send first = {
        .id = "same", .range = "1-5/10", .body = SPAN("hello"), .flag = '+'};
    const struct send second = {
        .id = "same", .range = "6-10/10", .body = SPAN("world")};
    struct ends e = meet(state, false);

    talk_expect_code(e.alice, talk_send(e.alice, e.bob, &first), 200);
    expect_failure(&e, talk_expect_body(e.bob, first.body, '+'), 413);
    expect_abandoned(&e, first.id);
    talk_expect_code(e.alice, talk_send(e.alice, e.bob, &second), 413);
    talk_expect_code(e.alice, talk_send(e.alice, e.bob, &first), 200);
    talk_answer(e.bob, talk_expect_body(e.bob, first.body, '+'), 200);
    talk_expect_code(e.alice, talk_send(e.alice, e.bob, &second), 200);
    talk_answer(e.bob, talk_expect_body(e.bob, second.body, '$'), 200);
    talk_expect_nothing(e.alice);
}

/* However many have failed meanwhile, 64 at least. */
static void what_is_left_of_each_is_refused(void **state)
{
    enum { MANY = 60 };
    struct ends e = meet(state, false);
    struct send m = {.body = SPAN("hello")};

    for (int i = 0; i < MANY; i++) {
        m.id = scene_text(e.s, "m%d", i);
        m.range = "1-5/15";
        m.flag = '+';
        talk_expect_code(e.alice, talk_send(e.alice, e.bob, &m), 200);
        expect_failure(&e, talk_expect_body(e.bob, m.body, '+'),
                       i % 2 ? 413 : 415);
        expect_abandoned(&e, m.id);
    }
    for (int i = 0; i < MANY; i++) {
        m.id = scene_text(e.s, "m%d", i);
        m.range = i % 3 ? "6-10/15" : "11-15/15";
        m.flag = i % 3 ? '+' : '$';
        talk_expect_code(e.alice, talk_send(e.alice, e.bob, &m),
                         i % 2 ? 413 : 415);
    }
    talk_expect_nothing(e.bob);
    talk_expect_nothing(e.alice); /* nothing is told twice */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(a_whole_message_may_be_sent_again),
        E2E_TEST(so_may_one_without_a_body),
        E2E_TEST(so_may_an_empty_one),
        E2E_TEST(so_may_the_first_chunk),
        E2E_TEST(what_is_left_of_each_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
