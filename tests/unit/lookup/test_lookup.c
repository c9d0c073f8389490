/* SPDX-License-Identifier: BSD-2-Clause */
/* test-wraps: lookup_helper_start lookup_helper_put lookup_helper_end */
/* test-wraps: lookup_helpers_finish loop_now_ms */
/* test-wraps: alarm_new alarm_set alarm_free */
/* Questions and answers, with the test's own time and helpers. */
#include "lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "lookup_helper.h"
#include "oom.h"

enum { TIMEOUT_MS = 3000, KNOWN_MS = 60000, UNKNOWN_MS = 5000, HELPERS = 4096 };

#define HA1 "00112233445566778899aabbccddeeff"

/* --- what is replaced --- */

/* A helper: what it was sent last, and how to talk for it. */
struct lookup_helper {
    struct lookup_helper_setup setup;
    char said[LOOKUP_QUESTION_MAX];
    uint64_t id; /* of the last question */
    unsigned n;  /* questions */
    bool has_ended;
};

/* The linker's --wrap leaves no room for a context. */
static struct {
    struct lookup_helper helpers[HELPERS];
    unsigned n; /* ever started */
    int start_err, put_err;
    uint64_t now_ms, alarm_ms;
    void (*on_alarm)(void *ctx);
    void *alarm_ctx;
} world;

uint64_t __wrap_loop_now_ms(const struct loop *l);
int __wrap_alarm_new(struct alarm **out, struct loop *l, loop_defer_fn fn,
                     void *ctx);
void __wrap_alarm_set(struct alarm *a, uint64_t delay_ms);
void __wrap_alarm_free(struct alarm *a);
int __wrap_lookup_helper_start(struct lookup_helper **out,
                               const struct lookup_helper_setup *setup,
                               struct list *all);
int __wrap_lookup_helper_put(struct lookup_helper *h, struct span line);
void __wrap_lookup_helper_end(struct lookup_helper *h, const char *why);
void __wrap_lookup_helpers_finish(struct list *all);

uint64_t __wrap_loop_now_ms(const struct loop *l)
{
    (void)l;
    return world.now_ms;
}

int __wrap_alarm_new(struct alarm **out, struct loop *l, loop_defer_fn fn,
                     void *ctx)
{
    (void)l;
    world.on_alarm = fn;
    world.alarm_ctx = ctx;
    world.alarm_ms = UINT64_MAX;
    *out = NULL;
    return 0;
}

void __wrap_alarm_set(struct alarm *a, uint64_t delay_ms)
{
    (void)a;
    world.alarm_ms = world.now_ms + delay_ms;
}

void __wrap_alarm_free(struct alarm *a)
{
    (void)a;
}

int __wrap_lookup_helper_start(struct lookup_helper **out,
                               const struct lookup_helper_setup *setup,
                               struct list *all)
{
    struct lookup_helper *h = &world.helpers[world.n];

    (void)all;
    if (world.start_err) {
        errno = ENOENT;
        return world.start_err;
    }
    assert_true(world.n < HELPERS);
    *h = (struct lookup_helper){.setup = *setup};
    world.n++;
    *out = h;
    return 0;
}

int __wrap_lookup_helper_put(struct lookup_helper *h, struct span line)
{
    assert_false(h->has_ended);
    if (world.put_err)
        return world.put_err;
    (void)span_copy(h->said, sizeof h->said, line);
    assert_int_equal(span_u64(&h->id, span_cut(&line, '\t'), UINT64_MAX), 0);
    h->n++;
    return 0;
}

void __wrap_lookup_helper_end(struct lookup_helper *h, const char *why)
{
    assert_non_null(why);
    assert_false(h->has_ended);
    h->has_ended = true;
}

void __wrap_lookup_helpers_finish(struct list *all)
{
    assert_true(list_is_empty(all));
}

/* --- the bench --- */

/* Somebody who waits. */
struct waiting {
    struct lookup_wait wait;
    unsigned n; /* answers; must become 1 */
    enum lookup_result result;
    char ha1[DIGEST_HEX_MAX + 1];
};

struct bench {
    struct lookup *lookup;
    struct waiting w[8];
};

static char command[] = "/helper", other_command[] = "/other";
static char *const argv[] = {command, NULL};
static char *const other_argv[] = {other_command, NULL};

static void on_answered(struct lookup_wait *wait, const struct lookup_answer *a)
{
    struct waiting *w = CONTAINER(wait, struct waiting, wait);

    w->n++;
    w->result = a->result;
    (void)span_copy(w->ha1, sizeof w->ha1, digest_hex_span(&a->ha1));
}

static void configure(struct bench *b, char *const *words, unsigned processes)
{
    const struct lookup_settings settings = {words, processes, TIMEOUT_MS,
                                             KNOWN_MS, UNKNOWN_MS};

    lookup_configure(b->lookup, &settings);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    memset(&world, 0, sizeof world);
    world.now_ms = 1000000;
    assert_int_equal(lookup_new(&b->lookup, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof b->w / sizeof *b->w; i++) {
        b->w[i].wait.answered = on_answered;
        list_init(&b->w[i].wait.of_question);
    }
    configure(b, argv, 1);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    lookup_free(b->lookup);
    for (unsigned i = 0; i < world.n; i++)
        assert_true(world.helpers[i].has_ended);
    free(b);
    return 0;
}

/* Time passes. */
static void wait_ms(uint64_t ms)
{
    uint64_t until_ms = world.now_ms + ms;

    while (world.alarm_ms <= until_ms) {
        if (world.now_ms < world.alarm_ms)
            world.now_ms = world.alarm_ms;
        world.alarm_ms = UINT64_MAX;
        world.on_alarm(world.alarm_ctx);
    }
    world.now_ms = until_ms;
}

static struct lookup_query query(const char *user)
{
    return (struct lookup_query){span_str(user), SPAN("example.com"),
                                 DIGEST_MD5};
}

static int ask(struct bench *b, unsigned i, const char *user)
{
    struct lookup_query q = query(user);

    b->w[i].n = 0;
    return lookup_ask(b->lookup, &q, &b->w[i].wait);
}

/* The helper that was started last. */
static struct lookup_helper *last(void)
{
    assert_true(world.n > 0);
    return &world.helpers[world.n - 1];
}

static void say(struct lookup_helper *h, const char *text)
{
    h->setup.on_line(h->setup.ctx, span_str(text));
}

/* It answers its last question with this. */
static void reply(struct lookup_helper *h, const char *rest)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%llu\t%s", (unsigned long long)h->id,
                   rest);
    say(h, text);
}

static void assert_answered(const struct bench *b, unsigned i,
                            enum lookup_result result, const char *ha1)
{
    assert_int_equal(b->w[i].n, 1);
    assert_int_equal(b->w[i].result, result);
    if (ha1)
        assert_string_equal(b->w[i].ha1, ha1);
}

static struct lookup_stats stats(const struct bench *b)
{
    struct lookup_stats s;

    lookup_stats(b->lookup, &s);
    return s;
}

/* --- answers --- */

static void a_question_gets_its_answer(void **state)
{
    struct bench *b = *state;

    assert_int_equal(ask(b, 0, "alice"), 0);
    assert_string_equal(last()->said, "1\talice\texample.com\tMD5\n");
    assert_int_equal(b->w[0].n, 0);
    wait_ms(7);
    reply(last(), "ha1\t00112233445566778899AABBCCDDEEFF");
    assert_answered(b, 0, LOOKUP_KNOWN, HA1);
    assert_int_equal(stats(b).answers[LOOKUP_KNOWN], 1);
    assert_int_equal(stats(b).buckets[4], 1); /* 10 ms at most */
    assert_int_equal(stats(b).waiting_now, 0);
}

static void a_password_becomes_ha1(void **state)
{
    struct bench *b = *state;
    struct digest_hex want;

    assert_int_equal(digest_ha1(&want, DIGEST_MD5, SPAN("alice"),
                                SPAN("example.com"), SPAN("a b")),
                     0);
    ask(b, 0, "alice");
    reply(last(), "password\ta%20b");
    assert_answered(b, 0, LOOKUP_KNOWN, NULL);
    assert_span_equal(span_str(b->w[0].ha1), digest_hex_span(&want));
}

static void none_and_error_are_answers(void **state)
{
    struct bench *b = *state;

    ask(b, 0, "alice");
    reply(last(), "none");
    assert_answered(b, 0, LOOKUP_UNKNOWN, "");
    ask(b, 1, "bob");
    reply(last(), "error\tno such table");
    assert_answered(b, 1, LOOKUP_ERROR, "");
    ask(b, 2, "carol");
    reply(last(), "password\t");
    assert_answered(b, 2, LOOKUP_ERROR, "");
}

static void ids_do_not_recur(void **state)
{
    struct bench *b = *state;
    uint64_t before = 0;

    for (unsigned i = 0; i < 100; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "u%u", i);
        ask(b, 0, name);
        assert_true(last()->id > before);
        before = last()->id;
        reply(last(), i % 2 ? "none" : "error\tx");
    }
}

static void the_same_question_is_asked_once(void **state)
{
    struct bench *b = *state;

    ask(b, 0, "alice");
    ask(b, 1, "alice");
    ask(b, 2, "bob");
    assert_int_equal(last()->n, 2);
    assert_int_equal(stats(b).joined, 1);
    lookup_forget(&b->w[0].wait);
    say(last(), "1\tha1\t" HA1);
    assert_int_equal(b->w[0].n, 0);
    assert_answered(b, 1, LOOKUP_KNOWN, HA1);
    assert_int_equal(b->w[2].n, 0);
    lookup_forget(&b->w[2].wait);
}

/* --- memory --- */

static bool recall(struct bench *b, const char *user, struct lookup_answer *a)
{
    struct lookup_query q = query(user);

    return lookup_recall(b->lookup, a, &q);
}

static void answers_are_remembered(void **state)
{
    struct bench *b = *state;
    struct lookup_answer a;

    assert_false(recall(b, "alice", &a));
    ask(b, 0, "alice");
    lookup_forget(&b->w[0].wait); /* nobody waits for it any more */
    reply(last(), "ha1\t" HA1);
    ask(b, 1, "bob");
    reply(last(), "none");
    wait_ms(UNKNOWN_MS - 1);
    assert_true(recall(b, "alice", &a));
    assert_int_equal(a.result, LOOKUP_KNOWN);
    assert_int_equal(a.age_ms, UNKNOWN_MS - 1);
    assert_true(recall(b, "bob", &a));
    assert_int_equal(a.result, LOOKUP_UNKNOWN);
    wait_ms(1);
    assert_false(recall(b, "bob", &a));
    wait_ms(KNOWN_MS - UNKNOWN_MS - 1);
    assert_true(recall(b, "alice", &a));
    wait_ms(1);
    assert_false(recall(b, "alice", &a));
    assert_int_equal(stats(b).recalled, 3);
}

static void errors_are_not_remembered(void **state)
{
    struct bench *b = *state;
    struct lookup_answer a;

    ask(b, 0, "alice");
    reply(last(), "error\tx");
    assert_false(recall(b, "alice", &a));
    ask(b, 0, "alice");
    wait_ms(TIMEOUT_MS);
    assert_false(recall(b, "alice", &a));
}

static void a_reload_forgets_and_keeps_the_helpers(void **state)
{
    struct bench *b = *state;
    struct lookup_answer a;

    ask(b, 0, "alice");
    reply(last(), "ha1\t" HA1);
    ask(b, 1, "bob");
    configure(b, argv, 1);
    assert_false(recall(b, "alice", &a));
    assert_int_equal(world.n, 1);
    reply(last(), "none");
    assert_answered(b, 1, LOOKUP_UNKNOWN, "");
}

/* --- time --- */

static void what_is_not_answered_in_time_is_over(void **state)
{
    struct bench *b = *state;

    ask(b, 0, "alice");
    wait_ms(1000);
    ask(b, 1, "bob");
    wait_ms(TIMEOUT_MS - 1001);
    assert_int_equal(b->w[0].n, 0);
    wait_ms(1);
    assert_answered(b, 0, LOOKUP_TIMEOUT, "");
    assert_int_equal(b->w[1].n, 0);
    say(last(), "1\tha1\t" HA1); /* too late, and never twice */
    assert_int_equal(b->w[0].n, 1);
    assert_int_equal(stats(b).nonsense, 1);
    wait_ms(1000);
    assert_answered(b, 1, LOOKUP_TIMEOUT, "");
}

static void a_helper_that_hangs_is_started_again(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < LOOKUP_MISSED_MAX; i++) {
        assert_false(last()->has_ended);
        ask(b, i, "alice");
        wait_ms(TIMEOUT_MS);
        assert_answered(b, i, LOOKUP_TIMEOUT, "");
    }
    assert_true(last()->has_ended);
    assert_int_equal(ask(b, 0, "alice"), ERR_NOT_NOW);
    wait_ms(LOOKUP_RESTART_MS);
    assert_int_equal(world.n, 2);
    assert_int_equal(ask(b, 0, "alice"), 0);
    reply(last(), "ha1\t" HA1);
    assert_answered(b, 0, LOOKUP_KNOWN, HA1);
}

/* Its answers come too late, but they come. */
static void a_helper_that_is_slow_is_kept(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 4 * LOOKUP_MISSED_MAX; i++) {
        ask(b, 0, "alice");
        wait_ms(TIMEOUT_MS);
        reply(last(), "ha1\t" HA1);
    }
    assert_int_equal(world.n, 1);
    assert_false(last()->has_ended);
}

/* --- its end --- */

static void gone(struct lookup_helper *h)
{
    h->setup.on_gone(h->setup.ctx);
}

static void what_a_helper_leaves_behind_is_answered(void **state)
{
    struct bench *b = *state;

    ask(b, 0, "alice");
    ask(b, 1, "bob");
    gone(last());
    assert_true(last()->has_ended);
    assert_answered(b, 0, LOOKUP_GONE, "");
    assert_answered(b, 1, LOOKUP_GONE, "");
    assert_int_equal(stats(b).helpers_now, 0);
    assert_int_equal(ask(b, 2, "carol"), ERR_NOT_NOW);
}

/* 1 s, 2 s, 4 s, ... 30 s; a good answer begins again. */
static void starts_are_further_and_further_apart(void **state)
{
    static const uint64_t delays_ms[] = {1000,  2000,  4000, 8000,
                                         16000, 30000, 30000};
    struct bench *b = *state;

    for (unsigned i = 0; i < sizeof delays_ms / sizeof *delays_ms; i++) {
        gone(last());
        wait_ms(delays_ms[i] - 1);
        assert_int_equal(world.n, i + 1);
        wait_ms(1);
        assert_int_equal(world.n, i + 2);
    }
    assert_int_equal(stats(b).restarts, 7);
    ask(b, 0, "alice");
    reply(last(), "none");
    gone(last());
    wait_ms(1000);
    assert_int_equal(world.n, 9);
}

static void one_that_cannot_be_started_is_tried_again(void **state)
{
    struct bench *b = *state;

    gone(last());
    world.start_err = ERR_IO;
    wait_ms(3000);
    assert_int_equal(stats(b).helpers_now, 0);
    world.start_err = 0;
    wait_ms(4000);
    assert_int_equal(stats(b).helpers_now, 1);
}

static void it_may_die_a_hundred_times(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(ask(b, 0, "alice"), 0);
        if (i % 2) {
            reply(last(), "error\tx");
            assert_answered(b, 0, LOOKUP_ERROR, "");
            gone(last());
        } else {
            gone(last());
            assert_answered(b, 0, LOOKUP_GONE, "");
        }
        wait_ms(LOOKUP_RESTART_MAX_MS);
    }
    assert_int_equal(world.n, 101);
    assert_int_equal(stats(b).waiting_now, 0);
}

/* --- lies --- */

static void nonsense_is_counted_and_ends_it(void **state)
{
    struct bench *b = *state;

    ask(b, 0, "alice");
    for (unsigned i = 0; i < LOOKUP_NONSENSE_MAX - 1; i++)
        say(last(), i % 2 ? "hello" : "4711\tnone");
    reply(last(), "ha1\t" HA1);
    assert_answered(b, 0, LOOKUP_KNOWN, HA1);
    for (unsigned i = 0; i < LOOKUP_NONSENSE_MAX - 1; i++)
        say(last(), "");
    assert_false(last()->has_ended);
    say(last(), "");
    assert_true(last()->has_ended);
    assert_int_equal(stats(b).nonsense, 2 * LOOKUP_NONSENSE_MAX - 1);
}

static void what_is_no_ha1_is_no_answer(void **state)
{
    static const char *const bad[] = {"ha1\t", "ha1\t0011", "ha1\t" HA1 HA1,
                                      "ha1\t0011223344556677889gaabbccddeeff"};
    struct bench *b = *state;

    ask(b, 0, "alice");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        reply(last(), bad[i]);
    assert_int_equal(b->w[0].n, 0);
    assert_int_equal(stats(b).nonsense, 4);
    reply(last(), "ha1\t" HA1);
    assert_answered(b, 0, LOOKUP_KNOWN, HA1);
}

static void a_helper_answers_only_what_it_was_asked(void **state)
{
    struct bench *b = *state;
    struct lookup_helper *first, *second;

    configure(b, argv, 2);
    first = &world.helpers[1];
    second = &world.helpers[2];
    ask(b, 0, "alice");
    ask(b, 1, "bob"); /* whoever has least to do */
    assert_int_equal(first->n, 1);
    assert_int_equal(second->n, 1);
    second->id = first->id;
    reply(second, "ha1\t" HA1);
    assert_int_equal(b->w[0].n, 0);
    reply(first, "none");
    assert_answered(b, 0, LOOKUP_UNKNOWN, "");
    lookup_forget(&b->w[1].wait);
}

/* --- settings --- */

static void another_command_takes_over(void **state)
{
    struct bench *b = *state;

    ask(b, 0, "alice");
    configure(b, other_argv, 2);
    assert_answered(b, 0, LOOKUP_GONE, "");
    assert_true(world.helpers[0].has_ended);
    assert_int_equal(world.n, 3);
    assert_ptr_equal(last()->setup.argv, other_argv);
    configure(b, NULL, 0);
    assert_int_equal(stats(b).helpers_now, 0);
    assert_int_equal(ask(b, 0, "alice"), ERR_NOT_NOW);
    wait_ms(60000);
    assert_int_equal(world.n, 3);
}

static void one_that_takes_nothing_is_an_error(void **state)
{
    struct bench *b = *state;

    world.put_err = ERR_FULL;
    assert_int_equal(ask(b, 0, "alice"), ERR_FULL);
    assert_int_equal(stats(b).waiting_now, 0);
    world.put_err = 0;
    oom_arm(1);
    assert_int_equal(ask(b, 0, "alice"), ERR_NOMEM);
    assert_true(oom_disarm());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_gets_its_answer),
        TEST(a_password_becomes_ha1),
        TEST(none_and_error_are_answers),
        TEST(ids_do_not_recur),
        TEST(the_same_question_is_asked_once),
        TEST(answers_are_remembered),
        TEST(errors_are_not_remembered),
        TEST(a_reload_forgets_and_keeps_the_helpers),
        TEST(what_is_not_answered_in_time_is_over),
        TEST(a_helper_that_hangs_is_started_again),
        TEST(a_helper_that_is_slow_is_kept),
        TEST(what_a_helper_leaves_behind_is_answered),
        TEST(starts_are_further_and_further_apart),
        TEST(one_that_cannot_be_started_is_tried_again),
        TEST(it_may_die_a_hundred_times),
        TEST(nonsense_is_counted_and_ends_it),
        TEST(what_is_no_ha1_is_no_answer),
        TEST(a_helper_answers_only_what_it_was_asked),
        TEST(another_command_takes_over),
        TEST(one_that_takes_nothing_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
