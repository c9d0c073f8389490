/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim.h"

#include <stdlib.h>

#include "sim_world.h"

enum {
    BEGIN_MS = 1000000,
    /* From the storm's end until everything is decided: a transaction may be
     * prolonged by waiting (P-23), REPORTs are owed for a while. */
    CALM_MS = 8 * SIM_TRANSACTION_MS,
    /* Until sessions have ended that outlive their link: more than Expires. */
    EXPIRY_MS = 70000,
};

void sim_quiet(struct sim_setup *s, uint64_t seed, unsigned relays)
{
    *s = (struct sim_setup){
        .seed = seed,
        .relays = relays,
        .clients = 3 * relays,
        .through = 300,
        .storm_ms = 10000,
        .rate = 10,
        .transactions = 1000,
        .high_water = 32768,
    };
}

static void step(struct sim *s)
{
    s->now_ms += SIM_TICK_MS;
    (void)sim_conns_step(s);
    for (unsigned i = 0; i < s->setup.clients; i++)
        sim_client_step(&s->clients[i]);
    for (unsigned i = 0; i < s->setup.relays; i++) {
        relay_clock(s->relays[i].relay, s->now_ms);
        relay_tick(s->relays[i].relay);
    }
}

/* Once a second: each link between relays may break. */
static void break_links(struct sim *s)
{
    struct list *m, *next;

    if (s->now_ms % 1000)
        return;
    LIST_EACH(m, next, &s->conns)
    {
        struct sim_conn *c = CONTAINER(m, struct sim_conn, of_sim);

        if (c->is_internal && c->state == SIM_UP &&
            sim_hits(s, s->setup.trouble.link_break))
            sim_break(c);
    }
}

static void run_for(struct sim *s, uint64_t ms)
{
    uint64_t until_ms = s->now_ms + ms;

    while (s->now_ms < until_ms) {
        step(s);
        if (!s->calm)
            break_links(s);
    }
}

/* Nobody comes back, everybody goes. */
static void send_all_home(struct sim *s)
{
    for (unsigned i = 0; i < s->setup.clients; i++) {
        struct sim_client *c = &s->clients[i];

        if (c->conn)
            sim_break(c->conn);
        c->login = SIM_OFFLINE;
        c->back_ms = UINT64_MAX;
    }
}

static void begin(struct sim *s)
{
    list_init(&s->conns);
    sim_seed_system(s->setup.seed);
    s->random = (s->setup.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    s->now_ms = BEGIN_MS;
    for (unsigned i = 1; i <= s->setup.relays; i++)
        sim_relay_start(s, i);
    for (unsigned i = 0; i < s->setup.clients; i++)
        sim_client_init(s, i);
}

static void end(struct sim *s)
{
    send_all_home(s);
    s->now_ms += EXPIRY_MS;
    run_for(s, 1000);
    sim_conns_free(s);
    for (unsigned i = 0; i < s->setup.relays; i++)
        sim_relay_stop(&s->relays[i]);
    for (unsigned i = 0; i < s->setup.clients; i++)
        free(s->clients[i].owed);
    sim_ledger_free(s);
}

void sim_run(struct sim_result *out, const struct sim_setup *setup)
{
    struct sim s = {.setup = *setup, .result = out};

    *out = (struct sim_result){0};
    begin(&s);
    run_for(&s, setup->storm_ms);
    s.calm = true;
    run_for(&s, CALM_MS);
    sim_ledger_judge(&s);
    end(&s);
}
