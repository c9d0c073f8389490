/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_private - what the two halves of lookup share.
 *
 *     lookup.c        questions and answers
 *     lookup_slots.c  the helpers: who is asked, when one is started again
 */
#ifndef LOOKUP_PRIVATE_H
#define LOOKUP_PRIVATE_H

#include "lookup.h"
#include "lookup_cache.h"
#include "lookup_helper.h"
#include "table.h"

/* A place for a helper. It has one, or time runs until it gets the next. */
struct lookup_slot {
    struct lookup *lookup;
    struct lookup_helper *helper; /* NULL: none runs */
    struct list questions;        /* that it has not answered */
    size_t n_questions;
    uint64_t start_ms; /* without a helper: when there will be one */
    uint64_t delay_ms; /* before the next start after this one */
    unsigned nonsense; /* lines in a row */
    unsigned missed;   /* answers in a row */
};

/* Asked and not answered. */
struct lookup_question {
    struct table_node by_key, by_id;
    struct list of_all; /* oldest first */
    struct list of_slot;
    struct lookup_slot *slot;
    struct list waits;
    uint64_t id, asked_ms, due_ms;
    struct lookup_query q; /* points into `text` */
    size_t key_n;
    char text[]; /* the key, user, realm */
};

struct lookup {
    struct loop *loop;
    struct log *log;
    struct alarm *alarm;
    uint64_t armed_ms; /* when it comes; UINT64_MAX: never */
    struct lookup_settings settings;
    struct table by_key, by_id;
    struct list questions; /* oldest first */
    uint64_t last_id;
    struct lookup_cache cache;
    struct lookup_slot slots[LOOKUP_PROCESSES_MAX];
    size_t n_slots;
    struct list helpers; /* all processes, those that are ending too */
    struct log_limit error_log;
    void (*before)(void *ctx);
    void *before_ctx;
    struct lookup_stats stats;
};

/* --- lookup.c --- */

/* A line from this slot's helper: false if it makes no sense. */
bool lookup_take_line(struct lookup *l, struct lookup_slot *slot,
                      struct span line);

/* The question has its answer: tells who waits, remembers it, frees q. */
void lookup_conclude(struct lookup *l, struct lookup_question *q,
                     const struct lookup_answer *answer);

/* The alarm comes at `at_ms` at the latest. */
void lookup_arm(struct lookup *l, uint64_t at_ms);

/* --- lookup_slots.c --- */

/* So many helpers with this command, instead of those that there are, which end
 * because of `why`. */
void lookup_slots_use(struct lookup *l, unsigned n, const char *why);

/* Starts those whose time has come. */
void lookup_slots_start(struct lookup *l);

/* The one that has least to do; NULL if none runs. */
struct lookup_slot *lookup_slots_choose(struct lookup *l);

/* A question of this slot was not answered in time. */
void lookup_slot_missed(struct lookup_slot *slot);

#endif
