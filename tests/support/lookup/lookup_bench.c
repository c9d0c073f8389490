/* SPDX-License-Identifier: BSD-2-Clause */
#include "lookup_bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"

struct lookup_world lookup_world;

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
    return lookup_world.now_ms;
}

int __wrap_alarm_new(struct alarm **out, struct loop *l, loop_defer_fn fn,
                     void *ctx)
{
    (void)l;
    lookup_world.on_alarm = fn;
    lookup_world.alarm_ctx = ctx;
    lookup_world.alarm_ms = UINT64_MAX;
    *out = NULL;
    return 0;
}

void __wrap_alarm_set(struct alarm *a, uint64_t delay_ms)
{
    (void)a;
    lookup_world.alarm_ms = lookup_world.now_ms + delay_ms;
}

void __wrap_alarm_free(struct alarm *a)
{
    (void)a;
}

int __wrap_lookup_helper_start(struct lookup_helper **out,
                               const struct lookup_helper_setup *setup,
                               struct list *all)
{
    struct lookup_helper *h = &lookup_world.helpers[lookup_world.n];

    (void)all;
    if (lookup_world.start_err) {
        errno = ENOENT;
        return lookup_world.start_err;
    }
    assert_true(lookup_world.n < LOOKUP_BENCH_HELPERS);
    *h = (struct lookup_helper){.setup = *setup};
    lookup_world.n++;
    *out = h;
    return 0;
}

int __wrap_lookup_helper_put(struct lookup_helper *h, struct span line)
{
    assert_false(h->has_ended);
    if (lookup_world.put_err)
        return lookup_world.put_err;
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

static char command[] = "/helper", other_command[] = "/other";
char *const lookup_bench_argv[] = {command, NULL};
char *const lookup_bench_other_argv[] = {other_command, NULL};

static void on_answered(struct lookup_wait *wait, const struct lookup_answer *a)
{
    struct lookup_waiting *w = CONTAINER(wait, struct lookup_waiting, wait);

    w->n++;
    w->result = a->result;
    (void)span_copy(w->ha1, sizeof w->ha1, digest_hex_span(&a->ha1));
}

void lookup_bench_configure(struct lookup_bench *b, char *const *words,
                            unsigned processes)
{
    const struct lookup_settings settings = {
        words, processes, LOOKUP_BENCH_TIMEOUT_MS, LOOKUP_BENCH_KNOWN_MS,
        LOOKUP_BENCH_UNKNOWN_MS};

    lookup_configure(b->lookup, &settings);
}

int lookup_bench_set_up(void **state)
{
    struct lookup_bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    memset(&lookup_world, 0, sizeof lookup_world);
    lookup_world.now_ms = 1000000;
    assert_int_equal(lookup_new(&b->lookup, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof b->w / sizeof *b->w; i++) {
        b->w[i].wait.answered = on_answered;
        list_init(&b->w[i].wait.of_question);
    }
    lookup_bench_configure(b, lookup_bench_argv, 1);
    *state = b;
    return 0;
}

int lookup_bench_tear_down(void **state)
{
    struct lookup_bench *b = *state;

    lookup_free(b->lookup);
    for (unsigned i = 0; i < lookup_world.n; i++)
        assert_true(lookup_world.helpers[i].has_ended);
    free(b);
    return 0;
}

void lookup_bench_wait(uint64_t ms)
{
    uint64_t until_ms = lookup_world.now_ms + ms;

    while (lookup_world.alarm_ms <= until_ms) {
        if (lookup_world.now_ms < lookup_world.alarm_ms)
            lookup_world.now_ms = lookup_world.alarm_ms;
        lookup_world.alarm_ms = UINT64_MAX;
        lookup_world.on_alarm(lookup_world.alarm_ctx);
    }
    lookup_world.now_ms = until_ms;
}

struct lookup_query lookup_bench_query(const char *user)
{
    return (struct lookup_query){span_str(user), SPAN("example.com"),
                                 DIGEST_MD5};
}

int lookup_bench_ask(struct lookup_bench *b, unsigned i, const char *user)
{
    struct lookup_query q = lookup_bench_query(user);

    b->w[i].n = 0;
    return lookup_ask(b->lookup, &q, &b->w[i].wait);
}

struct lookup_helper *lookup_bench_last(void)
{
    assert_true(lookup_world.n > 0);
    return &lookup_world.helpers[lookup_world.n - 1];
}

void lookup_bench_say(struct lookup_helper *h, const char *text)
{
    h->setup.on_line(h->setup.ctx, span_str(text));
}

void lookup_bench_reply(struct lookup_helper *h, const char *rest)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%llu\t%s", (unsigned long long)h->id,
                   rest);
    lookup_bench_say(h, text);
}

void lookup_bench_answered(const struct lookup_bench *b, unsigned i,
                           enum lookup_result result, const char *ha1)
{
    assert_int_equal(b->w[i].n, 1);
    assert_int_equal(b->w[i].result, result);
    if (ha1)
        assert_string_equal(b->w[i].ha1, ha1);
}

struct lookup_stats lookup_bench_stats(const struct lookup_bench *b)
{
    struct lookup_stats s;

    lookup_stats(b->lookup, &s);
    return s;
}
