/* SPDX-License-Identifier: BSD-2-Clause */
/* Relays and clients in a simulated world (sim.h): whatever goes wrong, each
 * message is delivered once, or its sender is told once.
 *
 * test-wraps: getrandom
 *
 * Each row of the table runs with several seeds. In the environment:
 *
 *     SIM_SEEDS    with how many seeds each row runs
 *     SIM_SECONDS  how long, with one seed after the other
 *     SIM_SEED     the first seed; without these two the only one
 *     SIM_ROW      only rows whose name has this in it
 *     SIM_OWED     also asserts what the relay does not keep yet */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmocka_all.h"

enum { SEEDS = 4 };

#define FAULT(name) (1u << (name))

struct row {
    const char *name;
    struct sim_setup with; /* what differs from sim_quiet(); 0: as there */
    unsigned owed;         /* faults that still happen, a bit for each ... */
    const char *until;     /* ... and what will mend them */
};

/* A link that is closed hurts all that it carries. */
#define CLOSED FAULT(SIM_CLOSED)
/* Who shares a link with a receiver that is behind waits with it. */
#define SHARED (CLOSED | FAULT(SIM_TOLD_WRONGLY))
/* Only 64 failed messages of a session are remembered (S-30), so that more of
 * others goes on, after their `#` too, and is reported again. */
#define BURST                                                                  \
    (SHARED | FAULT(SIM_TOLD_TWICE) | FAULT(SIM_AFTER_FAILURE) |               \
     FAULT(SIM_NOT_WHOLE))

static const struct row rows[] = {
    {"all is well", {0}, 0, NULL},
    {"receivers are silent", {.trouble = {.silent = 100}}, 0, NULL},
    {"answers are late", {.trouble = {.slow_answer = 300}}, 0, NULL},
    {"senders give up", {.trouble = {.give_up = 100}}, 0, NULL},
    {"receivers pause", {.trouble = {.pause = 80}}, 0, NULL},
    {"clients die", {.trouble = {.die = 30}}, 0, NULL},
    {"links between relays break",
     {.trouble = {.link_break = 50, .dial_fail = 200}},
     0,
     NULL},
    {"many at once", {.trouble = {.burst = 5, .burst_size = 1000}}, 0, NULL},
    {"messages are refused",
     {.trouble = {.refuse = 100, .refuse_late = 200}},
     0,
     NULL},
    {"senders go on after a refusal",
     {.trouble = {.refuse = 200, .rude = 500}},
     0,
     NULL},

    /* A ring of relays that wait for each other comes loose when REPORTs are
     * dropped (5.4, S-11). */
    {"paths come back to a relay",
     {.through = 500},
     CLOSED | FAULT(SIM_LOST) | FAULT(SIM_NOT_ANSWERED) |
         FAULT(SIM_TOLD_WRONGLY) | FAULT(SIM_AFTER_FAILURE) |
         FAULT(SIM_NO_SUCCESS),
     "S-11"},

    /* What today's relay does not stand. Its faults are allowed here until the
     * decision that is named is built; nothing else may happen. */
    {"receivers read slowly", {.trouble = {.slow_read = 50}}, SHARED, "S-13"},
    {"receivers stall", {.trouble = {.stall = 30}}, SHARED, "S-13"},
    {"thousands are refused",
     {.transactions = 10000,
      .trouble = {.refuse = 1000, .burst = 3, .burst_size = 4000}},
     BURST,
     "S-30"},
    {"thousands time out",
     {.transactions = 10000,
      .trouble = {.silent = 1000, .burst = 3, .burst_size = 4000}},
     BURST,
     "S-30"},
    {"thousands are lost with their receiver",
     {.transactions = 10000,
      .trouble =
          {.slow_answer = 1000, .die = 50, .burst = 3, .burst_size = 4000}},
     BURST,
     "S-30"},
    {"thousands are lost with a link between relays",
     {.transactions = 10000,
      .trouble = {.silent = 1000,
                  .link_break = 100,
                  .dial_fail = 500,
                  .burst = 3,
                  .burst_size = 4000}},
     BURST,
     "S-30"},
};

static unsigned number_from(const char *name)
{
    const char *text = getenv(name);

    return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

/* What is 0 in a row is as sim_quiet() has it. */
static void set_up(struct sim_setup *s, const struct row *row, uint64_t seed,
                   unsigned relays)
{
    const struct sim_setup *with = &row->with;

    sim_quiet(s, seed, relays);
    s->trouble = with->trouble;
    if (with->storm_ms)
        s->storm_ms = with->storm_ms;
    if (with->rate)
        s->rate = with->rate;
    if (with->transactions)
        s->transactions = with->transactions;
    s->through = with->through;
}

static unsigned run_one(const struct row *row, uint64_t seed, unsigned relays)
{
    struct sim_setup setup;
    struct sim_result result;

    set_up(&setup, row, seed, relays);
    sim_run(&result, &setup);
    if (!getenv("SIM_OWED"))
        for (unsigned i = 0; i < SIM_FAULTS; i++)
            if (row->owed & FAULT(i))
                result.faults[i] = 0;
    sim_assert_sound(&result, &setup);
    return result.delivered;
}

static void run_row(const struct row *row, unsigned relays)
{
    unsigned seconds = number_from("SIM_SECONDS");
    uint64_t first = getenv("SIM_SEED") ? number_from("SIM_SEED") : 1;
    uint64_t seeds = getenv("SIM_SEEDS")  ? number_from("SIM_SEEDS")
                     : getenv("SIM_SEED") ? 1
                                          : SEEDS;
    time_t end = time(NULL) + (time_t)seconds;
    unsigned delivered = 0;

    for (uint64_t i = 0; i < seeds || (seconds && time(NULL) < end); i++)
        delivered += run_one(row, first + i, relays);
    assert_true(delivered > 0);
}

static void all_rows(unsigned relays)
{
    const char *only = getenv("SIM_ROW");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];

        if (only && !strstr(row->name, only))
            continue;
        print_message("%u: %s%s%s\n", relays, row->name,
                      row->until ? ", but for " : "",
                      row->until ? row->until : "");
        run_row(row, relays);
    }
}

static void one_relay_keeps_its_promises(void **state)
{
    (void)state;
    all_rows(1);
}

static void two_relays_keep_their_promises(void **state)
{
    (void)state;
    all_rows(2);
}

static void three_relays_keep_their_promises(void **state)
{
    (void)state;
    all_rows(3);
}

static const struct row *row_of(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    fail_msg("no row \"%s\"", name);
    return NULL;
}

static void what_seeds_have_found_stays_mended(void **state)
{
    (void)state;
    /* Two chunks fail at one moment, the second one first: one REPORT. */
    assert_true(run_one(row_of("receivers are silent"), 1484, 1) > 0);
    /* A dial fails between two chunks of a message of which nobody is told: the
     * second one does not go on without the first. */
    assert_true(run_one(row_of("links between relays break"), 3081, 3) > 0);
}

/* The same seed is the same run. */
static void a_run_depends_on_its_seed_alone(void **state)
{
    const struct row *row = &rows[6];
    struct sim_setup setup;
    struct sim_result one, other;

    (void)state;
    set_up(&setup, row, 7, 2);
    sim_run(&one, &setup);
    sim_run(&other, &setup);
    assert_true(one.link_breaks > 0 && one.told > 0);
    assert_memory_equal(&one, &other, sizeof one);
    setup.seed = 8;
    sim_run(&other, &setup);
    assert_memory_not_equal(&one, &other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_relay_keeps_its_promises),
        cmocka_unit_test(two_relays_keep_their_promises),
        cmocka_unit_test(three_relays_keep_their_promises),
        cmocka_unit_test(what_seeds_have_found_stays_mended),
        cmocka_unit_test(a_run_depends_on_its_seed_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
