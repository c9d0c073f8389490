/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup - questions and answers. */
#include "lookup.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "err.h"
#include "lookup_private.h"
#include "rnd.h"

enum {
    LOG_TEXT_MAX = 256,
    ERRORS_BURST = 10, /* lines about errors of helpers, at once */
    ERRORS_EVERY_MS = 500,
};

const char *lookup_result_name(enum lookup_result result)
{
    static const char *const names[LOOKUP_RESULTS] = {
#define NAME(result, text) [result] = (text),
        LOOKUP_RESULTS_LIST(NAME)
#undef NAME
    };

    assert(result < LOOKUP_RESULTS);
    return names[result];
}

double lookup_bucket_s(size_t i)
{
    static const double bounds[LOOKUP_BUCKETS] = {
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,    0.05,
        0.1,    0.2,   0.5,   1,     2,    INFINITY};

    assert(i < LOOKUP_BUCKETS);
    return bounds[i];
}

/* --- time --- */

void lookup_arm(struct lookup *l, uint64_t at_ms)
{
    uint64_t now_ms = loop_now_ms(l->loop);

    if (at_ms >= l->armed_ms)
        return;
    l->armed_ms = at_ms;
    alarm_set(l->alarm, at_ms > now_ms ? at_ms - now_ms : 0);
}

static struct lookup_question *oldest_question(const struct lookup *l)
{
    struct list *m = list_first(&l->questions);

    return m ? CONTAINER(m, struct lookup_question, of_all) : NULL;
}

/* Times that were set differ after a reload; none is longer than those asked
 * before it. */
static void expire(struct lookup *l)
{
    static const struct lookup_answer late = {.result = LOOKUP_TIMEOUT};
    uint64_t now_ms = loop_now_ms(l->loop);
    struct lookup_question *q;

    while ((q = oldest_question(l)) && now_ms >= q->due_ms) {
        struct lookup_slot *slot = q->slot;

        lookup_conclude(l, q, &late);
        lookup_slot_missed(slot);
    }
    if (q)
        lookup_arm(l, q->due_ms);
}

static void lookup_on_alarm(void *ctx)
{
    struct lookup *l = ctx;

    l->armed_ms = UINT64_MAX;
    expire(l);
    lookup_slots_start(l);
}

/* --- life --- */

int lookup_new(struct lookup **out, struct loop *loop, struct log *log)
{
    struct lookup *l = calloc(1, sizeof *l);
    uint64_t seed[2];
    struct rnd rnd;
    int err;

    if (!l)
        return ERR_NOMEM;
    l->loop = loop;
    l->log = log;
    l->armed_ms = UINT64_MAX;
    list_init(&l->questions);
    list_init(&l->helpers);
    rnd_init(&rnd);
    rnd_bytes(&rnd, seed, sizeof seed);
    err = table_init(&l->by_key, seed);
    if (err)
        goto fail_key;
    err = table_init(&l->by_id, seed);
    if (err)
        goto fail_id;
    err = lookup_cache_init(&l->cache, seed);
    if (err)
        goto fail_cache;
    err = alarm_new(&l->alarm, loop, lookup_on_alarm, l);
    if (err)
        goto fail_alarm;
    *out = l;
    return 0;
fail_alarm:
    lookup_cache_fini(&l->cache);
fail_cache:
    table_fini(&l->by_id);
fail_id:
    table_fini(&l->by_key);
fail_key:
    free(l);
    return err;
}

void lookup_free(struct lookup *l)
{
    if (!l)
        return;
    lookup_slots_use(l, 0, "the relay ends");
    assert(list_is_empty(&l->questions));
    lookup_helpers_finish(&l->helpers);
    alarm_free(l->alarm);
    lookup_cache_fini(&l->cache);
    table_fini(&l->by_id);
    table_fini(&l->by_key);
    free(l);
}

void lookup_on_answers(struct lookup *l, void (*fn)(void *ctx), void *ctx)
{
    l->before = fn;
    l->before_ctx = ctx;
}

static bool is_same_command(char *const *a, char *const *b)
{
    if (!a || !b)
        return a == b;
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

void lookup_configure(struct lookup *l, const struct lookup_settings *settings)
{
    bool is_same = is_same_command(l->settings.argv, settings->argv) &&
                   (!settings->argv || l->n_slots == settings->processes);

    assert(settings->processes <= LOOKUP_PROCESSES_MAX);
    lookup_cache_clear(&l->cache);
    l->settings = *settings;
    if (!is_same)
        lookup_slots_use(l, settings->argv ? settings->processes : 0,
                         "the configuration has changed");
}

/* --- questions --- */

static bool has_key(const struct table_node *node, const void *key)
{
    const struct lookup_question *q =
        CONTAINER((void *)(uintptr_t)node, struct lookup_question, by_key);

    return span_eq(span_of(q->text, q->key_n), *(const struct span *)key);
}

static bool has_id(const struct table_node *node, const void *key)
{
    const struct lookup_question *q =
        CONTAINER((void *)(uintptr_t)node, struct lookup_question, by_id);

    return q->id == *(const uint64_t *)key;
}

static uint64_t hash_id(const struct lookup *l, uint64_t id)
{
    return table_hash(&l->by_id, span_of((const char *)&id, sizeof id));
}

static struct lookup_question *question_by_key(const struct lookup *l,
                                               struct span key)
{
    struct table_node *node =
        table_find(&l->by_key, table_hash(&l->by_key, key), has_key, &key);

    return node ? CONTAINER(node, struct lookup_question, by_key) : NULL;
}

static struct lookup_question *question_by_id(const struct lookup *l,
                                              uint64_t id)
{
    struct table_node *node =
        table_find(&l->by_id, hash_id(l, id), has_id, &id);

    return node ? CONTAINER(node, struct lookup_question, by_id) : NULL;
}

static struct lookup_question *question_new(struct lookup *l, struct span key,
                                            const struct lookup_query *query)
{
    struct lookup_question *q =
        malloc(sizeof *q + key.n + query->user.n + query->realm.n);
    char *at;

    if (!q)
        return NULL;
    at = q->text;
    *q = (struct lookup_question){.id = l->last_id + 1, .key_n = key.n};
    (void)span_keep(&at, key);
    q->q = (struct lookup_query){span_keep(&at, query->user),
                                 span_keep(&at, query->realm), query->alg};
    list_init(&q->of_all);
    list_init(&q->of_slot);
    list_init(&q->waits);
    return q;
}

static void question_enter(struct lookup *l, struct lookup_question *q,
                           struct lookup_slot *slot)
{
    q->asked_ms = loop_now_ms(l->loop);
    q->due_ms = q->asked_ms + l->settings.timeout_ms;
    q->slot = slot;
    l->last_id = q->id;
    list_append(&l->questions, &q->of_all);
    list_append(&slot->questions, &q->of_slot);
    slot->n_questions++;
    table_add(&l->by_key, &q->by_key,
              table_hash(&l->by_key, span_of(q->text, q->key_n)));
    table_add(&l->by_id, &q->by_id, hash_id(l, q->id));
    l->stats.questions++;
    lookup_arm(l, q->due_ms);
}

int lookup_ask(struct lookup *l, const struct lookup_query *query,
               struct lookup_wait *w)
{
    char space[LOOKUP_KEY_MAX], line[LOOKUP_QUESTION_MAX];
    struct span key = lookup_key(space, query);
    struct lookup_question *q = question_by_key(l, key);
    struct lookup_slot *slot;
    int err;

    if (q) {
        l->stats.joined++;
        list_append(&q->waits, &w->of_question);
        return 0;
    }
    slot = lookup_slots_choose(l);
    if (!slot)
        return ERR_NOT_NOW;
    if (l->by_id.count >= LOOKUP_QUESTIONS_MAX)
        return ERR_FULL;
    q = question_new(l, key, query);
    if (!q)
        return ERR_NOMEM;
    err =
        lookup_helper_put(slot->helper, lookup_line_write(line, q->id, query));
    if (err) {
        free(q);
        return err;
    }
    question_enter(l, q, slot);
    list_append(&q->waits, &w->of_question);
    return 0;
}

void lookup_forget(struct lookup_wait *w)
{
    list_remove(&w->of_question);
}

/* --- answers --- */

bool lookup_recall(struct lookup *l, struct lookup_answer *answer,
                   const struct lookup_query *q)
{
    if (!lookup_cache_find(&l->cache, &answer->ha1, &answer->age_ms, q,
                           loop_now_ms(l->loop)))
        return false;
    answer->result = answer->ha1.n ? LOOKUP_KNOWN : LOOKUP_UNKNOWN;
    l->stats.recalled++;
    return true;
}

static void count_time(struct lookup *l, uint64_t ms)
{
    double s = (double)ms / 1000;
    size_t i = 0;

    while (s > lookup_bucket_s(i))
        i++;
    l->stats.buckets[i]++;
    l->stats.time_s += s;
}

static void remember(struct lookup *l, const struct lookup_question *q,
                     const struct lookup_answer *answer)
{
    const struct lookup_settings *s = &l->settings;

    if (answer->result == LOOKUP_KNOWN || answer->result == LOOKUP_UNKNOWN)
        lookup_cache_put(&l->cache, &q->q, &answer->ha1,
                         answer->result == LOOKUP_KNOWN ? s->known_ms
                                                        : s->unknown_ms,
                         loop_now_ms(l->loop));
}

/* It is in no table any more when those who wait are told: they may ask the
 * same again. */
void lookup_conclude(struct lookup *l, struct lookup_question *q,
                     const struct lookup_answer *answer)
{
    struct list *m;

    l->stats.answers[answer->result]++;
    table_remove(&l->by_key, &q->by_key);
    table_remove(&l->by_id, &q->by_id);
    list_remove(&q->of_all);
    list_remove(&q->of_slot);
    q->slot->n_questions--;
    remember(l, q, answer);
    if (l->before && !list_is_empty(&q->waits))
        l->before(l->before_ctx);
    while ((m = list_take_first(&q->waits))) {
        struct lookup_wait *w = CONTAINER(m, struct lookup_wait, of_question);

        w->answered(w, answer);
    }
    free(q);
}

static void log_error_text(struct lookup *l, const struct lookup_question *q,
                           struct span text)
{
    char user[LOG_TEXT_MAX], realm[LOG_TEXT_MAX], what[LOG_TEXT_MAX];
    uint32_t held;

    if (!log_limit_pass(&l->error_log, loop_now_ms(l->loop), ERRORS_BURST,
                        ERRORS_EVERY_MS, &held))
        return;
    log_warn(l->log, "lookup failed user=%s realm=%s error=%s held_back=%u",
             log_value(user, sizeof user, q->q.user),
             log_value(realm, sizeof realm, q->q.realm),
             log_escape(what, sizeof what, text), held);
}

/* HA1 in hex, as the algorithm of the question has it. */
static bool take_ha1(struct lookup_answer *answer,
                     const struct lookup_question *q, struct span hex)
{
    if (hex.n != digest_hex_len(q->q.alg) || !span_is_hex(hex))
        return false;
    answer->result = LOOKUP_KNOWN;
    answer->ha1.n = (uint8_t)hex.n;
    for (size_t i = 0; i < hex.n; i++)
        answer->ha1.text[i] = char_lower(hex.p[i]);
    return true;
}

/* Nobody logs in with no password at all. */
static void take_password(struct lookup *l, struct lookup_answer *answer,
                          const struct lookup_question *q, struct span password)
{
    answer->result = LOOKUP_ERROR;
    if (password.n == 0)
        log_error_text(l, q, SPAN("empty password"));
    else if (digest_ha1(&answer->ha1, q->q.alg, q->q.user, q->q.realm,
                        password) == 0)
        answer->result = LOOKUP_KNOWN;
}

/* false if this is no answer to q. */
static bool take_answer(struct lookup *l, struct lookup_answer *answer,
                        const struct lookup_question *q,
                        const struct lookup_line *line)
{
    struct span value = lookup_line_value(line);

    switch (line->kind) {
    case LOOKUP_LINE_HA1:
        return take_ha1(answer, q, value);
    case LOOKUP_LINE_PASSWORD:
        take_password(l, answer, q, value);
        return true;
    case LOOKUP_LINE_NONE:
        answer->result = LOOKUP_UNKNOWN;
        return true;
    case LOOKUP_LINE_ERROR:
        answer->result = LOOKUP_ERROR;
        log_error_text(l, q, value);
        return true;
    }
    return false;
}

/* The question that the line answers; NULL if it makes no sense. A helper
 * answers what it was asked itself. */
static struct lookup_question *take_line(struct lookup *l,
                                         struct lookup_answer *answer,
                                         struct lookup_slot *slot,
                                         const struct lookup_line *line)
{
    struct lookup_question *q = question_by_id(l, line->id);

    slot->missed = 0; /* late or not, it does something */
    return q && q->slot == slot && take_answer(l, answer, q, line) ? q : NULL;
}

bool lookup_take_line(struct lookup *l, struct lookup_slot *slot,
                      struct span text)
{
    struct lookup_answer answer = {.result = LOOKUP_ERROR};
    struct lookup_question *q = NULL;
    struct lookup_line line;

    if (lookup_line_parse(&line, text) == 0)
        q = take_line(l, &answer, slot, &line);
    explicit_bzero(&line, sizeof line);
    if (q) {
        count_time(l, loop_now_ms(l->loop) - q->asked_ms);
        lookup_conclude(l, q, &answer);
    }
    explicit_bzero(&answer, sizeof answer);
    return q != NULL;
}

/* --- figures --- */

void lookup_stats(const struct lookup *l, struct lookup_stats *out)
{
    *out = l->stats;
    out->waiting_now = l->by_id.count;
    out->remembered_now = lookup_cache_count(&l->cache);
    out->helpers_wanted = l->n_slots;
    for (size_t i = 0; i < l->n_slots; i++)
        out->helpers_now += l->slots[i].helper != NULL;
}
