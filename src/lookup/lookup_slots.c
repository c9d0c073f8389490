/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup_slots - the helpers: who is asked, when one is started again. */
#include <errno.h>

#include "lookup_private.h"

static void slot_wait(struct lookup_slot *slot)
{
    struct lookup *l = slot->lookup;

    slot->start_ms = loop_now_ms(l->loop) + slot->delay_ms;
    slot->delay_ms = 2 * slot->delay_ms < LOOKUP_RESTART_MAX_MS
                         ? 2 * slot->delay_ms
                         : LOOKUP_RESTART_MAX_MS;
    lookup_arm(l, slot->start_ms);
}

/* Whoever waits is answered after the helper has gone: he may ask again. */
static void slot_end_helper(struct lookup_slot *slot, const char *why)
{
    static const struct lookup_answer gone = {.result = LOOKUP_GONE};
    struct list left, *m;

    if (!slot->helper)
        return;
    lookup_helper_end(slot->helper, why);
    slot->helper = NULL;
    slot_wait(slot);
    list_init(&left);
    list_move_all(&left, &slot->questions);
    while ((m = list_first(&left)))
        lookup_conclude(slot->lookup,
                        CONTAINER(m, struct lookup_question, of_slot), &gone);
}

/* It was not meant to end. */
static void slot_fail(struct lookup_slot *slot, const char *why)
{
    log_warn(slot->lookup->log,
             "lookup helper failed reason=\"%s\" unanswered=%zu again_ms=%llu",
             why, slot->n_questions, (unsigned long long)slot->delay_ms);
    slot_end_helper(slot, why);
}

static void slot_on_gone(void *ctx)
{
    slot_fail(ctx, "it has ended");
}

static void slot_on_line(void *ctx, struct span line)
{
    struct lookup_slot *slot = ctx;

    if (lookup_take_line(slot->lookup, slot, line)) {
        slot->nonsense = 0;
        slot->delay_ms = LOOKUP_RESTART_MS;
        return;
    }
    slot->lookup->stats.nonsense++;
    if (++slot->nonsense >= LOOKUP_NONSENSE_MAX)
        slot_fail(slot, "it talks nonsense");
}

static void slot_start(struct lookup_slot *slot)
{
    struct lookup *l = slot->lookup;
    const struct lookup_helper_setup setup = {
        .loop = l->loop,
        .log = l->log,
        .argv = l->settings.argv,
        .on_line = slot_on_line,
        .on_gone = slot_on_gone,
        .ctx = slot,
    };

    slot->nonsense = slot->missed = 0;
    if (lookup_helper_start(&slot->helper, &setup, &l->helpers) == 0)
        return;
    log_error(l->log, "cannot start lookup helper file=%s error=\"%s\"",
              l->settings.argv[0], strerror(errno));
    slot->helper = NULL;
    slot_wait(slot);
}

void lookup_slots_start(struct lookup *l)
{
    uint64_t now_ms = loop_now_ms(l->loop);

    for (size_t i = 0; i < l->n_slots; i++) {
        struct lookup_slot *slot = &l->slots[i];

        if (slot->helper)
            continue;
        if (now_ms < slot->start_ms) {
            lookup_arm(l, slot->start_ms);
            continue;
        }
        l->stats.restarts++;
        slot_start(slot);
    }
}

void lookup_slots_use(struct lookup *l, unsigned n, const char *why)
{
    size_t had = l->n_slots;

    l->n_slots = 0; /* nobody asks those that end */
    for (size_t i = 0; i < had; i++)
        slot_end_helper(&l->slots[i], why);
    l->n_slots = n;
    for (size_t i = 0; i < n; i++) {
        l->slots[i] =
            (struct lookup_slot){.lookup = l, .delay_ms = LOOKUP_RESTART_MS};
        list_init(&l->slots[i].questions);
        slot_start(&l->slots[i]);
    }
}

struct lookup_slot *lookup_slots_choose(struct lookup *l)
{
    struct lookup_slot *best = NULL;

    for (size_t i = 0; i < l->n_slots; i++) {
        struct lookup_slot *slot = &l->slots[i];

        if (slot->helper && (!best || slot->n_questions < best->n_questions))
            best = slot;
    }
    return best;
}

void lookup_slot_missed(struct lookup_slot *slot)
{
    if (++slot->missed >= LOOKUP_MISSED_MAX)
        slot_fail(slot, "it does not answer");
}
