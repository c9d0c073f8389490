/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_bench - look-ups with the test's own time and helpers, which stand in
 * for processes. A test that uses it says
 *
 *     test-wraps: lookup_helper_start lookup_helper_put lookup_helper_end
 *     test-wraps: lookup_helpers_finish loop_now_ms
 *     test-wraps: alarm_new alarm_set alarm_free
 *
 * in a comment. */
#ifndef LOOKUP_BENCH_H
#define LOOKUP_BENCH_H

#include "lookup.h"
#include "lookup_helper.h"

enum {
    LOOKUP_BENCH_TIMEOUT_MS = 3000,
    LOOKUP_BENCH_KNOWN_MS = 60000,
    LOOKUP_BENCH_UNKNOWN_MS = 5000,
    LOOKUP_BENCH_HELPERS = 4096
};

/* A helper: what it was sent last, and how to talk for it. */
struct lookup_helper {
    struct lookup_helper_setup setup;
    char said[LOOKUP_QUESTION_MAX];
    uint64_t id; /* of the last question */
    unsigned n;  /* questions */
    bool has_ended;
};

/* The linker's --wrap leaves no room for a context. */
extern struct lookup_world {
    struct lookup_helper helpers[LOOKUP_BENCH_HELPERS];
    unsigned n; /* ever started */
    int start_err, put_err;
    uint64_t now_ms, alarm_ms;
    void (*on_alarm)(void *ctx);
    void *alarm_ctx;
} lookup_world;

/* Somebody who waits. */
struct lookup_waiting {
    struct lookup_wait wait;
    unsigned n; /* answers; must become 1 */
    enum lookup_result result;
    char ha1[DIGEST_HEX_MAX + 1];
};

struct lookup_bench {
    struct lookup *lookup;
    struct lookup_waiting w[8];
};

/* Words of commands. */
extern char *const lookup_bench_argv[], *const lookup_bench_other_argv[];

/* A bench in *state, with one helper. */
int lookup_bench_set_up(void **state);
/* Every helper must have ended. */
int lookup_bench_tear_down(void **state);
void lookup_bench_configure(struct lookup_bench *b, char *const *words,
                            unsigned processes);
/* Time passes. */
void lookup_bench_wait(uint64_t ms);

struct lookup_query lookup_bench_query(const char *user);
/* b->w[i] asks; what lookup_ask() returns. */
int lookup_bench_ask(struct lookup_bench *b, unsigned i, const char *user);
/* It has had this answer, and no other. */
void lookup_bench_answered(const struct lookup_bench *b, unsigned i,
                           enum lookup_result result, const char *ha1);

/* The helper that was started last. */
struct lookup_helper *lookup_bench_last(void);
/* It writes a line. */
void lookup_bench_say(struct lookup_helper *h, const char *text);
/* It answers its last question with this. */
void lookup_bench_reply(struct lookup_helper *h, const char *rest);

struct lookup_stats lookup_bench_stats(const struct lookup_bench *b);

#endif
