/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup - what helper processes know of users (decisions, 7).
 *
 * Asks one of a few helpers and remembers the answers. The same question at the
 * same time is asked once. A helper that ends is started again, after 1 s at
 * first and 30 s at last; so is one that answers nothing any more, or talks
 * nonsense. Whatever a helper does, each question has one answer, by the end of
 * its time. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "log.h"
#include "lookup_line.h"
#include "loop.h"

enum {
    LOOKUP_PROCESSES_MAX = 64,
    LOOKUP_QUESTIONS_MAX = 65536, /* unanswered */
    LOOKUP_NONSENSE_MAX = 1000,   /* such lines in a row restart a helper */
    LOOKUP_MISSED_MAX = 3,        /* ... and so many answers that are due */
    LOOKUP_RESTART_MS = 1000,
    LOOKUP_RESTART_MAX_MS = 30000,
};

/* The answers, and their names in metrics. */
#define LOOKUP_RESULTS_LIST(X)                                                 \
    X(LOOKUP_KNOWN, "known")     /* the user exists */                         \
    X(LOOKUP_UNKNOWN, "unknown") /* ... or not */                              \
    X(LOOKUP_ERROR, "error")     /* the helper could not say */                \
    X(LOOKUP_TIMEOUT, "timeout") /* ... or said nothing */                     \
    X(LOOKUP_GONE, "gone")       /* ... or ended */

enum lookup_result {
#define LOOKUP_RESULT_ENUM(name, text) name,
    LOOKUP_RESULTS_LIST(LOOKUP_RESULT_ENUM)
#undef LOOKUP_RESULT_ENUM
        LOOKUP_RESULTS
};

/* The name: a static string. */
const char *lookup_result_name(enum lookup_result result);

struct lookup_answer {
    enum lookup_result result;
    struct digest_hex ha1; /* KNOWN: in lower case; wipe it */
    uint64_t age_ms;       /* 0: it came just now */
};

/* What waits for an answer; part of the caller's own struct. */
struct lookup_wait {
    struct list of_question; /* lookup's */
    void (*answered)(struct lookup_wait *w, const struct lookup_answer *answer);
};

struct lookup_settings {
    char *const *argv; /* NULL: nobody is asked; must outlive its use */
    unsigned processes;
    uint64_t timeout_ms;
    uint64_t known_ms, unknown_ms; /* how long answers are remembered; 0: no */
};

enum { LOOKUP_BUCKETS = 13 };

struct lookup_stats {
    uint64_t questions; /* put to helpers */
    uint64_t answers[LOOKUP_RESULTS];
    uint64_t recalled; /* answered from memory */
    uint64_t joined;   /* the same question was under way */
    uint64_t nonsense; /* lines that were dropped */
    uint64_t restarts;
    uint64_t waiting_now; /* questions without an answer */
    uint64_t remembered_now;
    uint64_t helpers_now;    /* that run */
    uint64_t helpers_wanted; /* ... and should */
    /* Answers of helpers that took at most lookup_bucket_s(i) seconds, but
     * longer than the bucket before allows; and all of them together. */
    uint64_t buckets[LOOKUP_BUCKETS];
    double time_s;
};
/* 0.0005 and up; INFINITY for the last. */
double lookup_bucket_s(size_t i);

struct lookup;

/* Nobody is asked yet. `log` is the caller's. 0 or ERR_NOMEM. */
int lookup_new(struct lookup **out, struct loop *loop, struct log *log);
/* Ends all helpers and waits for that; nothing may wait. NULL is harmless. */
void lookup_free(struct lookup *l);

/* Called before something that waits is answered, once in a while: to set its
 * clock. */
void lookup_on_answers(struct lookup *l, void (*fn)(void *ctx), void *ctx);

/* From now on; what is remembered is forgotten. Helpers go on if their command
 * and their number are the same, else what waits is answered with LOOKUP_GONE.
 */
void lookup_configure(struct lookup *l, const struct lookup_settings *settings);

/* The answer, if it is remembered. */
bool lookup_recall(struct lookup *l, struct lookup_answer *answer,
                   const struct lookup_query *q);

/* Asks: 0, and w->answered() will be called once, not within this call.
 * ERR_NOT_NOW when no helper runs, ERR_FULL, or ERR_NOMEM. */
int lookup_ask(struct lookup *l, const struct lookup_query *q,
               struct lookup_wait *w);

/* w waits no longer. The answer is remembered all the same. */
void lookup_forget(struct lookup_wait *w);

void lookup_stats(const struct lookup *l, struct lookup_stats *out);

#endif
